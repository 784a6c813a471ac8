package rules

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/returns"
)

// A ledger put back from a backup does not tell whether a unit is in stock: no
// unit goes in twice (promise 3).
func TestAUnitInspectedBeforeTheLedgerWasRestoredIsLeftToAPerson(t *testing.T) {
	t.Parallel()
	restored := func(since time.Duration) change {
		return func(f *Facts) { f.Record.RestoredAt = f.Record.RMA.Items[0].Inspection.At.Add(since) }
	}
	only := together(gate(GateDone), passed(1))
	handled := answer(returns.StockUnproven, returns.AnswerHandledManually)
	for name, s := range map[string]struct {
		given Facts
		owed  bool
		asks  bool
	}{
		"inspected before":            {setup(1, only, restored(time.Minute)), false, true},
		"inspected before, handled":   {setup(1, only, restored(time.Minute), handled), false, false},
		"inspected since":             {setup(1, only, restored(-time.Minute)), true, false},
		"not restored at all":         {setup(1, only), true, false},
		"its entry is in the backup":  {setup(1, only, restored(time.Minute), stock("L1", returns.RestockProven, "")), false, false},
		"its entry is left to people": {setup(1, only, restored(time.Minute), stock("L1", returns.RestockWritten, returns.StockUnproven)), false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := Decide(s.given)
			require.Equal(t, s.owed, len(d.Restocks) > 0, "owed")
			kinds := []returns.Kind{}
			for _, e := range d.Plan.Exceptions {
				kinds = append(kinds, e.Kind)
			}
			require.Equal(t, s.asks, len(kinds) > 0 && kinds[0] == returns.StockUnproven, "asks: %v", kinds)
		})
	}
}

// Our clock is ahead of TikTok's: what our create made seems to be older than our
// intent, and must be known for ours, or it would be sent again.
func TestARefundOfOursIsKnownThoughOurClockIsAhead(t *testing.T) {
	t.Parallel()
	for ahead, ours := range map[time.Duration]bool{0: true, 20 * time.Second: true, 2 * time.Minute: false} {
		f := setup(1, passed(1), sellerRefund(returns.EffectClaimed, "10.00", "L1"))
		e := f.Record.Effects[0]
		d := newDesk(f)
		require.Equal(t, ours, d.madeBy(e, returns.TikTokReturn{
			ID: "R9", Role: "SELLER", Type: returns.TypeRefund, Refund: gbp("10.00"), CreatedAt: e.IntentAt.Add(-ahead),
			Lines: []returns.TikTokReturnLine{{OrderLineID: "L1"}},
		}), ahead)
	}
}
