package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"returnbridge/internal/returns"
)

// StockEntry is a number of pieces owed to TikTok's stock, or that were.
type StockEntry struct {
	ID          string
	Key         returns.Key // the return it belongs to; none for the error of an earlier write
	Unit        returns.UnitID
	SKUID       string
	WarehouseID string
	Quantity    int
	Problem     returns.Kind
}

// StockWrite is one SET of a product's stock.
type StockWrite struct {
	ID         string
	ProductID  string
	State      string // open, unproven, judged, void
	ReadAt     time.Time
	ClaimUntil time.Time
	AnsweredAt time.Time // zero: the answer was lost, or has not come
	RequestID  string
	Lines      []StockLine
}

// StockLine is one SKU in one warehouse of a write: what was there, what is
// owed, what was set, what was there afterwards (-1: not read).
type StockLine struct {
	SKUID          string
	WarehouseID    string
	Available      int
	Committed      int
	Owed           int
	Wrote          int
	AvailableAfter int
	CommittedAfter int
	Error          int // by how much the number is too high because of this write
}

// OweRestocks enters units that are to be put back into stock, each once.
func (t *Tx) OweRestocks(ctx context.Context, shop string, key returns.Key, units []returns.Restock) error {
	for _, u := range units {
		n, err := t.exec(ctx, "owe restock", `INSERT INTO stock_entries (shop, id, unit, key, product_id, sku_id, warehouse_id, quantity, state, entered_at, changed_at)
			VALUES ($1, $2, $2, $3, $4, $5, $6, 1, 'owed', $7, $7) ON CONFLICT (shop, id) DO NOTHING`,
			shop, string(u.Unit), string(key), u.ProductID, u.SKUID, u.WarehouseID, text(t.now))
		if err != nil {
			return err
		}
		if n == 0 {
			continue
		}
		if err := t.Audit(ctx, shop, key, []returns.UnitID{u.Unit}, Entry{What: "restock owed in " + u.WarehouseID, Why: "the inspection passed", DecidedBy: "rules"}); err != nil {
			return err
		}
	}
	return nil
}

const stockWriteColumns = `id, product_id, state, read_at, claim_until, answered_at, request_id`

func scanStockWrite(scan func(...any) error) (StockWrite, error) {
	var w StockWrite
	var readAt, until, answered instant
	err := scan(&w.ID, &w.ProductID, &w.State, &readAt, &until, &answered, &w.RequestID)
	w.ReadAt, w.ClaimUntil, w.AnsweredAt = time.Time(readAt), time.Time(until), time.Time(answered)
	return w, err
}

// UnjudgedWrites are the product's writes whose effect is not proven, oldest first.
func (t *Tx) UnjudgedWrites(ctx context.Context, shop, productID string) ([]StockWrite, error) {
	writes, err := query(ctx, t, "read stock writes", scanStockWrite, `SELECT `+stockWriteColumns+` FROM stock_writes
		WHERE shop = $1 AND product_id = $2 AND state IN ('open', 'unproven') ORDER BY read_at, id`, shop, productID)
	if err != nil {
		return nil, err
	}
	for i := range writes {
		writes[i].Lines, err = query(ctx, t, "read stock lines", func(scan func(...any) error) (StockLine, error) {
			var l StockLine
			return l, scan(&l.SKUID, &l.WarehouseID, &l.Available, &l.Committed, &l.Owed, &l.Wrote, &l.AvailableAfter, &l.CommittedAfter, &l.Error)
		}, `SELECT sku_id, warehouse_id, available, committed, owed, wrote, available_after, committed_after, error
			FROM stock_write_lines WHERE write_id = $1 ORDER BY sku_id, warehouse_id`, writes[i].ID)
		if err != nil {
			return nil, err
		}
	}
	return writes, nil
}

// Owed are the product's entries that are not in stock yet.
func (t *Tx) Owed(ctx context.Context, shop, productID string) ([]StockEntry, error) {
	return t.entries(ctx, shop, `product_id = $2 AND state = 'owed'`, productID)
}

// EntriesOf are the entries that rode on a write.
func (t *Tx) EntriesOf(ctx context.Context, shop, writeID string) ([]StockEntry, error) {
	return t.entries(ctx, shop, `write_id = $2`, writeID)
}

func (t *Tx) entries(ctx context.Context, shop, where, arg string) ([]StockEntry, error) {
	return query(ctx, t, "read stock entries", func(scan func(...any) error) (StockEntry, error) {
		var e StockEntry
		return e, scan(&e.ID, &e.Key, &e.Unit, &e.SKUID, &e.WarehouseID, &e.Quantity, &e.Problem)
	}, `SELECT id, key, unit, sku_id, warehouse_id, quantity, problem FROM stock_entries WHERE shop = $1 AND `+where+` ORDER BY entered_at, id`, shop, arg)
}

// ErrWriteOpen means that another write of this product is under way.
var ErrWriteOpen = errors.New("ledger: a stock write of this product is under way")

// BeginWrite commits the numbers read and what is to be set, before it is set.
// The entries ride on this write. A product has one open write; another gives
// ErrWriteOpen, and so does an entry that is owed no longer: another write carried it.
func (t *Tx) BeginWrite(ctx context.Context, shop string, w StockWrite, riding []StockEntry) (string, error) {
	id := newID()
	n, err := t.exec(ctx, "begin stock write", `INSERT INTO stock_writes (id, shop, product_id, state, read_at, claim_until)
		SELECT $1, $2, $3, 'open', $4, $5 WHERE NOT EXISTS (SELECT 1 FROM stock_writes WHERE shop = $2 AND product_id = $3 AND state = 'open')
		ON CONFLICT DO NOTHING`, id, shop, w.ProductID, text(w.ReadAt), text(w.ClaimUntil))
	if err != nil {
		return "", err
	}
	if n == 0 {
		return "", fmt.Errorf("%w: %s", ErrWriteOpen, w.ProductID)
	}
	for _, l := range w.Lines {
		if _, err := t.exec(ctx, "stock line", `INSERT INTO stock_write_lines (write_id, sku_id, warehouse_id, available, committed, owed, wrote)
			VALUES ($1, $2, $3, $4, $5, $6, $7)`, id, l.SKUID, l.WarehouseID, l.Available, l.Committed, l.Owed, l.Wrote); err != nil {
			return "", err
		}
	}
	for _, e := range riding {
		n, err := t.exec(ctx, "entry rides", `UPDATE stock_entries SET state = 'written', write_id = $1, problem = '', note = '', changed_at = $2
			WHERE shop = $3 AND id = $4 AND state = 'owed'`, id, text(t.now), shop, e.ID)
		if err != nil {
			return "", err
		}
		if n == 0 {
			return "", fmt.Errorf("%w, or was: %s is owed no longer", ErrWriteOpen, e.ID)
		}
	}
	return id, nil
}

// Answered notes that TikTok took a write, and what it showed afterwards.
func (t *Tx) Answered(ctx context.Context, writeID, requestID string, after []StockLine) error {
	if _, err := t.exec(ctx, "answer stock write", `UPDATE stock_writes SET answered_at = $1, request_id = $2 WHERE id = $3`,
		text(t.now), requestID, writeID); err != nil {
		return err
	}
	for _, l := range after {
		if _, err := t.exec(ctx, "read back", `UPDATE stock_write_lines SET available_after = $1, committed_after = $2
			WHERE write_id = $3 AND sku_id = $4 AND warehouse_id = $5`, l.AvailableAfter, l.CommittedAfter, writeID, l.SKUID, l.WarehouseID); err != nil {
			return err
		}
	}
	return nil
}

// VoidWrite takes back a write that did not happen: its entries are owed again.
// A judged write stays what it is, and a void one too.
func (t *Tx) VoidWrite(ctx context.Context, shop, writeID, note string, problem returns.Kind) error {
	n, err := t.exec(ctx, "void stock write", `UPDATE stock_writes SET state = 'void', note = $1 WHERE id = $2 AND state IN ('open', 'unproven')`, note, writeID)
	if err != nil || n == 0 {
		return err
	}
	_, err = t.exec(ctx, "owe again", `UPDATE stock_entries SET state = 'owed', write_id = '', problem = $1, note = $2, changed_at = $3
		WHERE shop = $4 AND write_id = $5`, string(problem), note, text(t.now), shop, writeID)
	return err
}

// Unproven lets later writes go on while this one's proof has not come.
func (t *Tx) Unproven(ctx context.Context, shop, writeID, note string) error {
	n, err := t.exec(ctx, "stock unproven", `UPDATE stock_writes SET state = 'unproven', note = $1 WHERE id = $2 AND state IN ('open', 'unproven')`, note, writeID)
	if err != nil || n == 0 {
		return err
	}
	return t.entryProblem(ctx, shop, `write_id = $5`, writeID, returns.StockUnproven, note)
}

// Stuck notes why an owed entry cannot be written.
func (t *Tx) Stuck(ctx context.Context, shop, entryID string, problem returns.Kind, note string) error {
	return t.entryProblem(ctx, shop, `id = $5`, entryID, problem, note)
}

func (t *Tx) entryProblem(ctx context.Context, shop, where, arg string, problem returns.Kind, note string) error {
	_, err := t.exec(ctx, "stock problem", `UPDATE stock_entries SET problem = $1, note = $2, changed_at = $3 WHERE shop = $4 AND `+where,
		string(problem), note, text(t.now), shop, arg)
	return err
}

// Judge closes a write whose true effect is known. The error of a line becomes
// an entry of its own and rides on the next write; the number once written is
// never rewritten.
func (t *Tx) Judge(ctx context.Context, shop string, w StockWrite, how string) error {
	n, err := t.exec(ctx, "judge stock write", `UPDATE stock_writes SET state = 'judged', note = $1 WHERE id = $2 AND state IN ('open', 'unproven')`, how, w.ID)
	if err != nil || n == 0 {
		return err
	}
	entries, err := t.EntriesOf(ctx, shop, w.ID)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Unit == "" {
			continue
		}
		if err := t.Audit(ctx, shop, e.Key, []returns.UnitID{e.Unit}, Entry{What: "in stock in " + e.WarehouseID, Why: how, RequestID: w.RequestID, DecidedBy: "rules"}); err != nil {
			return err
		}
	}
	if _, err := t.exec(ctx, "stock proven", `UPDATE stock_entries SET state = 'proven', problem = '', note = $1, changed_at = $2
		WHERE shop = $3 AND write_id = $4`, how, text(t.now), shop, w.ID); err != nil {
		return err
	}
	for _, l := range w.Lines {
		if l.Error == 0 {
			continue
		}
		if _, err := t.exec(ctx, "note error", `UPDATE stock_write_lines SET error = $1 WHERE write_id = $2 AND sku_id = $3 AND warehouse_id = $4`,
			l.Error, w.ID, l.SKUID, l.WarehouseID); err != nil {
			return err
		}
		if _, err := t.exec(ctx, "owe error", `INSERT INTO stock_entries (shop, id, product_id, sku_id, warehouse_id, quantity, state, entered_at, changed_at)
			VALUES ($1, $2, $3, $4, $5, $6, 'owed', $7, $7) ON CONFLICT (shop, id) DO NOTHING`,
			shop, fmt.Sprintf("error:%s:%s:%s", w.ID, l.SKUID, l.WarehouseID), w.ProductID, l.SKUID, l.WarehouseID, -l.Error, text(t.now)); err != nil {
			return err
		}
	}
	return nil
}

// Moved keeps TikTok's own account of a movement, once.
func (t *Tx) Moved(ctx context.Context, shop string, m returns.StockMovement) error {
	_, err := t.exec(ctx, "stock movement", `INSERT INTO stock_movements (shop, id, product_id, sku_id, source, at, available_delta, committed_delta, available_after)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (shop, id) DO NOTHING`,
		shop, m.ID, m.ProductID, m.SKUID, m.Source, text(m.At), m.AvailableDelta, m.CommittedDelta, m.AvailableAfter)
	return err
}

// Syncs are TikTok's own accounts of API writes of a SKU in a span of time that
// no write of ours has been matched with.
func (t *Tx) Syncs(ctx context.Context, shop, skuID string, from, to time.Time) ([]returns.StockMovement, error) {
	return query(ctx, t, "read movements", func(scan func(...any) error) (returns.StockMovement, error) {
		var m returns.StockMovement
		var at instant
		err := scan(&m.ID, &m.ProductID, &m.SKUID, &m.Source, &at, &m.AvailableDelta, &m.CommittedDelta, &m.AvailableAfter)
		m.At = time.Time(at)
		return m, err
	}, `SELECT id, product_id, sku_id, source, at, available_delta, committed_delta, available_after FROM stock_movements
		WHERE shop = $1 AND sku_id = $2 AND source = $3 AND at >= $4 AND at <= $5 AND write_id = '' ORDER BY at, id`,
		shop, skuID, returns.MovementAPISync, text(from), text(to))
}

// Match notes that a movement is the account of one of our writes.
func (t *Tx) Match(ctx context.Context, shop, movementID, writeID string) error {
	_, err := t.exec(ctx, "match movement", `UPDATE stock_movements SET write_id = $1 WHERE shop = $2 AND id = $3`, writeID, shop, movementID)
	return err
}
