package rules

import (
	"fmt"
	"slices"

	"returnbridge/internal/returns"
)

// payRest pays what a refund made elsewhere left open, where Finance said so: as
// the seller, exactly up to the authorised value. It tells why it cannot; then
// the question stays.
func (d *desk) payRest(g group) (why string) {
	if e := d.sent(g); e != nil && e.Route == returns.RouteSellerRefund && e.State != returns.EffectVerified {
		g.say("the rest of " + e.Amount.String() + " sent")
		if !d.unclear(*e) {
			d.await(*e)
		}
		return ""
	} else if e != nil {
		return "a refund of ours is behind it already"
	}
	value, expected, err := g.value()
	rest := returns.Money{}
	if err == nil && !expected && g.all(authorised) {
		rest, err = d.restOf(g, value)
	}
	key, parts := reasonKey(d.Policy.ReasonKeys, g.units[0]), d.byReason(g)
	switch {
	case err != nil || !returns.Known(rest):
		return "what is missing cannot be made out"
	case !rest.IsPositive():
		return "nothing is missing"
	case len(parts) > 1: // what is missing is one amount, of which TikTok does not say which unit it belongs to
		return "its units have the " + g.reasons() + ", and a request to TikTok bears one reason"
	case key == "":
		return fmt.Sprintf("no TikTok reason is configured for ReturnGO's reason %q", g.units[0].item.Reason)
	case d.openBeside(g):
		return "another TikTok return is open"
	}
	g.say("the rest of " + rest.String() + " is to be paid")
	if d.orderBusy(subjectOf(g.ids())) || !d.payableKnown(g, returns.TypeRefund, key) {
		return ""
	}
	if p := d.Record.Payable; !p.Eligible {
		return "TikTok lets no seller refund be made: " + p.Why
	} else if returns.Exceeds(rest, p.Amount) {
		return "TikTok would refund at most " + p.Amount.String()
	}
	if d.tooLarge(g, rest) {
		return ""
	}
	d.effect(d.Policy.Switches.Refund, returns.Act{
		Kind: returns.ActRefund, Route: returns.RouteSellerRefund, Subject: subjectOf(g.ids()), OrderID: d.orderID, Units: g.ids(), Amount: rest, ReasonKey: key,
		Reason: fmt.Sprintf("TikTok paid less than the authorised %s, and Finance decided: refund the rest of %s", value, rest),
	}, returns.EffectRefund)
	return ""
}

// restOf is what is missing up to the authorised value, after all that TikTok
// paid for the units alone.
func (d *desk) restOf(g group, value returns.Money) (returns.Money, error) {
	rest := value
	for _, t := range d.Record.TikTokReturns {
		if !t.Pays() || !g.on(t) {
			continue
		}
		paid := t.Refund
		if len(t.Lines) > 1 {
			paid = d.linesRefund(g, t)
		}
		if !returns.Known(paid) {
			return returns.Money{}, nil
		}
		var err error
		if rest, err = rest.Sub(paid); err != nil {
			return returns.Money{}, err
		}
	}
	return rest, nil
}

// on tells whether a TikTok return is about one of the group's units.
func (g group) on(t returns.TikTokReturn) bool {
	return slices.ContainsFunc(g.units, func(u *unit) bool { return covers(t, u.hold.Unit) })
}

// openBeside tells whether TikTok may still pay one of the units by another return.
func (d *desk) openBeside(g group) bool {
	return slices.ContainsFunc(d.Record.TikTokReturns, func(t returns.TikTokReturn) bool { return t.Live() && !t.Pays() && g.on(t) })
}

// paidTogether tells whether several partial refunds add up to what was
// authorised for a unit, or for those refunded with it.
func (d *desk) paidTogether(u *unit) bool {
	for _, g := range d.groups() {
		if !slices.Contains(g.units, u) {
			continue
		}
		for _, some := range []group{{units: []*unit{u}}, g} {
			value, _, err := some.value()
			rest, restErr := d.restOf(some, value)
			if err == nil && restErr == nil && returns.Known(rest) && rest.IsZero() {
				return true
			}
		}
	}
	return false
}
