package ledger

import (
	"testing"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/returns"
)

// What one RMA says about its unit is known to the others of its order.
func TestStandingsAreKnownToTheOrdersOtherReturns(t *testing.T) {
	onBoth(t, func(b *bench) {
		h := returns.Hold{Unit: "L2", ItemID: "I2", OrderID: "O1", SKUID: "S", ProductID: "P", TikTokReturnID: "C1", Standing: returns.StandingAuthorised, Value: gbp("9.90")}
		require.NoError(b.t, b.decide("RMA1", Decided{OrderID: "O1"}))
		require.NoError(b.t, b.decide("RMA2", Decided{OrderID: "O1", Holds: []returns.Hold{h}}))
		require.Equal(b.t, map[returns.UnitID]returns.Hold{"L2": h}, b.load("RMA1").Others)
		require.Equal(b.t, returns.Key("RMA2"), b.load("RMA1").HeldBy["L2"])
		require.Equal(b.t, []returns.Hold{h}, b.load("RMA2").Holds)
		require.Empty(b.t, b.load("RMA2").Others)

		h.Value = gbp("9.80")
		require.NoError(b.t, b.decide("RMA2", Decided{OrderID: "O1", Holds: []returns.Hold{h}}))
		require.Equal(b.t, gbp("9.80"), b.load("RMA1").Others["L2"].Value, "another value is another hold")
		h.Standing, h.Value = "", returns.Money{}
		require.NoError(b.t, b.decide("RMA2", Decided{OrderID: "O1", Holds: []returns.Hold{h}}))
		require.Equal(b.t, h, b.load("RMA1").Others["L2"])
	})
}

// An answer that pays is bound to the amount that was shown, as one that accepts is.
func TestAnAnswerThatPaysIsAboutWhatWasShown(t *testing.T) {
	onBoth(t, func(b *bench) {
		require.NoError(b.t, b.decide("RMA1", Decided{OrderID: "O1", Exceptions: []returns.Exception{returns.NewException(returns.LargeRefund, "a lot", gbp("990.00"))}}))
		o := get(b, func(tx *Tx) (Outcome, error) {
			return tx.Command(b.ctx, shop, "RMA1", returns.Command{Name: returns.CommandResolve, ID: "c1", Exception: returns.LargeRefund, Answer: returns.AnswerPay, Who: "Fin", Why: "agreed"})
		})
		require.True(b.t, o.Accepted)
		require.Equal(b.t, gbp("990.00"), b.load("RMA1").Said[0].Amount)
	})
}
