package tiktoksandbox

import "time"

// step is one decision and who took it.
type step struct {
	name, by, requestID string
}

// moveReturn is the only way a case changes state (2.4): it stops the timers of
// the old state, starts those of the new one, writes the books, tells topic 12.
func (s *Sandbox) moveReturn(r *returnCase, status string, why step) {
	s.keepVersion(r)
	s.books.Decisions = append(s.books.Decisions, Decision{ReturnID: r.id, Decision: why.name, By: why.by,
		From: r.status, To: status, At: s.now(), RequestID: why.requestID})
	r.status = status
	s.stopTimers(r)
	s.touch(r, why)
	switch status {
	case returnPending, replacementPending:
		s.awaitSeller(r)
	case returnAwaitingShip:
		s.awaitParcel(r)
	case returnSuccess:
		s.plannedPayment(r, why.by)
	case returnRejected, returnParcelRefused:
		s.later(r, disputeWithin, func() { s.moveReturn(r, returnCancel, step{name: "NO_DISPUTE", by: BySystem}) })
	case replacementRejected:
		s.later(r, disputeWithin, func() { s.moveReturn(r, replacementCancel, step{name: "NO_DISPUTE", by: BySystem}) })
	case replacementComplete:
		s.sendReplacement(r)
	}
	s.tellReturn(r)
	if !r.open() {
		s.completeIfDone(r.order)
	}
}

// keepVersion notes what a case looked like before it changes. A new case has no
// earlier form.
func (s *Sandbox) keepVersion(r *returnCase) {
	if r.status != "" {
		r.past.keep(s.now(), *r)
	}
}

func (s *Sandbox) stopTimers(r *returnCase) {
	r.generation++
	r.action, r.deadline = "", time.Time{}
}

// later runs only if the case has not moved on by then.
func (s *Sandbox) later(r *returnCase, d time.Duration, run func()) time.Time {
	generation := r.generation
	return s.after(d, func() {
		if r.generation == generation {
			run()
		}
	})
}

// awaitSeller starts the seller's clock: silence is consent (4.3).
func (s *Sandbox) awaitSeller(r *returnCase) {
	switch r.kind {
	case kindRefund:
		r.action = "SELLER_RESPOND_REFUND"
		r.deadline = s.later(r, sellerDeadline, func() {
			s.moveReturn(r, returnSuccess, step{name: "APPROVE_REFUND", by: BySystemDeadline})
		})
	case kindReturn:
		r.action = "SELLER_RESPOND_RETURN"
		r.deadline = s.later(r, sellerDeadline, func() {
			s.moveReturn(r, returnAwaitingShip, step{name: "APPROVE_RETURN", by: BySystemDeadline})
		})
	case kindReplacement:
		r.action = "SELLER_RESPOND_REPLACEMENT"
		r.deadline = s.later(r, replacementDeadline, func() {
			s.moveReturn(r, replacementComplete, step{name: "APPROVE_REPLACEMENT", by: BySystemDeadline})
		})
	}
	s.tellAftersales(r, "PENDING_REQUEST_REVIEW")
}

// awaitParcel gives the buyer about five days to ship.
func (s *Sandbox) awaitParcel(r *returnCase) {
	if r.rmaID == "" {
		r.rmaID = s.newID("rma")
	}
	s.tellAftersales(r, "REQUEST_REVIEW_COMPLETED")
	s.tellRMA(r, "RMA_CREATED")
	s.later(r, buyerShipsWithin, func() { s.moveReturn(r, returnCancel, step{name: "NOT_SHIPPED", by: BySystem}) })
}

// arrive starts the clock on the received package: 48 h after delivery.
func (s *Sandbox) arrive(r *returnCase) {
	s.keepVersion(r)
	r.arrived = true
	if r.status != returnShipped {
		return // a quick refund has paid already; the parcel changes nothing (T09)
	}
	s.stopTimers(r)
	r.action = "SELLER_RESPOND_RECEIVE_PACKAGE"
	r.deadline = s.later(r, sellerDeadline, func() {
		s.moveReturn(r, returnSuccess, step{name: "APPROVE_RECEIVED_PACKAGE", by: BySystemDeadline})
	})
	s.touch(r, step{name: "PACKAGE_DELIVERED", by: BySystem})
	s.tellRMA(r, "PENDING_PACKAGE_REVIEW")
}

// plannedPayment: SUCCESS is not money, COMPLETE is (2.4, 6.11).
func (s *Sandbox) plannedPayment(r *returnCase, by string) {
	r.payer = by
	if r.arrived {
		s.tellRMA(r, "PACKAGE_REVIEW_COMPLETED")
	} else if r.rmaID == "" {
		s.tellAftersales(r, "REQUEST_REVIEW_COMPLETED")
	}
	s.later(r, s.options.CompleteAfter, func() {
		if r.moneyDue = r.moneyHeld; !r.moneyDue {
			s.complete(r)
		}
	})
}

func (s *Sandbox) complete(r *returnCase) {
	s.payBuyer(r)
	s.moveReturn(r, returnComplete, step{name: "REFUNDED", by: BySystem})
}

// HoldMoney keeps an approved refund from completing for as long as it is held:
// SUCCESS is not money (2.4).
func (s *Sandbox) HoldMoney(returnID string, held bool) error {
	return s.act("hold money", returnID, nil, func(r *returnCase) error {
		r.moneyHeld = held
		if !held && r.moneyDue && r.status == returnSuccess {
			r.moneyDue = false
			s.complete(r)
		}
		return nil
	})
}

// payBuyer books the money and tells topic 67.
func (s *Sandbox) payBuyer(r *returnCase) {
	r.paid = true
	for _, item := range r.items {
		for _, part := range item.parts {
			if part.amount == 0 {
				continue
			}
			before := item.line.paid()
			part.unit.paid += part.amount
			s.accountRefund(item.line, before, item.line.paid())
			s.books.Payments = append(s.books.Payments, Payment{ReturnID: r.id, OrderID: r.order.id,
				LineID: item.line.id, SubLineID: part.unit.subID, SKU: part.unit.skuID,
				Amount: formatMoney(part.amount, r.order.currency), Currency: r.order.currency,
				At: s.now(), Initiator: r.payer})
		}
	}
	s.tellRefund(r)
}

// sendReplacement creates the new order of a granted replacement: no revenue of
// its own (2.2).
func (s *Sandbox) sendReplacement(r *returnCase) {
	o := &order{id: s.newID("order"), shopID: r.shopID, buyerID: r.order.buyerID, currency: r.order.currency,
		warehouse: r.order.warehouse, replaces: r.order.id, createTime: s.now(), updateTime: s.now()}
	for _, item := range r.items {
		k := s.skus[item.line.skuID]
		l := &line{order: o, id: s.newID("line"), skuID: k.ID, sellerSKU: k.SellerSKU, skuName: k.Name,
			productID: k.product.ID, productName: k.product.Title, recipe: k.Parts}
		s.addUnits(l, k)
		o.lines = append(o.lines, l)
	}
	s.orders[o.id] = o
	s.commitStock(o)
	s.pay(o, false)
}

func (s *Sandbox) touch(r *returnCase, why step) {
	r.updated = s.now()
	r.records = append(r.records, object{"event": "ORDER_RETURN", "role": roleOf(why.by), "description": why.name,
		"reason_text": r.reason, "note": "", "create_time": s.now().Unix()})
}

// roleOf prints roles in mixed case, as the platform does (2.3).
func roleOf(by string) string {
	switch by {
	case ByBuyer:
		return "Buyer"
	case BySellerAPI, BySellerCenter:
		return "Seller"
	case ByOperator:
		return "Operator"
	}
	return "System"
}

func (s *Sandbox) tellReturn(r *returnCase) {
	s.emit(r.shopID, topicReturn, object{"order_id": r.order.id, "return_id": r.id, "return_role": r.role,
		"return_type": r.kind, "return_status": r.status,
		"create_time": r.created.Unix(), "update_time": r.updated.Unix()})
}

func (s *Sandbox) tellAftersales(r *returnCase, status string) {
	s.emit(r.shopID, topicAftersales, object{"aftersales_request_id": r.aftersalesID, "return_role": r.role,
		"aftersales_request_status": status, "aftersales_request_create_time": r.created.Unix(),
		"aftersales_request_update_time": s.now().Unix()})
}

func (s *Sandbox) tellRMA(r *returnCase, status string) {
	s.emit(r.shopID, topicRMA, object{"rma_id": r.rmaID, "aftersales_request_id": r.aftersalesID,
		"return_role": r.role, "rma_status": status,
		"rma_create_time": r.created.Unix(), "rma_update_time": s.now().Unix()})
}

func (s *Sandbox) tellRefund(r *returnCase) {
	lines := []object{}
	for _, item := range r.items {
		for _, part := range item.parts {
			row := object{"main_order_id": r.order.id, "return_line_item_id": item.id,
				"sku_id": part.unit.skuID, "sku_return_request_id": r.id} // T24
			putText(row, "sub_return_line_item_id", part.id)
			lines = append(lines, row)
		}
	}
	s.emit(r.shopID, topicRefund, object{"aftersales_request_id": r.aftersalesID, "rma_id": r.rmaID,
		"refund_total": formatMoney(r.total(), r.order.currency), "refund_currency": r.order.currency,
		"refund_status": "REFUND_SUCCESS", "refund_timestamp": s.now().Unix(), "line_items": lines})
}
