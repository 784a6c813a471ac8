package ledger

import (
	"context"
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
	Status         string
	HappenedAt     time.Time
	ReceivedAt     time.Time
}

// Receive keeps an event once; false means it was known already.
func (t *Tx) Receive(ctx context.Context, e Event) (bool, error) {
	n, err := t.exec(ctx, "receive", `INSERT INTO inbox (shop, platform, event_id, topic, rma_id, order_id, tiktok_return_id, product_id, status, happened_at, received_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (shop, platform, event_id) DO NOTHING`,
		e.Shop, string(e.Platform), e.ID, e.Topic, e.RMAID, e.OrderID, e.TikTokReturnID, e.ProductID, e.Status, text(e.HappenedAt), text(t.now))
	return n > 0, err
}

// Waiting are events not relayed yet that were received before a time, oldest first.
func (t *Tx) Waiting(ctx context.Context, before time.Time, most int) ([]Event, error) {
	return query(ctx, t, "read inbox", func(scan func(...any) error) (Event, error) {
		var e Event
		var happened, received instant
		err := scan(&e.Shop, &e.Platform, &e.ID, &e.Topic, &e.RMAID, &e.OrderID, &e.TikTokReturnID, &e.ProductID, &e.Status, &happened, &received)
		e.HappenedAt, e.ReceivedAt = time.Time(happened), time.Time(received)
		return e, err
	}, `SELECT shop, platform, event_id, topic, rma_id, order_id, tiktok_return_id, product_id, status, happened_at, received_at
		FROM inbox WHERE relayed_at = '' AND received_at <= $1 ORDER BY received_at, event_id LIMIT $2`, text(before), most)
}

// Relayed notes what became of an event.
func (t *Tx) Relayed(ctx context.Context, e Event, outcome string) error {
	_, err := t.exec(ctx, "note relay", `UPDATE inbox SET relayed_at = $1, outcome = $2 WHERE shop = $3 AND platform = $4 AND event_id = $5`,
		text(t.now), outcome, e.Shop, string(e.Platform), e.ID)
	return err
}

// ReturnsOf finds the returns that a TikTok return or its order concerns: the
// holders of its units, its own clock, else the open returns on the order.
func (t *Tx) ReturnsOf(ctx context.Context, shop, tiktokReturnID, orderID string) ([]returns.Key, error) {
	scan := func(scan func(...any) error) (returns.Key, error) {
		var k returns.Key
		return k, scan(&k)
	}
	keys, err := query(ctx, t, "find holders", scan, `SELECT DISTINCT key FROM holds WHERE shop = $1 AND tiktok_return_id = $2 AND $2 <> ''
		UNION SELECT key FROM returns WHERE shop = $1 AND key = $3 AND closed_at = '' ORDER BY 1`,
		shop, tiktokReturnID, string(returns.TikTokKey(tiktokReturnID)))
	if err != nil || len(keys) > 0 {
		return keys, err
	}
	return query(ctx, t, "find returns of order", scan,
		`SELECT key FROM returns WHERE shop = $1 AND order_id = $2 AND $2 <> '' AND closed_at = '' ORDER BY key`, shop, orderID)
}

// Cursor reads how far a sweep has come.
func (t *Tx) Cursor(ctx context.Context, name string) (string, error) {
	value, _, err := first(query(ctx, t, "read cursor", func(scan func(...any) error) (string, error) {
		var s string
		return s, scan(&s)
	}, `SELECT value FROM cursors WHERE name = $1`, name))
	return value, err
}

// MoveCursor notes how far a sweep has come.
func (t *Tx) MoveCursor(ctx context.Context, name, value string) error {
	_, err := t.exec(ctx, "move cursor", `INSERT INTO cursors (name, value, moved_at) VALUES ($1, $2, $3)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value, moved_at = excluded.moved_at`, name, value, text(t.now))
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
