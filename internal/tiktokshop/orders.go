package tiktokshop

import (
	"context"
	"errors"
	"net/url"
	"time"

	"returnbridge/internal/platform"
	"returnbridge/internal/returns"
)

// mostOrders is how many orders one detail call takes (contract 2.2).
const mostOrders = 50

// UnknownOrder stands in returns.Order.Replaces when an order says that it is a
// replacement or an exchange and does not say of which order.
const UnknownOrder = "unknown"

// foreignOrder is the code for an order of another seller (contract 1.7).
const foreignOrder = "21008111"

// Orders reads up to 50 orders with their bundles (contract 2.2). Ids that
// TikTok does not know, or that belong to another seller, are missing from the
// answer; so are all of them if all are foreign, which TikTok says by an error
// of its own (T06).
func (s *Shop) Orders(ctx context.Context, ids ...string) ([]returns.Order, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	if len(ids) > mostOrders {
		return nil, getOrderDetail.refused("more than 50 orders")
	}
	var w wireOrders
	_, err := s.do(ctx, call{endpoint: getOrderDetail, query: url.Values{"ids": ids}}, &w)
	if e, ok := errors.AsType[*platform.Error](err); ok && e.Code == foreignOrder {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return w.orders(), nil
}

// OrderFilter narrows a search; zero fields do not. From is inclusive, To is not.
type OrderFilter struct {
	UpdatedFrom, UpdatedTo time.Time
	Status                 string
}

// SearchOrders walks orders by update time, oldest first; an empty next token
// ends the walk. Orders move while one pages (1.9): overlap the windows.
func (s *Shop) SearchOrders(ctx context.Context, f OrderFilter, p Page) ([]returns.Order, string, error) {
	body := struct {
		Status string `json:"order_status,omitempty"`
		From   int64  `json:"update_time_ge,omitempty"`
		To     int64  `json:"update_time_lt,omitempty"`
	}{f.Status, seconds(f.UpdatedFrom), seconds(f.UpdatedTo)}
	var w wireOrders
	if _, err := s.do(ctx, call{endpoint: searchOrders, query: p.query("update_time"), body: body}, &w); err != nil {
		return nil, "", err
	}
	return w.orders(), string(w.Next), nil
}

func seconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}
