package ledger

import (
	"context"

	"returnbridge/internal/returns"
)

func restockCursor(shop string) string { return "restock-on/" + shop }

// RestockSwitched notes whether a shop's stock is ours to write from now on, if it
// was otherwise until now; it tells whether it was. What was owed and not written
// is taken from the writers then: whether people put it into stock by hand before
// the switch is on again nobody knows (promise 3). The returns concerned are to be
// woken: those of these units, and those that waited for the switch.
func (t *Tx) RestockSwitched(ctx context.Context, shop string, on bool) (bool, error) {
	since, err := t.Cursor(ctx, restockCursor(shop))
	if err != nil || on == (since != "") {
		return false, err
	}
	now := text(t.now)
	if since = ""; on {
		since = now
	}
	if err := t.MoveCursor(ctx, restockCursor(shop), since); err != nil {
		return false, err
	}
	for _, change := range []struct {
		what, query string
		args        []any
	}{
		{"wake returns", `UPDATE returns SET look_by = opened_at WHERE shop = $1 AND closed_at = '' AND (
			key IN (SELECT key FROM stock_entries WHERE shop = $1 AND unit <> '' AND state = 'owed') OR
			key IN (SELECT key FROM shadows WHERE shop = $1 AND kind = $2 AND ended = ''))`, []any{shop, string(returns.ActRestock)}},
		{"take units from the writers", `UPDATE stock_entries SET state = 'dropped', problem = '', problem_at = '', note = $3, changed_at = $2
			WHERE shop = $1 AND unit <> '' AND state = 'owed'`, []any{shop, now, switchedNote}},
		{"leave corrections", `UPDATE stock_entries SET state = 'skipped', note = $3, changed_at = $2
			WHERE shop = $1 AND unit = '' AND state = 'owed'`, []any{shop, now, switchedNote}},
	} {
		if _, err := t.exec(ctx, change.what, change.query, change.args...); err != nil {
			return false, err
		}
	}
	return true, nil
}

const switchedNote = "restocking was switched off before it was written"
