package activities

import (
	"context"
	"fmt"

	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
)

// wakeOverdue takes up returns whose clock should have rung long ago, and that no
// platform has anything new to say of.
func (a *Activities) wakeOverdue(ctx context.Context, shop string) (woken int, err error) {
	for {
		var keys []returns.Key
		before := a.Now().Add(-a.OverdueAfter)
		err := a.Ledger.Read(ctx, func(tx *ledger.Tx) (err error) {
			keys, err = tx.Overdue(ctx, shop, before)
			return err
		})
		if err != nil || len(keys) == 0 {
			return woken, orRetry(ctx, err)
		}
		for _, key := range keys {
			a.alive(ctx)
			news := messages.News{Platforms: []returns.Platform{returns.ReturnGO, returns.TikTok}}
			if err := a.Waker.WakeReturn(ctx, shop, key, news); err != nil {
				return woken, retryable(ctx, fmt.Errorf("wake %s: %w", key, err))
			}
			woken++
		}
		// From now on they have as long again: what cannot be read just now is not
		// knocked at with every sweep.
		if err := a.Ledger.Do(ctx, func(tx *ledger.Tx) error { return tx.TakenUp(ctx, shop, keys, before) }); err != nil {
			return woken, retryable(ctx, err)
		}
	}
}

// wakeUncarried takes up open returns that no workflow carries: it was terminated,
// or Temporal forgot it. Their clocks may ring only in days; until then nobody
// could steer them. One that was decided on lately is left alone: what runs shows
// in Temporal's lists a moment later.
func (a *Activities) wakeUncarried(ctx context.Context, shop string) (woken int, err error) {
	var quiet []returns.Key
	err = a.Ledger.Read(ctx, func(tx *ledger.Tx) (err error) {
		quiet, err = tx.OpenReturnsDecidedBefore(ctx, shop, a.Now().Add(-a.OverdueAfter))
		return err
	})
	if err != nil || len(quiet) == 0 {
		return 0, orRetry(ctx, err)
	}
	a.alive(ctx)
	running, err := a.Waker.Running(ctx, shop)
	if err != nil {
		return 0, retryable(ctx, err)
	}
	for _, key := range quiet {
		if running[messages.ReturnID(shop, key)] {
			continue
		}
		a.alive(ctx)
		if err := a.Waker.WakeReturn(ctx, shop, key, messages.News{}); err != nil {
			return woken, retryable(ctx, fmt.Errorf("wake %s: %w", key, err))
		}
		woken++
	}
	return woken, nil
}
