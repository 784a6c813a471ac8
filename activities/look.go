package activities

import (
	"cmp"
	"context"
	"errors"
	"time"

	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
	"returnbridge/internal/returns/rules"
)

// LookReturnGO reads the RMA and decides.
func (a *Activities) LookReturnGO(ctx context.Context, in messages.LookInput) (messages.PlanResult, error) {
	return a.look(ctx, in, (*desk).readRMA)
}

// LookTikTok reads the order and all its returns and decides. If a seller refund
// is to be planned it also asks TikTok what would be payable.
func (a *Activities) LookTikTok(ctx context.Context, in messages.LookInput) (messages.PlanResult, error) {
	return a.look(ctx, in, (*desk).readTikTok)
}

// LookBoth reads both platforms, the order too, and decides: when all that is
// asked for an effect has just been read, the look is its deciding read.
func (a *Activities) LookBoth(ctx context.Context, in messages.LookInput) (messages.PlanResult, error) {
	return a.look(ctx, in, (*desk).readBoth)
}

// Review decides on what the ledger holds: a clock ran out, a person spoke, or a
// platform did not answer.
func (a *Activities) Review(ctx context.Context, in messages.LookInput) (messages.PlanResult, error) {
	return a.look(ctx, in, func(*desk, context.Context) ([]returns.Trouble, error) { return nil, nil })
}

func (a *Activities) look(ctx context.Context, in messages.LookInput, read func(*desk, context.Context) ([]returns.Trouble, error)) (messages.PlanResult, error) {
	d, err := a.desk(in.Shop, in.Key)
	if err != nil {
		return messages.PlanResult{}, err
	}
	d.history = in.History
	outcomes, err := d.takeCommands(ctx, in.Commands, in.Refused)
	if err != nil {
		return messages.PlanResult{}, retryable(ctx, err)
	}
	if ctx, err = d.charged(ctx, in); err != nil {
		return messages.PlanResult{}, retryable(ctx, err)
	}
	trouble, err := read(d, ctx)
	if err != nil {
		return messages.PlanResult{}, err
	}
	told, err := d.unlessStopped(ctx, in.Trouble...)
	if err != nil {
		return messages.PlanResult{}, err
	}
	trouble = append(told, trouble...)
	plan, err := d.decide(ctx, trouble...)
	if err != nil {
		return messages.PlanResult{}, err
	}
	if in.AtOnce && len(trouble) == 0 {
		plan = d.actAtOnce(ctx, plan)
	}
	return messages.PlanResult{Plan: plan, Outcomes: withOutlook(outcomes, plan), Later: later(trouble)}, nil
}

// withOutlook adds to the answer to an accepted command what will still happen.
func withOutlook(outcomes []messages.Outcome, plan returns.Plan) []messages.Outcome {
	for i, o := range outcomes {
		if o.Accepted {
			outcomes[i].Sentence = o.Sentence + "; " + plan.Outlook()
		}
	}
	return outcomes
}

// later is when to ask again the platforms that are not to be asked now; the
// first of several times.
func later(trouble []returns.Trouble) returns.Wake {
	var w returns.Wake
	for _, t := range trouble {
		if t.Class != returns.TroubleLater {
			continue
		}
		if w.At.IsZero() || t.Until.Before(w.At) {
			w.At, w.Why = t.Until, string(t.Platform)+": "+t.Message
		}
		w.Read = append(w.Read, t.Platform)
	}
	return w
}

// desk is where one return is read and decided.
type desk struct {
	*Activities
	shop      *Shop
	key       returns.Key
	atTikTok  bool             // this activity has just read TikTok and may ask it more
	rmaRead   read             // this activity's last read of the RMA
	orderRead read             // and of the order with all its returns
	decision  rules.Decision   // the last one
	record    returns.Record   // what it rested on
	history   bool             // a backfill asks for this look
	woken     []returns.UnitID // units whose writer was told to look: noted with the next decision
}

func (a *Activities) desk(shop string, key returns.Key) (*desk, error) {
	s, err := a.shop(shop)
	return &desk{Activities: a, shop: s, key: key}, err
}

func (d *desk) takeCommands(ctx context.Context, commands []returns.Command, refused messages.Refused) ([]messages.Outcome, error) {
	var outcomes []messages.Outcome
	if len(commands) == 0 && refused.Count == 0 {
		return nil, nil
	}
	err := d.Ledger.Do(ctx, func(tx *ledger.Tx) error {
		if _, err := tx.Load(ctx, d.shop.Key, d.key); err != nil {
			return err
		}
		for _, c := range commands {
			o, err := tx.Command(ctx, d.shop.Key, d.key, c.Storable())
			if err != nil {
				return err
			}
			outcomes = append(outcomes, messages.Outcome{CommandID: c.ID, Accepted: o.Accepted, Sentence: o.Sentence})
		}
		if refused.Count > 0 {
			return tx.CommandsRefused(ctx, d.shop.Key, d.key, refused.ID, refused.Count)
		}
		return nil
	})
	return outcomes, err
}

func (d *desk) facts(ctx context.Context) (rules.Facts, error) {
	f := rules.Facts{Now: d.Now().UTC(), Shop: d.shop.Key, Key: d.key, Policy: d.shop.Policy}
	err := d.Ledger.Read(ctx, func(tx *ledger.Tx) (err error) {
		f.Record, err = tx.Record(ctx, d.shop.Key, d.key)
		return err
	})
	if err != nil || !f.Record.CreatedAt.IsZero() {
		return f, err
	}
	err = d.Ledger.Do(ctx, func(tx *ledger.Tx) (err error) { // it is new
		f.Record, err = tx.Load(ctx, d.shop.Key, d.key)
		return err
	})
	return f, err
}

// decide lets the rules decide on what the ledger holds and keeps the decision.
// A question to TikTok is asked at once, and decided again with the answer.
func (d *desk) decide(ctx context.Context, trouble ...returns.Trouble) (returns.Plan, error) {
	was, err := d.decideThen(ctx, nil, trouble)
	if err != nil {
		return returns.Plan{}, err
	}
	return d.decision.Plan, d.tell(ctx, was)
}

// decideThen is decide, with something that is kept in the same transaction as the
// decision or not at all. It returns what the return held before: others have yet
// to be told what has changed. A decision that lacks an answer of TikTok is not kept:
// what it leaves open would look settled.
func (d *desk) decideThen(ctx context.Context, then func(*ledger.Tx) error, trouble []returns.Trouble) (was []returns.Hold, err error) {
	err = d.decideOnce(ctx, then, trouble, d.atTikTok)
	if errors.Is(err, errAsksFirst) {
		more, askErr := d.ask(ctx, *d.decision.Ask)
		if askErr != nil {
			return nil, askErr
		}
		err = d.decideOnce(ctx, then, append(trouble, more...), false)
	}
	return d.record.Holds, orRetry(ctx, err)
}

// errAsksFirst is that a decision was not kept because TikTok is to be asked first.
var errAsksFirst = errors.New("TikTok is asked before this is decided")

// tell wakes the other returns that the last decision concerns.
func (d *desk) tell(ctx context.Context, was []returns.Hold) error {
	if err := d.wakePartners(ctx, was); err != nil {
		return err
	}
	return d.wakeOthers(ctx)
}

// decideOnce decides, and once more if what the decision rested on has changed by
// the time it is kept.
func (d *desk) decideOnce(ctx context.Context, then func(*ledger.Tx) error, trouble []returns.Trouble, asks bool) error {
	err := d.decideNow(ctx, then, trouble, asks)
	if errors.Is(err, ledger.ErrOvertaken) {
		err = d.decideNow(ctx, then, trouble, asks)
	}
	return err
}

// decideNow is one decision: loaded, judged and kept in one transaction. Everything
// it writes holds only for what it read. Where TikTok may be asked, a decision that
// asks it something is not kept (errAsksFirst).
func (d *desk) decideNow(ctx context.Context, then func(*ledger.Tx) error, trouble []returns.Trouble, asks bool) error {
	return d.Ledger.Do(ctx, func(tx *ledger.Tx) error {
		today, err := d.refundDay(ctx, tx, then != nil)
		if err != nil {
			return err
		}
		if err := tx.StockWoken(ctx, d.shop.Key, d.woken); err != nil {
			return err
		}
		record, err := tx.Load(ctx, d.shop.Key, d.key)
		if err != nil {
			return err
		}
		d.record = record
		d.decision = rules.Decide(rules.Facts{Now: d.Now().UTC(), Shop: d.shop.Key, Key: d.key, Policy: d.shop.Policy, Record: record, Trouble: trouble, Today: today})
		if asks && d.decision.Ask != nil {
			return errAsksFirst
		}
		for _, c := range d.decision.Changes {
			if err := d.move(ctx, tx, c); err != nil {
				return err
			}
		}
		if d.decision.SlowSearch {
			if err := tx.NoteSlowSearch(ctx, d.shop.Key, d.Now()); err != nil {
				return err
			}
		}
		if err := tx.StillStopped(ctx, d.shop.Key, d.decision.Stopped); err != nil {
			return err
		}
		if over := d.decision.OverLimit; over != "" {
			if err := tx.StillLimited(ctx, d.shop.Key); err != nil {
				return err
			}
			if err := tx.RaiseForShop(ctx, d.shop.Key, returns.TikTok, returns.NewException(returns.RefundLimit, over, returns.Money{})); err != nil {
				return err
			}
		}
		p := d.decision.Plan
		err = tx.SaveDecision(ctx, d.shop.Key, d.key, record, ledger.Decided{
			OrderID: d.decision.OrderID, Holds: d.decision.Holds, Restocks: d.decision.Restocks, Shadows: d.decision.Shadows, Exceptions: p.Exceptions,
			Stage: p.Stage, Summary: p.Summary, Rules: p.Rules, Held: d.decision.Held(), LookBy: lookBy(p), Closed: p.Close,
			Deadline: p.SellerDeadline, Quiet: d.quiet(record),
		})
		if err != nil || then == nil {
			return err
		}
		return then(tx)
	})
}

// quiet tells whether a backfill has just taken the return up: what is wrong with it
// is no news. Whatever opens later is, though nothing but the backfill asked so far.
func (d *desk) quiet(r returns.Record) bool {
	lately := func(at time.Time) bool { return d.Now().Sub(at) < takenUpWithin }
	return d.history && (lately(r.CreatedAt) || r.RMARead <= 1 && lately(r.RMAReadAt) || r.TikTokRead <= 1 && lately(r.TikTokReadAt))
}

// takenUpWithin is how long a backfill takes with one return once it could read it.
const takenUpWithin = time.Hour

// refundDay is what the shop has refunded today, where that is limited. Whoever is
// about to claim a refund waits for others that are doing so.
func (d *desk) refundDay(ctx context.Context, tx *ledger.Tx, claims bool) (day returns.RefundDay, err error) {
	if !d.shop.Policy.DayLimit.Set() {
		return day, nil
	}
	if claims {
		if err := tx.LockRefundDay(ctx, d.shop.Key); err != nil {
			return day, err
		}
	}
	return tx.RefundDay(ctx, d.shop.Key)
}

// move moves an effect as a decision has judged it.
func (d *desk) move(ctx context.Context, tx *ledger.Tx, c rules.EffectChange) error {
	err := tx.MoveEffect(ctx, c.Effect, ledger.EffectChange{State: c.State, TikTokReturnID: c.TikTokReturnID, Reason: c.Reason, Note: c.Note})
	if err != nil {
		return err
	}
	return tx.Audit(ctx, d.shop.Key, d.key, c.Effect.Units, ledger.Entry{What: found(c), Why: cmp.Or(c.Note, "seen at the platform"), DecidedBy: byRules(rules.Version)})
}

// lookBy is when the return decides again if all is well: at once after an act,
// else when its clock rings.
func lookBy(p returns.Plan) time.Time {
	if len(p.Acts) > 0 {
		return p.DecidedAt
	}
	return p.Wake.At
}
