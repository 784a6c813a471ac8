package tiktokshop

import (
	"context"
	"net/url"

	"returnbridge/internal/platform"
	"returnbridge/internal/returns"
)

// LineRef names one unit of an order: a line, and inside a bundle its part.
type LineRef struct {
	OrderLineID string
	SubLineID   string // required for lines of a virtual bundle (contract 2.5)
}

// selector is how requests name lines: plain ids, or pairs as soon as one line
// is a bundle's (contract 2.5: one selector).
type selector struct {
	LineIDs []string       `json:"order_line_item_ids,omitempty"`
	Pairs   []wireLinePair `json:"order_line_list,omitempty"`
}

type wireLinePair struct {
	OrderLineID text `json:"order_line_item_id"`
	SubLineID   text `json:"sub_order_line_item_id,omitempty"`
}

func selectorOf(lines []LineRef) selector {
	var s selector
	bundles := false
	for _, l := range lines {
		bundles = bundles || l.SubLineID != ""
		s.LineIDs = append(s.LineIDs, l.OrderLineID)
		s.Pairs = append(s.Pairs, wireLinePair{text(l.OrderLineID), text(l.SubLineID)})
	}
	if bundles {
		return selector{Pairs: s.Pairs}
	}
	return selector{LineIDs: s.LineIDs}
}

// CalculateRefund asks what TikTok would refund; the same lines give different
// amounts for different request types (contract 2.5).
type CalculateRefund struct {
	OrderID     string
	RequestType string // CANCEL, REFUND or RETURN_AND_REFUND
	Reason      string // key
	Lines       []LineRef
}

// CalculateRefund gives refund_total in the order's currency. Human: a success
// without an amount. It is a read: nothing at TikTok changes.
func (s *Shop) CalculateRefund(ctx context.Context, c CalculateRefund) (returns.Money, error) {
	body := struct {
		OrderID     string `json:"order_id"`
		RequestType string `json:"request_type"`
		Reason      string `json:"reason_name"`
		selector
	}{c.OrderID, c.RequestType, c.Reason, selectorOf(c.Lines)}
	if len(c.Lines) == 0 {
		return returns.Money{}, calculateRefund.refused("no lines, which would mean all lines")
	}
	var w struct {
		Amount object[refundAmount] `json:"order_refund_amount"`
	}
	receipt, err := s.do(ctx, call{endpoint: calculateRefund, body: body}, &w)
	if err != nil {
		return returns.Money{}, err
	}
	amount := w.Amount.v.money()
	if !returns.Known(amount) {
		return returns.Money{}, calculateRefund.lacking(platform.Human, receipt, "an amount")
	}
	return amount, nil
}

// CreateReturn opens a return for the buyer; a REFUND is paid without further
// approval (contract 2.5).
type CreateReturn struct {
	OrderID string
	Type    string // REFUND or RETURN_AND_REFUND
	Reason  string // a seller's reason key for this market and order state (4.5)
	Lines   []LineRef
	// RefundTotal is at most what CalculateRefund gives. Unknown means all that
	// TikTok would give, which a REFUND does not accept here.
	RefundTotal returns.Money
}

// CreatedReturn is TikTok's answer; any status may come (T11), so read it back.
type CreatedReturn struct{ ID, Status string }

// CreateReturn opens the return under an idempotency key of 1 to 255 characters.
// The same key with the same content has no second effect for 24 hours and gets
// the first answer again; with other content it is refused (25001001, Permanent)
// (T12). TikTok promises none of this: read before a repeat.
// OutcomeUnknown: it may exist. StateChanged: amount above the refundable,
// another case is open, the order is completed.
func (s *Shop) CreateReturn(ctx context.Context, c CreateReturn, idempotencyKey string) (CreatedReturn, Receipt, error) {
	body := struct {
		OrderID string `json:"order_id"`
		Type    string `json:"return_type"`
		Reason  string `json:"return_reason"`
		selector
		Total    string `json:"refund_total,omitempty"`
		Currency string `json:"currency,omitempty"`
	}{OrderID: c.OrderID, Type: c.Type, Reason: c.Reason, selector: selectorOf(c.Lines)}
	if len(c.Lines) == 0 {
		return CreatedReturn{}, Receipt{}, createReturn.refused("no lines, which would mean all lines")
	}
	if returns.Known(c.RefundTotal) || c.Type == returns.TypeRefund {
		total, err := decimalOf(c.RefundTotal)
		if err != nil {
			return CreatedReturn{}, Receipt{}, createReturn.refused(err.Error())
		}
		body.Total, body.Currency = total, c.RefundTotal.CurrencyCode()
	}
	query, err := createReturn.once(idempotencyKey)
	if err != nil {
		return CreatedReturn{}, Receipt{}, err
	}
	var w struct {
		ID     text `json:"return_id"`
		Status text `json:"return_status"`
	}
	receipt, err := s.do(ctx, call{endpoint: createReturn, query: query, body: body}, &w)
	if err != nil {
		return CreatedReturn{}, receipt, err
	}
	if w.ID == "" {
		return CreatedReturn{}, receipt, createReturn.lacking(platform.OutcomeUnknown, receipt, "a return id")
	}
	return CreatedReturn{ID: string(w.ID), Status: returnStatus(w.Status)}, receipt, nil
}

// longestKey is TikTok's limit for idempotency keys (contract 2.5).
const longestKey = 255

// once is the query of a call that must have one effect. TikTok would take it
// without a key; we do not send it without.
func (e endpoint) once(idempotencyKey string) (url.Values, error) {
	if idempotencyKey == "" || len(idempotencyKey) > longestKey {
		return nil, e.refused("the idempotency key must have 1 to 255 characters")
	}
	return url.Values{"idempotency_key": {idempotencyKey}}, nil
}
