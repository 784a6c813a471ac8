package rules

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/returns"
)

// A question about money says how much it is about: what is authorised, or what
// the customer paid where nothing is.
func TestQuestionsAboutMoneySayHowMuch(t *testing.T) {
	t.Parallel()
	ready := together(passed(1, 2), stock("L1", returns.RestockProven, ""), stock("L2", returns.RestockProven, ""))
	weeks := func(f *Facts) { f.Record.RMAStatusSince = noon.Add(-21 * 24 * time.Hour) }
	old := item(1, func(i *returns.RMAItem) { i.Inspection.At = noon.Add(-21 * 24 * time.Hour) })
	unpriced := together(noTransactions, item(2, func(i *returns.RMAItem) { i.Fees = "no number" }))
	for name, c := range map[string]struct {
		given  Facts
		kind   returns.Kind
		amount string
	}{
		"no reason":                     {setup(2, ready, policy(func(p *Policy) { p.ReasonKeys = nil })), returns.ReasonUnmapped, "30.00"},
		"no reason, no value":           {setup(2, ready, unpriced, policy(func(p *Policy) { p.ReasonKeys = nil })), returns.ReasonUnmapped, "30.00"},
		"the order is over":             {setup(2, ready, payable("30.00", "L1", "L2"), order(func(o *returns.Order) { o.Status = returns.OrderCompleted })), returns.NothingPayable, "30.00"},
		"no seller refund":              {setup(2, ready, notEligible("no", "L1", "L2")), returns.NothingPayable, "30.00"},
		"withdrawn, the goods are here": {setup(2, ready, notEligible("no", "L1", "L2"), buyerReturn("R1", returns.TikTokCancelled, 1)), returns.ClosedParcelComing, "30.00"},
		"unknown RMA status":            {setup(2, rma("Brand new")), returns.UnknownStatus, "30.00"},
		"not inspected":                 {setup(2, weeks, passed(1), stock("L1", returns.RestockProven, ""), buyerReturn("R1", returns.TikTokPaid, 1)), returns.InspectionOverdue, "20.00"},
		"not shipped":                   {setup(2, rma(returns.RMAApproved), weeks), returns.NotShipped, "30.00"},
		"not settled":                   {setup(2, ready, old, buyerReturn("R1", returns.TikTokShipped, 1), buyerReturn("R2", returns.TikTokPaid, 2), policy(func(p *Policy) { p.Switches.Refund = false })), returns.InspectedTooLong, "10.00"},
		"an amount that is none":        {setup(1, passed(1), transactionIs(1, func(t *returns.Transaction) { t.Amount = returns.Money{} })), returns.AmountUnusable, "10.00"},
		"the order closes":              {setup(1, noTransactions, order(func(o *returns.Order) { o.DeliveredAt = noon.Add(-27 * 24 * time.Hour) }), item(1, func(i *returns.RMAItem) { i.Fees = "no number" })), returns.OrderClosing, "10.00"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, e := range Decide(c.given).Plan.Exceptions {
				if e.Kind == c.kind {
					require.Equal(t, c.amount+" GBP", e.Amount.String())
					return
				}
			}
			require.Fail(t, "not asked", "%v", kinds(Decide(c.given)))
		})
	}
}

// An agreement to an amount that was asked for another reason does not say that
// the buyer may have a replacement and the money.
func TestAnEarlierAgreementKnowsOfNoReplacement(t *testing.T) {
	t.Parallel()
	replaced := together(passed(1), stock("L1", returns.RestockProven, ""), payable("10.00", "L1"), tiktokCase("R1", returns.TypeReplacement, returns.TikTokReplaceDone, 1))
	f := setup(1, replaced, answer(returns.NotPayable, returns.AnswerAcceptPayable, "10.00"), about("L1", returns.NotPayable))
	require.Equal(t, []string{"exact-seller-refund L1 10.00"}, acts(Decide(f)))
	f.Record.TikTokReturns[0].UpdatedAt = noon
	require.Equal(t, []returns.Kind{returns.NotPayable}, kinds(Decide(f)))
}
