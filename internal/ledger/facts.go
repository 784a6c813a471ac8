package ledger

import (
	"context"

	"go.uber.org/zap"

	"returnbridge/internal/returns"
)

// fact is one line of the log. It is written after its transaction has committed,
// and only by the one that changed something: a repeat tells nothing twice.
type fact struct {
	message string
	fields  []zap.Field
}

// LogTo has what is committed from now on told in a log, one line for each fact:
// ids and amounts, never who or why. It is called before the ledger is shared.
func (l *Ledger) LogTo(log *zap.Logger) { l.log = log }

// fact notes a line for the log.
func (t *Tx) fact(message, shop string, key returns.Key, fields ...zap.Field) {
	t.facts = append(t.facts, fact{message, append([]zap.Field{zap.String("shop", shop), zap.String("return", string(key))}, fields...)})
}

func (l *Ledger) tell(facts []fact) {
	for _, f := range facts {
		l.log.Info(f.message, f.fields...)
	}
}

// someMoney is an amount in the log, if there is one.
func someMoney(m returns.Money) zap.Field {
	if !returns.Known(m) {
		return zap.Skip()
	}
	return zap.Stringer("amount", m)
}

func someText(key, value string) zap.Field {
	if value == "" {
		return zap.Skip()
	}
	return zap.String(key, value)
}

func exceptionFields(e returns.Exception, more ...zap.Field) []zap.Field {
	return append([]zap.Field{
		zap.String("exception", string(e.Kind)), zap.String("owner", string(returns.Catalogue[e.Kind].Owner)), someText("subject", e.Subject), someMoney(e.Amount),
	}, more...)
}

// exceptionClosed tells that an exception is closed, and whether a person's answer
// closed it.
func (t *Tx) exceptionClosed(shop string, key returns.Key, e returns.Exception, healed bool) {
	t.fact("exception closed", shop, key, exceptionFields(e, zap.Bool("healed", healed))...)
}

// refundMade tells of a refund that the platform has taken, the first time that this
// is known.
func (t *Tx) refundMade(ctx context.Context, was returns.Effect, c EffectChange) error {
	done := c.State == returns.EffectApplied || c.State == returns.EffectVerified
	if was.Kind != returns.EffectRefund || !done || !was.AppliedAt.IsZero() {
		return nil
	}
	shop, _, err := first(query(ctx, t, "read an effect's shop", func(scan func(...any) error) (string, error) {
		var s string
		return s, scan(&s)
	}, `SELECT shop FROM effects WHERE id = $1`, was.ID))
	if err != nil {
		return err
	}
	id := was.TikTokReturnID
	if c.TikTokReturnID != "" {
		id = c.TikTokReturnID
	}
	t.fact("refund made", shop, was.Key, zap.String("effect", was.ID), zap.String("route", string(was.Route)), someMoney(was.Amount),
		zap.String("order_id", was.OrderID), someText("tiktok_return_id", id), someText("request_id", c.RequestID))
	return nil
}

// moneyMoved tells of a TikTok return that has come to be paid, whoever had it paid:
// we, a person in Seller Center, or TikTok itself at a deadline.
func (t *Tx) moneyMoved(ctx context.Context, shop string, r returns.TikTokReturn) error {
	if !r.Paid() {
		return nil
	}
	was, err := t.SnapshotStatus(ctx, shop, returns.TikTok, r.ID)
	if err != nil || (returns.TikTokReturn{Status: was}).Paid() {
		return err
	}
	t.fact("TikTok paid", shop, returns.TikTokKey(r.ID), zap.String("order_id", r.OrderID), zap.String("tiktok_return_id", r.ID), someMoney(r.Refund))
	return nil
}
