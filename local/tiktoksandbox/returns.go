package tiktoksandbox

import (
	"time"
)

// Return types and request types (2.3).
const (
	kindRefund      = "REFUND"
	kindReturn      = "RETURN_AND_REFUND"
	kindReplacement = "REPLACEMENT"
	kindCancel      = "CANCEL"
)

// Return states (2.4).
const (
	returnPending       = "RETURN_OR_REFUND_REQUEST_PENDING"
	returnSuccess       = "RETURN_OR_REFUND_REQUEST_SUCCESS"
	returnComplete      = "RETURN_OR_REFUND_REQUEST_COMPLETE"
	returnCancel        = "RETURN_OR_REFUND_REQUEST_CANCEL"
	returnRejected      = "REFUND_OR_RETURN_REQUEST_REJECT"
	returnOffered       = "AWAITING_BUYER_RESPONSE"
	returnAwaitingShip  = "AWAITING_BUYER_SHIP"
	returnShipped       = "BUYER_SHIPPED_ITEM"
	returnParcelRefused = "REJECT_RECEIVE_PACKAGE"
	replacementPending  = "REPLACEMENT_REQUEST_PENDING"
	replacementComplete = "REPLACEMENT_REQUEST_COMPLETE"
	replacementRefunded = "REPLACEMENT_REQUEST_REFUND_SUCCESS"
	replacementRejected = "REPLACEMENT_REQUEST_REJECT"
	replacementCancel   = "REPLACEMENT_REQUEST_CANCEL"
)

// Arbitration states (2.3).
const (
	arbitrationOpen   = "IN_PROGRESS"
	arbitrationBuyer  = "SUPPORT_BUYER"
	arbitrationSeller = "SUPPORT_SELLER"
)

// Seller timers (4.3).
const (
	sellerDeadline      = 48 * time.Hour
	replacementDeadline = 24 * time.Hour
	buyerShipsWithin    = 5 * 24 * time.Hour
	disputeWithin       = 48 * time.Hour
)

type returnCase struct {
	id, shopID, kind, status, role string
	order                          *order
	reason                         string
	shipment, handover, method     string
	tracking, provider, providerID string
	document                       string // what the buyer needs to send the goods back
	arbitration                    string
	keepItem, quick, offerDeclined bool
	labelled, handedOver           bool // the seller uploaded a label; the parcel is on its way
	preID, nextID, combinedID      string
	partial                        minor
	offered                        bool
	action                         string
	deadline                       time.Time
	items                          []*caseItem
	created, updated               time.Time
	generation                     int // timers of an older generation are dead
	payer                          string
	paid, arrived                  bool
	aftersalesID, rmaID            string
	records                        []object
	past                           versions[returnCase]
	moneyHeld, moneyDue            bool
}

// caseItem is one order line in a case.
type caseItem struct {
	id    string
	line  *line
	parts []*casePart
}

// casePart is one unit in a case and the money asked for it.
type casePart struct {
	id     string // of the return_sub_line_item; empty on ordinary lines
	unit   *unit
	amount minor
}

func (r *returnCase) listID() string                        { return r.id }
func (r *returnCase) listTimes() (create, update time.Time) { return r.created, r.updated }

func (i *caseItem) amount() (sum minor) {
	for _, p := range i.parts {
		sum += p.amount
	}
	return sum
}

func (r *returnCase) total() (sum minor) {
	for _, i := range r.items {
		sum += i.amount()
	}
	return sum
}

// open says that TikTok may still decide or pay here. The reject states are not
// the end, a dispute can reopen them; an edited case is dead (2.4).
func (r *returnCase) open() bool {
	switch r.status {
	case returnComplete, returnCancel, replacementComplete, replacementRefunded, replacementCancel:
		return false
	}
	return r.nextID == ""
}

func hasUnit(items []*caseItem, u *unit) bool {
	for _, item := range items {
		for _, part := range item.parts {
			if part.unit == u {
				return true
			}
		}
	}
	return false
}

// unitBusy tells whether a return or cancellation on the unit is still open.
func unitBusy(u *unit) bool {
	for _, r := range u.line.order.returns {
		if r.open() && hasUnit(r.items, u) {
			return true
		}
	}
	for _, c := range u.line.order.cancels {
		if c.open() && hasUnit(c.items, u) {
			return true
		}
	}
	return false
}

func (o *order) hasOpenCase() bool {
	for _, r := range o.returns {
		if r.open() {
			return true
		}
	}
	for _, c := range o.cancels {
		if c.open() {
			return true
		}
	}
	return false
}

func (u *unit) rest() minor { return max(u.refundable-u.paid, 0) }

// addItems groups units by line and gives each its share of the amount.
func (s *Sandbox) addItems(units []*unit, amount minor, lineKind, partKind string) []*caseItem {
	var items []*caseItem
	byLine := map[*line]*caseItem{}
	for _, u := range units {
		item := byLine[u.line]
		if item == nil {
			item = &caseItem{id: s.newID(lineKind), line: u.line}
			byLine[u.line] = item
			items = append(items, item)
		}
		part := &casePart{unit: u}
		if u.subID != "" {
			part.id = s.newID(partKind)
		}
		item.parts = append(item.parts, part)
	}
	share(items, amount)
	return items
}

// share spreads an amount over lines by what is left to refund on each, then
// inside a bundle line over its parts the same way.
func share(items []*caseItem, amount minor) {
	weights := make([]minor, len(items))
	inside := make([][]minor, len(items))
	for i, item := range items {
		for _, p := range item.parts {
			inside[i] = append(inside[i], p.unit.rest())
			weights[i] += p.unit.rest()
		}
	}
	for i, forLine := range spread(amount, weights) {
		for j, forPart := range spread(forLine, inside[i]) {
			items[i].parts[j].amount = forPart
		}
	}
}

func restOf(units []*unit) (sum minor) {
	for _, u := range units {
		sum += u.rest()
	}
	return sum
}

// newReturn files a case; the caller moves it into its first state.
func (s *Sandbox) newReturn(o *order, kind, role, reason string, units []*unit, amount minor) *returnCase {
	r := &returnCase{id: s.newID("return"), shopID: o.shopID, order: o, kind: kind, role: role, reason: reason,
		created: s.now(), updated: s.now(), aftersalesID: s.newID("aftersales")}
	r.items = s.addItems(units, amount, "returnline", "returnsub")
	if kind == kindReturn {
		r.shipment, r.handover, r.method = "PLATFORM", "DROP_OFF", "PLATFORM_SHIPPED"
		r.document = s.shops[o.shopID].ReturnDocument
	}
	s.returns[r.id] = r
	o.returns = append(o.returns, r)
	return r
}
