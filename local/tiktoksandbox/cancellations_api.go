package tiktoksandbox

import (
	"slices"
	"strings"
)

type cancelOrderRequest struct {
	selector
	OrderID string `json:"order_id"`
	Reason  string `json:"cancel_reason"`
}

// checkCancellable is the seller's half of table 4.1.
func checkCancellable(o *order) *apiError {
	switch o.status {
	case orderOnHold, orderAwaitingShipment, orderAwaitingCollection:
		return nil
	case orderInTransit:
		return fail(25001045, "Already shipped, the courier cannot stop it.")
	case orderCancelled:
		return fail(25001010, "The order is cancelled.")
	case orderCompleted:
		return fail(25001051, "The order is completed.")
	}
	return fail(25001003, "The order state %s does not allow it.", o.status)
}

// cancelOrder takes no idempotency key (2.6).
func (s *Sandbox) cancelOrder(c *call) (any, *apiError) {
	var request cancelOrderRequest
	if problem := c.decode(&request); problem != nil {
		return nil, problem
	}
	o, problem := s.ownOrder(c, request.OrderID)
	if problem != nil {
		return nil, problem
	}
	if problem := checkCancellable(o); problem != nil {
		return nil, problem
	}
	if problem := checkSellerReason(c.shop, kindCancel, o.status, request.Reason); problem != nil {
		return nil, problem
	}
	units, problem := selectUnits(o, request.selector, c.version)
	if problem != nil {
		return nil, problem
	}
	// Item level only in US and UK, and only because it is out of stock (2.6).
	single := oneOf([]string{"US", "GB"}, c.shop.Region) && strings.HasPrefix(request.Reason, outOfStock)
	if !o.covers(units) && !single {
		return nil, fail(25005010, "These lines cannot be cancelled one by one.")
	}
	if slices.ContainsFunc(units, unitBusy) {
		return nil, fail(25001011, "Another request on the order or line is in progress.")
	}
	created := s.newCancel(o, "CANCEL", "SELLER", request.Reason, units)
	s.moveCancel(created, cancelSuccess, step{name: "CREATE", by: BySellerAPI, requestID: c.requestID})
	return object{"cancel_id": created.id, "cancel_status": created.status}, nil
}

type cancelSearch struct {
	timeFilter
	CancelIDs []string `json:"cancel_ids"`
	OrderIDs  []string `json:"order_ids"`
	BuyerIDs  []string `json:"buyer_user_ids"`
	Types     []string `json:"cancel_types"`
	Status    []string `json:"cancel_status"`
}

func (s *Sandbox) searchCancellations(c *call) (any, *apiError) {
	var request cancelSearch
	if problem := c.decode(&request); problem != nil {
		return nil, problem
	}
	var all []*cancelCase
	at := s.searchMoment(c, len(request.CancelIDs) > 0)
	for _, present := range s.cancels {
		if one := present.then(at); one != nil && one.shopID == c.shop.ID && request.matches(one) {
			all = append(all, one)
		}
	}
	found, problem := paginate(c, all, pageRules{sizeMin: 1, sizeMax: 50, sizeDefault: 10})
	if problem != nil {
		return nil, problem
	}
	list := []object{}
	for _, one := range found.items {
		list = append(list, one.json())
	}
	return object{"cancellations": list, "total_count": found.total, "next_page_token": found.next}, nil
}

func (q cancelSearch) matches(c *cancelCase) bool {
	asked := c.status
	if asked == cancelClosed && slices.Contains(q.Status, cancelClosedAsk) {
		asked = cancelClosedAsk // the filter's own spelling (section 7)
	}
	return oneOf(q.CancelIDs, c.id) && oneOf(q.OrderIDs, c.order.id) && oneOf(q.BuyerIDs, c.order.buyerID) &&
		oneOf(q.Types, c.kind) && oneOf(q.Status, asked) && q.passes(c)
}

func (c *cancelCase) json() object {
	currency := c.order.currency
	amount := refundJSON(c.total(), currency)
	amount["refund_subtotal"] = formatMoney(c.total()-c.shipping, currency)
	amount["refund_shipping_fee"] = formatMoney(c.shipping, currency)
	view := object{"cancel_id": c.id, "order_id": c.order.id, "cancel_type": c.kind, "cancel_status": c.status,
		"role": c.role, "cancel_reason": c.reason, "cancel_reason_text": c.reason, "refund_amount": amount,
		"seller_next_action_response": []object{}, "should_replenish_stock": c.replenish, // in every version (2.6)
		"create_time": c.created.Unix(), "update_time": c.updated.Unix()}
	if c.action != "" {
		view["seller_next_action_response"] = []object{{"action": c.action, "deadline": c.deadline.Unix()}}
	}
	lines := []object{}
	for _, item := range c.items {
		lines = append(lines, item.cancelJSON(currency))
	}
	view["cancel_line_items"] = lines
	return view
}

func (i *caseItem) cancelJSON(currency string) object {
	view := object{"cancel_line_item_id": i.id, "order_line_item_id": i.line.id, "sku_id": i.line.skuID,
		"sku_name": i.line.skuName, "product_name": i.line.productName, "seller_sku": i.line.sellerSKU,
		"refund_amount": refundJSON(i.amount(), currency)}
	parts := []object{}
	for _, p := range i.parts {
		if p.id != "" {
			parts = append(parts, object{"cancel_sub_line_item_id": p.id, "cancel_line_item_id": i.id,
				"sub_order_line_item_id": p.unit.subID, "order_line_item_id": i.line.id, "sku_id": p.unit.skuID,
				"seller_sku": p.unit.sellerSKU, "refund_amount": refundJSON(p.amount, currency)})
		}
	}
	if len(parts) > 0 {
		view["cancel_sub_line_items"] = parts
	}
	return view
}

func (s *Sandbox) ownCancel(c *call) (*cancelCase, *apiError) {
	if one := s.cancels[c.id]; one != nil && one.shopID == c.shop.ID {
		return one, nil
	}
	return nil, fail(25001001, "Cancellation %s not found.", c.id)
}

func (s *Sandbox) approveCancellation(c *call) (any, *apiError) {
	one, problem := s.ownCancel(c)
	if problem != nil {
		return nil, problem
	}
	if problem := one.checkApprove(); problem != nil {
		return nil, problem
	}
	s.moveCancel(one, cancelSuccess, step{name: "APPROVE_REQUEST_CANCEL", by: BySellerAPI, requestID: c.requestID})
	return object{}, nil
}

func (s *Sandbox) rejectCancellation(c *call) (any, *apiError) {
	var request decisionRequest
	if problem := c.decode(&request); problem != nil {
		return nil, problem
	}
	one, problem := s.ownCancel(c)
	if problem != nil {
		return nil, problem
	}
	if problem := one.checkReject(); problem != nil {
		return nil, problem
	}
	if problem := checkRejectReason(marketOf(c.shop).rejectCancel, c.shop, request.RejectReason); problem != nil {
		return nil, problem
	}
	if problem := s.checkImages(request.Images); problem != nil {
		return nil, problem
	}
	s.moveCancel(one, cancelClosed, step{name: "REJECT_REQUEST_CANCEL", by: BySellerAPI, requestID: c.requestID})
	return object{}, nil
}
