package activities

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
)

// Restock wakes the writers of all products of which units of this return are on
// their way into stock. What is owed was saved with the decision that asked for
// this, and is asked for until it is done: a wake-up that comes twice costs a look.
func (a *Activities) Restock(ctx context.Context, in messages.ActInput) (messages.PlanResult, error) {
	d, err := a.desk(in.Shop, in.Key)
	if err != nil {
		return messages.PlanResult{}, err
	}
	if _, err := d.decide(ctx); err != nil {
		return messages.PlanResult{}, err
	}
	if err := d.wakeWriters(ctx); err != nil {
		return messages.PlanResult{}, err
	}
	plan, err := d.decide(ctx)
	return messages.PlanResult{Plan: plan}, err
}

// round is one round of writing a product's stock (design section 6).
type round struct {
	*Activities
	shop    *Shop
	product string
	began   time.Time
	proven  []returns.Key        // returns whose units moved on
	levels  []returns.StockLevel // the product's stock as last read
	readAt  time.Time            // when that read began
	again   time.Time            // the earliest time at which something is to be done
	units   int                  // units not proven yet
	alone   bool                 // no other program writes the product: asked once
}

// StockRound judges what was written, then writes what is owed: TikTok's stock
// is a SET, so what it shows now plus what is owed, all warehouses of a SKU at
// once, one SKU after another.
func (a *Activities) StockRound(ctx context.Context, in messages.StockInput) (messages.RoundResult, error) {
	s, err := a.shop(in.Shop)
	if err != nil {
		return messages.RoundResult{}, err
	}
	r := &round{Activities: a, shop: s, product: in.ProductID, began: a.Now()}
	out, err := r.run(ctx)
	for _, key := range r.proven { // whatever else failed: they moved on
		if r.seesItWithTheMoney(ctx, key) {
			continue
		}
		if wakeErr := a.Waker.WakeReturn(ctx, in.Shop, key, messages.News{Platforms: []returns.Platform{messages.LedgerOnly}}); wakeErr != nil && err == nil {
			err = retryable(ctx, fmt.Errorf("wake %s: %w", key, wakeErr))
		}
	}
	if err != nil {
		return messages.RoundResult{}, err
	}
	return out, nil
}

func (r *round) run(ctx context.Context) (messages.RoundResult, error) {
	open, err := r.judgeAll(ctx)
	if err != nil {
		return messages.RoundResult{}, err
	}
	owed, err := r.owed(ctx)
	if err != nil {
		return messages.RoundResult{}, err
	}
	switch p := r.shop.Policy; {
	case len(owed) == 0:
	case p.ExternalStock:
		return r.result("stock is written by another program: nothing is written"), nil
	case !p.Switches.Restock:
		return r.result("restock is switched off: nothing is written"), nil
	}
	summary := ""
	for _, entries := range bySKU(owed) {
		sku := entries[0].SKUID
		if slices.Contains(open, sku) {
			continue // one write of a SKU at a time: what came meanwhile rides on the next
		}
		if due := dueAt(entries); r.Now().Before(due) {
			r.lookAt(due)
			summary = "what is owed cannot be written now; trying again"
			continue
		}
		if r.Now().Sub(r.began) > roundTime {
			r.lookAt(r.Now())
			break // an attempt has its time; the rest is for the next round
		}
		if summary, err = r.write(ctx, sku, entries); err != nil {
			return messages.RoundResult{}, err
		}
	}
	return r.result(summary), nil
}

// roundTime is how long a round begins further writes: with the calls of one
// write it stays below the time of an attempt.
const roundTime = 20 * time.Second

func (r *round) result(summary string) messages.RoundResult {
	if r.again.IsZero() {
		return messages.RoundResult{Done: true, Summary: cmp.Or(summary, "nothing is owed")}
	}
	return messages.RoundResult{Again: r.again, Summary: cmp.Or(summary, "written; waiting for TikTok's own account of it"), Units: r.units}
}

// lookAt has the product looked at again then, if not earlier.
func (r *round) lookAt(at time.Time) {
	if !at.IsZero() && (r.again.IsZero() || at.Before(r.again)) {
		r.again = at
	}
}

func (r *round) owed(ctx context.Context) ([]ledger.StockEntry, error) {
	var owed []ledger.StockEntry
	err := r.Ledger.Read(ctx, func(tx *ledger.Tx) (err error) {
		owed, err = tx.Owed(ctx, r.shop.Key, r.product)
		return err
	})
	return owed, orRetry(ctx, err)
}

// bySKU keeps the order in which the SKUs were first owed.
func bySKU(owed []ledger.StockEntry) [][]ledger.StockEntry {
	var groups [][]ledger.StockEntry
	for _, e := range owed {
		i := slices.IndexFunc(groups, func(g []ledger.StockEntry) bool { return g[0].SKUID == e.SKUID })
		if i < 0 {
			groups = append(groups, []ledger.StockEntry{e})
			continue
		}
		groups[i] = append(groups[i], e)
	}
	return groups
}

// A write that TikTok refuses is tried again after firstRefused, then each time
// after twice as long up to lastRefused; one that was only not possible, from a
// second up to lastRetry.
const (
	firstRefused = 15 * time.Minute
	lastRefused  = 6 * time.Hour
)

// dueAt is when the entries of a SKU are tried: as soon as one of them is due,
// all ride. An entry without a pause is due at once (zero), whatever clock entered it.
func dueAt(entries []ledger.StockEntry) time.Time {
	var due time.Time
	for i, e := range entries {
		wait := pause(e)
		if wait == 0 {
			return time.Time{}
		}
		if at := e.ChangedAt.Add(wait); i == 0 || at.Before(due) {
			due = at
		}
	}
	return due
}

func pause(e ledger.StockEntry) time.Duration {
	first, last := firstRetry, lastRetry
	switch {
	case e.Tries == 0, e.Problem == returns.SecondStockWriter: // whose number it is, is asked each time
		return 0
	case e.Problem != "":
		first, last = firstRefused, lastRefused
	}
	return min(first<<min(e.Tries-1, 16), last)
}

func (r *round) moved(entries []ledger.StockEntry) {
	for _, e := range entries {
		if e.Key != "" && !slices.Contains(r.proven, e.Key) {
			r.proven = append(r.proven, e.Key)
		}
	}
}
