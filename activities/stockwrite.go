package activities

import (
	"cmp"
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

// write makes one SET of what is owed of a SKU: read, commit, set, read back.
// It says what became of it.
func (r *round) write(ctx context.Context, sku string, owed []ledger.StockEntry) (string, error) {
	if err := r.read(ctx); err != nil {
		return r.refused(ctx, owed, err)
	}
	if !r.alone {
		other, err := r.otherWriter(ctx)
		if err != nil {
			return "", err
		}
		if other != "" {
			return other, r.leaveToOther(ctx, owed, other)
		}
		r.alone = true
	}
	lines, riding, stuck := plan(r.levels, sku, owed)
	if err := r.noteStuck(ctx, owed, stuck); err != nil {
		return "", err
	}
	if len(riding) == 0 {
		return "what is owed cannot be written now; trying again", nil
	}
	w := ledger.StockWrite{
		ProductID: r.product, SKUID: sku, Lines: lines, ReadAt: r.readAt, ClockAhead: r.shop.TikTok.ClockAhead(),
		ClaimUntil: r.readAt.Add(r.CallTimeout + r.shop.Stock.ReadAge + claimMargin),
	}
	err := r.Ledger.Do(ctx, func(tx *ledger.Tx) (err error) {
		if err := tx.NotStopped(ctx, r.shop.Key, returns.ActionRestock); err != nil {
			return err
		}
		w.ID, err = tx.BeginWrite(ctx, r.shop.Key, w, riding)
		return err
	})
	if stop, ok := errors.AsType[ledger.StoppedError](err); ok {
		return fmt.Sprintf("%s is stopped for the shop: nothing is written", stop.Action), nil // the writer is woken when it ends
	}
	if errors.Is(err, ledger.ErrWriteOpen) {
		r.lookAt(r.Now().Add(r.CallTimeout))
		return "another write is under way", nil
	}
	if err != nil {
		return "", retryable(ctx, err)
	}
	receipt, err := r.shop.TikTok.UpdateInventory(ctx, r.product, target(lines, r.product), r.readAt.Add(r.shop.Stock.ReadAge))
	if errors.Is(err, tiktokshop.ErrTooLate) {
		return r.tooOld(ctx, w, riding)
	}
	if err != nil {
		return r.notWritten(ctx, w, riding, err)
	}
	return r.written(ctx, w, riding, receipt.RequestID)
}

// read reads the product's stock, unless it was read just now: the read-back of
// one SKU is the read of the next.
func (r *round) read(ctx context.Context) error {
	if !r.readAt.IsZero() && r.Now().Sub(r.readAt) <= r.shop.Stock.ReadAge/2 {
		return nil
	}
	return r.readNow(ctx)
}

func (r *round) readNow(ctx context.Context) error {
	at := r.Now()
	levels, err := r.shop.TikTok.Inventory(ctx, tiktokshop.InventoryFilter{ProductIDs: []string{r.product}})
	if err != nil {
		r.readAt = time.Time{}
		return err //nolint:wrapcheck // a platform error already says which call
	}
	r.levels, r.readAt = levels, at
	return nil
}

// plan adds what is owed of a SKU to what is there, for every warehouse of it.
func plan(levels []returns.StockLevel, sku string, owed []ledger.StockEntry) (lines []ledger.StockLine, riding []ledger.StockEntry, stuck map[string]string) {
	stuck = map[string]string{}
	sum := map[string]int{}
	for _, e := range owed {
		sum[e.WarehouseID] += e.Quantity
	}
	for _, e := range owed {
		l := level(levels, sku, e.WarehouseID)
		switch {
		case l.SKUID == "":
			stuck[e.ID] = "TikTok keeps no stock of this SKU in warehouse " + e.WarehouseID
		case l.Available+sum[e.WarehouseID] < 0:
			stuck[e.ID] = fmt.Sprintf("%d are shown, %d would have to be taken away", l.Available, -sum[e.WarehouseID])
		default:
			riding = append(riding, e)
		}
	}
	for _, l := range levels {
		if l.SKUID != sku {
			continue
		}
		due := sum[l.WarehouseID]
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

// noteStuck notes why entries cannot be written, and tells their returns what is
// new to them.
func (r *round) noteStuck(ctx context.Context, owed []ledger.StockEntry, stuck map[string]string) error {
	if len(stuck) == 0 {
		return nil
	}
	err := r.Ledger.Do(ctx, func(tx *ledger.Tx) error {
		for _, e := range owed {
			why, ok := stuck[e.ID]
			if !ok {
				continue
			}
			if err := tx.Stuck(ctx, r.shop.Key, e.ID, returns.StockRefused, why); err != nil {
				return err
			}
			if e.Problem != returns.StockRefused {
				r.moved([]ledger.StockEntry{e})
			}
			r.triedAgain(e, returns.StockRefused)
		}
		return r.tellOfCorrections(ctx, tx, owed)
	})
	return orRetry(ctx, err)
}

// triedAgain arms the look for an entry whose write has just not happened.
func (r *round) triedAgain(e ledger.StockEntry, problem returns.Kind) {
	e.Tries++
	e.Problem = cmp.Or(problem, e.Problem)
	r.lookAt(r.Now().Add(pause(e)))
}

// written reads back at once and waits for TikTok's own account.
func (r *round) written(ctx context.Context, w ledger.StockWrite, riding []ledger.StockEntry, requestID string) (string, error) {
	readErr := r.readNow(ctx)
	lines := slices.Clone(w.Lines)
	for i := range lines {
		if now := level(r.levels, lines[i].SKUID, lines[i].WarehouseID); readErr == nil && now.SKUID != "" {
			lines[i].AvailableAfter, lines[i].CommittedAfter = now.Available, now.Committed
		} else {
			lines[i].AvailableAfter, lines[i].CommittedAfter = -1, -1
		}
	}
	err := r.Ledger.Do(ctx, func(tx *ledger.Tx) error {
		if err := tx.Answered(ctx, r.shop.Key, w.ID, requestID, lines); err != nil {
			return err
		}
		return r.tellOfCorrections(ctx, tx, riding)
	})
	if err != nil {
		return "", retryable(ctx, err)
	}
	r.units += units(riding)
	r.lookAt(r.Now().Add(r.proofWait()))
	return "written; waiting for TikTok's own account of it", nil
}

// notWritten sorts a failed SET: not possible now, refused, or unknown.
func (r *round) notWritten(ctx context.Context, w ledger.StockWrite, riding []ledger.StockEntry, err error) (string, error) {
	if platform.ClassOf(err) == platform.RefreshToken {
		if renewErr := r.Tokens.Renew(ctx, r.shop.Key); platform.ClassOf(renewErr) == platform.Human {
			err = renewErr
		}
	}
	if err := r.tellOfAuthorisation(ctx, err); err != nil {
		return "", err
	}
	switch class := platform.ClassOf(err); {
	case class == platform.Retry, class == platform.RefreshToken, errors.Is(err, ErrNotAuthorised):
		said, voidErr := r.void(ctx, w, riding, "not possible now: "+err.Error(), "")
		if e, ok := errors.AsType[*platform.Error](err); ok && voidErr == nil && e.RetryAfter > 0 {
			return "", retryable(ctx, err) // not sooner, whatever else is owed
		}
		return said, voidErr
	case class == platform.StateChanged, class == platform.Human, class == platform.Permanent:
		return r.void(ctx, w, riding, err.Error(), returns.StockRefused)
	}
	r.units += units(riding)
	r.lookAt(w.ClaimUntil.Add(r.proofWait()))
	return "the answer to a write was lost; waiting until it must have taken effect", nil
}

// slowReads is how often in a row a read may be too old for its write before
// people hear of it.
const slowReads = 5

// tooOld takes back a write before it was sent: shoppers went on buying since
// its read.
func (r *round) tooOld(ctx context.Context, w ledger.StockWrite, riding []ledger.StockEntry) (string, error) {
	r.readAt = time.Time{}
	problem := returns.Kind("")
	if slices.ContainsFunc(riding, func(e ledger.StockEntry) bool { return e.Tries+1 >= slowReads }) {
		problem = returns.StockRefused
	}
	return r.void(ctx, w, riding, "TikTok's answer to the read of the stock was too old before the write", problem)
}

// void takes back a write that did not happen.
func (r *round) void(ctx context.Context, w ledger.StockWrite, riding []ledger.StockEntry, note string, problem returns.Kind) (string, error) {
	err := r.Ledger.Do(ctx, func(tx *ledger.Tx) error {
		if err := tx.VoidWrite(ctx, r.shop.Key, w.ID, note, problem); err != nil {
			return err
		}
		return r.tellOfCorrections(ctx, tx, riding)
	})
	if err != nil {
		return "", retryable(ctx, err)
	}
	for _, e := range riding {
		if problem != "" && e.Problem != problem {
			r.moved([]ledger.StockEntry{e})
		}
		r.triedAgain(e, problem)
	}
	return note, nil
}

// refused sorts a failed read of the stock.
func (r *round) refused(ctx context.Context, owed []ledger.StockEntry, err error) (string, error) {
	err = r.renewed(ctx, r.shop.Key, err)
	if err := r.tellOfAuthorisation(ctx, err); err != nil {
		return "", err
	}
	switch class := platform.ClassOf(err); {
	case errors.Is(err, ErrNotAuthorised): // one exception of the shop says so
	case class == platform.Human, class == platform.Permanent:
		stuck := map[string]string{}
		for _, e := range owed {
			stuck[e.ID] = err.Error()
		}
		return err.Error(), r.noteStuck(ctx, owed, stuck)
	}
	return "", retryable(ctx, err)
}

// tellOfAuthorisation has the guard stop the queue of a shop that is not
// authorised any more: no unit is at fault.
func (r *round) tellOfAuthorisation(ctx context.Context, err error) error {
	if !errors.Is(err, ErrNotAuthorised) {
		return nil
	}
	return orRetry(ctx, r.Waker.WakeGuard(ctx, messages.QueueStock(r.shop.Key), IllnessOf(err, r.Now())))
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
