package rules

import (
	"fmt"
	"slices"

	"returnbridge/internal/returns"
)

// watchOrphans raises what one side says happened and the other never saw: a
// return that only TikTok could pay and does not have, a parcel that nobody
// booked in, money paid for goods that never came. Each closes itself when the
// other side is seen.
func (d *desk) watchOrphans() {
	if d.Record.RMA.Status != returns.RMAApproved {
		return // received: the inspection has its own clock
	}
	for _, g := range d.groups() {
		g = g.expectedBack()
		switch t := g.tiktok; {
		case len(g.units) == 0:
		case t == nil:
			d.watchMissingReturn(g)
		case t.Paid():
			d.watchPaidParcel(g)
		case t.Status == returns.TikTokShipped && !t.Deadline().IsZero():
			d.watchDelivered(g)
		}
	}
}

// expectedBack are the units of a group that are to come back and were not seen.
func (g group) expectedBack() group {
	sub := group{tiktok: g.tiktok}
	for _, u := range g.units {
		if u.item.ReturnMethod != returns.MethodNoShipment && !u.item.Inspection.Done() && !u.stock.done {
			sub.units = append(sub.units, u)
		}
	}
	return sub
}

// watchDelivered waits for the parcel to be booked in: TikTok asks for a decision
// on a shipped return only once it was delivered (TikTok contract 4.3).
func (d *desk) watchDelivered(g group) {
	t := g.tiktok
	if d.due(t.UpdatedAt.Add(d.Policy.InspectionOverdue), "alert if the delivered parcel is still not booked in") {
		d.raiseAbout(t.ID, returns.ParcelNotBookedIn, t.Refund, "TikTok shows the parcel of return %s delivered at %s UTC, and ReturnGO has not received it", t.ID, clock(t.UpdatedAt))
	}
}

// watchPaidParcel waits for the goods of money that was paid before they came, by
// quick refund (T09), by TikTok, by a person, or because the merchant pays on
// approval. The contract gives the seller no time to appeal: what counts is how
// long ago it was paid.
func (d *desk) watchPaidParcel(g group) {
	t := g.tiktok
	if d.due(t.UpdatedAt.Add(d.Policy.NotShippedAfter), "alert if the goods of a paid return have not come") {
		var paid []returns.Money
		for _, u := range g.units {
			paid = append(paid, u.paid)
		}
		amount, _ := returns.Sum(paid...) // of one return, so of one currency
		d.raiseUnlessSeen(t.ID, returns.RefundWithoutParcel, amount, "TikTok paid return %s at %s UTC, and %s came back", t.ID, clock(t.UpdatedAt), noneOf(len(g.units)))
	}
}

func noneOf(units int) string {
	if units == 1 {
		return "the unit never"
	}
	return fmt.Sprintf("none of its %d units", units)
}

// watchMissingReturn asks TikTok early what it will only be asked when the goods
// are here: where no seller refund can be made, only a return that the buyer
// opens in TikTok's app lets the money be paid (TikTok contract 4.1, T26), and
// the buyer's time for that runs. It is asked once, and never beside another
// question.
func (d *desk) watchMissingReturn(g group) {
	g = g.with(undecided)
	key := ""
	if len(g.units) > 0 {
		key = reasonKey(d.Policy.ReasonKeys, g.units[0])
	}
	if key == "" || d.opening(g) != nil || d.sent(g) != nil || d.ask != nil ||
		!d.due(d.Record.RMAStatusSince.Add(d.Policy.RMAWait), "ask TikTok whether a refund could be made without a TikTok return") {
		return
	}
	p := d.Record.Payable
	if p == nil {
		d.payableKnown(g, returns.TypeRefund, key)
		return
	}
	if p.RequestType != returns.TypeRefund || !slices.Equal(p.Units, g.ids()) || p.Eligible || d.answeredAbout(g.subject(), returns.TikTokReturnMissing, returns.AnswerHandledManually) {
		return
	}
	d.raiseAbout(g.subject(), returns.TikTokReturnMissing, g.stake(), "the RMA was approved at %s UTC, the buyer has no return at TikTok for order %s, and TikTok lets no seller refund be made (%s)",
		clock(d.Record.RMAStatusSince), d.orderID, p.Why)
}

// paidUnseen keeps a TikTok return without an RMA open once it was paid: goods
// were to come back for the money, and nothing says that they did.
func (d *desk) paidUnseen(t returns.TikTokReturn) bool {
	if !t.Paid() || t.Type != returns.TypeReturnAndRefund || d.answered(returns.ReturnWithoutRMA, returns.AnswerHandledManually) ||
		d.answeredAbout(t.ID, returns.RefundWithoutParcel, returns.AnswerAcknowledge) {
		return false
	}
	d.plan.Stage, d.orderID = returns.StageAwaitingRMA, t.OrderID
	d.wait("TikTok paid " + t.Refund.String() + "; waiting for an RMA to say what came back")
	if d.due(t.UpdatedAt.Add(d.Policy.RMAWait), "alert if no RMA says what came back") {
		d.raiseAbout(t.ID, returns.RefundWithoutParcel, t.Refund, "TikTok paid return %s at %s UTC, and no RMA says that anything came back", t.ID, clock(t.UpdatedAt))
	}
	return true
}
