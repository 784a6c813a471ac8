package ledger

import (
	"context"
	"time"

	"returnbridge/internal/returns"
)

// Refused counts requests that claimed to be events of a platform and bore a wrong
// signature or token. The shop is the one they named, empty if it is none of ours.
func (t *Tx) Refused(ctx context.Context, shop string, p returns.Platform, n int) error {
	_, err := t.exec(ctx, "count what was refused", `INSERT INTO refused_hours (shop, platform, hour, refused, last_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (shop, platform, hour) DO UPDATE SET refused = refused_hours.refused + excluded.refused, last_at = excluded.last_at`,
		shop, string(p), t.now.Format(hourFormat), n, text(t.now))
	return err
}

// Refusals are requests that were refused.
type Refusals struct {
	Count int
	Last  time.Time // zero: none was
}

// RefusedSince counts what was refused since the beginning of the hour (UTC) of a time.
func (t *Tx) RefusedSince(ctx context.Context, shop string, p returns.Platform, since time.Time) (Refusals, error) {
	r, _, err := first(query(ctx, t, "read what was refused", func(scan func(...any) error) (Refusals, error) {
		var r Refusals
		var last instant
		err := scan(&r.Count, &last)
		r.Last = time.Time(last)
		return r, err
	}, `SELECT COALESCE(SUM(refused), 0), COALESCE(MAX(last_at), '') FROM refused_hours WHERE shop = $1 AND platform = $2 AND hour >= $3`,
		shop, string(p), since.UTC().Format(hourFormat)))
	return r, err
}
