package e2e

import "returnbridge/internal/returns"

// What has waited too long.
var storiesOfClocks = []story{
	{returns.NotShipped, hasty, false, (*tale).notShipped},
	{returns.InspectionOverdue, hasty, false, (*tale).inspectionOverdue},
	{returns.InspectedTooLong, hasty, false, (*tale).inspectedTooLong},
	{returns.SellerDeadline, quiet, false, (*tale).sellerDeadline},
	{returns.ReturnWithoutRMA, hasty, false, (*tale).returnWithoutRMA},
	{returns.OrderClosing, quiet, false, (*tale).orderClosing},
	{returns.ParcelNotBookedIn, hasty, false, (*tale).parcelNotBookedIn},
	{returns.RefundWithoutParcel, hasty, false, (*tale).refundWithoutParcel},
}

func (k *tale) notShipped() {
	s := k.buys(1)
	s.opensRMA()
	k.opened(s.ref(), s.worth("0"))
	s.ships()
	k.closes(s.ref(), healed)
}

func (k *tale) inspectionOverdue() {
	s := k.buys(1)
	s.comesByPost()
	k.opened(s.ref(), s.worth("0"))
	s.authorised(s.price("0"))
	s.inspected(1)
	k.closes(s.ref(), healed)
	s.untilClosed()
	s.wantPaid(s.price("0"))
}

// CX has the return paused, and forgets it.
func (k *tale) inspectedTooLong() {
	s := k.buys(1)
	s.opensRMA()
	s.ships()
	k.until("the return is there", func() bool { return k.attributes(s.id()) != nil })
	_, err := k.tell(s.id(), returns.Command{Name: returns.CommandPause, Who: somebody, Why: "the customer called"})
	k.must(err)
	s.arrives()
	s.authorised(s.price("0"))
	s.inspected(1)
	k.opened(s.ref(), s.worth("0"))
	_, err = k.tell(s.id(), returns.Command{Name: returns.CommandResume, Who: somebody, Why: "all is well"})
	k.must(err)
	k.closes(s.ref(), healed)
	s.untilClosed()
	s.wantPaid(s.price("0"))
}

// Nobody says in ReturnGO whether a refund without a parcel is to be paid.
func (k *tale) sellerDeadline() {
	s := k.buys(1)
	s.opensTikTokReturn()
	s.asksForRMA("shop-"+s.orderID, one)
	k.opened(s.ref(), s.worth("0"))
	k.says(s.ref(), returns.AnswerAcknowledge)
}

func (k *tale) returnWithoutRMA() {
	s := k.buys(1)
	s.opensTikTokReturn()
	k.opened(s.clock(), s.worth("0"))
	s.opensRMA()
	k.closes(s.clock(), healed)
}

// Money is owed for an order that will soon be complete.
func (k *tale) orderClosing() {
	s := k.buys(1)
	s.opensRMA()
	k.opened(s.ref(), s.worth("0"))
	s.ships()
	s.arrives()
	s.authorised(s.price("0"))
	s.inspected(1)
	k.closes(s.ref(), healed)
}

func (k *tale) parcelNotBookedIn() {
	s := k.buys(1)
	s.opensTikTokReturn()
	s.opensRMA()
	s.ships()
	k.must(k.TikTok.ParcelDelivered(s.tiktokReturnID))
	k.opened(s.ref(), s.worth("0"))
	s.authorised(s.price("0"))
	k.must(k.ReturnGO.Receive(s.rmaID))
	s.inspected(1)
	k.closes(s.ref(), healed)
	s.untilClosed()
	s.wantPaid(s.price("0"))
}

func (k *tale) refundWithoutParcel() {
	s := k.buys(1)
	s.opensTikTokReturn()
	s.opensRMA()
	s.untilTikTok(returns.TikTokAwaitingShip)
	k.must(k.TikTok.QuickRefund(s.tiktokReturnID))
	k.opened(s.ref(), s.worth("0"))
	k.must(k.ReturnGO.Ship(s.rmaID, "TRK"+s.orderID, "Demo Post"))
	k.must(k.ReturnGO.Receive(s.rmaID))
	s.authorised(s.price("0"))
	s.inspected(1)
	k.closes(s.ref(), healed)
	s.untilClosed()
	s.wantPaid(s.price("0"))
}
