package tiktoksandbox

import (
	"fmt"
	"time"
)

// OrderView is a copy of an order for people and tests.
type OrderView struct {
	ID, ShopID, BuyerID, Status, Warehouse, Currency, Replaces string
	Lines                                                      []LineView
}

// LineView is one line of an order.
type LineView struct {
	ID, SKU, SellerSKU, SalePrice, Refundable, Paid string
	Gift, Cancelled                                 bool
	SubLines                                        []SubLineView
}

// SubLineView is one physical part of a bundle line.
type SubLineView struct {
	ID, SKU, SellerSKU, Price, Refundable, Paid string
}

// ReturnView is a copy of a return.
type ReturnView struct {
	ID, OrderID, Type, Status, Role, Reason, Arbitration string
	RefundTotal, Currency, Tracking                      string
	PreID, NextID, CombinedID                            string
	Action                                               string
	Deadline                                             time.Time
	Arrived, Quick, Paid                                 bool
	LineIDs, SubLineIDs                                  []string
	Created, Updated                                     time.Time
}

// CancelView is a copy of a cancellation.
type CancelView struct {
	ID, OrderID, Type, Status, RefundTotal string
	ShouldReplenishStock                   bool
	Deadline                               time.Time
}

// Order returns a copy of an order.
func (s *Sandbox) Order(id string) (OrderView, error) {
	defer s.enter()()
	o := s.orders[id]
	if o == nil {
		return OrderView{}, fmt.Errorf("no order %s", id)
	}
	money := func(amount minor) string { return formatMoney(amount, o.currency) }
	view := OrderView{ID: o.id, ShopID: o.shopID, BuyerID: o.buyerID, Status: o.status, Warehouse: o.warehouse,
		Currency: o.currency, Replaces: o.replaces}
	for _, l := range o.lines {
		lv := LineView{ID: l.id, SKU: l.skuID, SellerSKU: l.sellerSKU, SalePrice: money(l.sale), Gift: l.gift, Cancelled: l.cancelled}
		var refundable, paid minor
		for _, u := range l.units {
			refundable, paid = refundable+u.refundable, paid+u.paid
			if u.subID != "" {
				lv.SubLines = append(lv.SubLines, SubLineView{ID: u.subID, SKU: u.skuID, SellerSKU: u.sellerSKU,
					Price: money(u.price), Refundable: money(u.refundable), Paid: money(u.paid)})
			}
		}
		lv.Refundable, lv.Paid = money(refundable), money(paid)
		view.Lines = append(view.Lines, lv)
	}
	return view, nil
}

// Return returns a copy of a return.
func (s *Sandbox) Return(id string) (ReturnView, error) {
	defer s.enter()()
	r := s.returns[id]
	if r == nil {
		return ReturnView{}, fmt.Errorf("no return %s", id)
	}
	view := ReturnView{ID: r.id, OrderID: r.order.id, Type: r.kind, Status: r.status, Role: r.role, Reason: r.reason,
		Arbitration: r.arbitration, RefundTotal: formatMoney(r.total(), r.order.currency), Currency: r.order.currency,
		Tracking: r.tracking, PreID: r.preID, NextID: r.nextID, CombinedID: r.combinedID,
		Action: r.action, Deadline: r.deadline, Arrived: r.arrived, Quick: r.quick, Paid: r.paid,
		Created: r.created, Updated: r.updated}
	for _, item := range r.items {
		view.LineIDs = append(view.LineIDs, item.line.id)
		for _, part := range item.parts {
			if part.unit.subID != "" {
				view.SubLineIDs = append(view.SubLineIDs, part.unit.subID)
			}
		}
	}
	return view, nil
}

// ReturnsOf lists the return ids of an order, oldest first.
func (s *Sandbox) ReturnsOf(orderID string) []string {
	defer s.enter()()
	var ids []string
	if o := s.orders[orderID]; o != nil {
		for _, r := range o.returns {
			ids = append(ids, r.id)
		}
	}
	return ids
}

// Cancellation returns a copy of a cancellation.
func (s *Sandbox) Cancellation(id string) (CancelView, error) {
	defer s.enter()()
	c := s.cancels[id]
	if c == nil {
		return CancelView{}, fmt.Errorf("no cancellation %s", id)
	}
	return CancelView{ID: c.id, OrderID: c.order.id, Type: c.kind, Status: c.status,
		RefundTotal: formatMoney(c.total(), c.order.currency), ShouldReplenishStock: c.replenish, Deadline: c.deadline}, nil
}
