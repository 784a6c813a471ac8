package rules

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/returns"
)

const day = 24 * time.Hour

func approvedSince(d time.Duration) change {
	return together(rma(returns.RMAApproved), func(f *Facts) { f.Record.RMAStatusSince = noon.Add(-d) })
}

// updated is when TikTok last changed its first return: delivered, paid.
func updated(d time.Duration) change {
	return caseIs(1, func(t *returns.TikTokReturn) { t.UpdatedAt = noon.Add(-d) })
}

func TestOrphans(t *testing.T) {
	t.Parallel()
	delivered := buyerReturn("R1", returns.TikTokShipped, 1)
	moving := caseIs(1, func(t *returns.TikTokReturn) { t.Actions = nil })
	paid := buyerReturn("R1", returns.TikTokPaid, 1)
	noCase := together(approvedSince(2*time.Hour), noTransactions)
	none := []returns.Kind(nil)
	tests := []struct {
		name  string
		given Facts
		kinds []returns.Kind
	}{
		{"delivered, not booked in yet", setup(1, approvedSince(day), delivered, updated(3*day-time.Second)), none},
		{"delivered, never booked in", setup(1, approvedSince(day), delivered, updated(3*day)), []returns.Kind{returns.ParcelNotBookedIn}},
		{"still on its way: TikTok asks nothing", setup(1, approvedSince(day), delivered, updated(3*day), moving), none},
		{"booked in after all", setup(1, delivered, updated(3*day), passed(1)), none},
		{"inspected before it was booked in", setup(1, approvedSince(day), delivered, updated(3*day), passed(1)), none},

		{"paid ahead, the goods are not late yet", setup(1, approvedSince(20*day), paid, updated(10*day-time.Second)), none},
		{"paid, and the goods never came", setup(1, approvedSince(20*day), paid, updated(10*day)), []returns.Kind{returns.RefundWithoutParcel}},
		{"paid, the goods are lost, Finance knows", setup(1, approvedSince(20*day), paid, updated(10*day), answer(returns.RefundWithoutParcel, returns.AnswerAcknowledge)), none},
		{"paid, the goods came", setup(1, paid, updated(10*day), passed(1)), none},
		{"paid, nothing was to come back", setup(1, approvedSince(20*day), paid, updated(10*day), noShipment(1)), none},
		{"one of two paid ahead, neither sent", setup(2, approvedSince(20*day), paid, updated(10*day)), []returns.Kind{returns.NotShipped, returns.RefundWithoutParcel}},

		{"no TikTok return, and none can be done without", setup(1, noCase, notEligible("market", "L1")), []returns.Kind{returns.TikTokReturnMissing}},
		{"no TikTok return, and none is needed", setup(1, noCase, payable("10.00", "L1")), none},
		{"the buyer opened one", setup(1, noCase, notEligible("market", "L1"), buyerReturn("R1", returns.TikTokAwaitingShip, 1)), none},
		{"there is still time", setup(1, noCase, approvedSince(time.Hour), notEligible("market", "L1")), none},
		{"another question was answered", setup(1, noCase, notEligible("market", "L2")), none},
		{"handled by a person", setup(1, noCase, notEligible("market", "L1"), answer(returns.TikTokReturnMissing, returns.AnswerHandledManually)), none},
		{"nothing is to be refunded", setup(1, noCase, rma(returns.RMARejected), notEligible("market", "L1")), none},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.ElementsMatch(t, tt.kinds, kinds(Decide(tt.given)))
		})
	}
}

// Each orphan says since when, how much, and to whom.
func TestOrphansTellAgeMoneyAndOwner(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		given    Facts
		owner    returns.Owner
		amount   string
		sentence string
	}{
		"delivered": {setup(1, approvedSince(day), buyerReturn("R1", returns.TikTokShipped, 1), updated(3*day)), returns.Operations, "10.00 GBP",
			"TikTok shows the parcel of return R1 delivered at 2026-02-27 12:00 UTC, and ReturnGO has not received it"},
		"paid": {setup(2, approvedSince(20*day), buyerReturn("R1", returns.TikTokPaid, 1, 2), updated(12*day)), returns.Finance, "30.00 GBP",
			"TikTok paid return R1 at 2026-02-18 12:00 UTC, and none of its 2 units came back"},
		"missing": {setup(1, approvedSince(3*time.Hour), notEligible("market", "L1")), returns.CX, "10.00 GBP",
			"the RMA was approved at 2026-03-02 09:00 UTC, the buyer has no return at TikTok for order " + orderID + ", and TikTok lets no seller refund be made (market)"},
		"unlinked": {setup(2, func(f *Facts) { f.Record.OrderID, f.Record.RMA.OrderName = "", "#1001" }), returns.CX, "30.00 GBP",
			`order name "#1001" leads to no TikTok order`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := Decide(c.given).Plan.Exceptions
			require.Len(t, got, 1)
			require.Equal(t, c.owner, got[0].Owner)
			require.Equal(t, c.sentence, got[0].Sentence)
			require.Equal(t, c.amount, got[0].Amount.String())
		})
	}
}

// Whether a refund could be made without a TikTok return is asked once, and
// never beside another question.
func TestAMissingTikTokReturnIsAskedAboutOnce(t *testing.T) {
	t.Parallel()
	noCase := together(approvedSince(2*time.Hour), noTransactions)
	d := Decide(setup(1, noCase))
	require.Equal(t, &Question{OrderID: orderID, Units: []returns.UnitID{"L1"}, RequestType: returns.TypeRefund, ReasonKey: reason}, d.Ask)
	require.Equal(t, []string{"look-tiktok"}, acts(d))
	for name, f := range map[string]Facts{
		"answered":            setup(1, noCase, payable("10.00", "L1"), func(f *Facts) { f.Record.Payable.At = noon.Add(-5 * time.Hour) }),
		"asked about another": setup(1, noCase, payable("10.00", "L2")),
		"too early":           setup(1, noCase, approvedSince(time.Hour)),
		"no reason to give":   setup(1, noCase, policy(func(p *Policy) { p.ReasonKeys = nil })),
	} {
		require.Nil(t, Decide(f).Ask, name)
		require.Empty(t, acts(Decide(f)), name)
	}
}

// Without an RMA nothing says that the goods came back for which TikTok paid.
func TestAPaidTikTokReturnWithoutRMA(t *testing.T) {
	t.Parallel()
	alone := func(kind string, changes ...change) Facts {
		return setup(1, append([]change{tiktokCase("R1", kind, returns.TikTokPaid, 1), func(f *Facts) {
			f.Key = returns.TikTokKey("R1")
			f.Record.RMA, f.Record.Order, f.Record.OrderID = nil, nil, ""
		}}, changes...)...)
	}
	play(t, []scene{
		{"an RMA may still come", alone(returns.TypeReturnAndRefund, updated(time.Hour)), want{}},
		{"none came", alone(returns.TypeReturnAndRefund, updated(2*time.Hour)), want{kinds: []returns.Kind{returns.RefundWithoutParcel}}},
		{"it came", alone(returns.TypeReturnAndRefund, updated(2*time.Hour), heldBy(returns.RMAKey(rmaID), "L1")), want{closed: true}},
		{"Finance knows", alone(returns.TypeReturnAndRefund, updated(2*time.Hour), answer(returns.RefundWithoutParcel, returns.AnswerAcknowledge)), want{closed: true}},
		{"a person had it in hand", alone(returns.TypeReturnAndRefund, updated(2*time.Hour), answer(returns.ReturnWithoutRMA, returns.AnswerHandledManually)), want{closed: true}},
		{"the buyer was to keep the goods", alone(returns.TypeRefund, updated(2*time.Hour)), want{closed: true}},
	})
	require.Equal(t, noon.Add(time.Hour), Decide(alone(returns.TypeReturnAndRefund, updated(time.Hour))).Plan.Wake.At)
}
