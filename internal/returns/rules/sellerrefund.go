package rules

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"returnbridge/internal/returns"
)

// bySellerRefund pays units on which no TikTok return is open: the exact amount,
// as the seller. TikTok says beforehand whether it would take it.
func (d *desk) bySellerRefund(g group) {
	for _, u := range g.units {
		u.refund.say = u.why
		switch u.verdict {
		case refused:
			u.refund.done = true
		case undecided:
			d.wait(u.why)
		}
	}
	if e := d.opening(g); e != nil {
		for _, u := range g.units {
			u.refund = side{say: "a TikTok return is being opened"}
		}
		d.await(*e)
		return
	}
	if e := d.sent(g); e != nil {
		for _, u := range g.units {
			u.refund = side{say: "refund of " + e.Amount.String() + " sent"} // also if refused since: the money may move
		}
		if !d.unclear(*e) {
			d.await(*e)
		}
		return
	}
	d.payParts(d.byReason(g.with(authorised)))
}

// payParts pays the units of one reason after those of another. What TikTok says is
// payable is known of one set of units at a time, so a part about which people are
// asked lets the others go first, and its question stays as it is meanwhile.
func (d *desk) payParts(parts []group) {
	isAsked := func(g group) bool { return len(d.askedOfTikTok(g)) > 0 }
	if len(parts) > 0 && !slices.ContainsFunc(parts, func(g group) bool { return !isAsked(g) }) {
		first := parts[0]
		isAsked = func(g group) bool { return g.units[0] != first.units[0] }
	}
	for _, g := range parts {
		if isAsked(g) {
			d.keepAsking(g)
			g.say("a person is asked")
		}
	}
	for _, g := range parts {
		if !isAsked(g) && !d.payPart(g) {
			return
		}
	}
}

// askedOfTikTok are the open questions about a group that rest on what TikTok says
// is payable.
func (d *desk) askedOfTikTok(g group) []returns.OpenException {
	return slices.DeleteFunc(slices.Clone(d.Record.Open), func(e returns.OpenException) bool {
		return e.Subject != g.subject() || !slices.Contains(onPayable, e.Kind)
	})
}

var onPayable = []returns.Kind{
	returns.NotPayable, returns.NothingPayable, returns.ClosedParcelComing, returns.NoAuthorisedAmount, returns.CurrencyMismatch, returns.LargeRefund, returns.ReturnNotOpened,
}

// keepAsking leaves those questions open: while TikTok is asked anew they are
// neither answered nor asked a second time.
func (d *desk) keepAsking(g group) {
	for _, e := range d.askedOfTikTok(g) {
		d.raiseAbout(e.Subject, e.Kind, e.Amount, "%s", e.Sentence)
	}
}

// byReason splits units by TikTok's reason: a request bears one for all its units
// (TikTok contract 2.5), and a reason is a statement in the merchant's name.
func (d *desk) byReason(g group) []group {
	var parts []group
	for _, u := range g.units {
		key := reasonKey(d.Policy.ReasonKeys, u)
		i := slices.IndexFunc(parts, func(p group) bool { return reasonKey(d.Policy.ReasonKeys, p.units[0]) == key })
		if i < 0 {
			parts = append(parts, group{tiktok: g.tiktok, units: []*unit{u}})
			continue
		}
		parts[i].units = append(parts[i].units, u)
	}
	return parts
}

// payPart pays units of one reason. It reports whether the next ones may be looked
// at in the same decision: not while these rest on what TikTok says is payable,
// which is known of one set of units at a time.
func (d *desk) payPart(g group) bool {
	if d.orderBusy(subjectOf(g.ids())) {
		return false
	}
	key := reasonKey(d.Policy.ReasonKeys, g.units[0])
	switch {
	case key == "":
		g.say("no reason configured")
		d.raiseAbout(g.subject(), returns.ReasonUnmapped, g.stake(), "no TikTok reason is configured for ReturnGO's %s", g.reasons())
		return true
	case !d.unitsAddUp(g):
		return true
	case g.isWorthNothing():
		g.done("nothing to refund")
		return true
	case !d.payableKnown(g, returns.TypeRefund, key):
		g.say("asking TikTok what can be refunded")
	default:
		d.payAsSeller(g, key)
	}
	return false
}

// isWorthNothing reports whether nothing is authorised for the group, which is not
// the same as an amount that is not known.
func (g group) isWorthNothing() bool {
	value, _, err := g.value()
	return err == nil && returns.Known(value) && value.IsZero()
}

// reasons names the return reasons of the units as ReturnGO has them.
func (g group) reasons() string {
	var named []string
	for _, u := range g.units {
		if reason := fmt.Sprintf("%q", u.item.Reason); !slices.Contains(named, reason) {
			named = append(named, reason)
		}
	}
	if len(named) == 1 {
		return "reason " + named[0]
	}
	return "reasons " + strings.Join(named, " and ")
}

// sent is a refund of ours on these units that TikTok may have taken, though
// its return does not show on the line (yet).
func (d *desk) sent(g group) *returns.Effect {
	for i, e := range d.Record.Effects {
		if e.Kind != returns.EffectRefund || e.State == returns.EffectIntent || !e.Live() || d.writtenOff(e.TikTokReturnID) {
			continue
		}
		if slices.ContainsFunc(g.units, func(u *unit) bool { return e.Covers(u.hold.Unit) }) {
			return &d.Record.Effects[i]
		}
	}
	return nil
}

// orderBusy tells whether another refund or new return on this order is planned
// or under way, of this return or another: one at a time, so that what is payable
// stays known.
func (d *desk) orderBusy(subject string) bool {
	for _, a := range d.plan.Acts {
		if (a.Kind == returns.ActRefund || a.Kind == returns.ActOpenReturn) && !d.keepsFailing(a) {
			return true // the next follows when this one is done
		}
	}
	for _, e := range d.Record.Effects {
		if (e.Kind == returns.EffectRefund || e.Kind == returns.EffectOpen) && e.State == returns.EffectClaimed && (e.Key != d.Key || e.Subject != subject) {
			d.wait("another refund or return on order " + d.orderID + " is under way")
			d.wakeAt(d.growing(d.Policy.MoneyWait, e.ClaimedAt), "see whether the order's other one is done")
			return true
		}
	}
	return false
}

// reasonKey is TikTok's seller reason for a unit, as the merchant mapped
// ReturnGO's. A reason is a statement: none is ever made up.
func reasonKey(mapped map[string]string, u *unit) string {
	if key, ok := mapped[u.item.Reason]; ok {
		return key
	}
	return mapped["*"]
}

// unitsAddUp asks if more units would be refunded than come back.
func (d *desk) unitsAddUp(g group) bool {
	u, why := d.oneTooMany(g)
	if u == nil {
		return true
	}
	g.say("more refunds than units")
	d.raiseAbout(g.subject(), returns.UnitMismatch, u.value, "%s", why)
	return false
}

// oneTooMany guards against paying one unit while another of the same SKU was
// the one already refunded: units refunded or in a case, plus these, must not
// exceed the units returned (design section 2).
func (d *desk) oneTooMany(g group) (*unit, string) {
	for _, u := range g.units {
		sku, cases, returned := u.hold.SKUID, 0, 0
		for _, line := range d.Record.Order.Lines {
			if line.SKUID != sku {
				continue
			}
			id := returns.NewUnitID(line.ID, "")
			if d.caseOn(id) != nil {
				cases++
			}
			if _, other := d.Record.HeldBy[id]; other {
				returned++
			}
		}
		for _, v := range d.units {
			if v.hold.SKUID == sku && v.verdict != refused {
				returned++
			}
		}
		here := 0
		for _, v := range g.units {
			if v.hold.SKUID == sku {
				here++
			}
		}
		if cases+here > returned {
			return u, fmt.Sprintf("%s: %d refunded or in a case, %d more to refund, but only %d returned", u.item.SKU, cases, here, returned)
		}
	}
	return nil, ""
}

// payableKnown tells whether TikTok has said what could be refunded for exactly
// these units; if not it is asked.
func (d *desk) payableKnown(g group, requestType, key string) bool {
	p := d.Record.Payable
	if p != nil && p.RequestType == requestType && p.ReasonKey == key && slices.Equal(p.Units, g.ids()) && d.askedLately(*p) {
		return true
	}
	d.keepAsking(g)
	d.ask = &Question{OrderID: d.orderID, Units: g.ids(), RequestType: requestType, ReasonKey: key}
	d.look(returns.TikTok, "ask TikTok what can be refunded")
	return false
}

// askedLately reports whether TikTok's answer rests on the last read of the order,
// or on one less than a minute before. An answer from the future was not given since.
func (d *desk) askedLately(p returns.Payable) bool {
	age := d.Record.TikTokReadAt.Sub(p.At)
	return p.Read > 0 && p.Read == d.Record.TikTokRead || age >= 0 && age <= time.Minute
}

// payAsSeller plans the refund, if TikTok would take it and the amount stands.
func (d *desk) payAsSeller(g group, key string) {
	payable := d.Record.Payable
	value, expected, err := g.value()
	accepted := d.acceptedPayable(g, payable.Amount)
	if accepted {
		value, expected, err = payable.Amount, false, nil
	}
	switch {
	case d.Record.Order.Fulfillment == returns.FulfilledByTikTok:
		d.raiseAbout(g.subject(), returns.FulfilledTikTok, value, "order %s is fulfilled by TikTok", d.orderID)
	case d.Record.Order.Status == returns.OrderCompleted || d.Record.Order.Status == returns.OrderCancelled:
		d.raiseAbout(g.subject(), returns.NothingPayable, g.stake(), "order %s is %s: TikTok refunds nothing any more", d.orderID, d.Record.Order.Status)
	case !payable.Eligible:
		d.raiseAbout(g.subject(), d.notPayableKind(g), g.stake(), "TikTok lets no seller refund be made for order %s (%s)", d.orderID, payable.Why)
	case d.replaced(g, payable.Amount):
		d.raiseAbout(g.subject(), returns.NotPayable, payable.Amount, "TikTok already sent the buyer a replacement; %s is authorised as well", words(value))
	case err != nil || !returns.Known(value):
		d.raiseAbout(g.subject(), returns.NoAuthorisedAmount, payable.Amount, "no amount can be made out of what ReturnGO says")
	case value.CurrencyCode() != payable.Amount.CurrencyCode():
		d.raiseAbout(g.subject(), returns.CurrencyMismatch, value, "authorised in %s, payable in %s", value.CurrencyCode(), payable.Amount.CurrencyCode())
	case expected && !d.Policy.PayExpected && !returns.SameMoney(value, payable.Amount):
		d.raiseAbout(g.subject(), returns.NoAuthorisedAmount, payable.Amount, "ReturnGO authorised no amount; it foresees %s, TikTok would pay %s", value, payable.Amount)
	case returns.Exceeds(value, payable.Amount):
		d.raiseAbout(g.subject(), returns.NotPayable, payable.Amount, "%s is authorised, TikTok would refund at most %s%s", value, payable.Amount, d.wouldStayOpen(g))
	case d.tooLarge(g, value):
	default:
		d.effect(d.Policy.Switches.Refund, returns.Act{
			Kind: returns.ActRefund, Route: returns.RouteSellerRefund, Subject: subjectOf(g.ids()), OrderID: d.orderID, Units: g.ids(),
			Amount: value, ReasonKey: key,
			Reason: fmt.Sprintf("no TikTok return is open on %s: refund exactly %s as the seller", plural(len(g.units), "unit"), value),
		}, returns.EffectRefund)
		g.say("refund of " + value.String() + " planned")
		return
	}
	g.say("cannot be paid as it stands")
}

// replaced tells whether the buyer already got a replacement for one of the
// units: a refund as well would compensate them twice, unless a person who knows
// of it agreed.
func (d *desk) replaced(g group, payable returns.Money) bool {
	return slices.ContainsFunc(d.Record.TikTokReturns, func(t returns.TikTokReturn) bool {
		return t.Status == returns.TikTokReplaceDone && g.on(t) && !d.acceptedSince(g, t.UpdatedAt, payable)
	})
}

// notPayableKind tells a withdrawn case with the parcel under way from a plain
// "nothing payable".
func (d *desk) notPayableKind(g group) returns.Kind {
	for _, t := range d.Record.TikTokReturns {
		if t.Status == returns.TikTokCancelled && slices.ContainsFunc(g.units, func(u *unit) bool { return covers(t, u.hold.Unit) }) {
			return returns.ClosedParcelComing
		}
	}
	return returns.NothingPayable
}
