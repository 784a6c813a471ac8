package tiktoksandbox

import "time"

// entry is one line sold or refunded, as the shop's account sees it: money of the
// seller, so a discount the platform paid is not missing (2.9).
type entry struct {
	order *order
	line  *line
	units int
	// sold, refunded and their seller discounts; refunds and discounts are negative
	// on the wire.
	subtotal, discount             minor
	refundSubtotal, refundDiscount minor
	fee, refundFee                 minor
	incentive                      minor // of the seller's shipping cost
}

func (e *entry) revenue() minor { return e.subtotal + e.discount + e.refundSubtotal + e.refundDiscount }
func (e *entry) fees() minor    { return e.fee + e.refundFee }

// settlement is what the shop is paid: shipping costs nothing here, but an
// incentive is paid towards it.
func (e *entry) settlement() minor { return e.revenue() + e.fees() + e.incentive }

// statement is one day of one shop, made at 0:00 UTC.
type statement struct {
	id, paymentID, shopID string
	at                    time.Time
	entries               []*entry
}

func (st *statement) listID() string                        { return st.id }
func (st *statement) listTimes() (create, update time.Time) { return st.at, st.at }

// Fees of the platform, in percent. Of a refund it gives the referral fee back
// less a part of it that stays as refund administration fee.
const (
	referralFee = 9
	feeKept     = 20
	// shippingIncentive is of the price; only a reading pays it.
	shippingIncentive = 5
)

// account files an entry into the statement it will appear in: days after the
// event, at the beginning of a day (2.9).
func (s *Sandbox) account(e *entry) {
	day := s.period(24 * time.Hour)
	at := nextMidnight(s.now().Add(s.period(s.options.StatementDelay)), day)
	for _, known := range s.statements {
		if known.shopID == e.order.shopID && known.at.Equal(at) {
			known.entries = append(known.entries, e)
			return
		}
	}
	s.statements = append(s.statements, &statement{id: s.newID("statement"), paymentID: s.newID("payment"),
		shopID: e.order.shopID, at: at, entries: []*entry{e}})
}

// accountSale: a line counts as sold when it was delivered.
func (s *Sandbox) accountSale(o *order) {
	for _, l := range o.lines {
		if l.cancelled || l.gift || l.original == 0 {
			continue
		}
		e := &entry{order: o, line: l, units: 1, subtotal: l.original, discount: -l.sellerDiscount}
		e.fee = -percent(e.subtotal+e.discount, referralFee)
		if s.readings.ShippingIncentive {
			e.incentive = percent(e.subtotal, shippingIncentive)
		}
		s.account(e)
	}
}

// accountCancelled: a line that was paid for and then cancelled is sold and refunded
// at once. Its revenue is 0, without a fee, and the refund is already in it (2.9).
func (s *Sandbox) accountCancelled(l *line) {
	if l.gift || l.original == 0 {
		return
	}
	s.account(&entry{order: l.order, line: l, units: 1, subtotal: l.original, discount: -l.sellerDiscount,
		refundSubtotal: -l.original, refundDiscount: l.sellerDiscount})
}

// accountRefund turns what the buyer got back into what the seller loses. It
// counts from the line's total, so that several partial refunds add up.
func (s *Sandbox) accountRefund(l *line, before, after minor) {
	share := func(whole minor) minor {
		return scaled(whole, min(after, l.sale), l.sale) - scaled(whole, min(before, l.sale), l.sale)
	}
	e := &entry{order: l.order, line: l, units: 1, refundSubtotal: -share(l.original), refundDiscount: share(l.sellerDiscount)}
	back := percent(-e.revenue(), referralFee)
	e.fee, e.refundFee = back, -percent(back, feeKept)
	if e.revenue() != 0 {
		s.account(e)
	}
}

// scaled is whole times part of sum, rounded half up.
func scaled(whole, part, sum minor) minor {
	if sum == 0 {
		return 0
	}
	return (2*whole*part + sum) / (2 * sum)
}

func percent(amount minor, n minor) minor { return scaled(amount, n, 100) }

// settled are the statements that exist by now, oldest first.
func (s *Sandbox) settled(shopID string) []*statement {
	var list []*statement
	for _, one := range s.statements {
		if one.shopID == shopID && !one.at.After(s.now()) {
			list = append(list, one)
		}
	}
	return list
}

func (l *line) paid() (sum minor) {
	for _, u := range l.units {
		sum += u.paid
	}
	return sum
}
