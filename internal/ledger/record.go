package ledger

import (
	"context"
	"strings"
	"time"

	"returnbridge/internal/returns"
)

// Load reads everything that bears on one return; a return that is new to the
// ledger is entered.
func (t *Tx) Load(ctx context.Context, shop string, key returns.Key) (returns.Record, error) {
	if err := t.enterReturn(ctx, shop, key); err != nil {
		return returns.Record{}, err
	}
	return t.Record(ctx, shop, key)
}

// Record reads everything that bears on one return, and waits for nobody who is
// about to change it; one that the ledger does not know was created at no time.
func (t *Tx) Record(ctx context.Context, shop string, key returns.Key) (returns.Record, error) {
	var r returns.Record
	for _, load := range []func(context.Context, string, returns.Key, *returns.Record) error{
		t.loadReturn, t.loadRMA, t.loadTikTok, t.loadTold, t.loadHolds, t.loadEffects, t.loadRestocks, t.loadShadows, t.loadStops, t.loadExceptions, t.loadAnswers,
	} {
		if err := load(ctx, shop, key, &r); err != nil {
			return r, err
		}
	}
	return r, nil
}

func (t *Tx) loadReturn(ctx context.Context, shop string, key returns.Key, r *returns.Record) error {
	_, _, err := first(query(ctx, t, "read return", func(scan func(...any) error) (struct{}, error) {
		var opened, closed, restored, restock, slow instant
		err := scan(&r.OrderID, &r.Paused, &r.Decisions, &opened, &closed, &restored, &restock, &slow)
		r.CreatedAt, r.ClosedAt, r.RestoredAt, r.RestockSince = time.Time(opened), time.Time(closed), time.Time(restored), time.Time(restock)
		r.SlowSearchAt = time.Time(slow)
		return struct{}{}, err
	}, `SELECT order_id, paused = 1, decisions, opened_at, closed_at, COALESCE((SELECT value FROM cursors WHERE name = $3), ''),
			COALESCE((SELECT value FROM cursors WHERE name = $4), ''), COALESCE((SELECT value FROM cursors WHERE name = $5), '')
		FROM returns WHERE shop = $1 AND key = $2`, shop, string(key), restoredCursor(shop), restockCursor(shop), slowSearchCursor(shop)))
	return err
}

// enterReturn enters a return that is new. On one that is known the update
// changes nothing, but makes decisions, claims and commands of one return wait for
// each other: nobody decides from what another is about to change.
func (t *Tx) enterReturn(ctx context.Context, shop string, key returns.Key) error {
	_, err := t.exec(ctx, "enter return", `INSERT INTO returns (shop, key, opened_at, look_by) VALUES ($1, $2, $3, $3)
		ON CONFLICT (shop, key) DO UPDATE SET opened_at = returns.opened_at`, shop, string(key), text(t.now))
	return err
}

func (t *Tx) loadRMA(ctx context.Context, shop string, key returns.Key, r *returns.Record) error {
	if key.RMAID() == "" {
		return nil
	}
	s, found, err := snapshotByID[returns.RMA](ctx, t, shop, kindRMA, key.RMAID())
	if err != nil || !found {
		return err
	}
	r.RMA, r.RMAReadAt, r.RMAStatusSince = &s.body, s.readAt, s.since
	if r.RMARead, err = t.LastRead(ctx, shop, returns.ReturnGO, key.RMAID()); err != nil || r.OrderID != "" {
		return err
	}
	r.OrderID, _, err = first(query(ctx, t, "read order link", func(scan func(...any) error) (string, error) {
		var id string
		return id, scan(&id)
	}, `SELECT order_id FROM order_links WHERE shop = $1 AND order_name = $2`, shop, r.RMA.OrderName))
	return err
}

func (t *Tx) loadTikTok(ctx context.Context, shop string, key returns.Key, r *returns.Record) error {
	if id := key.TikTokReturnID(); id != "" && r.OrderID == "" {
		s, found, err := snapshotByID[returns.TikTokReturn](ctx, t, shop, kindTikTok, id)
		if err != nil || !found {
			return err
		}
		r.OrderID = s.body.OrderID
	}
	if r.OrderID == "" {
		return nil
	}
	readAt, _, err := first(query(ctx, t, "read order's time", func(scan func(...any) error) (instant, error) {
		var at instant
		return at, scan(&at)
	}, `SELECT read_at FROM orders WHERE shop = $1 AND order_id = $2`, shop, r.OrderID))
	if err != nil {
		return err
	}
	r.TikTokReadAt = time.Time(readAt)
	if r.TikTokRead, err = t.LastRead(ctx, shop, returns.TikTok, r.OrderID); err != nil {
		return err
	}
	if s, found, err := snapshotByID[returns.Order](ctx, t, shop, kindOrder, r.OrderID); err != nil {
		return err
	} else if found {
		r.Order, r.OrderReadAt = &s.body, s.readAt
	}
	all, err := query(ctx, t, "read TikTok returns", scanSnapshot[returns.TikTokReturn],
		`SELECT body, status_since, read_at FROM snapshots WHERE shop = $1 AND kind = $2 AND order_id = $3 ORDER BY id`, shop, kindTikTok, r.OrderID)
	r.TikTokSeenAt = map[string]time.Time{}
	for _, s := range all {
		r.TikTokReturns = append(r.TikTokReturns, s.body)
		r.TikTokSeenAt[s.body.ID] = s.readAt
	}
	if err != nil {
		return err
	}
	p, found, err := snapshotByID[returns.Payable](ctx, t, shop, kindPayable, string(key))
	if found {
		r.Payable = &p.body
	}
	return err
}

func (t *Tx) loadHolds(ctx context.Context, shop string, key returns.Key, r *returns.Record) error {
	type row struct {
		hold returns.Hold
		key  returns.Key
	}
	rows, err := query(ctx, t, "read holds", func(scan func(...any) error) (row, error) {
		var h row
		var amount, currency string
		if err := scan(&h.hold.Unit, &h.key, &h.hold.ItemID, &h.hold.OrderID, &h.hold.SKUID, &h.hold.ProductID, &h.hold.TikTokReturnID, &h.hold.Standing, &amount, &currency); err != nil {
			return h, err
		}
		var err error
		h.hold.Value, err = readMoney(amount, currency)
		return h, err
	}, `SELECT unit, key, item_id, order_id, sku_id, product_id, tiktok_return_id, standing, amount, currency FROM holds
		WHERE shop = $1 AND unit IN (
			SELECT unit FROM holds WHERE shop = $1 AND key = $2 UNION ALL SELECT unit FROM holds WHERE shop = $1 AND order_id = $3 AND $3 <> '') ORDER BY unit`, shop, string(key), r.OrderID)
	r.HeldBy, r.Others = map[returns.UnitID]returns.Key{}, map[returns.UnitID]returns.Hold{}
	for _, h := range rows {
		if h.key == key {
			r.Holds = append(r.Holds, h.hold)
		} else {
			r.HeldBy[h.hold.Unit], r.Others[h.hold.Unit] = h.key, h.hold
		}
	}
	return err
}

func (t *Tx) loadRestocks(ctx context.Context, shop string, key returns.Key, r *returns.Record) error {
	var err error
	r.Restocks, err = query(ctx, t, "read restocks", func(scan func(...any) error) (returns.Restock, error) {
		var s returns.Restock
		var at, problem, woken instant
		err := scan(&s.Unit, &s.ProductID, &s.SKUID, &s.WarehouseID, &s.State, &at, &s.Note, &s.Problem, &problem, &woken)
		s.At, s.ProblemAt, s.WokenAt = time.Time(at), time.Time(problem), time.Time(woken)
		return s, err
	}, `SELECT unit, product_id, sku_id, warehouse_id, state, changed_at, note, problem, problem_at, woken_at FROM stock_entries
		WHERE shop = $1 AND unit <> '' AND id IN (
			SELECT id FROM stock_entries WHERE shop = $1 AND key = $2 UNION ALL SELECT unit FROM holds WHERE shop = $1 AND key = $2) ORDER BY unit`, shop, string(key))
	return err
}

func (t *Tx) loadStops(ctx context.Context, shop string, _ returns.Key, r *returns.Record) (err error) {
	r.Stops, err = t.Stops(ctx, shop)
	return err
}

// loadExceptions reads those of the return, and which platforms are stopped for
// the whole shop.
func (t *Tx) loadExceptions(ctx context.Context, shop string, key returns.Key, r *returns.Record) error {
	type row struct {
		returns.Exception
		key returns.Key
		at  instant
	}
	rows, err := query(ctx, t, "read exceptions", func(scan func(...any) error) (row, error) {
		var e row
		var amount, currency string
		if err := scan(&e.key, &e.Kind, &e.Owner, &e.Sentence, &e.Subject, &amount, &currency, &e.at); err != nil {
			return e, err
		}
		var err error
		e.Amount, err = readMoney(amount, currency)
		return e, err
	}, `SELECT key, kind, owner, sentence, subject, amount, currency, opened_at FROM exceptions
		WHERE shop = $1 AND key IN ($2, $3, $4) AND closed_at = '' ORDER BY opened_at, kind, subject`,
		shop, string(key), string(returns.ShopKey(returns.TikTok)), string(returns.ShopKey(returns.ReturnGO)))
	r.Stopped = nil
	for _, e := range rows {
		switch {
		case e.key == key:
			r.Open = append(r.Open, returns.OpenException{Exception: e.Exception, OpenedAt: time.Time(e.at)})
		case e.Kind == returns.PlatformUnreachable || e.Kind == returns.NotAuthorised:
			r.Stopped = append(r.Stopped, returns.Platform(e.Subject))
		}
	}
	return err
}

func (t *Tx) loadAnswers(ctx context.Context, shop string, key returns.Key, r *returns.Record) error {
	r.Answers = map[returns.Kind]returns.Answer{}
	rows, err := query(ctx, t, "read answers", func(scan func(...any) error) (returns.Answer, error) {
		var a returns.Answer
		var amount, currency, seen string
		var at instant
		if err := scan(&a.Kind, &a.Answer, &amount, &currency, &a.Subject, &a.Reference, &a.Who, &at, &seen); err != nil {
			return a, err
		}
		a.At = time.Time(at)
		if seen != "" {
			a.Seen = strings.Split(seen, ",")
		}
		var err error
		a.Amount, err = readMoney(amount, currency)
		return a, err
	}, `SELECT kind, answer, amount, currency, subject, reference, who, at, seen FROM answers WHERE shop = $1 AND key = $2 ORDER BY at, id`, shop, string(key))
	for _, a := range rows {
		r.Answers[a.Kind] = a
	}
	r.Said = rows
	return err
}
