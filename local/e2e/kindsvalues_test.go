package e2e

import (
	"returnbridge/internal/returns"
	"returnbridge/local/returngosandbox"
)

// How much is authorised, and how much TikTok would pay.
var storiesOfValues = []story{
	{returns.NoAuthorisedAmount, calm, false, (*tale).noAuthorisedAmount},
	{returns.AmountUnusable, calm, false, (*tale).amountUnusable},
	{returns.AuthorisedTwice, calm, true, (*tale).authorisedTwice},
	{returns.PaidInReturnGO, calm, false, (*tale).paidInReturnGO},
	{returns.RefundValueMismatch, calm, true, (*tale).refundValueMismatch},
	{returns.CurrencyMismatch, calm, false, (*tale).currencyMismatch},
	{returns.NotPayable, calm, false, (*tale).notPayable},
	{returns.NothingPayable, calm, false, (*tale).nothingPayable},
	{returns.ReasonUnmapped, calm, false, (*tale).reasonUnmapped},
	{returns.RefundDiffers, calm, false, (*tale).refundDiffers},
	{returns.PaidTwice, calm, true, (*tale).paidTwice},
	{returns.NotRestockable, calm, false, (*tale).notRestockable},
	{returns.ReturnNotOpened, calm, false, (*tale).returnNotOpened},
	{returns.TransactionLeftOpen, calm, false, (*tale).transactionLeftOpen},
}

// A fee that TikTok does not know, and no amount authorised.
func (k *tale) noAuthorisedAmount() {
	s := k.buys(1)
	s.opensTikTokReturn()
	s.opensRMAWith(returngosandbox.ItemSpec{Reason: portalReason, RestockingFee: "2.00"})
	s.ships()
	s.arrives()
	s.inspected(1)
	k.opened(s.ref(), s.worth("0"))
	k.says(s.ref(), returns.AnswerAcceptPayable)
	s.untilClosed()
	s.wantPaid(s.price("0"))
}

func (k *tale) amountUnusable() {
	s := k.buys(1)
	s.comesByPost()
	var err error
	s.transactionID, err = k.ReturnGO.RequestTransaction(s.rmaID, returngosandbox.TransactionSpec{ItemIDs: s.itemIDs, Currency: "LOYALTY POINTS"})
	k.must(err)
	s.inspected(1)
	k.opened(s.ref(), s.worth("0"))
	k.says(s.ref(), returns.AnswerSetAmount, s.money("0"))
	s.paidUpTo(s.price("0"))
}

func (k *tale) authorisedTwice() {
	s := k.buys(1)
	s.comesByPost()
	s.authorised(s.price("0"))
	second, err := k.ReturnGO.RequestRefund(s.rmaID, s.itemIDs, s.price("0"))
	k.must(err)
	s.inspected(1)
	k.opened(s.ref(), s.worth("0"))
	s.wantUnpaid("authorised twice")
	k.must(k.ReturnGO.CancelTransaction(second))
	k.closes(s.ref(), healed)
	s.untilClosed()
	s.wantPaid(s.price("0"))
}

func (k *tale) paidInReturnGO() {
	s := k.buys(1)
	s.comesByPost()
	s.authorised(s.price("0"))
	k.must(k.ReturnGO.SettleRefund(s.transactionID, true, "BANK-1"))
	s.inspected(1)
	k.opened(s.ref(), s.worth("0"))
	k.says(s.ref(), returns.AnswerDoNotRefund)
	s.untilClosed()
	s.wantUnpaid("paid by the bank")
}

func (k *tale) refundValueMismatch() {
	s := k.buys(1)
	s.returnsByTikTok(s.price("3.00"))
	k.opened(s.ref(), s.worth("0"))
	k.says(s.ref(), returns.AnswerAcceptPayable)
	s.untilClosed()
	s.wantPaid(s.price("0"))
}

func (k *tale) currencyMismatch() {
	s := k.buys(1)
	s.comesByPost()
	var err error
	s.transactionID, err = k.ReturnGO.RequestTransaction(s.rmaID, returngosandbox.TransactionSpec{ItemIDs: s.itemIDs, Amount: s.price("0"), Currency: "EUR"})
	k.must(err)
	s.inspected(1)
	k.opened(s.ref(), s.price("0")+" EUR")
	k.says(s.ref(), returns.AnswerSetAmount, s.money("0"))
	s.untilClosed()
	s.wantPaid(s.price("0"))
}

func (k *tale) notPayable() {
	s := k.buys(1)
	k.must(k.TikTok.SetRefundable(s.orderID, s.lineIDs[0], "6.00"))
	s.returnsByPost(s.price("0"))
	k.opened(s.ref(), "6.00 GBP")
	k.says(s.ref(), returns.AnswerDoNotRefund)
	s.untilClosed()
	s.wantUnpaid("not to be refunded")
}

// The order is completed before the goods are back.
func (k *tale) nothingPayable() {
	s := k.buys(1)
	s.comesByPost()
	k.must(k.TikTok.CompleteOrder(s.orderID))
	s.authorised(s.price("0"))
	s.inspected(1)
	k.opened(s.ref(), s.worth("0"))
	k.says(s.ref(), returns.AnswerHandledManually)
	s.untilClosed()
}

func (k *tale) reasonUnmapped() {
	s := k.buys(1)
	s.opensRMAWith(returngosandbox.ItemSpec{Reason: "Smells of smoke"})
	s.ships()
	s.arrives()
	s.authorised(s.price("0"))
	s.inspected(1)
	k.opened(s.ref(), s.worth("0"))
	k.says(s.ref(), returns.AnswerHandledManually)
	s.untilClosed()
}

func (k *tale) refundDiffers() {
	s := k.buys(1)
	s.comesByPost()
	_, err := k.TikTok.SellerCenterRefunds(s.orderID, s.lineIDs, "3.00")
	k.must(err)
	s.paidUpTo("3.00")
	s.authorised(s.price("0"))
	s.inspected(1)
	k.opened(s.ref(), "3.00 GBP")
	k.says(s.ref(), returns.AnswerAcknowledge)
	s.untilClosed()
	s.wantPaid("3.00")
}

// Two people refund the same unit in Seller Center, one after the other.
func (k *tale) paidTwice() {
	s := k.buys(1)
	s.comesByPost()
	for _, part := range []struct{ amount, all string }{{"3.00", "3.00"}, {"", s.price("0")}} {
		_, err := k.TikTok.SellerCenterRefunds(s.orderID, s.lineIDs, part.amount)
		k.must(err)
		s.paidUpTo(part.all)
	}
	s.authorised(s.price("4.99"))
	s.inspected(1)
	k.opened(s.ref(), s.worth("0"), returns.RefundDiffers)
	k.says(s.ref(), returns.AnswerAcknowledge)
}

func (k *tale) notRestockable() {
	s := k.buys(1)
	s.comesByPost()
	s.inspected(0)
	k.opened(s.ref(), s.worth("0"))
	k.says(s.ref(), returns.AnswerPay)
	s.untilClosed()
	s.wantPaid(s.price("0"))
}

// The shop opens TikTok returns for this reason, but a fee makes the amounts differ.
func (k *tale) returnNotOpened() {
	s := k.buys(1)
	s.opensRMAWith(returngosandbox.ItemSpec{Reason: damaged, RestockingFee: "2.00"})
	k.must(k.ReturnGO.Label(s.rmaID, "http://127.0.0.1:9/label.pdf", "TRK"+s.orderID))
	k.opened(s.ref(), s.worth("0"))
	k.says(s.ref(), returns.AnswerAcknowledge)
}

func (k *tale) transactionLeftOpen() {
	s := k.buys(1)
	k.must(k.TikTok.SetRefundable(s.orderID, s.lineIDs[0], "6.00"))
	s.returnsByPost(s.price("0"))
	s.untilAsked(returns.NotPayable)
	k.saysTo(returns.NotPayable, s.ref(), returns.AnswerAcceptPayable)
	k.opened(s.ref(), "6.00 GBP")
	k.must(k.ReturnGO.CancelTransaction(s.transactionID))
	k.says(s.ref(), returns.AnswerAcknowledge)
	s.untilClosed()
}
