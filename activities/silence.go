package activities

import (
	"context"
	"fmt"
	"slices"
	"time"

	"returnbridge/internal/ledger"
	"returnbridge/internal/returns"
)

// When events are lost, the share of changes that they tell falls. It is held against
// the week before, and only where there is enough of both to tell.
const (
	shareWindow    = 30 * time.Minute
	usualOver      = 7 * 24 * time.Hour
	enoughUsual    = 100 // changes in the week before
	enoughExpected = 10  // events that would have come in the window by the usual share
	fallenBelow    = 2   // one part in so many of the usual share
	enoughHeard    = 3   // events after a fall by which they are known to come again, where little happens
)

// hearing is what is known of a platform's events.
type hearing int

const (
	nothingUsual hearing = iota // too little happened in the week before
	cannotTell                  // too little happens now
	hearsAll                    // events tell about as much as usual
	hearsLittle                 // less than half of it
)

// share tells whether events told, in the last half hour, the usual share of what
// happened, and gives both in words. Where too little happened in that time, all that
// came since people were told can show that all is well again, but not that it is not.
func share(ctx context.Context, tx *ledger.Tx, shop string, p returns.Platform) (hearing, string, error) {
	now := tx.Now()
	usual, err := tx.ShareBetween(ctx, shop, p, now.Add(-shareWindow-usualOver), now.Add(-shareWindow))
	if err != nil || usual.All() < enoughUsual {
		return nothingUsual, "", err
	}
	since := now.Add(-shareWindow)
	last, err := tx.ShareBetween(ctx, shop, p, since, now)
	if err != nil {
		return cannotTell, "", err
	}
	if enough := last.All()*usual.ByEvent >= enoughExpected*usual.All(); enough {
		if fallenBelow*last.ByEvent*usual.All() >= last.All()*usual.ByEvent {
			return hearsAll, "", nil
		}
		return hearsLittle, fmt.Sprintf("of %d changes at %s from %s to %s events told %d, and sweeps found the others; in the week before they told %d of %d",
			last.All(), p, since.Format("2006-01-02 15:04"), now.Format("15:04"), last.ByEvent, usual.ByEvent, usual.All()), nil
	}
	open, err := tx.OpenExceptions(ctx, ledger.ExceptionFilter{Shop: shop, Kind: returns.EventsQuiet})
	i := slices.IndexFunc(open, func(e ledger.OpenException) bool { return e.Key == returns.ShopKey(p) })
	if err != nil || i < 0 {
		return cannotTell, "", err
	}
	later, err := tx.ShareBetween(ctx, shop, p, open[i].OpenedAt.Add(ledger.SlotLength), now)
	if err == nil && later.ByEvent >= enoughHeard && fallenBelow*later.ByEvent*usual.All() >= later.All()*usual.ByEvent {
		return hearsAll, "", nil
	}
	return cannotTell, "", err
}

// silentNow tells whether no event of a platform came for half an hour in which, on the
// seven days before, at least enoughExpected changes were told on average.
func silentNow(ctx context.Context, tx *ledger.Tx, shop string, p returns.Platform, last, now time.Time) (bool, error) {
	if now.Sub(last) < shareWindow {
		return false, nil
	}
	told := 0
	for day := range 7 {
		at := now.AddDate(0, 0, -1-day)
		s, err := tx.ShareBetween(ctx, shop, p, at.Add(-shareWindow), at)
		if err != nil {
			return false, err
		}
		told += s.ByEvent
	}
	return told >= 7*enoughExpected, nil
}

// Refused webhooks are told of when there were manyRefused in this hour and the one
// before, or when no event has come since.
const manyRefused = 3

// tellOfRefused tells IT of webhooks that are refused because of their signature or
// token, until there were none in this hour and the one before.
func (a *Activities) tellOfRefused(ctx context.Context, shop string) error {
	err := a.Ledger.Do(ctx, func(tx *ledger.Tx) error {
		for _, p := range []returns.Platform{returns.ReturnGO, returns.TikTok} {
			refused, err := tx.RefusedSince(ctx, shop, p, tx.Now().Add(-time.Hour))
			if err != nil {
				return err
			}
			if refused.Count == 0 {
				if err := tx.HealForShop(ctx, shop, p, returns.WebhooksRefused); err != nil {
					return err
				}
				continue
			}
			last, err := tx.LastEvent(ctx, shop, p)
			if err != nil {
				return err
			}
			if refused.Count < manyRefused && last.After(refused.Last) {
				continue
			}
			e := returns.NewException(returns.WebhooksRefused, fmt.Sprintf("requests that name themselves events of %s are refused for a wrong %s, the last at %s", p,
				map[returns.Platform]string{returns.TikTok: "signature", returns.ReturnGO: "token in the address"}[p], refused.Last.Format("2006-01-02 15:04")), returns.Money{})
			e.Subject = string(p)
			if err := tx.RaiseForShop(ctx, shop, p, e); err != nil {
				return err
			}
		}
		return nil
	})
	return orRetry(ctx, err)
}
