package rules

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"returnbridge/internal/returns"
)

// effect plans an act unless it has been done already, or may have been, or was
// definitely refused and nobody asked for a second try.
func (d *desk) effect(on bool, act returns.Act, kind returns.EffectKind) {
	last := d.newest(kind, act.Subject)
	switch {
	case last == nil || last.State == returns.EffectDropped:
		d.do(on, act)
	case last.State == returns.EffectIntent && last.Note == lostAndNotFound && !returns.SameMoney(last.Amount, act.Amount) && !d.retried(*last, aboutAct(act)):
		// The same key with another amount would be refused, or worse.
		d.raiseAbout(aboutAct(act), returns.OutcomeUnclear, act.Amount, "a refund of %s was sent and its answer lost; now %s is authorised", last.Amount, act.Amount)
	case last.State == returns.EffectIntent:
		ineligible := strings.HasPrefix(last.Note, returns.NoteIneligible)
		if last.Note != "" && (ineligible || d.Now.Sub(last.IntentAt) > d.Policy.TroubleRetry) {
			if d.answeredAboutSince(aboutAct(act), last.IntentAt, returns.EffectRefused, returns.AnswerDoNotRefund, returns.AnswerHandledManually) {
				return
			}
			d.raiseAbout(aboutAct(act), returns.EffectRefused, act.Amount, "%s has not been possible since %s: %s", act.Route, last.IntentAt.UTC().Format(time.RFC3339), last.Note)
		}
		d.do(on, act)
	case last.State == returns.EffectVoid && d.retried(*last, aboutAct(act)):
		d.do(on, act)
	case last.State == returns.EffectVoid:
		if !d.answeredAbout(aboutAct(act), returns.EffectRefused, returns.AnswerDoNotRefund, returns.AnswerHandledManually) {
			d.raiseAbout(aboutAct(act), returns.EffectRefused, act.Amount, "%s was refused: %s", act.Route, last.Note)
		}
	default:
		d.await(*last)
	}
}

// await waits to see an effect of ours at the platform: at once when its claim
// ends, then at growing intervals.
func (d *desk) await(e returns.Effect) {
	platform := returns.TikTok
	if e.Kind == returns.EffectWriteBack {
		platform = returns.ReturnGO
	}
	d.wait(fmt.Sprintf("%s was sent; waiting to see it at %s", e.Route, platform))
	if e.State == returns.EffectClaimed && d.Now.Before(e.ClaimUntil) {
		d.wakeAt(e.ClaimUntil, "the answer was lost: read what happened", platform)
		return
	}
	d.wakeAt(d.growing(d.Policy.MoneyWait, e.ClaimedAt), "see what became of it", platform)
}

func (d *desk) newest(kind returns.EffectKind, subject string) *returns.Effect {
	var last *returns.Effect
	for i, e := range d.Record.Effects {
		if e.Kind == kind && e.Subject == subject && (last == nil || e.Generation > last.Generation) {
			last = &d.Record.Effects[i]
		}
	}
	return last
}

// retried tells whether a person asked for another try after this refusal.
func (d *desk) retried(e returns.Effect, subject string) bool {
	return slices.ContainsFunc(d.Record.Said, func(a returns.Answer) bool {
		return (a.Kind == returns.EffectRefused || a.Kind == returns.OutcomeUnclear) && a.Answer == returns.AnswerRetry &&
			(a.Subject == "" || a.Subject == subject) && a.At.After(e.IntentAt)
	})
}

// aboutAct is what a question about an act is about: the units or the TikTok
// return whose money it moves, or the act itself if it moves none.
func aboutAct(a returns.Act) string {
	switch {
	case a.Route.Creates():
		return joined(a.Units)
	case a.Kind == returns.ActRefund:
		return a.TikTokReturnID
	}
	return string(a.Route) + " " + a.Subject
}

// subjectOf names a seller refund by the units it pays, shortly: it is part of
// the idempotency key.
func subjectOf(units []returns.UnitID) string {
	name := joined(units)
	if len(name) <= 100 {
		return name
	}
	first, _, _ := strings.Cut(name, "+")
	sum := sha256.Sum256([]byte(name))
	return fmt.Sprintf("%s+%d-%s", first, len(units)-1, hex.EncodeToString(sum[:6]))
}

// joined names units together, in one order.
func joined(units []returns.UnitID) string {
	ids := make([]string, len(units))
	for i, u := range units {
		ids[i] = string(u)
	}
	slices.Sort(ids)
	return strings.Join(ids, "+")
}

func words(m returns.Money) string {
	if !returns.Known(m) {
		return "nothing that can be added up"
	}
	return m.String()
}
