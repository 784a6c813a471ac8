package ledger

import (
	"context"
	"slices"
	"time"

	"returnbridge/internal/returns"
)

// Event is a hint that came in: ids and a status, never state, nothing personal.
type Event struct {
	Shop           string
	Platform       returns.Platform
	ID             string // the platform's event id; the inbox keeps each once
	Topic          string
	RMAID          string
	OrderID        string
	TikTokReturnID string
	ProductID      string
	TransactionID  string
	Status         string
	Tells          returns.ToldWhat // what a read can be held against, if anything
	HappenedAt     time.Time
	ReceivedAt     time.Time
	Tries          int // how often it could not be passed on
}

// Receive keeps an event once; false means it was known already.
func (t *Tx) Receive(ctx context.Context, e Event) (bool, error) {
	n, err := t.exec(ctx, "receive", `INSERT INTO inbox (shop, platform, event_id, topic, rma_id, order_id, tiktok_return_id, product_id, status, happened_at, received_at, tells, transaction_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT (shop, platform, event_id) DO NOTHING`,
		e.Shop, string(e.Platform), e.ID, e.Topic, e.RMAID, e.OrderID, e.TikTokReturnID, e.ProductID, e.Status, text(e.HappenedAt), text(t.now), string(e.Tells), e.TransactionID)
	return n > 0, err
}

// Waiting are events not relayed yet that were received before a time and whose
// next try is due: those that failed least first, then the oldest. What keeps
// failing never stands in the way of the rest.
func (t *Tx) Waiting(ctx context.Context, before time.Time, most int) ([]Event, error) {
	return query(ctx, t, "read inbox", func(scan func(...any) error) (Event, error) {
		var e Event
		var happened, received instant
		err := scan(&e.Shop, &e.Platform, &e.ID, &e.Topic, &e.RMAID, &e.OrderID, &e.TikTokReturnID, &e.ProductID, &e.Status, &happened, &received, &e.Tries)
		e.HappenedAt, e.ReceivedAt = time.Time(happened), time.Time(received)
		return e, err
	}, `SELECT shop, platform, event_id, topic, rma_id, order_id, tiktok_return_id, product_id, status, happened_at, received_at, tries
		FROM inbox WHERE relayed_at = '' AND received_at <= $1 AND next_try <= $2 ORDER BY tries, received_at, event_id LIMIT $3`,
		text(before), text(t.now), most)
}

// Relayed notes what became of an event.
func (t *Tx) Relayed(ctx context.Context, e Event, outcome string) error {
	_, err := t.exec(ctx, "note relay", `UPDATE inbox SET relayed_at = $1, outcome = $2 WHERE shop = $3 AND platform = $4 AND event_id = $5`,
		text(t.now), outcome, e.Shop, string(e.Platform), e.ID)
	return err
}

// NotRelayed notes that an event could not be passed on, and when to try again.
func (t *Tx) NotRelayed(ctx context.Context, e Event, again time.Time) error {
	_, err := t.exec(ctx, "postpone relay", `UPDATE inbox SET tries = tries + 1, next_try = $1
		WHERE shop = $2 AND platform = $3 AND event_id = $4 AND relayed_at = ''`, text(again), e.Shop, string(e.Platform), e.ID)
	return err
}

// Held notes that an event is held back until a time: no failure.
func (t *Tx) Held(ctx context.Context, e Event, until time.Time) error {
	_, err := t.exec(ctx, "hold event", `UPDATE inbox SET next_try = $1
		WHERE shop = $2 AND platform = $3 AND event_id = $4 AND relayed_at = ''`, text(until), e.Shop, string(e.Platform), e.ID)
	return err
}

// ReturnsOf finds the returns that a TikTok return or its order concerns: the
// holders of its units, closed or not, and its own clock, else the open returns
// on the order. While nobody holds its units, those of them that hold nothing may
// ask about it: an RMA that was refused has given its units back. Of a TikTok return
// that was never read nobody knows the units: it may be the second one on a unit of
// any holder on the order.
func (t *Tx) ReturnsOf(ctx context.Context, shop, tiktokReturnID, orderID string) ([]returns.Key, error) {
	keys, suspected, err := t.holdersOf(ctx, shop, tiktokReturnID, orderID)
	if err != nil {
		return nil, err
	}
	own, err := query(ctx, t, "find own clock", scanKey,
		`SELECT key FROM returns WHERE shop = $1 AND key = $2 AND closed_at = ''`, shop, string(returns.TikTokKey(tiktokReturnID)))
	if err != nil {
		return nil, err
	}
	if len(keys) == 0 {
		keys, err = query(ctx, t, "find returns of order", scanKey, `SELECT key FROM returns WHERE shop = $1 AND order_id = $2 AND $2 <> '' AND closed_at = ''
			AND ($3 = 0 OR NOT EXISTS (SELECT 1 FROM holds WHERE holds.shop = returns.shop AND holds.key = returns.key))`, shop, orderID, len(own))
	}
	keys = append(append(keys, own...), suspected...)
	slices.Sort(keys)
	return slices.Compact(keys), err
}

// holdersOf are the returns that hold units of a TikTok return, and, if it was
// never read, those that hold any unit of its order.
func (t *Tx) holdersOf(ctx context.Context, shop, tiktokReturnID, orderID string) (sure, suspected []returns.Key, err error) {
	if tiktokReturnID == "" {
		return nil, nil, nil
	}
	seen, known, err := t.TikTokReturnSeen(ctx, shop, tiktokReturnID)
	if err != nil {
		return nil, nil, err
	}
	if known && orderID == "" {
		orderID = seen.OrderID
	}
	type row struct {
		key        returns.Key
		unit       returns.UnitID
		pairedWith string
	}
	rows, err := query(ctx, t, "find holders", func(scan func(...any) error) (row, error) {
		var r row
		return r, scan(&r.key, &r.unit, &r.pairedWith)
	}, `SELECT key, unit, tiktok_return_id FROM holds WHERE shop = $1 AND unit IN (
		SELECT unit FROM holds WHERE shop = $1 AND tiktok_return_id = $2 UNION ALL SELECT unit FROM holds WHERE shop = $1 AND order_id = $3 AND $3 <> '')`, shop, tiktokReturnID, orderID)
	// Who was paired with it has read it.
	known = known || slices.ContainsFunc(rows, func(r row) bool { return r.pairedWith == tiktokReturnID })
	for _, r := range rows {
		isOn := func(l returns.TikTokReturnLine) bool { return l.OrderLineID == r.unit.LineID() }
		if r.pairedWith == tiktokReturnID || slices.ContainsFunc(seen.Lines, isOn) {
			sure = append(sure, r.key)
		} else if !known {
			suspected = append(suspected, r.key)
		}
	}
	return sure, suspected, err
}

// AnyReturnOn tells whether a return of ours, open or closed, is on an order.
func (t *Tx) AnyReturnOn(ctx context.Context, shop, orderID string) (bool, error) {
	keys, err := query(ctx, t, "find returns of order", scanKey,
		`SELECT key FROM returns WHERE shop = $1 AND order_id = $2 AND $2 <> '' LIMIT 1`, shop, orderID)
	return len(keys) > 0, err
}

func scanKey(scan func(...any) error) (returns.Key, error) {
	var k returns.Key
	return k, scan(&k)
}

// Cursor reads how far a sweep has come.
func (t *Tx) Cursor(ctx context.Context, name string) (string, error) {
	value, _, err := first(query(ctx, t, "read cursor", func(scan func(...any) error) (string, error) {
		var s string
		return s, scan(&s)
	}, `SELECT value FROM cursors WHERE name = $1`, name))
	return value, err
}

// MoveCursor notes how far a sweep has come. It never goes back, for an attempt
// that was given up may still be walking; an empty value has it begin anew.
func (t *Tx) MoveCursor(ctx context.Context, name, value string) error {
	_, err := t.exec(ctx, "move cursor", `INSERT INTO cursors (name, value, moved_at) VALUES ($1, $2, $3)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value, moved_at = excluded.moved_at WHERE excluded.value = '' OR cursors.value < excluded.value`, name, value, text(t.now))
	return err
}

// OpenTikTokReturns are the TikTok returns last seen open, for re-reading: new
// deadlines appear without a change of status.
func (t *Tx) OpenTikTokReturns(ctx context.Context, shop string) ([]returns.TikTokReturn, error) {
	all, err := query(ctx, t, "read open TikTok returns", scanSnapshot[returns.TikTokReturn],
		`SELECT body, status_since, read_at FROM snapshots WHERE shop = $1 AND kind = $2 AND status NOT IN ($3, $4, $5, $6, $7) ORDER BY id`,
		shop, kindTikTok, returns.TikTokPaid, returns.TikTokCancelled, returns.TikTokReplaceDone, returns.TikTokReplaceRefunded, returns.TikTokReplaceCancel)
	var open []returns.TikTokReturn
	for _, s := range all {
		open = append(open, s.body)
	}
	return open, err
}

// RMAsSeen are the RMAs last seen in one of these statuses, by a read made
// before a time.
func (t *Tx) RMAsSeen(ctx context.Context, shop string, statuses []string, before time.Time) ([]string, error) {
	var all []string
	for _, status := range statuses {
		some, err := query(ctx, t, "read RMAs", func(scan func(...any) error) (string, error) {
			var id string
			return id, scan(&id)
		}, `SELECT id FROM snapshots WHERE shop = $1 AND kind = $2 AND status = $3 AND read_at < $4 ORDER BY id`, shop, kindRMA, status, text(before))
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

// TikTokReturnSeen is the last snapshot of a TikTok return.
func (t *Tx) TikTokReturnSeen(ctx context.Context, shop, id string) (returns.TikTokReturn, bool, error) {
	s, found, err := snapshotByID[returns.TikTokReturn](ctx, t, shop, kindTikTok, id)
	return s.body, found, err
}

// RMAOfItems finds the RMA of a returned item: a transaction names no RMA.
func (t *Tx) RMAOfItems(ctx context.Context, shop string, items []string) (string, error) {
	for _, item := range items {
		id, found, err := first(query(ctx, t, "find RMA of item", func(scan func(...any) error) (string, error) {
			var s string
			return s, scan(&s)
		}, `SELECT rma_id FROM rma_items WHERE shop = $1 AND item_id = $2`, shop, item))
		if err != nil || found {
			return id, err
		}
	}
	return "", nil
}

// RMASeen is the last snapshot of an RMA.
func (t *Tx) RMASeen(ctx context.Context, shop, id string) (returns.RMA, bool, error) {
	s, found, err := snapshotByID[returns.RMA](ctx, t, shop, kindRMA, id)
	return s.body, found, err
}
