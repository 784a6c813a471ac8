package ledger

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.uber.org/zap"

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
	Tries       int // how often in a row it could not be written
	Problem     returns.Kind
	Note        string // what is known of the problem
	ChangedAt   time.Time
}

// Correction reports whether the entry makes up for the error of an earlier
// write. It belongs to no return.
func (e StockEntry) Correction() bool { return e.Unit == "" }

// StockWrite is one SET of a SKU's stock.
type StockWrite struct {
	ID         string
	ProductID  string
	SKUID      string
	State      string // open, unproven, judged, void
	Number     int    // counts the writes of the SKU: machines' clocks do not order them
	ReadAt     time.Time
	ClaimUntil time.Time
	AnsweredAt time.Time // zero: the answer was lost, or has not come
	RequestID  string
	ClockAhead time.Duration // how far TikTok's clock was ahead of the writer's, by which all these times are
	JudgeAt    time.Time     // of an unproven write: when it is judged by reading again; zero: only TikTok's account can
	Lines      []StockLine
}

// Sums are what was owed and what was set, over all warehouses: TikTok's own
// account names none.
func (w StockWrite) Sums() (owed, wrote int) {
	for _, l := range w.Lines {
		owed, wrote = owed+l.Owed, wrote+l.Wrote
	}
	return owed, wrote
}

// Between is when the write can have taken effect, by TikTok's clock, give or take
// how far clocks may be apart.
func (w StockWrite) Between(skew time.Duration) (from, to time.Time) {
	return w.ReadAt.Add(w.ClockAhead - skew), w.ClaimUntil.Add(w.ClockAhead + skew)
}

// StockLine is the SKU in one warehouse: what was there, what is owed, what was
// set, what was there afterwards (-1: not read).
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

// ErrEntryMoved means that the writer took up a unit between the read and the
// decision to take it back; deciding again sees it.
var ErrEntryMoved = errors.New("ledger: the unit's stock entry is owed no longer")

// saveRestocks lets stock entries become what a decision says. A unit is entered
// once; what was taken back is owed again only if it had not been written, and
// what a person skipped never is.
func (t *Tx) saveRestocks(ctx context.Context, shop string, key returns.Key, restocks []returns.Restock) error {
	for _, r := range slices.SortedFunc(slices.Values(restocks), func(a, b returns.Restock) int { return cmp.Compare(a.Unit, b.Unit) }) {
		save, what, who := t.dropRestock, "took the restock back", Program
		switch r.State {
		case returns.RestockOwed:
			save, what = t.oweRestock, "entered the unit to be put back in warehouse "+r.WarehouseID
		case returns.RestockSkipped:
			what, who = "left the restock to people", "a person"
		}
		changed, err := save(ctx, shop, key, r)
		if err != nil {
			return err
		}
		switch {
		case !changed && r.State != returns.RestockOwed:
			return fmt.Errorf("%w: %s", ErrEntryMoved, r.Unit)
		case !changed:
			continue
		}
		if err := t.Audit(ctx, shop, key, []returns.UnitID{r.Unit}, Entry{What: what, Why: r.Note, DecidedBy: who}); err != nil {
			return err
		}
	}
	return nil
}

// oweRestock enters a unit that is to be put back, or lets one that is owed be
// tried again at once.
func (t *Tx) oweRestock(ctx context.Context, shop string, key returns.Key, r returns.Restock) (bool, error) {
	n, err := t.exec(ctx, "owe restock", `INSERT INTO stock_entries (shop, id, unit, key, product_id, sku_id, warehouse_id, quantity, state, entered_at, changed_at)
		VALUES ($1, $2, $2, $3, $4, $5, $6, 1, 'owed', $7, $7) ON CONFLICT (shop, id) DO UPDATE SET
			key = excluded.key, product_id = excluded.product_id, sku_id = excluded.sku_id, warehouse_id = excluded.warehouse_id,
			state = 'owed', tries = 0, problem = '', problem_at = '', note = '', changed_at = excluded.changed_at, woken_at = ''
		WHERE stock_entries.state = 'dropped' OR stock_entries.state = 'owed' AND stock_entries.problem <> '' AND stock_entries.warehouse_id = excluded.warehouse_id`,
		shop, string(r.Unit), string(key), r.ProductID, r.SKUID, r.WarehouseID, text(t.now))
	return n > 0, err
}

// dropRestock takes a unit back that is owed and not written. What was written
// stays; only a write that nobody could prove may be taken over by a person.
func (t *Tx) dropRestock(ctx context.Context, shop string, _ returns.Key, r returns.Restock) (bool, error) {
	n, err := t.exec(ctx, "drop restock", `UPDATE stock_entries SET state = $1, problem = '', problem_at = '', note = $2, changed_at = $3
		WHERE shop = $4 AND id = $5 AND (state = 'owed' OR $1 = 'skipped' AND state = 'written' AND problem = $6)`,
		string(r.State), r.Note, text(t.now), shop, string(r.Unit), string(returns.StockUnproven))
	return n > 0, err
}

// StockWoken notes that the writers of these units were told to look.
func (t *Tx) StockWoken(ctx context.Context, shop string, units []returns.UnitID) error {
	for _, u := range units {
		if _, err := t.exec(ctx, "stock woken", `UPDATE stock_entries SET woken_at = $1 WHERE shop = $2 AND id = $3`, text(t.now), shop, string(u)); err != nil {
			return err
		}
	}
	return nil
}

const stockWriteColumns = `id, product_id, sku_id, state, number, read_at, claim_until, answered_at, request_id, clock_ahead, judge_at`

func scanStockWrite(scan func(...any) error) (StockWrite, error) {
	var w StockWrite
	var readAt, until, answered, judge instant
	var ahead int64
	err := scan(&w.ID, &w.ProductID, &w.SKUID, &w.State, &w.Number, &readAt, &until, &answered, &w.RequestID, &ahead, &judge)
	w.ClockAhead = time.Duration(ahead) * time.Millisecond
	w.ReadAt, w.ClaimUntil, w.AnsweredAt, w.JudgeAt = time.Time(readAt), time.Time(until), time.Time(answered), time.Time(judge)
	return w, err
}

// UnjudgedWrites are the product's writes whose effect is not proven, the oldest of
// each SKU first.
func (t *Tx) UnjudgedWrites(ctx context.Context, shop, productID string) ([]StockWrite, error) {
	writes, err := query(ctx, t, "read stock writes", scanStockWrite, `SELECT `+stockWriteColumns+` FROM stock_writes
		WHERE shop = $1 AND product_id = $2 AND state IN ('open', 'unproven') ORDER BY number, id`, shop, productID)
	if err != nil {
		return nil, err
	}
	for i := range writes {
		if err := t.readLines(ctx, &writes[i]); err != nil {
			return nil, err
		}
	}
	return writes, nil
}

func (t *Tx) readLines(ctx context.Context, w *StockWrite) (err error) {
	w.Lines, err = query(ctx, t, "read stock lines", func(scan func(...any) error) (StockLine, error) {
		var l StockLine
		return l, scan(&l.SKUID, &l.WarehouseID, &l.Available, &l.Committed, &l.Owed, &l.Wrote, &l.AvailableAfter, &l.CommittedAfter, &l.Error)
	}, `SELECT sku_id, warehouse_id, available, committed, owed, wrote, available_after, committed_after, error
		FROM stock_write_lines WHERE write_id = $1 ORDER BY sku_id, warehouse_id`, w.ID)
	return err
}

// NextWrite is the write of the same SKU that followed and was not taken back:
// what it read still shows what the earlier one did.
func (t *Tx) NextWrite(ctx context.Context, shop string, w StockWrite) (StockWrite, bool, error) {
	next, found, err := first(query(ctx, t, "read next stock write", scanStockWrite, `SELECT `+stockWriteColumns+` FROM stock_writes
		WHERE shop = $1 AND sku_id = $2 AND number > $3 AND state <> 'void' ORDER BY number LIMIT 1`, shop, w.SKUID, w.Number))
	if err != nil || !found {
		return StockWrite{}, false, err
	}
	return next, true, t.readLines(ctx, &next)
}

// Owed are the product's entries that are not in stock yet.
func (t *Tx) Owed(ctx context.Context, shop, productID string) ([]StockEntry, error) {
	return t.entries(ctx, shop, `product_id = $2 AND state = 'owed'`, productID)
}

// EntriesOf are the entries that rode on a write and nobody has taken over.
func (t *Tx) EntriesOf(ctx context.Context, shop, writeID string) ([]StockEntry, error) {
	return t.entries(ctx, shop, `write_id = $2 AND state IN ('written', 'proven')`, writeID)
}

func (t *Tx) entries(ctx context.Context, shop, where, arg string) ([]StockEntry, error) {
	return query(ctx, t, "read stock entries", func(scan func(...any) error) (StockEntry, error) {
		var e StockEntry
		var at instant
		err := scan(&e.ID, &e.Key, &e.Unit, &e.SKUID, &e.WarehouseID, &e.Quantity, &e.Tries, &e.Problem, &e.Note, &at)
		e.ChangedAt = time.Time(at)
		return e, err
	}, `SELECT id, key, unit, sku_id, warehouse_id, quantity, tries, problem, note, changed_at FROM stock_entries WHERE shop = $1 AND `+where+` ORDER BY entered_at, id`, shop, arg)
}

// ErrWriteOpen means that another write of this SKU is under way.
var ErrWriteOpen = errors.New("ledger: a stock write of this SKU is under way")

// BeginWrite commits the numbers read and what is to be set, before it is set.
// The entries ride on this write; a problem they had stays until they are in
// stock. A SKU has one open write; another gives ErrWriteOpen, and so does an
// entry that is owed no longer: another write carried it, or it was taken back.
func (t *Tx) BeginWrite(ctx context.Context, shop string, w StockWrite, riding []StockEntry) (string, error) {
	id := newID()
	n, err := t.exec(ctx, "begin stock write", `INSERT INTO stock_writes (id, shop, product_id, sku_id, state, read_at, claim_until, clock_ahead, number)
		SELECT $1, $2, $3, $4, 'open', $5, $6, CAST($7 AS INTEGER), (SELECT COALESCE(MAX(number), 0) + 1 FROM stock_writes WHERE shop = $2 AND sku_id = $4) WHERE NOT EXISTS (SELECT 1 FROM stock_writes WHERE shop = $2 AND sku_id = $4 AND state = 'open')
		ON CONFLICT DO NOTHING`, id, shop, w.ProductID, w.SKUID, text(w.ReadAt), text(w.ClaimUntil), w.ClockAhead.Milliseconds())
	if err != nil {
		return "", err
	}
	if n == 0 {
		return "", fmt.Errorf("%w: %s", ErrWriteOpen, w.SKUID)
	}
	for _, l := range w.Lines {
		if _, err := t.exec(ctx, "stock line", `INSERT INTO stock_write_lines (write_id, sku_id, warehouse_id, available, committed, owed, wrote)
			VALUES ($1, $2, $3, $4, $5, $6, $7)`, id, l.SKUID, l.WarehouseID, l.Available, l.Committed, l.Owed, l.Wrote); err != nil {
			return "", err
		}
	}
	for _, e := range riding {
		n, err := t.exec(ctx, "entry rides", `UPDATE stock_entries SET state = 'written', write_id = $1, changed_at = $2
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
func (t *Tx) Answered(ctx context.Context, shop, writeID, requestID string, after []StockLine) error {
	if _, err := t.exec(ctx, "answer stock write", `UPDATE stock_writes SET answered_at = $1, request_id = $2 WHERE id = $3`,
		text(t.now), requestID, writeID); err != nil {
		return err
	}
	if _, err := t.exec(ctx, "stock taken", `UPDATE stock_entries SET tries = 0, problem = '', problem_at = '', note = '', changed_at = $1
		WHERE shop = $2 AND write_id = $3 AND state = 'written'`, text(t.now), shop, writeID); err != nil {
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

// VoidWrite takes back a write that did not happen: its entries are owed again,
// with the problem that stood in the way, or the one they had, unless that was to
// be unproven. A judged write stays what it is, and a void one too.
func (t *Tx) VoidWrite(ctx context.Context, shop, writeID, note string, problem returns.Kind) error {
	n, err := t.exec(ctx, "void stock write", `UPDATE stock_writes SET state = 'void', note = $1 WHERE id = $2 AND state IN ('open', 'unproven')`, note, writeID)
	if err != nil || n == 0 {
		return err
	}
	if problem != "" {
		if err := t.entryProblem(ctx, shop, `write_id = $5 AND state = 'written'`, writeID, problem, note); err != nil {
			return err
		}
	}
	_, err = t.exec(ctx, "owe again", `UPDATE stock_entries SET state = 'owed', write_id = '', tries = tries + 1, changed_at = $1,
			problem = CASE WHEN problem = $4 THEN '' ELSE problem END, problem_at = CASE WHEN problem = $4 THEN '' ELSE problem_at END
		WHERE shop = $2 AND write_id = $3 AND state = 'written'`, text(t.now), shop, writeID, string(returns.StockUnproven))
	return err
}

// Unproven lets later writes go on while this one's proof has not come, and says
// when to judge it by reading again.
func (t *Tx) Unproven(ctx context.Context, shop, writeID, note string, judgeAt time.Time) error {
	n, err := t.exec(ctx, "stock unproven", `UPDATE stock_writes SET state = 'unproven', note = $1, judge_at = $2 WHERE id = $3 AND state IN ('open', 'unproven')`,
		note, text(judgeAt), writeID)
	if err != nil || n == 0 {
		return err
	}
	return t.entryProblem(ctx, shop, `write_id = $5 AND state = 'written'`, writeID, returns.StockUnproven, note)
}

// Stuck notes why an owed entry cannot be written.
func (t *Tx) Stuck(ctx context.Context, shop, entryID string, problem returns.Kind, note string) error {
	if err := t.entryProblem(ctx, shop, `id = $5 AND state = 'owed'`, entryID, problem, note); err != nil {
		return err
	}
	_, err := t.exec(ctx, "stock tried", `UPDATE stock_entries SET tries = tries + 1 WHERE shop = $1 AND id = $2 AND state = 'owed'`, shop, entryID)
	return err
}

func (t *Tx) entryProblem(ctx context.Context, shop, where, arg string, problem returns.Kind, note string) error {
	_, err := t.exec(ctx, "stock problem", `UPDATE stock_entries SET problem_at = CASE WHEN problem = $1 THEN problem_at ELSE $3 END,
		problem = $1, note = $2, changed_at = $3 WHERE shop = $4 AND `+where,
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
		if err := t.Audit(ctx, shop, e.Key, []returns.UnitID{e.Unit}, Entry{What: "put the unit back into stock in warehouse " + e.WarehouseID, Why: how, RequestID: w.RequestID, DecidedBy: Program}); err != nil {
			return err
		}
		t.fact("restocked", shop, e.Key, zap.String("unit", string(e.Unit)), zap.String("product_id", w.ProductID), zap.String("sku_id", e.SKUID),
			zap.String("warehouse_id", e.WarehouseID), zap.String("write", w.ID), someText("request_id", w.RequestID))
	}
	if _, err := t.exec(ctx, "stock proven", `UPDATE stock_entries SET state = 'proven', tries = 0, problem = '', problem_at = '', note = $1, changed_at = $2
		WHERE shop = $3 AND write_id = $4 AND state = 'written'`, how, text(t.now), shop, w.ID); err != nil {
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
	return t.movements(ctx, shop, skuID, returns.MovementAPISync, from, to)
}

// ByHand are TikTok's own accounts of numbers of a SKU that people set in a span
// of time.
func (t *Tx) ByHand(ctx context.Context, shop, skuID string, from, to time.Time) ([]returns.StockMovement, error) {
	return t.movements(ctx, shop, skuID, returns.MovementByHand, from, to)
}

func (t *Tx) movements(ctx context.Context, shop, skuID, source string, from, to time.Time) ([]returns.StockMovement, error) {
	return query(ctx, t, "read movements", func(scan func(...any) error) (returns.StockMovement, error) {
		var m returns.StockMovement
		var at instant
		err := scan(&m.ID, &m.ProductID, &m.SKUID, &m.Source, &at, &m.AvailableDelta, &m.CommittedDelta, &m.AvailableAfter)
		m.At = time.Time(at)
		return m, err
	}, `SELECT id, product_id, sku_id, source, at, available_delta, committed_delta, available_after FROM stock_movements
		WHERE shop = $1 AND sku_id = $2 AND source = $3 AND at >= $4 AND at <= $5 AND write_id = '' ORDER BY at, id`,
		shop, skuID, source, text(from), text(to))
}

// Match notes that a movement is the account of one of our writes.
func (t *Tx) Match(ctx context.Context, shop, movementID, writeID string) error {
	_, err := t.exec(ctx, "match movement", `UPDATE stock_movements SET write_id = $1 WHERE shop = $2 AND id = $3`, writeID, shop, movementID)
	return err
}
