package tiktokshop

import (
	"context"

	"returnbridge/internal/platform"
)

// CancelOrder calls an order or some of its lines off before shipping (contract
// 2.6). Single lines only in the US and UK and only as out of stock; elsewhere
// TikTok refuses them (25005010).
type CancelOrder struct {
	OrderID    string
	Reason     string    // a seller's reason key for this market and order state (4.5)
	Lines      []LineRef // or
	WholeOrder bool      // said in so many words: no lines would mean all lines
}

// CancelledOrder is TikTok's answer. A status of success means that the request
// was taken; the end is CANCELLATION_REQUEST_COMPLETE (contract 2.6).
type CancelledOrder struct{ ID, Status string }

// CancelOrder has no idempotency key: look for a cancellation of the lines
// before, and after OutcomeUnknown before trying again. StateChanged: shipped,
// cancelled already, or another request is open (25001011), perhaps ours.
func (s *Shop) CancelOrder(ctx context.Context, c CancelOrder) (CancelledOrder, Receipt, error) {
	if c.WholeOrder == (len(c.Lines) > 0) {
		return CancelledOrder{}, Receipt{}, cancelOrder.refused("either some lines or the whole order")
	}
	body := struct {
		OrderID string `json:"order_id"`
		Reason  string `json:"cancel_reason"`
		selector
	}{c.OrderID, c.Reason, selectorOf(c.Lines)}
	var w struct {
		ID     text `json:"cancel_id"`
		Status text `json:"cancel_status"`
	}
	receipt, err := s.do(ctx, call{endpoint: cancelOrder, body: body}, &w)
	if err != nil {
		return CancelledOrder{}, receipt, err
	}
	if w.ID == "" {
		return CancelledOrder{}, receipt, cancelOrder.lacking(platform.OutcomeUnknown, receipt, "a cancellation id")
	}
	return CancelledOrder{ID: string(w.ID), Status: cancellationStatus(w.Status)}, receipt, nil
}

// ApproveCancellation grants the buyer's request, under a key as for Decide. The
// answer holds no new status: read it back. StateChanged: shipped meanwhile
// (25001045), or somebody or the deadline was faster.
func (s *Shop) ApproveCancellation(ctx context.Context, cancelID, idempotencyKey string) (Receipt, error) {
	query, err := approveCancellation.once(idempotencyKey)
	if err != nil {
		return Receipt{}, err
	}
	return s.do(ctx, call{endpoint: approveCancellation, id: cancelID, query: query, body: struct{}{}}, nil)
}

// RejectCancellation refuses the buyer's request; reasonKey is one of
// RejectReasons of this very case, comment may be empty. In the US one rejects
// by shipping the parcel, not by this call (contract 2.6). Errors as for
// ApproveCancellation.
func (s *Shop) RejectCancellation(ctx context.Context, cancelID, reasonKey, comment, idempotencyKey string) (Receipt, error) {
	body := struct {
		Reason  string `json:"reject_reason"`
		Comment string `json:"comment,omitempty"`
	}{reasonKey, comment}
	query, err := rejectCancellation.once(idempotencyKey)
	if err != nil {
		return Receipt{}, err
	}
	return s.do(ctx, call{endpoint: rejectCancellation, id: cancelID, query: query, body: body}, nil)
}
