package e2e

import (
	"returnbridge/internal/returns"
	"returnbridge/local/demo"
	"returnbridge/local/returngosandbox"
	"returnbridge/local/tiktoksandbox"
)

// Which TikTok order, and which units of it.
var storiesOfLinks = []story{
	{returns.UnlinkedOrder, calm, true, (*tale).unlinkedOrder},
	{returns.SKUNotInOrder, calm, true, (*tale).skuNotInOrder},
	{returns.UnitMismatch, calm, false, (*tale).unitMismatch},
	{returns.BundleWithoutRule, calm, false, (*tale).bundleWithoutRule},
	{returns.ResolutionNotRefund, calm, false, (*tale).resolutionNotRefund},
	{returns.FulfilledTikTok, calm, false, (*tale).fulfilledByTikTok},
}

func (k *tale) unlinkedOrder() {
	s := k.buys(1)
	s.namedInReturnGO("named-"+s.orderID, "#S-1001", 1)
	s.opensRMAOn("named-" + s.orderID)
	k.opened(s.ref(), s.worth("0"))
	k.starter("link", "#S-1001", s.orderID, "--who", somebody, "--why", "found in Seller Center")
	k.closes(s.ref(), healed)
}

// The customer names an item that the TikTok order does not have.
func (k *tale) skuNotInOrder() {
	s := k.buys(1)
	s.product.SellerSKU = "ANOTHER"
	s.namedInReturnGO("other-"+s.orderID, "#TT-"+s.orderID, 1)
	s.opensRMAOn("other-" + s.orderID)
	k.opened(s.ref(), s.worth("0"))
	k.says(s.ref(), returns.AnswerHandledManually)
}

// Two are to come back of an order of one.
func (k *tale) unitMismatch() {
	s := k.buys(1)
	s.namedInReturnGO("more-"+s.orderID, "#TT-"+s.orderID, 2)
	s.asksForRMA("more-"+s.orderID, returngosandbox.ItemSpec{Quantity: 2, Reason: portalReason})
	s.must(s.ReturnGO.Approve(s.rmaID))
	k.opened(s.ref(), s.worth("0"))
	k.says(s.ref(), returns.AnswerHandledManually)
}

func (k *tale) bundleWithoutRule() {
	at := k.home()
	mug, pot := k.sells(at, demo.Product{SellerSKU: "MUG", Price: "9.99"}), k.sells(at, demo.Product{SellerSKU: "POT", Price: "14.99"})
	set := k.sells(at, demo.Product{SellerSKU: "TEA-SET", Price: "29.99"}, tiktoksandbox.Part{SKU: mug.SKU, Count: 2}, tiktoksandbox.Part{SKU: pot.SKU, Count: 1})
	s := &shopper{house: k.house, place: at, product: set}
	s.getsParcel(tiktoksandbox.OrderSpec{Lines: []tiktoksandbox.OrderLine{{SKU: set.SKU}}})
	s.opensRMA()
	k.opened(s.ref(), s.worth("0"))
	k.says(s.ref(), returns.AnswerHandledManually)
}

func (k *tale) resolutionNotRefund() {
	s := k.buys(1)
	s.opensRMAWith(returngosandbox.ItemSpec{Reason: portalReason, Resolution: "RefundToStoreCredit"})
	k.opened(s.ref(), s.worth("0"))
	k.says(s.ref(), returns.AnswerDoNotRefund)
}

func (k *tale) fulfilledByTikTok() {
	at := k.home()
	s := &shopper{house: k.house, place: at, product: k.sells(at, demo.Product{SellerSKU: "FBT", Price: "24.99"})}
	s.getsParcel(tiktoksandbox.OrderSpec{FulfilledByTikTok: true, Lines: []tiktoksandbox.OrderLine{{SKU: s.product.SKU}}})
	s.opensTikTokReturn()
	s.opensRMA()
	k.opened(s.ref(), s.worth("0"))
	k.says(s.ref(), returns.AnswerHandledManually)
}
