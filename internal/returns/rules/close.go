package rules

import (
	"fmt"
	"slices"
	"strings"

	"returnbridge/internal/returns"
)

// writeBack tells ReturnGO once that the money has moved: the transaction set to
// Success with TikTok's reference, only if what was paid is its amount. Without
// a transaction one comment says so (design step 7).
func (d *desk) writeBack() {
	if d.gone() || len(d.units) == 0 || slices.ContainsFunc(d.units, func(u *unit) bool { return !u.refund.done }) {
		return
	}
	paid := false
	for _, g := range d.groups() {
		if g.tiktok == nil || !g.tiktok.Paid() {
			continue
		}
		paid = true
		d.reportGroup(g)
	}
	open := slices.ContainsFunc(d.units, func(u *unit) bool { return !u.stock.done })
	if paid && d.Policy.SetDone && !open && !d.anyUnpaidCase() && d.nothingPlanned() && d.Record.RMA.Status != returns.RMADone {
		d.reportBack(returns.Act{Route: returns.RouteSetDone, Subject: d.Record.RMA.ID, Reason: "all is settled: set the RMA to Done"})
	}
}

// reportGroup reports one TikTok return's money.
func (d *desk) reportGroup(g group) {
	transactions := d.transactionsOf(g)
	all := len(transactions) > 0
	for _, t := range transactions {
		if !d.paidInFull(t) {
			all = false
			continue
		}
		if t.Status != returns.TransactionSuccess {
			d.reportBack(returns.Act{
				Route: returns.RouteSetTransaction, Subject: t.ID, TikTokReturnID: g.tiktok.ID, Amount: t.Amount,
				Reason: fmt.Sprintf("TikTok paid %s: settle ReturnGO's transaction %s", g.tiktok.Refund, t.ID),
			})
		}
	}
	if all {
		return
	}
	left := d.openNames(g)
	if len(left) > 0 && d.acceptedElsewhere(g) {
		d.raiseUnlessSeen(g.tiktok.ID, returns.TransactionLeftOpen, g.tiktok.Refund, "TikTok paid %s on return %s; %s stays open in ReturnGO: cancel it there", g.tiktok.Refund, g.tiktok.ID, strings.Join(left, ", "))
	}
	why, note := "there is no transaction to settle", ""
	if len(left) > 0 {
		why = strings.Join(left, ", ") + " has another amount and stays open"
		note = "That is not the amount of " + strings.Join(left, ", ") + ", which stays open: cancel it by hand."
	}
	marker := "refund-" + g.tiktok.ID
	if !slices.Contains(d.Record.RMA.Markers, marker) {
		d.reportBack(returns.Act{
			Route: returns.RouteComment, Subject: marker, TikTokReturnID: g.tiktok.ID, Amount: g.tiktok.Refund,
			Reason: fmt.Sprintf("TikTok paid %s: leave a note, %s", g.tiktok.Refund, why), Note: note,
		})
	}
}

// openNames names the group's transactions that still authorise money, with their
// amounts.
func (d *desk) openNames(g group) []string {
	var names []string
	for _, u := range g.units {
		for _, t := range d.openTransactions(u) {
			if name := fmt.Sprintf("transaction %s of %s", t.ID, words(t.Amount)); !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// wouldStayOpen says what has to be closed by hand in ReturnGO if another amount than
// the authorised one is paid: a transaction is settled only with its own amount.
func (d *desk) wouldStayOpen(g group) string {
	names := d.openNames(g)
	if len(names) == 0 {
		return ""
	}
	return "; if that is accepted, " + strings.Join(names, ", ") + " stays open in ReturnGO and has to be cancelled there"
}

// acceptedElsewhere reports whether another team than Finance accepted what TikTok
// paid: Finance has not read yet what stays open.
func (d *desk) acceptedElsewhere(g group) bool {
	return slices.ContainsFunc(d.Record.Said, func(a returns.Answer) bool {
		return a.Answer == returns.AnswerAcceptPayable && returns.Catalogue[a.Kind].Owner != returns.Finance && d.isAbout(a, g) && returns.SameMoney(a.Amount, g.tiktok.Refund)
	})
}

// paidInFull tells whether every unit a transaction names was paid what is
// authorised for it: only then was its amount executed.
func (d *desk) paidInFull(t returns.Transaction) bool {
	named := 0
	for _, g := range d.groups() {
		if !slices.ContainsFunc(g.units, func(u *unit) bool { return slices.Contains(t.ItemIDs, u.item.ID) }) {
			continue
		}
		value, expected, err := g.value()
		if g.tiktok == nil || !g.tiktok.Paid() || err != nil || expected || !d.paidExactly(g, value) {
			return false
		}
		for _, u := range g.units {
			if !slices.Contains(t.ItemIDs, u.item.ID) {
				continue
			}
			if share, err := d.shareOf(u, t); err != nil || !returns.SameMoney(share, u.value) {
				return false // a person set another value
			}
			named++
		}
	}
	return named == len(t.ItemIDs)
}

// reportBack plans one write to ReturnGO; a transaction over several TikTok
// returns is written once.
func (d *desk) reportBack(a returns.Act) {
	if slices.ContainsFunc(d.plan.Acts, func(b returns.Act) bool { return b.Route == a.Route && b.Subject == a.Subject }) {
		return
	}
	a.Kind, a.OrderID = returns.ActWriteBack, d.orderID
	d.effect(d.Policy.Switches.WriteBack, a, returns.EffectWriteBack)
}

// transactionsOf are the live transactions of the group's units, each once.
func (d *desk) transactionsOf(g group) []returns.Transaction {
	var all []returns.Transaction
	for _, u := range g.units {
		for _, t := range d.liveTransactions(u) {
			if !slices.ContainsFunc(all, func(s returns.Transaction) bool { return s.ID == t.ID }) {
				all = append(all, t)
			}
		}
	}
	return all
}

func (d *desk) nothingPlanned() bool { return len(d.plan.Acts) == 0 }

// finish names the stage, and closes the return when nothing is open.
func (d *desk) finish() {
	if at := d.firstInspection(); !at.IsZero() {
		d.plan.InspectedAt = at
	}
	open := slices.ContainsFunc(d.units, func(u *unit) bool { return !u.refund.done || !u.stock.done }) || d.refundsInFlight()
	switch {
	case !open:
		d.finishSettled()
	case d.refusedByReturnGO() && !d.anyTouched() && !d.anyOpenCase() && d.nothingPlanned():
		d.close("closed in ReturnGO (" + d.Record.RMA.Status + "), nothing to undo")
	case !d.approvedByReturnGO():
		d.plan.Stage = returns.StageAwaitApproval
	case slices.ContainsFunc(d.units, func(u *unit) bool { return u.verdict == authorised || u.item.Inspection.Done() }):
		d.plan.Stage = returns.StageSettling
	case d.Record.RMA.Status == returns.RMAApproved:
		d.plan.Stage = returns.StageAwaitParcel
	default:
		d.plan.Stage = returns.StageAwaitInspect
	}
}

// finishSettled closes a return whose units are all done, unless something else still
// keeps it.
func (d *desk) finishSettled() {
	idle := d.nothingPlanned() && !d.writeBackOpen()
	switch {
	case d.anyUnpaidCase():
		d.plan.Stage = returns.StageSettling
		d.wait("everything is settled, but another TikTok return is open on these units")
	case d.held:
		d.plan.Stage = returns.StageWritingBack
	case idle && d.heardOfMore():
		d.plan.Stage = returns.StageSettling
	case idle:
		d.close("settled: " + d.outcome())
	case d.refusedByReturnGO() && !d.anyTouched() && !d.anyOpenCase() && d.nothingPlanned():
		d.close("closed in ReturnGO (" + d.Record.RMA.Status + "), nothing to undo")
	default:
		d.plan.Stage = returns.StageWritingBack
	}
}

// refundsInFlight tells whether a refund of ours may still move money, though
// somebody else has paid the unit meanwhile, or a return of ours may still open.
func (d *desk) refundsInFlight() bool {
	moving := false
	for _, e := range d.Record.Effects {
		if e.Kind != returns.EffectRefund && e.Kind != returns.EffectOpen || e.State != returns.EffectClaimed && e.State != returns.EffectApplied || d.writtenOff(e.TikTokReturnID) ||
			!slices.ContainsFunc(d.units, func(u *unit) bool { return e.Covers(u.hold.Unit) }) {
			continue
		}
		moving = true
		if !d.unclear(e) {
			d.await(e)
		}
	}
	return moving
}

// writeBackOpen tells whether a write to ReturnGO was sent and has not been seen
// there yet. One that is switched off keeps no return open.
func (d *desk) writeBackOpen() bool {
	return slices.ContainsFunc(d.Record.Effects, func(e returns.Effect) bool {
		return e.Kind == returns.EffectWriteBack && e.State == returns.EffectClaimed && d.ownWriteBack(e)
	})
}

// ownWriteBack tells whether a write-back is about this RMA: effects of the
// whole order are on the desk.
func (d *desk) ownWriteBack(e returns.Effect) bool {
	return slices.ContainsFunc(d.units, func(u *unit) bool { return u.tiktok != nil && u.tiktok.ID == e.TikTokReturnID }) || e.Subject == d.Record.RMA.ID
}

// anyOpenCase tells whether a TikTok return still occupies one of the units.
func (d *desk) anyOpenCase() bool {
	return slices.ContainsFunc(d.Record.TikTokReturns, func(t returns.TikTokReturn) bool {
		return t.Live() && slices.ContainsFunc(d.units, func(u *unit) bool { return covers(t, u.hold.Unit) })
	})
}

// anyUnpaidCase tells whether TikTok may still pay one of the units, beside what
// it has paid.
func (d *desk) anyUnpaidCase() bool {
	return slices.ContainsFunc(d.Record.TikTokReturns, func(t returns.TikTokReturn) bool {
		return t.Live() && !t.Pays() && slices.ContainsFunc(d.units, func(u *unit) bool { return covers(t, u.hold.Unit) })
	})
}

// outcome is the return's end in one sentence.
func (d *desk) outcome() string {
	var paid []returns.Money
	for _, g := range d.groups() {
		switch t := g.tiktok; {
		case t == nil || !t.Paid():
		case d.holdsAllOf(g):
			paid = append(paid, t.Refund)
		default:
			paid = append(paid, d.linesRefund(g, *t)) // the rest is not this return's
		}
	}
	stocked, left := 0, 0
	for _, u := range d.units {
		if u.stock.off {
			left++
		}
		if e := d.entryOf(u); e != nil && e.State == returns.RestockProven {
			stocked++
		}
	}
	total, err := returns.Sum(paid...)
	words := "nothing refunded"
	if err == nil && returns.Known(total) {
		words = total.String() + " refunded"
	}
	words = fmt.Sprintf("%s, %s back in stock", words, plural(stocked, "unit"))
	if left > 0 {
		words += fmt.Sprintf(", %s left to people: restock is switched off", plural(left, "unit"))
	}
	return words
}
