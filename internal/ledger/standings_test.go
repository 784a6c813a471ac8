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

// What another return says of a unit is confirmed in the transaction that rests on it.
func TestAnothersWordIsConfirmed(t *testing.T) {
	onBoth(t, func(b *bench) {
		h := hold("line-1")
		h.TikTokReturnID, h.Standing, h.Value = "C1", returns.StandingAuthorised, gbp("12.50")
		require.NoError(b.t, b.decide("RMA2", Decided{OrderID: "O1", Holds: []returns.Hold{h}}))
		says := func(h returns.Hold) func(*Tx) error {
			return func(tx *Tx) error { return tx.StillSays(b.ctx, shop, "RMA2", h) }
		}
		b.do(says(h))
		less := h
		less.Value = gbp("12.49")
		b.refused(ErrOvertaken, says(less))
		refused := h
		refused.Standing, refused.Value = returns.StandingRefused, returns.Money{}
		require.NoError(b.t, b.decide("RMA2", Decided{OrderID: "O1", Holds: []returns.Hold{refused}}))
		b.refused(ErrOvertaken, says(h))
		b.do(says(refused))
	})
}
