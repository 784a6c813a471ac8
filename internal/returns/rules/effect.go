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
	case act.Route == returns.RouteSellerRefund && d.lostUnderAnotherName(act):
	case last == nil:
		d.do(on, act)
	case unsent(*last) && last.Reason == returns.ReasonLost && !d.retried(*last, aboutAct(act)) && d.unclear(*last):
		// TikTok has forgotten the key, or its search is too slow to tell.
	case last.State == returns.EffectDropped:
		d.do(on, act)
	case last.State == returns.EffectIntent && last.Reason == returns.ReasonLost && !returns.SameMoney(last.Amount, act.Amount) && !d.retried(*last, aboutAct(act)):
		// The same key with another amount would be refused, or worse.
		d.raiseAbout(aboutAct(act), returns.OutcomeUnclear, act.Amount, "a refund of %s was sent and its answer lost; now %s is authorised", last.Amount, act.Amount)
	case last.State == returns.EffectIntent:
		d.tryOn(on, act, *last)
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

// tryOn tries again what was not possible before, and has people told of it, until one
// of them says that it is not to be done.
func (d *desk) tryOn(on bool, act returns.Act, last returns.Effect) {
	long := d.Now.Sub(last.IntentAt) > d.Policy.TroubleRetry
	switch last.Reason {
	case returns.ReasonIneligible, returns.ReasonChanged:
		if last.Reason == returns.ReasonChanged && !long {
			break
		}
		if d.answeredAboutSince(aboutAct(act), last.IntentAt, returns.EffectRefused, returns.AnswerDoNotRefund, returns.AnswerHandledManually) {
			return
		}
		d.raiseAbout(aboutAct(act), returns.EffectRefused, act.Amount, "%s has not been possible since %s UTC: %s", act.Route, clock(last.IntentAt), last.Note)
	case returns.ReasonUnavailable, returns.ReasonNotDone, returns.ReasonLost: // nobody refused it
		p := writtenTo(last.Kind)
		if long && !slices.Contains(d.Record.Stopped, p) { // for a whole shop one exception says so
			d.raiseAbout(string(p), returns.PlatformUnreachable, act.Amount, "%s has not got through to %s since %s UTC: %s", act.Route, p, clock(last.IntentAt), last.Note)
		}
	}
	d.do(on, act)
}

// writtenTo is the platform that an effect is at.
func writtenTo(kind returns.EffectKind) returns.Platform {
	if kind == returns.EffectWriteBack {
		return returns.ReturnGO
	}
	return returns.TikTok
}

// lostUnderAnotherName asks about a seller refund whose answer was lost and which
// covered some of the same units, together with others: the new one has a key of its
// own, so that TikTok would not know the two for one. An answer from before it was sent
// says nothing of it.
func (d *desk) lostUnderAnotherName(act returns.Act) bool {
	for _, e := range d.Record.Effects {
		if e.Kind != returns.EffectRefund || !e.Route.Creates() || !unsent(e) || e.Reason != returns.ReasonLost || e.Subject == act.Subject ||
			!slices.ContainsFunc(act.Units, e.Covers) || d.answeredAboutSince(joined(e.Units), e.ClaimedAt.Add(1), returns.OutcomeUnclear, returns.AnswerRetry, returns.AnswerHandledManually) {
			continue
		}
		d.raiseAbout(joined(e.Units), returns.OutcomeUnclear, e.Amount, "a refund of %s for %s was sent at %s and its answer lost; now %s is to be refunded for %s of the same order",
			e.Amount, plural(len(e.Units), "unit"), e.ClaimedAt.UTC().Format(time.RFC3339), act.Amount, plural(len(act.Units), "unit"))
		return true
	}
	return false
}

// unsent reports whether nothing of an effect is under way: it is meant to happen,
// or was decided otherwise.
func unsent(e returns.Effect) bool {
	return e.State == returns.EffectIntent || e.State == returns.EffectDropped
}

// await waits to see an effect of ours at the platform: at once when its claim
// ends, then at growing intervals. A return that TikTok says it has made, and does
// not show, is looked for when searches should show it: if they do not, they are
// too slow to rest on.
func (d *desk) await(e returns.Effect) {
	platform := writtenTo(e.Kind)
	d.wait(fmt.Sprintf("%s was sent; waiting to see it at %s", e.Route, platform))
	if e.State == returns.EffectClaimed && d.Now.Before(d.claimEnd(e)) {
		d.wakeAt(d.claimEnd(e), "the answer was lost: read what happened", platform)
		return
	}
	if e.Route.Creates() && e.State == returns.EffectApplied && d.tiktokReturn(e.TikTokReturnID) == nil {
		should := e.AppliedAt.Add(d.Policy.CreateSettle + d.apart())
		if d.Now.Before(should) {
			d.wakeAt(should, "see whether TikTok's search shows the return that it made", platform)
		} else if !d.Record.TikTokReadAt.Before(should) {
			d.slow = true
		}
	}
	d.nameNotShown(e, platform)
	d.wakeAt(d.growing(d.Policy.MoneyWait, e.ClaimedAt), "see what became of it", platform)
}

// nameNotShown tells IT of what a platform took long ago and does not show. Whoever
// knows of it has said so; it is looked for on and on.
func (d *desk) nameNotShown(e returns.Effect, p returns.Platform) {
	if e.AppliedAt.IsZero() || e.State == returns.EffectClaimed {
		return
	}
	since := e.AppliedAt.Add(d.Policy.NotShownAfter)
	if d.readAt(p).Before(since) { // no read could tell yet
		d.wakeAt(d.growing(d.Policy.NotShownAfter, e.AppliedAt), "see whether "+string(p)+" shows what was written", p)
		return
	}
	subject := fmt.Sprintf("%s %s", e.Route, e.Subject)
	if !d.answeredAboutSince(subject, e.AppliedAt, returns.WriteNotShown, returns.AnswerAcknowledge) {
		d.raiseAbout(subject, returns.WriteNotShown, e.Amount, "%s of %s was taken by %s at %s UTC, and a read at %s UTC does not show it", e.Route, e.Subject, p, clock(e.AppliedAt), clock(d.readAt(p)))
	}
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
