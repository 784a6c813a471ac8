package activities

import (
	"context"
	"fmt"
	"slices"
	"time"

	"returnbridge/internal/ledger"
	"returnbridge/internal/returns"
)

// judgeAll looks for the true effect of earlier writes. It gives the SKUs of
// which one is still open: a SKU has one write at a time.
func (r *round) judgeAll(ctx context.Context) ([]string, error) {
	var writes []ledger.StockWrite
	err := r.Ledger.Read(ctx, func(tx *ledger.Tx) (err error) {
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
		due = w.ClaimUntil.Add(r.proofWait())
	case waits:
		due = w.AnsweredAt.Add(r.proofWait())
	case due.IsZero():
		return time.Time{}, false, nil // only TikTok's own account can tell, and its coming wakes us
	}
	if r.Now().Before(due) {
		return due, waits, nil
	}
	judged, total, err := r.byOwnAccount(ctx, w, true)
	if err == nil && !judged {
		again, err = r.byReading(ctx, w, total)
	}
	return again, false, err
}

// proofWait is how long a write waits for its proof. The times of the write are by
// its writer's clock: however far ahead ours is, it is not judged before them.
func (r *round) proofWait() time.Duration { return max(r.shop.Stock.ProofWait, r.ClockSkew) }

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
// that is exactly what was owed is believed before the last could have come. A
// movement by nothing is one too: the number set may be the one that a sale had
// just made. A whole account that does not say in which warehouse gives the error of all
// together: a read may say how it is spread, and cannot overrule it.
func (r *round) byOwnAccount(ctx context.Context, w ledger.StockWrite, all bool) (judged bool, total *int, err error) {
	err = r.Ledger.Do(ctx, func(tx *ledger.Tx) error {
		account, err := r.accountOf(ctx, tx, w)
		if err != nil || len(account) == 0 {
			return err
		}
		changed := 0
		for _, m := range account {
			changed += m.AvailableDelta
		}
		owed, _ := w.Sums()
		if changed != owed && !all {
			return nil
		}
		if wrong := changed - owed; !spread(w.Lines, wrong) {
			if changed != 0 { // else it may be the part of a warehouse that kept its number
				total = &wrong
			}
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
	return judged, total, orRetry(ctx, err)
}

// accountOf are the api_sync movements of a write: in its time, ending at exactly
// the number it set, and no other write's.
func (r *round) accountOf(ctx context.Context, tx *ledger.Tx, w ledger.StockWrite) ([]returns.StockMovement, error) {
	_, total := w.Sums()
	from, to := w.Between(r.ClockSkew)
	found, err := tx.Syncs(ctx, r.shop.Key, w.SKUID, from, to)
	if err != nil {
		return nil, err
	}
	var account []returns.StockMovement
	for _, m := range found {
		if m.AvailableAfter != total {
			continue
		}
		owner, ours, err := r.ownerOf(ctx, tx, m)
		if err != nil {
			return nil, err
		}
		if ours && owner.ID == w.ID {
			account = append(account, m)
		}
	}
	return account, nil
}

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

// byReading judges without TikTok's account, by reads and orders: what was sold
// moved from available to committed, so their sum shows what the write did,
// unless goods may have left or come back meanwhile, or somebody else set the
// number. Else the write stays
// unproven, with the number, until the account comes; the time is when to judge
// once more. Where the account has come, total is the error that it tells of all
// warehouses together: what is read must come to the same.
func (r *round) byReading(ctx context.Context, w ledger.StockWrite, total *int) (time.Time, error) {
	lost, until := w.AnsweredAt.IsZero(), w.AnsweredAt.Add(w.ClockAhead)
	if unread := func(l ledger.StockLine) bool { return l.CommittedAfter < 0 }; slices.ContainsFunc(w.Lines, unread) {
		var err error
		if until, err = r.readSince(ctx, w); err != nil {
			return time.Time{}, err
		}
	}
	from, _ := w.Between(r.ClockSkew)
	between := span{from, until.Add(r.ClockSkew)}
	sold, sure, others, err := r.movedBetween(ctx, w.SKUID, between)
	if err != nil {
		return time.Time{}, err
	}
	written := sure && explained(w.Lines, sold)
	switch never := sure && lost && unwritten(w.Lines, sold); {
	case total != nil && written && errorsOf(w.Lines) == *total:
		return time.Time{}, r.settle(ctx, w, "TikTok's event about it says by how much, and orders in which warehouse")
	case total != nil:
		return r.unproven(ctx, w, "a write of %s was made; TikTok's event about it says that the number moved meanwhile, and not in which warehouse")
	case !lost && written:
		return time.Time{}, r.settle(ctx, w, "read back: what orders do not explain is what was owed")
	case written && !never:
		return time.Time{}, r.settle(ctx, w, "the answer was lost; read again: written")
	case never && !written:
		return time.Time{}, r.takeBack(ctx, w)
	case others:
		return r.unproven(ctx, w, "a write of %s was made, or may have been; a person or another program set the number meanwhile, and TikTok's event about the write has not come")
	case lost:
		return r.unproven(ctx, w, "a write of %s may have been made; the answer was lost, and the orders do not explain how the numbers moved")
	}
	return r.unproven(ctx, w, "a write of %s was made; the orders do not explain how the numbers moved, and TikTok's event about the write has not come")
}

// movedBetween tells what was sold of a SKU, by warehouse, whether that is sure to be
// all that moved its stock, and whether somebody else set the number meanwhile.
func (r *round) movedBetween(ctx context.Context, sku string, between span) (sold map[string]int, sure, others bool, err error) {
	if sold, sure, err = r.ordersBetween(ctx, sku, between); err != nil {
		return nil, false, false, err
	}
	others, err = r.othersMoved(ctx, sku, between)
	return sold, sure && !others, others, err
}

// readSince fills in what the stock was after a write, when every late effect of
// it must have shown: what the next write read, or what is there now. The time of
// that read is by TikTok's clock, as the times of orders and movements are.
func (r *round) readSince(ctx context.Context, w ledger.StockWrite) (time.Time, error) {
	var next ledger.StockWrite
	var found bool
	err := r.Ledger.Read(ctx, func(tx *ledger.Tx) (err error) {
		next, found, err = tx.NextWrite(ctx, r.shop.Key, w)
		return err
	})
	if err != nil {
		return time.Time{}, retryable(ctx, err)
	}
	levels, at := []returns.StockLevel{}, next.ReadAt.Add(next.ClockAhead)
	for _, l := range next.Lines {
		levels = append(levels, returns.StockLevel{SKUID: l.SKUID, WarehouseID: l.WarehouseID, Available: l.Available, Committed: l.Committed})
	}
	if !found {
		if err := r.readNow(ctx); err != nil {
			return time.Time{}, r.refusedByTikTok(ctx, r.shop.Key, err)
		}
		levels, at = r.levels, r.Now().Add(r.shop.TikTok.ClockAhead())
	}
	for i, l := range w.Lines {
		if now := level(levels, l.SKUID, l.WarehouseID); now.SKUID != "" {
			w.Lines[i].AvailableAfter, w.Lines[i].CommittedAfter = now.Available, now.Committed
		}
	}
	return at, nil
}

// explained tells whether sales alone lie between the two reads of a write that
// took effect, and notes its error: what was sold before the write was
// overwritten by it, what was sold after it was not (design section 6).
func explained(lines []ledger.StockLine, sold map[string]int) bool {
	for i, l := range lines {
		committed, later := l.CommittedAfter-l.Committed, l.Wrote-l.AvailableAfter
		if l.CommittedAfter < 0 || committed < 0 || committed > sold[l.WarehouseID] || later < 0 || later > committed {
			return false
		}
		lines[i].Error = committed - later
	}
	return true
}

// errorsOf adds up the errors of a write over its warehouses.
func errorsOf(lines []ledger.StockLine) (total int) {
	for _, l := range lines {
		total += l.Error
	}
	return total
}

// unwritten tells whether sales alone lie between the two reads, and no write.
func unwritten(lines []ledger.StockLine, sold map[string]int) bool {
	for _, l := range lines {
		committed := l.CommittedAfter - l.Committed
		if l.CommittedAfter < 0 || committed < 0 || committed > sold[l.WarehouseID] || l.AvailableAfter+committed != l.Available {
			return false
		}
	}
	return true
}

// settle judges a write of which the effect is known.
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
		if err := tx.VoidWrite(ctx, r.shop.Key, w.ID, "the answer was lost; read again: not written", ""); err != nil {
			return err
		}
		return r.tellOfCorrections(ctx, tx, entries)
	})
	return orRetry(ctx, err)
}

// unproven leaves a write until TikTok's own account comes; how has a place for
// what was written.
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
		if err := tx.Unproven(ctx, r.shop.Key, w.ID, fmt.Sprintf(how, written(entries)), next); err != nil {
			return err
		}
		return r.tellOfCorrections(ctx, tx, entries)
	})
	return next, orRetry(ctx, err)
}

// written says what a write contained.
func written(entries []ledger.StockEntry) string {
	n, corrections := units(entries), slices.ContainsFunc(entries, ledger.StockEntry.Correction)
	said := fmt.Sprintf("%d units", n)
	switch n {
	case 0:
		return "corrections"
	case 1:
		said = "1 unit"
	}
	if corrections {
		said += " and corrections"
	}
	return said
}

// close judges a write and remembers whose units it put back.
func (r *round) close(ctx context.Context, tx *ledger.Tx, w ledger.StockWrite, how string) error {
	entries, err := tx.EntriesOf(ctx, r.shop.Key, w.ID)
	if err != nil {
		return err
	}
	r.moved(entries)
	if err := tx.Judge(ctx, r.shop.Key, w, how); err != nil {
		return err
	}
	return r.tellOfCorrections(ctx, tx, entries)
}
