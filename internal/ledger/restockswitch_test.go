package ledger

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/returns"
)

// The switch is noted when it is turned, and what is on its way into stock then is
// taken from the writers: what was sent stays.
func TestTurningTheRestockSwitchTakesWhatIsOwedFromTheWriters(t *testing.T) {
	onBoth(t, func(b *bench) {
		decide := func(key returns.Key, d Decided) {
			b.do(func(tx *Tx) error {
				was, err := tx.Load(b.ctx, shop, key)
				if err != nil {
					return err
				}
				d.LookBy = tx.Now().Add(24 * time.Hour)
				return tx.SaveDecision(b.ctx, shop, key, was, d)
			})
		}
		owe := func(key returns.Key, u returns.UnitID) {
			decide(key, Decided{
				Holds:    []returns.Hold{{Unit: u, OrderID: "O1"}},
				Restocks: []returns.Restock{{Unit: u, ProductID: "P1", SKUID: "S1", WarehouseID: "W1", State: returns.RestockOwed}},
			})
		}
		turned := func(on bool) bool {
			return get(b, func(tx *Tx) (bool, error) { return tx.RestockSwitched(b.ctx, shop, on) })
		}
		owed := func() (all []StockEntry) {
			return get(b, func(tx *Tx) ([]StockEntry, error) { return tx.Owed(b.ctx, shop, "P1") })
		}
		overdue := func() []returns.Key {
			return get(b, func(tx *Tx) ([]returns.Key, error) { return tx.Overdue(b.ctx, shop, tx.Now().Add(time.Hour)) })
		}
		require.False(b.t, turned(false), "off it was")
		require.True(b.t, b.load("9001").RestockSince.IsZero())
		require.True(b.t, turned(true))
		since := b.load("9001").RestockSince
		require.False(b.t, since.IsZero())
		require.False(b.t, turned(true), "the next worker finds it noted")

		owe("9001", "L1")
		write := StockWrite{ProductID: "P1", SKUID: "S1", ReadAt: since, ClaimUntil: since.Add(time.Minute), Lines: []StockLine{{SKUID: "S1", WarehouseID: "W1", Wrote: 8, Owed: 1, Available: 7, Error: 2}}}
		riding := owed()
		b.do(func(tx *Tx) (err error) {
			write.ID, err = tx.BeginWrite(b.ctx, shop, write, riding)
			return err
		})
		b.do(func(tx *Tx) error { return tx.Judge(b.ctx, shop, write, "shown") }) // leaves a correction
		owe("9002", "L2")
		decide("9003", Decided{Shadows: []returns.Shadow{{Kind: returns.ActRestock, Subject: "L3", Wanted: since}}})
		decide("9004", Decided{})
		decide("9005", Decided{Shadows: []returns.Shadow{{Kind: returns.ActRefund, Subject: "L5", Wanted: since}}})
		require.Len(b.t, owed(), 2)
		require.False(b.t, turned(true))
		require.Len(b.t, owed(), 2)
		require.NotContains(b.t, overdue(), returns.Key("9002"))

		require.True(b.t, turned(false))
		require.Empty(b.t, owed())
		require.True(b.t, b.load("9002").RestockSince.IsZero())
		require.Equal(b.t, returns.RestockDropped, b.load("9002").Restocks[0].State)
		require.Equal(b.t, returns.RestockProven, b.load("9001").Restocks[0].State)
		require.Contains(b.t, overdue(), returns.Key("9002"))
		require.Contains(b.t, overdue(), returns.Key("9003"))
		for _, key := range []returns.Key{"9004", "9005"} {
			require.NotContains(b.t, overdue(), key, "it has nothing to do with stock")
		}
		b.clock.pass(time.Hour)
		require.True(b.t, turned(true))
		require.Empty(b.t, owed(), "nothing comes back by itself")
		require.True(b.t, b.load("9002").RestockSince.After(since))
	})
}
