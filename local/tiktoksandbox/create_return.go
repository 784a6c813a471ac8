package tiktoksandbox

import "slices"

// selector names lines in one of three ways; none means all lines (2.5).
type selector struct {
	LineIDs []string `json:"order_line_item_ids"`
	SKUs    []struct {
		ID       string `json:"sku_id"`
		Quantity int    `json:"quantity"`
	} `json:"skus"`
	Lines []struct {
		LineID string `json:"order_line_item_id"`
		SubID  string `json:"sub_order_line_item_id"`
	} `json:"order_line_list"`
}

type createReturnRequest struct {
	selector
	OrderID     string  `json:"order_id"`
	Type        string  `json:"return_type"`
	Reason      string  `json:"return_reason"`
	RefundTotal *string `json:"refund_total"`
	Currency    string  `json:"currency"`
	Shipment    string  `json:"shipment_type"`
	Handover    string  `json:"handover_method"`
}

// createReturn is the seller opening a case for the buyer. It needs no further
// approval; the answer's status is T11.
func (s *Sandbox) createReturn(c *call) (any, *apiError) {
	var request createReturnRequest
	if problem := c.decode(&request); problem != nil {
		return nil, problem
	}
	o, problem := s.ownOrder(c, request.OrderID)
	if problem != nil {
		return nil, problem
	}
	if request.Type != kindRefund && request.Type != kindReturn {
		return nil, fail(25001001, "`return_type` must be REFUND or RETURN_AND_REFUND.")
	}
	if o.status == orderCompleted || o.status == orderCancelled {
		return nil, fail(25001051, "The order is %s, no more aftersales.", o.status)
	}
	if problem := checkSellerReason(c.shop, request.Type, o.status, request.Reason); problem != nil {
		if o.shippedAt.IsZero() && problem.code == 25001021 {
			return nil, fail(25001003, "The order state %s does not allow it.", o.status)
		}
		return nil, problem
	}
	units, problem := selectUnits(o, request.selector, c.version)
	if problem != nil {
		return nil, problem
	}
	if slices.ContainsFunc(units, unitBusy) {
		return nil, fail(25001011, "Another request on the order or line is in progress.")
	}
	amount, problem := refundAsked(o, units, request.RefundTotal, request.Currency)
	if problem != nil {
		return nil, problem
	}
	r := s.newReturn(o, request.Type, "SELLER", request.Reason, units, amount)
	if request.Type == kindReturn {
		setIf(&r.shipment, request.Shipment)
		setIf(&r.handover, request.Handover)
	}
	first := returnSuccess
	if request.Type == kindReturn {
		first = returnAwaitingShip
	}
	s.moveReturn(r, first, step{name: "CREATE", by: BySellerAPI, requestID: c.requestID})
	answered := r.status
	if s.readings.CreateAnswersPending {
		answered = returnPending
	}
	return object{"return_id": r.id, "return_status": answered}, nil
}

func setIf(field *string, value string) {
	if value != "" {
		*field = value
	}
}

func (s *Sandbox) ownOrder(c *call, id string) (*order, *apiError) {
	if o := s.orders[id]; o != nil && o.shopID == c.shop.ID {
		return o, nil
	}
	return nil, fail(25007006, "Order %s not found.", id)
}

// refundAsked is what is to be paid: everything left, or less.
func refundAsked(o *order, units []*unit, total *string, currency string) (minor, *apiError) {
	rest := restOf(units)
	if currency != "" && currency != o.currency {
		return 0, fail(25001001, "`currency` must be %s.", o.currency)
	}
	amount := rest
	if total != nil {
		asked, err := parseMoney(*total, o.currency)
		if err != nil {
			return 0, fail(25001001, "`refund_total` %s.", err)
		}
		amount = asked
	}
	if amount > rest || rest == 0 {
		return 0, fail(25005005, "The refund total is above the refundable amount %s.", formatMoney(rest, o.currency))
	}
	if amount <= 0 {
		return 0, fail(25005020, "The amount is not allowed for a partial refund.")
	}
	return amount, nil
}

// selectUnits resolves the selector. Giving more than one is refused, as each
// row of the table says "one selector".
func selectUnits(o *order, sel selector, version string) ([]*unit, *apiError) {
	given := 0
	for _, n := range []int{len(sel.LineIDs), len(sel.SKUs), len(sel.Lines)} {
		if n > 0 {
			given++
		}
	}
	switch {
	case given > 1:
		return nil, fail(25001001, "Give one of `order_line_item_ids`, `skus`, `order_line_list`.")
	case len(sel.SKUs) > 0:
		return o.unitsOfSKUs(sel)
	case len(sel.Lines) > 0:
		return o.unitsOfList(sel, version)
	}
	return o.unitsOfLines(sel.LineIDs)
}

// unitsOfLines takes whole lines; none given means all that are not cancelled.
func (o *order) unitsOfLines(ids []string) ([]*unit, *apiError) {
	var units []*unit
	for i, id := range ids {
		if o.line(id) == nil || slices.Contains(ids[:i], id) {
			return nil, fail(25001001, "Line %s is not in the order, or given twice.", id)
		}
	}
	for _, l := range o.lines {
		if len(ids) == 0 && l.cancelled || !oneOf(ids, l.id) {
			continue
		}
		if l.cancelled {
			return nil, fail(25001010, "Line %s is cancelled.", l.id)
		}
		units = append(units, l.units...)
	}
	return units, nil
}

// unitsOfSKUs takes the first free lines of each SKU.
func (o *order) unitsOfSKUs(sel selector) ([]*unit, *apiError) {
	var units []*unit
	for _, wanted := range sel.SKUs {
		left := wanted.Quantity
		if left < 1 {
			return nil, fail(25001001, "`quantity` must be at least 1.")
		}
		for _, l := range o.lines {
			busy := slices.ContainsFunc(l.units, unitBusy) || l.cancelled || restOf(l.units) == 0
			if left == 0 || l.skuID != wanted.ID || busy {
				continue
			}
			units = append(units, l.units...)
			left--
		}
		if left > 0 {
			return nil, fail(25005011, "Lines beyond the allowed number of SKU %s.", wanted.ID)
		}
	}
	return units, nil
}

// unitsOfList takes lines or single parts; 202602 wants the part on bundle lines.
func (o *order) unitsOfList(sel selector, version string) ([]*unit, *apiError) {
	var units []*unit
	for _, wanted := range sel.Lines {
		l := o.line(wanted.LineID)
		if l == nil || l.cancelled {
			return nil, fail(25001001, "Line %s is not in the order, or cancelled.", wanted.LineID)
		}
		if wanted.SubID == "" && len(l.recipe) > 0 && version >= "202602" {
			return nil, fail(25001001, "`sub_order_line_item_id` is required for bundle line %s.", l.id)
		}
		found := false
		for _, u := range l.units {
			if wanted.SubID != "" && u.subID != wanted.SubID {
				continue
			}
			if slices.Contains(units, u) {
				return nil, fail(25001001, "Line %s is given twice.", l.id)
			}
			units, found = append(units, u), true
		}
		if !found {
			return nil, fail(25001001, "Sub line %s is not in line %s.", wanted.SubID, l.id)
		}
	}
	return units, nil
}
