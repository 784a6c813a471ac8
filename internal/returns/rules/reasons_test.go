package rules

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/returns"
)

// worn gives a unit a return reason of its own, which TikTok knows by another key.
func worn(unit int) change {
	return together(item(unit, func(i *returns.RMAItem) { i.Reason = "Arrived damaged" }),
		policy(func(p *Policy) {
			p.ReasonKeys = map[string]string{"Does not fit": reason, "Arrived damaged": "seller_reason_broken"}
		}))
}

// Units of two reasons are paid by two requests (issue 9, number 10): a reason is a
// statement in the merchant's name.
func TestOneRequestForEachReason(t *testing.T) {
	t.Parallel()
	both := together(passed(1, 2), stock("L1", returns.RestockProven, ""), stock("L2", returns.RestockProven, ""))
	broken := func(amount string, units ...returns.UnitID) change {
		return together(payable(amount, units...), func(f *Facts) { f.Record.Payable.ReasonKey = "seller_reason_broken" })
	}
	open := func(kind returns.Kind, subject string) change {
		return func(f *Facts) {
			e := returns.NewException(kind, "as before", gbp("10.00"))
			e.Subject = subject
			f.Record.Open = append(f.Record.Open, openSince(noon, e)...)
		}
	}
	f := setup(2, both, worn(2), payable("10.00", "L1"))
	d := Decide(f)
	require.Equal(t, []string{"exact-seller-refund L1 10.00"}, acts(d))
	require.Equal(t, reason, d.Plan.Acts[0].ReasonKey)

	sent := together(both, worn(2), sellerRefund(returns.EffectVerified, "10.00", "L1"), tiktokCase("S1", returns.TypeRefund, returns.TikTokPaid, 1),
		caseIs(1, func(t *returns.TikTokReturn) { t.Role, t.CreatedAt = "SELLER", noon.Add(-time.Minute) }), effectIs(1, func(e *returns.Effect) { e.TikTokReturnID = "S1" }))
	d = Decide(setup(2, sent, broken("20.00", "L2")))
	require.Equal(t, []string{"exact-seller-refund L2 20.00"}, acts(d))
	require.Equal(t, "seller_reason_broken", d.Plan.Acts[0].ReasonKey)

	play(t, []scene{
		{"two ReturnGO reasons that are one at TikTok", setup(2, both, item(2, func(i *returns.RMAItem) { i.Reason = "Too late" }), payable("30.00", "L1", "L2")), want{acts: []string{"exact-seller-refund L1+L2 30.00"}}},
		{"one transaction over both is shared", setup(2, both, worn(2), noTransactions, transaction("T9", returns.TransactionRequested, "15.00", "I1", "I2"), payable("10.00", "L1")),
			want{acts: []string{"exact-seller-refund L1 5.00"}}},
		{"a reason that is not mapped keeps nobody else", setup(2, both, worn(2), policy(func(p *Policy) { delete(p.ReasonKeys, "Does not fit") }), broken("20.00", "L2")),
			want{acts: []string{"exact-seller-refund L2 20.00"}, kinds: []returns.Kind{returns.ReasonUnmapped}}},
		{"nothing to refund keeps nobody else", setup(2, both, worn(2), transactionIs(1, func(t *returns.Transaction) { t.Amount = gbp("0.00") }), broken("20.00", "L2")), want{acts: []string{"exact-seller-refund L2 20.00"}}},
		{"a question about the first keeps nobody else", setup(2, both, worn(2), open(returns.NotPayable, "L1"), broken("20.00", "L2")),
			want{acts: []string{"exact-seller-refund L2 20.00"}, kinds: []returns.Kind{returns.NotPayable}}},
		{"questions about both: the first is asked anew", setup(2, both, worn(2), open(returns.NotPayable, "L1"), open(returns.LargeRefund, "L2"), payable("10.00", "L1")),
			want{acts: []string{"exact-seller-refund L1 10.00"}, kinds: []returns.Kind{returns.LargeRefund}}},
		{"while TikTok is asked a question stays open", setup(1, passed(1), stock("L1", returns.RestockProven, ""), open(returns.NotPayable, "L1")),
			want{acts: []string{"look-tiktok"}, kinds: []returns.Kind{returns.NotPayable}}},
	})

	d = Decide(setup(2, both, worn(2), policy(func(p *Policy) { p.ReasonKeys = nil })))
	require.Equal(t, []returns.Kind{returns.ReasonUnmapped}, kinds(d))
	require.Contains(t, d.Plan.Exceptions[0].Sentence, `reasons "Does not fit" and "Arrived damaged"`)

	rest := setup(2, both, worn(2), tiktokCase("R1", returns.TypeRefund, returns.TikTokPaid, 1, 2), tiktokPays(1, "25.00"),
		caseIs(1, func(t *returns.TikTokReturn) { t.Lines[0].Refund, t.Lines[1].Refund = gbp("8.00"), gbp("17.00") }))
	d = Decide(say(rest, said(1, "R1", returns.RefundDiffers, returns.AnswerPayRest)))
	require.Equal(t, []returns.Kind{returns.RefundDiffers}, kinds(d), "what is missing cannot be split")
	require.Contains(t, d.Plan.Exceptions[0].Sentence, `reasons "Does not fit" and "Arrived damaged"`)
}

// A pending refund-only case of which some units are refused (issue 9, number 11).
func TestAMixedRefundOnlyCaseIsMixed(t *testing.T) {
	t.Parallel()
	pending := tiktokCase("R1", returns.TypeRefund, returns.TikTokPending, 1, 2)
	mixed := together(passed(1), stock("L1", returns.RestockProven, ""), notInParcel(2), takenBack(2), pending)
	play(t, []scene{
		{"one of two came back", setup(2, mixed), want{kinds: []returns.Kind{returns.ParcelMixed}}},
		{"CX accepts that", setup(2, mixed, answer(returns.ParcelMixed, returns.AnswerAcceptPayable, "30.00")), want{acts: []string{"approve-refund-only R1 30.00"}}},
		{"none came back", setup(2, notInParcel(1, 2), takenBack(1, 2), pending), want{kinds: []returns.Kind{returns.RefusedInReturnGO}}},
		{"one is still to be inspected", setup(2, notInParcel(2), takenBack(2), pending), want{}},
	})
}
