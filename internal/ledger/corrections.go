package ledger

import (
	"context"

	"returnbridge/internal/returns"
)

// TroubledCorrections are the product's corrections that are not written, or not
// proven, for a reason that people must know.
func (t *Tx) TroubledCorrections(ctx context.Context, shop, productID string) ([]StockEntry, error) {
	return t.entries(ctx, shop, `product_id = $2 AND state IN ('owed', 'written') AND unit = '' AND problem <> ''`, productID)
}

// SaveStockExceptions lets the open exceptions of a product's stock become these:
// those that are no longer named have healed.
func (t *Tx) SaveStockExceptions(ctx context.Context, shop, productID string, now []returns.Exception) error {
	var was returns.Record
	key := returns.StockKey(productID)
	if err := t.loadExceptions(ctx, shop, key, &was); err != nil {
		return err
	}
	return t.saveExceptions(ctx, shop, key, was.Open, now, opening{})
}

// AnswerStock applies a person's answer to an exception of a product's stock. What
// a person has taken over is neither written nor corrected any more; once more
// means at once. A unit in the same write keeps it open: its own return asks about
// that.
func (t *Tx) AnswerStock(ctx context.Context, shop, productID string, c returns.Command) (Outcome, error) {
	out, err := t.Command(ctx, shop, returns.StockKey(productID), c)
	if err != nil || !out.Accepted {
		return out, err
	}
	if c.Answer == returns.AnswerRetry {
		_, err := t.exec(ctx, "try a correction again", `UPDATE stock_entries SET tries = 0, problem = '', problem_at = '', note = '', changed_at = $1
			WHERE shop = $2 AND product_id = $3 AND unit = '' AND state = 'owed' AND problem = $4`, text(t.now), shop, productID, string(c.Exception))
		return out, err
	}
	note := string(c.Answer) + " by " + c.Who
	if _, err := t.exec(ctx, "leave a write to a person", `UPDATE stock_writes SET state = 'judged', note = $1 WHERE shop = $2 AND product_id = $3 AND state = 'unproven'
		AND EXISTS (SELECT 1 FROM stock_entries e WHERE e.shop = $2 AND e.write_id = stock_writes.id AND e.unit = '' AND e.state = 'written' AND e.problem = $4)
		AND NOT EXISTS (SELECT 1 FROM stock_entries e WHERE e.shop = $2 AND e.write_id = stock_writes.id AND e.unit <> '' AND e.state = 'written')`,
		note, shop, productID, string(c.Exception)); err != nil {
		return out, err
	}
	_, err = t.exec(ctx, "leave a correction to a person", `UPDATE stock_entries SET state = 'skipped', problem = '', problem_at = '', note = $1, changed_at = $2
		WHERE shop = $3 AND product_id = $4 AND unit = '' AND state IN ('owed', 'written') AND problem = $5`, note, text(t.now), shop, productID, string(c.Exception))
	return out, err
}
