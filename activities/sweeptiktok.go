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
	if err := s.lookAfter(ctx, s.shop.Key, returns.TikTok); err != nil {
		return err
	}
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
	err := s.Ledger.Read(ctx, func(tx *ledger.Tx) error {
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
	err = a.Ledger.Read(ctx, func(tx *ledger.Tx) error {
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
			if !known || seen.Status != t.Status {
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
