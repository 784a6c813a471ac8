package tiktoksandbox

import (
	"fmt"
	"slices"
)

// ReturnSpec is what a buyer asks for. No lines means all of the order.
type ReturnSpec struct {
	OrderID    string
	LineIDs    []string
	SubLineIDs []string // single parts of bundle lines
	Type       string   // REFUND, RETURN_AND_REFUND (default), REPLACEMENT
	Reason     string
	KeepItem   bool
	// BuyerArranges makes the buyer find a carrier (BUYER_ARRANGE).
	BuyerArranges bool
	// Amount asks for less than everything.
	Amount string
}

// OpenReturn is the buyer asking in the TikTok app.
func (s *Sandbox) OpenReturn(spec ReturnSpec) (string, error) {
	defer s.enter()()
	return s.openReturn(spec, "")
}

func (s *Sandbox) openReturn(spec ReturnSpec, preID string) (string, error) {
	setDefault(&spec.Type, kindReturn)
	setDefault(&spec.Reason, "ecom_order_delivered_refund_and_return_reason_damaged_uk")
	o := s.orders[spec.OrderID]
	if o == nil {
		return "", fmt.Errorf("open return: no order %s", spec.OrderID)
	}
	if !oneOf([]string{orderAwaitingCollection, orderInTransit, orderDelivered}, o.status) {
		return "", fmt.Errorf("open return: order %s is %s", o.id, o.status)
	}
	units, problem := o.buyerUnits(spec)
	if problem != nil {
		return "", fmt.Errorf("open return on order %s: %w", o.id, problem)
	}
	if slices.ContainsFunc(units, unitBusy) {
		return "", fmt.Errorf("open return on order %s: another case is open on a line", o.id)
	}
	amount := restOf(units)
	if spec.Amount != "" {
		asked, err := parseMoney(spec.Amount, o.currency)
		if err != nil || asked > amount {
			return "", fmt.Errorf("open return on order %s: amount %q", o.id, spec.Amount)
		}
		amount = asked
	}
	r := s.newReturn(o, spec.Type, "BUYER", spec.Reason, units, amount)
	r.keepItem, r.preID = spec.KeepItem, preID
	if spec.BuyerArranges {
		r.shipment, r.method = "BUYER_ARRANGE", "BUYER_SHIPPED"
	}
	first := returnPending
	if spec.Type == kindReplacement {
		first = replacementPending
	}
	s.moveReturn(r, first, step{name: "REQUEST", by: ByBuyer})
	return r.id, nil
}

func (o *order) buyerUnits(spec ReturnSpec) ([]*unit, *apiError) {
	if len(spec.SubLineIDs) == 0 {
		return o.unitsOfLines(spec.LineIDs)
	}
	var units []*unit
	for _, l := range o.lines {
		for _, u := range l.units {
			if slices.Contains(spec.SubLineIDs, u.subID) || slices.Contains(spec.LineIDs, l.id) {
				units = append(units, u)
			}
		}
	}
	if len(units) == 0 {
		return nil, fail(25001001, "No such sub line.")
	}
	return units, nil
}

// act runs a control step on a return in one of the states (none: any).
func (s *Sandbox) act(what, returnID string, states []string, do func(*returnCase) error) error {
	defer s.enter()()
	r := s.returns[returnID]
	if r == nil {
		return fmt.Errorf("%s: no return %s", what, returnID)
	}
	if !oneOf(states, r.status) {
		return fmt.Errorf("%s: return %s is %s", what, returnID, r.status)
	}
	s.keepVersion(r)
	if err := do(r); err != nil {
		return fmt.Errorf("%s: return %s: %w", what, returnID, err)
	}
	return nil
}

// parcelOf lists the returns that travel together with one.
func (s *Sandbox) parcelOf(r *returnCase) []*returnCase {
	if r.combinedID == "" {
		return []*returnCase{r}
	}
	var list []*returnCase
	for _, other := range s.returns {
		if other.combinedID == r.combinedID {
			list = append(list, other)
		}
	}
	slices.SortFunc(list, func(a, b *returnCase) int { return compareText(a.id, b.id) })
	return list
}

// CombineReturns puts several returns into one parcel (T32: each is still decided
// on its own) and returns the combined id.
func (s *Sandbox) CombineReturns(returnIDs ...string) (string, error) {
	defer s.enter()()
	id := s.newID("combined")
	for _, one := range returnIDs {
		if s.returns[one] == nil {
			return "", fmt.Errorf("combine returns: no return %s", one)
		}
	}
	for _, one := range returnIDs {
		s.keepVersion(s.returns[one])
		s.returns[one].combinedID = id
	}
	return id, nil
}

// BuyerShips hands the parcel over: BUYER_SHIPPED_ITEM, for all returns in it. A
// quickly refunded return only gets its tracking number. An empty tracking number
// takes the one of the seller's uploaded label.
func (s *Sandbox) BuyerShips(returnID, tracking string) error {
	return s.act("buyer ships", returnID, []string{returnAwaitingShip, returnShipped, returnSuccess, returnComplete}, func(r *returnCase) error {
		if r.kind != kindReturn || r.handedOver || r.status != returnAwaitingShip && r.status != returnShipped && !r.quick {
			return fmt.Errorf("nothing to ship in %s", r.status)
		}
		for _, one := range s.parcelOf(r) {
			s.handOver(one, tracking)
		}
		return nil
	})
}

func (s *Sandbox) handOver(r *returnCase, tracking string) {
	r.handedOver = true
	setIf(&r.tracking, tracking)
	if !r.labelled {
		r.provider = "Demo Post"
	}
	if r.status == returnAwaitingShip {
		s.moveReturn(r, returnShipped, step{name: "SHIPPED", by: ByBuyer})
		return
	}
	s.touch(r, step{name: "SHIPPED", by: ByBuyer})
}

// ParcelDelivered brings the parcel back to the seller and starts the 48 hours.
func (s *Sandbox) ParcelDelivered(returnID string) error {
	return s.act("parcel delivered", returnID, []string{returnShipped, returnSuccess, returnComplete}, func(r *returnCase) error {
		if !r.handedOver {
			return fmt.Errorf("nothing was shipped")
		}
		for _, one := range s.parcelOf(r) {
			if !one.arrived && one.handedOver {
				s.arrive(one)
			}
		}
		return nil
	})
}

// BuyerWithdraws closes a request that has not been shipped.
func (s *Sandbox) BuyerWithdraws(returnID string) error {
	states := []string{returnPending, returnAwaitingShip, returnOffered, returnRejected, replacementPending, replacementRejected}
	return s.act("buyer withdraws", returnID, states, func(r *returnCase) error {
		to := returnCancel
		if r.kind == kindReplacement {
			to = replacementCancel
		}
		s.moveReturn(r, to, step{name: "WITHDRAW", by: ByBuyer})
		return nil
	})
}

// BuyerEdits replaces a pending request by a new one: the old id is dead
// (next_return_id), the new id points back (pre_return_id).
func (s *Sandbox) BuyerEdits(returnID string, spec ReturnSpec) (newID string, err error) {
	err = s.act("buyer edits", returnID, []string{returnPending, replacementPending}, func(r *returnCase) error {
		setDefault(&spec.OrderID, r.order.id)
		r.nextID = "pending" // frees the lines for the new request
		var err error
		if newID, err = s.openReturn(spec, r.id); err != nil {
			r.nextID = ""
			return err
		}
		r.nextID = newID
		s.moveReturn(r, returnCancel, step{name: "EDIT", by: ByBuyer})
		return nil
	})
	return newID, err
}

// copied gives items whose amounts may change without changing the given ones.
func copied(items []*caseItem) []*caseItem {
	list := make([]*caseItem, len(items))
	for i, item := range items {
		fresh := *item
		fresh.parts = make([]*casePart, len(item.parts))
		for j, part := range item.parts {
			again := *part
			fresh.parts[j] = &again
		}
		list[i] = &fresh
	}
	return list
}

// BuyerAnswersOffer accepts or declines a partial refund. Declined, the case goes
// back to pending with a new deadline (T08).
func (s *Sandbox) BuyerAnswersOffer(returnID string, accept bool) error {
	return s.act("buyer answers offer", returnID, []string{returnOffered}, func(r *returnCase) error {
		if !accept {
			r.offerDeclined = true
			s.moveReturn(r, returnPending, step{name: "DECLINE_OFFER", by: ByBuyer})
			return nil
		}
		r.items = copied(r.items) // earlier forms keep what was asked for
		share(r.items, r.partial)
		r.keepItem = true
		s.moveReturn(r, returnSuccess, step{name: "ACCEPT_OFFER", by: ByBuyer})
		return nil
	})
}

// BuyerDisputes calls the operator after a rejection; deadlines stand still.
func (s *Sandbox) BuyerDisputes(returnID string) error {
	return s.act("buyer disputes", returnID, []string{returnRejected, returnParcelRefused, replacementRejected}, func(r *returnCase) error {
		s.stopTimers(r)
		r.arbitration = arbitrationOpen
		s.touch(r, step{name: "DISPUTE", by: ByBuyer})
		s.tellReturn(r)
		return nil
	})
}

// OperatorDecides ends an arbitration (2.4).
func (s *Sandbox) OperatorDecides(returnID string, forBuyer bool) error {
	return s.act("operator decides", returnID, nil, func(r *returnCase) error {
		if r.arbitration != arbitrationOpen {
			return fmt.Errorf("no arbitration")
		}
		r.arbitration = arbitrationSeller
		if forBuyer {
			r.arbitration = arbitrationBuyer
		}
		s.moveReturn(r, r.afterArbitration(forBuyer), step{name: r.arbitration, by: ByOperator})
		s.tellAppeal(r)
		return nil
	})
}

func (r *returnCase) afterArbitration(forBuyer bool) string {
	switch {
	case r.kind == kindReplacement && forBuyer:
		return replacementComplete
	case r.kind == kindReplacement:
		return replacementCancel
	case !forBuyer:
		return returnCancel
	case r.status == returnRejected && r.kind == kindReturn:
		return returnAwaitingShip
	}
	return returnSuccess
}

// SetArbitration sets the status by hand, for cases that the machine has no path to.
func (s *Sandbox) SetArbitration(returnID, status string) error {
	return s.act("set arbitration", returnID, nil, func(r *returnCase) error {
		r.arbitration = status
		if status == arbitrationOpen {
			s.stopTimers(r)
		}
		s.touch(r, step{name: "ARBITRATION", by: ByOperator})
		return nil
	})
}

// QuickRefund makes the platform pay before inspection: SUCCESS at once and
// COMPLETE after the usual delay while the goods are still under way (T09).
func (s *Sandbox) QuickRefund(returnID string) error {
	return s.act("quick refund", returnID, []string{returnAwaitingShip, returnShipped}, func(r *returnCase) error {
		r.quick = true
		s.moveReturn(r, returnSuccess, step{name: "QUICK_REFUND", by: ByQuickRefund})
		return nil
	})
}
