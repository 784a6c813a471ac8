package activities

import (
	"context"
	"errors"
	"fmt"
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
// want it (the deciding read), the call is claimed in the ledger, sent once, and
// read back. An unknown outcome is no failure: the claim stays, and a read after
// its end tells what happened.
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
	plan, readable, err := d.decidingRead(ctx, kind, want.Subject)
	if err != nil {
		return returns.Plan{}, err
	}
	if readable.IsZero() {
		readable = unread
	}
	act, wanted := find(plan, want)
	if !wanted {
		return plan, nil // the state has changed: the new plan stands
	}
	if !readable.IsZero() {
		return without(plan, act, readable, "a platform could not be read just now"), nil
	}
	e := returns.Effect{
		Key: d.key, Kind: kind, Route: act.Route, Subject: act.Subject, Units: act.Units, OrderID: act.OrderID, TikTokReturnID: act.TikTokReturnID,
		Amount: act.Amount, Generation: d.generation(kind, act.Subject),
	}
	e.ID = returns.EffectID(d.shop.Key, kind, act.Subject, e.Generation)
	if movesNothing(kind) {
		e.Units = nil // a buyer's next request on the unit may be accepted too
	}
	whyNot, err := d.ineligible(ctx, act)
	if err != nil {
		return returns.Plan{}, err
	}
	err = d.Ledger.Do(ctx, func(tx *ledger.Tx) error {
		e.ClaimUntil = tx.Now().Add(d.CallTimeout + claimMargin)
		return tx.Claim(ctx, d.shop.Key, d.key, e, e.ClaimUntil)
	})
	switch {
	case errors.Is(err, ledger.ErrClaimed), errors.Is(err, ledger.ErrOrderBusy), errors.Is(err, ledger.ErrEffectLive):
		return without(plan, act, d.Now().Add(d.CallTimeout), err.Error()), nil
	case err != nil:
		return returns.Plan{}, retryable(ctx, err)
	}
	tiktokReturnID, requestID, callErr := act.TikTokReturnID, "", error(&ineligibleError{whyNot})
	if whyNot == "" {
		callCtx, cancel := context.WithTimeout(ctx, e.ClaimUntil.Add(-claimMargin).Sub(d.Now()))
		tiktokReturnID, requestID, callErr = call(d, callCtx, act, e.ID)
		cancel()
	}
	again, err := d.note(ctx, e, act, tiktokReturnID, requestID, callErr)
	if err != nil {
		return returns.Plan{}, err
	}
	plan, err = d.readBack(ctx, kind)
	if err != nil {
		return returns.Plan{}, err
	}
	return without(plan, act, again, "not done yet"), nil
}

// claimMargin is how long after a call's own deadline its claim ends.
const claimMargin = 2 * time.Second

// decidingRead reads what the effect rests on and decides again. It tells when
// to try again if a read did not really come in: no time if all did. It is never
// saved on: for money both platforms are read (promise 1, promise 2). What this
// very activity has just read for its look is not read twice.
func (d *desk) decidingRead(ctx context.Context, kind returns.EffectKind, subject string) (returns.Plan, time.Time, error) {
	began := d.Now().Truncate(time.Millisecond) // as exact as the ledger
	rmaFrom, tiktokFrom := began, began         // since when a read counts
	again := d.decision.Plan.Rules == ""
	var trouble []returns.Trouble
	switch {
	case d.justRead(d.rmaAt):
		rmaFrom = d.rmaAt
	case d.mayRestOnLastRead(ctx, kind, subject):
		rmaFrom = began.Add(-freshness)
	default:
		again = true
		var err error
		if trouble, err = d.readRMA(ctx); err != nil {
			return returns.Plan{}, time.Time{}, err
		}
	}
	switch {
	case kind == returns.EffectWriteBack:
	case d.justRead(d.orderAt):
		tiktokFrom = d.orderAt
	default:
		again = true
		more, err := d.readOrder(ctx, 0)
		if err != nil {
			return returns.Plan{}, time.Time{}, err
		}
		trouble = append(trouble, more...)
	}
	plan, err := d.decision.Plan, error(nil)
	if again {
		plan, err = d.decide(ctx, trouble...)
	}
	if len(trouble) == 0 && !d.record.RMAReadAt.Before(rmaFrom) && (kind == returns.EffectWriteBack || !d.record.TikTokReadAt.Before(tiktokFrom)) {
		return plan, time.Time{}, err
	}
	if at := later(trouble).At; !at.IsZero() {
		return plan, at, err
	}
	return plan, d.Now().Add(d.shop.Policy.TroubleRetry), err
}

// movesNothing tells whether an effect leaves money and lines as they are.
func movesNothing(kind returns.EffectKind) bool {
	return kind == returns.EffectAccept || kind == returns.EffectLabel
}

// justRead tells whether this activity made a read so lately that an effect may
// rest on it.
func (d *desk) justRead(at time.Time) bool {
	return !at.IsZero() && d.Now().Sub(at) < freshness
}

// mayRestOnLastRead tells whether the RMA was read so lately, by whomever, that a
// step which moves no money may rest on it: ReturnGO's calls are counted by the
// day. A write to ReturnGO is a read, a comparison and a write (ReturnGO contract
// 8.5): only a first one may rest on the read before; after any other the RMA is
// read again.
func (d *desk) mayRestOnLastRead(ctx context.Context, kind returns.EffectKind, subject string) bool {
	if !movesNothing(kind) && kind != returns.EffectWriteBack {
		return false
	}
	f, err := d.facts(ctx)
	written := kind == returns.EffectWriteBack && slices.ContainsFunc(f.Record.Effects, func(e returns.Effect) bool {
		return e.Kind == kind && e.Subject == subject
	})
	return err == nil && !written && d.Now().Sub(f.Record.RMAReadAt) < freshness
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
	state, words, wait := judge(callErr)
	again := time.Time{}
	if wait > 0 { // what keeps being refused is asked less and less often
		again = d.Now().Add(jitter(min(max(wait, d.Now().Sub(d.firstIntent(e.ID))), time.Hour)))
	}
	err := d.Ledger.Do(ctx, func(tx *ledger.Tx) error {
		entry := ledger.Entry{What: fmt.Sprintf("%s %s %s", act.Kind, act.Route, words), Why: act.Reason, RequestID: requestID, DecidedBy: d.decider(act)}
		if returns.Known(act.Amount) {
			entry.What += " " + act.Amount.String()
		}
		if err := tx.Audit(ctx, d.shop.Key, d.key, act.Units, entry); err != nil {
			return err
		}
		note := ""
		if callErr != nil {
			note = callErr.Error()
		}
		switch state {
		case returns.EffectClaimed:
			return nil // unknown: the claim stays until a read tells
		case returns.EffectIntent:
			return tx.TakeBack(ctx, e.ID, e.ClaimUntil, note)
		}
		return tx.SetEffect(ctx, e.ID, state, tiktokReturnID, requestID, note)
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
func judge(err error) (state returns.EffectState, words string, wait time.Duration) {
	if err == nil {
		return returns.EffectApplied, "done", 0
	}
	if _, ok := errors.AsType[*ineligibleError](err); ok {
		return returns.EffectIntent, "not sent", time.Minute
	}
	e, ok := errors.AsType[*platform.Error](err)
	if !ok {
		return returns.EffectClaimed, "answer lost", 0
	}
	switch e.Class {
	case platform.OutcomeUnknown:
		return returns.EffectClaimed, "answer lost", 0
	case platform.Retry, platform.RefreshToken:
		return returns.EffectIntent, "not possible now", max(e.RetryAfter, 2*time.Second)
	case platform.StateChanged:
		return returns.EffectIntent, "refused, the state has changed", 5 * time.Second
	default:
		return returns.EffectVoid, "refused", 0
	}
}

// decider names who decided: the rules, or the person whose answer they follow.
func (d *desk) decider(act returns.Act) string {
	for _, a := range slices.Backward(d.record.Said) {
		if a.Answer == returns.AnswerPayRest && act.Route == returns.RouteSellerRefund && d.covers(a.Subject, act.Units) {
			return a.Who
		}
		if (a.Answer == returns.AnswerAcceptPayable || a.Answer == returns.AnswerSetAmount || a.Answer == returns.AnswerPay) && returns.SameMoney(a.Amount, act.Amount) {
			return a.Who
		}
	}
	return "rules " + d.decision.Plan.Rules
}

// covers tells whether a TikTok return is about these units.
func (d *desk) covers(tiktokReturnID string, units []returns.UnitID) bool {
	return slices.ContainsFunc(d.record.TikTokReturns, func(t returns.TikTokReturn) bool {
		return t.ID == tiktokReturnID && slices.ContainsFunc(t.Lines, func(l returns.TikTokReturnLine) bool {
			return slices.ContainsFunc(units, func(u returns.UnitID) bool { return u.LineID() == l.OrderLineID })
		})
	})
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
