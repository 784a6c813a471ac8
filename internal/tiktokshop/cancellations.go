package tiktokshop

import (
	"context"
	"time"

	"returnbridge/internal/returns"
)

// Cancellation is an order or some of its lines called off before shipping
// (contract 2.6). It is no return, and has ids of its own.
type Cancellation struct {
	ID      string
	OrderID string
	Type    string // CANCEL, BUYER_CANCEL, REQUEST_CANCEL_REFUND; what we must answer stands in Actions
	Status  string // CANCELLATION_REQUEST_…, closed ones as CancellationClosed
	Role    string // who asked, upper case
	Reason  string
	Refund  returns.Money
	Lines   []CancelledLine
	Actions []returns.SellerAction
	// ShouldReplenishStock tells whether the seller has to put the stock back;
	// nil if TikTok does not say.
	ShouldReplenishStock *bool
	CreatedAt, UpdatedAt time.Time
}

// CancelledLine is one unit of a cancellation; of a bundle with the parts.
type CancelledLine struct {
	OrderLineID     string
	SKUID           string
	SellerSKU       string
	Refund          returns.Money
	OrderSubLineIDs []string
}

// CancellationFilter narrows a search; zero fields do not. From is inclusive,
// To is not.
type CancellationFilter struct {
	CancelIDs, OrderIDs, Statuses []string
	UpdatedFrom, UpdatedTo        time.Time
}

// SearchCancellations walks cancellations like SearchReturns walks returns
// (contract 2.6). Whoever wants to know all money given back must read both.
func (s *Shop) SearchCancellations(ctx context.Context, f CancellationFilter, pageToken string) ([]Cancellation, string, error) {
	body := struct {
		CancelIDs []string `json:"cancel_ids,omitempty"`
		OrderIDs  []string `json:"order_ids,omitempty"`
		Statuses  []string `json:"cancel_status,omitempty"`
		From      int64    `json:"update_time_ge,omitempty"`
		To        int64    `json:"update_time_lt,omitempty"`
	}{f.CancelIDs, f.OrderIDs, f.Statuses, seconds(f.UpdatedFrom), seconds(f.UpdatedTo)}
	var w struct {
		Cancellations list[wireCancellation] `json:"cancellations"`
		Next          text                   `json:"next_page_token"`
	}
	if _, err := s.do(ctx, call{endpoint: searchCancellations, query: Page{Token: pageToken}.query("update_time"), body: body}, &w); err != nil {
		return nil, "", err
	}
	var found []Cancellation
	for _, c := range w.Cancellations {
		found = append(found, c.cancellation())
	}
	return found, string(w.Next), nil
}

type wireCancellation struct {
	ID         text                    `json:"cancel_id"`
	OrderID    text                    `json:"order_id"`
	Type       text                    `json:"cancel_type"`
	Status     text                    `json:"cancel_status"`
	Role       text                    `json:"role"`
	Reason     text                    `json:"cancel_reason"`
	Refund     object[refundAmount]    `json:"refund_amount"`
	Actions    list[wireAction]        `json:"seller_next_action_response"`
	Lines      list[wireCancelledLine] `json:"cancel_line_items"`
	Replenish  flag                    `json:"should_replenish_stock"`
	CreateTime unix                    `json:"create_time"`
	UpdateTime unix                    `json:"update_time"`
}

type wireCancelledLine struct {
	OrderLineID text                 `json:"order_line_item_id"`
	SKUID       text                 `json:"sku_id"`
	SellerSKU   text                 `json:"seller_sku"`
	Refund      object[refundAmount] `json:"refund_amount"`
	SubLines    list[struct {
		OrderSubLineID text `json:"sub_order_line_item_id"`
	}] `json:"cancel_sub_line_items"`
}

func (w wireCancellation) cancellation() Cancellation {
	c := Cancellation{
		ID: string(w.ID), OrderID: string(w.OrderID), Type: string(w.Type), Status: cancellationStatus(w.Status),
		Role: role(w.Role), Reason: string(w.Reason), Refund: w.Refund.v.money(), Actions: actions(w.Actions),
		CreatedAt: w.CreateTime.Time, UpdatedAt: w.UpdateTime.Time,
	}
	if w.Replenish.told {
		c.ShouldReplenishStock = &w.Replenish.yes
	}
	for _, l := range w.Lines {
		line := CancelledLine{
			OrderLineID: string(l.OrderLineID), SKUID: string(l.SKUID), SellerSKU: string(l.SellerSKU), Refund: l.Refund.v.money(),
		}
		for _, s := range l.SubLines {
			line.OrderSubLineIDs = append(line.OrderSubLineIDs, string(s.OrderSubLineID))
		}
		c.Lines = append(c.Lines, line)
	}
	return c
}
