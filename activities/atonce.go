package activities

import (
	"context"
	"fmt"
	"slices"

	"go.temporal.io/sdk/activity"

	"returnbridge/internal/ledger"
	"returnbridge/internal/returns"
)

// actAtOnce does in the look's own activity what its plan names and what needs
// nothing but the look: it wakes the writers of stock, and carries out the first
// decision or write whose deciding read the look is, or can become. What does not
// come about stays in the plan: the workflow has it done as an act of its own,
// with the patience and the blame of that act. While ReturnGO is stopped all does.
func (d *desk) actAtOnce(ctx context.Context, plan returns.Plan) returns.Plan {
	if slices.ContainsFunc(plan.Acts, func(a returns.Act) bool { return a.Kind == returns.ActRestock }) {
		if err := d.wakeWriters(ctx); err != nil {
			activity.GetLogger(ctx).Warn("the writers of stock were not woken; they are woken by an act", "return", string(d.key), "error", err)
		} else if again, err := d.decide(ctx); err != nil {
			activity.GetLogger(ctx).Warn("the ledger did not answer after the writers of stock were woken", "return", string(d.key), "error", err)
		} else {
			plan = again
		}
	}
	if !d.atTikTok || slices.Contains(d.record.Stopped, returns.ReturnGO) {
		return plan
	}
	for _, act := range plan.Acts {
		kind, call := inOneCall(act)
		if call == nil {
			continue
		}
		after, err := d.carryOut(ctx, act, kind, call)
		if err != nil {
			activity.GetLogger(ctx).Warn("not carried out with the look; it is an act of its own", "return", string(d.key), "act", string(act.Kind), "error", err)
			return d.decision.Plan
		}
		return after
	}
	return plan
}

// inOneCall tells how an act is carried out that is one call on what exists
// already. What creates something at TikTok, or takes a label over, is always an
// activity of its own.
func inOneCall(act returns.Act) (returns.EffectKind, send) {
	switch {
	case act.Kind == returns.ActAccept:
		return returns.EffectAccept, (*desk).decideAtTikTok
	case act.Kind == returns.ActRefund && !act.Route.Creates():
		return returns.EffectRefund, (*desk).decideAtTikTok
	case act.Kind == returns.ActWriteBack:
		return returns.EffectWriteBack, (*desk).writeReturnGO
	}
	return "", nil
}

// wakeWriters wakes the writers of all products of which units of this return
// are on their way into stock, each once.
func (d *desk) wakeWriters(ctx context.Context) error {
	var woken []string
	for _, r := range append(slices.Clone(d.record.Restocks), d.decision.Restocks...) {
		if !r.Open() {
			continue
		}
		if !slices.Contains(woken, r.ProductID) {
			if err := d.Waker.WakeStock(ctx, d.shop.Key, r.ProductID); err != nil {
				return retryable(ctx, fmt.Errorf("wake stock of %s: %w", r.ProductID, err))
			}
			woken = append(woken, r.ProductID)
		}
		d.woken = append(d.woken, r.Unit)
	}
	return nil
}

// seesItWithTheMoney tells whether a return need not be told that its units are in
// stock: all are, nobody is asked about any, and a refund of ours is on its way, so
// a look for the money comes and decides on both. Decisions on one return come one
// after another: the next one sees the stock.
func (r *round) seesItWithTheMoney(ctx context.Context, key returns.Key) bool {
	var record returns.Record
	err := r.Ledger.Read(ctx, func(tx *ledger.Tx) (err error) {
		record, err = tx.Record(ctx, r.shop.Key, key)
		return err
	})
	return err == nil && slices.ContainsFunc(record.Effects, func(e returns.Effect) bool {
		return e.Key == key && e.Kind == returns.EffectRefund && e.State == returns.EffectApplied
	}) && !slices.ContainsFunc(record.Restocks, func(e returns.Restock) bool { return e.Open() || e.Problem != "" })
}
