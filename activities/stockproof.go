package activities

import (
	"context"
	"fmt"
	"slices"
	"time"

	"returnbridge/internal/ledger"
	"returnbridge/internal/returns"
	"returnbridge/internal/tiktokshop"
)

// judgeAll looks for the true effect of earlier writes. It gives the SKUs of
// which one is still open: a SKU has one write at a time.
func (r *round) judgeAll(ctx context.Context) ([]string, error) {
	var writes []ledger.StockWrite
	err := r.Ledger.Do(ctx, func(tx *ledger.Tx) (err error) {
		writes, err = tx.UnjudgedWrites(ctx, r.shop.Key, r.product)
		return err
	})
	if err != nil {
		return nil, retryable(ctx, err)
	}
	var open []string
	for _, w := range writes {
		again, waits, err := r.judge(ctx, w)
		if err != nil {
			return nil, err
		}
		r.lookAt(again)
		if waits {
			open = append(open, w.SKUID)
		}
	}
	return open, nil
}

// judge finds out what a write really did. A time means: look again then. The
// SKU's next write waits only while this one may still be proven in time.
func (r *round) judge(ctx context.Context, w ledger.StockWrite) (again time.Time, waits bool, err error) {
	judged, _, err := r.byOwnAccount(ctx, w, false)
	if err != nil || judged {
		return time.Time{}, false, err
	}
	due, waits := w.JudgeAt, w.State == "open"
	switch {
	case waits && w.AnsweredAt.IsZero():
		due = w.ClaimUntil.Add(r.shop.Stock.ProofWait)
	case waits:
		due = w.AnsweredAt.Add(r.shop.Stock.ProofWait)
	case due.IsZero():
		return time.Time{}, false, nil // only TikTok's own account can tell, and its coming wakes us
	}
	if r.Now().Before(due) {
		return due, waits, nil
	}
	judged, unclear, err := r.byOwnAccount(ctx, w, true)
	switch {
	case err != nil || judged:
		return time.Time{}, false, err
	case unclear:
		again, err = r.unproven(ctx, w, "%d units were written; TikTok's own account says that the number moved meanwhile, and not in which warehouse")
	default:
		again, err = r.byReading(ctx, w)
	}
	return again, false, err
}

// An unproven write is judged by reading again each time after twice as long, no
// more seldom than rarestJudging, until longestJudging after it: TikTok sends its
// account for fifteen hours and a half (TikTok contract 3.1).
const (
	rarestJudging  = 6 * time.Hour
	longestJudging = 48 * time.Hour
)

// judgeNext is when a write that could not be judged by reading is read again.
func (r *round) judgeNext(w ledger.StockWrite) time.Time {
	since := r.Now().Sub(w.ReadAt)
	if since > longestJudging {
		return time.Time{}
	}
	return r.Now().Add(min(max(since, r.shop.Stock.ProofWait), rarestJudging))
}

// byOwnAccount judges by TikTok's api_sync movements of this write: the change
// they made, less what was owed, is by how much the number is now too high. A
// write over several warehouses may be told in several movements: only a sum
// that is exactly what was owed is believed before the last could have come.
// A whole account that does not say in which warehouse is unclear, and no read
// overrules it.
func (r *round) byOwnAccount(ctx context.Context, w ledger.StockWrite, all bool) (judged, unclear bool, err error) {
	err = r.Ledger.Do(ctx, func(tx *ledger.Tx) error {
		account, err := r.accountOf(ctx, tx, w)
		if err != nil {
			return err
		}
		changed, owed := 0, 0
		for _, m := range account {
			changed += m.AvailableDelta
		}
		for _, l := range w.Lines {
			owed += l.Owed
		}
		if changed == 0 || changed != owed && !all {
			return nil
		}
		if unclear = !spread(w.Lines, changed-owed); unclear {
			return nil
		}
		for _, m := range account {
			if err := tx.Match(ctx, r.shop.Key, m.ID, w.ID); err != nil {
				return err
			}
		}
		judged = true
		return r.close(ctx, tx, w, "shown by TikTok's own account of the write")
	})
	return judged, unclear, orRetry(ctx, err)
}

// accountOf are the api_sync movements of a write: in its time, by our clock or
// TikTok's, ending at exactly the number it set.
func (r *round) accountOf(ctx context.Context, tx *ledger.Tx, w ledger.StockWrite) ([]returns.StockMovement, error) {
	total := 0
	for _, l := range w.Lines {
		total += l.Wrote
	}
	ahead := r.shop.TikTok.ClockAhead()
	found, err := tx.Syncs(ctx, r.shop.Key, w.SKUID, w.ReadAt.Add(min(ahead, 0)-clockSkew), w.ClaimUntil.Add(max(ahead, 0)+clockSkew))
	return slices.DeleteFunc(found, func(m returns.StockMovement) bool { return m.AvailableAfter != total }), err
}

// clockSkew is how far TikTok's clock may be from what we know of it.
const clockSkew = 5 * time.Second

// spread puts a write's error on its warehouses: TikTok names none. What was
// committed between our reads was sold there; with one warehouse it is clear.
// False: nobody can tell which.
func spread(lines []ledger.StockLine, wrong int) bool {
	sold := 0
	for _, l := range lines {
		if l.CommittedAfter >= 0 {
			sold += l.CommittedAfter - l.Committed
		}
	}
	switch {
	case wrong == 0:
	case len(lines) == 1:
		lines[0].Error = wrong
	case sold == wrong:
		for i := range lines {
			lines[i].Error = lines[i].CommittedAfter - lines[i].Committed
		}
	default:
		return false
	}
	return true
}

// byReading judges without TikTok's account, by reads alone: only if no order
// touched the SKU meanwhile and nothing was committed or shipped can nothing else
// have moved the numbers. Else the write stays unproven, with the number, until
// the account comes; the time is when to read once more.
func (r *round) byReading(ctx context.Context, w ledger.StockWrite) (time.Time, error) {
	if w.AnsweredAt.IsZero() {
		return r.lostAnswer(ctx, w)
	}
	if !stoodStill(w.Lines) {
		return r.unproven(ctx, w, "%d units were written; the numbers moved meanwhile, and TikTok's own account has not come")
	}
	touched, err := r.ordersTouched(ctx, w, w.AnsweredAt)
	switch {
	case err != nil:
		return time.Time{}, err
	case touched:
		return r.unproven(ctx, w, "%d units were written; orders moved meanwhile, and TikTok's own account has not come")
	}
	return time.Time{}, r.settle(ctx, w, "read back: the numbers stood still, no order touched it")
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

// lostAnswer settles a write whose answer never came, after every late effect
// must have shown: by reads only if nothing else can have moved the number from
// our read until now. Then it is where it was (owe again), or where it was set.
func (r *round) lostAnswer(ctx context.Context, w ledger.StockWrite) (time.Time, error) {
	if err := r.readNow(ctx); err != nil {
		return time.Time{}, r.refusedByTikTok(ctx, r.shop.Key, err)
	}
	before, after, still := true, true, true
	for _, l := range w.Lines {
		now := level(r.levels, l.SKUID, l.WarehouseID)
		still = still && now.SKUID != "" && now.Committed == l.Committed
		before = before && now.Available == l.Available
		after = after && now.Available == l.Wrote
	}
	if !still || !before && !after {
		return r.unproven(ctx, w, "%d units may have been written; the answer was lost and the numbers moved")
	}
	touched, err := r.ordersTouched(ctx, w, r.Now())
	switch {
	case err != nil:
		return time.Time{}, err
	case touched:
		return r.unproven(ctx, w, "%d units may have been written; the answer was lost and orders moved")
	case after:
		return time.Time{}, r.settle(ctx, w, "the answer was lost; read again: written")
	}
	return time.Time{}, r.takeBack(ctx, w)
}

// ordersTouched asks whether an order with the write's SKU can have changed from
// its read until then, with a margin for clocks. TikTok shows the last change of
// an order alone: what changed since may have changed then too, unless it was
// placed after. An order that was delivered before holds no stock any more. More
// orders than can be walked count as a touch.
func (r *round) ordersTouched(ctx context.Context, w ledger.StockWrite, until time.Time) (bool, error) {
	from, until := w.ReadAt.Add(-clockSkew), until.Add(clockSkew)
	touched := func(o returns.Order) bool {
		gone := !o.DeliveredAt.IsZero() && o.DeliveredAt.Before(from)
		return !gone && !o.CreatedAt.After(until) && contains(o, w.SKUID)
	}
	filter := tiktokshop.OrderFilter{UpdatedFrom: from}
	page := tiktokshop.Page{Size: 100}
	for range mostOrderPages {
		orders, next, err := r.shop.TikTok.SearchOrders(ctx, filter, page)
		if err != nil {
			return false, r.refusedByTikTok(ctx, r.shop.Key, err)
		}
		if slices.ContainsFunc(orders, touched) {
			return true, nil
		}
		if next == "" {
			return false, nil
		}
		page.Token = next
	}
	return true, nil
}

// mostOrderPages bounds one walk by the time of an attempt.
const mostOrderPages = 10

// contains tells whether an order has a SKU, by itself or as a part of a bundle.
func contains(o returns.Order, sku string) bool {
	return slices.ContainsFunc(o.Lines, func(l returns.OrderLine) bool {
		return l.SKUID == sku || slices.ContainsFunc(l.Parts, func(p returns.BundlePart) bool { return p.SKUID == sku })
	})
}

// settle judges a write that did exactly what it was to do.
func (r *round) settle(ctx context.Context, w ledger.StockWrite, how string) error {
	return orRetry(ctx, r.Ledger.Do(ctx, func(tx *ledger.Tx) error { return r.close(ctx, tx, w, how) }))
}

// takeBack lets what a write did not do be owed again, at once.
func (r *round) takeBack(ctx context.Context, w ledger.StockWrite) error {
	err := r.Ledger.Do(ctx, func(tx *ledger.Tx) error {
		entries, err := tx.EntriesOf(ctx, r.shop.Key, w.ID)
		if err != nil {
			return err
		}
		r.moved(entries)
		return tx.VoidWrite(ctx, r.shop.Key, w.ID, "the answer was lost; read again: not written", "")
	})
	return orRetry(ctx, err)
}

// unproven leaves a write until TikTok's own account comes; how has a place for
// the number of units.
func (r *round) unproven(ctx context.Context, w ledger.StockWrite, how string) (time.Time, error) {
	next := r.judgeNext(w)
	err := r.Ledger.Do(ctx, func(tx *ledger.Tx) error {
		entries, err := tx.EntriesOf(ctx, r.shop.Key, w.ID)
		if err != nil {
			return err
		}
		n := units(entries)
		r.units += n
		if slices.ContainsFunc(entries, func(e ledger.StockEntry) bool { return e.Problem != returns.StockUnproven }) {
			r.moved(entries)
		}
		return tx.Unproven(ctx, r.shop.Key, w.ID, fmt.Sprintf(how, n), next)
	})
	return next, orRetry(ctx, err)
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
