package tiktoksandbox

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Cancellation states (2.6). Answers and webhooks spell the closed one with
// double L, filters with CANCEL.
const (
	cancelPending   = "CANCELLATION_REQUEST_PENDING"
	cancelSuccess   = "CANCELLATION_REQUEST_SUCCESS"
	cancelComplete  = "CANCELLATION_REQUEST_COMPLETE"
	cancelClosed    = "CANCELLATION_REQUEST_CANCELLED"
	cancelClosedAsk = "CANCELLATION_REQUEST_CANCEL"
)

type cancelCase struct {
	id, shopID, kind, status, role, reason string
	order                                  *order
	items                                  []*caseItem
	shipping                               minor
	replenish                              bool
	action                                 string
	deadline                               time.Time
	created, updated                       time.Time
	payer                                  string
	past                                   versions[cancelCase]
}

func (c *cancelCase) listID() string                        { return c.id }
func (c *cancelCase) listTimes() (create, update time.Time) { return c.created, c.updated }
func (c *cancelCase) open() bool                            { return c.status == cancelPending || c.status == cancelSuccess }

func (c *cancelCase) total() minor {
	sum := c.shipping
	for _, item := range c.items {
		sum += item.amount()
	}
	return sum
}

func (s *Sandbox) newCancel(o *order, kind, role, reason string, units []*unit) *cancelCase {
	c := &cancelCase{id: s.newID("cancel"), shopID: o.shopID, kind: kind, role: role, reason: reason,
		order: o, created: s.now(), updated: s.now()}
	if o.covers(units) {
		c.shipping = o.shippingLeft()
	}
	c.items = s.addItems(units, restOf(units), "cancelline", "returnsub")
	c.replenish = !s.restocksItself(c)
	s.cancels[c.id] = c
	o.cancels = append(o.cancels, c)
	return c
}

// restocksItself is T30: should_replenish_stock is the opposite of auto restock.
func (s *Sandbox) restocksItself(c *cancelCase) bool {
	for _, item := range c.items {
		for _, part := range item.parts {
			if s.skus[part.unit.skuID].NoAutoRestock {
				return false
			}
		}
	}
	return true
}

func (s *Sandbox) moveCancel(c *cancelCase, status string, why step) {
	if c.status != "" {
		c.past.keep(s.now(), *c)
	}
	s.books.Decisions = append(s.books.Decisions, Decision{CancelID: c.id, Decision: why.name, By: why.by,
		From: c.status, To: status, At: s.now(), RequestID: why.requestID})
	c.status, c.updated = status, s.now()
	c.action, c.deadline = "", time.Time{}
	switch status {
	case cancelPending:
		c.action = "SELLER_RESPOND_CANCEL"
		c.deadline = s.after(sellerDeadline, func() {
			if c.status == cancelPending { // silence is consent (4.3)
				s.moveCancel(c, cancelSuccess, step{name: "APPROVE_REQUEST_CANCEL", by: BySystemDeadline})
			}
		})
	case cancelSuccess:
		c.payer = why.by
		s.cancelLines(c)
		s.after(s.options.CompleteAfter, func() {
			s.payCancel(c)
			s.moveCancel(c, cancelComplete, step{name: "REFUNDED", by: BySystem})
		})
	}
	s.emit(c.shopID, topicCancellation, object{"order_id": c.order.id, "cancel_id": c.id,
		"cancellations_role": c.role, "cancel_status": status, "create_time": c.created.Unix()})
}

// cancelLines takes the lines out of the order. Stock comes back by itself only
// where the SKU says so (section 5 item 5).
func (s *Sandbox) cancelLines(c *cancelCase) {
	o := c.order
	s.keepOrder(o)
	for _, item := range c.items {
		l := item.line
		l.cancelled, l.cancelReason, l.cancelUser = true, c.reason, c.role
		back := movement{cause: CauseOrderCanceled, available: +1, committed: -1}
		if c.replenish {
			back.available = 0
		}
		s.moveLine(o, l, back)
		if s.readings.OutOfStockEmpties && strings.HasPrefix(c.reason, outOfStock) {
			s.emptyStock(o, l)
		}
	}
	if !slices.ContainsFunc(o.lines, func(l *line) bool { return !l.cancelled }) {
		o.cancelledAt, o.cancelInitiator, o.cancelReason = s.now(), c.role, c.reason
		s.setOrder(o, orderCancelled)
		return
	}
	o.updateTime = s.now()
}

func (s *Sandbox) emptyStock(o *order, l *line) {
	for _, u := range l.units {
		if available := s.levels[stockKey{u.skuID, o.shipsFrom()}].available; available > 0 && !o.keepStock {
			s.move(stockKey{u.skuID, o.shipsFrom()}, movement{cause: CauseOrderCanceled, available: -available, orderID: o.id})
		}
	}
}

func (s *Sandbox) payCancel(c *cancelCase) {
	o := c.order
	if o.paidAt.IsZero() {
		return // nothing was paid, nothing goes back
	}
	book := func(amount minor, lineID string, u *unit) {
		if amount == 0 {
			return
		}
		p := Payment{CancelID: c.id, OrderID: o.id, LineID: lineID, Amount: formatMoney(amount, o.currency),
			Currency: o.currency, At: s.now(), Initiator: c.payer}
		if u != nil {
			u.paid += amount
			p.SubLineID, p.SKU = u.subID, u.skuID
		}
		s.books.Payments = append(s.books.Payments, p)
	}
	for _, item := range c.items {
		for _, part := range item.parts {
			book(part.amount, item.line.id, part.unit)
		}
		s.accountCancelled(item.line)
	}
	book(c.shipping, "", nil)
	o.shippingFeePaidBack = o.shippingFeePaidBack || c.shipping > 0
}

// refuseOpenCancels: shipping the goods answers a pending request with no.
func (s *Sandbox) refuseOpenCancels(o *order) {
	for _, c := range o.cancels {
		if c.status == cancelPending {
			s.moveCancel(c, cancelClosed, step{name: "SHIPPED", by: BySellerCenter})
		}
	}
}

func (c *cancelCase) checkApprove() *apiError {
	switch {
	case c.order.shippedAt.After(time.Time{}):
		return fail(25001045, "Already shipped.")
	case c.status == cancelClosed:
		return fail(25020009, "Already cancelled.")
	case c.status != cancelPending:
		return fail(25011012, "The state %s does not allow approving.", c.status)
	}
	return nil
}

func (c *cancelCase) checkReject() *apiError {
	switch c.status {
	case cancelPending:
		return nil
	case cancelClosed:
		return fail(25020009, "Already cancelled.")
	}
	return fail(25020010, "Already approved.")
}

// BuyerRequestsCancel asks to cancel the whole order: granted at once while on
// hold or unpaid, otherwise the seller has 48 hours (4.1, 4.3).
func (s *Sandbox) BuyerRequestsCancel(orderID string) (cancelID string, err error) {
	defer s.enter()()
	o := s.orders[orderID]
	if o == nil || !buyerMayStart(kindCancel, o.status) {
		return "", fmt.Errorf("buyer requests cancel: order %s cannot be cancelled", orderID)
	}
	units, problem := o.unitsOfLines(nil)
	if problem != nil || slices.ContainsFunc(units, unitBusy) {
		return "", fmt.Errorf("buyer requests cancel: order %s has an open case", orderID)
	}
	s.keepOrder(o)
	o.buyerAskedToCancel = true
	c := s.newCancel(o, "BUYER_CANCEL", "BUYER", "ecom_order_to_ship_canceled_reason_created_by_mistakes", units)
	if o.status == orderAwaitingShipment {
		s.moveCancel(c, cancelPending, step{name: "REQUEST", by: ByBuyer})
	} else {
		s.moveCancel(c, cancelSuccess, step{name: "REQUEST", by: ByBuyer})
	}
	return c.id, nil
}

// CancelOrder is a person in Seller Center cancelling lines (none: all).
func (s *Sandbox) CancelOrder(orderID string, lineIDs ...string) (cancelID string, err error) {
	defer s.enter()()
	o := s.orders[orderID]
	if o == nil {
		return "", fmt.Errorf("cancel order: no order %s", orderID)
	}
	if problem := checkCancellable(o); problem != nil {
		return "", fmt.Errorf("cancel order %s: %w", orderID, problem)
	}
	units, problem := o.unitsOfLines(lineIDs)
	if problem != nil {
		return "", fmt.Errorf("cancel order %s: %w", orderID, problem)
	}
	if slices.ContainsFunc(units, unitBusy) {
		return "", fmt.Errorf("cancel order %s: another case is open", orderID)
	}
	c := s.newCancel(o, "CANCEL", "SELLER", "seller_center", units)
	s.moveCancel(c, cancelSuccess, step{name: "CREATE", by: BySellerCenter})
	return c.id, nil
}
