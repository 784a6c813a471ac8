package tiktokshop

import (
	"context"
	"net/url"
)

// Eligibility says whether the seller may start one kind of request for lines
// of one SKU; it is the authority on market rules (contract 2.5, T26).
type Eligibility struct {
	SKUID        string
	RequestType  string // REFUND, RETURN_AND_REFUND, …
	Eligible     bool
	OrderLineIDs []string
	Lines        []LineRef // the lines again with the parts of bundles
	Reasons      []string  // keys; opaque
}

// Eligibility asks what the seller may start on the order now. Only the boolean
// is read: the codes beside it are filled even when the answer is yes.
func (s *Shop) Eligibility(ctx context.Context, orderID string) ([]Eligibility, error) {
	var w struct {
		SKUs list[struct {
			SKUID text                  `json:"sku_id"`
			Lines list[wireEligibility] `json:"line_item_eligibility"`
		}] `json:"sku_eligibility"`
	}
	query := url.Values{"initiate_aftersale_user": {"SELLER"}}
	if _, err := s.do(ctx, call{endpoint: getEligibility, id: orderID, query: query}, &w); err != nil {
		return nil, err
	}
	var found []Eligibility
	for _, sku := range w.SKUs {
		for _, l := range sku.Lines {
			found = append(found, l.eligibility(string(sku.SKUID)))
		}
	}
	return found, nil
}

type wireEligibility struct {
	RequestType text               `json:"request_type"`
	Eligible    flag               `json:"eligible"`
	LineIDs     list[text]         `json:"order_line_items_ids"` // as the answer spells it
	LineIDsB    list[text]         `json:"order_line_item_ids"`  // as requests spell it
	Pairs       list[wireLinePair] `json:"order_line_list"`
	Reasons     list[text]         `json:"available_reason_names"`
}

func (w wireEligibility) eligibility(sku string) Eligibility {
	e := Eligibility{
		SKUID: sku, RequestType: requestType(w.RequestType), Eligible: w.Eligible.yes,
		OrderLineIDs: strs(w.LineIDs), Reasons: strs(w.Reasons),
	}
	if len(e.OrderLineIDs) == 0 {
		e.OrderLineIDs = strs(w.LineIDsB)
	}
	for _, p := range w.Pairs {
		e.Lines = append(e.Lines, LineRef{OrderLineID: string(p.OrderLineID), SubLineID: string(p.SubLineID)})
	}
	return e
}
