package rules

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"returnbridge/internal/returns"
)

// judge says for each unit whether ReturnGO authorises its refund, and how much.
func (d *desk) judge() {
	for _, u := range d.units {
		u.gate, u.why = d.gate(u)
		u.verdict = u.gate
	}
	d.valueUnits()
	d.takeAmounts()
	d.takeRefusals()
	d.askAboutRejected()
	d.refuseWrittenOff()
	d.reconsider()
	d.noteStandings()
}

// gate is the configured event that authorises a unit (A30). One lost unit never
// blocks the others.
func (d *desk) gate(u *unit) (verdict, string) {
	rma := d.Record.RMA
	switch {
	case d.refusedByReturnGO():
		if d.gone() {
			return refused, "ReturnGO no longer shows the RMA"
		}
		return refused, "refused in ReturnGO (" + rma.Status + ")"
	case d.gone():
		return asked, "ReturnGO no longer shows the RMA"
	case !d.approvedByReturnGO():
		if rma.Status != returns.RMAPending {
			d.raiseUnknown("", d.Record.RMAStatusSince, d.bought(), "ReturnGO's RMA has the status %q", rma.Status)
			return asked, "unknown RMA status"
		}
		return undecided, "waiting for the approval in ReturnGO"
	case u.item.Resolution != returns.ResolutionRefund:
		return d.notMoneyBack(u)
	}
	if finding, since := d.nothingOwed(u); finding != "" {
		return d.weigh(u, finding, since)
	}
	return d.gateOpen(u)
}

// gateOpen is the configured event itself, for a unit of an approved RMA.
func (d *desk) gateOpen(u *unit) (verdict, string) {
	rma, inspection := d.Record.RMA, u.item.Inspection
	switch {
	case d.Policy.Gate == GateDone && rma.Status != returns.RMADone:
		return undecided, "waiting for the RMA to be done"
	case d.Policy.Gate == GateTransaction && len(d.liveTransactions(u)) == 0:
		return undecided, "waiting for a refund transaction in ReturnGO"
	case u.item.ReturnMethod == returns.MethodNoShipment || d.Policy.Gate == GateApproved:
		return authorised, "approved"
	case d.Policy.Gate == GateValidated && !inspection.Done():
		if rma.Status == returns.RMAReceived || rma.Status == returns.RMAValidated || rma.Status == returns.RMADone {
			return undecided, "waiting for the inspection"
		}
		return undecided, "waiting for the parcel"
	}
	return authorised, "passed"
}

// notMoneyBack handles store credit, exchanges and resolutions we do not know:
// only money back can be carried out at TikTok (A20).
func (d *desk) notMoneyBack(u *unit) (verdict, string) {
	subject := string(u.hold.Unit)
	if d.answeredAbout(subject, returns.ResolutionNotRefund, returns.AnswerDoNotRefund, returns.AnswerHandledManually) {
		a := d.newestAnswer(subject, returns.ResolutionNotRefund)
		u.refusedAt = a.At
		return refused, refusalOf(a)
	}
	d.raiseAbout(subject, returns.ResolutionNotRefund, u.item.Paid, "%s was promised %q instead of money back", u.item.SKU, u.item.Resolution)
	return asked, "not a refund"
}

// valueUnits finds each unit's value: the newest live refund transaction that
// names it; without one the expected value, which is only a check (3.4, A21).
func (d *desk) valueUnits() {
	expected := d.expectedValues()
	for i, u := range d.units {
		live := d.liveTransactions(u)
		strange := slices.IndexFunc(live, func(t returns.Transaction) bool { return !t.KnownStatus() })
		paid := slices.IndexFunc(live, func(t returns.Transaction) bool { return t.Status == returns.TransactionSuccess && !d.isOurs(t) })
		switch {
		case paid >= 0: // before anything else: no answer about an amount may pay it again
			u.value, _ = d.shareOf(u, live[paid])
			d.askAbout(u, returns.PaidInReturnGO, d.partOf(u, live[paid]), "ReturnGO's transaction %s for %s was settled by somebody else", live[paid].ID, u.item.SKU)
		case strange >= 0: // it may be a refusal in other words
			d.askAboutStatus(u, live[strange])
		case len(live) == 0:
			u.value, u.expected = expected[i], true
			d.awaitTransaction(u)
			d.askAboutUnsellable(u)
		case len(live) > 1:
			u.expected = true
			d.askAbout(u, returns.AuthorisedTwice, d.partOf(u, live[0]), "%s is authorised by %s", u.item.SKU, plural(len(live), "transaction"))
		default:
			d.takeTransaction(u, live[0])
		}
	}
}

// awaitTransaction gives people a moment to authorise an amount before the
// expected one is taken for it.
func (d *desk) awaitTransaction(u *unit) {
	since := u.item.Inspection.At
	if since.IsZero() {
		since = d.Record.RMAStatusSince
	}
	until := since.Add(d.Policy.SettleWindow)
	if u.verdict == authorised && d.Now.Before(until) {
		u.verdict, u.why = undecided, "waiting a moment for a refund transaction"
		d.wakeAt(until, "a transaction would have come by now", returns.ReturnGO)
	}
}

// askAboutStatus parks a unit whose transaction has a status we do not know.
func (d *desk) askAboutStatus(u *unit, t returns.Transaction) {
	if u.verdict != refused && !d.gone() {
		u.verdict, u.why = asked, fmt.Sprintf("ReturnGO's transaction %s has the status %q", t.ID, t.Status)
		d.raiseUnknown(string(u.hold.Unit), t.CreatedAt, t.Amount, "%s", u.why)
	}
}

// takeTransaction values a unit by its transaction, once no others can follow.
func (d *desk) takeTransaction(u *unit, t returns.Transaction) {
	share, err := d.shareOf(u, t)
	if err != nil {
		d.askAbout(u, returns.AmountUnusable, d.partOf(u, t), "the amount of transaction %s cannot be read", t.ID)
		return
	}
	if share.IsNegative() {
		d.askAbout(u, returns.AmountUnusable, d.partOf(u, t), "transaction %s is over %s, which is no refund", t.ID, t.Amount)
		return
	}
	u.value = share
	if order := d.Record.Order.Currency; u.value.CurrencyCode() != order {
		d.askAbout(u, returns.CurrencyMismatch, u.value, "%s is authorised in %s, the order is in %s", u.item.SKU, u.value.CurrencyCode(), order)
		return
	}
	settled := t.CreatedAt.Add(d.Policy.SettleWindow)
	if u.verdict == authorised && d.Now.Before(settled) && t.Status == returns.TransactionRequested {
		u.verdict, u.why = undecided, "waiting a moment for further transactions"
		d.wakeAt(settled, "further transactions would have come by now", returns.ReturnGO)
	}
}

// partOf is what a transaction names for a unit, where that can be told.
func (d *desk) partOf(u *unit, t returns.Transaction) returns.Money {
	share, err := d.shareOf(u, t)
	if err != nil {
		return returns.Money{}
	}
	return share
}

// askAbout parks one unit with an exception.
func (d *desk) askAbout(u *unit, kind returns.Kind, amount returns.Money, format string, args ...any) {
	if u.verdict == refused || d.gone() {
		return
	}
	u.verdict, u.askedBy = asked, kind
	if !returns.Known(amount) {
		amount = u.item.Paid
	}
	d.raiseAbout(string(u.hold.Unit), kind, amount, format, args...)
	u.why = fmt.Sprintf(format, args...)
}

// liveTransactions are the refund transactions that name the unit and are
// neither failed nor cancelled.
func (d *desk) liveTransactions(u *unit) []returns.Transaction {
	var live []returns.Transaction
	for _, t := range d.Record.RMA.Transactions {
		if t.Type != returns.ResolutionRefund || t.Status == returns.TransactionFailed && !d.isOurs(t) || t.Status == returns.TransactionCanceled {
			continue
		}
		if slices.Contains(t.ItemIDs, u.item.ID) {
			live = append(live, t)
		}
	}
	return live
}

// isOurs tells whether the transaction carries the reference of a TikTok return
// that pays units of this RMA: then its success is our own write-back.
func (d *desk) isOurs(t returns.Transaction) bool {
	return t.Reference != "" && slices.ContainsFunc(d.Record.TikTokReturns, func(r returns.TikTokReturn) bool {
		return r.ID == t.Reference && r.Pays()
	})
}

// shareOf is a unit's part of a transaction over several units: by the price
// paid, so that the parts add up to the last minor unit.
func (d *desk) shareOf(u *unit, t returns.Transaction) (returns.Money, error) {
	if !returns.Known(t.Amount) {
		return returns.Money{}, fmt.Errorf("transaction %s has no amount", t.ID)
	}
	if len(t.ItemIDs) <= 1 {
		return t.Amount, nil
	}
	weights, mine := make([]returns.Money, len(t.ItemIDs)), -1
	for i, id := range t.ItemIDs {
		if id == u.item.ID {
			mine = i
		}
		for _, item := range d.Record.RMA.Items {
			if item.ID == id && item.Paid.CurrencyCode() == t.Amount.CurrencyCode() {
				weights[i] = item.Paid
			}
		}
	}
	for i := range weights {
		if !returns.Known(weights[i]) {
			return returns.Money{}, fmt.Errorf("share transaction %s: the price of item %s is not known", t.ID, t.ItemIDs[i])
		}
	}
	shares, err := returns.Share(t.Amount, weights)
	if err != nil || mine < 0 {
		return returns.Money{}, fmt.Errorf("share transaction %s: %w", t.ID, err)
	}
	return shares[mine], nil
}

// expectedValues are what the RMA foresees without a transaction: paid price
// and tax, less fees, less the unit's part of the cancellation fee (A21). A
// value that cannot be computed is no amount; nor is then any unit's part of a
// fee on all of them.
func (d *desk) expectedValues() []returns.Money {
	values := make([]returns.Money, len(d.units))
	for i, u := range d.units {
		v := u.item.Paid
		if !returns.Known(v) {
			continue
		}
		if !u.item.TaxIncluded && returns.Known(u.item.PaidTax) {
			sum, err := v.Add(u.item.PaidTax)
			if err != nil {
				continue
			}
			v = sum
		}
		values[i] = less(v, u.item.Fees)
	}
	fee := d.Record.RMA.CancellationFee
	if fee != "" && isZero(fee) {
		return values
	}
	total, err := returns.Sum(values...)
	if err != nil || slices.ContainsFunc(values, func(v returns.Money) bool { return !returns.Known(v) }) {
		return make([]returns.Money, len(d.units))
	}
	shares, err := returns.Share(less(total, fee), values)
	if err != nil {
		return make([]returns.Money, len(d.units))
	}
	return shares
}

// less takes a fee without a currency of its own from an amount (A19); what
// cannot be read, or would go below zero, leaves no amount.
func less(m returns.Money, fee string) returns.Money {
	if fee != "" && isZero(fee) {
		return m
	}
	f, err := returns.NewMoney(fee, m.CurrencyCode())
	if err != nil {
		return returns.Money{}
	}
	rest, err := m.Sub(f)
	if err != nil || rest.IsNegative() {
		return returns.Money{}
	}
	return rest
}

func isZero(decimal string) bool {
	for _, c := range decimal {
		if c != '0' && c != '.' {
			return false
		}
	}
	return true
}

// takeAmounts lets a person's word stand in for the amount that ReturnGO did not say.
func (d *desk) takeAmounts() {
	for _, kind := range []returns.Kind{returns.AuthorisedTwice, returns.AmountUnusable, returns.NoAuthorisedAmount, returns.CurrencyMismatch, returns.NotRestockable} {
		for _, a := range d.standing(kind) {
			if a.Answer == returns.AnswerSetAmount {
				d.setAmount(a)
			}
		}
	}
}

// takeRefusals lets people refuse what they were asked about. A refusal counts for more
// than an amount.
func (d *desk) takeRefusals() {
	for _, kind := range []returns.Kind{
		returns.AuthorisedTwice, returns.AmountUnusable, returns.NoAuthorisedAmount, returns.CurrencyMismatch, returns.PaidInReturnGO,
		returns.RefundValueMismatch, returns.ParcelMixed, returns.UnitsWithoutRMA, returns.RejectedOnTikTok,
		returns.NotPayable, returns.NothingPayable, returns.ClosedParcelComing, returns.ReasonUnmapped, returns.UnitMismatch, returns.FulfilledTikTok,
		returns.EffectRefused, returns.OutcomeUnclear, returns.CaseInTheWay, returns.NotRestockable, returns.LargeRefund,
	} {
		for _, a := range d.standing(kind) {
			if a.Answer == returns.AnswerDoNotRefund || a.Answer == returns.AnswerHandledManually {
				d.refuseAll(d.concerned(a), a)
			}
		}
	}
}

// concerned are the units that an answer refuses: those its exception was about.
func (d *desk) concerned(a returns.Answer) []*unit {
	var open, asking []*unit
	for _, u := range d.units {
		if u.verdict != authorised && u.verdict != asked || !d.isAboutUnit(a.Subject, u) {
			continue
		}
		open = append(open, u)
		if u.askedBy == a.Kind {
			asking = append(asking, u)
		}
	}
	about := func(test func(*unit) bool) []*unit {
		return slices.DeleteFunc(open, func(u *unit) bool { return !test(u) })
	}
	switch a.Kind {
	case returns.RefundValueMismatch, returns.ParcelMixed, returns.UnitsWithoutRMA, returns.RejectedOnTikTok, returns.CaseInTheWay:
		return about(func(u *unit) bool { return d.hadCase(u, a.At) })
	case returns.NotPayable, returns.NothingPayable, returns.ClosedParcelComing, returns.ReasonUnmapped, returns.UnitMismatch, returns.FulfilledTikTok:
		return about(func(u *unit) bool { return u.tiktok == nil || u.tiktok.CreatedAt.After(a.At) })
	case returns.EffectRefused, returns.OutcomeUnclear:
		return about(func(u *unit) bool { return d.refusedBefore(u, a.At) })
	}
	if len(asking) > 0 {
		return asking
	}
	return open // the reason for asking is gone, the answer is not
}

// hadCase tells whether a TikTok return was ever open on the unit by then.
func (d *desk) hadCase(u *unit, by time.Time) bool {
	return slices.ContainsFunc(d.Record.TikTokReturns, func(t returns.TikTokReturn) bool {
		return covers(t, u.hold.Unit) && !t.CreatedAt.After(by)
	})
}

// refusedBefore tells whether our last refund of the unit came to nothing by then.
func (d *desk) refusedBefore(u *unit, by time.Time) bool {
	void := false
	for _, e := range d.Record.Effects {
		if e.Kind == returns.EffectRefund && e.Covers(u.hold.Unit) {
			if e.Live() && e.State != returns.EffectIntent {
				return false
			}
			void = void || !e.IntentAt.After(by)
		}
	}
	return void
}

// setAmount takes a person's total as the authorised value of the units that
// were asked about, shared by price paid. A unit that is refused since keeps its
// share to itself. It is a value, not an authorisation: the gate still has to open.
func (d *desk) setAmount(a returns.Answer) {
	var units []*unit
	var weights []returns.Money
	for _, u := range d.units {
		if !d.isAboutUnit(a.Subject, u) {
			continue
		}
		weight := returns.Money{}
		if u.item.Paid.CurrencyCode() == a.Amount.CurrencyCode() {
			weight = u.item.Paid
		}
		units, weights = append(units, u), append(weights, weight)
	}
	if !d.stillAsked(a.Kind, units) || a.Amount.CurrencyCode() != d.Record.Order.Currency {
		return
	}
	shares, err := returns.Share(a.Amount, weights)
	if err != nil {
		return
	}
	for i, u := range units {
		if u.verdict == asked && u.askedBy != a.Kind || u.verdict != asked && a.Kind != returns.NoAuthorisedAmount {
			continue
		}
		u.verdict, u.value, u.expected, u.askedBy = u.gate, shares[i], false, ""
		if u.gate == authorised {
			u.why = "amount set by a person"
		}
	}
	d.settledBy(a)
}

// stillAsked tells whether the question is still open: one of the units is asked
// about, or has no authorised amount.
func (d *desk) stillAsked(kind returns.Kind, units []*unit) bool {
	return slices.ContainsFunc(units, func(u *unit) bool {
		return u.askedBy == kind || kind == returns.NoAuthorisedAmount && u.expected && u.gate != refused
	})
}

func (d *desk) refuseAll(units []*unit, a returns.Answer) {
	if len(units) == 0 {
		return
	}
	for _, u := range units {
		u.verdict, u.why, u.refusedAt = refused, refusalOf(a), a.At
		d.settledBy(returns.Answer{Kind: u.askedBy, Subject: string(u.hold.Unit)}) // what else was asked about it is no question any more
	}
	d.settledBy(a)
}

// settledBy takes back the question that an answer was given to, also where it was about
// one of several units.
func (d *desk) settledBy(a returns.Answer) {
	units := strings.Split(a.Subject, "+")
	d.plan.Exceptions = slices.DeleteFunc(d.plan.Exceptions, func(e returns.Exception) bool {
		return e.Kind == a.Kind && (a.Subject == "" || e.Subject == a.Subject || slices.Contains(units, e.Subject))
	})
}

// drop takes back exceptions that an answer has settled.
func (d *desk) drop(kinds ...returns.Kind) {
	d.plan.Exceptions = slices.DeleteFunc(d.plan.Exceptions, func(e returns.Exception) bool { return slices.Contains(kinds, e.Kind) })
}
