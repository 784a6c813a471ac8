package rules

import (
	"slices"
	"strings"
	"time"

	"returnbridge/internal/returns"
)

// watchStages raises what has waited too long inside the house. Each limit
// counts from the event, not from our noticing it.
func (d *desk) watchStages() {
	status, since := d.Record.RMA.Status, d.Record.RMAStatusSince
	coming := d.those(func(u *unit) bool { return !u.item.Inspection.Done() && !u.stock.done })
	uninspected := len(coming.units) > 0
	switch {
	case d.plan.Close:
	case (status == returns.RMAReceived || status == returns.RMAValidated || status == returns.RMADone) && uninspected:
		// The inspection of one unit of several, or in an RMA that is done, moves no
		// status and sends no event (A18): it is looked for.
		if status != returns.RMAReceived || len(d.units) > 1 {
			d.wakeAt(d.growing(d.Policy.InspectionOverdue/2, since), "see what has been inspected", returns.ReturnGO)
		}
		if d.due(since.Add(d.Policy.InspectionOverdue), "alert if still not inspected") {
			d.raiseUnlessSeenSince(since, returns.InspectionOverdue, coming.stake(), "%s since %s UTC, and not every unit is inspected", strings.ToLower(status), clock(since))
		}
	case status == returns.RMAApproved && d.anyParcel() && uninspected && !d.parcelMoving() && !d.paidAhead():
		d.watchNotShipped(coming, since)
	}
	d.watchInspected()
	d.watchOrphans()
	owed := d.those(func(u *unit) bool {
		return !u.refund.done && u.verdict != refused && u.tiktok == nil && d.sent(group{units: []*unit{u}}) == nil
	})
	if len(owed.units) > 0 {
		d.watchOrderClosing(owed.stake())
	}
}

// watchInspected asks about units that were inspected long ago and are not settled,
// unless another question already says what holds them up.
func (d *desk) watchInspected() {
	waiting := d.those(func(u *unit) bool {
		return !u.item.Inspection.At.IsZero() && !(u.refund.done && (u.stock.done || u.stock.off)) && !d.askedAboutUnit(u)
	})
	if len(waiting.units) == 0 {
		return
	}
	at := waiting.units[0].item.Inspection.At
	for _, u := range waiting.units {
		if u.item.Inspection.At.Before(at) {
			at = u.item.Inspection.At
		}
	}
	if d.due(at.Add(d.Policy.InspectedTooLong), "alert if inspected and still not settled") {
		owed := d.those(func(u *unit) bool { return slices.Contains(waiting.units, u) && !u.refund.done && u.verdict != refused })
		d.raiseUnlessSeenSince(at, returns.InspectedTooLong, owed.stake(), "inspected at %s UTC and not settled", clock(at))
	}
}

// askedAboutUnit reports whether a question is open that holds a unit up: about it,
// about the whole return, or about a platform. Warnings of a clock hold nothing up.
func (d *desk) askedAboutUnit(u *unit) bool {
	return slices.ContainsFunc(d.plan.Exceptions, func(e returns.Exception) bool {
		platform := e.Subject == string(returns.ReturnGO) || e.Subject == string(returns.TikTok)
		return !slices.Contains(clockKinds, e.Kind) && (platform || d.isAboutUnit(e.Subject, u))
	})
}

// clockKinds are the exceptions that say only how late it is.
var clockKinds = []returns.Kind{
	returns.NotShipped, returns.InspectionOverdue, returns.InspectedTooLong, returns.SellerDeadline, returns.OrderClosing, returns.WriteNotShown,
}

// watchParked keeps the clocks of an RMA whose units are not found yet: the goods
// may be here, and the order closes, while people look for what it belongs to.
func (d *desk) watchParked() {
	if d.plan.Close || d.refusedByReturnGO() || d.gone() {
		return
	}
	var first time.Time
	for _, i := range d.Record.RMA.Items {
		if at := i.Inspection.At; !at.IsZero() && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	if d.due(first.Add(d.Policy.InspectedTooLong), "alert if inspected and still not settled") && !first.IsZero() {
		d.raiseUnlessSeenSince(first, returns.InspectedTooLong, d.bought(), "inspected at %s UTC, and nothing can be settled before its units are found in a TikTok order", clock(first))
	}
	if d.Record.Order != nil && !d.anyOpenCase() {
		d.watchOrderClosing(d.bought())
	}
}

// raiseUnlessSeenSince is raiseUnlessSeen, for the whole return and a matter that
// began at a time.
func (d *desk) raiseUnlessSeenSince(began time.Time, kind returns.Kind, amount returns.Money, format string, args ...any) {
	if !d.answeredAboutSince("", began, kind, returns.AnswerAcknowledge) {
		d.raise(kind, amount, format, args...)
	}
}

// watchNotShipped asks about a parcel that is not on its way. Shipments alone wake
// nobody: before people are told, ReturnGO is read.
func (d *desk) watchNotShipped(coming group, since time.Time) {
	at := since.Add(d.Policy.NotShippedAfter)
	switch {
	case !d.due(at, "alert if the buyer has not sent the parcel"):
	case d.Record.RMAReadAt.Before(at) && !d.answeredAbout("", returns.NotShipped, returns.AnswerAcknowledge):
		d.look(returns.ReturnGO, "see whether the parcel was sent")
	default:
		d.raiseUnlessSeen("", returns.NotShipped, coming.stake(), "approved at %s UTC, and nothing was sent", clock(since))
	}
}

// those are the units of which something holds.
func (d *desk) those(holds func(*unit) bool) group {
	var g group
	for _, u := range d.units {
		if holds(u) {
			g.units = append(g.units, u)
		}
	}
	return g
}

// paidAhead tells whether all that is still to come back is paid already: then
// it is not only late.
func (d *desk) paidAhead() bool {
	return !slices.ContainsFunc(d.units, func(u *unit) bool {
		return !u.item.Inspection.Done() && !u.stock.done && (u.tiktok == nil || !u.tiktok.Paid())
	})
}

// parcelMoving tells whether the parcel is on its way or here.
func (d *desk) parcelMoving() bool {
	if slices.ContainsFunc(d.units, func(u *unit) bool { return u.tiktok != nil && u.tiktok.Status == returns.TikTokShipped }) {
		return true
	}
	return slices.ContainsFunc(d.Record.RMA.Shipments, func(s returns.Shipment) bool {
		return !s.Outbound && (s.Status == returns.ShipmentShipped || s.Status == returns.ShipmentReceived || s.Status == returns.ShipmentValidated)
	})
}

// watchOrderClosing warns while owed money has no open case: once the order is
// complete TikTok pays nothing (T28).
func (d *desk) watchOrderClosing(owed returns.Money) {
	delivered := d.Record.Order.DeliveredAt
	if delivered.IsZero() || d.Policy.OrderClosesAfter <= 0 || !d.approvedByReturnGO() {
		return
	}
	closes := delivered.Add(d.Policy.OrderClosesAfter)
	if d.due(closes.Add(-d.Policy.OrderClosingAlert), "alert before the order closes") {
		if !d.answered(returns.OrderClosing, returns.AnswerHandledManually) {
			d.raise(returns.OrderClosing, owed, "the order closes about %s; after that TikTok refunds nothing", closes.UTC().Format(time.RFC3339))
		}
	}
}

// watchDeadlines keeps TikTok's clock in every state of the return, parked or
// paused: silence is consent (promise 5).
func (d *desk) watchDeadlines() {
	if d.plan.Close {
		return
	}
	for _, t := range d.clockedReturns() {
		deadline := t.Deadline()
		if deadline.IsZero() || t.Pays() || !t.Live() {
			continue
		}
		if d.plan.SellerDeadline.IsZero() || deadline.Before(d.plan.SellerDeadline) {
			d.plan.SellerDeadline = deadline
		}
		if d.Now.Before(deadline) {
			d.wakeAt(deadline.Add(deadlineGrace), "see what TikTok decided at the deadline", returns.TikTok)
		} else {
			d.wakeAt(d.growing(deadlineGrace, deadline), "see what TikTok decided at the deadline", returns.TikTok)
		}
		if d.Now.Before(deadline) && !d.acting(t.ID) && !t.Disputed() && t.Type != returns.TypeReplacement {
			pays := t.Type == returns.TypeRefund || t.Status == returns.TikTokShipped
			d.plan.Silence = append(d.plan.Silence, returns.Silence{TikTokReturnID: t.ID, Amount: t.Refund, At: deadline, Pays: pays})
		}
		warning := deadline.Add(-d.Policy.DeadlineWarning)
		if d.due(warning, "warn before TikTok decides") && !d.acting(t.ID) && !d.answeredAboutSince(t.ID, warning, returns.SellerDeadline, returns.AnswerAcknowledge) {
			d.raiseAbout(t.ID, returns.SellerDeadline, t.Refund, "TikTok decides on return %s by itself at %s and pays %s", t.ID, deadline.UTC().Format(time.RFC3339), t.Refund)
		}
	}
}

// deadlineGrace lets TikTok write down what it decided before we read it.
const deadlineGrace = 2 * time.Second

// clockedReturns are the TikTok returns whose clock this return keeps: those on
// its units, or its own if it has no RMA; while nothing is paired, all of the
// order that nobody else holds.
func (d *desk) clockedReturns() []returns.TikTokReturn {
	var own []returns.TikTokReturn
	for _, t := range d.Record.TikTokReturns {
		mine := t.ID == d.Key.TikTokReturnID()
		for _, h := range d.holds {
			mine = mine || covers(t, h.Unit)
		}
		for _, u := range d.units {
			mine = mine || covers(t, u.hold.Unit) // also when they are not held any more: nobody else watches
		}
		if d.Record.RMA != nil && len(d.units) == 0 {
			mine = mine || !slices.ContainsFunc(t.Lines, func(l returns.TikTokReturnLine) bool {
				_, other := d.Record.HeldBy[returns.NewUnitID(l.OrderLineID, "")]
				return other
			})
		}
		if mine {
			own = append(own, t)
		}
	}
	return own
}

// acting tells whether the plan already answers this TikTok return.
func (d *desk) acting(id string) bool {
	if slices.ContainsFunc(d.plan.Acts, func(a returns.Act) bool {
		return a.TikTokReturnID == id && a.Kind != returns.ActLookTikTok && !d.keepsFailing(a)
	}) {
		return true
	}
	return slices.ContainsFunc(d.Record.Effects, func(e returns.Effect) bool {
		return e.TikTokReturnID == id && e.Kind == returns.EffectRefund && (e.State == returns.EffectClaimed || e.State == returns.EffectApplied)
	})
}

// keepsFailing tells whether an act was tried already and not possible.
func (d *desk) keepsFailing(a returns.Act) bool {
	return slices.ContainsFunc(d.Record.Effects, func(e returns.Effect) bool {
		return e.Subject == a.Subject && e.State == returns.EffectIntent && e.Reason != ""
	})
}

// keepTheClock carries a TikTok return that has no RMA: the same clock, no
// action, until an RMA takes its units over or TikTok ends it.
func (d *desk) keepTheClock() {
	id := d.Key.TikTokReturnID()
	t := d.tiktokReturn(id)
	switch {
	case t == nil:
		d.neverShown(id)
	case d.writtenOff(id):
		d.close("TikTok no longer shows it, and a person decided")
	case d.vanished(*t):
		d.plan.Stage, d.orderID = returns.StageAwaitingRMA, t.OrderID
		d.askAboutVanished(*t)
	case d.heldByRMA(*t):
		d.close("an RMA holds its units now and keeps the clock")
	case t.NextID != "":
		d.close("the buyer changed the request: return " + t.NextID + " follows")
	case d.paidUnseen(*t):
	case !t.Live():
		d.close("ended at TikTok: " + t.Status)
	case d.answered(returns.ReturnWithoutRMA, returns.AnswerHandledManually) && t.Deadline().IsZero():
		d.close("handled by a person")
	default:
		d.orderID = t.OrderID
		d.plan.Stage = returns.StageAwaitingRMA
		d.wait("waiting for an RMA in ReturnGO")
		if !t.KnownStatus() {
			d.raiseUnknown(t.ID, t.UpdatedAt, t.Refund, "TikTok return %s has the status %q", t.ID, t.Status)
		}
		if d.due(t.CreatedAt.Add(d.Policy.RMAWait), "alert if there is still no RMA") && !d.answered(returns.ReturnWithoutRMA, returns.AnswerHandledManually) {
			d.raise(returns.ReturnWithoutRMA, t.Refund, "TikTok return %s over %s has no RMA in ReturnGO", t.ID, t.Refund)
		}
	}
}

// heldByRMA tells whether every unit of a TikTok return is held by some RMA.
func (d *desk) heldByRMA(t returns.TikTokReturn) bool {
	for _, l := range t.Lines {
		if _, held := d.Record.HeldBy[returns.NewUnitID(l.OrderLineID, "")]; !held {
			return false
		}
	}
	return len(t.Lines) > 0
}

func (d *desk) firstInspection() time.Time {
	var first time.Time
	for _, u := range d.units {
		if at := u.item.Inspection.At; !at.IsZero() && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	return first
}
