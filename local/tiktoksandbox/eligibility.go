package tiktoksandbox

import (
	"slices"
)

// filledAnyway is the ineligible_code that documented samples print beside
// "eligible": true. Whoever reads anything but the boolean is wrong (2.5).
const filledAnyway = 88153158

var allDecisions = []string{"APPROVE_REFUND", "APPROVE_RETURN", "APPROVE_RECEIVED_PACKAGE", "APPROVE_REPLACEMENT",
	"REJECT_REFUND", "REJECT_RETURN", "REJECT_RECEIVED_PACKAGE", "REJECT_REPLACEMENT",
	"DIRECT_REFUND", "ISSUE_REPLACEMENT_REFUND", "APPROVE_REQUEST_CANCEL", "REJECT_REQUEST_CANCEL"}

// decisionEligibility does not know OFFER_PARTIAL_REFUND (2.5).
func (s *Sandbox) decisionEligibility(c *call) (any, *apiError) {
	id := c.query.Get("return_or_cancel_id")
	check := s.decisionChecker(c, id)
	if check == nil {
		return nil, fail(25001001, "`return_or_cancel_id` %q not found.", id)
	}
	wanted := splitList(c.query.Get("check_decisions"))
	for _, name := range wanted {
		if !slices.Contains(allDecisions, name) {
			return nil, fail(25001001, "Unknown decision %q.", name)
		}
	}
	list := []object{}
	for _, name := range allDecisions {
		if !oneOf(wanted, name) {
			continue
		}
		problem, reasons := check(name)
		view := object{"decision": name, "eligible": problem == nil, "ineligible_code": filledAnyway,
			"ineligible_reason": "", "available_reject_reasons": []object{}}
		if problem != nil {
			view["ineligible_code"], view["ineligible_reason"] = problem.code, problem.message
		} else if name[0] == 'R' {
			view["available_reject_reasons"] = reasonList(reasons)
		}
		list = append(list, view)
	}
	return object{"decisions": list}, nil
}

func (s *Sandbox) decisionChecker(c *call, id string) func(string) (*apiError, []string) {
	if r := s.shownReturn(c, id); r != nil {
		return func(name string) (*apiError, []string) {
			if name == "APPROVE_REQUEST_CANCEL" || name == "REJECT_REQUEST_CANCEL" {
				return fail(25020004, "The decision does not fit a return."), nil
			}
			return checkDecision(r, name), s.rejectKeys(r)
		}
	}
	if one := s.shownCancel(c, id); one != nil {
		return func(name string) (*apiError, []string) {
			switch name {
			case "APPROVE_REQUEST_CANCEL":
				return one.checkApprove(), nil
			case "REJECT_REQUEST_CANCEL":
				return one.checkReject(), marketOf(c.shop).rejectCancel
			}
			return fail(25020004, "The decision does not fit a cancellation."), nil
		}
	}
	return nil
}

// aftersaleEligibility is the only authority on what may be started (2.5, T26).
func (s *Sandbox) aftersaleEligibility(c *call) (any, *apiError) {
	o, problem := s.shownOrder(c, c.id)
	if problem != nil {
		return nil, problem
	}
	user := c.query.Get("initiate_aftersale_user")
	setDefault(&user, "SELLER")
	if user != "SELLER" && user != "BUYER" {
		return nil, fail(25001001, "`initiate_aftersale_user` %q.", user)
	}
	var wanted []string
	if c.version >= "202512" { // older versions do not know the filter
		wanted = splitList(c.query.Get("request_types"))
	}
	var skuIDs []string
	bySKU := map[string][]*line{}
	for _, l := range o.lines {
		if bySKU[l.skuID] == nil {
			skuIDs = append(skuIDs, l.skuID)
		}
		bySKU[l.skuID] = append(bySKU[l.skuID], l)
	}
	list := []object{}
	for _, id := range skuIDs {
		rows := []object{}
		for _, requestType := range []string{kindCancel, kindRefund, kindReturn} {
			if oneOf(wanted, requestType) {
				rows = append(rows, s.eligibilityRows(c, o, bySKU[id], requestType, user)...)
			}
		}
		list = append(list, object{"sku_id": id, "line_item_eligibility": rows})
	}
	return object{"sku_eligibility": list}, nil
}

// eligibilityRows groups the lines of one SKU by their answer.
func (s *Sandbox) eligibilityRows(c *call, o *order, lines []*line, requestType, user string) []object {
	groups := map[int][]*line{}
	messages := map[int]string{}
	var sequence []int
	for _, l := range lines {
		code, message := 0, ""
		if problem := s.mayStart(c, o, l, requestType, user); problem != nil {
			code, message = problem.code, problem.message
		}
		if groups[code] == nil {
			sequence = append(sequence, code)
		}
		groups[code] = append(groups[code], l)
		messages[code] = message
	}
	var rows []object
	for _, code := range sequence {
		ids, parts := []string{}, []object{}
		for _, l := range groups[code] {
			ids = append(ids, l.id)
			for _, u := range l.units {
				row := object{"order_line_item_id": l.id}
				putText(row, "sub_order_line_item_id", u.subID)
				parts = append(parts, row)
			}
		}
		reasons := []string{}
		shown := code
		if code == 0 {
			shown = filledAnyway
			reasons = append(reasons, marketOf(c.shop).sellerKeys(requestType, o.status)...)
		}
		// The spelling order_line_items_ids is the platform's (section 7).
		rows = append(rows, object{"request_type": requestType, "eligible": code == 0, "ineligible_code": shown,
			"ineligible_reason": messages[code], "order_line_items_ids": ids,
			"available_reason_names": reasons, "order_line_list": parts})
	}
	return rows
}

func (s *Sandbox) mayStart(c *call, o *order, l *line, requestType, user string) *apiError {
	switch {
	case o.status == orderCompleted || o.status == orderCancelled || l.cancelled:
		return fail(25001051, "The order is completed or cancelled.")
	case o.busyThen(l.units, c.asOf):
		return fail(25001011, "Another request is in progress.")
	case user == "SELLER" && len(marketOf(c.shop).sellerKeys(requestType, o.status)) == 0,
		user == "BUYER" && !buyerMayStart(requestType, o.status):
		return fail(25001003, "The order state or market does not allow it.")
	case requestType != kindCancel && s.restThen(l.units, c.asOf) == 0:
		return fail(25005005, "Nothing is left to refund.")
	}
	return nil
}

// buyerMayStart is the buyer's half of table 4.1.
func buyerMayStart(requestType, status string) bool {
	if requestType == kindCancel {
		return oneOf([]string{orderUnpaid, orderOnHold, orderAwaitingShipment}, status)
	}
	return oneOf([]string{orderAwaitingCollection, orderInTransit, orderDelivered}, status)
}

type calculateRequest struct {
	selector
	OrderID     string `json:"order_id"`
	RequestType string `json:"request_type"`
	Reason      string `json:"reason_name"`
}

// calculateRefund gives different amounts for different request types: only a
// cancellation of the whole order gives the shipping fee back (2.5).
func (s *Sandbox) calculateRefund(c *call) (any, *apiError) {
	var request calculateRequest
	if problem := c.decode(&request); problem != nil {
		return nil, problem
	}
	if request.Reason == "" || !oneOf([]string{kindCancel, kindRefund, kindReturn}, request.RequestType) {
		return nil, fail(25001001, "`request_type` and `reason_name` are required.")
	}
	o, problem := s.shownOrder(c, request.OrderID)
	if problem != nil {
		return nil, problem
	}
	if o.status == orderCompleted || o.status == orderCancelled {
		return nil, fail(25001051, "The order is %s.", o.status)
	}
	// AWAITING_COLLECTION can be both: cancelled, or refunded as lost (4.1).
	isCancel, isShipped := request.RequestType == kindCancel, !o.shippedAt.IsZero()
	if isCancel == isShipped && o.status != orderAwaitingCollection {
		return nil, fail(25001003, "The order state %s does not allow it.", o.status)
	}
	units, problem := selectUnits(o, request.selector, c.version)
	if problem != nil {
		return nil, problem
	}
	subtotal, shipping := s.restThen(units, c.asOf), minor(0)
	if request.RequestType == kindCancel && o.covers(units) {
		shipping = o.shippingLeft()
	}
	view := refundJSON(subtotal+shipping, o.currency)
	view["refund_subtotal"] = formatMoney(subtotal, o.currency)
	view["refund_shipping_fee"] = formatMoney(shipping, o.currency)
	return object{"order_refund_amount": view}, nil
}

// covers reports whether nothing of the order would be left.
func (o *order) covers(units []*unit) bool {
	for _, l := range o.lines {
		for _, u := range l.units {
			if !l.cancelled && !slices.Contains(units, u) {
				return false
			}
		}
	}
	return true
}

func (o *order) shippingLeft() minor {
	if o.shippingFeePaidBack {
		return 0
	}
	return o.shippingFee
}
