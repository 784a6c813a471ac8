package rules

import (
	"slices"
	"time"

	"returnbridge/internal/returns"
)

// This file is about what a platform showed and no longer shows. What it said
// then authorises nothing now, and only a person can say what it means.

// gone tells whether ReturnGO answers that there is no such RMA.
func (d *desk) gone() bool { return d.Record.RMA.Status == returns.RMAGone }

// givenUp tells whether nothing is wanted any more for an RMA that is gone: a
// person said so, or the return was over before.
func (d *desk) givenUp() bool {
	return d.gone() && (!d.Record.ClosedAt.IsZero() ||
		d.answeredAboutSince("", d.Record.RMAStatusSince, returns.RMAVanished, returns.AnswerDoNotRefund, returns.AnswerHandledManually))
}

// shownOrNamed asks what is to become of a return whose RMA is gone, and looks for
// it ever more rarely. All that was begun is still watched to its end.
func (d *desk) shownOrNamed() bool {
	switch {
	case !d.gone() || d.givenUp():
	case d.Record.Answers[returns.RMAVanished].At.After(d.Record.RMAReadAt): // retry
		d.look(returns.ReturnGO, "look for the RMA once more")
		d.wait("looking once more whether ReturnGO shows the RMA")
	default:
		since := d.Record.RMAStatusSince
		d.raise(returns.RMAVanished, d.bought(), "ReturnGO has not shown RMA %s since %s: it was deleted, or cannot be found", d.Record.RMA.ID, since.UTC().Format(time.RFC3339))
		d.wakeAt(d.growing(d.Policy.TroubleRetry, since), "look whether ReturnGO shows the RMA again", returns.ReturnGO)
	}
	return true
}

// vanished tells whether TikTok no longer shows a return that may still move
// something: reads of its whole order have lacked it for far longer than a search
// lags behind (half a minute, TikTok contract 5).
func (d *desk) vanished(t returns.TikTokReturn) bool {
	seen := d.Record.TikTokSeenAt[t.ID]
	return !seen.IsZero() && t.Live() && d.Record.TikTokReadAt.Sub(seen) >= d.Policy.TroubleRetry
}

// askAboutVanished asks CX what became of it; of money that was on its way
// Finance hears as well.
func (d *desk) askAboutVanished(t returns.TikTokReturn) {
	seen := d.Record.TikTokSeenAt[t.ID]
	retry := slices.ContainsFunc(d.Record.Said, func(a returns.Answer) bool {
		return (a.Kind == returns.TikTokVanished || a.Kind == returns.OutcomeUnclear) && a.Subject == t.ID && a.Answer == returns.AnswerRetry && a.At.After(d.Record.TikTokReadAt)
	})
	if retry {
		d.look(returns.TikTok, "look for TikTok return "+t.ID+" once more")
		d.wait("looking once more whether TikTok shows return " + t.ID)
		return
	}
	if !d.writtenOff(t.ID) {
		d.raiseAbout(t.ID, returns.TikTokVanished, t.Refund, "TikTok has not shown return %s over %s since %s; it was %s then", t.ID, t.Refund, seen.UTC().Format(time.RFC3339), t.Status)
		d.wakeAt(d.growing(d.Policy.TroubleRetry, seen), "look whether TikTok shows it again", returns.TikTok)
	}
	paying := t.Pays() || slices.ContainsFunc(d.Record.Effects, func(e returns.Effect) bool {
		return e.Kind == returns.EffectRefund && e.TikTokReturnID == t.ID && (e.State == returns.EffectClaimed || e.State == returns.EffectApplied)
	})
	if paying && !d.answeredAboutSince(t.ID, seen, returns.OutcomeUnclear, returns.AnswerHandledManually) {
		d.raiseAbout(t.ID, returns.OutcomeUnclear, t.Refund, "a refund of %s was on its way on TikTok return %s, which TikTok no longer shows", t.Refund, t.ID)
	}
}

// writeOff takes a TikTok return as over that TikTok no longer shows, once a
// person said so. It counts again when it is shown again.
func (d *desk) writeOff() {
	d.Record.TikTokReturns = slices.Clone(d.Record.TikTokReturns)
	for i := range d.Record.TikTokReturns {
		t := &d.Record.TikTokReturns[i]
		if !d.vanished(*t) || !d.answeredAboutSince(t.ID, d.Record.TikTokSeenAt[t.ID], returns.TikTokVanished, returns.AnswerDoNotRefund, returns.AnswerHandledManually) {
			continue
		}
		d.over = append(d.over, t.ID)
		d.askAboutVanished(*t)
		t.Status = returns.TikTokCancelled
	}
}

func (d *desk) writtenOff(tiktokReturnID string) bool { return slices.Contains(d.over, tiktokReturnID) }

// refuseWrittenOff pays nothing for units whose TikTok return a person took as
// over: they were dealt with, or are not to be refunded.
func (d *desk) refuseWrittenOff() {
	for _, u := range d.units {
		if slices.ContainsFunc(d.Record.TikTokReturns, func(t returns.TikTokReturn) bool { return d.writtenOff(t.ID) && covers(t, u.hold.Unit) }) {
			u.verdict, u.why, u.refusedAt = refused, "a person decided on a TikTok return that is no longer shown", d.Record.Answers[returns.TikTokVanished].At
		}
	}
}

// neverShown is a TikTok return that we were told of, and that no search finds.
func (d *desk) neverShown(id string) {
	missing := slices.ContainsFunc(d.Trouble, func(t returns.Trouble) bool { return t.Class == returns.TroubleNotShown })
	open := !d.Record.OpenSince(returns.TikTokVanished, id).IsZero()
	read := !d.Record.TikTokReadAt.IsZero() && !d.Record.Answers[returns.TikTokVanished].At.After(d.Record.TikTokReadAt)
	switch {
	case d.answered(returns.TikTokVanished, returns.AnswerDoNotRefund, returns.AnswerHandledManually):
		d.close("TikTok does not show it, and a person decided")
	case missing || open || read:
		d.raiseAbout(id, returns.TikTokVanished, returns.Money{}, "TikTok told of return %s, and does not show it", id)
		d.wakeAt(d.growing(d.Policy.TroubleRetry, d.openSince(returns.TikTokVanished, id)), "look for it again", returns.TikTok)
	default:
		d.look(returns.TikTok, "read TikTok return "+id)
	}
}
