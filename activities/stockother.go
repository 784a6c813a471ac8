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
			since = since.Add(ahead + r.ClockSkew) // movements bear TikTok's time
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

// ours reports whether a write of ours explains a movement, whatever became of the
// write since. What belongs to a write that is judged need not be asked about again.
func (r *round) ours(ctx context.Context, tx *ledger.Tx, m returns.StockMovement) (bool, error) {
	w, found, err := r.ownerOf(ctx, tx, m)
	if err == nil && found && w.Judged {
		err = tx.Match(ctx, r.shop.Key, m.ID, w.ID)
	}
	return found, err
}

// ownerOf is the write of ours that explains a movement: the one that ends at the
// number we set; of several, that nearest in time by its own writer's clock. Close
// to its time a write may also be told warehouse by warehouse, or together with a
// sale: then the number differs. A write that TikTok has told of already explains no
// more.
func (r *round) ownerOf(ctx context.Context, tx *ledger.Tx, m returns.StockMovement) (owner ledger.WriteTold, found bool, err error) {
	writes, err := tx.WritesAround(ctx, r.shop.Key, r.product, m.SKUID, m.At.Add(-farApart), m.At.Add(farApart))
	if err != nil {
		return ledger.WriteTold{}, false, err
	}
	var exact bool
	var nearest time.Duration
	for _, w := range writes {
		from, to := w.Between(0)
		near := !m.At.Before(from.Add(-r.ClockSkew)) && !m.At.After(to.Add(r.proofWait()))
		same := w.Total == m.AvailableAfter
		if !same && !(near && (w.Warehouses > 1 || !w.Told)) {
			continue
		}
		if far := apart(w.StockWrite, m.At); !found || same && !exact || same == exact && far < nearest {
			owner, found, exact, nearest = w, true, same, far
		}
	}
	return owner, found, nil
}

// apart is how far a time of TikTok's lies from the time of a write.
func apart(w ledger.StockWrite, at time.Time) time.Duration {
	from, to := w.Between(0)
	if !w.AnsweredAt.IsZero() {
		to = w.AnsweredAt.Add(w.ClockAhead)
	}
	return max(from.Sub(at), at.Sub(to), 0)
}

// othersMoved reports whether a person, or another program, set the number in a
// span of time: then orders alone explain nothing (design 6).
func (r *round) othersMoved(ctx context.Context, sku string, between span) (moved bool, err error) {
	err = r.Ledger.Do(ctx, func(tx *ledger.Tx) error {
		byHand, err := tx.ByHand(ctx, r.shop.Key, sku, between.from, between.until)
		if moved = len(byHand) > 0; moved || err != nil {
			return err
		}
		syncs, err := tx.Syncs(ctx, r.shop.Key, sku, between.from, between.until)
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
