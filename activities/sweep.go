package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/activity"

	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/platform"
	"returnbridge/internal/returngo"
	"returnbridge/internal/returns"
	"returnbridge/internal/tiktokshop"
)

// overlap is how far a sweep reads back beyond the last one: update times may
// move while a search is walked (TikTok contract 1.9, ReturnGO contract 8.2).
const overlap = 15 * time.Minute

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
	statuses, open := waitingStatuses, OpenSweepCursor(s.Key)
	last, swept, err := a.sweptUntil(ctx, open)
	if err != nil {
		return result, err
	}
	if spared, err := a.eventsSpareIt(ctx, s.Key, started); err != nil || spared && swept {
		return result, err
	}
	few, err := a.fewOpen(ctx, s.Key, started)
	if err != nil {
		return result, err
	}
	full := few || !swept || !last.Add(overlap).Add(a.OpenSweepEvery).After(started)
	if full {
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
	transactions := transactionsCursor(s.Key)
	since, _, err := a.sweptUntil(ctx, transactions)
	if err != nil {
		return result, err
	}
	moved, err := searchAll(beside(&badMoves, func(page string) ([]returns.Transaction, string, error) {
		a.alive(ctx)
		return s.ReturnGO.Transactions(ctx, returngo.TransactionFilter{UpdatedFrom: since}, page)
	}))
	if err != nil {
		return result, err
	}
	result.Read = len(rmas) + len(moved)
	changed, err := a.rmasThatDiffer(ctx, s.Key, statuses, rmas, moved, started)
	if err != nil {
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
	if err := a.tellOfUnreadableRows(ctx, s.Key, bad, badMoves, full); err != nil {
		return result, err
	}
	if full {
		if err := a.sweptNow(ctx, open, started); err != nil {
			return result, err
		}
	}
	found := len(changed)
	if !swept {
		found = 0 // what was there before us, no event could tell
	}
	return result, a.swept(ctx, s.Key, returns.ReturnGO, found, transactions, started)
}

// transactionsCursor names when ReturnGO was last swept.
func transactionsCursor(shop string) string { return "returngo-transactions/" + shop }

// onePage is safely less than what ReturnGO lists in one call (ReturnGO contract 1.4).
const onePage = 450

// fewOpen tells whether the RMAs of every open status fit on one page: then
// listing all of them costs no more than listing some.
func (a *Activities) fewOpen(ctx context.Context, shop string, now time.Time) (bool, error) {
	var open []string
	err := a.Ledger.Do(ctx, func(tx *ledger.Tx) (err error) {
		open, err = tx.RMAsSeen(ctx, shop, openStatuses, now)
		return err
	})
	return len(open) < onePage, err
}

// OpenSweepCursor names when the RMAs of every open status were last listed. To
// reset it asks for a full list at the next sweep.
func OpenSweepCursor(shop string) string { return "returngo-open/" + shop }

// alive tells Temporal that a sweep goes on, so that the one of a killed worker is
// not waited for. A short one says nothing: each word is billed.
func (a *Activities) alive(ctx context.Context) {
	if a.Now().Sub(activity.GetInfo(ctx).StartedTime) > quietSweep {
		activity.RecordHeartbeat(ctx)
	}
}

// quietSweep with one call, or one signal that hangs, is shorter than the silence
// after which a sweep is taken for dead.
const quietSweep = 20 * time.Second

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
	err := a.Ledger.Do(ctx, func(tx *ledger.Tx) error {
		for _, r := range rmas {
			listed[r.ID] = true
			seen, err := tx.SnapshotStatus(ctx, shop, returns.ReturnGO, r.ID)
			if err != nil {
				return err
			}
			if seen != r.Status {
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

// openAtTikTok are the statuses of TikTok returns in which something may still
// happen (TikTok contract 2.4).
var openAtTikTok = []string{
	returns.TikTokPending, returns.TikTokAwaitingShip, returns.TikTokShipped, returns.TikTokAwaitingBuyer, returns.TikTokApproved,
	returns.TikTokRejected, returns.TikTokParcelRejected, returns.TikTokReplacePending, returns.TikTokReplaceRejected,
}

// SweepTikTok reads what changed since the last sweep, and every TikTok return
// that was open when last seen, whatever its update time: new deadlines appear
// without a change of status. The first one also takes up all that are open.
func (a *Activities) SweepTikTok(ctx context.Context, in messages.ShopInput) (messages.SweepResult, error) {
	shop, err := a.shop(in.Shop)
	if err != nil {
		return messages.SweepResult{}, err
	}
	s := &tiktokSweep{Activities: a, shop: shop, read: map[string]bool{}, woken: map[returns.Key]bool{}}
	err = s.run(ctx)
	return s.result, err
}

// tiktokSweep is one sweep of one shop. It goes page by page and notes how far
// it came, so that an attempt that is cut off is gone on with.
type tiktokSweep struct {
	*Activities
	shop   *Shop
	read   map[string]bool
	woken  map[returns.Key]bool
	bad    []string // returns that cannot be read; "" for one without an id
	untold int      // TikTok returns whose status no event had told
	result messages.SweepResult
}

func (s *tiktokSweep) run(ctx context.Context) error {
	started := s.Now()
	cursor := ledger.TikTokSwept(s.shop.Key)
	since, swept, err := s.sweptUntil(ctx, cursor)
	if err != nil {
		return err
	}
	if !swept {
		firstRun := "tiktok-open-returns/" + s.shop.Key
		from, begun, err := s.sweptUntil(ctx, firstRun)
		if err != nil {
			return err
		}
		filter := tiktokshop.ReturnFilter{Statuses: openAtTikTok}
		if begun {
			filter.UpdatedFrom = from
		}
		if err := s.walk(ctx, firstRun, filter); err != nil {
			return err
		}
	}
	if err := s.walk(ctx, cursor, tiktokshop.ReturnFilter{UpdatedFrom: since}); err != nil {
		return err
	}
	if err := s.reread(ctx); err != nil {
		return err
	}
	if err := s.tellOfTheUnreadable(ctx); err != nil {
		return err
	}
	for _, takeUp := range []func(context.Context, string) (int, error){s.wakeOverdue, s.wakeUncarried} {
		woken, err := takeUp(ctx, s.shop.Key)
		if err != nil {
			return err
		}
		s.result.Signaled += woken
	}
	s.result.SweptAt = started.UTC().Truncate(time.Second)
	if !swept {
		s.untold = 0 // what was there before us, no event could tell
	}
	return s.swept(ctx, s.shop.Key, returns.TikTok, s.untold, cursor, started)
}

// walk goes through one search, oldest update first, and moves the cursor, if
// there is one, with each page that is done: never back into the overlap.
func (s *tiktokSweep) walk(ctx context.Context, cursor string, filter tiktokshop.ReturnFilter) error {
	reached, token := filter.UpdatedFrom.Add(overlap), ""
	for {
		s.alive(ctx)
		page, next, err := s.shop.TikTok.SearchReturns(ctx, filter, token)
		bad, some := errors.AsType[*platform.UnreadableError](err)
		switch {
		case some: // the others count
			if err := s.remember(ctx, bad.IDs); err != nil {
				return err
			}
		case err != nil:
			return s.refusedByTikTok(ctx, s.shop.Key, err)
		}
		if err := s.compare(ctx, page); err != nil {
			return err
		}
		if cursor != "" && len(page) > 0 && page[len(page)-1].UpdatedAt.After(reached) {
			reached = page[len(page)-1].UpdatedAt
			if err := s.sweptNow(ctx, cursor, reached); err != nil {
				return err
			}
		}
		if next == "" {
			return nil
		}
		if next == token || len(page) == 0 && !some {
			return retryable(ctx, errors.New("a search of TikTok returns does not end"))
		}
		token = next
	}
}

// compare tells the returns concerned of what TikTok shows otherwise than the
// ledger, each once a sweep.
func (s *tiktokSweep) compare(ctx context.Context, page []returns.TikTokReturn) error {
	for _, t := range page {
		if !s.read[t.ID] {
			s.read[t.ID] = true
			s.result.Read++
		}
	}
	wake, changed, untold, err := s.tiktokReturnsThatDiffer(ctx, s.shop.Key, page)
	if err != nil {
		return retryable(ctx, err)
	}
	s.result.Changed, s.untold = s.result.Changed+changed, s.untold+untold
	for _, key := range wake {
		if s.woken[key] {
			continue
		}
		if err := s.Waker.WakeReturn(ctx, s.shop.Key, key, messages.News{Platforms: []returns.Platform{returns.TikTok}}); err != nil {
			return retryable(ctx, fmt.Errorf("wake %s: %w", key, err))
		}
		s.woken[key] = true
		s.result.Signaled++
	}
	return nil
}

// reread reads the TikTok returns last seen open, or last not readable, that the
// search did not bring, fifty a call.
func (s *tiktokSweep) reread(ctx context.Context) error {
	var ids []string
	add := func(id string) {
		if id != "" && !s.read[id] && !slices.Contains(s.bad, id) && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	err := s.Ledger.Do(ctx, func(tx *ledger.Tx) error {
		open, err := tx.OpenTikTokReturns(ctx, s.shop.Key)
		for _, t := range open {
			add(t.ID)
		}
		if err != nil {
			return err
		}
		unreadable, err := s.remembered(ctx, tx)
		for _, id := range unreadable {
			add(id)
		}
		return err
	})
	if err != nil {
		return retryable(ctx, err)
	}
	for batch := range slices.Chunk(ids, 50) {
		if err := s.walk(ctx, "", tiktokshop.ReturnFilter{ReturnIDs: batch}); err != nil {
			return err
		}
	}
	return nil
}

// tiktokReturnsThatDiffer finds which returns must look because TikTok shows
// something else than the ledger's snapshot. untold of them show another status:
// of that an event should have told; of a new deadline none does.
func (a *Activities) tiktokReturnsThatDiffer(ctx context.Context, shop string, found []returns.TikTokReturn) (wake []returns.Key, changed, untold int, err error) {
	err = a.Ledger.Do(ctx, func(tx *ledger.Tx) error {
		for _, t := range found {
			seen, known, err := tx.TikTokReturnSeen(ctx, shop, t.ID)
			if err != nil {
				return err
			}
			if known && seen.Status == t.Status && seen.Deadline().Equal(t.Deadline()) && seen.NextID == t.NextID &&
				seen.Arbitration == t.Arbitration && sameRefund(seen.Refund, t.Refund) {
				continue
			}
			if !known && !t.Live() {
				ours, err := tx.AnyReturnOn(ctx, shop, t.OrderID)
				if err != nil {
					return err
				}
				if !ours {
					continue // history: settled before we came
				}
			}
			changed++
			if seen.Status != t.Status {
				untold++
			}
			keys, err := tx.ReturnsOf(ctx, shop, t.ID, t.OrderID)
			if err != nil {
				return err
			}
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
	return wake, changed, untold, err
}

// sameRefund tells whether TikTok still shows the same amount, or still none.
func sameRefund(a, b returns.Money) bool {
	return returns.SameMoney(a, b) || !returns.Known(a) && !returns.Known(b)
}

// sweptUntil is from when a sweep has to read, and whether there ever was one.
// The first one reads what the overlap covers: history is the backfill's business.
func (a *Activities) sweptUntil(ctx context.Context, cursor string) (since time.Time, swept bool, err error) {
	var value string
	err = a.Ledger.Do(ctx, func(tx *ledger.Tx) (err error) {
		value, err = tx.Cursor(ctx, cursor)
		return err
	})
	if err != nil {
		return time.Time{}, false, retryable(ctx, err)
	}
	at, err := time.Parse(time.RFC3339, value)
	if err != nil {
		at = a.Now()
	}
	return at.Add(-overlap).UTC(), value != "", nil
}

func (a *Activities) sweptNow(ctx context.Context, cursor string, at time.Time) error {
	err := a.Ledger.Do(ctx, func(tx *ledger.Tx) error { return tx.MoveCursor(ctx, cursor, at.UTC().Format(time.RFC3339)) })
	return orRetry(ctx, err)
}
