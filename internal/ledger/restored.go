package ledger

import (
	"context"
	"time"

	"returnbridge/internal/returns"
)

// TikTokSwept names the cursor of a shop's sweep of TikTok returns.
func TikTokSwept(shop string) string { return "tiktok-returns/" + shop }

func restoredCursor(shop string) string { return "restored/" + shop }

// Restored compares the ledger with what Temporal remembers of it: the last sweep
// of TikTok returns that was completed for a shop. A ledger that has not come so
// far was put back from a backup, and true is given once. What lay before a stock
// writer is taken from it then: whether it was written since nobody knows, and a
// second write would put units in stock twice (promise 3). Their returns are to
// be woken, and ask people. Money needs none of this: TikTok shows what it paid.
func (t *Tx) Restored(ctx context.Context, shop string, swept time.Time) (bool, error) {
	cursor, err := t.Cursor(ctx, TikTokSwept(shop))
	if err != nil || cursor >= swept.UTC().Format(time.RFC3339) {
		return false, err
	}
	noted, err := t.Cursor(ctx, restoredCursor(shop))
	if err != nil || noted >= text(swept) {
		return false, err
	}
	if err := t.MoveCursor(ctx, restoredCursor(shop), text(t.now)); err != nil {
		return false, err
	}
	now := text(t.now)
	for _, change := range []struct {
		what, query string
		args        []any
	}{
		{"wake returns", `UPDATE returns SET look_by = opened_at WHERE shop = $1 AND closed_at = ''`, []any{shop}},
		{"leave writes to people", `UPDATE stock_writes SET state = 'void', note = $2 WHERE shop = $1 AND state IN ('open', 'unproven')`, []any{shop, restoredNote}},
		{"leave units to people", `UPDATE stock_entries SET state = 'written', write_id = '', problem = $4, problem_at = $2, note = $3, changed_at = $2
			WHERE shop = $1 AND unit <> '' AND state IN ('owed', 'written')`, []any{shop, now, restoredNote, string(returns.StockUnproven)}},
		{"leave corrections", `UPDATE stock_entries SET state = 'skipped', note = $3, changed_at = $2
			WHERE shop = $1 AND unit = '' AND state = 'owed'`, []any{shop, now, restoredNote}},
	} {
		if _, err := t.exec(ctx, change.what, change.query, change.args...); err != nil {
			return false, err
		}
	}
	return true, nil
}

const restoredNote = "the ledger was restored from a backup and no longer tells whether this is in stock"
