package rules

import (
	"testing"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/returns"
)

// shares puts another RMA's unit, sold for 20.00, into the case R1 beside L1.
func shares(key returns.Key, standing returns.Standing, value string) change {
	return func(f *Facts) {
		f.Record.RMA.Items, f.Record.RMA.Transactions = f.Record.RMA.Items[:1], f.Record.RMA.Transactions[:1]
		heldBy(key, "L2")(f)
		h := returns.Hold{Unit: "L2", TikTokReturnID: "R1", Standing: standing}
		if value != "" {
			h.Value = gbp(value)
		}
		f.Record.Others = map[returns.UnitID]returns.Hold{"L2": h}
	}
}

// One TikTok return over the units of two RMAs (issue 9, number 12). Ours is 9001.
func TestTwoRMAsCoverOneTikTokReturn(t *testing.T) {
	t.Parallel()
	ours := together(passed(1), stock("L1", returns.RestockProven, ""), buyerReturn("R1", returns.TikTokShipped, 1, 2))
	agreed := shares("9002", returns.StandingAuthorised, "20.00")
	waits := want{}
	mixed := want{kinds: []returns.Kind{returns.ParcelMixed}}
	play(t, []scene{
		{"both authorised, the sum agrees", setup(2, ours, agreed), want{acts: []string{"confirm-parcel R1 30.00"}}},
		{"the sum does not", setup(2, ours, shares("9002", returns.StandingAuthorised, "19.99")), want{kinds: []returns.Kind{returns.RefundValueMismatch}}},
		{"the sum does not, and Finance accepts", setup(2, ours, shares("9002", returns.StandingAuthorised, "19.99"), answer(returns.RefundValueMismatch, returns.AnswerAcceptPayable, "30.00")), want{acts: []string{"confirm-parcel R1 30.00"}}},
		{"the other acts", setup(2, ours, shares("8999", returns.StandingAuthorised, "20.00")), waits},
		{"the other waits for its goods", setup(2, ours, shares("9002", returns.StandingApproved, "")), waits},
		{"the other is not decided", setup(2, ours, shares("9002", "", "")), waits},
		{"the other decided before it was in this return", setup(2, ours, agreed, func(f *Facts) {
			f.Record.Others["L2"] = returns.Hold{Unit: "L2", Standing: returns.StandingAuthorised, Value: gbp("20.00")}
		}), waits},
		{"the other refuses", setup(2, ours, shares("9002", returns.StandingRefused, "")), mixed},
		{"the other refuses, and CX accepts", setup(2, ours, shares("9002", returns.StandingRefused, ""), answer(returns.ParcelMixed, returns.AnswerAcceptPayable, "30.00")), want{acts: []string{"confirm-parcel R1 30.00"}}},
		{"the other refuses, which was not what Finance accepted", setup(2, ours, shares("9002", returns.StandingRefused, ""), answer(returns.RefundValueMismatch, returns.AnswerAcceptPayable, "30.00"), about("R1", returns.RefundValueMismatch)), mixed},
		{"we refuse", setup(2, notInParcel(1), buyerReturn("R1", returns.TikTokShipped, 1, 2), agreed, takenBack(1)), mixed},
		{"both refuse", setup(2, notInParcel(1), buyerReturn("R1", returns.TikTokShipped, 1, 2), shares("9002", returns.StandingRefused, ""), takenBack(1)), want{kinds: []returns.Kind{returns.RefusedInReturnGO}}},
		{"we are not decided", setup(2, buyerReturn("R1", returns.TikTokShipped, 1, 2), agreed), waits},
		{"a unit that no RMA holds", setup(2, ours, agreed, func(f *Facts) { f.Record.HeldBy = nil }), want{kinds: []returns.Kind{returns.UnitsWithoutRMA}}},
		{"a unit that only its own clock holds", setup(2, ours, agreed, func(f *Facts) { f.Record.HeldBy["L2"] = returns.TikTokKey("R1") }), want{kinds: []returns.Kind{returns.UnitsWithoutRMA}}},
		{"another refund is on the other's unit", setup(2, ours, agreed, func(f *Facts) {
			e := effectOf(returns.EffectRefund, returns.RouteSellerRefund, "L2", returns.EffectVerified, "L2")
			e.Key, e.Amount = "9002", gbp("20.00")
			f.Record.Effects = append(f.Record.Effects, e)
		}), waits},
		{"a refund-only case", setup(2, passed(1), stock("L1", returns.RestockProven, ""), tiktokCase("R1", returns.TypeRefund, returns.TikTokPending, 1, 2), agreed), want{acts: []string{"approve-refund-only R1 30.00"}}},
		{"a request: both approved", setup(2, rma(returns.RMAApproved), buyerReturn("R1", returns.TikTokPending, 1, 2), shares("9002", returns.StandingApproved, "")), want{acts: []string{"accept-return R1"}}},
		{"a request: the other acts", setup(2, rma(returns.RMAApproved), buyerReturn("R1", returns.TikTokPending, 1, 2), shares("8999", returns.StandingApproved, "")), waits},
		{"a request: the other is not approved", setup(2, rma(returns.RMAApproved), buyerReturn("R1", returns.TikTokPending, 1, 2), shares("9002", "", "")), waits},
		{"paid: ours alone is compared", setup(2, passed(1), stock("L1", returns.RestockProven, ""), buyerReturn("R1", returns.TikTokPaid, 1, 2), agreed), want{acts: []string{"set-transaction T1"}}},
	})
	d := Decide(setup(2, ours, agreed))
	require.Equal(t, []returns.UnitID{"L1"}, d.Plan.Acts[0].Units, "each RMA's own units stand in its audit")
	d = Decide(setup(2, ours, shares("9002", returns.StandingApproved, "")))
	require.False(t, d.Plan.Wake.At.IsZero(), "the clock stands by")
}

// What each return says about its units for the other RMAs of its TikTok return.
func TestStandings(t *testing.T) {
	t.Parallel()
	in := func(changes ...change) returns.Hold {
		d := Decide(setup(2, append([]change{shares("9002", "", "")}, changes...)...))
		require.Len(t, d.Holds, 1)
		return d.Holds[0]
	}
	shipped := buyerReturn("R1", returns.TikTokShipped, 1, 2)
	h := in(passed(1), shipped)
	require.Equal(t, returns.StandingAuthorised, h.Standing)
	require.Equal(t, gbp("10.00"), h.Value)
	require.Equal(t, returns.StandingApproved, in(rma(returns.RMAApproved), shipped).Standing)
	require.Equal(t, returns.StandingRefused, in(notInParcel(1), takenBack(1), shipped).Standing)
	require.Empty(t, in(rma(returns.RMAPending), shipped).Standing)
	require.Empty(t, in(passed(1), shipped, transaction("T9", returns.TransactionRequested, "9.00", "I1")).Standing, "a person is asked")
	require.Empty(t, in(passed(1), shipped, paused).Standing)
	require.Empty(t, in(passed(1), buyerReturn("R1", returns.TikTokShipped, 1)).Standing, "nobody else is in it")
	require.Empty(t, in(shipped, rma(returns.RMAPending), func(f *Facts) {
		f.Record.Holds = []returns.Hold{{Unit: "L1", ItemID: "I1", OrderID: orderID, Standing: returns.StandingAuthorised, Value: gbp("10.00")}}
		f.Record.Order = nil
	}).Standing, "an earlier decision says nothing any more")
}
