package ledger

import (
	"context"
	"strings"
	"time"

	"returnbridge/internal/returns"
)

// KeptShadow is an action that a switch kept us from, or that only others did,
// with its return.
type KeptShadow struct {
	ReturnRef
	returns.Shadow
	EnteredAt time.Time
}

const shadowColumns = `shop, key, kind, route, subject, order_id, units, amount, currency, reason, wanted_at, entered_at,
	ended, ended_at, did, did_by, did_amount, did_currency, did_at`

func scanShadow(scan func(...any) error) (KeptShadow, error) {
	var s KeptShadow
	var units, by, amount, currency, didAmount, didCurrency string
	var wanted, entered, ended, did instant
	if err := scan(&s.Shop, &s.Key, &s.Kind, &s.Route, &s.Subject, &s.OrderID, &units, &amount, &currency, &s.Reason, &wanted, &entered,
		&s.End, &ended, &s.Did, &by, &didAmount, &didCurrency, &did); err != nil {
		return s, err
	}
	for _, u := range strings.Fields(units) {
		s.Units = append(s.Units, returns.UnitID(u))
	}
	if by != "" {
		s.DidBy = strings.Fields(by)
	}
	s.Wanted, s.EnteredAt, s.EndedAt, s.DidAt = time.Time(wanted), time.Time(entered), time.Time(ended), time.Time(did)
	var err error
	if s.Amount, err = readMoney(amount, currency); err != nil {
		return s, err
	}
	s.DidAmount, err = readMoney(didAmount, didCurrency)
	return s, err
}

func (t *Tx) loadShadows(ctx context.Context, shop string, key returns.Key, r *returns.Record) error {
	kept, err := query(ctx, t, "read shadows", scanShadow, `SELECT `+shadowColumns+` FROM shadows WHERE shop = $1 AND key = $2 ORDER BY entered_at, kind, route, subject`, shop, string(key))
	for _, s := range kept {
		r.Shadows = append(r.Shadows, s.Shadow)
	}
	return err
}

// saveShadows keeps one row per action: when it was first entered stays.
func (t *Tx) saveShadows(ctx context.Context, shop string, key returns.Key, shadows []returns.Shadow) error {
	for _, s := range shadows {
		units := make([]string, len(s.Units))
		for i, u := range s.Units {
			units[i] = string(u)
		}
		amount, currency := moneyText(s.Amount)
		didAmount, didCurrency := moneyText(s.DidAmount)
		if _, err := t.exec(ctx, "keep shadow", `INSERT INTO shadows (`+shadowColumns+`)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
			ON CONFLICT (shop, key, kind, route, subject) DO UPDATE SET order_id = excluded.order_id, units = excluded.units, amount = excluded.amount,
				currency = excluded.currency, reason = excluded.reason, wanted_at = excluded.wanted_at, ended = excluded.ended, ended_at = excluded.ended_at,
				did = excluded.did, did_by = excluded.did_by, did_amount = excluded.did_amount, did_currency = excluded.did_currency, did_at = excluded.did_at`,
			shop, string(key), string(s.Kind), string(s.Route), s.Subject, s.OrderID, strings.Join(units, " "), amount, currency, s.Reason, text(s.Wanted), text(t.now),
			string(s.End), text(s.EndedAt), s.Did, strings.Join(s.DidBy, " "), didAmount, didCurrency, text(s.DidAt)); err != nil {
			return err
		}
	}
	return nil
}

// Shadows are all of a shop (empty: of all) that were entered since a time, the
// oldest first.
func (t *Tx) Shadows(ctx context.Context, shop string, since time.Time) ([]KeptShadow, error) {
	return query(ctx, t, "read shadows", scanShadow, `SELECT `+shadowColumns+` FROM shadows
		WHERE ($1 = '' OR shop = $1) AND entered_at >= $2 ORDER BY entered_at, shop, key, kind, route, subject`, shop, text(since))
}

// RaisedByOthers is by how many pieces others than us raised the stock of SKUs
// while units of theirs were wanted back: TikTok's own accounts of what people
// and other programs set (TikTok contract 3.2, webhook 68), not of orders.
func (t *Tx) RaisedByOthers(ctx context.Context, shop string, since time.Time) (int, error) {
	raised, _, err := first(query(ctx, t, "read movements by others", func(scan func(...any) error) (int, error) {
		var n int
		return n, scan(&n)
	}, `SELECT COALESCE(SUM(m.available_delta), 0) FROM stock_movements m JOIN (
			SELECT h.sku_id, MIN(s.wanted_at) AS since FROM shadows s JOIN holds h ON h.shop = s.shop AND h.unit = s.subject
			WHERE s.shop = $1 AND s.kind = $2 AND s.ended = '' AND s.entered_at >= $3 GROUP BY h.sku_id) w ON w.sku_id = m.sku_id
		WHERE m.shop = $1 AND m.at >= w.since AND m.available_delta > 0 AND m.write_id = '' AND m.source IN ($4, $5)`,
		shop, string(returns.ActRestock), text(since), returns.MovementAPISync, returns.MovementByHand))
	return raised, err
}
