package rules

import (
	"fmt"
	"slices"
	"time"

	"returnbridge/internal/returns"
)

// register makes sure TikTok lets the buyer send the parcel: the buyer's own
// return is adopted and accepted once ReturnGO approved the RMA; where there is
// none, one may be opened.
func (d *desk) register() {
	d.judge()
	if !d.approvedByReturnGO() || d.Record.Order.Fulfillment == returns.FulfilledByTikTok {
		return
	}
	for _, g := range d.groups() {
		t := g.tiktok
		if t == nil || d.vanished(*t) || t.Status != returns.TikTokPending || t.Type != returns.TypeReturnAndRefund || t.Disputed() {
			continue
		}
		p := d.partnersOf(g)
		if !g.anyParcel() || g.any(asked) || g.any(refused) && !d.acceptedWith(g, p) {
			continue // nothing is to come back, or it is not to be refunded: refund() names it
		}
		if p.missing {
			d.wait("TikTok return " + t.ID + " covers units this RMA does not")
			continue
		}
		if d.follows(p) || p.open+p.refused > 0 {
			d.waitForPartners(g, p)
			continue
		}
		if d.openedByUs(t) && len(t.Actions) == 0 {
			d.awaitOpened(*t)
			continue
		}
		d.effect(d.Policy.Switches.Register, returns.Act{
			Kind: returns.ActAccept, Route: returns.RouteAcceptReturn, Subject: t.ID, TikTokReturnID: t.ID, OrderID: d.orderID,
			Units: g.ids(), Reason: "ReturnGO approved the RMA: accept the buyer's return at TikTok",
		}, returns.EffectAccept)
	}
	d.openReturns()
	d.uploadLabels()
}

// anyParcel tells whether anything is to come back.
func (d *desk) anyParcel() bool {
	return slices.ContainsFunc(d.Record.RMA.Items, func(i returns.RMAItem) bool { return i.ReturnMethod != returns.MethodNoShipment })
}

// anyParcel tells whether anything of the group is to come back.
func (g group) anyParcel() bool {
	return slices.ContainsFunc(g.units, func(u *unit) bool { return u.item.ReturnMethod != returns.MethodNoShipment && !u.nothingCame() })
}

// holdsAllOf tells whether every unit of the group's TikTok return is ours: a
// decision at TikTok is taken for all of them at once.
func (d *desk) holdsAllOf(g group) bool {
	for _, l := range g.tiktok.Lines {
		if !slices.ContainsFunc(g.units, func(u *unit) bool { return u.hold.Unit.LineID() == l.OrderLineID }) {
			return false
		}
	}
	return true
}

// refund carries each group of units to money paid. It never waits for stock.
func (d *desk) refund() {
	for _, g := range d.groups() {
		if g.tiktok != nil {
			d.throughTikTokReturn(g)
		} else {
			d.bySellerRefund(g)
		}
	}
	d.nameOverlaps()
	d.nameContradictions()
}

// throughTikTokReturn follows a case that already exists on the units.
func (d *desk) throughTikTokReturn(g group) {
	t := g.tiktok
	switch {
	case t.Paid():
		d.compare(g)
	case d.vanished(*t):
		g.say("TikTok no longer shows its return")
		d.askAboutVanished(*t)
	case t.Status == returns.TikTokApproved:
		g.say("approved, money on its way")
		d.wait(fmt.Sprintf("TikTok approved %s; the money has not moved yet", t.Refund))
		d.wakeAt(d.growing(d.Policy.MoneyWait, t.UpdatedAt), "see whether the money has moved", returns.TikTok)
	case !t.KnownStatus():
		g.say("unknown status")
		d.raiseUnknown(t.ID, t.UpdatedAt, t.Refund, "TikTok return %s has the status %q", t.ID, t.Status)
	case t.Type != returns.TypeRefund && t.Type != returns.TypeReturnAndRefund:
		g.say("not a refund")
		d.raiseUnknown(t.ID, t.UpdatedAt, t.Refund, "TikTok return %s is of the type %q", t.ID, t.Type)
	case !t.KnownArbitration():
		g.say("unknown arbitration")
		d.raiseUnknown(t.ID, t.UpdatedAt, t.Refund, "TikTok return %s is in the arbitration %q", t.ID, t.Arbitration)
	case t.Arbitration == returns.ArbitrationInProgress:
		g.say("in dispute")
		d.wait("TikTok's arbitration decides on return " + t.ID)
	case d.Record.Order.Fulfillment == returns.FulfilledByTikTok:
		g.say("fulfilled by TikTok")
		if !d.answeredAbout(t.ID, returns.FulfilledTikTok, returns.AnswerHandledManually) {
			d.raiseAbout(t.ID, returns.FulfilledTikTok, t.Refund, "order %s is fulfilled by TikTok", d.orderID)
		}
	default:
		d.decideOn(g)
	}
}

// decideOn chooses the route for an open case by its state.
func (d *desk) decideOn(g group) {
	t := g.tiktok
	g.say(g.units[0].why)
	if notOfItsType(*t) {
		g.say("a status of another type")
		d.raiseUnknown(t.ID, t.UpdatedAt, t.Refund, "TikTok return %s is of the type %q and has the status %q, which only other types have", t.ID, t.Type, t.Status)
		return
	}
	p := d.partnersOf(g)
	if d.follows(p) && (t.Status == returns.TikTokPending || t.Status == returns.TikTokShipped) {
		d.waitForPartners(g, p)
		return
	}
	switch t.Status {
	case returns.TikTokPending:
		d.decideOnRequest(g, p)
	case returns.TikTokAwaitingShip:
		d.awaitParcel(g)
	case returns.TikTokShipped:
		if !d.waitsForLost(g) {
			d.payByCase(g, returns.RouteConfirmParcel)
		}
	case returns.TikTokRejected, returns.TikTokParcelRejected:
		d.followRejected(g)
	default:
		d.wait("TikTok return " + t.ID + " waits for the buyer")
	}
}

// decideOnRequest answers the buyer's request, before any parcel.
func (d *desk) decideOnRequest(g group, p partners) {
	t := g.tiktok
	switch {
	case g.any(undecided) && (!g.any(refused) || !g.any(authorised) && p.units == p.refused):
		d.wait(g.with(undecided).units[0].why)
	case g.all(refused) && p.allRefused(), g.any(refused) && t.Type != returns.TypeRefund && p.units == 0:
		d.askToReject(g)
	case t.Type == returns.TypeRefund:
		d.payByCase(g, returns.RouteApproveRefund)
	case p.undecided():
		d.waitForPartners(g, p)
	case d.acceptedWith(g, p) && g.anyParcel():
		d.wait("a person accepted what TikTok pays: the buyer may send the parcel as soon as TikTok knows")
	case g.any(refused) || p.refused > 0:
		d.askAboutMixed(g, p)
	case !g.anyParcel() && p.units > 0: // whether the others' goods are to come is not known here
		d.raiseAbout(t.ID, returns.UnitsWithoutRMA, t.Refund, "TikTok return %s covers units of %s, and this RMA wants no parcel", t.ID, p.names())
	case !g.anyParcel():
		d.payByCase(g, returns.RouteKeepGoods)
	default:
		d.wait("the buyer may send the parcel as soon as TikTok knows")
	}
}

// awaitParcel waits for the buyer to send the parcel, unless it is here already or
// does not come.
func (d *desk) awaitParcel(g group) {
	t := g.tiktok
	if slices.ContainsFunc(g.units, func(u *unit) bool { return u.item.Inspection.Done() && u.item.Inspection.Returned }) {
		if d.Record.TikTokReadAt.Before(d.Record.RMAReadAt.Add(-d.apart())) { // perhaps by another machine's clock
			d.look(returns.TikTok, "the goods are here: see whether TikTok knows")
			return
		}
		if !d.answeredAbout(t.ID, returns.ParcelNotShipped, returns.AnswerHandledManually) {
			d.raiseAbout(t.ID, returns.ParcelNotShipped, t.Refund, "the goods of TikTok return %s are here, TikTok still waits for the buyer to send them", t.ID)
		}
		return
	}
	if d.waitsForLost(g) {
		return
	}
	d.wait("the buyer has not sent the parcel yet")
}

// followRejected asks about a rejection of what ReturnGO authorises, until TikTok has
// closed the return.
func (d *desk) followRejected(g group) {
	t := g.tiktok
	value := atStake(*t, g.with(authorised))
	switch {
	case !g.any(authorised):
	case d.paysRejected(*t, g.with(authorised)):
		d.wait("TikTok return " + t.ID + " was rejected; a person decided to pay as soon as TikTok has closed it")
		return
	case !d.answeredAbout(t.ID, returns.RejectedOnTikTok, returns.AnswerDoNotRefund, returns.AnswerHandledManually):
		d.raiseAbout(t.ID, returns.RejectedOnTikTok, value, "TikTok return %s was rejected, and ReturnGO authorises %s", t.ID, words(value))
		return
	}
	d.wait("TikTok return " + t.ID + " was rejected; a dispute may still open it")
}

// waitsForLost names a case that can pay nothing for goods of which none came, though
// their refund is authorised: TikTok wants a parcel first, and to confirm one would
// be a false statement.
func (d *desk) waitsForLost(g group) bool {
	t := g.tiktok
	if !g.any(authorised) || slices.ContainsFunc(g.units, func(u *unit) bool { return !u.nothingCame() }) {
		return false
	}
	value, _, _ := g.with(authorised).value()
	d.raiseAbout(t.ID, returns.CaseInTheWay, value, "ReturnGO authorised %s though nothing came back; TikTok return %s waits for the parcel and takes no refund beside it", words(value), t.ID)
	g.say("TikTok's return waits for a parcel that does not come")
	return true
}

// notOfItsType tells whether a refund has a status of a replacement, or one
// without parcel a parcel's (TikTok contract 2.4): no decision is known for it (2.5).
func notOfItsType(t returns.TikTokReturn) bool {
	switch t.Status {
	case returns.TikTokReplacePending, returns.TikTokReplaceRejected:
		return true
	case returns.TikTokAwaitingShip, returns.TikTokShipped:
		return t.Type == returns.TypeRefund
	}
	return false
}

// payByCase lets TikTok pay its own amount, if that is to the penny what was
// authorised for every unit of the case.
func (d *desk) payByCase(g group, route returns.Route) {
	t, p := g.tiktok, d.partnersOf(g)
	if e := d.sent(g); e != nil && e.Subject != t.ID {
		g.say("refund of " + e.Amount.String() + " sent")
		if !d.unclear(*e) {
			d.await(*e) // the money may be moving already: TikTok must not pay beside it
		}
		return
	}
	switch {
	case p.missing:
		d.askAboutUnheld(*t)
		return
	case p.undecided():
		d.waitForPartners(g, p)
		return
	case d.acceptedWith(g, p) && !g.any(undecided) && !g.any(asked): // a person agreed to exactly this amount
	case g.any(undecided):
		g.say(g.with(undecided).units[0].why)
		d.wait(g.with(undecided).units[0].why)
		return
	case g.all(refused) && p.allRefused():
		d.askToReject(g)
		return
	case g.any(asked):
		return // its exception is already named
	case !g.all(authorised) || p.refused > 0:
		d.askAboutMixed(g, p)
		return
	case !d.worth(g, p):
		return
	}
	if d.tooLarge(g, t.Refund) {
		return
	}
	if d.orderBusy(t.ID) {
		return
	}
	d.effect(d.Policy.Switches.Refund, returns.Act{
		Kind: returns.ActRefund, Route: route, Subject: t.ID, TikTokReturnID: t.ID, OrderID: d.orderID, Units: g.ids(), Amount: t.Refund,
		Reason: fmt.Sprintf("%s is authorised for %s, exactly what TikTok return %s pays", t.Refund, plural(len(g.units)+p.units, "unit"), t.ID),
	}, returns.EffectRefund)
	g.say("refund of " + t.Refund.String() + " planned")
}

// askAboutUnheld asks CX about a case that holds units of no RMA.
func (d *desk) askAboutUnheld(t returns.TikTokReturn) {
	if d.answeredAbout(t.ID, returns.UnitsWithoutRMA, returns.AnswerDoNotRefund, returns.AnswerHandledManually) {
		d.wait("handled by a person; waiting for TikTok to end return " + t.ID)
		return
	}
	d.raiseAbout(t.ID, returns.UnitsWithoutRMA, t.Refund, "TikTok return %s covers units that this RMA does not", t.ID)
}

// acceptedWith is acceptedAsItIs for a case that other RMAs may share: whoever accepted
// did not agree to pay a unit that another RMA refuses, nor one that ReturnGO has
// refused since, unless that was the question. Something must be authorised at all.
func (d *desk) acceptedWith(g group, p partners) bool {
	if !d.acceptedAsItIs(g) || !g.any(authorised) && p.units == p.refused {
		return false
	}
	mixed := func(since time.Time) bool {
		return d.answeredAboutSince(g.tiktok.ID, since, returns.ParcelMixed, returns.AnswerAcceptPayable)
	}
	return (p.refused == 0 || mixed(time.Time{})) && (!d.refusedByReturnGO() || p.units > p.refused && mixed(d.Record.RMAStatusSince))
}

// askAboutMixed asks CX about a case of which only some units are to be refunded.
func (d *desk) askAboutMixed(g group, p partners) {
	t, own := g.tiktok, g.with(authorised)
	if p.units > 0 && d.answeredAbout(t.ID, returns.ParcelMixed, returns.AnswerDoNotRefund, returns.AnswerHandledManually) {
		d.wait("a person decided that return " + t.ID + " is not paid as it is; waiting for TikTok to end it")
		return
	}
	if d.acceptedAsItIs(g) && d.answeredAbout(t.ID, returns.ParcelMixed, returns.AnswerAcceptPayable) {
		d.wait("a person accepted what return " + t.ID + " pays; waiting until it can be paid")
		return
	}
	value, _, _ := own.value()
	switch {
	case len(own.units) == 0:
		value = p.value
	case p.units > p.refused:
		value = sumOf(value, p.value)
	}
	d.raiseAbout(t.ID, returns.ParcelMixed, t.Refund, "TikTok return %s would pay %s; only %s of %d is to be refunded (%s)%s",
		t.ID, t.Refund, plural(len(own.units)+p.units-p.refused, "unit"), len(g.units)+p.units, words(value), d.wouldStayOpen(g))
}

// askToReject has CX answer a case that is not to be paid: a rejection is a
// statement with a reason, and not the end of it.
func (d *desk) askToReject(g group) {
	t := g.tiktok
	if d.answeredAbout(t.ID, returns.RefusedInReturnGO, returns.AnswerHandledManually) || d.answeredAbout(t.ID, returns.RefusedByPeople, returns.AnswerHandledManually) {
		d.wait("rejected by a person; waiting for TikTok to end return " + t.ID)
		return
	}
	kind, first := returns.RefusedInReturnGO, g.with(refused).units[0]
	if !first.refusedAt.IsZero() {
		kind = returns.RefusedByPeople
	}
	d.raiseAbout(t.ID, kind, t.Refund, "TikTok return %s is not to be refunded: %s", t.ID, first.why)
}

// worth tells whether the units' value is exactly what the case pays; if not it
// asks Finance.
func (d *desk) worth(g group, p partners) bool {
	amount := g.tiktok.Refund
	value, expected, err := g.value()
	if p.units > 0 {
		value = sumOf(value, p.value)
	}
	switch {
	case err == nil && returns.SameMoney(value, amount):
		return true
	case expected:
		d.raiseAbout(g.subject(), returns.NoAuthorisedAmount, amount, "ReturnGO authorised no amount; it foresees %s, TikTok would pay %s", words(value), amount)
	default:
		d.raiseAbout(g.subject(), returns.RefundValueMismatch, amount, "ReturnGO authorised %s, TikTok would pay %s%s", words(value), amount, d.wouldStayOpen(g))
	}
	g.say("the values differ")
	return false
}
