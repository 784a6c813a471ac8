package tiktoksandbox

import (
	"fmt"
	"time"
)

// setOrder moves an order and tells topic 1, which spells CANCELLED as CANCEL (2.2).
func (s *Sandbox) setOrder(o *order, status string) {
	s.keepOrder(o)
	o.status, o.updateTime = status, s.now()
	s.emitOrder(o)
}

func (s *Sandbox) emitOrder(o *order) {
	spelled := o.status
	if spelled == orderCancelled {
		spelled = "CANCEL"
	}
	s.emit(o.shopID, topicOrder, object{"order_id": o.id, "order_status": spelled,
		"is_on_hold_order": o.onHold, "update_time": o.updateTime.Unix()})
}

func (s *Sandbox) commitStock(o *order) {
	for _, l := range o.lines {
		s.moveLine(o, l, movement{cause: CauseOrderCreated, available: -1, committed: +1})
	}
}

// moveLine applies one movement to every physical unit of a line.
func (s *Sandbox) moveLine(o *order, l *line, m movement) {
	if o.keepStock {
		return
	}
	m.orderID = o.id
	perSKU := map[string]int{}
	var sequence []string
	for _, u := range l.units {
		if perSKU[u.skuID] == 0 {
			sequence = append(sequence, u.skuID)
		}
		perSKU[u.skuID]++
	}
	for _, id := range sequence {
		times := m
		times.available *= perSKU[id]
		times.committed *= perSKU[id]
		times.physical *= perSKU[id]
		s.move(stockKey{id, o.shipsFrom()}, times)
	}
}

func (s *Sandbox) pay(o *order, hold bool) {
	s.keepOrder(o)
	o.paidAt = s.now()
	if !hold {
		s.setOrder(o, orderAwaitingShipment)
		return
	}
	o.onHold = true
	s.setOrder(o, orderOnHold)
	s.after(time.Hour, func() { // buyer's remorse window (4.3)
		if o.status == orderOnHold {
			s.setOrder(o, orderAwaitingShipment)
		}
	})
}

// ship lets the goods leave: committed and the true count go down. A pending
// cancellation request is thereby refused (2.6, US practice).
func (s *Sandbox) ship(o *order) {
	s.refuseOpenCancels(o)
	s.keepOrder(o)
	o.shippedAt = s.now()
	packageID := s.newID("package")
	s.packages[packageID] = o
	for _, l := range o.lines {
		if l.cancelled {
			continue
		}
		l.packageID, l.tracking = packageID, trackingOf(packageID)
		s.moveLine(o, l, movement{cause: CauseOrderShipped, committed: -1, physical: -1})
	}
	s.setOrder(o, orderInTransit)
}

func (s *Sandbox) deliverOrder(o *order) {
	s.keepOrder(o)
	o.deliveredAt = s.now()
	s.setOrder(o, orderDelivered)
	s.accountSale(o)
	s.after(s.returnWindow(o), func() {
		o.windowOver = true
		s.completeIfDone(o)
	})
}

// returnWindow is the buyer's time per market (4.4).
func (s *Sandbox) returnWindow(o *order) time.Duration {
	if s.options.ReturnWindow > 0 {
		return s.options.ReturnWindow
	}
	days := map[string]int{"VN": 15, "ID": 6}[s.shops[o.shopID].Region]
	setDefault(&days, 30)
	return time.Duration(days) * 24 * time.Hour
}

// completeIfDone is T28: COMPLETED when the window is over and no case is open.
func (s *Sandbox) completeIfDone(o *order) {
	if o.windowOver && o.status == orderDelivered && !o.hasOpenCase() {
		s.setOrder(o, orderCompleted)
	}
}

// step runs one control step on an order that must be in one of the states.
func (s *Sandbox) step(what, orderID string, states []string, act func(*order)) error {
	defer s.enter()()
	o := s.orders[orderID]
	if o == nil {
		return fmt.Errorf("%s: no order %s", what, orderID)
	}
	if !oneOf(states, o.status) {
		return fmt.Errorf("%s: order %s is %s", what, orderID, o.status)
	}
	act(o)
	return nil
}

// PayOrder pays an UNPAID order; hold puts it into the remorse window first.
func (s *Sandbox) PayOrder(orderID string, hold bool) error {
	return s.step("pay order", orderID, []string{orderUnpaid}, func(o *order) { s.pay(o, hold) })
}

// ReadyToShip arranges the shipment: AWAITING_COLLECTION.
func (s *Sandbox) ReadyToShip(orderID string) error {
	return s.step("ready to ship", orderID, []string{orderAwaitingShipment}, func(o *order) { s.setOrder(o, orderAwaitingCollection) })
}

// ShipOrder hands the goods to the courier: IN_TRANSIT.
func (s *Sandbox) ShipOrder(orderID string) error {
	return s.step("ship order", orderID, []string{orderAwaitingShipment, orderAwaitingCollection}, s.ship)
}

// DeliverOrder brings the parcel to the buyer: DELIVERED.
func (s *Sandbox) DeliverOrder(orderID string) error {
	return s.step("deliver order", orderID, []string{orderInTransit}, s.deliverOrder)
}

// CompleteOrder ends the return window at once. With an open case the order
// turns COMPLETED when that closes (T28).
func (s *Sandbox) CompleteOrder(orderID string) error {
	return s.step("complete order", orderID, []string{orderDelivered}, func(o *order) {
		o.windowOver = true
		s.completeIfDone(o)
	})
}
