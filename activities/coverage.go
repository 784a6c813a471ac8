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

// lists is what a sweep of ReturnGO asks for: nothing yet, what waits for us, or
// everything; while events do not tell all, what waits for us and the transactions.
type lists struct{ due, all, transactions bool }

// Events are trusted while at most one change in trustedUpTo was found by a sweep
// alone, today and the day before. Sweeps are rarer then: small shops would spend
// most of their calls on lists in which nothing is new.
const (
	trustedUpTo = 100
	manyEvents  = 25 // so many since the last sweep, and the next comes as early as it may
)

// listsDue tells what ReturnGO is to be asked for now. Without trust every sweep
// of the schedule takes place, and lists all every OpenSweepEvery; with trust one
// comes after half of that time, or a quarter if much has happened, and lists all
// after twice that time.
func (a *Activities) listsDue(ctx context.Context, shop string, now time.Time) (due lists, err error) {
	last, swept, err := a.sweptUntil(ctx, sweptCursor(shop))
	if err != nil {
		return due, err
	}
	lastAll, sweptAll, err := a.sweptUntil(ctx, OpenSweepCursor(shop))
	if err != nil {
		return due, err
	}
	few, err := a.fewOpen(ctx, shop, now)
	if err != nil {
		return due, err
	}
	passed := func(since time.Time, period time.Duration) bool { // the schedule is not to the second
		return now.Sub(since.Add(overlap)) >= period-a.OpenSweepEvery/60
	}
	due = lists{due: true, all: few || !sweptAll || passed(lastAll, a.OpenSweepEvery), transactions: true}
	if !swept || !sweptAll {
		return due, nil
	}
	err = a.Ledger.Read(ctx, func(tx *ledger.Tx) error {
		trusted, events, err := a.eventsTellAll(ctx, tx, shop, last.Add(overlap), now)
		if err != nil || !trusted {
			return err
		}
		period := a.OpenSweepEvery / 2
		if events >= manyEvents {
			period /= 2
		}
		all := few || passed(lastAll, 2*a.OpenSweepEvery)
		due = lists{due: passed(last, period), all: all, transactions: all}
		return nil
	})
	return due, orRetry(ctx, err)
}

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
