package rules

import (
	"fmt"
	"time"

	"returnbridge/internal/returns"
)

// braked reports whether people have stopped what an act belongs to, or the day's
// limit of refunds is reached. The return is told when that ends; should the message be
// lost, it looks by itself.
func (d *desk) braked(a returns.Act) bool {
	if s, stopped := returns.StopOf(d.Record.Stops, a.Kind.Action()); stopped {
		d.stops = append(d.stops, s.Action)
		// Who stopped it, and why in their words, stands in the ledger alone (promise 8).
		d.wait(fmt.Sprintf("%s is stopped for the shop since %s; would now: %s", s.Action, s.At.UTC().Format(time.RFC3339), a.Reason))
		d.wakeAt(d.Now.Add(rarestSwitchLook), "see whether it is started again")
		return true
	}
	if a.Kind != returns.ActRefund || !d.overLimit(a) {
		return false
	}
	tomorrow := d.Now.Truncate(24 * time.Hour).Add(24 * time.Hour)
	d.limit = fmt.Sprintf("the limit of refunds for %s (UTC) is reached with %s: further ones wait until midnight, or until a person lifts it for today", d.Now.Format(time.DateOnly), d.refunded())
	d.wait(d.limit)
	d.wakeAt(tomorrow, "the next day's refunds begin")
	return true
}

// overLimit reports whether one more refund would exceed the day's limit. An amount
// in another currency than the limit's cannot be added up: it counts as exceeding it.
func (d *desk) overLimit(a returns.Act) bool {
	limit := d.Policy.DayLimit
	if !limit.Set() || d.Today.LiftedBy != "" {
		return false
	}
	amounts := []returns.Money{a.Amount}
	for _, r := range d.Today.Refunds {
		if r.Subject != a.Subject { // else it is this one, sent again
			amounts = append(amounts, r.Amount)
		}
	}
	if limit.Count > 0 && len(amounts) > limit.Count {
		return true
	}
	if !returns.Known(limit.Amount) {
		return false
	}
	total, err := returns.Sum(amounts...)
	return err != nil || returns.Exceeds(total, limit.Amount)
}

// refunded says what was refunded today.
func (d *desk) refunded() string {
	var amounts []returns.Money
	for _, r := range d.Today.Refunds {
		amounts = append(amounts, r.Amount)
	}
	total, err := returns.Sum(amounts...)
	if err != nil || !returns.Known(total) {
		return plural(len(amounts), "refund")
	}
	return fmt.Sprintf("%s of %s together", plural(len(amounts), "refund"), total)
}
