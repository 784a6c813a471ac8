package rules

import (
	"slices"
	"time"

	"returnbridge/internal/returns"
)

// settleClaims reads from the platforms what became of our own effects: the
// answer may have been lost, the money may have moved. Only a read made after
// the claim's end counts as evidence that nothing happened.
func (d *desk) settleClaims() {
	d.Record.Effects = slices.Clone(d.Record.Effects)
	for i := range d.Record.Effects {
		e := &d.Record.Effects[i]
		var change EffectChange
		switch {
		case !e.Live() || e.State == returns.EffectVerified:
			continue
		case e.State == returns.EffectIntent && (!e.Route.Creates() || e.ClaimedAt.IsZero()):
			continue
		case e.Kind == returns.EffectWriteBack && e.Key != d.Key:
			continue // another RMA's: this one shows nothing of it
		case e.Kind == returns.EffectWriteBack:
			change = d.seenInReturnGO(*e)
		case e.Route == returns.RouteOpenReturn:
			change = d.seenAsOpened(*e)
		case e.Route == returns.RouteSellerRefund:
			change = d.seenAsSellerRefund(*e)
		default:
			change = d.seenOnCase(*e)
		}
		if change.State == "" || change.State == e.State {
			continue
		}
		change.Effect = *e
		e.State, e.Reason, e.Note = change.State, change.Reason, change.Note
		if change.TikTokReturnID != "" {
			e.TikTokReturnID = change.TikTokReturnID
		}
		d.changes = append(d.changes, change)
	}
}

// readAfter reports whether a read can prove that a claimed call did nothing: it was
// made after the claim's end, also where another machine made the claim whose clock
// is behind.
func (d *desk) readAfter(read time.Time, e returns.Effect) bool {
	return e.State == returns.EffectClaimed && !read.Before(d.claimEnd(e))
}

// claimEnd is when no answer to a claimed call can come any more, whichever machine
// made the claim.
func (d *desk) claimEnd(e returns.Effect) time.Time { return e.ClaimUntil.Add(d.apart()) }

// apart is how far two machines' clocks may be apart: one ahead and one behind, each as
// far from the right time as it may be.
func (d *desk) apart() time.Duration { return 2 * d.Policy.ClockSkew }

// lost is a create of which reads show nothing after its answer was lost.
func lost(state returns.EffectState) EffectChange {
	return EffectChange{State: state, Reason: returns.ReasonLost, Note: "the answer was lost, and reads show nothing"}
}

// notDone is any other write of which a read shows that it was not done.
var notDone = EffectChange{State: returns.EffectIntent, Reason: returns.ReasonNotDone, Note: "read again after the answer was lost: not done"}

// mayRepeat reports whether a create whose answer was lost may be sent again without
// a person, now that reads show nothing of it: no event tells of a return that they
// do not show, TikTok's search is not known to be slower than the time they covered
// (T34), and TikTok still knows the key, counted from the first sending (T12).
func (d *desk) mayRepeat(e returns.Effect) bool {
	return !d.toldOfUnknownReturn() && !d.slowSearch() && d.Now.Sub(e.IntentAt) < d.Policy.KeyLifetime
}

// slowSearch reports whether TikTok's search was lately slower than creates are
// waited for.
func (d *desk) slowSearch() bool {
	at := d.Record.SlowSearchAt
	return !at.IsZero() && d.Now.Sub(at) < SlowFor
}

// SlowFor is how long one slow search makes every lost create a question to a person.
const SlowFor = 7 * 24 * time.Hour

// settled reports whether reads after a create's answer was lost cover the time that
// TikTok's search may take.
func (d *desk) settled(e returns.Effect) bool {
	read := d.Record.TikTokReadAt
	return d.readAfter(read, e) && read.Sub(e.ClaimedAt) >= d.Policy.CreateSettle+d.apart()
}

// seenOnCase judges a decision by the state of its TikTok return.
func (d *desk) seenOnCase(e returns.Effect) EffectChange {
	t := d.tiktokReturn(e.TikTokReturnID)
	switch {
	case t == nil:
		return EffectChange{}
	case e.Kind == returns.EffectLabel && (t.Tracked || t.Status != returns.TikTokAwaitingShip):
		return EffectChange{State: returns.EffectVerified}
	case e.Kind == returns.EffectAccept && t.Status != returns.TikTokPending:
		return EffectChange{State: returns.EffectVerified}
	case e.Kind == returns.EffectRefund && t.Paid():
		return EffectChange{State: returns.EffectVerified}
	case e.Kind == returns.EffectRefund && t.Pays():
		return EffectChange{State: returns.EffectApplied}
	case e.Kind == returns.EffectRefund && (t.Status == returns.TikTokCancelled || t.NextID != "") &&
		(e.State == returns.EffectApplied || d.readAfter(d.Record.TikTokReadAt, e)):
		return EffectChange{State: returns.EffectVoid, Reason: returns.ReasonEnded, Note: "TikTok ended return " + t.ID + " without paying"}
	case d.readAfter(d.Record.TikTokReadAt, e):
		return notDone
	}
	return EffectChange{}
}

// seenAsSellerRefund looks for the return that our create made: opened by the
// seller, these lines, this amount, after our intent.
func (d *desk) seenAsSellerRefund(e returns.Effect) EffectChange {
	for _, t := range d.Record.TikTokReturns {
		if t.ID != e.TikTokReturnID && (e.TikTokReturnID != "" || !d.madeBy(e, t)) {
			continue
		}
		switch {
		case t.Paid():
			return EffectChange{State: returns.EffectVerified, TikTokReturnID: t.ID}
		case t.Live():
			return EffectChange{State: returns.EffectApplied, TikTokReturnID: t.ID}
		case t.Status == returns.TikTokCancelled:
			return EffectChange{State: returns.EffectVoid, TikTokReturnID: t.ID, Reason: returns.ReasonEnded, Note: "TikTok cancelled the return that our refund opened"}
		}
	}
	if d.toldWhatBecame(e) {
		return EffectChange{State: returns.EffectVoid, Reason: returns.ReasonAnswered, Note: "a person looked"}
	}
	if d.settled(e) && d.mayRepeat(e) {
		return lost(returns.EffectIntent)
	}
	return EffectChange{}
}

// madeBy tells whether a TikTok return looks like the work of this effect.
func (d *desk) madeBy(e returns.Effect, t returns.TikTokReturn) bool {
	kind := returns.TypeRefund
	if e.Route == returns.RouteOpenReturn {
		kind = returns.TypeReturnAndRefund
	}
	if t.Role != "SELLER" || t.Type != kind || !returns.SameMoney(t.Refund, e.Amount) || t.CreatedAt.Before(e.IntentAt.Add(-clockTolerance)) {
		return false
	}
	if len(t.Lines) != len(e.Units) {
		return false
	}
	for _, u := range e.Units {
		if !covers(t, u) {
			return false
		}
	}
	return !slices.ContainsFunc(d.Record.Effects, func(other returns.Effect) bool {
		return other.ID != e.ID && other.TikTokReturnID == t.ID
	})
}

// clockTolerance is how far our clock may be ahead of TikTok's, so that what our
// create made seems to be older than our intent: TikTok takes calls up to 30
// seconds from its future (TikTok contract 1.3). What was there so shortly before
// was seen by the deciding read, and no refund was sent.
const clockTolerance = 30 * time.Second

// seenInReturnGO judges a write-back by the RMA.
func (d *desk) seenInReturnGO(e returns.Effect) EffectChange {
	rma := d.Record.RMA
	if rma == nil {
		return EffectChange{}
	}
	var there bool
	switch e.Route {
	case returns.RouteSetTransaction:
		there = slices.ContainsFunc(rma.Transactions, func(t returns.Transaction) bool {
			return t.ID == e.Subject && t.Status == returns.TransactionSuccess
		})
	case returns.RouteComment:
		there = slices.Contains(rma.Markers, e.Subject)
	case returns.RouteSetDone:
		there = rma.Status == returns.RMADone
	}
	switch {
	case there:
		return EffectChange{State: returns.EffectVerified}
	case d.readAfter(d.Record.RMAReadAt, e):
		return notDone
	}
	return EffectChange{}
}

func (d *desk) tiktokReturn(id string) *returns.TikTokReturn {
	for i := range d.Record.TikTokReturns {
		if d.Record.TikTokReturns[i].ID == id {
			return &d.Record.TikTokReturns[i]
		}
	}
	return nil
}

// toldWhatBecame reports whether a person found out what no read could show: that
// the create did nothing, or that they dealt with it.
func (d *desk) toldWhatBecame(e returns.Effect) bool {
	ours := slices.ContainsFunc(d.Record.Holds, func(h returns.Hold) bool { return e.Covers(h.Unit) })
	return ours && maybeSent(e) && slices.ContainsFunc(d.standing(returns.OutcomeUnclear), func(a returns.Answer) bool {
		return (a.Subject == "" || a.Subject == joined(e.Units)) && a.At.After(e.ClaimedAt)
	})
}

// maybeSent reports whether a create was sent whose outcome is unknown.
func maybeSent(e returns.Effect) bool {
	return e.State == returns.EffectClaimed || unsent(e) && e.Reason == returns.ReasonLost
}

// unclear names a create whose outcome can no longer be found out: sending it
// again would risk a second payment. It is named when reads have covered the time
// that a search takes and it may not be repeated, and at the latest when TikTok has
// forgotten its key.
func (d *desk) unclear(e returns.Effect) bool {
	forgotten := d.Now.Sub(e.IntentAt) >= d.Policy.KeyLifetime
	switch {
	case e.Route != returns.RouteSellerRefund || !maybeSent(e) || e.State == returns.EffectClaimed && d.Now.Before(d.claimEnd(e)):
		return false
	case !forgotten && !(d.slowSearch() && (unsent(e) || d.settled(e))):
		return false
	}
	why := "nothing shows whether it happened"
	if d.slowSearch() {
		why = "TikTok's search does not show it, and was slow to show others"
	}
	d.raiseAbout(joined(e.Units), returns.OutcomeUnclear, e.Amount, "a refund of %s was sent at %s; %s", e.Amount, e.ClaimedAt.UTC().Format(time.RFC3339), why)
	return true
}
