package tiktoksandbox

import "slices"

type returnSearch struct {
	timeFilter
	ReturnIDs    []string `json:"return_ids"`
	OrderIDs     []string `json:"order_ids"`
	BuyerIDs     []string `json:"buyer_user_ids"`
	Types        []string `json:"return_types"`
	Status       []string `json:"return_status"`
	Arbitration  []string `json:"arbitration_status"`
	ProposedType []string `json:"seller_proposed_return_type"`
}

func (s *Sandbox) searchReturns(c *call) (any, *apiError) {
	var request returnSearch
	if problem := c.decode(&request); problem != nil {
		return nil, problem
	}
	var all []*returnCase
	at := s.searchMoment(c, len(request.ReturnIDs) > 0)
	for _, one := range s.returns {
		if r := one.then(at); r != nil && r.shopID == c.shop.ID && request.matches(r) {
			all = append(all, r)
		}
	}
	found, problem := paginate(c, all, pageRules{sizeMin: 10, sizeMax: 50, sizeDefault: 10})
	if problem != nil {
		return nil, problem
	}
	list := []object{}
	for _, r := range found.items {
		list = append(list, r.json(c.version >= "202602"))
	}
	return object{"return_orders": list, "total_count": found.total, "next_page_token": found.next}, nil
}

func (q returnSearch) matches(r *returnCase) bool {
	proposed := ""
	if r.offered {
		proposed = "PARTIAL_REFUND"
	}
	return oneOf(q.ReturnIDs, r.id) && oneOf(q.OrderIDs, r.order.id) && oneOf(q.BuyerIDs, r.order.buyerID) &&
		oneOf(q.Types, r.kind) && oneOf(q.Status, r.status) && oneOf(q.Arbitration, r.arbitration) &&
		oneOf(q.ProposedType, proposed) && q.passes(r)
}

func refundJSON(amount minor, currency string) object {
	return object{"currency": currency, "refund_total": formatMoney(amount, currency),
		"refund_subtotal": formatMoney(amount, currency), "refund_shipping_fee": formatMoney(0, currency),
		"refund_tax": formatMoney(0, currency)}
}

// json is the element of 2.3. There is no arrival time and no warehouse id.
func (r *returnCase) json(withParts bool) object {
	currency := r.order.currency
	view := object{"return_id": r.id, "order_id": r.order.id, "return_type": r.kind, "return_status": r.status,
		"role": r.role, "return_reason": r.reason, "return_reason_text": r.reason,
		"can_buyer_keep_item": r.keepItem, "is_combined_return": r.combinedID != "", "is_quick_refund": r.quick,
		"seller_next_action_response": []object{}, "refund_amount": refundJSON(r.total(), currency),
		"create_time": r.created.Unix(), "update_time": r.updated.Unix()}
	putText(view, "arbitration_status", r.arbitration)
	putText(view, "shipment_type", r.shipment)
	putText(view, "handover_method", r.handover)
	putText(view, "return_method", r.method)
	putText(view, "return_tracking_number", r.tracking)
	putText(view, "return_provider_id", r.providerID)
	putText(view, "return_provider_name", r.provider)
	putText(view, "combined_return_id", r.combinedID)
	putText(view, "pre_return_id", r.preID)
	putText(view, "next_return_id", r.nextID)
	putText(view, "return_shipping_document_type", r.document)
	if r.offered {
		view["seller_proposed_return_type"] = "PARTIAL_REFUND"
		view["partial_refund"] = object{"amount": formatMoney(r.partial, currency), "currency": currency}
		view["buyer_rejected_partial_refund"] = r.offerDeclined
	}
	if r.action != "" {
		view["seller_next_action_response"] = []object{{"action": r.action, "deadline": r.deadline.Unix()}}
	}
	lines := []object{}
	for _, item := range r.items {
		lines = append(lines, item.json(currency, withParts))
	}
	view["return_line_items"] = lines
	return view
}

func (i *caseItem) json(currency string, withParts bool) object {
	view := object{"return_line_item_id": i.id, "order_line_item_id": i.line.id, "sku_id": i.line.skuID,
		"sku_name": i.line.skuName, "product_name": i.line.productName, "seller_sku": i.line.sellerSKU,
		"refund_amount": refundJSON(i.amount(), currency)}
	parts := []object{}
	for _, p := range i.parts {
		if p.id != "" {
			parts = append(parts, object{"return_sub_line_item_id": p.id, "return_line_item_id": i.id,
				"sub_order_line_item_id": p.unit.subID, "order_line_item_id": i.line.id, "sku_id": p.unit.skuID,
				"seller_sku": p.unit.sellerSKU, "product_name": p.unit.title, "refund_amount": refundJSON(p.amount, currency)})
		}
	}
	if withParts && len(parts) > 0 {
		view["return_sub_line_items"] = parts
	}
	return view
}

func (s *Sandbox) ownReturn(c *call, id string) (*returnCase, *apiError) {
	if r := s.returns[id]; r != nil && r.shopID == c.shop.ID {
		return r, nil
	}
	return nil, fail(25001001, "Return %s not found.", id)
}

func (s *Sandbox) returnRecords(c *call) (any, *apiError) {
	r := s.shownReturn(c, c.id)
	if r == nil {
		return nil, fail(25001001, "Return %s not found.", c.id)
	}
	return object{"records": slices.Clone(r.records)}, nil
}

// rejectReasons belong to the case, not to the shop (2.5).
func (s *Sandbox) rejectReasons(c *call) (any, *apiError) {
	id := c.query.Get("return_or_cancel_id")
	if id == "" {
		return nil, fail(25001001, "`return_or_cancel_id` is missing.")
	}
	if s.shownCancel(c, id) != nil {
		return object{"reasons": reasonList(marketOf(c.shop).rejectCancel)}, nil
	}
	r := s.shownReturn(c, id)
	if r == nil {
		return nil, fail(25001001, "Return %s not found.", id)
	}
	return object{"reasons": reasonList(s.rejectKeys(r))}, nil
}

// rejectKeys: a request and a received package are refused for different reasons.
func (s *Sandbox) rejectKeys(r *returnCase) []string {
	m := marketOf(s.shops[r.shopID])
	if r.status == returnShipped {
		return m.rejectPackage
	}
	return m.rejectRequest
}
