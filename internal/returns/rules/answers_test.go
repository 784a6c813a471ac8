package rules

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/returns"
)

// said is one answer about one subject, so many minutes ago.
func said(minutes int, subject string, kind returns.Kind, a returns.AnswerName, amount ...string) change {
	return func(f *Facts) {
		given := returns.Answer{Kind: kind, Answer: a, Subject: subject, Who: "Ann", Reference: "bank transfer 7", At: noon.Add(-time.Duration(minutes) * time.Minute)}
		if len(amount) > 0 {
			given.Amount = gbp(amount[0])
		}
		f.Record.Said = append(f.Record.Said, given)
		f.Record.Answers[kind] = given
	}
}

// say gives answers one after the other, each to the facts as they then are.
func say(f Facts, answers ...change) Facts {
	f.Record.Answers, f.Record.Said = map[returns.Kind]returns.Answer{}, nil
	for _, a := range answers {
		a(&f)
	}
	return f
}

// TestAnAnswerSpeaksForItsSubject alone: a second answer of the same kind, about
// something else, neither replaces it nor is given by it.
func TestAnAnswerSpeaksForItsSubject(t *testing.T) {
	t.Parallel()
	inStock := together(passed(1, 2), stock("L1", returns.RestockProven, ""), stock("L2", returns.RestockProven, ""))
	shipped := together(inStock, buyerReturn("R1", returns.TikTokShipped, 1), buyerReturn("R2", returns.TikTokShipped, 2))
	fees := together(item(1, func(i *returns.RMAItem) { i.Fees = "1.00" }), item(2, func(i *returns.RMAItem) { i.Fees = "1.00" }))
	foreseen := setup(2, shipped, noTransactions, fees)
	twice := setup(2, inStock, payable("30.00", "L1", "L2"), transaction("T8", returns.TransactionRequested, "9.00", "I1"), transaction("T9", returns.TransactionRequested, "19.00", "I2"))
	differs := setup(2, shipped, tiktokPays(1, "11.00"), tiktokPays(2, "21.00"))
	paid := setup(2, inStock, buyerReturn("R1", returns.TikTokPaid, 1), buyerReturn("R2", returns.TikTokPaid, 2), tiktokPays(1, "11.00"), tiktokPays(2, "21.00"))
	const set, no, ack = returns.AnswerSetAmount, returns.AnswerDoNotRefund, returns.AnswerAcknowledge
	paidTwo := []string{"comment refund-R1", "comment refund-R2"}
	play(t, []scene{
		{"no amount: asked about both", foreseen, want{kinds: []returns.Kind{returns.NoAuthorisedAmount, returns.NoAuthorisedAmount}}},
		{"the first set, the second asked", say(foreseen, said(2, "R1", returns.NoAuthorisedAmount, set, "10.00")),
			want{acts: []string{"confirm-parcel R1 10.00"}, kinds: []returns.Kind{returns.NoAuthorisedAmount}}},
		{"both set: the second replaces nothing", say(foreseen, said(2, "R1", returns.NoAuthorisedAmount, set, "10.00"), said(1, "R2", returns.NoAuthorisedAmount, set, "20.00")),
			want{acts: []string{"confirm-parcel R1 10.00"}}},
		{"the first set anew", say(foreseen, said(3, "R1", returns.NoAuthorisedAmount, set, "5.00"), said(2, "R2", returns.NoAuthorisedAmount, set, "20.00"), said(1, "R1", returns.NoAuthorisedAmount, set, "10.00")),
			want{acts: []string{"confirm-parcel R1 10.00"}}},
		{"authorised twice: one question after the other", say(twice, said(2, "L1", returns.AuthorisedTwice, set, "10.00")),
			want{acts: []string{"look-tiktok"}, kinds: []returns.Kind{returns.AuthorisedTwice}}},
		{"both answered", say(twice, said(2, "L1", returns.AuthorisedTwice, set, "9.00"), said(1, "L2", returns.AuthorisedTwice, set, "18.00")),
			want{acts: []string{"exact-seller-refund L1+L2 27.00"}}},
		{"one refused, the other set", say(twice, said(2, "L1", returns.AuthorisedTwice, no), said(1, "L2", returns.AuthorisedTwice, set, "18.00"), payable("20.00", "L2")),
			want{acts: []string{"exact-seller-refund L2 18.00"}}},
		{"one is not to be refunded, the other is asked about", say(differs, said(1, "R1", returns.RefundValueMismatch, no)),
			want{kinds: []returns.Kind{returns.RefusedByPeople, returns.RefundValueMismatch}}},
		{"seen by Finance, one of two", say(paid, said(1, "R1", returns.RefundDiffers, ack)), want{acts: paidTwo, kinds: []returns.Kind{returns.RefundDiffers}}},
		{"seen by Finance, both", say(paid, said(2, "R1", returns.RefundDiffers, ack), said(1, "R2", returns.RefundDiffers, ack)), want{acts: paidTwo}},
	})
}

// An amount for several units is shared when it is given: what one of them loses
// later is not added to the others.
func TestAnAmountForTwoUnitsPaysOnlyItsShareOfOne(t *testing.T) {
	t.Parallel()
	f := setup(2, passed(1), notInParcel(2), stock("L1", returns.RestockProven, ""), noTransactions, payable("10.00", "L1"), item(1, func(i *returns.RMAItem) { i.Fees = "1.00" }))
	d := Decide(say(f, said(1, "L1+L2", returns.NoAuthorisedAmount, returns.AnswerSetAmount, "27.00")))
	require.Equal(t, []string{"exact-seller-refund L1 9.00"}, acts(d))
}

func TestAnAmountForTwoUnitsChangesNothingElse(t *testing.T) {
	t.Parallel()
	inStock := together(passed(1, 2), stock("L1", returns.RestockProven, ""), stock("L2", returns.RestockProven, ""))
	f := setup(2, inStock, noTransactions, transaction("T2", returns.TransactionSuccess, "20.00", "I2"), payable("10.00", "L1"), item(1, func(i *returns.RMAItem) { i.Fees = "1.00" }))
	d := Decide(say(f, said(1, "L1+L2", returns.NoAuthorisedAmount, returns.AnswerSetAmount, "27.00")))
	require.Equal(t, []string{"exact-seller-refund L1 9.00"}, acts(d))
	require.Equal(t, []returns.Kind{returns.PaidInReturnGO}, kinds(d), "a unit that ReturnGO paid stays unpaid")

	f = setup(2, inStock, transaction("T9", returns.TransactionRequested, "9.00", "I1"), payable("30.00", "L1", "L2"))
	d = Decide(say(f, said(1, "", returns.AuthorisedTwice, returns.AnswerSetAmount, "27.00"))) // given when a question named no unit
	require.Equal(t, []string{"exact-seller-refund L1+L2 29.00"}, acts(d), "an authorised unit keeps its value")
}

func TestARefusedLabelSaysNothingAboutTheMoney(t *testing.T) {
	t.Parallel()
	f := setup(1, passed(1), stock("L1", returns.RestockProven, ""), buyerReturn("R1", returns.TikTokShipped, 1), decision(returns.EffectRefund, returns.RouteConfirmParcel, "R1", returns.EffectVoid, "10.00", "L1"))
	for subject, want := range map[string][]returns.Kind{
		"upload-label R1": {returns.EffectRefused}, // by hand; the refund is still refused
		"R1":              {returns.RefusedByPeople},
	} {
		d := Decide(say(f, said(1, subject, returns.EffectRefused, returns.AnswerHandledManually)))
		require.Equal(t, want, kinds(d), subject)
	}
}

func TestFinancePaysTheRest(t *testing.T) {
	t.Parallel()
	inStock := together(passed(1), stock("L1", returns.RestockProven, ""))
	less := together(inStock, tiktokCase("R1", returns.TypeRefund, returns.TikTokPaid, 1), tiktokPays(1, "8.00"))
	note := written(returns.RouteComment, "refund-R1", "R1", returns.EffectVerified)
	marker := func(f *Facts) { f.Record.RMA.Markers = []string{"refund-R1"} }
	noted := together(less, note, marker)
	rest := said(1, "R1", returns.RefundDiffers, returns.AnswerPayRest)
	ours := together(noted, sellerRefund(returns.EffectApplied, "2.00", "L1"), effectIs(2, func(e *returns.Effect) { e.TikTokReturnID = "R2" }))
	shown := func(status string) change {
		return together(ours, tiktokCase("R2", returns.TypeRefund, status, 1), tiktokPays(2, "2.00"), caseIs(2, func(t *returns.TikTokReturn) { t.Role, t.CreatedAt = "SELLER", noon.Add(-time.Minute) }))
	}
	differs := want{kinds: []returns.Kind{returns.RefundDiffers}}
	play(t, []scene{
		{"Finance is asked", setup(1, noted), differs},
		{"TikTok is asked first", say(setup(1, noted), rest), want{acts: []string{"look-tiktok"}}},
		{"exactly the rest", say(setup(1, noted, payable("2.00", "L1")), rest), want{acts: []string{"exact-seller-refund L1 2.00"}}},
		{"what was cancelled paid nothing", say(setup(1, noted, payable("2.00", "L1"), buyerReturn("R0", returns.TikTokCancelled, 1)), rest), want{acts: []string{"exact-seller-refund L1 2.00"}}},
		{"of two units together", say(setup(2, together(passed(1, 2), stock("L1", returns.RestockProven, ""), stock("L2", returns.RestockProven, "")),
			tiktokCase("R1", returns.TypeRefund, returns.TikTokPaid, 1, 2), tiktokPays(1, "25.00"), caseIs(1, func(t *returns.TikTokReturn) { t.Lines[0].Refund, t.Lines[1].Refund = gbp("8.00"), gbp("17.00") }),
			note, marker, payable("9.00", "L1", "L2")), rest), want{acts: []string{"exact-seller-refund L1+L2 5.00"}}},
		{"TikTok would refund less", say(setup(1, noted, payable("1.99", "L1")), rest), differs},
		{"TikTok refunds nothing any more", say(setup(1, noted, payable("2.00", "L1"), func(f *Facts) { f.Record.Payable.Eligible = false }), rest), differs},
		{"it was more, not less", say(setup(1, noted, tiktokPays(1, "11.00")), rest), differs},
		{"no reason mapped", say(setup(1, noted, policy(func(p *Policy) { p.ReasonKeys = nil })), rest), differs},
		{"another case is open on the unit", say(setup(1, noted, payable("2.00", "L1"), buyerReturn("R3", returns.TikTokPending, 1)), rest), differs},
		{"the first refund was ours", say(setup(1, noted, payable("2.00", "L1"), decision(returns.EffectRefund, returns.RouteConfirmParcel, "R1", returns.EffectVerified, "8.00", "L1")), rest), differs},
		{"not authorised any more", say(setup(1, noted, payable("2.00", "L1"), notInParcel(1)), rest), want{kinds: []returns.Kind{returns.RefundDiffers, returns.StockOverstated}}},
		{"switched off", say(setup(1, noted, payable("2.00", "L1"), policy(func(p *Policy) { p.Switches.Refund = false })), rest), want{}},
		{"seen by Finance instead", say(setup(1, noted, payable("2.00", "L1")), rest, said(0, "R1", returns.RefundDiffers, returns.AnswerAcknowledge)), want{closed: true}},
		{"said about an earlier refund", say(setup(1, noted, payable("2.00", "L1"), caseIs(1, func(t *returns.TikTokReturn) { t.UpdatedAt = noon })), rest), differs},
		{"sent", say(setup(1, ours, payable("2.00", "L1")), rest), want{}},
		{"approved", say(setup(1, shown(returns.TikTokApproved)), rest), want{}},
		{"paid: nobody was paid twice", say(setup(1, shown(returns.TikTokPaid)), rest), want{acts: []string{"set-transaction T1"}}},
	})
}

// A rest is one refund for all units together: TikTok splits it as it likes.
func TestPartialRefundsThatAddUpAreNoDoublePayment(t *testing.T) {
	t.Parallel()
	lines := func(i int, amounts ...string) change {
		return caseIs(i, func(t *returns.TikTokReturn) {
			for j := range t.Lines {
				t.Lines[j].Refund = gbp(amounts[j])
			}
		})
	}
	inStock := together(passed(1, 2), stock("L1", returns.RestockProven, ""), stock("L2", returns.RestockProven, ""))
	both := together(inStock, tiktokCase("R1", returns.TypeRefund, returns.TikTokPaid, 1, 2), tiktokPays(1, "25.00"), lines(1, "8.00", "17.00"), tiktokCase("R2", returns.TypeRefund, returns.TikTokPaid, 1, 2))
	d := Decide(setup(2, both, tiktokPays(2, "5.00"), lines(2, "1.67", "3.33")))
	require.Empty(t, kinds(d))
	d = Decide(setup(2, both, tiktokPays(2, "22.00"), lines(2, "2.00", "20.00")))
	require.Equal(t, []returns.Kind{returns.RefundDiffers, returns.PaidTwice}, kinds(d))
	require.Equal(t, "L2", d.Plan.Exceptions[1].Subject, "the other one adds up")
}

// Finance accepted what TikTok pays for two units: when one of them turns out not
// to be in the parcel, that is another question.
func TestAnAcceptedAmountDoesNotPayForAUnitThatStaysAway(t *testing.T) {
	t.Parallel()
	shipped := together(buyerReturn("R1", returns.TikTokShipped, 1, 2), tiktokPays(1, "31.00"), stock("L1", returns.RestockProven, ""))
	accepts := func(kind returns.Kind) change {
		return said(120, "R1", kind, returns.AnswerAcceptPayable, "31.00")
	}
	const pay = "confirm-parcel R1 31.00"
	mixed := setup(2, shipped, passed(1), notInParcel(2), takenBack(2))
	early := item(2, func(i *returns.RMAItem) { i.Inspection.At = noon.Add(-3 * time.Hour) })
	play(t, []scene{
		{"both came back", say(setup(2, shipped, passed(1, 2), stock("L2", returns.RestockProven, "")), accepts(returns.RefundValueMismatch)), want{acts: []string{pay}}},
		{"both came back, and another amount was authorised since", say(setup(2, shipped, passed(1, 2), stock("L2", returns.RestockProven, ""),
			transactionIs(2, func(t *returns.Transaction) { t.Amount, t.CreatedAt = gbp("2.00"), noon.Add(-time.Hour) })), accepts(returns.RefundValueMismatch)),
			want{kinds: []returns.Kind{returns.RefundValueMismatch}}},
		{"one did not", say(mixed, accepts(returns.RefundValueMismatch)), want{kinds: []returns.Kind{returns.ParcelMixed}}},
		{"one did not, which was not known when the other was said to be missing", say(mixed, accepts(returns.ParcelMixed)), want{kinds: []returns.Kind{returns.ParcelMixed}}},
		{"one did not, and that was accepted", say(setup(2, shipped, passed(1), notInParcel(2), early), accepts(returns.ParcelMixed)), want{acts: []string{pay}}},
		{"TikTok paid for both by itself", say(setup(2, buyerReturn("R1", returns.TikTokPaid, 1, 2), tiktokPays(1, "31.00"), stock("L1", returns.RestockProven, ""), passed(1), notInParcel(2)), accepts(returns.RefundValueMismatch)),
			want{acts: []string{"comment refund-R1"}, kinds: []returns.Kind{returns.RefundDiffers}}},
	})
}
