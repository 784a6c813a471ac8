package ledger

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"returnbridge/internal/returns"
)

// Kinds of snapshots.
const (
	kindRMA     = "rma"
	kindOrder   = "order"
	kindTikTok  = "tiktok-return"
	kindPayable = "payable"
)

// SaveRMA keeps what ReturnGO showed. Whoever reads it again takes the read's number
// first (TakeRead).
func (t *Tx) SaveRMA(ctx context.Context, shop string, rma returns.RMA, readAt time.Time) error {
	for _, item := range rma.Items {
		if _, err := t.exec(ctx, "index item", `INSERT INTO rma_items (shop, item_id, rma_id) VALUES ($1, $2, $3)
			ON CONFLICT (shop, item_id) DO UPDATE SET rma_id = excluded.rma_id`, shop, item.ID, rma.ID); err != nil {
			return err
		}
	}
	return t.saveSnapshot(ctx, shop, kindRMA, rma.ID, "", rma.Status, readAt, rma)
}

// SaveTikTok keeps what TikTok showed of an order and of all its returns. A nil
// order means that it was not read, or that TikTok knows none by this id. Whoever
// reads them again takes the read's number first (TakeRead).
func (t *Tx) SaveTikTok(ctx context.Context, shop, orderID string, order *returns.Order, all []returns.TikTokReturn, readAt time.Time) error {
	if order != nil {
		if err := t.saveSnapshot(ctx, shop, kindOrder, order.ID, order.ID, order.Status, readAt, order); err != nil {
			return err
		}
	}
	for _, r := range all {
		r, err := t.rememberRefusal(ctx, shop, r)
		if err != nil {
			return err
		}
		if err := t.moneyMoved(ctx, shop, r); err != nil {
			return err
		}
		if err := t.saveSnapshot(ctx, shop, kindTikTok, r.ID, orderID, r.Status, readAt, r); err != nil {
			return err
		}
	}
	_, err := t.exec(ctx, "note order read", `INSERT INTO orders (shop, order_id, read_at) VALUES ($1, $2, $3)
		ON CONFLICT (shop, order_id) DO UPDATE SET read_at = excluded.read_at`, shop, orderID, text(readAt))
	return err
}

// SavePayable keeps TikTok's answer to what could be refunded for a return.
func (t *Tx) SavePayable(ctx context.Context, shop string, key returns.Key, orderID string, p returns.Payable) error {
	return t.saveSnapshot(ctx, shop, kindPayable, string(key), orderID, "", p.At, p)
}

// saveSnapshot keeps a read. Its time is that of the machine that made it, for people
// and for periods; it puts nothing in order.
func (t *Tx) saveSnapshot(ctx context.Context, shop, kind, id, orderID, status string, readAt time.Time, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("ledger: snapshot %s %s: %w", kind, id, err)
	}
	_, err = t.exec(ctx, "snapshot "+kind+" "+id, `INSERT INTO snapshots (shop, kind, id, order_id, status, status_since, read_at, body)
		VALUES ($1, $2, $3, $4, $5, $6, $6, $7)
		ON CONFLICT (shop, kind, id) DO UPDATE SET
			status_since = CASE WHEN snapshots.status = excluded.status THEN snapshots.status_since ELSE excluded.status_since END,
			order_id = excluded.order_id, status = excluded.status, read_at = excluded.read_at, body = excluded.body`,
		shop, kind, id, orderID, status, text(readAt), string(body))
	return err
}

// NoteStatus keeps a status that an event told of what was read before it. It is
// no read: the snapshot stays as old as it was, and the next read stands above it.
func (t *Tx) NoteStatus(ctx context.Context, shop string, p returns.Platform, id, status string, at time.Time) error {
	kind := snapshotKind(p)
	var body any
	var readAt time.Time
	if p == returns.TikTok {
		s, found, err := snapshotByID[returns.TikTokReturn](ctx, t, shop, kind, id)
		if err != nil || !found {
			return err
		}
		was := s.body
		s.body.Status, s.body.UpdatedAt = status, at
		s.body = s.body.Remembering(was)
		body, readAt = s.body, s.readAt
	} else {
		s, found, err := snapshotByID[returns.RMA](ctx, t, shop, kind, id)
		if err != nil || !found {
			return err
		}
		s.body.Status = status
		body, readAt = s.body, s.readAt
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("ledger: snapshot %s %s: %w", kind, id, err)
	}
	if !readAt.Before(at) {
		return nil
	}
	if seen, isTikTok := body.(returns.TikTokReturn); isTikTok {
		if err := t.moneyMoved(ctx, shop, seen); err != nil {
			return err
		}
	}
	// A read that came in since must not be overwritten by what stood before it.
	n, err := t.exec(ctx, "note status of "+kind+" "+id, `UPDATE snapshots SET status = $1, status_since = $2, body = $3
		WHERE shop = $4 AND kind = $5 AND id = $6 AND read_at = $7`, status, text(at), string(raw), shop, kind, id, text(readAt))
	if err == nil && n == 0 {
		err = fmt.Errorf("ledger: %s %s was read while its status was noted", kind, id)
	}
	return err
}

// snapshot is one row, decoded into T.
type snapshot[T any] struct {
	body   T
	since  time.Time
	readAt time.Time
}

func scanSnapshot[T any](scan func(...any) error) (snapshot[T], error) {
	var s snapshot[T]
	var body string
	var since, readAt instant
	if err := scan(&body, &since, &readAt); err != nil {
		return s, err
	}
	s.since, s.readAt = time.Time(since), time.Time(readAt)
	if err := json.Unmarshal([]byte(body), &s.body); err != nil {
		return s, fmt.Errorf("snapshot: %w", err)
	}
	return s, nil
}

func snapshotByID[T any](ctx context.Context, t *Tx, shop, kind, id string) (snapshot[T], bool, error) {
	return first(query(ctx, t, "read "+kind, scanSnapshot[T],
		`SELECT body, status_since, read_at FROM snapshots WHERE shop = $1 AND kind = $2 AND id = $3`, shop, kind, id))
}

// SnapshotReadAt is when an RMA or a TikTok return was last read, zero if never.
func (t *Tx) SnapshotReadAt(ctx context.Context, shop string, p returns.Platform, id string) (time.Time, error) {
	at, _, err := first(query(ctx, t, "read when", func(scan func(...any) error) (instant, error) {
		var at instant
		return at, scan(&at)
	}, `SELECT read_at FROM snapshots WHERE shop = $1 AND kind = $2 AND id = $3`, shop, snapshotKind(p), id))
	return time.Time(at), err
}

func snapshotKind(p returns.Platform) string {
	if p == returns.TikTok {
		return kindTikTok
	}
	return kindRMA
}

// SnapshotStatus is the status last seen of an RMA or a TikTok return, empty if
// it was never read.
func (t *Tx) SnapshotStatus(ctx context.Context, shop string, p returns.Platform, id string) (string, error) {
	status, _, err := first(query(ctx, t, "read status", func(scan func(...any) error) (string, error) {
		var s string
		return s, scan(&s)
	}, `SELECT status FROM snapshots WHERE shop = $1 AND kind = $2 AND id = $3`, shop, snapshotKind(p), id))
	return status, err
}
