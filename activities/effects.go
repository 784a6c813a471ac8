package activities

import (
	"context"
	"errors"
	"slices"
	"time"

	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/platform"
	"returnbridge/internal/returns"
)

// Accept tells TikTok that the buyer may send the parcel.
func (a *Activities) Accept(ctx context.Context, in messages.ActInput) (messages.PlanResult, error) {
	return a.effect(ctx, in, returns.EffectAccept, (*desk).decideAtTikTok)
}

// OpenReturn opens the TikTok return that the buyer has not opened.
func (a *Activities) OpenReturn(ctx context.Context, in messages.ActInput) (messages.PlanResult, error) {
	return a.effect(ctx, in, returns.EffectOpen, (*desk).createReturn)
}

// UploadLabel gives the buyer ReturnGO's label for a return that we opened.
func (a *Activities) UploadLabel(ctx context.Context, in messages.ActInput) (messages.PlanResult, error) {
	return a.effect(ctx, in, returns.EffectLabel, (*desk).uploadLabel)
}

// Refund makes TikTok pay: by confirming or approving its own return, or as a
// seller refund of the exact amount.
func (a *Activities) Refund(ctx context.Context, in messages.ActInput) (messages.PlanResult, error) {
	send := (*desk).decideAtTikTok
	if in.Act.Route == returns.RouteSellerRefund {
		send = (*desk).createReturn
	}
	return a.effect(ctx, in, returns.EffectRefund, send)
}

// WriteBack tells ReturnGO what was paid.
func (a *Activities) WriteBack(ctx context.Context, in messages.ActInput) (messages.PlanResult, error) {
	return a.effect(ctx, in, returns.EffectWriteBack, (*desk).writeReturnGO)
}

// send makes the one call of an effect and gives the TikTok return it concerns
// and the platform's id of the call.
type send func(*desk, context.Context, returns.Act, string) (tiktokReturnID, requestID string, err error)

// effect carries out one effect: both platforms are read again and must still
// want it (the deciding read), the call is claimed in the ledger together with the
// decision that wants it, sent once, and read back. An unknown outcome is no
// failure: the claim stays, and a read after its end tells what happened.
func (a *Activities) effect(ctx context.Context, in messages.ActInput, kind returns.EffectKind, call send) (messages.PlanResult, error) {
	d, err := a.desk(in.Shop, in.Key)
	if err != nil {
		return messages.PlanResult{}, err
	}
	plan, err := d.carryOut(ctx, in.Act, kind, call)
	return messages.PlanResult{Plan: plan}, err
}

// carryOut is an effect's work at the desk of a look or of an act: it gives the
// plan that stands afterwards.
func (d *desk) carryOut(ctx context.Context, want returns.Act, kind returns.EffectKind, call send) (returns.Plan, error) {
	ctx = withPurpose(ctx, forMoney)
	unread, err := d.readPartners(ctx, want)
	if err != nil {
		return returns.Plan{}, err
	}
	rests, trouble, err := d.decidingRead(ctx, kind, want.Subject)
	if err != nil {
		return returns.Plan{}, err
	}
	whyNot := ""
	if len(trouble) == 0 {
		if whyNot, err = d.ineligible(ctx, want); err != nil {
			return returns.Plan{}, err
		}
	}
	c := &claim{want: want, kind: kind, rests: rests, troubled: len(trouble) > 0 || unread}
	was, err := d.decideThen(ctx, func(tx *ledger.Tx) error { return d.claim(ctx, tx, c) }, trouble)
	switch {
	case c.busy != nil: // nothing of that decision was kept
		plan, err := d.decide(ctx, trouble...)
		return without(plan, want, d.Now().Add(d.CallTimeout), c.busy.Error()), err
	case err != nil:
		return returns.Plan{}, err
	case c.unread:
		return without(d.decision.Plan, want, d.readAgainAt(trouble), "a platform could not be read just now"), d.tell(ctx, was)
	case c.effect.ID == "": // the state has changed: the new plan stands
		return d.decision.Plan, d.tell(ctx, was)
	}
	tiktokReturnID, requestID, callErr := c.act.TikTokReturnID, "", error(&ineligibleError{whyNot})
	if whyNot == "" {
		callCtx, cancel := context.WithTimeout(ctx, c.effect.ClaimUntil.Add(-claimMargin).Sub(d.Now()))
		tiktokReturnID, requestID, callErr = call(d, callCtx, c.act, c.effect.ID)
		cancel()
	}
	again, err := d.note(ctx, c.effect, c.act, tiktokReturnID, requestID, callErr)
	if err != nil {
		return returns.Plan{}, err
	}
	if err := d.tell(ctx, was); err != nil {
		return returns.Plan{}, err
	}
	plan, err := d.readBack(ctx, kind)
	if err != nil {
		return returns.Plan{}, err
	}
	return without(plan, c.act, again, "not done yet"), nil
}

// claimMargin is how long after a call's own deadline its claim ends.
const claimMargin = 2 * time.Second

// claim is the last act before a call is sent: it is made in the transaction of the
// decision that wants the effect, and only if that decision rests on this activity's
// own reads.
type claim struct {
	want     returns.Act
	kind     returns.EffectKind
	rests    basis
	troubled bool

	act    returns.Act    // as the decision wants it
	effect returns.Effect // what was claimed; none if it has no id
	unread bool           // wanted, but a read did not come in
	busy   error          // wanted, but it cannot be claimed now
}

// basis are the numbers of the reads that a decision must rest on; 0: any.
type basis struct{ rma, order int64 }

// holds reports whether a record shows just these reads and no other.
func (b basis) holds(r returns.Record) bool {
	return (b.rma == 0 || r.RMARead == b.rma) && (b.order == 0 || r.TikTokRead == b.order)
}

func (d *desk) claim(ctx context.Context, tx *ledger.Tx, c *claim) error {
	act, wanted := find(d.decision.Plan, c.want)
	c.unread = wanted && (c.troubled || !c.rests.holds(d.record))
	if !wanted || c.unread {
		return nil
	}
	for unit, h := range d.partnersUnits(act) {
		if err := tx.StillSays(ctx, d.shop.Key, d.record.HeldBy[unit], h); err != nil {
			return err
		}
	}
	e := returns.Effect{
		Key: d.key, Kind: c.kind, Route: act.Route, Subject: act.Subject, Units: act.Units, OrderID: act.OrderID, TikTokReturnID: act.TikTokReturnID,
		Amount: act.Amount, Generation: d.generation(c.kind, act.Subject),
	}
	e.ID = returns.EffectID(d.shop.Key, c.kind, act.Subject, e.Generation)
	if movesNothing(c.kind) {
		e.Units = nil // a buyer's next request on the unit may be accepted too
	}
	e.ClaimUntil = tx.Now().Add(d.CallTimeout + claimMargin).Truncate(time.Millisecond) // as exact as the ledger
	err := tx.Claim(ctx, d.shop.Key, d.key, e, e.ClaimUntil)
	if errors.Is(err, ledger.ErrClaimed) || errors.Is(err, ledger.ErrOrderBusy) || errors.Is(err, ledger.ErrEffectLive) {
		c.busy = err
	}
	if err == nil {
		c.act, c.effect = act, e
	}
	return err
}

// decidingRead reads what the effect rests on, and gives the numbers of the reads
// that the decision has to rest on, and why one could not be made. It is never
// saved on: for money both platforms are read (promise 1, promise 2). What this
// very activity has just read for its look is not read twice.
func (d *desk) decidingRead(ctx context.Context, kind returns.EffectKind, subject string) (rests basis, trouble []returns.Trouble, err error) {
	if last := d.lastRMARead(ctx, kind, subject); last > 0 {
		rests.rma = last
	} else {
		if !d.justRead(d.rmaRead) {
			if trouble, err = d.readRMA(ctx); err != nil {
				return basis{}, nil, err
			}
		}
		rests.rma = d.rmaRead.number
	}
	if kind == returns.EffectWriteBack {
		return rests, trouble, nil
	}
	if !d.justRead(d.orderRead) {
		more, err := d.readOrder(ctx, 0)
		if err != nil {
			return basis{}, nil, err
		}
		trouble = append(trouble, more...)
	}
	if rests.order = d.orderRead.number; rests.order == 0 {
		rests.order = noRead
	}
	return rests, trouble, nil
}

// noRead is the number of no read: nothing rests on it.
const noRead = -1

// readAgainAt is when to try again to read what could not be read.
func (d *desk) readAgainAt(trouble []returns.Trouble) time.Time {
	if at := later(trouble).At; !at.IsZero() {
		return at
	}
	if len(trouble) == 0 { // another read came in between
		return d.Now().Add(firstRetry)
	}
	return d.Now().Add(d.shop.Policy.TroubleRetry)
}

// movesNothing tells whether an effect leaves money and lines as they are.
func movesNothing(kind returns.EffectKind) bool {
	return kind == returns.EffectAccept || kind == returns.EffectLabel
}

// justRead reports whether this activity made a read so lately that an effect may
// rest on it.
func (d *desk) justRead(r read) bool { return r.number > 0 && d.fresh(r.at) }

// fresh reports whether a time is less than a minute ago. One in the future is that
// of a clock which is ahead of ours: it says nothing.
func (d *desk) fresh(at time.Time) bool {
	age := d.Now().Sub(at)
	return age >= 0 && age < freshness
}

// lastRMARead is the number of the last read of the RMA, by whomever, if a step which
// moves no money may rest on it: ReturnGO's calls are counted by the day. A write to
// ReturnGO is a read, a comparison and a write (ReturnGO contract 8.5): only a first
// one may rest on the read before; after any other the RMA is read again.
func (d *desk) lastRMARead(ctx context.Context, kind returns.EffectKind, subject string) int64 {
	if !movesNothing(kind) && kind != returns.EffectWriteBack || d.justRead(d.rmaRead) {
		return 0
	}
	f, err := d.facts(ctx)
	written := kind == returns.EffectWriteBack && slices.ContainsFunc(f.Record.Effects, func(e returns.Effect) bool {
		return e.Kind == kind && e.Subject == subject
	})
	if err != nil || written || !d.fresh(f.Record.RMAReadAt) {
		return 0
	}
	return f.Record.RMARead
}

// freshness is how old a read may be to decide on (design section 2).
const freshness = 60 * time.Second

// readBack reads what the effect did. A read that fails is no failure of the
// effect: the return will look again.
func (d *desk) readBack(ctx context.Context, kind returns.EffectKind) (returns.Plan, error) {
	var trouble []returns.Trouble
	if kind != returns.EffectWriteBack {
		if more, err := d.readTikTok(ctx); err == nil {
			trouble = more
		}
	}
	return d.decide(ctx, trouble...)
}

// note keeps what became of a call: applied, definitely refused, not done, or
// unknown. It gives the time before which the same call is not to be made again.
func (d *desk) note(ctx context.Context, e returns.Effect, act returns.Act, tiktokReturnID, requestID string, callErr error) (time.Time, error) {
	state, reason, words, wait := judge(callErr)
	again := time.Time{}
	if wait > 0 { // what keeps being refused is asked less and less often
		again = d.Now().Add(jitter(min(max(wait, d.Now().Sub(d.firstIntent(e.ID))), time.Hour)))
	}
	err := d.Ledger.Do(ctx, func(tx *ledger.Tx) error {
		entry := ledger.Entry{What: tried(e, tiktokReturnID, words), Why: act.Reason, RequestID: requestID, DecidedBy: d.decider(act)}
		if err := tx.Audit(ctx, d.shop.Key, d.key, act.Units, entry); err != nil {
			return err
		}
		for unit := range d.partnersUnits(act) { // TikTok decided on these too
			if err := tx.Audit(ctx, d.shop.Key, d.record.HeldBy[unit], []returns.UnitID{unit}, entry); err != nil {
				return err
			}
		}
		note := ""
		if callErr != nil {
			note = callErr.Error()
		}
		switch state {
		case returns.EffectClaimed:
			return nil // unknown: the claim stays until a read tells
		case returns.EffectIntent:
			return tx.TakeBack(ctx, e, reason, note)
		}
		return tx.EffectAnswered(ctx, e, ledger.EffectChange{State: state, TikTokReturnID: tiktokReturnID, RequestID: requestID, Reason: reason, Note: note})
	})
	return again, orRetry(ctx, err)
}

// firstIntent is when an effect was first meant to happen.
func (d *desk) firstIntent(id string) time.Time {
	for _, e := range d.record.Effects {
		if e.ID == id {
			return e.IntentAt
		}
	}
	return d.Now()
}

// judge says what a call's error means for its effect, and how long to wait at
// least before the same call is made again.
func judge(err error) (state returns.EffectState, reason returns.Reason, words string, wait time.Duration) {
	if err == nil {
		return returns.EffectApplied, "", "", 0
	}
	if _, ok := errors.AsType[*ineligibleError](err); ok {
		return returns.EffectIntent, returns.ReasonIneligible, "not sent, as TikTok would not take it", time.Minute
	}
	e, ok := errors.AsType[*platform.Error](err)
	if !ok {
		return returns.EffectClaimed, "", "the answer was lost", 0
	}
	switch e.Class {
	case platform.OutcomeUnknown:
		return returns.EffectClaimed, "", "the answer was lost", 0
	case platform.Retry, platform.RefreshToken:
		return returns.EffectIntent, returns.ReasonUnavailable, "not possible just now", max(e.RetryAfter, 2*time.Second)
	case platform.StateChanged:
		return returns.EffectIntent, returns.ReasonChanged, "refused, the state has changed", 5 * time.Second
	default:
		return returns.EffectVoid, returns.ReasonRefused, "refused", 0
	}
}

// generation rises only when a person asked for another try after a definite
// refusal.
func (d *desk) generation(kind returns.EffectKind, subject string) int {
	generation := 1
	for _, e := range d.record.Effects {
		if e.Kind == kind && e.Subject == subject {
			generation = max(generation, e.Generation)
			if e.State == returns.EffectVoid {
				generation = max(generation, e.Generation+1)
			}
		}
	}
	return generation
}

// find looks for the act in a fresh plan.
func find(p returns.Plan, want returns.Act) (returns.Act, bool) {
	i := slices.IndexFunc(p.Acts, func(a returns.Act) bool { return a.Same(want) })
	if i < 0 {
		return returns.Act{}, false
	}
	return p.Acts[i], true
}

// without takes an act that could not be done now out of a plan and has the
// return look again later: nothing spins.
func without(p returns.Plan, act returns.Act, at time.Time, why string) returns.Plan {
	n := len(p.Acts)
	p.Acts = slices.DeleteFunc(p.Acts, func(a returns.Act) bool { return a.Kind == act.Kind && a.Subject == act.Subject })
	if len(p.Acts) == n || at.IsZero() && p.Wake.At.IsZero() {
		if len(p.Acts) == n {
			return p
		}
		at = p.DecidedAt.Add(5 * time.Second)
	}
	if !at.IsZero() && (p.Wake.At.IsZero() || at.Before(p.Wake.At)) {
		p.Wake = returns.Wake{At: at, Why: why}
	}
	return p
}
