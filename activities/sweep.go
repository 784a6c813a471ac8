package activities

import (
	"context"
	"fmt"
	"slices"
	"time"

	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/returngo"
	"returnbridge/internal/returns"
	"returnbridge/internal/tiktokshop"
)

// overlap is how far a sweep reads back beyond the last one: update times may
// move while a search is walked (TikTok contract 1.9, ReturnGO contract 8.2).
const overlap = 15 * time.Minute

// openStatuses are the RMA statuses in which something is still to be done.
var openStatuses = []string{returns.RMAPending, returns.RMAApproved, returns.RMAReceived, returns.RMAValidated}

// SweepReturnGO compares ReturnGO with the ledger and tells returns that differ
// to look: by status, because update times have blind spots, and by transaction,
// because refunds move no status (ReturnGO contract 3.8, 8.2).
func (a *Activities) SweepReturnGO(ctx context.Context, in messages.ShopInput) (messages.SweepResult, error) {
	s, err := a.shop(in.Shop)
	if err != nil {
		return messages.SweepResult{}, err
	}
	started := a.Now()
	rmas, err := searchAll(func(cursor string) ([]returns.RMASummary, string, error) {
		return s.ReturnGO.RMAs(ctx, returngo.RMAFilter{Statuses: openStatuses}, cursor)
	})
	if err != nil {
		return messages.SweepResult{}, retryable(ctx, err)
	}
	cursor := "returngo-transactions/" + in.Shop
	since, err := a.sweptUntil(ctx, cursor)
	if err != nil {
		return messages.SweepResult{}, err
	}
	moved, err := searchAll(func(page string) ([]returns.Transaction, string, error) {
		return s.ReturnGO.Transactions(ctx, returngo.TransactionFilter{UpdatedFrom: since}, page)
	})
	if err != nil {
		return messages.SweepResult{}, retryable(ctx, err)
	}
	result := messages.SweepResult{Read: len(rmas) + len(moved)}
	changed, err := a.rmasThatDiffer(ctx, in.Shop, rmas, moved)
	if err != nil {
		return result, retryable(ctx, err)
	}
	result.Changed = len(changed)
	for _, id := range changed {
		if err := a.Waker.WakeReturn(ctx, in.Shop, returns.RMAKey(id), messages.News{Platforms: []returns.Platform{returns.ReturnGO}}); err != nil {
			return result, retryable(ctx, fmt.Errorf("wake %s: %w", id, err))
		}
		result.Signaled++
	}
	return result, a.sweptNow(ctx, cursor, started)
}

// rmasThatDiffer are the RMAs whose status or transactions are not those of the
// ledger's snapshot.
func (a *Activities) rmasThatDiffer(ctx context.Context, shop string, rmas []returns.RMASummary, moved []returns.Transaction) ([]string, error) {
	var changed []string
	add := func(id string) {
		if id != "" && !slices.Contains(changed, id) {
			changed = append(changed, id)
		}
	}
	err := a.Ledger.Do(ctx, func(tx *ledger.Tx) error {
		for _, r := range rmas {
			seen, err := tx.SnapshotStatus(ctx, shop, returns.ReturnGO, r.ID)
			if err != nil {
				return err
			}
			if seen != r.Status {
				add(r.ID)
			}
		}
		for _, t := range moved {
			id, err := a.rmaToLookAt(ctx, tx, shop, t)
			if err != nil {
				return err
			}
			add(id)
		}
		return nil
	})
	return changed, err
}

// rmaToLookAt is the RMA whose snapshot does not know this state of a
// transaction; none if it is the echo of our own write-back, or of an RMA that
// was never read (its status will bring it).
func (a *Activities) rmaToLookAt(ctx context.Context, tx *ledger.Tx, shop string, t returns.Transaction) (string, error) {
	id, err := tx.RMAOfItems(ctx, shop, t.ItemIDs)
	if err != nil || id == "" {
		return "", err
	}
	seen, _, err := tx.RMASeen(ctx, shop, id)
	if err != nil {
		return "", err
	}
	if slices.ContainsFunc(seen.Transactions, func(k returns.Transaction) bool {
		return k.ID == t.ID && k.Status == t.Status && returns.SameMoney(k.Amount, t.Amount)
	}) {
		return "", nil
	}
	done, err := tx.EffectDone(ctx, shop, returns.EffectWriteBack, t.ID)
	if done && t.Status == returns.TransactionSuccess {
		return "", err
	}
	return id, err
}

// SweepTikTok reads what changed since the last sweep, and every TikTok return
// that was open when last seen, whatever its update time: new deadlines appear
// without a change of status.
func (a *Activities) SweepTikTok(ctx context.Context, in messages.ShopInput) (messages.SweepResult, error) {
	s, err := a.shop(in.Shop)
	if err != nil {
		return messages.SweepResult{}, err
	}
	started := a.Now()
	cursor := "tiktok-returns/" + in.Shop
	since, err := a.sweptUntil(ctx, cursor)
	if err != nil {
		return messages.SweepResult{}, err
	}
	found, err := searchAll(func(page string) ([]returns.TikTokReturn, string, error) {
		return s.TikTok.SearchReturns(ctx, tiktokshop.ReturnFilter{UpdatedFrom: since}, page)
	})
	if err != nil {
		return messages.SweepResult{}, a.refusedByTikTok(ctx, in.Shop, err)
	}
	open, err := a.reread(ctx, s, found)
	if err != nil {
		return messages.SweepResult{}, err
	}
	found = append(found, open...)
	result := messages.SweepResult{Read: len(found)}
	wake, changed, err := a.tiktokReturnsThatDiffer(ctx, in.Shop, found)
	if err != nil {
		return result, retryable(ctx, err)
	}
	result.Changed = changed
	for _, key := range wake {
		if err := a.Waker.WakeReturn(ctx, in.Shop, key, messages.News{Platforms: []returns.Platform{returns.TikTok}}); err != nil {
			return result, retryable(ctx, fmt.Errorf("wake %s: %w", key, err))
		}
		result.Signaled++
	}
	overdue, err := a.wakeOverdue(ctx, in.Shop)
	if err != nil {
		return result, err
	}
	result.Signaled += overdue
	return result, a.sweptNow(ctx, cursor, started)
}

// wakeOverdue takes up returns that nobody carries any more: their workflow was
// terminated, or Temporal forgot them, and no platform has anything new to say.
func (a *Activities) wakeOverdue(ctx context.Context, shop string) (int, error) {
	var keys []returns.Key
	err := a.Ledger.Do(ctx, func(tx *ledger.Tx) (err error) {
		keys, err = tx.Overdue(ctx, shop, tx.Now().Add(-a.OverdueAfter))
		return err
	})
	if err != nil {
		return 0, retryable(ctx, err)
	}
	for _, key := range keys {
		news := messages.News{Platforms: []returns.Platform{returns.ReturnGO, returns.TikTok}}
		if err := a.Waker.WakeReturn(ctx, shop, key, news); err != nil {
			return 0, retryable(ctx, fmt.Errorf("wake %s: %w", key, err))
		}
	}
	return len(keys), nil
}

// reread reads the TikTok returns last seen open that the search did not bring,
// fifty a call.
func (a *Activities) reread(ctx context.Context, s *Shop, have []returns.TikTokReturn) ([]returns.TikTokReturn, error) {
	var ids []string
	err := a.Ledger.Do(ctx, func(tx *ledger.Tx) error {
		open, err := tx.OpenTikTokReturns(ctx, s.Key)
		for _, t := range open {
			if !slices.ContainsFunc(have, func(h returns.TikTokReturn) bool { return h.ID == t.ID }) {
				ids = append(ids, t.ID)
			}
		}
		return err
	})
	if err != nil {
		return nil, retryable(ctx, err)
	}
	var all []returns.TikTokReturn
	for batch := range slices.Chunk(ids, 50) {
		some, err := searchAll(func(page string) ([]returns.TikTokReturn, string, error) {
			return s.TikTok.SearchReturns(ctx, tiktokshop.ReturnFilter{ReturnIDs: batch}, page)
		})
		if err != nil {
			return nil, a.refusedByTikTok(ctx, s.Key, err)
		}
		all = append(all, some...)
	}
	return all, nil
}

// tiktokReturnsThatDiffer finds which returns must look because TikTok shows
// something else than the ledger's snapshot.
func (a *Activities) tiktokReturnsThatDiffer(ctx context.Context, shop string, found []returns.TikTokReturn) (wake []returns.Key, changed int, err error) {
	err = a.Ledger.Do(ctx, func(tx *ledger.Tx) error {
		for _, t := range found {
			seen, known, err := tx.TikTokReturnSeen(ctx, shop, t.ID)
			if err != nil {
				return err
			}
			if known && seen.Status == t.Status && seen.Deadline().Equal(t.Deadline()) && seen.NextID == t.NextID &&
				seen.Arbitration == t.Arbitration && (returns.SameMoney(seen.Refund, t.Refund) || !returns.Known(seen.Refund) && !returns.Known(t.Refund)) {
				continue
			}
			keys, err := tx.ReturnsOf(ctx, shop, t.ID, t.OrderID)
			if err != nil {
				return err
			}
			if !known && !t.Live() && len(keys) == 0 {
				continue // history: settled before we came
			}
			changed++
			if len(keys) == 0 {
				keys = []returns.Key{returns.TikTokKey(t.ID)}
			}
			for _, k := range keys {
				if !slices.Contains(wake, k) {
					wake = append(wake, k)
				}
			}
		}
		return nil
	})
	return wake, changed, err
}

// sweptUntil is from when a sweep has to read. The first one reads what the
// overlap covers: history is the backfill's business.
func (a *Activities) sweptUntil(ctx context.Context, cursor string) (time.Time, error) {
	var value string
	err := a.Ledger.Do(ctx, func(tx *ledger.Tx) (err error) {
		value, err = tx.Cursor(ctx, cursor)
		return err
	})
	if err != nil {
		return time.Time{}, retryable(ctx, err)
	}
	at, err := time.Parse(time.RFC3339, value)
	if err != nil {
		at = a.Now()
	}
	return at.Add(-overlap).UTC(), nil
}

func (a *Activities) sweptNow(ctx context.Context, cursor string, at time.Time) error {
	err := a.Ledger.Do(ctx, func(tx *ledger.Tx) error { return tx.MoveCursor(ctx, cursor, at.UTC().Format(time.RFC3339)) })
	return orRetry(ctx, err)
}
