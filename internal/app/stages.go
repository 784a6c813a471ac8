package app

import (
	"context"
	"slices"
	"time"

	"returnbridge/internal/ledger"
	"returnbridge/internal/returns"
	"returnbridge/internal/returns/rules"
)

// change is what a new stage does to a return's plan.
type change int

const (
	mayChange  change = iota // only a look can tell
	noChange                 // the plan stays, and no clock rings earlier: it is enough that the ledger knows
	otherClock               // nothing but stage and clock change: a decision on the ledger is enough
)

// noteStage keeps the stage that an event names, if the rules say that it brings
// nothing to do, to ask or to end (design section 5). A hint moves no money: what
// a stage alone would have done is for a look to find out, and every effect reads
// its platform first. The snapshot stays as old as its last read, so sweeps correct
// what a hint got wrong.
func (r *relay) noteStage(ctx context.Context, tx *ledger.Tx, e ledger.Event, key returns.Key) (change, error) {
	id := e.RMAID
	if e.Platform == returns.TikTok {
		id = e.TikTokReturnID
	}
	readAt, err := tx.SnapshotReadAt(ctx, e.Shop, e.Platform, id)
	if err != nil || !e.HappenedAt.After(readAt) || e.HappenedAt.After(e.ReceivedAt.Add(clockAhead)) {
		return mayChange, err // late, and perhaps long past; or a time that clocks must not count from
	}
	policy, known := r.policyOf(e.Shop)
	if !known {
		return mayChange, nil
	}
	was, err := tx.Load(ctx, e.Shop, key)
	if err != nil {
		return mayChange, err
	}
	will, ok := atStage(was, e)
	if !ok {
		return mayChange, nil
	}
	decide := func(record returns.Record) rules.Decision {
		return rules.Decide(rules.Facts{Now: r.now().UTC(), Shop: e.Shop, Key: key, Policy: policy, Record: record})
	}
	becomes := compare(decide(was), decide(will))
	if becomes == mayChange || becomes == otherClock && e.Platform == returns.TikTok {
		return mayChange, nil // TikTok is read: once noted, the event would pass for an echo if that fails
	}
	return becomes, tx.NoteStatus(ctx, e.Shop, e.Platform, id, e.Status, e.HappenedAt)
}

// clockAhead is how far a platform's clock may be ahead of ours: ReturnGO's events
// are not signed, and a status since a far future would never be overdue.
const clockAhead = time.Minute

func (r *relay) policyOf(shop string) (rules.Policy, bool) {
	if r.acts == nil || r.acts.Shops[shop] == nil {
		return rules.Policy{}, false
	}
	return r.acts.Shops[shop].Policy, true
}

// settleTime is how long an event is held after which the RMA's others come: the
// settle window, and a little for theirs to end before ours (ReturnGO contract 8.8).
func (r *relay) settleTime() time.Duration {
	return r.cfg.Periods.SettleWindow + r.cfg.Periods.SettleWindow/10
}

// releasesMoney tells whether an event is one of those after which ReturnGO's
// authorisation is complete only a little later: the inspection, and each
// transaction.
func releasesMoney(e ledger.Event) bool {
	switch e.Topic {
	case "RMA_STATUS_UPDATED":
		return e.Status == returns.RMAValidated || e.Status == returns.RMADone
	case "TRANSACTION_CREATED", "REFUND_CREATED":
		return true
	}
	return false
}

// atStage is the record as it would be if only the event's stage were new. Only
// steps forward are believed: received, sent by the buyer.
func atStage(r returns.Record, e ledger.Event) (returns.Record, bool) {
	if e.Platform == returns.ReturnGO {
		return rmaAtStage(r, e)
	}
	i := slices.IndexFunc(r.TikTokReturns, func(t returns.TikTokReturn) bool { return t.ID == e.TikTokReturnID })
	if i < 0 || r.TikTokReturns[i].Status != returns.TikTokAwaitingShip {
		return r, false
	}
	r.TikTokReturns = slices.Clone(r.TikTokReturns)
	r.TikTokReturns[i].Status, r.TikTokReturns[i].UpdatedAt = e.Status, e.HappenedAt
	return r, true
}

// rmaAtStage is atStage for an RMA.
func rmaAtStage(r returns.Record, e ledger.Event) (returns.Record, bool) {
	if r.RMA == nil || r.RMA.Status != returns.RMAApproved {
		return r, false
	}
	rma := *r.RMA
	rma.Status = e.Status
	r.RMA, r.RMAStatusSince = &rma, e.HappenedAt
	return r, true
}

// compare holds two decisions on the same moment against each other.
func compare(was, will rules.Decision) change {
	a, b := was.Plan, will.Plan
	idle := func(d rules.Decision) bool {
		return len(d.Plan.Acts) == 0 && d.Ask == nil && len(d.Changes) == 0 && len(d.Restocks) == 0 && len(d.Shadows) == 0
	}
	asksTheSame := slices.EqualFunc(a.Exceptions, b.Exceptions, returns.Exception.Same)
	switch {
	case !idle(was) || !idle(will) || !asksTheSame || a.Close != b.Close || !a.SellerDeadline.Equal(b.SellerDeadline):
		return mayChange
	case a.Stage != b.Stage, a.Wake.At.IsZero() && !b.Wake.At.IsZero(), b.Wake.At.Before(a.Wake.At) && !b.Wake.At.IsZero():
		return otherClock
	}
	return noChange
}
