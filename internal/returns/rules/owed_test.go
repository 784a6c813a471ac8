package rules

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/returns"
)

// authorisedAt is when ReturnGO entered a unit's transaction.
func authorisedAt(i int, at time.Time) change {
	return transactionIs(i, func(t *returns.Transaction) { t.CreatedAt = at })
}

// A live transaction for a unit that did not come back (issue 9, number 6). The
// inspection of these tests was an hour ago.
func TestARefundAuthorisedThoughNothingCameBack(t *testing.T) {
	t.Parallel()
	after, before := noon.Add(-30*time.Minute), noon.Add(-2*time.Hour)
	const pay = "exact-seller-refund L1 10.00"
	goodwill := together(notInParcel(1), authorisedAt(1, after), payable("10.00", "L1"))
	older := together(notInParcel(1), authorisedAt(1, before), payable("10.00", "L1"))
	contradicted, inTheWay := []returns.Kind{returns.RefundContradicted}, []returns.Kind{returns.CaseInTheWay}
	status := func(s string) change { return transactionIs(1, func(t *returns.Transaction) { t.Status = s }) }
	play(t, []scene{
		{"entered after the inspection", setup(1, goodwill), want{acts: []string{pay}}},
		{"pending counts as well", setup(1, goodwill, status(returns.TransactionPending)), want{acts: []string{pay}}},
		{"entered before the inspection", setup(1, older), want{kinds: contradicted}},
		{"entered in the moment of the inspection", setup(1, older, authorisedAt(1, noon.Add(-time.Hour))), want{kinds: contradicted}},
		{"of an unknown status", setup(1, older, status("Odd")), want{kinds: contradicted}},
		{"cancelled", setup(1, older, status(returns.TransactionCanceled)), want{closed: true}},
		{"failed", setup(1, older, status(returns.TransactionFailed)), want{closed: true}},
		{"over nothing", setup(1, older, transactionIs(1, func(t *returns.Transaction) { t.Amount = gbp("0.00") })), want{closed: true}},
		{"Finance pays it", setup(1, older, answer(returns.RefundContradicted, returns.AnswerPay, "10.00")), want{acts: []string{pay}}},
		{"Finance pays it, and the amount has changed", setup(1, older, answer(returns.RefundContradicted, returns.AnswerPay, "9.00")), want{kinds: contradicted}},
		{"Finance did not see this inspection", setup(1, older, answer(returns.RefundContradicted, returns.AnswerPay, "10.00"), answeredAt(returns.RefundContradicted, noon.Add(-61*time.Minute))), want{kinds: contradicted}},
		{"Finance pays nothing", setup(1, older, answer(returns.RefundContradicted, returns.AnswerDoNotRefund)), want{closed: true}},
		{"Finance handled it", setup(1, older, answer(returns.RefundContradicted, returns.AnswerHandledManually)), want{closed: true}},
		{"an older one beside a newer one", setup(1, goodwill, transaction("T9", returns.TransactionRequested, "5.00", "I1"), func(f *Facts) { f.Record.RMA.Transactions[1].CreatedAt = before }),
			want{kinds: []returns.Kind{returns.AuthorisedTwice}}},

		{"a case whose parcel does not come", setup(1, goodwill, buyerReturn("R1", returns.TikTokAwaitingShip, 1)), want{kinds: inTheWay}},
		{"a shipped case of which nothing came", setup(1, goodwill, buyerReturn("R1", returns.TikTokShipped, 1)), want{kinds: inTheWay}},
		{"CX leaves it to TikTok", setup(1, goodwill, buyerReturn("R1", returns.TikTokAwaitingShip, 1), answer(returns.CaseInTheWay, returns.AnswerDoNotRefund)), want{}},
		{"a shipped case of which the other unit came", setup(2, passed(1), stock("L1", returns.RestockProven, ""), notInParcel(2), authorisedAt(2, after), buyerReturn("R1", returns.TikTokShipped, 1, 2)),
			want{acts: []string{"confirm-parcel R1 30.00"}}},
		{"a pending request: nothing more is to come", setup(1, goodwill, buyerReturn("R1", returns.TikTokPending, 1)), want{acts: []string{"buyer-keeps-goods R1 10.00"}}},
		{"a pending refund-only case", setup(1, goodwill, tiktokCase("R1", returns.TypeRefund, returns.TikTokPending, 1)), want{acts: []string{"approve-refund-only R1 10.00"}}},
		{"TikTok ended the case", setup(1, goodwill, buyerReturn("R1", returns.TikTokCancelled, 1)), want{acts: []string{pay}}},
		{"an older one, and a shipped case", setup(1, older, buyerReturn("R1", returns.TikTokShipped, 1)), want{kinds: []returns.Kind{returns.RefusedInReturnGO, returns.RefundContradicted}}},
		{"an older one, and TikTok paid", setup(1, older, buyerReturn("R1", returns.TikTokApproved, 1)), want{}},
	})
}

// A refused RMA that still holds an open refund (issue 9, number 6).
func TestARefusedRMAWithAnOpenRefund(t *testing.T) {
	t.Parallel()
	held := []returns.Kind{returns.RefusedWithRefund}
	for _, status := range []string{returns.RMARejected, returns.RMACanceled} {
		play(t, []scene{
			{status, setup(1, rma(status)), want{kinds: held}},
			{status + ", the transaction too", setup(1, rma(status), takenBack(1)), want{closed: true}},
			{status + ", Finance knows", setup(1, rma(status), answer(returns.RefusedWithRefund, returns.AnswerDoNotRefund)), want{closed: true}},
			{status + ", Finance knew of an earlier one", setup(1, rma(status), authorisedAt(1, noon.Add(-time.Second)), answer(returns.RefusedWithRefund, returns.AnswerDoNotRefund)), want{kinds: held}},
			{status + ", TikTok paid", setup(1, rma(status), buyerReturn("R1", returns.TikTokPaid, 1)), want{acts: []string{"set-transaction T1"}, kinds: []returns.Kind{returns.ReversedAfterRefund}}},
		})
	}
}

// Who refused a refund did not see what ReturnGO authorised afterwards.
func TestATransactionAfterAPersonsRefusal(t *testing.T) {
	t.Parallel()
	later := together(passed(1), stock("L1", returns.RestockProven, ""), payable("10.00", "L1"), authorisedAt(1, noon.Add(-10*time.Minute)),
		answer(returns.NotPayable, returns.AnswerDoNotRefund), about("L1", returns.NotPayable), answeredAt(returns.NotPayable, noon.Add(-20*time.Minute)))
	play(t, []scene{
		{"it is asked about", setup(1, later), want{kinds: []returns.Kind{returns.RefundContradicted}}},
		{"Finance pays it", setup(1, later, answer(returns.RefundContradicted, returns.AnswerPay, "10.00"), about("L1", returns.RefundContradicted)), want{acts: []string{"exact-seller-refund L1 10.00"}}},
		{"Finance does not", setup(1, later, answer(returns.RefundContradicted, returns.AnswerDoNotRefund)), want{closed: true}},
		{"one that the person knew of", setup(1, later, authorisedAt(1, noon.Add(-time.Hour))), want{closed: true}},
	})
}

// Rejected by people and then closed by TikTok (issue 9, number 7).
func TestARejectionOutlivesTheCase(t *testing.T) {
	t.Parallel()
	ready := together(passed(1), stock("L1", returns.RestockProven, ""), payable("10.00", "L1"))
	closedCase := func(c func(*returns.TikTokReturn)) change {
		return together(ready, buyerReturn("R1", returns.TikTokCancelled, 1), caseIs(1, c))
	}
	rejected := closedCase(func(t *returns.TikTokReturn) { t.RefusedAt = noon.Add(-3 * time.Hour) })
	asks, pay := want{kinds: []returns.Kind{returns.RejectedOnTikTok}}, want{acts: []string{"exact-seller-refund L1 10.00"}}
	play(t, []scene{
		{"rejected, then closed", setup(1, rejected), asks},
		{"arbitration for the seller, then closed", setup(1, closedCase(func(t *returns.TikTokReturn) { t.Arbitration = returns.ArbitrationForSeller })), asks},
		{"rejected, and overturned by arbitration", setup(1, closedCase(func(t *returns.TikTokReturn) {
			t.RefusedAt, t.Arbitration = noon.Add(-3*time.Hour), returns.ArbitrationForBuyer
		})), pay},
		{"closed without a refusal", setup(1, closedCase(func(*returns.TikTokReturn) {})), pay},
		{"CX pays it", setup(1, rejected, answer(returns.RejectedOnTikTok, returns.AnswerPay, "10.00")), pay},
		{"CX paid another amount", setup(1, rejected, answer(returns.RejectedOnTikTok, returns.AnswerPay, "9.00")), asks},
		{"CX answered an earlier refusal", setup(1, rejected, answer(returns.RejectedOnTikTok, returns.AnswerPay, "10.00"), answeredAt(returns.RejectedOnTikTok, noon.Add(-4*time.Hour))), asks},
		{"CX does not pay it", setup(1, rejected, answer(returns.RejectedOnTikTok, returns.AnswerDoNotRefund)), want{closed: true}},
		{"still rejected, and CX pays", setup(1, ready, buyerReturn("R1", returns.TikTokParcelRejected, 1), answer(returns.RejectedOnTikTok, returns.AnswerPay, "10.00")), want{}},
		{"the other unit is paid", setup(2, rejected, passed(2), stock("L2", returns.RestockProven, ""), payable("20.00", "L2")), want{acts: []string{"exact-seller-refund L2 20.00"}, kinds: asks.kinds}},
	})
	d := Decide(setup(1, announced, returnable("10.00", "L1"), buyerReturn("R1", returns.TikTokCancelled, 1), caseIs(1, func(t *returns.TikTokReturn) { t.RefusedAt = noon.Add(-time.Hour) })))
	require.Empty(t, acts(d), "no return is opened for a buyer whose request was rejected")
}

// A case that the buyer withdrew before any parcel moved (issue 9, number 8).
func TestAWithdrawnCaseOwesNothing(t *testing.T) {
	t.Parallel()
	withdrawn := together(rma(returns.RMAApproved), payable("10.00", "L1"), buyerReturn("R1", returns.TikTokCancelled, 1))
	shipped := func(f *Facts) {
		f.Record.RMA.Shipments = []returns.Shipment{{ID: "S1", Status: returns.ShipmentShipped}}
	}
	asks, ends, pays := want{kinds: []returns.Kind{returns.RefundContradicted}}, want{closed: true}, want{acts: []string{"exact-seller-refund L1 10.00"}}
	for _, g := range []Gate{GateApproved, GateTransaction, GateDone} {
		held := together(withdrawn, gate(g))
		if g == GateDone {
			held = together(held, rma(returns.RMADone))
		}
		name := string(g) + ": "
		play(t, []scene{
			{name + "no transaction", setup(1, held, noTransactions), ends},
			{name + "a transaction", setup(1, held), asks},
			{name + "a transaction since", setup(1, held, authorisedAt(1, noon.Add(-time.Hour))), asks},
			{name + "Finance pays it", setup(1, held, answer(returns.RefundContradicted, returns.AnswerPay, "10.00")), pays},
			{name + "Finance does not", setup(1, held, answer(returns.RefundContradicted, returns.AnswerDoNotRefund)), ends},
			{name + "the parcel is on its way", setup(1, held, shipped), pays},
			{name + "the case shows a parcel", setup(1, held, caseIs(1, func(t *returns.TikTokReturn) { t.Tracked = true })), pays},
			{name + "the seller's own case", setup(1, held, caseIs(1, func(t *returns.TikTokReturn) { t.Role = "SELLER" })), pays},
			{name + "it was inspected", setup(1, held, passed(1), stock("L1", returns.RestockProven, "")), pays},
			{name + "the buyer asked again", setup(1, held, buyerReturn("R2", returns.TikTokAwaitingShip, 1), caseIs(2, func(t *returns.TikTokReturn) { t.CreatedAt = noon })), want{}},
		})
	}
	play(t, []scene{
		{"approved: received", setup(1, withdrawn, gate(GateApproved), rma(returns.RMAReceived)), pays},
		{"validated: the parcel may still come", setup(1, withdrawn, noTransactions), want{}},
		{"validated: nothing was to be sent", setup(1, withdrawn, noTransactions, noShipment(1)), ends},
	})
}
