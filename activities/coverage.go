package activities

import (
	"context"
	"time"

	"go.temporal.io/sdk/activity"

	"returnbridge/internal/ledger"
	"returnbridge/internal/returns"
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

// Sweeps come at every second interval of the schedule, by the usual periods, while
// the coverage says that events tell what happens: at most one change in trustedUpTo
// was found by a sweep alone, today and the day before.
const (
	trustedUpTo = 100
	rarer       = 4 // sweeps in the time of one that lists every open status, give or take a little
)

// eventsSpareIt tells whether ReturnGO's events are so complete that it need not be
// swept again so soon: small shops would spend most of their calls on sweeps.
func (a *Activities) eventsSpareIt(ctx context.Context, shop string, now time.Time) (spared bool, err error) {
	err = a.Ledger.Do(ctx, func(tx *ledger.Tx) error {
		value, err := tx.Cursor(ctx, transactionsCursor(shop))
		if err != nil {
			return err
		}
		last, err := time.Parse(time.RFC3339, value)
		if err != nil || now.Sub(last) >= a.OpenSweepEvery/rarer-a.OpenSweepEvery/60 {
			return nil //nolint:nilerr // it was never swept
		}
		heard, err := tx.LastEvent(ctx, shop, returns.ReturnGO)
		if err != nil || now.Sub(heard) > a.EventsQuiet {
			return err
		}
		days, err := tx.Coverage(ctx, shop, now.AddDate(0, 0, -1))
		told, found := 0, 0
		for _, d := range days {
			if d.Platform == returns.ReturnGO {
				told, found = told+d.ByEvent, found+d.BySweep
			}
		}
		spared = told > 0 && found*trustedUpTo <= told
		return err
	})
	return spared, err
}
