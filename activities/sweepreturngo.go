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
	"returnbridge/internal/returngo"
	"returnbridge/internal/returns"
)

// openStatuses are the RMA statuses in which something is still to be done;
// waitingStatuses are those in which it is ours to do.
var (
	openStatuses    = []string{returns.RMAPending, returns.RMAApproved, returns.RMAReceived, returns.RMAValidated}
	waitingStatuses = []string{returns.RMAReceived, returns.RMAValidated}
)

// SweepReturnGO compares ReturnGO with the ledger and tells returns that differ
// to look: by status, because update times have blind spots, and by transaction,
// because refunds move no status (ReturnGO contract 3.8, 8.2). Most sweeps list
// only what waits for us; when the day's calls run short they are put off.
func (a *Activities) SweepReturnGO(ctx context.Context, in messages.ShopInput) (messages.SweepResult, error) {
	s, err := a.shop(in.Shop)
	if err != nil {
		return messages.SweepResult{}, err
	}
	ctx = withPurpose(ctx, forSweep)
	if err := a.lookAfter(ctx, in.Shop, returns.ReturnGO); err != nil {
		return messages.SweepResult{}, err
	}
	off, err := a.Quota.sweepPutOff(ctx, s.Quota)
	if err != nil {
		return messages.SweepResult{}, retryable(ctx, err)
	}
	result := messages.SweepResult{PutOff: off}
	if !off {
		result, err = a.sweepReturnGO(ctx, s)
	}
	if e, ok := errors.AsType[*platform.Error](err); ok && e.RetryAfter > longestHold {
		result.PutOff, err = true, nil // the next sweep begins where the last one ended
	}
	if err != nil {
		return result, retryable(ctx, err)
	}
	return result, orRetry(ctx, a.tellOfTheQuota(ctx, s, result.PutOff))
}

// tellOfTheQuota keeps one exception open for a shop while its sweeps have to
// wait for the day's calls.
func (a *Activities) tellOfTheQuota(ctx context.Context, s *Shop, short bool) error {
	return a.Ledger.Do(ctx, func(tx *ledger.Tx) error {
		if !short {
			return tx.HealForShop(ctx, s.Key, returns.ReturnGO, returns.CallsRunShort)
		}
		e := returns.NewException(returns.CallsRunShort, "today's calls under the key "+s.Quota+" run short: \"starter quota\" tells for what they went and how long they last", returns.Money{})
		e.Subject = string(returns.ReturnGO)
		return tx.RaiseForShop(ctx, s.Key, returns.ReturnGO, e)
	})
}

func (a *Activities) sweepReturnGO(ctx context.Context, s *Shop) (messages.SweepResult, error) {
	var result messages.SweepResult
	started := a.Now()
	lists, err := a.listsDue(ctx, s.Key, started)
	if err != nil || !lists.due {
		return result, err
	}
	statuses := waitingStatuses
	if lists.all {
		statuses = openStatuses
	}
	var bad, badMoves []string
	rmas, err := searchAll(beside(&bad, func(cursor string) ([]returns.RMASummary, string, error) {
		a.alive(ctx)
		return s.ReturnGO.RMAs(ctx, returngo.RMAFilter{Statuses: statuses}, cursor)
	}))
	if err != nil {
		return result, err
	}
	moved, err := a.movedTransactions(ctx, s, lists.transactions, &badMoves)
	if err != nil {
		return result, err
	}
	result.Read = len(rmas) + len(moved)
	changed, err := a.rmasThatDiffer(ctx, s.Key, statuses, rmas, moved, started)
	if err != nil {
		return result, err
	}
	found := len(changed)
	if changed, err = a.andNotShown(ctx, s, lists, rmas, moved, changed, started); err != nil {
		return result, err
	}
	result.Unreadable = len(bad) + len(badMoves)
	result.Changed = len(changed)
	for _, id := range changed {
		a.alive(ctx)
		if err := a.Waker.WakeReturn(ctx, s.Key, returns.RMAKey(id), messages.News{Platforms: []returns.Platform{returns.ReturnGO}}); err != nil {
			return result, fmt.Errorf("wake %s: %w", id, err)
		}
		result.Signaled++
	}
	if err := a.tellOfUnreadableRows(ctx, s.Key, bad, badMoves, lists.all); err != nil {
		return result, err
	}
	if lists.all {
		if err := a.sweptNow(ctx, OpenSweepCursor(s.Key), started); err != nil {
			return result, err
		}
	}
	if lists.transactions {
		if err := a.sweptNow(ctx, transactionsCursor(s.Key), started); err != nil {
			return result, err
		}
	}
	if lists.first {
		found = 0 // what was there before us, no event could tell
	}
	return result, a.swept(ctx, s.Key, returns.ReturnGO, found, sweptCursor(s.Key), started)
}

// lists is what a sweep of ReturnGO asks for: nothing yet, what waits for us, or
// everything; while events do not tell all, what waits for us and the transactions.
// The first sweep of all finds what no event could tell.
type lists struct{ due, first, all, transactions bool }

// manyEvents since the last sweep let the next come as early as it may.
const manyEvents = 25

// listsDue tells what ReturnGO is to be asked for now. Without trust in its events
// every sweep of the schedule takes place, and lists all every OpenSweepEvery; with
// trust one comes after half of that time, or a quarter if much has happened, and
// lists all after twice that time: small shops would spend most of their calls on
// lists in which nothing is new.
func (a *Activities) listsDue(ctx context.Context, shop string, now time.Time) (due lists, err error) {
	passed := func(since time.Time, period time.Duration) bool { // the schedule is not to the second
		return now.Sub(since) >= period-a.OpenSweepEvery/60
	}
	err = a.Ledger.Read(ctx, func(tx *ledger.Tx) error {
		last, err := lastSwept(ctx, tx, sweptCursor(shop))
		if err != nil {
			return err
		}
		lastAll, err := lastSwept(ctx, tx, OpenSweepCursor(shop))
		if err != nil {
			return err
		}
		period, trusted := a.OpenSweepEvery, false
		if !last.IsZero() && !lastAll.IsZero() {
			var events int
			if trusted, events, err = a.eventsTellAll(ctx, tx, shop, last, now); err != nil {
				return err
			}
			wait := period / 2
			if events >= manyEvents {
				wait /= 2
			}
			if trusted && !passed(last, wait) {
				return nil
			}
		}
		if trusted {
			period *= 2
		}
		few, err := fewOpen(ctx, tx, shop, now)
		all := few || lastAll.IsZero() || passed(lastAll, period)
		due = lists{due: true, first: last.IsZero(), all: all, transactions: all || !trusted}
		return err
	})
	return due, orRetry(ctx, err)
}

// movedTransactions are the transactions that changed since they were last listed.
func (a *Activities) movedTransactions(ctx context.Context, s *Shop, due bool, bad *[]string) ([]returns.Transaction, error) {
	if !due {
		return nil, nil
	}
	since, _, err := a.sweptUntil(ctx, transactionsCursor(s.Key))
	if err != nil {
		return nil, err
	}
	return searchAll(beside(bad, func(page string) ([]returns.Transaction, string, error) {
		a.alive(ctx)
		return s.ReturnGO.Transactions(ctx, returngo.TransactionFilter{UpdatedFrom: since}, page)
	}))
}

// sweptCursor names when ReturnGO was last swept, transactionsCursor when its
// transactions were last listed.
func sweptCursor(shop string) string        { return "returngo-swept/" + shop }
func transactionsCursor(shop string) string { return "returngo-transactions/" + shop }

// onePage is safely less than what ReturnGO lists in one call (ReturnGO contract 1.4).
const onePage = 450

// fewOpen tells whether the RMAs of every open status fit on one page: then
// listing all of them costs no more than listing some.
func fewOpen(ctx context.Context, tx *ledger.Tx, shop string, now time.Time) (bool, error) {
	open, err := tx.RMAsSeen(ctx, shop, openStatuses, now)
	return len(open) < onePage, err
}

// OpenSweepCursor names when the RMAs of every open status were last listed. To
// reset it asks for a full list at the next sweep.
func OpenSweepCursor(shop string) string { return "returngo-open/" + shop }

// rmasThatDiffer are the RMAs whose status or transactions are not those of the
// ledger's snapshot. rmas are all that had one of the statuses since the list was
// begun: one that had before and is not among them has moved on.
func (a *Activities) rmasThatDiffer(ctx context.Context, shop string, statuses []string, rmas []returns.RMASummary, moved []returns.Transaction, begun time.Time) ([]string, error) {
	var changed []string
	added := map[string]bool{"": true}
	add := func(id string) {
		if !added[id] {
			added[id] = true
			changed = append(changed, id)
		}
	}
	listed := map[string]bool{}
	err := a.Ledger.Read(ctx, func(tx *ledger.Tx) error {
		for _, r := range rmas {
			listed[r.ID] = true
			seen, err := tx.SnapshotStatus(ctx, shop, returns.ReturnGO, r.ID)
			if err != nil {
				return err
			}
			if !returns.SameStatus(seen, r.Status) {
				add(r.ID)
			}
		}
		were, err := tx.RMAsSeen(ctx, shop, statuses, begun)
		if err != nil {
			return err
		}
		for _, id := range were {
			if !listed[id] {
				add(id)
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
