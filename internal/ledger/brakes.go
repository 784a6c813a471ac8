package ledger

import (
	"context"
	"fmt"
	"strings"
	"time"

	"go.uber.org/zap"

	"returnbridge/internal/returns"
)

// Brakes hold from the moment that they are committed: every claim of an effect and
// of a stock write is made in a transaction that has looked at them.

// Stops are the actions that people have stopped for a shop.
func (t *Tx) Stops(ctx context.Context, shop string) ([]returns.Stop, error) {
	return query(ctx, t, "read stops", func(scan func(...any) error) (returns.Stop, error) {
		var s returns.Stop
		var at instant
		err := scan(&s.Action, &s.By, &s.Why, &at)
		s.At = time.Time(at)
		return s, err
	}, `SELECT action, stopped_by, why, stopped_at FROM stops WHERE shop = $1 ORDER BY action`, shop)
}

// Stop stops an action of a shop; one that is stopped already stays as it is, and
// false is given.
func (t *Tx) Stop(ctx context.Context, shop string, a returns.Action, who, why string) (bool, error) {
	n, err := t.exec(ctx, "stop", `INSERT INTO stops (shop, action, stopped_at, stopped_by, why) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (shop, action) DO NOTHING`, shop, string(a), text(t.now), who, why)
	if err != nil || n == 0 {
		return false, err
	}
	return true, t.brakesChanged(ctx, shop, Entry{What: "stopped " + string(a), Why: why, DecidedBy: who})
}

// Start ends the stop of an action, or of all; false if it was not stopped.
func (t *Tx) Start(ctx context.Context, shop string, a returns.Action, who, why string) (bool, error) {
	n, err := t.exec(ctx, "start", `DELETE FROM stops WHERE shop = $1 AND (action = $2 OR $2 = 'all')`, shop, string(a))
	if err != nil || n == 0 {
		return false, err
	}
	return true, t.brakesChanged(ctx, shop, Entry{What: "started " + string(a) + " again", Why: why, DecidedBy: who})
}

// brakesChanged audits a change, and keeps the shop's exception that names what is
// stopped.
func (t *Tx) brakesChanged(ctx context.Context, shop string, e Entry) error {
	if _, err := t.audit(ctx, "", shop, returns.ShopKey(returns.TikTok), e); err != nil {
		return err
	}
	stops, err := t.Stops(ctx, shop)
	if err != nil {
		return err
	}
	if len(stops) == 0 {
		return t.HealForShop(ctx, shop, returns.TikTok, returns.ActionStopped)
	}
	var words []string
	for _, s := range stops {
		words = append(words, s.String())
	}
	return t.RaiseForShop(ctx, shop, returns.TikTok, returns.NewException(returns.ActionStopped, strings.Join(words, "; ")+`. "starter start" ends it`, returns.Money{}))
}

// Braked are the open returns of a shop that a stop or a limit keeps from something,
// and the products whose stock waits to be written: they are to be woken when it ends.
func (t *Tx) Braked(ctx context.Context, shop string) (keys []returns.Key, products []string, err error) {
	keys, err = query(ctx, t, "read held returns", scanKey, `SELECT key FROM returns WHERE shop = $1 AND held = 1 AND closed_at = '' ORDER BY key`, shop)
	if err != nil {
		return nil, nil, err
	}
	products, err = query(ctx, t, "read waiting products", func(scan func(...any) error) (string, error) {
		var id string
		return id, scan(&id)
	}, `SELECT DISTINCT product_id FROM stock_entries WHERE shop = $1 AND state = 'owed'`, shop)
	return keys, products, err
}

// LockRefundDay makes whoever claims a refund of a shop wait for whoever is claiming
// another one: the day's limit is for all of them together.
func (t *Tx) LockRefundDay(ctx context.Context, shop string) error {
	_, err := t.exec(ctx, "enter refund day", `INSERT INTO refund_days (shop, day) VALUES ($1, $2)
		ON CONFLICT (shop, day) DO UPDATE SET lifted_by = refund_days.lifted_by`, shop, t.now.Format(dayFormat))
	return err
}

// RefundDay is what has been refunded for a shop today (UTC): all refunds that were
// sent and not definitely refused.
func (t *Tx) RefundDay(ctx context.Context, shop string) (returns.RefundDay, error) {
	var day returns.RefundDay
	var err error
	day.Refunds, err = query(ctx, t, "read today's refunds", func(scan func(...any) error) (r returns.DayRefund, err error) {
		var amount, currency string
		if err := scan(&r.Subject, &amount, &currency); err != nil {
			return r, err
		}
		r.Amount, err = readMoney(amount, currency)
		return r, err
	}, `SELECT subject, amount, currency FROM effects WHERE shop = $1 AND kind = 'refund' AND claimed_at >= $2 AND (state IN ('claimed', 'applied', 'verified') OR reason = 'lost')`,
		shop, text(t.now.Truncate(24*time.Hour)))
	if err != nil {
		return day, err
	}
	day.LiftedBy, _, err = first(query(ctx, t, "read who lifted the limit", func(scan func(...any) error) (string, error) {
		var by string
		return by, scan(&by)
	}, `SELECT lifted_by FROM refund_days WHERE shop = $1 AND day = $2`, shop, t.now.Format(dayFormat)))
	return day, err
}

// StillStopped is ErrOvertaken if one of the stops that a decision rests on has ended:
// whoever ends it lists the returns that it holds, and would miss this one.
func (t *Tx) StillStopped(ctx context.Context, shop string, actions []returns.Action) error {
	for _, a := range actions {
		n, err := t.exec(ctx, "confirm a stop", `UPDATE stops SET why = why WHERE shop = $1 AND action = $2`, shop, string(a))
		if err != nil {
			return err
		}
		if n == 0 {
			return fmt.Errorf("%w: %s was started", ErrOvertaken, a)
		}
	}
	return nil
}

// StillLimited is ErrOvertaken if a person has lifted today's limit.
func (t *Tx) StillLimited(ctx context.Context, shop string) error {
	if err := t.LockRefundDay(ctx, shop); err != nil {
		return err
	}
	day, err := t.RefundDay(ctx, shop)
	if err == nil && day.LiftedBy != "" {
		err = fmt.Errorf("%w: the limit was lifted", ErrOvertaken)
	}
	return err
}

// LiftRefundLimit lets refunds go on for the rest of the day (UTC), if that is what is
// asked today: false if nothing is, or only of a day that is over.
func (t *Tx) LiftRefundLimit(ctx context.Context, shop, who, why string) (bool, error) {
	if err := t.HealRefundLimit(ctx, shop); err != nil {
		return false, err
	}
	asked, err := t.closeException(ctx, shop, returns.ShopKey(returns.TikTok), returns.Exception{Kind: returns.RefundLimit}, string(returns.AnswerLiftToday)+" by "+who)
	if err != nil || !asked {
		return false, err
	}
	t.fact("exception answered", shop, returns.ShopKey(returns.TikTok), exceptionFields(returns.Exception{Kind: returns.RefundLimit}, zap.String("answer", string(returns.AnswerLiftToday)))...)
	if err := t.LockRefundDay(ctx, shop); err != nil {
		return false, err
	}
	_, err = t.exec(ctx, "lift limit", `UPDATE refund_days SET lifted_by = $1, lifted_why = $2 WHERE shop = $3 AND day = $4`, who, why, shop, t.now.Format(dayFormat))
	if err != nil {
		return false, err
	}
	_, err = t.audit(ctx, "", shop, returns.ShopKey(returns.TikTok), Entry{What: "lifted the limit of refunds for " + t.now.Format(dayFormat), Why: why, DecidedBy: who})
	return err == nil, err
}

// HealRefundLimit closes what was asked about the limit of a day that is over.
func (t *Tx) HealRefundLimit(ctx context.Context, shop string) error {
	n, err := t.exec(ctx, "heal refund limit", `UPDATE exceptions SET closed_at = $1, closed_by = $6 WHERE shop = $2 AND key = $3 AND kind = $4 AND closed_at = '' AND opened_at < $5`,
		text(t.now), shop, string(returns.ShopKey(returns.TikTok)), string(returns.RefundLimit), text(t.now.Truncate(24*time.Hour)), healed)
	if err != nil || n == 0 {
		return err
	}
	t.exceptionClosed(shop, returns.ShopKey(returns.TikTok), returns.Exception{Kind: returns.RefundLimit}, true)
	return t.alertClosed(ctx, shop, returns.ShopKey(returns.TikTok), returns.RefundLimit)
}

// StoppedError means that a person has stopped what a claim was for.
type StoppedError struct{ returns.Stop }

// Error implements error.
func (e StoppedError) Error() string { return "ledger: " + e.String() }

// NotStopped is a StoppedError if a person has stopped an action of a shop.
func (t *Tx) NotStopped(ctx context.Context, shop string, a returns.Action) error {
	stops, err := t.Stops(ctx, shop)
	if err != nil {
		return err
	}
	if s, stopped := returns.StopOf(stops, a); stopped {
		return StoppedError{s}
	}
	return nil
}
