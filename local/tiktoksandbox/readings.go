package tiktoksandbox

// Readings choose between readings of the contract where its sources are silent
// or disagree. The zero value is the reading that the contract prefers.
type Readings struct {
	// LabelMovesState: an uploaded label moves a return to BUYER_SHIPPED_ITEM,
	// although no carrier has seen the parcel. Default: only the carrier or the
	// buyer moves it (2.4).
	LabelMovesState bool
	// LabelRefused: TikTok makes the label itself and refuses the seller's
	// (25001003), for the upload is "for sellers who ship returns themselves" (2.5).
	LabelRefused bool
	// PackageWarehouseInOrder: the packages of an order carry their own warehouse_id,
	// as Get Package Detail does. Default: Get Package Detail alone (2.2, T19).
	PackageWarehouseInOrder bool
	// ShippingIncentive: a sale brings the seller an incentive, in
	// tiktok_shop_shipping_incentive_amount, which finance shows since 2026-07-08.
	// Default: the field is there and 0 (2.9).
	ShippingIncentive bool
	// CreateAnswersPending: Create Return answers PENDING, as the documented
	// sample does, whatever state the new return is in (T11).
	CreateAnswersPending bool
	// MergedMovements: one topic 68 for all that a call moves of a SKU, with a
	// change_detail each. Default: one topic 68 per warehouse (3.4 names neither).
	MergedMovements bool
	// SilentZeroSync: a number written that was there already is no movement, and
	// no topic 68 tells of it. Default: every write is told.
	SilentZeroSync bool
	// BareInventoryEvents: topic 68 as its page prints it, without envelope (T23)
	// and with ids as numbers (1.5).
	BareInventoryEvents bool
	// OutOfStockEmpties: cancelling because it is out of stock sets the stock to
	// 0, as the title of an official FAQ says (section 6 item 5).
	OutOfStockEmpties bool
}

// SetReadings chooses from now on.
func (s *Sandbox) SetReadings(readings Readings) {
	defer s.enter()()
	s.readings = readings
}
