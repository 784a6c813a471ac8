package activities

import (
	"context"
	"slices"
	"time"

	"returnbridge/internal/returns"
	"returnbridge/internal/tiktokshop"
)

// mostOrderPages bounds one walk by the time of an attempt.
const mostOrderPages = 10

// ordersBetween are the pieces of a SKU that orders can have taken from each
// warehouse in a span of time. It is not sure if goods may have left or come back
// in that time, or if there are more orders than can be walked.
func (r *round) ordersBetween(ctx context.Context, sku string, between span) (sold map[string]int, sure bool, err error) {
	filter := tiktokshop.OrderFilter{UpdatedFrom: between.from}
	page := tiktokshop.Page{Size: 100}
	sold = map[string]int{}
	for range mostOrderPages {
		orders, next, err := r.shop.TikTok.SearchOrders(ctx, filter, page)
		if err != nil {
			return nil, false, r.refusedByTikTok(ctx, r.shop.Key, err)
		}
		for _, o := range orders {
			n := pieces(o, sku)
			switch {
			case n == 0:
			case between.mayShip(o):
				return nil, false, nil
			case between.has(o.CreatedAt):
				sold[o.WarehouseID] += n
			}
		}
		if next == "" {
			return sold, true, nil
		}
		page.Token = next
	}
	return nil, false, nil
}

// span is the time between two reads of the stock by TikTok's clock, with how far
// clocks may be apart allowed for at both ends.
type span struct{ from, until time.Time }

func (s span) has(t time.Time) bool { return !t.Before(s.from) && !t.After(s.until) }

// mayShip tells whether an order may have given goods away, or back, within the
// time. Which of its times moves the stock is not documented (TikTok contract
// 2.2, 2.7): all that happened must be known to lie outside.
func (s span) mayShip(o returns.Order) bool {
	outside := func(t time.Time) bool { return !t.IsZero() && !s.has(t) }
	cancelled := o.Status == returns.OrderCancelled || slices.ContainsFunc(o.Lines, func(l returns.OrderLine) bool { return l.Status == returns.OrderCancelled })
	switch {
	case o.CreatedAt.After(s.until), !o.DeliveredAt.IsZero() && o.DeliveredAt.Before(s.from):
		return false
	case cancelled && !outside(o.CancelledAt):
		return true
	}
	switch o.Status {
	case returns.OrderUnpaid, returns.OrderOnHold, returns.OrderToShip, returns.OrderCancelled:
		return false
	case returns.OrderToCollect:
		return !outside(o.ReadyAt)
	case returns.OrderInTransit, returns.OrderDelivered, returns.OrderCompleted:
		return !outside(o.ReadyAt) || !outside(o.CollectedAt)
	}
	return true
}

// pieces counts a SKU in an order, by itself or as a part of bundles.
func pieces(o returns.Order, sku string) int {
	n := 0
	for _, l := range o.Lines {
		if l.SKUID == sku {
			n++
		}
		for _, p := range l.Parts {
			if p.SKUID == sku {
				n += max(p.Count, 1)
			}
		}
	}
	return n
}
