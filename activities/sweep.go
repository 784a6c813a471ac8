package activities

import (
	"context"
	"time"

	"go.temporal.io/sdk/activity"

	"returnbridge/internal/ledger"
	"returnbridge/internal/returns"
)

// overlap is how far a sweep reads back beyond the last one: update times may
// move while a search is walked (TikTok contract 1.9, ReturnGO contract 8.2).
const overlap = 15 * time.Minute

// alive tells Temporal that a sweep goes on, so that the one of a killed worker is
// not waited for. A short one says nothing: each word is billed.
func (a *Activities) alive(ctx context.Context) {
	if a.Now().Sub(activity.GetInfo(ctx).StartedTime) > quietSweep {
		activity.RecordHeartbeat(ctx)
	}
}

// quietSweep with one call, or one signal that hangs, is shorter than the silence
// after which a sweep is taken for dead.
const quietSweep = 20 * time.Second

// sweptUntil is from when a sweep has to read, and whether there ever was one.
// The first one reads what the overlap covers: history is the backfill's business.
func (a *Activities) sweptUntil(ctx context.Context, cursor string) (since time.Time, swept bool, err error) {
	var at time.Time
	err = a.Ledger.Read(ctx, func(tx *ledger.Tx) (err error) {
		at, err = lastSwept(ctx, tx, cursor)
		return err
	})
	if err != nil {
		return time.Time{}, false, retryable(ctx, err)
	}
	if swept = !at.IsZero(); !swept {
		at = a.Now()
	}
	return at.Add(-overlap).UTC(), swept, nil
}

// lastSwept is when the last sweep of a cursor began; zero if there was none, or the
// cursor was reset.
func lastSwept(ctx context.Context, tx *ledger.Tx, cursor string) (time.Time, error) {
	value, err := tx.Cursor(ctx, cursor)
	if err != nil || value == "" {
		return time.Time{}, err
	}
	return time.Parse(time.RFC3339, value) //nolint:wrapcheck // only sweeps write it
}

func (a *Activities) sweptNow(ctx context.Context, cursor string, at time.Time) error {
	err := a.Ledger.Do(ctx, func(tx *ledger.Tx) error { return tx.MoveCursor(ctx, cursor, at.UTC().Format(time.RFC3339)) })
	return orRetry(ctx, err)
}

// lookAfter is what a sweep does for a shop whatever the platforms answer: it tells of
// what cannot tell itself, and clears the inbox.
func (a *Activities) lookAfter(ctx context.Context, shop string, p returns.Platform) error {
	if err := a.tellOfStuck(ctx, shop); err != nil {
		return err
	}
	if err := a.tellOfRefused(ctx, shop); err != nil {
		return err
	}
	err := a.Ledger.Do(ctx, func(tx *ledger.Tx) error {
		for _, of := range []string{shop, ""} { // what named no shop of ours is nobody's to clear
			if _, err := tx.PruneInbox(ctx, of, p, tx.Now().Add(-a.InboxKept), pruned); err != nil {
				return err
			}
			if err := tx.PruneCounts(ctx, of, p, tx.Now().Add(-a.InboxKept)); err != nil {
				return err
			}
		}
		return nil
	})
	return orRetry(ctx, err)
}

// pruned is how many events one sweep deletes: no transaction is long, and every ten
// minutes it is more than comes.
const pruned = 2000
