package ledger

import (
	"context"
	"time"

	"returnbridge/internal/returns"
)

// CoverageDay is by which way one platform's changes came to one shop in a day
// (UTC): told by an event, or found by a sweep because no event had told.
type CoverageDay struct {
	Shop     string
	Platform returns.Platform
	Day      time.Time
	ByEvent  int
	BySweep  int
	SweptAt  time.Time // when a sweep found the last of them; zero: never
}

// Came counts returns that had to look because of a change.
func (t *Tx) Came(ctx context.Context, shop string, p returns.Platform, byEvent, bySweep int) error {
	if byEvent+bySweep == 0 {
		return nil
	}
	swept := ""
	if bySweep > 0 {
		swept = text(t.now)
	}
	_, err := t.exec(ctx, "count changes", `INSERT INTO coverage_days (shop, platform, day, by_event, by_sweep, swept_at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (shop, platform, day) DO UPDATE SET by_event = coverage_days.by_event + excluded.by_event, by_sweep = coverage_days.by_sweep + excluded.by_sweep,
			swept_at = CASE WHEN excluded.swept_at = '' THEN coverage_days.swept_at ELSE excluded.swept_at END`,
		shop, string(p), t.now.Format(dayFormat), byEvent, bySweep, swept)
	return err
}

// Coverage is by which way changes came since a day (UTC), newest day first.
func (t *Tx) Coverage(ctx context.Context, shop string, since time.Time) ([]CoverageDay, error) {
	return query(ctx, t, "read coverage", func(scan func(...any) error) (CoverageDay, error) {
		var c CoverageDay
		var day string
		var swept instant
		if err := scan(&c.Shop, &c.Platform, &day, &c.ByEvent, &c.BySweep, &swept); err != nil {
			return c, err
		}
		c.SweptAt = time.Time(swept)
		var err error
		c.Day, err = time.Parse(dayFormat, day)
		return c, err //nolint:wrapcheck // the caller names the read
	}, `SELECT shop, platform, day, by_event, by_sweep, swept_at FROM coverage_days
		WHERE ($1 = '' OR shop = $1) AND day >= $2 ORDER BY day DESC, shop, platform`, shop, since.UTC().Format(dayFormat))
}

// LastEvent is when a platform's last event for a shop came; zero if none ever did.
func (t *Tx) LastEvent(ctx context.Context, shop string, p returns.Platform) (time.Time, error) {
	at, _, err := first(query(ctx, t, "read last event", func(scan func(...any) error) (instant, error) {
		var at instant
		return at, scan(&at)
	}, `SELECT COALESCE(MAX(received_at), '') FROM inbox WHERE shop = $1 AND platform = $2`, shop, string(p)))
	return time.Time(at), err
}

// EventsSince counts a platform's events for a shop that came since a time.
func (t *Tx) EventsSince(ctx context.Context, shop string, p returns.Platform, since time.Time) (int, error) {
	n, _, err := first(query(ctx, t, "count events", func(scan func(...any) error) (int, error) {
		var n int
		return n, scan(&n)
	}, `SELECT COUNT(*) FROM inbox WHERE shop = $1 AND platform = $2 AND received_at >= $3`, shop, string(p), text(since)))
	return n, err
}
