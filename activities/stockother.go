package activities

import (
	"context"
	"fmt"
	"slices"
	"time"

	"returnbridge/internal/ledger"
	"returnbridge/internal/returns"
)

// otherWriter looks for another program that sets the product's stock: an
// api_sync movement of one of its SKUs that no write of ours explains, since the
// stock became ours or people last said so. It gives the newest, in words.
// Two writers undo each other, and its number is not ours to correct (design 6).
func (r *round) otherWriter(ctx context.Context) (string, error) {
	ahead := max(r.shop.TikTok.ClockAhead(), 0)
	var found string
	err := r.Ledger.Do(ctx, func(tx *ledger.Tx) error {
		since, err := tx.StockOursSince(ctx, r.shop.Key, r.product)
		if err != nil {
			return err
		}
		if !since.IsZero() {
			since = since.Add(ahead + clockSkew) // movements bear TikTok's time
		}
		var newest time.Time
		for _, sku := range r.skus() {
			moved, err := tx.Syncs(ctx, r.shop.Key, sku, since, r.Now().Add(ahead+farApart))
			if err != nil {
				return err
			}
			for _, m := range moved {
				ours, err := r.ours(ctx, tx, m)
				if err != nil {
					return err
				}
				if !ours && m.At.After(newest) {
					newest = m.At
					found = fmt.Sprintf("another program set SKU %s to %d at %s; nothing is written until somebody says whose number it is", sku, m.AvailableAfter, m.At.Format(time.RFC3339))
				}
			}
		}
		return nil
	})
	return found, orRetry(ctx, err)
}

// farApart is by how much the times of a write and of its account may differ
// while the number tells that they belong together: our clock may have been put
// right meanwhile, and a write may take effect late.
const farApart = 10 * time.Minute

// ours tells whether a write of ours explains a movement, whatever became of the
// write since: one that ends at the number we set. Close to its time it may also be
// told warehouse by warehouse, or together with a sale: then the number is
// another, and only a write that has its account already explains no more.
// What belongs to a write that is judged need not be asked about again.
func (r *round) ours(ctx context.Context, tx *ledger.Tx, m returns.StockMovement) (bool, error) {
	writes, err := tx.WritesAround(ctx, r.shop.Key, r.product, m.SKUID, m.At.Add(-farApart), m.At.Add(farApart))
	if err != nil {
		return false, err
	}
	ahead := r.shop.TikTok.ClockAhead()
	for _, w := range writes {
		began, ended := w.ReadAt.Add(min(ahead, 0)-clockSkew), w.ClaimUntil.Add(max(ahead, 0)+r.shop.Stock.ProofWait)
		near := !m.At.Before(began) && !m.At.After(ended)
		if w.Total != m.AvailableAfter && !(near && (w.Warehouses > 1 || !w.Told)) {
			continue
		}
		if w.Judged {
			return true, tx.Match(ctx, r.shop.Key, m.ID, w.ID)
		}
		return true, nil
	}
	return false, nil
}

// othersMoved tells whether a person, or another program, set the number between
// a write's read and another: then orders alone explain nothing (design 6).
func (r *round) othersMoved(ctx context.Context, w ledger.StockWrite, until time.Time) (moved bool, err error) {
	ahead := r.shop.TikTok.ClockAhead()
	from, to := w.ReadAt.Add(min(ahead, 0)-clockSkew), until.Add(max(ahead, 0)+clockSkew)
	err = r.Ledger.Do(ctx, func(tx *ledger.Tx) error {
		byHand, err := tx.ByHand(ctx, r.shop.Key, w.SKUID, from, to)
		if moved = len(byHand) > 0; moved || err != nil {
			return err
		}
		syncs, err := tx.Syncs(ctx, r.shop.Key, w.SKUID, from, to)
		for _, m := range syncs {
			ours, err := r.ours(ctx, tx, m)
			if moved = moved || !ours; err != nil {
				return err
			}
		}
		return err
	})
	return moved, orRetry(ctx, err)
}

// skus are those of the product, as last read.
func (r *round) skus() []string {
	var all []string
	for _, l := range r.levels {
		if !slices.Contains(all, l.SKUID) {
			all = append(all, l.SKUID)
		}
	}
	return all
}

// leaveToOther stops writing what is owed, and has the returns ask. Only an answer
// lets it go on, and it wakes us: no clock is armed.
func (r *round) leaveToOther(ctx context.Context, owed []ledger.StockEntry, why string) error {
	err := r.Ledger.Do(ctx, func(tx *ledger.Tx) error {
		for _, e := range owed {
			if e.Unit == "" || e.Problem == returns.SecondStockWriter {
				continue
			}
			if err := tx.Stuck(ctx, r.shop.Key, e.ID, returns.SecondStockWriter, why); err != nil {
				return err
			}
			r.moved([]ledger.StockEntry{e})
		}
		return nil
	})
	return orRetry(ctx, err)
}
