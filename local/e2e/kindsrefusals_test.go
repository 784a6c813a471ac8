package e2e

import (
	"returnbridge/internal/returns"
	"returnbridge/local/tiktoksandbox"
)

// What one side refuses and the other does not.
var storiesOfRefusals = []story{
	{returns.RefusedInReturnGO, calm, true, (*tale).refusedInReturnGO},
	{returns.RefusedByPeople, calm, false, (*tale).refusedByPeople},
	{returns.RejectedOnTikTok, calm, false, (*tale).rejectedOnTikTok},
	{returns.RefundContradicted, calm, false, (*tale).refundContradicted},
	{returns.RefusedWithRefund, calm, false, (*tale).refusedWithRefund},
	{returns.EffectRefused, calm, false, (*tale).effectRefused},
	{returns.OutcomeUnclear, calm, false, (*tale).outcomeUnclear},
}

func (k *tale) refusedInReturnGO() {
	s := k.buys(1)
	s.opensTikTokReturn()
	s.asksForRMA("shop-"+s.orderID, one)
	k.must(k.ReturnGO.Reject(s.rmaID))
	k.opened(s.ref(), s.worth("0"))
	k.must(k.TikTok.SellerCenterRejects(s.tiktokReturnID, "REJECT_RETURN", ""))
	k.closes(s.ref(), healed)
}

// Finance decides not to refund, and TikTok still waits for the answer.
func (k *tale) refusedByPeople() {
	s := k.buys(1)
	s.returnsByTikTok(s.price("3.00"))
	s.untilAsked(returns.RefundValueMismatch)
	k.saysTo(returns.RefundValueMismatch, s.ref(), returns.AnswerDoNotRefund)
	k.opened(s.ref(), s.worth("0"))
	k.says(s.ref(), returns.AnswerHandledManually)
	s.wantUnpaid("a person refused")
}

func (k *tale) rejectedOnTikTok() {
	s := k.buys(1)
	s.comesByTikTok()
	k.must(k.TikTok.SellerCenterRejects(s.tiktokReturnID, "REJECT_RECEIVED_PACKAGE", ""))
	s.authorised(s.price("0"))
	s.inspected(1)
	k.opened(s.ref(), s.worth("0"))
	k.says(s.ref(), returns.AnswerDoNotRefund)
}

// The refund is authorised before the parcel turns out to be empty.
func (k *tale) refundContradicted() {
	s := k.buys(1)
	s.comesByPost()
	s.authorised(s.price("0"))
	s.notInParcel(s.itemIDs...)
	k.opened(s.ref(), s.worth("0"))
	k.says(s.ref(), returns.AnswerDoNotRefund)
	s.untilClosed()
	s.wantUnpaid("the parcel was empty")
}

func (k *tale) refusedWithRefund() {
	s := k.buys(1)
	s.opensRMA()
	s.authorised(s.price("0"))
	k.must(k.ReturnGO.Cancel(s.rmaID, "changed their mind"))
	k.opened(s.ref(), s.worth("0"))
	k.must(k.ReturnGO.CancelTransaction(s.transactionID))
	k.closes(s.ref(), healed)
	s.untilClosed()
}

func (k *tale) effectRefused() {
	s := k.buys(1)
	k.tiktokFault(tiktoksandbox.Fault{Endpoint: "returns/create", Kind: tiktoksandbox.FaultCode, Code: 25001014, Message: "Not now.", About: s.orderID})
	s.returnsByPost(s.price("0"))
	k.opened(s.ref(), s.worth("0"))
	k.says(s.ref(), returns.AnswerRetry)
	s.untilClosed()
	s.wantPaid(s.price("0"))
}

// Every answer to the refund is lost until TikTok has forgotten its key.
func (k *tale) outcomeUnclear() {
	s := k.buys(1)
	k.tiktokFault(tiktoksandbox.Fault{Endpoint: "returns/create", Kind: tiktoksandbox.FaultDropBefore, Count: -1, About: s.orderID})
	s.returnsByPost(s.price("0"))
	k.opened(s.ref(), s.worth("0"))
	k.TikTok.ClearFaultsAbout(s.orderID)
	k.says(s.ref(), returns.AnswerRetry)
	s.untilClosed()
	s.wantPaid(s.price("0"))
}
