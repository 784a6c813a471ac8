package rules

import (
	"fmt"
	"time"

	"returnbridge/internal/returns"
)

// openReturns opens the TikTok return that the buyer has not opened, so that
// TikTok knows of the parcel and keeps the order open (T28): one per unit, over
// its full value, because TikTok pays such a return wholly or not at all. What
// does not fit stays free, and is refunded as the seller once it is authorised.
func (d *desk) openReturns() {
	g, key := d.toOpen()
	if len(g.units) == 0 || d.orderBusy(string(g.units[0].hold.Unit)) || !d.payableKnown(g, returns.TypeReturnAndRefund, key) {
		return
	}
	payable := d.Record.Payable
	value, _, err := g.value()
	if !payable.Eligible || err != nil || returns.Known(value) && !value.IsPositive() {
		return
	}
	if !returns.SameMoney(value, payable.Amount) {
		if !d.Policy.Switches.Register {
			return // none would be opened
		}
		d.raiseUnlessSeen(g.subject(), returns.ReturnNotOpened, payable.Amount, "no return is opened at TikTok: it would pay %s for it, and ReturnGO foresees %s", payable.Amount, words(value))
		return
	}
	u := g.units[0] // the next one follows when this one is seen
	u.refund.say = "a TikTok return is to be opened"
	d.do(d.Policy.Switches.Register, returns.Act{
		Kind: returns.ActOpenReturn, Route: returns.RouteOpenReturn, Subject: string(u.hold.Unit), OrderID: d.orderID, Units: []returns.UnitID{u.hold.Unit},
		Amount: u.value, ReasonKey: key,
		Reason: fmt.Sprintf("the buyer opened no TikTok return on %s: open one over %s, the parcel is announced", u.item.SKU, u.value),
	})
}

// toOpen are the units on which a TikTok return may be opened, those of one
// reason together, and TikTok's reason key. None may while another unit of the
// RMA is to be refunded or asked about: first things first, and only one
// question to TikTok at a time.
func (d *desk) toOpen() (group, string) {
	o := d.Record.Order
	_, labelled := d.Record.RMA.Label()
	if d.Record.RMA.Status != returns.RMAApproved || !labelled || d.parcelMoving() ||
		o.Fulfillment == returns.FulfilledByTikTok || o.Status == returns.OrderCompleted || o.Status == returns.OrderCancelled {
		return group{}, ""
	}
	if e := d.opening(group{units: d.units}); e != nil {
		d.await(*e)
		return group{}, ""
	}
	var g group
	var key string
	for _, u := range d.units {
		switch {
		case u.tiktok != nil || u.verdict == refused:
			continue
		case u.verdict != undecided || u.item.Inspection.Done() || d.sent(group{units: []*unit{u}}) != nil:
			return group{}, ""
		case u.item.ReturnMethod == returns.MethodNoShipment || !d.mayOpen(u):
			continue
		}
		k := reasonKey(d.Policy.OpenReasons, u)
		if k == "" || key != "" && k != key {
			continue
		}
		key = k
		g.units = append(g.units, u)
	}
	if u, _ := d.oneTooMany(g); u != nil {
		return group{}, ""
	}
	return g, key
}

// mayOpen reports whether a return may (still) be opened on a unit: not after one
// was there or was rejected, or TikTok refused it, or it has long been impossible. That is no
// exception, because the seller refund remains.
func (d *desk) mayOpen(u *unit) bool {
	last := d.newest(returns.EffectOpen, string(u.hold.Unit))
	switch {
	case d.rejectedHere(u):
		return false
	case last == nil || last.State == returns.EffectDropped:
		return true
	case last.State != returns.EffectIntent:
		return false
	case last.Reason == returns.ReasonLost && (!returns.SameMoney(last.Amount, u.value) || !d.mayRepeat(*last)):
		return false // the same key with another amount would be refused, or worse
	}
	return last.Reason == "" || d.Now.Sub(last.IntentAt) <= d.Policy.TroubleRetry
}

// opening is a return of ours on these units that TikTok may have opened, though
// it does not show it (yet).
func (d *desk) opening(g group) *returns.Effect {
	for i, e := range d.Record.Effects {
		if e.Kind != returns.EffectOpen || e.State != returns.EffectClaimed && e.State != returns.EffectApplied {
			continue
		}
		for _, u := range g.units {
			if e.Covers(u.hold.Unit) {
				return &d.Record.Effects[i]
			}
		}
	}
	return nil
}

// seenAsOpened looks for the return that our create opened. One that is there
// was opened, whatever became of it since. It moves no money by itself, and
// TikTok takes no second case on a line: when no key can repeat the call any
// more, and no read has ever shown it, it was not opened.
func (d *desk) seenAsOpened(e returns.Effect) EffectChange {
	for _, t := range d.Record.TikTokReturns {
		if t.ID == e.TikTokReturnID || e.TikTokReturnID == "" && d.madeBy(e, t) {
			return EffectChange{State: returns.EffectVerified, TikTokReturnID: t.ID}
		}
	}
	switch {
	case !d.settled(e) || d.toldOfUnknownReturn():
		return EffectChange{}
	case d.mayRepeat(e):
		return lost(returns.EffectIntent)
	}
	return lost(returns.EffectVoid)
}

// openedByUs tells whether a TikTok return is the work of ours.
func (d *desk) openedByUs(t *returns.TikTokReturn) bool {
	for _, e := range d.Record.Effects {
		if e.Kind == returns.EffectOpen && e.TikTokReturnID == t.ID {
			return true
		}
	}
	return false
}

// awaitOpened waits for TikTok to let the buyer send the parcel of a return that
// we opened. The contract shows it pending and says that nobody has to approve
// it (T11): while TikTok asks nothing of us we do nothing, and ask in the end.
func (d *desk) awaitOpened(t returns.TikTokReturn) {
	d.wait("TikTok is setting up return " + t.ID + ", which we opened")
	d.wakeAt(d.growing(time.Minute, t.CreatedAt), "see whether the buyer may send the parcel", returns.TikTok)
	if d.due(t.CreatedAt.Add(d.Policy.TroubleRetry), "ask if the return that we opened is still pending") {
		d.raiseUnknown(t.ID, t.UpdatedAt, t.Refund, "TikTok return %s, which we opened, is still pending, and TikTok asks nothing of us", t.ID)
	}
}

// uploadLabels gives TikTok ReturnGO's label for each return that we opened, so
// that the buyer finds it there and TikTok sees the parcel move (TikTok contract
// 2.5). Whether it shows afterwards is not documented: an upload that TikTok
// took is done.
func (d *desk) uploadLabels() {
	_, labelled := d.Record.RMA.Label()
	if !labelled || d.Record.RMA.Status != returns.RMAApproved {
		return
	}
	for _, g := range d.groups() {
		t := g.tiktok
		if t == nil || t.Status != returns.TikTokAwaitingShip || t.Tracked || t.Disputed() || !d.openedByUs(t) {
			continue
		}
		if last := d.newest(returns.EffectLabel, t.ID); last != nil && (last.State == returns.EffectApplied || last.State == returns.EffectVerified) {
			continue
		}
		d.effect(d.Policy.Switches.Register, returns.Act{
			Kind: returns.ActUploadLabel, Route: returns.RouteUploadLabel, Subject: t.ID, TikTokReturnID: t.ID, OrderID: d.orderID,
			Units: g.ids(), Reason: "the buyer is to send the parcel with ReturnGO's label: give it to TikTok",
		}, returns.EffectLabel)
	}
}
