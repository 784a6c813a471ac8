package activities

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/activity"

	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
)

const (
	// movesWithin is how long after it was told to look an overdue return may have
	// decided nothing.
	movesWithin = time.Hour
	// mostAsked bounds how many of those a sweep asks Temporal about, one by one.
	mostAsked = 100
)

// tellOfStuck names to IT the returns and stock writers whose workflow cannot go on:
// they can say nothing themselves. What goes on again is healed.
func (a *Activities) tellOfStuck(ctx context.Context, shop string) error {
	stuck, err := a.stuck(ctx, shop)
	if err != nil {
		return retryable(ctx, err)
	}
	var news []returns.Key
	err = a.Ledger.Do(ctx, func(tx *ledger.Tx) error {
		news = nil
		known, err := tx.KnownStuck(ctx, shop)
		if err != nil {
			return err
		}
		for _, key := range known {
			if _, still := stuck[key]; !still {
				if err := tx.HealStuck(ctx, shop, key); err != nil {
					return err
				}
			}
		}
		for _, key := range slices.Sorted(maps.Keys(stuck)) {
			if err := tx.RaiseStuck(ctx, shop, key, stuck[key]); err != nil {
				return err
			}
			if !slices.Contains(known, key) {
				news = append(news, key)
			}
		}
		return nil
	})
	if err == nil && len(news) > 0 {
		activity.GetLogger(ctx).Error("workflows cannot go on", "shop", shop, "returns", news)
	}
	return orRetry(ctx, err)
}

// stuck are the returns and stock writers of a shop that cannot go on, and why.
func (a *Activities) stuck(ctx context.Context, shop string) (map[returns.Key]string, error) {
	stuck := map[returns.Key]string{}
	failing, err := a.Waker.Failing(ctx, shop)
	if _, old := errors.AsType[*serviceerror.InvalidArgument](err); old {
		// An older server does not know the attribute: what stands still is found below,
		// later.
		activity.GetLogger(ctx).Warn("this Temporal does not say which workflows cannot go on", "error", err)
	} else if err != nil {
		return nil, err //nolint:wrapcheck // it says what was asked
	}
	for id, cause := range failing {
		if of, key, found := messages.ReturnOf(id); found && of == shop {
			stuck[key] = fmt.Sprintf("the workflow's next step fails again and again (%s): the worker's log says why. %s", cause, cureOf(id))
		}
	}
	var unmoved []returns.Key
	err = a.Ledger.Read(ctx, func(tx *ledger.Tx) (err error) {
		unmoved, err = tx.Unmoved(ctx, shop, tx.Now().Add(-movesWithin))
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, key := range unmoved[:min(len(unmoved), mostAsked)] {
		if _, known := stuck[key]; known {
			continue
		}
		a.alive(ctx)
		runs, waits, err := a.Waker.Waits(ctx, shop, key)
		if err != nil {
			return nil, err //nolint:wrapcheck // it says what was asked
		}
		if runs && !waits { // else it is taken up anew, or a platform is waited for, and told of
			stuck[key] = "the workflow runs, but has decided nothing for an hour although it was told to look. " + cureOf(messages.ReturnID(shop, key))
		}
	}
	return stuck, nil
}

// cureOf is what IT can do about a workflow that cannot go on. The ledger holds all that
// a new one needs.
func cureOf(workflowID string) string {
	return fmt.Sprintf("After an update of the program: start the version that ran before, or a mended one, and it goes on by itself. "+
		"Else end it: temporal workflow terminate --workflow-id %s --reason stuck; the sweep makes a new one that goes on from the ledger", workflowID)
}
