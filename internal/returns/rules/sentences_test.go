package rules

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/returns"
)

// What people read after a person decided is true (issue 9, number 13).
func TestTheSentenceNamesWhoDecided(t *testing.T) {
	t.Parallel()
	shipped := together(passed(1), stock("L1", returns.RestockProven, ""), buyerReturn("R1", returns.TikTokShipped, 1), tiktokPays(1, "12.00"))
	d := Decide(setup(1, shipped, answer(returns.RefundValueMismatch, returns.AnswerDoNotRefund)))
	require.Equal(t, []returns.Kind{returns.RefusedByPeople}, kinds(d))
	require.Equal(t, "TikTok return R1 is not to be refunded: Finance decided not to refund it", d.Plan.Exceptions[0].Sentence)
	require.Equal(t, []returns.Silence{{TikTokReturnID: "R1", Amount: gbp("12.00"), At: noon.Add(48 * time.Hour), Pays: true}}, d.Plan.Silence)

	d = Decide(setup(1, notInParcel(1), takenBack(1), buyerReturn("R1", returns.TikTokShipped, 1)))
	require.Equal(t, []returns.Kind{returns.RefusedInReturnGO}, kinds(d), "here it is ReturnGO that says so")

	d = Decide(setup(1, rma(returns.RMAApproved), noTransactions, buyerReturn("R1", returns.TikTokPending, 1), policy(func(p *Policy) { p.Switches.Register = false })))
	require.Equal(t, []returns.Silence{{TikTokReturnID: "R1", Amount: gbp("10.00"), At: noon.Add(48 * time.Hour)}}, d.Plan.Silence, "a request is only let through")

	d = Decide(setup(1, passed(1), buyerReturn("R1", returns.TikTokShipped, 1)))
	require.Empty(t, d.Plan.Silence, "it is paid now")
}

// A transaction of another amount than what was paid stays open in ReturnGO.
func TestATransactionThatStaysOpenIsNamed(t *testing.T) {
	t.Parallel()
	const stays = "transaction T1 of 10.00 GBP"
	shipped := together(passed(1), stock("L1", returns.RestockProven, ""), tiktokPays(1, "12.00"))
	d := Decide(setup(1, buyerReturn("R1", returns.TikTokShipped, 1), shipped))
	require.Equal(t, []returns.Kind{returns.RefundValueMismatch}, kinds(d))
	require.Contains(t, d.Plan.Exceptions[0].Sentence, "if that is accepted, "+stays+" stays open in ReturnGO and has to be cancelled there")

	accepted := answer(returns.RefundValueMismatch, returns.AnswerAcceptPayable, "12.00")
	d = Decide(setup(1, buyerReturn("R1", returns.TikTokPaid, 1), shipped, accepted, about("R1", returns.RefundValueMismatch)))
	require.Equal(t, []string{"comment refund-R1"}, acts(d))
	require.Empty(t, kinds(d), "Finance read it when it accepted")
	require.Equal(t, "TikTok paid 12.00 GBP: leave a note, "+stays+" has another amount and stays open", d.Plan.Acts[0].Reason)
	require.Contains(t, d.Plan.Acts[0].Note, stays)

	d = Decide(setup(1, buyerReturn("R1", returns.TikTokPaid, 1), shipped, noTransactions, accepted, about("R1", returns.RefundValueMismatch)))
	require.Equal(t, "TikTok paid 12.00 GBP: leave a note, there is no transaction to settle", d.Plan.Acts[0].Reason)
	require.Empty(t, d.Plan.Acts[0].Note)

	// CX accepted less than was authorised: Finance has not read of it.
	less := together(passed(1), stock("L1", returns.RestockProven, ""), tiktokCase("S1", returns.TypeRefund, returns.TikTokPaid, 1), tiktokPays(1, "6.00"),
		answer(returns.NotPayable, returns.AnswerAcceptPayable, "6.00"), about("L1", returns.NotPayable))
	d = Decide(setup(1, less))
	require.Equal(t, []returns.Kind{returns.TransactionLeftOpen}, kinds(d))
	d = Decide(setup(1, less, answer(returns.TransactionLeftOpen, returns.AnswerAcknowledge)))
	require.Empty(t, kinds(d))
	require.Equal(t, []string{"comment refund-S1"}, acts(d))

	// A person set another value than the transaction's: it was not executed.
	twice := setup(1, passed(1), stock("L1", returns.RestockProven, ""), tiktokCase("S1", returns.TypeRefund, returns.TikTokPaid, 1), tiktokPays(1, "8.00"),
		transaction("T9", returns.TransactionRequested, "9.00", "I1"))
	d = Decide(say(twice, said(1, "L1", returns.AuthorisedTwice, returns.AnswerSetAmount, "8.00")))
	require.Equal(t, []string{"comment refund-S1"}, acts(d))
}
