package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"returnbridge/internal/ledger"
	"returnbridge/internal/platform"
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
		return raiseUnreadable(ctx, tx, s.shop.Key, returns.TikTok, "TikTok shows what this version cannot read: "+named("return", ids))
	})
	return orRetry(ctx, err)
}

func raiseUnreadable(ctx context.Context, tx *ledger.Tx, shop string, p returns.Platform, sentence string) error {
	e := returns.NewException(returns.RecordUnreadable, sentence, returns.Money{})
	e.Subject = string(p)
	return tx.RaiseForShop(ctx, shop, p, e)
}

// beside goes on with the rest of a page and notes which rows cannot be read.
func beside[T any](bad *[]string, page func(string) ([]T, string, error)) func(string) ([]T, string, error) {
	return func(token string) ([]T, string, error) {
		rows, next, err := page(token)
		if some, ok := errors.AsType[*platform.UnreadableError](err); ok {
			*bad = append(*bad, some.IDs...)
			err = nil
		}
		return rows, next, err
	}
}

// tellOfUnreadableRows keeps one exception open for the shop while rows of
// ReturnGO's lists cannot be read; an RMA seen before that is missing in a list is
// read by itself anyway. Only a sweep of every open status shows that none is left.
func (a *Activities) tellOfUnreadableRows(ctx context.Context, shop string, rmas, transactions []string, full bool) error {
	var names []string
	if len(rmas) > 0 {
		names = append(names, named("RMA", rmas))
	}
	if len(transactions) > 0 {
		names = append(names, named("transaction", transactions))
	}
	if len(names) == 0 && !full {
		return nil
	}
	return a.Ledger.Do(ctx, func(tx *ledger.Tx) error {
		if len(names) == 0 {
			return tx.HealForShop(ctx, shop, returns.ReturnGO, returns.RecordUnreadable)
		}
		return raiseUnreadable(ctx, tx, shop, returns.ReturnGO, "ReturnGO lists what this version cannot read: "+strings.Join(names, ", "))
	})
}

// named lists records by their ids, the first few of many.
func named(what string, ids []string) string {
	var names []string
	for _, id := range ids[:min(len(ids), namedAtMost)] {
		if id == "" {
			id = "whose id cannot be read either"
		}
		names = append(names, what+" "+id)
	}
	if more := len(ids) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	return strings.Join(names, ", ")
}
