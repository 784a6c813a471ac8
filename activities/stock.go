package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/platform"
	"returnbridge/internal/returns"
	"returnbridge/internal/tiktokshop"
)

// Restock enters units that passed their inspection as owed to TikTok's stock,
// each once, and tells the products' writers to look.
func (a *Activities) Restock(ctx context.Context, in messages.ActInput) (messages.PlanResult, error) {
	d, err := a.desk(in.Shop, in.Key)
	if err != nil {
		return messages.PlanResult{}, err
	}
	plan, err := d.decide(ctx)
	if err != nil {
		return messages.PlanResult{}, err
	}
	act, wanted := find(plan, in.Act)
	if !wanted {
		return messages.PlanResult{Plan: plan}, nil
	}
	err = a.Ledger.Do(ctx, func(tx *ledger.Tx) error { return tx.OweRestocks(ctx, in.Shop, in.Key, act.Restocks) })
	if err != nil {
		return messages.PlanResult{}, retryable(ctx, err)
	}
	var products []string
	for _, r := range act.Restocks {
		if !slices.Contains(products, r.ProductID) {
			products = append(products, r.ProductID)
		}
	}
	for _, p := range products {
		if err := a.Waker.WakeStock(ctx, in.Shop, p); err != nil {
			return messages.PlanResult{}, retryable(ctx, fmt.Errorf("wake stock of %s: %w", p, err))
		}
	}
	plan, err = d.decide(ctx)
	return messages.PlanResult{Plan: plan}, err
}

// round is one round of writing a product's stock (design section 6).
type round struct {
	*Activities
	shop    *Shop
	product string
	proven  []returns.Key // returns whose units moved on
}

// StockRound judges what was written, then writes what is owed: TikTok's stock
// is a SET, so what it shows now plus what is owed, all warehouses at once.
func (a *Activities) StockRound(ctx context.Context, in messages.StockInput) (messages.RoundResult, error) {
	s, err := a.shop(in.Shop)
	if err != nil {
		return messages.RoundResult{}, err
	}
	r := &round{Activities: a, shop: s, product: in.ProductID}
	out, err := r.run(ctx)
	if err != nil {
		return messages.RoundResult{}, err
	}
	for _, key := range r.proven {
		if err := a.Waker.WakeReturn(ctx, in.Shop, key, messages.News{Platforms: []returns.Platform{messages.LedgerOnly}}); err != nil {
			return messages.RoundResult{}, retryable(ctx, fmt.Errorf("wake %s: %w", key, err))
		}
	}
	return out, nil
}

func (r *round) run(ctx context.Context) (messages.RoundResult, error) {
	open, err := r.judgeAll(ctx)
	if err != nil {
		return messages.RoundResult{}, err
	}
	if open != nil {
		return *open, nil
	}
	var owed []ledger.StockEntry
	err = r.Ledger.Do(ctx, func(tx *ledger.Tx) (err error) {
		owed, err = tx.Owed(ctx, r.shop.Key, r.product)
		return err
	})
	if err != nil {
		return messages.RoundResult{}, retryable(ctx, err)
	}
	if len(owed) == 0 {
		return messages.RoundResult{Done: true, Summary: "nothing is owed"}, nil
	}
	return r.write(ctx, owed)
}

func (r *round) moved(entries []ledger.StockEntry) {
	for _, e := range entries {
		if e.Key != "" && !slices.Contains(r.proven, e.Key) {
			r.proven = append(r.proven, e.Key)
		}
	}
}

// write makes one SET of everything owed: read, commit, set, read back.
func (r *round) write(ctx context.Context, owed []ledger.StockEntry) (messages.RoundResult, error) {
	readAt := r.Now()
	levels, err := r.shop.TikTok.Inventory(ctx, tiktokshop.InventoryFilter{ProductIDs: []string{r.product}})
	if err != nil {
		return r.refused(ctx, owed, err)
	}
	lines, riding, stuck := plan(levels, owed)
	if err := r.noteStuck(ctx, stuck); err != nil {
		return messages.RoundResult{}, err
	}
	if len(lines) == 0 {
		return messages.RoundResult{Done: true, Summary: "what is owed cannot be written now"}, nil
	}
	w := ledger.StockWrite{ProductID: r.product, ReadAt: readAt, ClaimUntil: readAt.Add(r.CallTimeout + r.shop.Stock.ReadAge + claimMargin), Lines: lines}
	err = r.Ledger.Do(ctx, func(tx *ledger.Tx) (err error) {
		w.ID, err = tx.BeginWrite(ctx, r.shop.Key, w, riding)
		return err
	})
	if errors.Is(err, ledger.ErrWriteOpen) {
		return messages.RoundResult{Again: r.Now().Add(r.CallTimeout), Summary: "another write is under way"}, nil
	}
	if err != nil {
		return messages.RoundResult{}, retryable(ctx, err)
	}
	if r.Now().Sub(readAt) > r.shop.Stock.ReadAge {
		return r.void(ctx, w, riding, "the read grew too old before the write", "")
	}
	receipt, err := r.shop.TikTok.UpdateInventory(ctx, r.product, target(lines, r.product))
	if err != nil {
		return r.notWritten(ctx, w, riding, err)
	}
	return r.written(ctx, w, receipt.RequestID)
}

// plan adds what is owed to what is there, for every warehouse of each SKU.
func plan(levels []returns.StockLevel, owed []ledger.StockEntry) (lines []ledger.StockLine, riding []ledger.StockEntry, stuck map[string]string) {
	stuck = map[string]string{}
	sum := map[[2]string]int{}
	for _, e := range owed {
		sum[[2]string{e.SKUID, e.WarehouseID}] += e.Quantity
	}
	for _, e := range owed {
		at := [2]string{e.SKUID, e.WarehouseID}
		l := level(levels, e.SKUID, e.WarehouseID)
		switch {
		case l.SKUID == "":
			stuck[e.ID] = "TikTok keeps no stock of this SKU in warehouse " + e.WarehouseID
		case l.Available+sum[at] < 0:
			stuck[e.ID] = fmt.Sprintf("%d are shown, %d would have to be taken away", l.Available, -sum[at])
		default:
			riding = append(riding, e)
		}
	}
	for _, l := range levels {
		if !slices.ContainsFunc(riding, func(e ledger.StockEntry) bool { return e.SKUID == l.SKUID }) {
			continue
		}
		due := sum[[2]string{l.SKUID, l.WarehouseID}]
		if l.Available+due < 0 {
			due = 0
		}
		lines = append(lines, ledger.StockLine{SKUID: l.SKUID, WarehouseID: l.WarehouseID, Available: l.Available, Committed: l.Committed, Owed: due, Wrote: l.Available + due})
	}
	return lines, riding, stuck
}

func level(levels []returns.StockLevel, sku, warehouse string) returns.StockLevel {
	for _, l := range levels {
		if l.SKUID == sku && l.WarehouseID == warehouse {
			return l
		}
	}
	return returns.StockLevel{}
}

func target(lines []ledger.StockLine, product string) []returns.StockLevel {
	levels := make([]returns.StockLevel, len(lines))
	for i, l := range lines {
		levels[i] = returns.StockLevel{ProductID: product, SKUID: l.SKUID, WarehouseID: l.WarehouseID, Available: l.Wrote}
	}
	return levels
}

func (r *round) noteStuck(ctx context.Context, stuck map[string]string) error {
	if len(stuck) == 0 {
		return nil
	}
	err := r.Ledger.Do(ctx, func(tx *ledger.Tx) error {
		owed, err := tx.Owed(ctx, r.shop.Key, r.product)
		if err != nil {
			return err
		}
		for _, e := range owed {
			if why, ok := stuck[e.ID]; ok && e.Problem == "" {
				r.moved([]ledger.StockEntry{e})
				if err := tx.Stuck(ctx, r.shop.Key, e.ID, returns.StockRefused, why); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return orRetry(ctx, err)
}

// written reads back at once and waits for TikTok's own account.
func (r *round) written(ctx context.Context, w ledger.StockWrite, requestID string) (messages.RoundResult, error) {
	after, readErr := r.shop.TikTok.Inventory(ctx, tiktokshop.InventoryFilter{ProductIDs: []string{r.product}})
	err := r.Ledger.Do(ctx, func(tx *ledger.Tx) error {
		lines := slices.Clone(w.Lines)
		for i := range lines {
			if now := level(after, lines[i].SKUID, lines[i].WarehouseID); readErr == nil && now.SKUID != "" {
				lines[i].AvailableAfter, lines[i].CommittedAfter = now.Available, now.Committed
			} else {
				lines[i].AvailableAfter, lines[i].CommittedAfter = -1, -1
			}
		}
		return tx.Answered(ctx, w.ID, requestID, lines)
	})
	if err != nil {
		return messages.RoundResult{}, retryable(ctx, err)
	}
	return messages.RoundResult{Again: r.Now().Add(r.shop.Stock.ProofWait), Summary: "written; waiting for TikTok's own account of it", Units: len(w.Lines)}, nil
}

// notWritten sorts a failed SET: taken back, refused, or unknown.
func (r *round) notWritten(ctx context.Context, w ledger.StockWrite, riding []ledger.StockEntry, err error) (messages.RoundResult, error) {
	switch platform.ClassOf(err) {
	case platform.Retry, platform.RefreshToken:
		out, voidErr := r.void(ctx, w, riding, "not possible now", "")
		if voidErr != nil {
			return out, voidErr
		}
		return messages.RoundResult{}, retryable(ctx, err)
	case platform.StateChanged, platform.Human, platform.Permanent:
		return r.void(ctx, w, riding, err.Error(), returns.StockRefused)
	}
	return messages.RoundResult{Again: w.ClaimUntil, Summary: "the answer to a write was lost; waiting until it must have taken effect"}, nil
}

func (r *round) void(ctx context.Context, w ledger.StockWrite, riding []ledger.StockEntry, note string, problem returns.Kind) (messages.RoundResult, error) {
	err := r.Ledger.Do(ctx, func(tx *ledger.Tx) error { return tx.VoidWrite(ctx, r.shop.Key, w.ID, note, problem) })
	if err != nil {
		return messages.RoundResult{}, retryable(ctx, err)
	}
	if problem != "" {
		r.moved(riding)
	}
	return messages.RoundResult{Again: r.Now().Add(refusedRetry(problem)), Summary: note}, nil
}

// refusedRetry is how soon a write that did not happen is tried again.
func refusedRetry(problem returns.Kind) time.Duration {
	if problem != "" {
		return 15 * time.Minute
	}
	return time.Second
}

// refused sorts a failed read of the stock.
func (r *round) refused(ctx context.Context, owed []ledger.StockEntry, err error) (messages.RoundResult, error) {
	switch platform.ClassOf(err) {
	case platform.Human, platform.Permanent:
		stuck := map[string]string{}
		for _, e := range owed {
			stuck[e.ID] = err.Error()
		}
		if noteErr := r.noteStuck(ctx, stuck); noteErr != nil {
			return messages.RoundResult{}, noteErr
		}
		return messages.RoundResult{Again: r.Now().Add(refusedRetry(returns.StockRefused)), Summary: err.Error()}, nil
	}
	return messages.RoundResult{}, retryable(ctx, err)
}

func units(entries []ledger.StockEntry) int {
	n := 0
	for _, e := range entries {
		if e.Unit != "" {
			n++
		}
	}
	return n
}
