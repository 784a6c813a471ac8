package tiktoksandbox

import (
	"strconv"
	"time"
)

// The one legal sort_field of each list is mandatory (1.9); without it the answer
// is the overloaded 36009004 (1.7).
func (c *call) sortedBy(field string) *apiError {
	if c.query.Get("sort_field") != field {
		return fail(36009004, "Missing mandatory query parameter `sort_field`; it must be %s.", field)
	}
	return nil
}

var financePages = pageRules{sizeMin: 1, sizeMax: 100, sizeDefault: 20}

func (s *Sandbox) listStatements(c *call) (any, *apiError) {
	if problem := c.sortedBy("statement_time"); problem != nil {
		return nil, problem
	}
	from, problem := c.queryTime("statement_time_ge")
	if problem != nil {
		return nil, problem
	}
	until, problem := c.queryTime("statement_time_lt")
	if problem != nil {
		return nil, problem
	}
	var all []*statement
	for _, one := range s.settled(c.shop.ID) {
		status := c.query.Get("payment_status")
		if within(one.at, from, until) && (status == "" || status == s.paymentStatus(one)) {
			all = append(all, one)
		}
	}
	found, problem := paginate(c, all, financePages)
	if problem != nil {
		return nil, problem
	}
	list := []object{}
	for _, one := range found.items {
		list = append(list, s.statementJSON(one, c.shop.Currency))
	}
	return object{"statements": list, "next_page_token": found.next, "total_count": found.total}, nil
}

func (c *call) queryTime(name string) (*int64, *apiError) {
	text := c.query.Get(name)
	if text == "" {
		return nil, nil
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return nil, fail(c.badParameter(), "Invalid `%s`.", name)
	}
	return &seconds, nil
}

// sums are the amounts of a group of entries.
type sums struct {
	entry
	quantity int
}

func sumOf(entries []*entry) sums {
	var all sums
	for _, e := range entries {
		all.subtotal += e.subtotal
		all.discount += e.discount
		all.refundSubtotal += e.refundSubtotal
		all.refundDiscount += e.refundDiscount
		all.fee += e.fee
		all.refundFee += e.refundFee
		all.incentive += e.incentive
		all.quantity += e.units
	}
	return all
}

// paidOut is when the bank has the money of a statement.
func (s *Sandbox) paidOut(st *statement) time.Time { return st.at.Add(s.period(24 * time.Hour)) }

func (s *Sandbox) paymentStatus(st *statement) string {
	if s.now().Before(s.paidOut(st)) {
		return "PROCESSING"
	}
	return "PAID"
}

func (s *Sandbox) statementJSON(st *statement, currency string) object {
	all := sumOf(st.entries)
	money := func(amount minor) string { return formatMoney(amount, currency) }
	view := object{"id": st.id, "statement_time": st.at.Unix(), "currency": currency,
		"settlement_amount": money(all.settlement()), "revenue_amount": money(all.revenue()),
		"net_sales_amount": money(all.revenue()), "fee_amount": money(all.fees()),
		"shipping_cost_amount": money(all.incentive), "adjustment_amount": money(0), "payment_status": s.paymentStatus(st)}
	if s.paymentStatus(st) == "PAID" {
		view["payment_id"], view["payment_time"] = st.paymentID, s.paidOut(st).Unix()
	}
	return view
}

func (s *Sandbox) listPayments(c *call) (any, *apiError) {
	if problem := c.sortedBy("create_time"); problem != nil {
		return nil, problem
	}
	found, problem := paginate(c, s.settled(c.shop.ID), financePages)
	if problem != nil {
		return nil, problem
	}
	list := []object{}
	for _, st := range found.items {
		all := sumOf(st.entries)
		amount := object{"value": formatMoney(all.settlement(), c.shop.Currency), "currency": c.shop.Currency}
		view := object{"id": st.paymentID, "status": s.paymentStatus(st), "create_time": st.at.Unix(), "amount": amount,
			"settlement_amount": amount, "exchange_rate": "1.000000",
			"reserve_amount": object{"value": formatMoney(0, c.shop.Currency), "currency": c.shop.Currency}}
		if s.paymentStatus(st) == "PAID" {
			view["paid_time"] = s.paidOut(st).Unix()
		}
		list = append(list, view)
	}
	return object{"payments": list, "next_page_token": found.next, "total_count": found.total}, nil
}

// statementTransactions has one element per order; nothing names a return (2.9).
func (s *Sandbox) statementTransactions(c *call) (any, *apiError) {
	if problem := c.sortedBy("order_create_time"); problem != nil {
		return nil, problem
	}
	for _, st := range s.settled(c.shop.ID) {
		if st.id != c.id {
			continue
		}
		byOrder := map[*order][]*entry{}
		var orders []*order
		for _, e := range st.entries {
			if byOrder[e.order] == nil {
				orders = append(orders, e.order)
			}
			byOrder[e.order] = append(byOrder[e.order], e)
		}
		found, problem := paginate(c, orders, financePages)
		if problem != nil {
			return nil, problem
		}
		list := []object{}
		for _, o := range found.items {
			view := s.amountsJSON(sumOf(byOrder[o]), o)
			view["id"], view["type"] = "T"+o.id, "ORDER"
			view["order_id"], view["order_create_time"] = o.id, o.createTime.Unix()
			list = append(list, view)
		}
		return object{"transactions": list, "next_page_token": found.next, "total_count": found.total}, nil
	}
	return nil, fail(c.badParameter(), "Statement not found.")
}

func (s *Sandbox) amountsJSON(all sums, o *order) object {
	money := func(amount minor) string { return formatMoney(amount, o.currency) }
	referral, administration := all.fee, all.refundFee
	if s.shops[o.shopID].Region == "VN" { // fees are one sum there and not split (2.9)
		referral, administration = 0, 0
	}
	return object{"revenue_amount": money(all.revenue()), "fee_tax_amount": money(all.fees()),
		"shipping_cost_amount": money(all.incentive), "settlement_amount": money(all.settlement()),
		"revenue_breakdown": object{"subtotal_before_discount_amount": money(all.subtotal),
			"seller_discount_amount":                 money(all.discount),
			"refund_subtotal_before_discount_amount": money(all.refundSubtotal),
			"seller_discount_refund_amount":          money(all.refundDiscount),
			"cod_service_fee_amount":                 money(0),
			"refund_cod_service_fee_amount":          money(0),
		},
		"shipping_cost_breakdown": object{"return_shipping_fee_amount": money(0),
			"return_shipping_label_fee_amount": money(0), "return_shipping_fee_paid_buyer_amount": money(0),
			"tiktok_shop_shipping_incentive_amount": money(all.incentive)},
		"fee_tax_breakdown": object{"fee": object{"referral_fee_amount": money(referral),
			"refund_administration_fee_amount": money(administration)}, "tax": object{"vat_amount": money(0)}}}
}

// orderTransactions is one element per SKU and statement, days after the event: it
// proves an order's total, not a single refund (2.9).
func (s *Sandbox) orderTransactions(c *call) (any, *apiError) {
	found := s.orders[c.id]
	if found == nil || found.shopID != c.shop.ID {
		return nil, fail(c.badParameter(), "Order not found.")
	}
	list := []object{}
	var whole []*entry
	for _, st := range s.settled(c.shop.ID) {
		bySKU := map[string][]*entry{}
		var skus []string
		for _, e := range st.entries {
			if e.order != found {
				continue
			}
			if bySKU[e.line.skuID] == nil {
				skus = append(skus, e.line.skuID)
			}
			bySKU[e.line.skuID] = append(bySKU[e.line.skuID], e)
			whole = append(whole, e)
		}
		for _, id := range skus {
			l, all := bySKU[id][0].line, sumOf(bySKU[id])
			view := s.amountsJSON(all, found)
			view["sku_id"], view["sku_name"], view["product_name"] = id, l.skuName, l.productName
			view["statement_id"], view["quantity"] = st.id, strconv.Itoa(all.quantity) // a string (2.9)
			list = append(list, view)
		}
	}
	all := sumOf(whole)
	money := func(amount minor) string { return formatMoney(amount, found.currency) }
	return object{"order_id": found.id, "order_create_time": found.createTime.Unix(), "currency": found.currency,
		"revenue_amount": money(all.revenue()), "fee_and_tax_amount": money(all.fees()), "shipping_cost_amount": money(all.incentive),
		"settlement_amount": money(all.settlement()), "sku_transactions": list, "total_count": len(list)}, nil
}
