package rules

import (
	"fmt"
	"slices"
	"time"

	"returnbridge/internal/returns"
)

// This file is about money that ReturnGO authorises by an open transaction while
// something else says that nothing is owed: the goods did not come, the buyer
// withdrew, the RMA or a person refused. Such money is neither paid nor forgotten.

// openTransactions are the unit's refund transactions that still authorise money;
// a status that the contract does not name is not finished (A20).
func (d *desk) openTransactions(u *unit) []returns.Transaction {
	return slices.DeleteFunc(d.liveTransactions(u), func(t returns.Transaction) bool {
		return t.Status == returns.TransactionSuccess || t.Status == returns.TransactionFailed || returns.Known(t.Amount) && t.Amount.IsZero()
	})
}

// newestOpen is the newest of them.
func (d *desk) newestOpen(u *unit) (newest returns.Transaction, found bool) {
	for _, t := range d.openTransactions(u) {
		if !found || t.CreatedAt.After(newest.CreatedAt) {
			newest, found = t, true
		}
	}
	return newest, found
}

// nothingOwed is why no refund is owed for a unit of an approved RMA, and since
// when; no reason if one may be. A transaction that is newer than the inspection
// authorises the refund although nothing came back, such as for a lost parcel.
func (d *desk) nothingOwed(u *unit) (finding string, since time.Time) {
	if u.nothingCame() {
		since = u.item.Inspection.At
		if t, open := d.newestOpen(u); open && t.CreatedAt.After(since) {
			return "", time.Time{}
		}
		return "not in the parcel", since
	}
	if t := d.withdrawn(u); t != nil {
		return "TikTok return " + t.ID + " was cancelled, and no parcel moved", t.UpdatedAt
	}
	return "", time.Time{}
}

// withdrawn is the case by which the buyer took the return of a unit back before
// a parcel moved (TikTok contract 2.4); none if an inspection is to say what came.
func (d *desk) withdrawn(u *unit) *returns.TikTokReturn {
	parcel := u.item.ReturnMethod != returns.MethodNoShipment
	rma := d.Record.RMA.Status
	if u.tiktok != nil || u.item.Inspection.Done() || parcel && d.Policy.Gate == GateValidated ||
		d.parcelMoving() || rma == returns.RMAReceived || rma == returns.RMAValidated {
		return nil
	}
	last := d.lastCase(u)
	if last == nil || last.Status != returns.TikTokCancelled || last.Role == "SELLER" || last.Tracked || !last.Refused().IsZero() || d.writtenOff(last.ID) {
		return nil
	}
	return last
}

// lastCase is the newest TikTok return on a unit, whatever became of it.
func (d *desk) lastCase(u *unit) *returns.TikTokReturn {
	var last *returns.TikTokReturn
	for i, t := range d.Record.TikTokReturns {
		if covers(t, u.hold.Unit) && t.NextID == "" && (last == nil || t.CreatedAt.After(last.CreatedAt)) {
			last = &d.Record.TikTokReturns[i]
		}
	}
	return last
}

// weigh refuses a unit for a finding, unless Finance decided to pay the transaction
// that contradicts it.
func (d *desk) weigh(u *unit, finding string, since time.Time) (verdict, string) {
	u.refusedSince = since
	if a, paid := d.paidNevertheless(u, since); paid {
		return authorised, finding + "; " + decider(a) + " decided to pay it anyway"
	}
	return refused, finding
}

// paidNevertheless is Finance's answer that the unit's newest open transaction is to
// be paid, with exactly the amount it saw, given after everything that contradicts it.
func (d *desk) paidNevertheless(u *unit, since time.Time) (returns.Answer, bool) {
	t, open := d.newestOpen(u)
	a, said := d.lastSaid(string(u.hold.Unit), returns.RefundContradicted)
	if !open || !said || a.Answer != returns.AnswerPay || a.At.Before(latest(since, t.CreatedAt)) {
		return a, false
	}
	now := d.shareOrAll(u, t) // one that is not known is asked about once it is to be paid
	return a, returns.SameMoney(a.Amount, now) || !returns.Known(a.Amount) && !returns.Known(now)
}

// shareOrAll is a unit's part of a transaction, or all of it where no part can be
// made out.
func (d *desk) shareOrAll(u *unit, t returns.Transaction) returns.Money {
	share, err := d.shareOf(u, t)
	switch {
	case err == nil:
		return share
	case returns.Known(t.Amount):
		return t.Amount
	}
	return u.item.Paid
}

// reconsider pays what a person refused, if Finance decided so about a transaction
// that came later.
func (d *desk) reconsider() {
	for _, u := range d.units {
		if u.verdict != refused || u.refusedAt.IsZero() || d.refusedByReturnGO() {
			continue
		}
		if t, open := d.newestOpen(u); open && t.CreatedAt.After(u.refusedAt) {
			if a, paid := d.paidNevertheless(u, u.refusedAt); paid {
				u.verdict, u.why, u.refusedAt = authorised, decider(a)+" decided to pay after all", time.Time{}
			}
		}
	}
}

// nameContradictions asks Finance about open transactions of units that are refused:
// none of them is paid, and none is forgotten. A refusal by a person who
// knew of the transaction is not questioned.
func (d *desk) nameContradictions() {
	if d.gone() {
		return
	}
	for _, g := range d.groups() {
		if t := g.tiktok; t != nil && (t.Pays() || d.acceptedAsItIs(g)) {
			continue
		}
		for _, u := range g.with(refused).units {
			t, open := d.newestOpen(u)
			switch {
			case !open, d.sent(group{units: []*unit{u}}) != nil, !u.refusedAt.IsZero() && !t.CreatedAt.After(u.refusedAt):
			case d.refusedByReturnGO():
				d.askAboutRefused(u, t)
			default:
				d.askAboutContradicted(u, t)
			}
		}
	}
}

// askAboutContradicted asks Finance which of the two holds: the transaction, or what
// contradicts it.
func (d *desk) askAboutContradicted(u *unit, t returns.Transaction) {
	unit, known := string(u.hold.Unit), latest(latest(u.refusedSince, u.refusedAt), t.CreatedAt)
	if !d.answeredAboutSince(unit, known, returns.RefundContradicted, returns.AnswerDoNotRefund, returns.AnswerHandledManually) {
		d.raiseAbout(unit, returns.RefundContradicted, d.shareOrAll(u, t), "transaction %s of %s in ReturnGO authorises %s for %s, but: %s", t.ID, clock(t.CreatedAt), words(t.Amount), u.item.SKU, u.why)
	}
}

// askAboutRefused names a transaction that a refused RMA still holds. No answer
// pays it: only ReturnGO says whether the goods may be returned.
func (d *desk) askAboutRefused(u *unit, t returns.Transaction) {
	unit, known := string(u.hold.Unit), latest(d.Record.RMAStatusSince, t.CreatedAt)
	if !d.answeredAboutSince(unit, known, returns.RefusedWithRefund, returns.AnswerDoNotRefund, returns.AnswerHandledManually) {
		d.raiseAbout(unit, returns.RefusedWithRefund, d.shareOrAll(u, t), "the RMA is %s, and its transaction %s of %s is open for %s", d.Record.RMA.Status, t.ID, words(t.Amount), u.item.SKU)
	}
}

// askAboutRejected asks before a unit is paid as the seller whose TikTok return
// people had rejected there: TikTok closes a rejected return by itself, and then
// only the remembered refusal distinguishes it from one that ended without a decision.
func (d *desk) askAboutRejected() {
	for _, t := range d.Record.TikTokReturns {
		if t.Refused().IsZero() || t.NextID != "" || d.writtenOff(t.ID) {
			continue
		}
		g := d.those(func(u *unit) bool {
			return u.tiktok == nil && u.verdict == authorised && covers(t, u.hold.Unit)
		})
		if len(g.units) == 0 || d.paysRejected(t, g) {
			continue
		}
		value := atStake(t, g)
		why := fmt.Sprintf("TikTok return %s was rejected at %s and is closed, and ReturnGO authorises %s", t.ID, clock(t.Refused()), words(value))
		for _, u := range g.units {
			u.verdict, u.askedBy, u.why = asked, returns.RejectedOnTikTok, why
		}
		d.raiseAbout(t.ID, returns.RejectedOnTikTok, value, "%s", why)
	}
}

// atStake is what a question about a rejected TikTok return shows: what ReturnGO
// authorises, or what TikTok would have paid where that cannot be added up.
func atStake(t returns.TikTokReturn, g group) returns.Money {
	if value, _, err := g.value(); err == nil && returns.Known(value) {
		return value
	}
	return t.Refund
}

// paysRejected reports whether a person decided, since a TikTok return was rejected,
// to pay just what was shown for these of its units.
func (d *desk) paysRejected(t returns.TikTokReturn, g group) bool {
	value := atStake(t, g)
	return slices.ContainsFunc(d.Record.Said, func(a returns.Answer) bool {
		return a.Kind == returns.RejectedOnTikTok && a.Answer == returns.AnswerPay && (a.Subject == "" || a.Subject == t.ID) && !a.At.Before(t.Refused()) && returns.SameMoney(a.Amount, value)
	})
}

// rejectedHere reports whether a unit's TikTok return was refused: no other is
// opened on it by us.
func (d *desk) rejectedHere(u *unit) bool {
	return slices.ContainsFunc(d.Record.TikTokReturns, func(t returns.TikTokReturn) bool {
		return !t.Refused().IsZero() && covers(t, u.hold.Unit)
	})
}

// lastSaid is the newest answer to a question of a kind about a subject.
func (d *desk) lastSaid(subject string, kind returns.Kind) (returns.Answer, bool) {
	for _, a := range slices.Backward(d.Record.Said) {
		if a.Kind == kind && (a.Subject == "" || a.Subject == subject) {
			return a, true
		}
	}
	return returns.Answer{}, false
}

// decider names the team that gave an answer. Who it was, and what they wrote, stands
// in the ledger alone: sentences go into histories (promise 8).
func decider(a returns.Answer) string { return string(returns.Catalogue[a.Kind].Owner) }

// refusalOf says in words what an answer that refuses a refund decided.
func refusalOf(a returns.Answer) string {
	if a.Answer == returns.AnswerHandledManually {
		return decider(a) + " handled it"
	}
	return decider(a) + " decided not to refund it"
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func clock(at time.Time) string { return at.UTC().Format("2006-01-02 15:04") }
