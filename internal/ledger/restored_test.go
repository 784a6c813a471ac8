package ledger

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/returns"
)

// A ledger that stands further back than Temporal remembers was restored: what
// lay before a stock writer is taken from it, once.
func TestARestoredLedgerTakesItsStockFromTheWriters(t *testing.T) {
	onBoth(t, func(b *bench) {
		key := returns.RMAKey("9001")
		owe := func(unit returns.UnitID) {
			b.do(func(tx *Tx) error {
				was, err := tx.Load(b.ctx, shop, key)
				if err != nil {
					return err
				}
				return tx.SaveDecision(b.ctx, shop, key, was, Decided{
					Holds:    []returns.Hold{{Unit: unit, OrderID: "O1"}},
					Restocks: []returns.Restock{{Unit: unit, ProductID: "P1", SKUID: "S1", WarehouseID: "W1", State: returns.RestockOwed}},
				})
			})
		}
		owed := func() int {
			return len(get(b, func(tx *Tx) ([]StockEntry, error) { return tx.Owed(b.ctx, shop, "P1") }))
		}
		restored := func(swept time.Time) bool {
			return get(b, func(tx *Tx) (bool, error) { return tx.Restored(b.ctx, shop, swept) })
		}
		swept := get(b, func(tx *Tx) (time.Time, error) { return tx.Now().Truncate(time.Second), nil })
		b.do(func(tx *Tx) error { return tx.MoveCursor(b.ctx, TikTokSwept(shop), swept.Format(time.RFC3339)) })
		owe("L1")
		require.False(b.t, restored(swept), "Temporal remembers no more than the ledger")
		require.Equal(b.t, 1, owed())
		require.Zero(b.t, b.load(key).RestoredAt)

		swept = swept.Add(-time.Second)
		require.False(b.t, restored(swept), "the ledger is further than Temporal")
		b.do(func(tx *Tx) error {
			_, err := tx.exec(b.ctx, "as of yesterday", `UPDATE cursors SET value = $1`, swept.Add(-24*time.Hour).Format(time.RFC3339))
			return err
		})
		require.True(b.t, restored(swept))
		require.Zero(b.t, owed(), "no writer may take it")
		r := b.load(key)
		require.NotZero(b.t, r.RestoredAt)
		require.Equal(b.t, returns.RestockWritten, r.Restocks[0].State)
		require.Equal(b.t, returns.StockUnproven, r.Restocks[0].Problem)

		owe("L2")
		require.False(b.t, restored(swept), "the next worker finds it noted")
		require.Equal(b.t, 1, owed(), "what came since is ours to write")
	})
}

func TestASweepsCursorNeverGoesBack(t *testing.T) {
	onBoth(t, func(b *bench) {
		for _, at := range []string{"2026-03-02T12:00:00Z", "2026-03-02T11:00:00Z"} {
			b.do(func(tx *Tx) error { return tx.MoveCursor(b.ctx, "sweep", at) })
		}
		require.Equal(b.t, "2026-03-02T12:00:00Z", get(b, func(tx *Tx) (string, error) { return tx.Cursor(b.ctx, "sweep") }))
	})
}
