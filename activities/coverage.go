package activities

import (
	"context"
	"time"

	"go.temporal.io/sdk/activity"

	"returnbridge/internal/ledger"
	"returnbridge/internal/returns"
	"returnbridge/internal/returns/rules"
)

// swept notes that a sweep has come to its end, and how many returns it told
// though no event had. One exception speaks for the shop while its events are
// quiet: sweeps find what no event tells.
func (a *Activities) swept(ctx context.Context, shop string, p returns.Platform, found int, cursor string, begun time.Time) error {
	quiet := ""
	err := a.Ledger.Do(ctx, func(tx *ledger.Tx) error {
		if err := tx.MoveCursor(ctx, cursor, begun.UTC().Format(time.RFC3339)); err != nil {
			return err
		}
		if err := tx.HealRefundLimit(ctx, shop); err != nil {
			return err
		}
		if err := tx.HealSlowSearch(ctx, shop, tx.Now().Add(-rules.SlowFor)); err != nil {
			return err
		}
		last, err := tx.LastEvent(ctx, shop, p)
		if err != nil {
			return err
		}
		if tx.Now().Sub(last) <= a.EventsQuiet {
			return heard(ctx, tx, shop, p, found)
		}
		if found == 0 {
			return nil // nothing happened, so there was nothing to tell
		}
		quiet = "no event of " + string(p) + " ever came, and sweeps find what happens there"
		if !last.IsZero() {
			quiet = "the last event of " + string(p) + " came at " + last.Format(time.RFC3339) + ", and sweeps find what happens there"
		}
		e := returns.NewException(returns.EventsQuiet, quiet, returns.Money{})
		e.Subject = string(p)
		if err := tx.RaiseForShop(ctx, shop, p, e); err != nil {
			return err
		}
		return tx.Came(ctx, shop, p, 0, found)
	})
	if err == nil && quiet != "" {
		activity.GetLogger(ctx).Warn("events are quiet", "shop", shop, "platform", p, "why", quiet)
	}
	return orRetry(ctx, err)
}

// heard closes what was said of quiet events, and counts what a sweep found.
func heard(ctx context.Context, tx *ledger.Tx, shop string, p returns.Platform, found int) error {
	if err := tx.HealForShop(ctx, shop, p, returns.EventsQuiet); err != nil {
		return err
	}
	return tx.Came(ctx, shop, p, 0, found)
}

// Events are trusted while at most one change in trustedUpTo was found by a sweep
// alone, today and the day before.
const trustedUpTo = 100

// eventsTellAll tells whether ReturnGO's events are complete, and how many came
// since a time.
func (a *Activities) eventsTellAll(ctx context.Context, tx *ledger.Tx, shop string, since, now time.Time) (all bool, events int, err error) {
	heard, err := tx.LastEvent(ctx, shop, returns.ReturnGO)
	if err != nil || now.Sub(heard) > a.EventsQuiet {
		return false, 0, err
	}
	days, err := tx.Coverage(ctx, shop, now.AddDate(0, 0, -1))
	if err != nil {
		return false, 0, err
	}
	told, found := 0, 0
	for _, d := range days {
		if d.Platform == returns.ReturnGO {
			told, found = told+d.ByEvent, found+d.BySweep
		}
	}
	events, err = tx.EventsSince(ctx, shop, returns.ReturnGO, since)
	return told > 0 && found*trustedUpTo <= told, events, err
}
