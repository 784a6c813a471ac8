package rules

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"returnbridge/internal/returns"
)

// register makes sure TikTok lets the buyer send the parcel: the buyer's own
// return is adopted and accepted once ReturnGO approved the RMA; where there is
// none, one may be opened.
func (d *desk) register() {
	d.judge()
	if !d.approvedByReturnGO() {
		return
	}
	for _, g := range d.groups() {
		t := g.tiktok
		if t == nil || d.vanished(*t) || t.Status != returns.TikTokPending || t.Type != returns.TypeReturnAndRefund || t.Disputed() {
			continue
		}
		if !g.anyParcel() || g.any(refused) || g.any(asked) {
			continue // nothing is to come back, or it is not to be refunded: refund() names it
		}
		if !d.holdsAllOf(g) {
			d.wait("TikTok return " + t.ID + " covers units this RMA does not")
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
	return slices.ContainsFunc(g.units, func(u *unit) bool { return u.item.ReturnMethod != returns.MethodNoShipment })
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
		if !d.answered(returns.FulfilledTikTok, returns.AnswerHandledManually) {
			d.raise(returns.FulfilledTikTok, t.Refund, "order %s is fulfilled by TikTok", d.orderID)
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
	switch t.Status {
	case returns.TikTokPending:
		switch {
		case g.any(undecided) && !g.any(refused):
			d.wait(g.units[0].why)
		case g.any(refused):
			d.askToReject(g)
		case t.Type == returns.TypeRefund:
			d.payByCase(g, returns.RouteApproveRefund)
		case !g.anyParcel():
			d.payByCase(g, returns.RouteKeepGoods)
		default:
			d.wait("the buyer may send the parcel as soon as TikTok knows")
		}
	case returns.TikTokAwaitingShip:
		if slices.ContainsFunc(g.units, func(u *unit) bool { return u.item.Inspection.Done() && u.item.Inspection.Returned }) {
			if d.Record.TikTokReadAt.Before(d.Record.RMAReadAt) {
				d.look(returns.TikTok, "the goods are here: see whether TikTok knows")
				return
			}
			if !d.answeredAbout(t.ID, returns.ParcelNotShipped, returns.AnswerHandledManually) {
				d.raiseAbout(t.ID, returns.ParcelNotShipped, t.Refund, "the goods of TikTok return %s are here, TikTok still waits for the buyer to send them", t.ID)
			}
			return
		}
		d.wait("the buyer has not sent the parcel yet")
	case returns.TikTokShipped:
		d.payByCase(g, returns.RouteConfirmParcel)
	case returns.TikTokRejected, returns.TikTokParcelRejected:
		if g.any(authorised) && !d.answeredAbout(t.ID, returns.RejectedOnTikTok, returns.AnswerDoNotRefund, returns.AnswerHandledManually) {
			d.raiseAbout(t.ID, returns.RejectedOnTikTok, t.Refund, "TikTok return %s was rejected", t.ID)
			return
		}
		d.wait("TikTok return " + t.ID + " was rejected; a dispute may still open it")
	default:
		d.wait("TikTok return " + t.ID + " waits for the buyer")
	}
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
	t := g.tiktok
	accepted := d.acceptedAsItIs(g)
	if e := d.sent(g); e != nil && e.Subject != t.ID {
		g.say("refund of " + e.Amount.String() + " sent")
		if !d.unclear(*e) {
			d.await(*e) // the money may be moving already: TikTok must not pay beside it
		}
		return
	}
	switch {
	case !d.holdsAllOf(g) && d.answeredAbout(t.ID, returns.UnitsWithoutRMA, returns.AnswerDoNotRefund, returns.AnswerHandledManually):
		d.wait("handled by a person; waiting for TikTok to end return " + t.ID)
		return
	case !d.holdsAllOf(g):
		d.raiseAbout(t.ID, returns.UnitsWithoutRMA, t.Refund, "TikTok return %s covers units that this RMA does not", t.ID)
		return
	case accepted && !d.refusedByReturnGO() && g.any(authorised) && !g.any(undecided) && !g.any(asked): // a person agreed to exactly this amount
	case g.any(undecided):
		g.say(g.with(undecided).units[0].why)
		d.wait(g.with(undecided).units[0].why)
		return
	case g.all(refused):
		d.askToReject(g)
		return
	case g.any(asked):
		return // its exception is already named
	case !g.all(authorised):
		value, _, _ := g.with(authorised).value()
		d.raiseAbout(t.ID, returns.ParcelMixed, t.Refund, "TikTok return %s would pay %s; only %s of %d is to be refunded (%s)",
			t.ID, t.Refund, plural(len(g.with(authorised).units), "unit"), len(g.units), words(value))
		return
	case !d.worth(g):
		return
	}
	if d.orderBusy(t.ID) {
		return
	}
	d.effect(d.Policy.Switches.Refund, returns.Act{
		Kind: returns.ActRefund, Route: route, Subject: t.ID, TikTokReturnID: t.ID, OrderID: d.orderID, Units: g.ids(), Amount: t.Refund,
		Reason: fmt.Sprintf("%s is authorised for %s, exactly what TikTok return %s pays", t.Refund, plural(len(g.units), "unit"), t.ID),
	}, returns.EffectRefund)
	g.say("refund of " + t.Refund.String() + " planned")
}

// askToReject has CX answer a case that is not to be paid: a rejection is a
// statement with a reason, and not the end of it.
func (d *desk) askToReject(g group) {
	t := g.tiktok
	if d.answeredAbout(t.ID, returns.RefusedInReturnGO, returns.AnswerHandledManually) {
		d.wait("rejected by a person; waiting for TikTok to end return " + t.ID)
		return
	}
	d.raiseAbout(t.ID, returns.RefusedInReturnGO, t.Refund, "TikTok return %s is not to be refunded: %s", t.ID, g.with(refused).units[0].why)
}

// worth tells whether the units' value is exactly what the case pays; if not it
// asks Finance.
func (d *desk) worth(g group) bool {
	amount := g.tiktok.Refund
	value, expected, err := g.value()
	switch {
	case err == nil && returns.SameMoney(value, amount):
		return true
	case expected:
		d.raiseAbout(g.subject(), returns.NoAuthorisedAmount, amount, "ReturnGO authorised no amount; it foresees %s, TikTok would pay %s", words(value), amount)
	default:
		d.raiseAbout(g.subject(), returns.RefundValueMismatch, amount, "ReturnGO authorised %s, TikTok would pay %s", words(value), amount)
	}
	g.say("the values differ")
	return false
}

// acceptedPayable tells whether a person accepted exactly this amount for
// exactly this group, by its TikTok return or, from before there was one, by its
// units: an answer speaks for nothing else.
func (d *desk) acceptedPayable(g group, amount returns.Money) bool {
	return d.acceptedSince(g, time.Time{}, amount)
}

// acceptedAsItIs tells whether a person accepted what the group's TikTok return
// pays, knowing which of its units are not to be refunded: who accepted an amount
// for all of them did not accept that one stays away.
func (d *desk) acceptedAsItIs(g group) bool {
	return slices.ContainsFunc(d.Record.Said, func(a returns.Answer) bool {
		return a.Answer == returns.AnswerAcceptPayable && d.isAbout(a, g) && returns.SameMoney(a.Amount, g.tiktok.Refund) &&
			(g.all(authorised) || a.Kind == returns.ParcelMixed && !slices.ContainsFunc(g.with(refused).units, func(u *unit) bool { return u.item.Inspection.At.After(a.At) }))
	})
}

// isAbout tells whether an answer was given about a group as it is authorised
// now: who accepted an amount did not see what ReturnGO authorised afterwards.
func (d *desk) isAbout(a returns.Answer, g group) bool {
	return (a.Subject == g.subject() || a.Subject == joined(g.ids())) &&
		!slices.ContainsFunc(d.transactionsOf(g), func(t returns.Transaction) bool { return t.CreatedAt.After(a.At) })
}

// acceptedSince is acceptedPayable, for a matter that began at a time.
func (d *desk) acceptedSince(g group, began time.Time, amount returns.Money) bool {
	return slices.ContainsFunc(d.Record.Said, func(a returns.Answer) bool {
		return a.Answer == returns.AnswerAcceptPayable && !a.At.Before(began) && d.isAbout(a, g) && returns.SameMoney(a.Amount, amount)
	})
}

// compare holds what TikTok paid against what was authorised, to the penny.
func (d *desk) compare(g group) {
	t := g.tiktok
	for _, u := range g.units {
		u.paid = t.Refund
		if len(g.units) > 1 || len(t.Lines) > 1 {
			u.paid = lineRefund(*t, u.hold.Unit)
		}
	}
	value, expected, err := g.with(authorised).value()
	switch {
	case d.gone():
		if d.Record.ClosedAt.IsZero() { // it was no matter any more otherwise
			d.raiseUnlessSeen(t.ID, returns.ReversedAfterRefund, t.Refund, "TikTok paid %s on return %s; ReturnGO no longer shows the RMA", t.Refund, t.ID)
		}
		g.done(g.paidWords())
	case g.any(asked):
		g.say(g.paidWords() + "; a person has to look at the authorisation") // its exception is named
	case g.any(undecided):
		g.say(g.paidWords() + " before ReturnGO decided")
		d.wait(fmt.Sprintf("TikTok paid %s already; %s", t.Refund, g.with(undecided).units[0].why))
	case g.any(authorised) && d.strays(g) > 0 && !d.acceptedPayable(g, t.Refund) &&
		!d.answeredAboutSince(t.ID, t.UpdatedAt, returns.RefundDiffers, returns.AnswerAcknowledge, returns.AnswerPayRest):
		d.raiseAbout(t.ID, returns.RefundDiffers, t.Refund, "TikTok paid %s on return %s, which has %s beyond those of any RMA; ReturnGO authorised %s",
			t.Refund, t.ID, plural(d.strays(g), "unit"), words(value))
		g.done(g.paidWords() + ", and units that no RMA returns")
	case err == nil && !expected && g.all(authorised) && d.paidExactly(g, value), !d.refusedByReturnGO() && d.acceptedAsItIs(g):
		g.done(g.paidWords())
	case expected && g.all(authorised) && err == nil && d.paidExactly(g, value):
		g.done(g.paidWords() + ", as foreseen")
	case g.all(refused) && d.refusedByReturnGO():
		d.raiseUnlessSeen(t.ID, returns.ReversedAfterRefund, t.Refund, "TikTok paid %s on return %s; ReturnGO says %s", t.Refund, t.ID, d.Record.RMA.Status)
		g.done(g.paidWords() + " though refused")
	case d.answeredAboutSince(t.ID, t.UpdatedAt, returns.RefundDiffers, returns.AnswerAcknowledge):
		g.done(g.paidWords() + ", seen by Finance")
	default:
		why := ""
		if d.answeredAboutSince(t.ID, t.UpdatedAt, returns.RefundDiffers, returns.AnswerPayRest) {
			g.say(g.paidWords() + ", differs")
			if why = d.payRest(g); why == "" {
				return
			}
			why = "; the rest cannot be paid: " + why
		}
		g.done(g.paidWords() + ", differs")
		d.raiseAbout(t.ID, returns.RefundDiffers, t.Refund, "TikTok paid %s on return %s, ReturnGO authorised %s%s", t.Refund, t.ID, words(value), why)
	}
}

// strays counts the lines of the group's TikTok return that no RMA holds: nobody
// authorised a refund for them.
func (d *desk) strays(g group) int {
	n := 0
	for _, l := range g.tiktok.Lines {
		held := slices.ContainsFunc(d.units, func(u *unit) bool { return u.hold.Unit.LineID() == l.OrderLineID })
		for u, key := range d.Record.HeldBy {
			held = held || u.LineID() == l.OrderLineID && key.TikTokReturnID() == ""
		}
		if !held {
			n++
		}
	}
	return n
}

// paidWords says what TikTok paid, once for all units of its return together.
func (g group) paidWords() string {
	if len(g.units) == 1 {
		return "paid " + g.tiktok.Refund.String()
	}
	return fmt.Sprintf("paid, %s for %s", g.tiktok.Refund, plural(len(g.units), "unit"))
}

// paidExactly tells whether TikTok paid exactly this for the group's units: by
// the case that counts, or by several that add up to it.
func (d *desk) paidExactly(g group, value returns.Money) bool {
	one := g.tiktok.Refund
	if !d.holdsAllOf(g) {
		one = d.linesRefund(g, *g.tiktok)
	}
	if returns.SameMoney(value, one) {
		return true
	}
	all := []returns.Money{one}
	for _, t := range d.Record.TikTokReturns {
		if t.ID != g.tiktok.ID && t.Paid() {
			all = append(all, d.linesRefund(g, t))
		}
	}
	total, err := returns.Sum(all...)
	return err == nil && len(all) > 1 && returns.Known(one) && returns.SameMoney(value, total)
}

// linesRefund is what a TikTok return pays for the units of a group alone;
// unknown if it does not say so line by line.
func (d *desk) linesRefund(g group, t returns.TikTokReturn) returns.Money {
	var lines []returns.Money
	for _, u := range g.units {
		if !covers(t, u.hold.Unit) {
			continue
		}
		refund := lineRefund(t, u.hold.Unit)
		if !returns.Known(refund) {
			return returns.Money{}
		}
		lines = append(lines, refund)
	}
	total, err := returns.Sum(lines...)
	if err != nil {
		return returns.Money{}
	}
	return total
}

// nameOverlaps finds units that more than one TikTok return pays: an overlap
// made by others is named to Finance at once (promise 1).
func (d *desk) nameOverlaps() {
	for _, u := range d.units {
		if d.paidTogether(u) {
			continue
		}
		var paying []string
		var amounts []returns.Money
		var newest time.Time
		for _, t := range d.Record.TikTokReturns {
			if t.Pays() && covers(t, u.hold.Unit) {
				paying = append(paying, t.ID)
				if t.UpdatedAt.After(newest) {
					newest = t.UpdatedAt
				}
				amounts = append(amounts, lineRefund(t, u.hold.Unit))
			}
		}
		if len(paying) < 2 {
			continue
		}
		total, _ := returns.Sum(amounts...)
		unit := string(u.hold.Unit)
		if d.answeredAboutSince(unit, newest, returns.PaidTwice, returns.AnswerAcknowledge) {
			continue
		}
		d.raiseAbout(unit, returns.PaidTwice, total, "%s is paid by TikTok returns %s", u.item.SKU, strings.Join(paying, " and "))
	}
}

// lineRefund is what a TikTok return pays for one unit.
func lineRefund(t returns.TikTokReturn, u returns.UnitID) returns.Money {
	for _, l := range t.Lines {
		if l.OrderLineID == u.LineID() {
			if len(t.Lines) == 1 && !returns.Known(l.Refund) {
				return t.Refund
			}
			return l.Refund
		}
	}
	return returns.Money{}
}

// effect plans an act unless it has been done already, or may have been, or was
// definitely refused and nobody asked for a second try.
func (d *desk) effect(on bool, act returns.Act, kind returns.EffectKind) {
	last := d.newest(kind, act.Subject)
	switch {
	case last == nil || last.State == returns.EffectDropped:
		d.do(on, act)
	case last.State == returns.EffectIntent && last.Note == lostAndNotFound && !returns.SameMoney(last.Amount, act.Amount) && !d.retried(*last, aboutAct(act)):
		// The same key with another amount would be refused, or worse.
		d.raiseAbout(aboutAct(act), returns.OutcomeUnclear, act.Amount, "a refund of %s was sent and its answer lost; now %s is authorised", last.Amount, act.Amount)
	case last.State == returns.EffectIntent:
		ineligible := strings.HasPrefix(last.Note, returns.NoteIneligible)
		if last.Note != "" && (ineligible || d.Now.Sub(last.IntentAt) > d.Policy.TroubleRetry) {
			if d.answeredAboutSince(aboutAct(act), last.IntentAt, returns.EffectRefused, returns.AnswerDoNotRefund, returns.AnswerHandledManually) {
				return
			}
			d.raiseAbout(aboutAct(act), returns.EffectRefused, act.Amount, "%s has not been possible since %s: %s", act.Route, last.IntentAt.UTC().Format(time.RFC3339), last.Note)
		}
		d.do(on, act)
	case last.State == returns.EffectVoid && d.retried(*last, aboutAct(act)):
		d.do(on, act)
	case last.State == returns.EffectVoid:
		if !d.answeredAbout(aboutAct(act), returns.EffectRefused, returns.AnswerDoNotRefund, returns.AnswerHandledManually) {
			d.raiseAbout(aboutAct(act), returns.EffectRefused, act.Amount, "%s was refused: %s", act.Route, last.Note)
		}
	default:
		d.await(*last)
	}
}

// await waits to see an effect of ours at the platform: at once when its claim
// ends, then at growing intervals.
func (d *desk) await(e returns.Effect) {
	platform := returns.TikTok
	if e.Kind == returns.EffectWriteBack {
		platform = returns.ReturnGO
	}
	d.wait(fmt.Sprintf("%s was sent; waiting to see it at %s", e.Route, platform))
	if e.State == returns.EffectClaimed && d.Now.Before(e.ClaimUntil) {
		d.wakeAt(e.ClaimUntil, "the answer was lost: read what happened", platform)
		return
	}
	d.wakeAt(d.growing(d.Policy.MoneyWait, e.ClaimedAt), "see what became of it", platform)
}

func (d *desk) newest(kind returns.EffectKind, subject string) *returns.Effect {
	var last *returns.Effect
	for i, e := range d.Record.Effects {
		if e.Kind == kind && e.Subject == subject && (last == nil || e.Generation > last.Generation) {
			last = &d.Record.Effects[i]
		}
	}
	return last
}

// retried tells whether a person asked for another try after this refusal.
func (d *desk) retried(e returns.Effect, subject string) bool {
	return slices.ContainsFunc(d.Record.Said, func(a returns.Answer) bool {
		return (a.Kind == returns.EffectRefused || a.Kind == returns.OutcomeUnclear) && a.Answer == returns.AnswerRetry &&
			(a.Subject == "" || a.Subject == subject) && a.At.After(e.IntentAt)
	})
}

// aboutAct is what a question about an act is about: the units or the TikTok
// return whose money it moves, or the act itself if it moves none.
func aboutAct(a returns.Act) string {
	switch {
	case a.Route.Creates():
		return joined(a.Units)
	case a.Kind == returns.ActRefund:
		return a.TikTokReturnID
	}
	return string(a.Route) + " " + a.Subject
}

// subjectOf names a seller refund by the units it pays, shortly: it is part of
// the idempotency key.
func subjectOf(units []returns.UnitID) string {
	name := joined(units)
	if len(name) <= 100 {
		return name
	}
	first, _, _ := strings.Cut(name, "+")
	sum := sha256.Sum256([]byte(name))
	return fmt.Sprintf("%s+%d-%s", first, len(units)-1, hex.EncodeToString(sum[:6]))
}

// joined names units together, in one order.
func joined(units []returns.UnitID) string {
	ids := make([]string, len(units))
	for i, u := range units {
		ids[i] = string(u)
	}
	slices.Sort(ids)
	return strings.Join(ids, "+")
}

func words(m returns.Money) string {
	if !returns.Known(m) {
		return "nothing that can be added up"
	}
	return m.String()
}
