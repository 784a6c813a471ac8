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
	err := a.Ledger.Do(ctx, func(tx *ledger.Tx) (err error) {
		if err := tx.MoveCursor(ctx, cursor, begun.UTC().Format(time.RFC3339)); err != nil {
			return err
		}
		if err := tx.HealRefundLimit(ctx, shop); err != nil {
			return err
		}
		if err := tx.HealSlowSearch(ctx, shop, tx.Now().Add(-rules.SlowFor)); err != nil {
			return err
		}
		if err := tx.Came(ctx, shop, p, 0, found); err != nil {
			return err
		}
		quiet, err = a.quiet(ctx, tx, shop, p, found)
		return err
	})
	if err == nil && quiet != "" {
		activity.GetLogger(ctx).Warn("events are quiet", "shop", shop, "platform", p, "why", quiet)
	}
	return orRetry(ctx, err)
}

// quiet opens and closes what is said of a platform's events, and gives what is said:
// none came for EventsQuiet while sweeps find changes, or the share that they tell has
// fallen (share).
func (a *Activities) quiet(ctx context.Context, tx *ledger.Tx, shop string, p returns.Platform, found int) (why string, err error) {
	last, err := tx.LastEvent(ctx, shop, p)
	if err != nil {
		return "", err
	}
	hears, fallen, err := share(ctx, tx, shop, p)
	if err != nil {
		return "", err
	}
	recently := tx.Now().Sub(last) <= a.EventsQuiet
	switch {
	case hears == hearsLittle:
		why = fallen
	case recently && (hears == hearsAll || hears == nothingUsual):
		return "", tx.HealForShop(ctx, shop, p, returns.EventsQuiet)
	case recently, found == 0:
		return "", nil // too little happened to tell
	case last.IsZero():
		why = "no event of " + string(p) + " ever came, and sweeps find what happens there"
	default:
		why = "the last event of " + string(p) + " came at " + last.Format(time.RFC3339) + ", and sweeps find what happens there"
	}
	e := returns.NewException(returns.EventsQuiet, why, returns.Money{})
	e.Subject = string(p)
	return why, tx.RaiseForShop(ctx, shop, p, e)
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
	if silent, err := silentNow(ctx, tx, shop, returns.ReturnGO, heard, now); err != nil || silent {
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
