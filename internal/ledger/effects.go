package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"returnbridge/internal/returns"
)

// The ways an effect can be refused before anything is sent.
var (
	// ErrEffectLive: the unit has a live effect of this kind under another key.
	ErrEffectLive = errors.New("ledger: the unit already has such an effect")
	// ErrOrderBusy: another refund or new return on the same order is under way.
	ErrOrderBusy = errors.New("ledger: another refund or return on this order is under way")
	// ErrClaimed: another attempt of the same call may still be answered.
	ErrClaimed = errors.New("ledger: the call may still be answered")
)

const effectColumns = `id, key, kind, route, subject, generation, order_id, tiktok_return_id, amount, currency, state,
	intent_at, claimed_at, claim_until, applied_at, request_id, reason, note`

func scanEffect(scan func(...any) error) (returns.Effect, error) {
	var e returns.Effect
	var amount, currency string
	var intent, claimed, until, applied instant
	if err := scan(&e.ID, &e.Key, &e.Kind, &e.Route, &e.Subject, &e.Generation, &e.OrderID, &e.TikTokReturnID, &amount, &currency, &e.State,
		&intent, &claimed, &until, &applied, &e.RequestID, &e.Reason, &e.Note); err != nil {
		return e, err
	}
	e.IntentAt, e.ClaimedAt, e.ClaimUntil, e.AppliedAt = time.Time(intent), time.Time(claimed), time.Time(until), time.Time(applied)
	var err error
	e.Amount, err = readMoney(amount, currency)
	return e, err
}

// effectsOf are the effects of a return ($1, $2) and of all others of its order ($3).
const effectsOf = `SELECT id FROM effects WHERE shop = $1 AND key = $2 UNION ALL SELECT id FROM effects WHERE shop = $1 AND order_id = $3 AND $3 <> ''`

func (t *Tx) loadEffects(ctx context.Context, shop string, key returns.Key, r *returns.Record) error {
	var err error
	r.Effects, err = query(ctx, t, "read effects", scanEffect, `SELECT `+effectColumns+` FROM effects
		WHERE id IN (`+effectsOf+`) ORDER BY intent_at, id`, shop, string(key), r.OrderID)
	if err != nil {
		return err
	}
	type row struct {
		effect string
		unit   returns.UnitID
	}
	units, err := query(ctx, t, "read effect units", func(scan func(...any) error) (row, error) {
		var u row
		return u, scan(&u.effect, &u.unit)
	}, `SELECT effect_id, unit FROM effect_units WHERE effect_id IN (`+effectsOf+`) ORDER BY unit`, shop, string(key), r.OrderID)
	for _, u := range units {
		for i := range r.Effects {
			if r.Effects[i].ID == u.effect {
				r.Effects[i].Units = append(r.Effects[i].Units, u.unit)
			}
		}
	}
	return err
}

// Claim enters an effect and claims its one call until the given time: the
// last act before sending. The same effect claimed again after its claim's end
// keeps its id and so the platform's idempotency key. That its answer was once lost
// stays known whatever comes after: a platform forgets keys. Errors: ErrEffectLive,
// ErrOrderBusy, ErrClaimed.
func (t *Tx) Claim(ctx context.Context, shop string, key returns.Key, e returns.Effect, until time.Time) error {
	if err := t.enterReturn(ctx, shop, key); err != nil {
		return err
	}
	if err := t.dropIntents(ctx, shop, e); err != nil {
		return err
	}
	amount, currency := moneyText(e.Amount)
	n, err := t.exec(ctx, "claim effect", `INSERT INTO effects (id, shop, key, kind, route, subject, generation, order_id, tiktok_return_id, amount, currency, state, intent_at, claimed_at, claim_until)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'claimed', $12, $12, $13)
		ON CONFLICT (id) DO UPDATE SET state = 'claimed', claimed_at = excluded.claimed_at, claim_until = excluded.claim_until,
			route = excluded.route, amount = excluded.amount, currency = excluded.currency, reason = CASE WHEN effects.reason = 'lost' THEN 'lost' ELSE '' END, note = ''
		WHERE effects.state IN ('intent', 'dropped')`,
		e.ID, shop, string(key), string(e.Kind), string(e.Route), e.Subject, e.Generation, e.OrderID, e.TikTokReturnID, amount, currency, text(t.now), text(until))
	if err != nil {
		return err
	}
	if n == 0 {
		return fmt.Errorf("%w: %s", ErrClaimed, e.ID)
	}
	if err := t.claimUnits(ctx, shop, e); err != nil {
		return err
	}
	if e.Kind != returns.EffectRefund && e.Kind != returns.EffectOpen {
		return nil
	}
	return t.takeOrder(ctx, shop, e.OrderID, e.ID)
}

// claimUnits makes the units live under the effect; those of an earlier attempt
// that are no longer wanted are let go. In one order, so that two effects on the
// same units never wait for each other.
func (t *Tx) claimUnits(ctx context.Context, shop string, e returns.Effect) error {
	if _, err := t.exec(ctx, "let units go", `DELETE FROM effect_units WHERE effect_id = $1`, e.ID); err != nil {
		return err
	}
	for _, u := range slices.Compact(slices.Sorted(slices.Values(e.Units))) {
		// The index decides, not a read before it: the other may not be committed yet.
		n, err := t.exec(ctx, "claim unit", `INSERT INTO effect_units (effect_id, shop, unit, kind, live) VALUES ($1, $2, $3, $4, 1)
			ON CONFLICT (shop, unit, kind) WHERE live = 1 DO NOTHING`, e.ID, shop, string(u), string(e.Kind))
		if err != nil {
			return err
		}
		if n == 0 {
			return fmt.Errorf("%w: %s of %s", ErrEffectLive, e.Kind, u)
		}
	}
	return nil
}

// dropIntents drops intents of the same kind on the same units of which nothing
// came: the decision has changed meanwhile.
func (t *Tx) dropIntents(ctx context.Context, shop string, e returns.Effect) error {
	for _, u := range e.Units {
		stale, err := query(ctx, t, "read stale intents", func(scan func(...any) error) (string, error) {
			var id string
			return id, scan(&id)
		}, `SELECT e.id FROM effects e JOIN effect_units u ON u.effect_id = e.id
			WHERE u.shop = $1 AND u.unit = $2 AND u.kind = $3 AND u.live = 1 AND e.state = 'intent' AND e.id <> $4`, shop, string(u), string(e.Kind), e.ID)
		if err != nil {
			return err
		}
		for _, id := range stale {
			n, err := t.exec(ctx, "drop intent", `UPDATE effects SET state = 'dropped', note = 'decided otherwise'
				WHERE id = $1 AND state = 'intent'`, id)
			if err != nil {
				return err
			}
			if n == 0 {
				continue // claimed meanwhile: its unit is not free
			}
			if err := t.freeUnits(ctx, id); err != nil {
				return err
			}
		}
	}
	return nil
}

// takeOrder takes the order's row: one refund, or return of ours, in flight per order.
func (t *Tx) takeOrder(ctx context.Context, shop, orderID, effectID string) error {
	// The update changes nothing; it makes us wait for whoever is at the order, so
	// that the next statement sees what became of it.
	if _, err := t.exec(ctx, "enter order", `INSERT INTO orders (shop, order_id) VALUES ($1, $2)
		ON CONFLICT (shop, order_id) DO UPDATE SET in_flight = orders.in_flight`, shop, orderID); err != nil {
		return err
	}
	n, err := t.exec(ctx, "take order", `UPDATE orders SET in_flight = $1 WHERE shop = $2 AND order_id = $3
		AND (in_flight = '' OR in_flight = $1 OR EXISTS (SELECT 1 FROM effects WHERE id = orders.in_flight AND state <> 'claimed'))`, effectID, shop, orderID)
	if err != nil {
		return err
	}
	if n == 0 {
		return fmt.Errorf("%w: %s", ErrOrderBusy, orderID)
	}
	return nil
}

// TakeBack returns a claimed effect to intent: this very claim's call did not
// happen. A newer claim stands.
func (t *Tx) TakeBack(ctx context.Context, claimed returns.Effect, reason returns.Reason, note string) error {
	_, err := t.exec(ctx, "take claim back", `UPDATE effects SET state = 'intent', reason = CASE WHEN reason = 'lost' THEN 'lost' ELSE $1 END, note = $2
		WHERE id = $3 AND state = 'claimed' AND claim_until = $4`, string(reason), note, claimed.ID, text(claimed.ClaimUntil))
	return err
}

// EffectChange is how an effect moves on.
type EffectChange struct {
	State          returns.EffectState
	TikTokReturnID string // empty: as it was
	RequestID      string // empty: as it was
	Reason         returns.Reason
	Note           string // for people
}

// MoveEffect moves an effect on that a decision has judged: back to intent (it was
// not done), applied, verified or void. It holds only for the effect as it was
// judged: in the same state, under the same claim. Else it is ErrOvertaken, for
// somebody else has moved or claimed it since. What is verified, void or dropped
// stays what it is.
func (t *Tx) MoveEffect(ctx context.Context, was returns.Effect, c EffectChange) error {
	moved, err := t.moveEffect(ctx, was.ID, c, `state = $7 AND claim_until = $8 AND state NOT IN ('verified', 'void', 'dropped')`, string(was.State), text(was.ClaimUntil))
	if err == nil && !moved {
		err = fmt.Errorf("%w: effect %s", ErrOvertaken, was.ID)
	}
	if err != nil {
		return err
	}
	return t.refundMade(ctx, was, c)
}

// EffectAnswered keeps what a platform answered to the call of a claim. That it was
// done counts although a read has called it not done meanwhile; a refusal counts for
// this very claim alone. A newer claim stands, and only learns which TikTok return
// is its own.
func (t *Tx) EffectAnswered(ctx context.Context, claimed returns.Effect, c EffectChange) error {
	mine := `state = $7 AND claim_until = $8`
	if c.State == returns.EffectApplied {
		mine = `(state = $7 AND claim_until = $8 OR state = 'intent')`
	}
	moved, err := t.moveEffect(ctx, claimed.ID, c, mine, string(returns.EffectClaimed), text(claimed.ClaimUntil))
	if err == nil && moved {
		return t.refundMade(ctx, claimed, c)
	}
	if err != nil || c.TikTokReturnID == "" {
		return err
	}
	_, err = t.exec(ctx, "name an effect's return", `UPDATE effects SET tiktok_return_id = $1 WHERE id = $2 AND tiktok_return_id = ''`, c.TikTokReturnID, claimed.ID)
	return err
}

func (t *Tx) moveEffect(ctx context.Context, id string, c EffectChange, condition string, state, claimUntil string) (bool, error) {
	n, err := t.exec(ctx, "move effect", `UPDATE effects SET state = $1, reason = $2, note = $3,
			tiktok_return_id = CASE WHEN $4 = '' THEN tiktok_return_id ELSE $4 END,
			request_id = CASE WHEN $5 = '' THEN request_id ELSE $5 END,
			applied_at = CASE WHEN applied_at = '' AND $1 IN ('applied', 'verified') THEN $6 ELSE applied_at END
		WHERE id = $9 AND `+condition,
		string(c.State), string(c.Reason), c.Note, c.TikTokReturnID, c.RequestID, text(t.now), state, claimUntil, id)
	if err != nil || n == 0 || c.State != returns.EffectVoid {
		return n > 0, err
	}
	return true, t.freeUnits(ctx, id)
}

func (t *Tx) freeUnits(ctx context.Context, effectID string) error {
	_, err := t.exec(ctx, "free units", `UPDATE effect_units SET live = 0 WHERE effect_id = $1`, effectID)
	return err
}

// EffectDone tells whether an effect on a subject has been done.
func (t *Tx) EffectDone(ctx context.Context, shop string, kind returns.EffectKind, subject string) (bool, error) {
	rows, err := query(ctx, t, "read effect", func(scan func(...any) error) (string, error) {
		var id string
		return id, scan(&id)
	}, `SELECT id FROM effects WHERE shop = $1 AND kind = $2 AND subject = $3 AND state IN ('applied', 'verified')`, shop, string(kind), subject)
	return len(rows) > 0, err
}
