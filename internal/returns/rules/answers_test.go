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
		{"no amount: asked about the first", foreseen, want{kinds: []returns.Kind{returns.NoAuthorisedAmount}}},
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
			want{kinds: []returns.Kind{returns.RefusedInReturnGO, returns.RefundValueMismatch}}},
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
		"R1":              {returns.RefusedInReturnGO},
	} {
		d := Decide(say(f, said(1, subject, returns.EffectRefused, returns.AnswerHandledManually)))
		require.Equal(t, want, kinds(d), subject)
	}
}
