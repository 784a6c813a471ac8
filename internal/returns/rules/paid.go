package rules

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"returnbridge/internal/returns"
)

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
	exact := err == nil && g.all(authorised) && d.paidExactly(g, value)
	switch {
	case d.gone():
		d.paidGone(g)
	case !g.any(refused) && d.fellThrough(g) != "":
		d.raiseUnlessSeen(t.ID, returns.ReversedAfterRefund, t.Refund, "TikTok paid %s on return %s; %s", t.Refund, t.ID, d.fellThrough(g))
		g.done(g.paidWords() + "; its transaction failed or was cancelled")
	case g.any(asked):
		g.say(g.paidWords() + "; a person has to look at the authorisation") // its exception is named
	case g.any(undecided):
		g.say(g.paidWords() + " before ReturnGO decided")
		d.wait(fmt.Sprintf("TikTok paid %s already; %s", t.Refund, g.with(undecided).units[0].why))
	case g.any(authorised) && d.strayed(g):
		d.raiseAbout(t.ID, returns.RefundDiffers, t.Refund, "TikTok paid %s on return %s, which has %s beyond those of any RMA; ReturnGO authorised %s",
			t.Refund, t.ID, plural(d.strays(g), "unit"), words(value))
		g.done(g.paidWords() + ", and units that no RMA returns")
	case exact && expected:
		g.done(g.paidWords() + ", as foreseen")
	case exact, !d.refusedByReturnGO() && d.acceptedAsItIs(g):
		g.done(g.paidWords())
	case g.all(refused) && d.refusedByReturnGO():
		d.raiseUnlessSeen(t.ID, returns.ReversedAfterRefund, t.Refund, "TikTok paid %s on return %s; ReturnGO says %s", t.Refund, t.ID, d.Record.RMA.Status)
		g.done(g.paidWords() + " though refused")
	case d.answeredAboutSince(t.ID, t.UpdatedAt, returns.RefundDiffers, returns.AnswerAcknowledge):
		g.done(g.paidWords() + ", seen by Finance")
	default:
		d.paidDifferently(g, value)
	}
}

// fellThrough says which transaction failed or was cancelled for units that were paid, where
// no other one authorises them: ReturnGO no longer stands by the refund.
func (d *desk) fellThrough(g group) string {
	for _, u := range g.units {
		if len(d.liveTransactions(u)) > 0 {
			return ""
		}
	}
	for _, t := range d.Record.RMA.Transactions {
		over := t.Status == returns.TransactionFailed || t.Status == returns.TransactionCanceled
		if over && t.Type == returns.ResolutionRefund && slices.ContainsFunc(g.units, func(u *unit) bool { return slices.Contains(t.ItemIDs, u.item.ID) }) {
			return fmt.Sprintf("its transaction %s of %s is %s in ReturnGO", t.ID, words(t.Amount), t.Status)
		}
	}
	return ""
}

// paidGone names money that was paid on an RMA that is no longer shown, unless it
// was no matter any more by then.
func (d *desk) paidGone(g group) {
	if t := g.tiktok; d.Record.ClosedAt.IsZero() {
		d.raiseUnlessSeen(t.ID, returns.ReversedAfterRefund, t.Refund, "TikTok paid %s on return %s; ReturnGO no longer shows the RMA", t.Refund, t.ID)
	}
	g.done(g.paidWords())
}

// paidDifferently pays the rest where Finance said so; else Finance is asked.
func (d *desk) paidDifferently(g group, value returns.Money) {
	t, why := g.tiktok, ""
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

// strayed tells whether TikTok paid for units that no RMA returns, and nobody
// has said yet that it is known.
func (d *desk) strayed(g group) bool {
	t := g.tiktok
	return d.strays(g) > 0 && !d.acceptedPayable(g, t.Refund) &&
		!d.answeredAboutSince(t.ID, t.UpdatedAt, returns.RefundDiffers, returns.AnswerAcknowledge, returns.AnswerPayRest)
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
