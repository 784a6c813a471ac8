package rules

import (
	"slices"
	"strings"
	"time"

	"returnbridge/internal/returns"
)

// While restocking is switched off people put units into stock by hand, and
// nothing shows which: TikTok keeps a number and no units. So a return waits for
// the switch as long as nobody would call it late, then ends and leaves its units
// to people; and once the switch is on it asks before it writes what passed its
// inspection earlier (promise 3).

// leftToPeople tells whether a unit that passed has waited for the switch for so
// long that its return is kept open for it no more. Else the clock is armed.
func (d *desk) leftToPeople(u *unit) bool {
	if d.Policy.Switches.Restock || !d.due(u.item.Inspection.At.Add(d.Policy.InspectedTooLong), "leave the unit to people if restocking is still switched off") {
		return false
	}
	u.stock = side{done: true, off: true, say: "left to people: restock is switched off"}
	return true
}

// mayBeInStock tells whether people may have put a unit back before the switch
// was turned on, and nobody has said since that it is to be written.
func (d *desk) mayBeInStock(u *unit) bool {
	shadowed := d.shadowOf(returns.Shadow{Kind: returns.ActRestock, Subject: string(u.hold.Unit)}) != nil // its inspection may have been edited since
	since := d.Record.RestockSince.Truncate(time.Second)                                                  // as ReturnGO tells its times
	if !d.Policy.Switches.Restock || !shadowed && !u.item.Inspection.At.Before(since) {
		return false
	}
	if a := d.saidOf(u, returns.InspectedWhileOff); a.Answer == returns.AnswerRestockNow && !a.At.Before(d.Record.RestockSince) {
		return false
	}
	u.stock = side{off: true, say: "perhaps put back by hand"}
	return true
}

// putBackByHand tells whether a person said that a unit is in stock, or none of
// ours to put there.
func (d *desk) putBackByHand(u *unit) bool {
	return d.saidOf(u, returns.InspectedWhileOff).Answer == returns.AnswerSkipRestock
}

// askWhatIsInStock asks Operations once about all units of the return.
func (d *desk) askWhatIsInStock(units []*unit) {
	if len(units) == 0 {
		return
	}
	var skus []string
	for _, u := range units {
		if !slices.Contains(skus, u.item.SKU) {
			skus = append(skus, u.item.SKU)
		}
	}
	d.raiseAbout(joined(group{units: units}.ids()), returns.InspectedWhileOff, returns.Money{},
		"%s passed the inspection before restocking was switched on, and may be in stock by hand: %s", plural(len(units), "unit"), strings.Join(skus, ", "))
}

// saidOf is the newest answer of a kind about a unit; none if there is none.
func (d *desk) saidOf(u *unit, kind returns.Kind) returns.Answer {
	for _, a := range slices.Backward(d.Record.Said) {
		if a.Kind == kind && d.isAboutUnit(a.Subject, u) {
			return a
		}
	}
	return returns.Answer{}
}

// restockCameOut is how a restock came out that we only would have made, once
// the switch is on and people were asked.
func (d *desk) restockCameOut(s returns.Shadow) (returns.ShadowEnd, string) {
	for _, u := range d.units {
		if string(u.hold.Unit) == s.Subject && d.putBackByHand(u) {
			return returns.ShadowAgreed, "put into stock by hand, as " + d.saidOf(u, returns.InspectedWhileOff).Who + " said"
		}
	}
	return returns.ShadowOurs, "the switch was turned on"
}
