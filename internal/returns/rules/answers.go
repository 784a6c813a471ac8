package rules

import (
	"slices"
	"strings"
	"time"

	"returnbridge/internal/returns"
)

// answered tells whether a person gave one of these answers to this kind.
func (d *desk) answered(kind returns.Kind, answers ...returns.AnswerName) bool {
	a, ok := d.Record.Answers[kind]
	return ok && slices.Contains(answers, a.Answer)
}

// answeredAbout is answered, for one subject: its newest answer counts, and one
// that was given to no subject in particular speaks for all.
func (d *desk) answeredAbout(subject string, kind returns.Kind, answers ...returns.AnswerName) bool {
	return d.answeredAboutSince(subject, time.Time{}, kind, answers...)
}

// answeredAboutSince is answeredAbout, for a matter that began at a time.
func (d *desk) answeredAboutSince(subject string, began time.Time, kind returns.Kind, answers ...returns.AnswerName) bool {
	a := d.newestAnswer(subject, kind)
	return slices.Contains(answers, a.Answer) && !a.At.Before(began)
}

// newestAnswer is the newest answer that speaks for a subject: given about it, about
// several units of which it is one, or about none in particular.
func (d *desk) newestAnswer(subject string, kind returns.Kind) returns.Answer {
	for _, a := range slices.Backward(d.Record.Said) {
		if a.Kind == kind && (a.Subject == "" || a.Subject == subject || slices.Contains(strings.Split(a.Subject, "+"), subject)) {
			return a
		}
	}
	return returns.Answer{}
}

// standing are the answers of a kind that count, the newest for each subject.
func (d *desk) standing(kind returns.Kind) []returns.Answer {
	var all []returns.Answer
	for _, a := range slices.Backward(d.Record.Said) {
		if a.Kind == kind && !slices.ContainsFunc(all, func(b returns.Answer) bool { return b.Subject == a.Subject }) {
			all = append(all, a)
		}
	}
	return all
}

// isAboutUnit reports whether the subject of a question or an answer is a unit, or a
// TikTok return on it; no subject is about all of them.
func (d *desk) isAboutUnit(subject string, u *unit) bool {
	if t := d.tiktokReturn(subject); t != nil {
		return covers(*t, u.hold.Unit)
	}
	return subject == "" || slices.Contains(strings.Split(subject, "+"), string(u.hold.Unit))
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
		!slices.ContainsFunc(d.transactionsOf(g), func(t returns.Transaction) bool { return !knewOf(a, t) })
}

// knewOf reports whether the ledger knew of a transaction, as it is now, when an answer
// was given. Where that was not kept the times must tell, by two machines' clocks.
func knewOf(a returns.Answer, t returns.Transaction) bool {
	if len(a.Seen) == 0 {
		return !t.CreatedAt.After(a.At)
	}
	return slices.Contains(a.Seen, t.Version())
}

// acceptedSince is acceptedPayable, for a matter that began at a time.
func (d *desk) acceptedSince(g group, began time.Time, amount returns.Money) bool {
	return slices.ContainsFunc(d.Record.Said, func(a returns.Answer) bool {
		return a.Answer == returns.AnswerAcceptPayable && !a.At.Before(began) && d.isAbout(a, g) && returns.SameMoney(a.Amount, amount)
	})
}
