package ledger

import (
	"context"
	"time"

	"returnbridge/internal/returns"
)

// WriteTold is a write of a SKU, beside what TikTok's own account can be held
// against.
type WriteTold struct {
	ID                 string
	ReadAt, ClaimUntil time.Time
	Judged             bool // or taken back
	Total              int  // what it set, over all warehouses
	Warehouses         int  // in how many
	Told               bool // its account has come
}

// WritesAround are all writes of a SKU that may have taken effect in a span of
// time, whatever became of them.
func (t *Tx) WritesAround(ctx context.Context, shop, productID, skuID string, from, to time.Time) ([]WriteTold, error) {
	return query(ctx, t, "read writes", func(scan func(...any) error) (WriteTold, error) {
		var w WriteTold
		var readAt, until instant
		err := scan(&w.ID, &readAt, &until, &w.Judged, &w.Total, &w.Warehouses, &w.Told)
		w.ReadAt, w.ClaimUntil = time.Time(readAt), time.Time(until)
		return w, err
	}, `SELECT w.id, w.read_at, w.claim_until, w.state IN ('judged', 'void'), COALESCE(SUM(l.wrote), 0), COUNT(*), EXISTS (SELECT 1 FROM stock_movements m WHERE m.shop = w.shop AND m.write_id = w.id)
		FROM stock_writes w JOIN stock_write_lines l ON l.write_id = w.id
		WHERE w.shop = $1 AND w.product_id = $2 AND w.sku_id = $3 AND w.read_at <= $4 AND w.claim_until >= $5
		GROUP BY w.shop, w.id, w.read_at, w.claim_until, w.state ORDER BY w.read_at, w.id`, shop, productID, skuID, text(to), text(from))
}

// StockOursSince is since when no other program should write a product's stock:
// restocking was switched on, a restored ledger forgot our own writes, or a person
// last said that the number is ours. Zero: since ever.
func (t *Tx) StockOursSince(ctx context.Context, shop, productID string) (time.Time, error) {
	since, _, err := first(query(ctx, t, "read since when the stock is ours", func(scan func(...any) error) (instant, error) {
		var at instant
		return at, scan(&at)
	}, `SELECT value FROM cursors WHERE name IN ($1, $2) UNION ALL
		SELECT at FROM answers WHERE shop = $3 AND kind = $4 AND answer = $5 AND subject = $6 ORDER BY 1 DESC`,
		restockCursor(shop), restoredCursor(shop), shop, string(returns.SecondStockWriter), string(returns.AnswerRetry), productID))
	return time.Time(since), err
}
