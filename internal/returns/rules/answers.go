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
	for _, a := range slices.Backward(d.Record.Said) {
		if a.Kind == kind && (a.Subject == "" || a.Subject == subject) {
			return slices.Contains(answers, a.Answer) && !a.At.Before(began)
		}
	}
	return false
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

// speaksFor tells whether an answer was given about a unit: by name, or by a
// TikTok return on it.
func (d *desk) speaksFor(a returns.Answer, u *unit) bool {
	if t := d.tiktokReturn(a.Subject); t != nil {
		return covers(*t, u.hold.Unit)
	}
	return a.Subject == "" || slices.Contains(strings.Split(a.Subject, "+"), string(u.hold.Unit))
}

// answeredSince is answered, for a matter that began at a time: an answer to an
// earlier one of the same kind says nothing about it.
func (d *desk) answeredSince(began time.Time, kind returns.Kind, answers ...returns.AnswerName) bool {
	return d.answered(kind, answers...) && !d.Record.Answers[kind].At.Before(began)
}
