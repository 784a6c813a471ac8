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
	if err != nil {
		return err
	}
	_, err = t.exec(ctx, "count changes of ten minutes", `INSERT INTO coverage_slots (shop, platform, slot, by_event, by_sweep) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (shop, platform, slot) DO UPDATE SET by_event = coverage_slots.by_event + excluded.by_event, by_sweep = coverage_slots.by_sweep + excluded.by_sweep`,
		shop, string(p), t.now.Truncate(SlotLength).Format(slotFormat), byEvent, bySweep)
	return err
}

// SlotLength is how finely changes are counted beside the days.
const SlotLength = 10 * time.Minute

const slotFormat = "2006-01-02T15:04"

// Share is how many changes events told of all that came in a time.
type Share struct{ ByEvent, BySweep int }

// All is how many changes came.
func (s Share) All() int { return s.ByEvent + s.BySweep }

// ShareBetween counts a platform's changes for a shop from one time to another, both
// rounded down to ten minutes (UTC); what came in the last ten minutes of it is not
// counted, unless its end is the present.
func (t *Tx) ShareBetween(ctx context.Context, shop string, p returns.Platform, from, to time.Time) (Share, error) {
	if !to.Before(t.now) {
		to = to.Add(SlotLength)
	}
	s, _, err := first(query(ctx, t, "read share of events", func(scan func(...any) error) (Share, error) {
		var s Share
		return s, scan(&s.ByEvent, &s.BySweep)
	}, `SELECT COALESCE(SUM(by_event), 0), COALESCE(SUM(by_sweep), 0) FROM coverage_slots WHERE shop = $1 AND platform = $2 AND slot >= $3 AND slot < $4`,
		shop, string(p), from.UTC().Truncate(SlotLength).Format(slotFormat), to.UTC().Truncate(SlotLength).Format(slotFormat)))
	return s, err
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
