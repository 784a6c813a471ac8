package e2e

import (
	"testing"

	"returnbridge/internal/returns"
	"returnbridge/local/returngosandbox"
)

// Promise 2: no refund of ours differs from the authorised value without an
// exception that Finance answered first.

func TestADifferentValueIsPaidOnlyAfterFinanceAnswered(t *testing.T) {
	t.Parallel()
	h := openHouse(t)
	less, more := h.buys(1), h.buys(1)
	less.returnsByTikTok(less.price("3.00"))
	more.returnsByTikTok(more.price("-3.00"))
	for _, s := range []*shopper{less, more} {
		s.untilAsked(returns.RefundValueMismatch)
	}
	h.afterSweep()
	for _, s := range []*shopper{less, more} {
		s.wantUnpaid("before Finance answered")
		s.answer(s.id(), returns.RefundValueMismatch, returns.AnswerAcceptPayable)
	}
	for _, s := range []*shopper{less, more} {
		s.untilClosed()
		s.wantPaid(s.price("0"))
		rma, _ := h.ReturnGO.RMA(s.rmaID)
		if got := rma.Transactions[0].Status; got != returns.TransactionRequested {
			t.Errorf("ReturnGO's transaction over another amount is %s", got)
		}
	}
	if owner, _ := h.exceptionOpened(returns.RefundValueMismatch); owner != returns.Finance {
		t.Errorf("refund-value-mismatch belongs to %q, want Finance", owner)
	}
}

func TestMoreThanTikTokRefundsIsNotPaidUntilFinanceAcceptsLess(t *testing.T) {
	t.Parallel()
	h := openHouse(t)
	s := h.buys(1)
	h.must(h.TikTok.SetRefundable(s.orderID, s.lineIDs[0], "6.00"))
	s.returnsByPost(s.price("0"))
	s.untilAsked(returns.NotPayable)
	h.afterSweep()
	s.wantUnpaid("before an answer")
	s.answer(s.id(), returns.NotPayable, returns.AnswerAcceptPayable)
	s.untilAsked(returns.TransactionLeftOpen)
	s.answer(s.id(), returns.TransactionLeftOpen, returns.AnswerAcknowledge)
	s.untilClosed()
	s.wantPaid("6.00")
}

func TestAnotherCurrencyIsNeverPaid(t *testing.T) {
	t.Parallel()
	h := openHouse(t)
	byTikTok, byPost := h.buys(1), h.buys(1)
	byTikTok.opensTikTokReturn()
	for _, s := range []*shopper{byTikTok, byPost} {
		s.opensRMA()
		s.ships()
		s.arrives()
		var err error
		s.transactionID, err = h.ReturnGO.RequestTransaction(s.rmaID, returngosandbox.TransactionSpec{ItemIDs: s.itemIDs, Amount: s.price("0"), Currency: "EUR"})
		h.must(err)
		s.inspected(1)
	}
	for _, s := range []*shopper{byTikTok, byPost} {
		s.untilAsked(returns.CurrencyMismatch)
	}
	h.afterSweep()
	for _, s := range []*shopper{byTikTok, byPost} {
		s.wantUnpaid("authorised in another currency")
		amount, err := returns.NewMoney(s.price("0"), "GBP")
		h.must(err)
		_, err = h.tell(s.id(), returns.Command{Name: returns.CommandResolve, Exception: returns.CurrencyMismatch, Answer: returns.AnswerSetAmount, Amount: amount, Who: "finance", Why: "meant in pounds"})
		h.must(err)
		s.untilClosed()
		s.wantPaid(s.price("0"))
	}
}

func TestADifferentRefundMadeByOthersIsFoundWithinOneSweep(t *testing.T) {
	t.Parallel()
	h := openHouse(t)
	s := h.buys(1)
	s.opensRMA()
	s.ships()
	s.arrives()
	h.until("the return waits for its inspection", func() bool { return h.attributes(s.id()) != nil })
	h.loseAllWebhooks()
	id, err := h.TikTok.SellerCenterRefunds(s.orderID, s.lineIDs, "3.00")
	h.must(err)
	h.until("paid", func() bool { r, err := h.TikTok.Return(id); return err == nil && r.Status == returns.TikTokPaid })
	s.authorised(small)
	s.inspected(1)
	h.afterSweep()
	s.untilAsked(returns.RefundDiffers)
	s.wantPaid("3.00")
	if owner, _ := h.exceptionOpened(returns.RefundDiffers); owner != returns.Finance {
		t.Errorf("refund-differs belongs to %q, want Finance", owner)
	}
}
