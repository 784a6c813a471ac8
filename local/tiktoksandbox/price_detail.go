package tiktoksandbox

// priceDetail is the audit view of what was charged (2.2): the block of the order
// and the same block for each line.
func (s *Sandbox) priceDetail(c *call) (any, *apiError) {
	o, problem := s.ownOrder(c, c.id)
	if problem != nil {
		return nil, fail(21001001, "Order %s not found.", c.id)
	}
	var original, seller, platform, sale minor
	lines := []object{}
	for _, l := range o.lines {
		if !l.gift {
			original, seller, platform, sale = original+l.original, seller+l.sellerDiscount, platform+l.platformOff, sale+l.sale
		}
		view := o.priceJSON(l.original, l.sellerDiscount, l.platformOff, l.sale, 0)
		view["id"] = l.id
		lines = append(lines, view)
	}
	view := o.priceJSON(original, seller, platform, sale, o.shippingFee)
	view["line_items"] = lines
	return view, nil
}

func (o *order) priceJSON(original, seller, platform, sale, shipping minor) object {
	money := func(amount minor) string { return formatMoney(amount, o.currency) }
	return object{"currency": o.currency, "total": money(sale + shipping), "payment": money(sale + shipping),
		"sku_list_price": money(original), "sku_sale_price": money(original), "subtotal": money(sale),
		"subtotal_deduction_seller": money(seller), "subtotal_deduction_platform": money(platform),
		"shipping_list_price": money(shipping), "shipping_sale_price": money(shipping), "tax_amount": money(0)}
}
