package activities

import (
	"context"
	"fmt"
	"slices"

	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
	"returnbridge/internal/returns/rules"
)

// tellOthers tells the order's other returns what this look is about to save:
// once it stands in the ledger, TikTok's own event and the sweep take it for
// known, though those returns have not decided on it.
func (d *desk) tellOthers(ctx context.Context, orderID string, all []returns.TikTokReturn) error {
	var others []returns.Key
	err := d.Ledger.Read(ctx, func(tx *ledger.Tx) error {
		for _, t := range all {
			seen, err := tx.SnapshotStatus(ctx, d.shop.Key, returns.TikTok, t.ID)
			if err != nil {
				return err
			}
			if returns.SameStatus(seen, t.Status) {
				continue
			}
			keys, err := tx.ReturnsOf(ctx, d.shop.Key, t.ID, orderID)
			if err != nil {
				return err
			}
			others = append(others, keys...)
		}
		return nil
	})
	if err != nil {
		return retryable(ctx, err)
	}
	slices.Sort(others)
	others = slices.DeleteFunc(slices.Compact(others), func(k returns.Key) bool { return k == d.key })
	return d.wakeForTikTok(ctx, others)
}

// wakeOthers hands the clock over: a TikTok return that an RMA holds now needs
// no clock of its own, and one that nobody holds gets one.
func (d *desk) wakeOthers(ctx context.Context) error {
	if d.key.RMAID() == "" {
		return d.handOver(ctx)
	}
	var running, missing []returns.Key
	held, free := splitByHold(d.record, d.decision)
	err := d.Ledger.Read(ctx, func(tx *ledger.Tx) (err error) {
		if running, _, err = tx.OwnClocks(ctx, d.shop.Key, held); err != nil {
			return err
		}
		_, missing, err = tx.OwnClocks(ctx, d.shop.Key, free)
		return err
	})
	if err != nil {
		return orRetry(ctx, err)
	}
	return d.wakeForTikTok(ctx, append(running, missing...))
}

// handOver tells the holders of a TikTok return's units to look, if their own
// return has ended: somebody must keep the clock.
func (d *desk) handOver(ctx context.Context) error {
	if !d.decision.Plan.Close {
		return nil
	}
	var holders []returns.Key
	for _, t := range d.record.TikTokReturns {
		if t.ID != d.key.TikTokReturnID() || !t.Live() && !t.Pays() {
			continue
		}
		for _, l := range t.Lines {
			if k, held := d.record.HeldBy[returns.NewUnitID(l.OrderLineID, "")]; held && !slices.Contains(holders, k) {
				holders = append(holders, k)
			}
		}
	}
	var closed []returns.Key
	err := d.Ledger.Read(ctx, func(tx *ledger.Tx) (err error) {
		closed, err = tx.Closed(ctx, d.shop.Key, holders)
		return err
	})
	if err != nil {
		return orRetry(ctx, err)
	}
	return d.wakeForTikTok(ctx, closed)
}

// splitByHold sorts the order's TikTok returns: those on this RMA's units, and
// live ones on which no RMA holds anything.
func splitByHold(r returns.Record, dec rules.Decision) (held, free []returns.TikTokReturn) {
	for _, t := range r.TikTokReturns {
		mine, others := false, false
		for _, l := range t.Lines {
			u := returns.NewUnitID(l.OrderLineID, "")
			mine = mine || slices.ContainsFunc(dec.Holds, func(h returns.Hold) bool { return h.Unit.LineID() == l.OrderLineID })
			_, other := r.HeldBy[u]
			others = others || other
		}
		switch {
		case mine:
			held = append(held, t)
		case !others && t.Live():
			free = append(free, t)
		}
	}
	return held, free
}

// wakeForTikTok tells returns that something stands otherwise at TikTok.
func (d *desk) wakeForTikTok(ctx context.Context, keys []returns.Key) error {
	for _, key := range keys {
		if err := d.Waker.WakeReturn(ctx, d.shop.Key, key, messages.News{Platforms: []returns.Platform{returns.TikTok}}); err != nil {
			return retryable(ctx, fmt.Errorf("wake %s: %w", key, err))
		}
	}
	return nil
}
