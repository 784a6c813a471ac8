package activities

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/platform"
	"returnbridge/internal/returns"
	"returnbridge/internal/returns/rules"
	"returnbridge/internal/tiktokshop"
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
	outcomes, err := d.takeCommands(ctx, in.Commands)
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
	return messages.PlanResult{Plan: plan, Outcomes: outcomes, Later: later(trouble)}, nil
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
	shop     *Shop
	key      returns.Key
	atTikTok bool             // this activity has just read TikTok and may ask it more
	rmaAt    time.Time        // when this activity read the RMA
	orderAt  time.Time        // when it read the order with all its returns
	decision rules.Decision   // the last one
	record   returns.Record   // what it rested on
	woken    []returns.UnitID // units whose writer was told to look: noted with the next decision
}

func (a *Activities) desk(shop string, key returns.Key) (*desk, error) {
	s, err := a.shop(shop)
	return &desk{Activities: a, shop: s, key: key}, err
}

func (d *desk) takeCommands(ctx context.Context, commands []returns.Command) ([]messages.Outcome, error) {
	var outcomes []messages.Outcome
	if len(commands) == 0 {
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
		return nil
	})
	return outcomes, err
}

// readRMA reads the RMA into the ledger.
func (d *desk) readRMA(ctx context.Context) ([]returns.Trouble, error) {
	if d.key.RMAID() == "" {
		return nil, nil
	}
	at := d.Now()
	rma, err := d.shop.ReturnGO.RMA(ctx, d.key.RMAID())
	gone := notThere(err)
	if err != nil && !gone {
		return d.orTrouble(ctx, returns.ReturnGO, err)
	}
	err = d.Ledger.Do(ctx, func(tx *ledger.Tx) error {
		if gone { // what it last said stays, only that it is gone is new
			last, _, err := tx.RMASeen(ctx, d.shop.Key, d.key.RMAID())
			if err != nil {
				return err
			}
			rma = last
			rma.ID, rma.Status = d.key.RMAID(), returns.RMAGone
		}
		return tx.SaveRMA(ctx, d.shop.Key, rma, at)
	})
	d.rmaAt = at.Truncate(time.Millisecond)
	return nil, orRetry(ctx, err)
}

// notThere tells whether ReturnGO answered that there is no such RMA: no trouble
// with the platform, but news of the return (ReturnGO contract 1.6, 2.3).
func notThere(err error) bool {
	e, ok := errors.AsType[*platform.Error](err)
	return ok && e.HTTPStatus == http.StatusNotFound
}

// readTikTok reads the order and all its returns into the ledger. A read begun
// before an effect must not count as made after it: the time is taken first.
func (d *desk) readTikTok(ctx context.Context) ([]returns.Trouble, error) {
	return d.readOrder(ctx, orderAge)
}

var errReturnGOStopped = errors.New("ReturnGO is stopped: each platform is read in its own queue")

// readBoth reads all that an effect can rest on. It is not on ReturnGO's queue,
// and must not knock where that is stopped.
func (d *desk) readBoth(ctx context.Context) ([]returns.Trouble, error) {
	before, err := d.facts(ctx)
	if err == nil && slices.Contains(before.Record.Stopped, returns.ReturnGO) {
		err = errReturnGOStopped
	}
	if err != nil {
		return nil, retryable(ctx, err)
	}
	trouble, err := d.readRMA(ctx)
	if err != nil {
		return nil, err
	}
	if f, err := d.facts(ctx); err != nil || f.Record.OrderID == "" {
		if err == nil {
			err = d.decideOnce(ctx, trouble) // it links the RMA to its order: what is read of that goes with it
		}
		if err != nil {
			return nil, orRetry(ctx, err)
		}
	}
	more, err := d.readOrder(ctx, 0)
	return append(trouble, more...), err
}

// orderAge is how old the order itself may be for an ordinary look: what moves
// are its returns. A deciding read reads it too.
const orderAge = 10 * time.Minute

// readOrder reads the order's returns, and the order if it was last read longer
// ago than age.
func (d *desk) readOrder(ctx context.Context, age time.Duration) ([]returns.Trouble, error) {
	at := d.Now()
	d.atTikTok = true
	f, err := d.facts(ctx)
	if err != nil {
		return nil, retryable(ctx, err)
	}
	orderID, err := d.orderOf(ctx, f)
	if err != nil {
		return d.orTrouble(ctx, returns.TikTok, err)
	}
	if orderID == "" && d.key.TikTokReturnID() != "" {
		return []returns.Trouble{{Platform: returns.TikTok, Endpoint: "Search Returns", Class: returns.TroubleNotShown, Message: "TikTok does not show return " + d.key.TikTokReturnID()}}, nil
	}
	if orderID == "" {
		return nil, nil
	}
	var order *returns.Order
	if f.Record.Order == nil || f.Record.Order.ID != orderID || at.Sub(f.Record.OrderReadAt) >= age {
		orders, err := d.shop.TikTok.Orders(ctx, orderID)
		if err != nil {
			return d.orTrouble(ctx, returns.TikTok, err)
		}
		if i := slices.IndexFunc(orders, func(o returns.Order) bool { return o.ID == orderID }); i >= 0 {
			order = &orders[i]
		}
	}
	all, err := searchAll(func(page string) ([]returns.TikTokReturn, string, error) {
		return d.shop.TikTok.SearchReturns(ctx, tiktokshop.ReturnFilter{OrderIDs: []string{orderID}}, page)
	})
	if err != nil {
		return d.orTrouble(ctx, returns.TikTok, err)
	}
	if err := d.tellOthers(ctx, orderID, all); err != nil {
		return nil, err
	}
	err = d.Ledger.Do(ctx, func(tx *ledger.Tx) error { return tx.SaveTikTok(ctx, d.shop.Key, orderID, order, all, at) })
	if order != nil {
		d.orderAt = at.Truncate(time.Millisecond)
	}
	return nil, orRetry(ctx, err)
}

// orderOf is the order to read: as the facts lead to it, or that of the TikTok
// return.
func (d *desk) orderOf(ctx context.Context, f rules.Facts) (string, error) {
	if id := rules.Decide(f).OrderID; id != "" {
		return id, nil
	}
	id := d.key.TikTokReturnID()
	if id == "" {
		return "", nil
	}
	found, _, err := d.shop.TikTok.SearchReturns(ctx, tiktokshop.ReturnFilter{ReturnIDs: []string{id}}, "")
	if err != nil || len(found) == 0 {
		return "", err //nolint:wrapcheck // a platform error already says which call
	}
	return found[0].OrderID, nil
}

// searchAll walks all pages of one search, each element once.
func searchAll[T any](page func(token string) ([]T, string, error)) ([]T, error) {
	var all []T
	token := ""
	for range 100 {
		some, next, err := page(token)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
		if next == "" {
			return all, nil
		}
		token = next
	}
	return nil, errors.New("a search does not end")
}

func (d *desk) facts(ctx context.Context) (rules.Facts, error) {
	f := rules.Facts{Now: d.Now().UTC(), Shop: d.shop.Key, Key: d.key, Policy: d.shop.Policy}
	err := d.Ledger.Do(ctx, func(tx *ledger.Tx) (err error) {
		f.Record, err = tx.Load(ctx, d.shop.Key, d.key)
		return err
	})
	return f, err
}

// decide lets the rules decide on what the ledger holds and keeps the decision.
// A question to TikTok is asked at once, and decided again with the answer.
func (d *desk) decide(ctx context.Context, trouble ...returns.Trouble) (returns.Plan, error) {
	if err := d.decideOnce(ctx, trouble); err != nil {
		return returns.Plan{}, orRetry(ctx, err)
	}
	if q := d.decision.Ask; q != nil && d.atTikTok {
		more, err := d.ask(ctx, *q)
		if err != nil {
			return returns.Plan{}, err
		}
		if err := d.decideOnce(ctx, append(trouble, more...)); err != nil {
			return returns.Plan{}, orRetry(ctx, err)
		}
	}
	return d.decision.Plan, d.wakeOthers(ctx)
}

func (d *desk) decideOnce(ctx context.Context, trouble []returns.Trouble) error {
	return d.Ledger.Do(ctx, func(tx *ledger.Tx) error {
		if err := tx.StockWoken(ctx, d.shop.Key, d.woken); err != nil {
			return err
		}
		record, err := tx.Load(ctx, d.shop.Key, d.key)
		if err != nil {
			return err
		}
		d.record = record
		d.decision = rules.Decide(rules.Facts{Now: d.Now().UTC(), Shop: d.shop.Key, Key: d.key, Policy: d.shop.Policy, Record: record, Trouble: trouble})
		for _, c := range d.decision.Changes {
			if err := tx.SetEffect(ctx, c.ID, c.State, c.TikTokReturnID, "", c.Note); err != nil {
				return err
			}
			if err := tx.Audit(ctx, d.shop.Key, d.key, unitsOf(record, c.ID), ledger.Entry{What: c.ID + " is " + string(c.State), Why: cmp.Or(c.Note, "seen at the platform"), DecidedBy: "rules " + rules.Version}); err != nil {
				return err
			}
		}
		p := d.decision.Plan
		return tx.SaveDecision(ctx, d.shop.Key, d.key, record, ledger.Decided{
			OrderID: d.decision.OrderID, Holds: d.decision.Holds, Restocks: d.decision.Restocks, Shadows: d.decision.Shadows, Exceptions: p.Exceptions,
			Stage: p.Stage, Summary: p.Summary, Rules: p.Rules, LookBy: lookBy(p), Closed: p.Close,
		})
	})
}

// lookBy is when the return decides again if all is well: at once after an act,
// else when its clock rings.
func lookBy(p returns.Plan) time.Time {
	if len(p.Acts) > 0 {
		return p.DecidedAt
	}
	return p.Wake.At
}

func unitsOf(r returns.Record, effectID string) []returns.UnitID {
	for _, e := range r.Effects {
		if e.ID == effectID {
			return e.Units
		}
	}
	return nil
}

// ask puts the rules' question to TikTok: may the seller refund these units, and
// how much (TikTok contract 2.5).
func (d *desk) ask(ctx context.Context, q rules.Question) ([]returns.Trouble, error) {
	p := returns.Payable{Units: q.Units, RequestType: q.RequestType, ReasonKey: q.ReasonKey, At: d.Now()}
	eligible, err := d.shop.TikTok.Eligibility(ctx, q.OrderID)
	if err != nil {
		return d.orTrouble(ctx, returns.TikTok, err)
	}
	if p.Eligible, p.Why = mayStart(eligible, q, d.skus()); p.Eligible {
		p.Amount, err = d.shop.TikTok.CalculateRefund(ctx, tiktokshop.CalculateRefund{
			OrderID: q.OrderID, RequestType: q.RequestType, Reason: q.ReasonKey, Lines: lines(q.Units),
		})
		if err != nil {
			return d.orTrouble(ctx, returns.TikTok, err)
		}
	}
	err = d.Ledger.Do(ctx, func(tx *ledger.Tx) error { return tx.SavePayable(ctx, d.shop.Key, d.key, q.OrderID, p) })
	return nil, orRetry(ctx, err)
}

// mayStart tells whether TikTok lets the seller start what is asked for every unit
// for this reason: its eligibility is the authority on market rules (T26).
// An answer that names no lines is about all lines of its SKU.
func mayStart(answers []tiktokshop.Eligibility, q rules.Question, skus map[string]string) (bool, string) {
	for _, u := range q.Units {
		found := false
		for _, e := range answers {
			about := slices.Contains(e.OrderLineIDs, u.LineID()) || len(e.OrderLineIDs) == 0 && e.SKUID == skus[u.LineID()]
			if e.RequestType != q.RequestType || !about {
				continue
			}
			if !e.Eligible {
				return false, "TikTok says the seller may start no " + q.RequestType + " for line " + u.LineID()
			}
			if len(e.Reasons) > 0 && !slices.Contains(e.Reasons, q.ReasonKey) {
				return false, "TikTok does not take the reason " + q.ReasonKey
			}
			found = true
		}
		if !found {
			return false, "TikTok names no " + q.RequestType + " by the seller for line " + u.LineID()
		}
	}
	return true, ""
}

// skus are the SKU ids of the order's lines.
func (d *desk) skus() map[string]string {
	skus := map[string]string{}
	if d.record.Order != nil {
		for _, l := range d.record.Order.Lines {
			skus[l.ID] = l.SKUID
		}
	}
	return skus
}

func lines(units []returns.UnitID) []tiktokshop.LineRef {
	refs := make([]tiktokshop.LineRef, len(units))
	for i, u := range units {
		refs[i] = tiktokshop.LineRef{OrderLineID: u.LineID(), SubLineID: u.SubLineID()}
	}
	return refs
}
