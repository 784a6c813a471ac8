package activities

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"returnbridge/internal/ledger"
	"returnbridge/internal/returns"
)

// unreadableCursor names the TikTok returns that could not be read: a search by
// update time brings them only once, and nobody else knows of them.
func unreadableCursor(shop string) string { return "tiktok-unreadable/" + shop }

// remember notes at once what cannot be read: a sweep that is cut off does not
// come back to the page.
func (s *tiktokSweep) remember(ctx context.Context, ids []string) error {
	s.bad = append(s.bad, ids...)
	err := s.Ledger.Do(ctx, func(tx *ledger.Tx) error {
		before, err := s.remembered(ctx, tx)
		if err != nil {
			return err
		}
		all := slices.Concat(before, s.bad)
		slices.Sort(all)
		return tx.MoveCursor(ctx, unreadableCursor(s.shop.Key), strings.Join(slices.Compact(all), ","))
	})
	return orRetry(ctx, err)
}

func (s *tiktokSweep) remembered(ctx context.Context, tx *ledger.Tx) ([]string, error) {
	ids, err := tx.Cursor(ctx, unreadableCursor(s.shop.Key))
	if err != nil || ids == "" {
		return nil, err
	}
	return strings.Split(ids, ","), nil
}

// namedAtMost is how many unreadable records an exception names.
const namedAtMost = 10

// tellOfTheUnreadable keeps one exception open for the shop while returns cannot
// be read, and remembers which, so that the next sweep reads them again. One
// without an id is named until the search no longer brings it.
func (s *tiktokSweep) tellOfTheUnreadable(ctx context.Context) error {
	slices.Sort(s.bad)
	ids := slices.Compact(s.bad)
	s.result.Unreadable = len(ids)
	err := s.Ledger.Do(ctx, func(tx *ledger.Tx) error {
		if err := tx.MoveCursor(ctx, unreadableCursor(s.shop.Key), strings.Join(ids, ",")); err != nil {
			return err
		}
		if len(ids) == 0 {
			return tx.HealForShop(ctx, s.shop.Key, returns.TikTok, returns.RecordUnreadable)
		}
		e := returns.NewException(returns.RecordUnreadable, "TikTok shows what this version cannot read: "+named(ids), returns.Money{})
		e.Subject = string(returns.TikTok)
		return tx.RaiseForShop(ctx, s.shop.Key, returns.TikTok, e)
	})
	return orRetry(ctx, err)
}

// named lists returns by their ids, the first few of many.
func named(ids []string) string {
	var names []string
	for _, id := range ids[:min(len(ids), namedAtMost)] {
		if id == "" {
			names = append(names, "a return whose id cannot be read either")
		} else {
			names = append(names, "return "+id)
		}
	}
	if more := len(ids) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	return strings.Join(names, ", ")
}
