package tiktokshop

import (
	"context"
	"net/url"

	"returnbridge/internal/returns"
)

// The decisions on a return (contract 2.5). TikTok may know more.
const (
	ApproveRefund          = "APPROVE_REFUND"
	ApproveReturn          = "APPROVE_RETURN"
	DirectRefund           = "DIRECT_REFUND"
	ApproveReceivedPackage = "APPROVE_RECEIVED_PACKAGE" // refunds everything
	OfferPartialRefund     = "OFFER_PARTIAL_REFUND"
	ApproveReplacement     = "APPROVE_REPLACEMENT"
	IssueReplacementRefund = "ISSUE_REPLACEMENT_REFUND"
	RejectRefund           = "REJECT_REFUND"
	RejectReturn           = "REJECT_RETURN"
	RejectReceivedPackage  = "REJECT_RECEIVED_PACKAGE"
	RejectReplacement      = "REJECT_REPLACEMENT"
)

// Decision grants a return, wholly or in part (contract 2.5).
type Decision struct {
	Name           string
	BuyerKeepsItem bool          // with APPROVE_RETURN: a refund without goods
	Partial        returns.Money // with OFFER_PARTIAL_REFUND only
}

// Decide grants the return, under a key as for CreateReturn. The answer holds no
// new status: read it back. OutcomeUnknown: it may be granted.
// StateChanged: somebody or the deadline was faster.
func (s *Shop) Decide(ctx context.Context, returnID string, d Decision, idempotencyKey string) (Receipt, error) {
	type amount struct {
		Amount   string `json:"amount"`
		Currency string `json:"currency"`
	}
	body := struct {
		Decision string  `json:"decision"`
		Keep     bool    `json:"buyer_keep_item,omitempty"`
		Partial  *amount `json:"partial_refund,omitempty"`
	}{Decision: d.Name, Keep: d.BuyerKeepsItem}
	if returns.Known(d.Partial) != (d.Name == OfferPartialRefund) {
		return Receipt{}, approveReturn.refused("an amount belongs to a partial offer, and to nothing else")
	}
	if d.Name == OfferPartialRefund {
		number, err := decimalOf(d.Partial)
		if err != nil {
			return Receipt{}, approveReturn.refused(err.Error())
		}
		body.Partial = &amount{number, d.Partial.CurrencyCode()}
	}
	query, err := approveReturn.once(idempotencyKey)
	if err != nil {
		return Receipt{}, err
	}
	return s.do(ctx, call{endpoint: approveReturn, id: returnID, query: query, body: body}, nil)
}

// Rejection refuses a request or a received parcel; the buyer may dispute it
// (contract 2.5). Pictures are not sent.
type Rejection struct {
	Decision  string
	ReasonKey string // from RejectReasons of this very case
	Comment   string
}

// Reject refuses the return; errors as for Decide.
func (s *Shop) Reject(ctx context.Context, returnID string, r Rejection, idempotencyKey string) (Receipt, error) {
	body := struct {
		Decision string `json:"decision"`
		Reason   string `json:"reject_reason"`
		Comment  string `json:"comment,omitempty"`
	}{r.Decision, r.ReasonKey, r.Comment}
	query, err := rejectReturn.once(idempotencyKey)
	if err != nil {
		return Receipt{}, err
	}
	return s.do(ctx, call{endpoint: rejectReturn, id: returnID, query: query, body: body}, nil)
}

// Reason is a key for TikTok and a text for people.
type Reason struct{ Name, Text string }

// RejectReasons lists the reasons open for this return or cancellation now, the
// texts in TikTok's default language; never keep them (contract 2.5).
func (s *Shop) RejectReasons(ctx context.Context, returnOrCancelID string) ([]Reason, error) {
	var w struct {
		Reasons list[struct {
			Name text `json:"name"`
			Text text `json:"text"`
		}] `json:"reasons"`
	}
	query := url.Values{"return_or_cancel_id": {returnOrCancelID}}
	if _, err := s.do(ctx, call{endpoint: getRejectReasons, query: query}, &w); err != nil {
		return nil, err
	}
	var reasons []Reason
	for _, r := range w.Reasons {
		reasons = append(reasons, Reason{string(r.Name), string(r.Text)})
	}
	return reasons, nil
}

// Eligible says whether TikTok would take one decision now. Why is in its words,
// and only if it would not: the codes and reasons are filled even beside a yes
// (contract 2.5).
type Eligible struct {
	Yes bool
	Why string
}

// DecisionEligibility tells which decisions TikTok would take now; without
// names it tells of all. A decision missing from the map is not known to be
// possible; OFFER_PARTIAL_REFUND is never in it (contract 2.5).
func (s *Shop) DecisionEligibility(ctx context.Context, returnOrCancelID string, decisions ...string) (map[string]Eligible, error) {
	query := url.Values{"return_or_cancel_id": {returnOrCancelID}}
	if len(decisions) > 0 {
		query["check_decisions"] = decisions
	}
	var w struct {
		Decisions list[struct {
			Decision text `json:"decision"`
			Eligible flag `json:"eligible"`
			Reason   text `json:"ineligible_reason"`
		}] `json:"decisions"`
	}
	if _, err := s.do(ctx, call{endpoint: decisionEligibility, query: query}, &w); err != nil {
		return nil, err
	}
	eligible := map[string]Eligible{}
	for _, d := range w.Decisions {
		answer := Eligible{Yes: d.Eligible.yes}
		if !answer.Yes {
			answer.Why = string(d.Reason)
		}
		eligible[string(d.Decision)] = answer
	}
	return eligible, nil
}
