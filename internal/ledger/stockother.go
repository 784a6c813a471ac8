package ledger

import (
	"context"
	"time"

	"returnbridge/internal/returns"
)

// WriteTold is a write of a SKU, beside what TikTok's own account can be held
// against.
type WriteTold struct {
	StockWrite
	Judged     bool // or taken back
	Total      int  // what it set, over all warehouses
	Warehouses int  // in how many
	Told       bool // its account has come
}

// WritesAround are all writes of a SKU that may have taken effect in a span of
// time, whatever became of them.
func (t *Tx) WritesAround(ctx context.Context, shop, productID, skuID string, from, to time.Time) ([]WriteTold, error) {
	return query(ctx, t, "read writes", func(scan func(...any) error) (WriteTold, error) {
		var w WriteTold
		var err error
		w.StockWrite, err = scanStockWrite(func(columns ...any) error { return scan(append(columns, &w.Total, &w.Warehouses, &w.Told)...) })
		w.Judged = w.State == "judged" || w.State == "void"
		return w, err
	}, `SELECT `+stockWriteColumns+`, (SELECT COALESCE(SUM(l.wrote), 0) FROM stock_write_lines l WHERE l.write_id = stock_writes.id),
			(SELECT COUNT(*) FROM stock_write_lines l WHERE l.write_id = stock_writes.id),
			EXISTS (SELECT 1 FROM stock_movements m WHERE m.shop = stock_writes.shop AND m.write_id = stock_writes.id)
		FROM stock_writes WHERE shop = $1 AND product_id = $2 AND sku_id = $3 AND read_at <= $4 AND claim_until >= $5 ORDER BY number`, shop, productID, skuID, text(to), text(from))
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
