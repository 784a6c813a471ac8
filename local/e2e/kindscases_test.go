package e2e

import (
	"time"

	"returnbridge/internal/returns"
	"returnbridge/local/demo"
	"returnbridge/local/returngosandbox"
)

// TikTok's own return on the units, and what it decides on all at once.
var storiesOfCases = []story{
	{returns.ParcelMixed, calm, false, (*tale).parcelMixed},
	{returns.UnitsWithoutRMA, calm, false, (*tale).unitsWithoutRMA},
	{returns.ParcelNotShipped, calm, false, (*tale).parcelNotShipped},
	{returns.ClosedParcelComing, many, false, (*tale).closedParcelComing},
	{returns.ReversedAfterRefund, calm, false, (*tale).reversedAfterRefund},
	{returns.UnknownStatus, calm, true, (*tale).unknownStatus},
	{returns.CaseInTheWay, calm, false, (*tale).caseInTheWay},
	{returns.TikTokReturnMissing, hasty, false, (*tale).tiktokReturnMissing},
}

// one is one unit, as the portal asks for it.
var one = returngosandbox.ItemSpec{Quantity: 1, Reason: portalReason}

// One of two units was not in the parcel.
func (k *tale) parcelMixed() {
	s := k.buys(2)
	s.comesByTikTok()
	var err error
	s.transactionID, err = k.ReturnGO.RequestRefund(s.rmaID, s.itemIDs[:1], s.product.Price)
	k.must(err)
	k.must(k.TikTok.WarehouseReceives(s.product.SKU, s.place.warehouse, 1))
	k.must(k.ReturnGO.Validate(s.rmaID, []returngosandbox.ItemValidation{
		{ItemID: s.itemIDs[0], Returned: true, Restockable: true, Location: demo.Location},
		{ItemID: s.itemIDs[1], Reason: "Not in parcel", Location: demo.Location},
	}))
	k.opened(s.ref(), s.worth("0"))
	k.says(s.ref(), returns.AnswerAcceptPayable)
	s.paidUpTo(s.price("0"))
}

// The buyer's TikTok return is over two units, the RMA over one.
func (k *tale) unitsWithoutRMA() {
	s := k.buys(2)
	s.opensTikTokReturn()
	s.asksForRMA("shop-"+s.orderID, one)
	k.must(k.ReturnGO.Approve(s.rmaID))
	k.must(k.TikTok.SellerCenterApproves(s.tiktokReturnID, "APPROVE_RETURN"))
	s.ships()
	s.arrives()
	s.authorised(s.product.Price)
	k.must(k.ReturnGO.Validate(s.rmaID, []returngosandbox.ItemValidation{{ItemID: s.itemIDs[0], Returned: true, Restockable: true, Location: demo.Location}}))
	k.opened(s.ref(), s.worth("0"))
	s.wantUnpaid("one unit has no RMA")
	first := s.ref()
	s.asksForRMA("shop-"+s.orderID, one) // for the other unit
	k.must(k.ReturnGO.Approve(s.rmaID))
	k.closes(first, healed)
}

// The goods are here, and TikTok still waits for the buyer to send them.
func (k *tale) parcelNotShipped() {
	s := k.buys(1)
	s.opensTikTokReturn()
	s.opensRMA()
	s.untilTikTok(returns.TikTokAwaitingShip)
	k.must(k.ReturnGO.Ship(s.rmaID, "TRK"+s.orderID, "Demo Post"))
	k.must(k.ReturnGO.Receive(s.rmaID))
	s.authorised(s.price("0"))
	s.inspected(1)
	k.opened(s.ref(), s.worth("0"))
	k.must(k.TikTok.BuyerShips(s.tiktokReturnID, "TRK"+s.orderID))
	k.must(k.TikTok.ParcelDelivered(s.tiktokReturnID))
	k.closes(s.ref(), healed)
	s.untilClosed()
	s.wantPaid(s.price("0"))
}

// The buyer takes the TikTok return back and sends the goods all the same, where the
// seller can start no refund.
func (k *tale) closedParcelComing() {
	s := k.buysIn(k.at("demo-my"), 1)
	s.opensTikTokReturn()
	s.opensRMA()
	s.untilTikTok(returns.TikTokAwaitingShip)
	k.must(k.TikTok.BuyerWithdraws(s.tiktokReturnID))
	k.must(k.ReturnGO.Ship(s.rmaID, "TRK"+s.orderID, "Demo Post"))
	k.must(k.ReturnGO.Receive(s.rmaID))
	s.authorised(s.price("0"))
	s.inspected(1)
	k.opened(s.ref(), s.worth("0"))
	k.says(s.ref(), returns.AnswerHandledManually)
}

// TikTok refunds at once, and ReturnGO calls the return off.
func (k *tale) reversedAfterRefund() {
	s := k.buys(1)
	s.opensTikTokReturn()
	s.opensRMA()
	s.untilTikTok(returns.TikTokAwaitingShip)
	k.must(k.TikTok.QuickRefund(s.tiktokReturnID))
	s.paidUpTo(s.price("0"))
	k.must(k.ReturnGO.Cancel(s.rmaID, "a fraud"))
	k.opened(s.ref(), s.worth("0"))
	k.says(s.ref(), returns.AnswerAcknowledge)
	s.untilClosed()
}

func (k *tale) unknownStatus() {
	s := k.buys(1)
	s.opensTikTokReturn()
	s.opensRMA()
	k.must(k.TikTok.SetArbitration(s.tiktokReturnID, "WITH_THE_OMBUDSMAN"))
	k.opened(s.ref(), s.worth("0"))
	k.must(k.TikTok.SetArbitration(s.tiktokReturnID, ""))
	k.closes(s.ref(), healed)
}

// ReturnGO authorises the refund of a lost parcel, and TikTok waits for it.
func (k *tale) caseInTheWay() {
	s := k.buys(1)
	s.comesByTikTok()
	s.notInParcel(s.itemIDs...)
	inspected := time.Now()
	k.until("a second, in which ReturnGO tells its times", func() bool { return time.Since(inspected) > 1100*time.Millisecond })
	s.authorised(s.price("0"))
	k.opened(s.ref(), s.worth("0"))
	k.says(s.ref(), returns.AnswerDoNotRefund)
}

// Only a TikTok return of the buyer's could be paid, and there is none.
func (k *tale) tiktokReturnMissing() {
	s := k.buysIn(k.at("demo-my"), 1)
	s.opensRMA()
	k.opened(s.ref(), s.worth("0"), returns.NotShipped)
	s.opensTikTokReturn()
	k.closes(s.ref(), healed)
}
