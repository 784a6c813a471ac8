package rules

import (
	"slices"

	"returnbridge/internal/returns"
)

// This file is about what the merchant wants Finance to be asked, though facts and
// rules would pay it.

// askAboutUnsellable asks about a unit that passed the gate by its inspection alone,
// came back not fit to be sold and has no transaction, as the merchant wants it.
func (d *desk) askAboutUnsellable(u *unit) {
	i := u.item.Inspection
	if u.verdict != authorised || d.Policy.Gate != GateValidated || !i.Done() || !i.Returned || i.Restockable || u.tiktok != nil && u.tiktok.Pays() || !returns.Known(u.value) {
		return // not known: NoAuthorisedAmount asks for it
	}
	switch d.Policy.NotRestockable {
	case NotRestockablePay:
		return
	case NotRestockableAskAbove:
		if within(u.value, d.Policy.NotRestockableAbove) {
			return
		}
	}
	a, said := d.lastSaid(string(u.hold.Unit), returns.NotRestockable)
	if said && a.Answer == returns.AnswerPay && !a.At.Before(i.At) && returns.SameMoney(a.Amount, u.value) {
		u.expected, u.why = false, decider(a)+" decided to pay it"
		return
	}
	d.askAbout(u, returns.NotRestockable, u.value, "%s came back and cannot be sold again; ReturnGO authorised no amount and foresees %s", u.item.SKU, words(u.value))
}

// tooLarge asks Finance once about a refund above the merchant's amount.
func (d *desk) tooLarge(g group, amount returns.Money) bool {
	above := d.Policy.AskAbove
	if !returns.Known(above) || within(amount, above) || d.agreedTo(g, amount) {
		return false
	}
	d.raiseAbout(g.subject(), returns.LargeRefund, amount, "a refund of %s is above %s, from which Finance is asked", amount, above)
	g.say("above the amount from which Finance is asked")
	return true
}

// agreedTo reports whether Finance said to pay exactly this amount for exactly this
// group, whatever the question was.
func (d *desk) agreedTo(g group, amount returns.Money) bool {
	return slices.ContainsFunc(d.Record.Said, func(a returns.Answer) bool {
		pays := a.Answer == returns.AnswerPay || a.Answer == returns.AnswerAcceptPayable || a.Answer == returns.AnswerSetAmount
		return pays && returns.Catalogue[a.Kind].Owner == returns.Finance && d.isAbout(a, g) && returns.SameMoney(a.Amount, amount)
	})
}

// within reports whether an amount is known to be no more than a limit; two
// currencies cannot be compared.
func within(amount, limit returns.Money) bool {
	return returns.Known(amount) && returns.Known(limit) && !returns.Exceeds(amount, limit)
}
