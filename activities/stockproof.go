package activities

import (
	"context"
	"fmt"
	"slices"
	"time"

	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
	"returnbridge/internal/tiktokshop"
)

// judgeAll looks for the true effect of earlier writes. It gives an answer if
// one is still open: a product has one write at a time.
func (r *round) judgeAll(ctx context.Context) (*messages.RoundResult, error) {
	var writes []ledger.StockWrite
	err := r.Ledger.Do(ctx, func(tx *ledger.Tx) (err error) {
		writes, err = tx.UnjudgedWrites(ctx, r.shop.Key, r.product)
		return err
	})
	if err != nil {
		return nil, retryable(ctx, err)
	}
	var open *messages.RoundResult
	for _, w := range writes {
		again, err := r.judge(ctx, w)
		if err != nil {
			return nil, err
		}
		if !again.IsZero() && w.State == "open" {
			open = &messages.RoundResult{Again: again, Summary: "written; waiting for TikTok's own account of it", Units: len(w.Lines)}
		}
	}
	return open, nil
}

// judge finds out what a write really did. A time means: not yet, look again then.
func (r *round) judge(ctx context.Context, w ledger.StockWrite) (time.Time, error) {
	now := r.Now()
	judged, err := r.byOwnAccount(ctx, w)
	if err != nil || judged {
		return time.Time{}, err
	}
	deadline := w.ClaimUntil
	if !w.AnsweredAt.IsZero() {
		deadline = w.AnsweredAt.Add(r.shop.Stock.ProofWait)
	} else {
		deadline = deadline.Add(r.shop.Stock.ProofWait)
	}
	if now.Before(deadline) {
		return deadline, nil
	}
	return time.Time{}, r.byReading(ctx, w)
}

// byOwnAccount judges by TikTok's api_sync movement of this write: the change it
// made, less what was owed, is by how much the number is now too high.
func (r *round) byOwnAccount(ctx context.Context, w ledger.StockWrite) (bool, error) {
	judged := false
	err := r.Ledger.Do(ctx, func(tx *ledger.Tx) error {
		matches, err := r.match(ctx, tx, w)
		if err != nil || matches == nil {
			return err
		}
		if !spread(w.Lines, matches) {
			return tx.Unproven(ctx, r.shop.Key, w.ID, "sales hit the write, and TikTok does not say in which warehouse")
		}
		for _, m := range matches {
			if err := tx.Match(ctx, r.shop.Key, m.ID, w.ID); err != nil {
				return err
			}
		}
		judged = true
		return r.close(ctx, tx, w, "shown by TikTok's own account of the write")
	})
	return judged, orRetry(ctx, err)
}

// match finds one api_sync movement for each SKU of the write: in the write's
// time, ending at exactly the number it set. Nil: not all have come.
func (r *round) match(ctx context.Context, tx *ledger.Tx, w ledger.StockWrite) (map[string]returns.StockMovement, error) {
	matches := map[string]returns.StockMovement{}
	for sku, total := range wroteBySKU(w.Lines) {
		found, err := tx.Syncs(ctx, r.shop.Key, sku, w.ReadAt.Add(-clockSkew), w.ClaimUntil.Add(clockSkew))
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(found, func(m returns.StockMovement) bool { return m.AvailableAfter == total })
		if i < 0 {
			return nil, nil //nolint:nilnil // not all have come: no error, and nothing to judge by
		}
		matches[sku] = found[i]
	}
	return matches, nil
}

// clockSkew is how far TikTok's clock may be from ours.
const clockSkew = 5 * time.Second

func wroteBySKU(lines []ledger.StockLine) map[string]int {
	total := map[string]int{}
	for _, l := range lines {
		total[l.SKUID] += l.Wrote
	}
	return total
}

// spread puts each SKU's error on its warehouses: TikTok names none. What was
// committed between our reads was sold there; with one warehouse it is clear.
func spread(lines []ledger.StockLine, matches map[string]returns.StockMovement) bool {
	for sku, m := range matches {
		var own []*ledger.StockLine
		owed, sold := 0, 0
		for i := range lines {
			if lines[i].SKUID == sku {
				own = append(own, &lines[i])
				owed += lines[i].Owed
				if lines[i].CommittedAfter >= 0 {
					sold += lines[i].CommittedAfter - lines[i].Committed
				}
			}
		}
		wrong := m.AvailableDelta - owed
		switch {
		case wrong == 0:
		case len(own) == 1:
			own[0].Error = wrong
		case sold == wrong:
			for _, l := range own {
				l.Error = l.CommittedAfter - l.Committed
			}
		default:
			return false
		}
	}
	return true
}

// byReading judges without TikTok's account: if no order touched the SKUs from
// the read to the read-back, and the numbers are exactly what was set, nothing
// else can have moved. Else it stays unproven, with the number, until the
// account comes.
func (r *round) byReading(ctx context.Context, w ledger.StockWrite) error {
	if w.AnsweredAt.IsZero() {
		return r.lostAnswer(ctx, w)
	}
	how, proven := "the numbers stood still", stoodStill(w.Lines)
	if proven {
		touched, err := r.ordersTouched(ctx, w)
		if err != nil {
			return err
		}
		if touched {
			how, proven = "orders moved meanwhile", false
		}
	} else {
		how = "the numbers moved meanwhile"
	}
	err := r.Ledger.Do(ctx, func(tx *ledger.Tx) error {
		if proven {
			return r.close(ctx, tx, w, "read back: "+how+", no order touched it")
		}
		if w.State == "unproven" {
			return nil
		}
		entries, err := tx.EntriesOf(ctx, r.shop.Key, w.ID)
		if err != nil {
			return err
		}
		r.moved(entries)
		return tx.Unproven(ctx, r.shop.Key, w.ID, fmt.Sprintf("%d units were written; %s, and TikTok's own account has not come", units(entries), how))
	})
	return orRetry(ctx, err)
}

// stoodStill tells whether the read-back shows exactly what was set, with
// nothing sold or shipped in between.
func stoodStill(lines []ledger.StockLine) bool {
	for _, l := range lines {
		if l.AvailableAfter != l.Wrote || l.CommittedAfter != l.Committed {
			return false
		}
	}
	return true
}

// ordersTouched asks whether an order with one of the write's SKUs changed
// between its read and its read-back, with a margin for clocks.
func (r *round) ordersTouched(ctx context.Context, w ledger.StockWrite) (bool, error) {
	filter := tiktokshop.OrderFilter{UpdatedFrom: w.ReadAt.Add(-clockSkew), UpdatedTo: w.AnsweredAt.Add(clockSkew)}
	orders, err := searchAll(func(page string) ([]returns.Order, string, error) {
		return r.shop.TikTok.SearchOrders(ctx, filter, tiktokshop.Page{Size: 100, Token: page})
	})
	if err != nil {
		return false, retryable(ctx, err)
	}
	skus := wroteBySKU(w.Lines)
	for _, o := range orders {
		for _, l := range o.Lines {
			_, direct := skus[l.SKUID]
			part := slices.ContainsFunc(l.Parts, func(p returns.BundlePart) bool { _, ok := skus[p.SKUID]; return ok })
			if direct || part {
				return true, nil
			}
		}
	}
	return false, nil
}

// lostAnswer settles a write whose answer never came, after every late effect
// must have shown: the number is where it was (owe again), or where it was set.
func (r *round) lostAnswer(ctx context.Context, w ledger.StockWrite) error {
	levels, err := r.shop.TikTok.Inventory(ctx, tiktokshop.InventoryFilter{ProductIDs: []string{r.product}})
	if err != nil {
		return retryable(ctx, err)
	}
	before, after := true, true
	for i := range w.Lines {
		l := &w.Lines[i]
		now := level(levels, l.SKUID, l.WarehouseID)
		sold := now.Committed - l.Committed
		before = before && now.Available+sold == l.Available
		after = after && now.Available+sold == l.Wrote && sold == 0
		l.AvailableAfter, l.CommittedAfter = now.Available, now.Committed
	}
	err = r.Ledger.Do(ctx, func(tx *ledger.Tx) error {
		entries, err := tx.EntriesOf(ctx, r.shop.Key, w.ID)
		if err != nil {
			return err
		}
		switch {
		case before && !after:
			return tx.VoidWrite(ctx, r.shop.Key, w.ID, "the answer was lost; read again: not written", "")
		case after && !before:
			return r.close(ctx, tx, w, "the answer was lost; read again: written")
		case w.State == "unproven":
			return nil
		}
		r.moved(entries)
		return tx.Unproven(ctx, r.shop.Key, w.ID, fmt.Sprintf("%d units may have been written; the answer was lost and the numbers moved", units(entries)))
	})
	return orRetry(ctx, err)
}

// close judges a write and remembers whose units it put back.
func (r *round) close(ctx context.Context, tx *ledger.Tx, w ledger.StockWrite, how string) error {
	entries, err := tx.EntriesOf(ctx, r.shop.Key, w.ID)
	if err != nil {
		return err
	}
	r.moved(entries)
	return tx.Judge(ctx, r.shop.Key, w, how)
}
