package tiktoksandbox

import (
	"strings"
	"time"
)

type orderSearch struct {
	timeFilter
	Status       string   `json:"order_status"`
	ShippingType string   `json:"shipping_type"`
	BuyerUserID  string   `json:"buyer_user_id"`
	BuyerCancel  *bool    `json:"is_buyer_request_cancel"`
	WarehouseIDs []string `json:"warehouse_ids"`
}

func (s *Sandbox) searchOrders(c *call) (any, *apiError) {
	var request orderSearch
	if problem := c.decode(&request); problem != nil {
		return nil, problem
	}
	if len(request.WarehouseIDs) > 100 {
		return nil, fail(c.badParameter(), "At most 100 `warehouse_ids`.")
	}
	at := s.searchMoment(c, false)
	var all []*order
	for _, present := range s.orders {
		if o := present.then(at); o != nil && o.shopID == c.shop.ID && request.matches(o) {
			all = append(all, o)
		}
	}
	found, problem := paginate(c, all, pageRules{sizeMin: 1, sizeMax: 100, descending: true})
	if problem != nil {
		return nil, problem
	}
	list := []object{}
	for _, o := range found.items {
		list = append(list, s.orderJSON(o))
	}
	return object{"orders": list, "next_page_token": found.next, "total_count": found.total}, nil
}

func (q orderSearch) matches(o *order) bool {
	return (q.Status == "" || q.Status == o.status) &&
		(q.ShippingType == "" || q.ShippingType == "TIKTOK") &&
		(q.BuyerUserID == "" || q.BuyerUserID == o.buyerID) &&
		(q.BuyerCancel == nil || *q.BuyerCancel == o.buyerAskedToCancel) &&
		oneOf(q.WarehouseIDs, o.warehouse) && q.passes(o)
}

// orderDetail leaves unknown ids out; if nothing is ours it is 21008111 (T06).
func (s *Sandbox) orderDetail(c *call) (any, *apiError) {
	ids := splitList(c.query.Get("ids"))
	if len(ids) == 0 || len(ids) > 50 {
		return nil, fail(c.badParameter(), "Give 1 to 50 `ids`.")
	}
	list := []object{}
	for _, id := range ids {
		if o := s.orders[id]; o != nil && o.shopID == c.shop.ID {
			if o = o.then(c.asOf); o != nil {
				list = append(list, s.orderJSON(o))
			}
		}
	}
	if len(list) == 0 {
		return nil, fail(21008111, "The orders do not belong to this seller.")
	}
	return object{"orders": list}, nil
}

func splitList(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}

func (s *Sandbox) orderJSON(o *order) object {
	view := object{"id": o.id, "status": o.status, "user_id": o.buyerID,
		"create_time": o.createTime.Unix(), "update_time": o.updateTime.Unix(),
		"is_on_hold_order": o.onHold, "is_buyer_request_cancel": o.buyerAskedToCancel,
		"is_sample_order": false, "is_cod": false, "is_exchange_order": false, "is_subscription_order": false,
		"is_replacement_order": o.replaces != "", "fulfillment_type": "FULFILLMENT_BY_SELLER",
		"shipping_type": "TIKTOK", "order_type": "NORMAL", "warehouse_id": o.warehouse,
		"payment": o.paymentJSON()}
	if o.byTikTok {
		view["fulfillment_type"] = "FULFILLMENT_BY_TIKTOK"
	}
	putText(view, "replaced_order_id", o.replaces)
	putText(view, "cancellation_initiator", o.cancelInitiator)
	putText(view, "cancel_reason", o.cancelReason)
	putTime(view, "paid_time", o.paidAt)
	putTime(view, "rts_time", o.shippedAt)
	putTime(view, "collection_time", o.shippedAt)
	putTime(view, "delivery_time", o.deliveredAt)
	putTime(view, "cancel_time", o.cancelledAt)
	lines, packages, seen := []object{}, []object{}, map[string]bool{}
	for _, l := range o.lines {
		lines = append(lines, s.lineJSON(o, l))
		if l.packageID != "" && !seen[l.packageID] {
			seen[l.packageID] = true
			packages = append(packages, s.packageJSON(o, l.packageID))
			putText(view, "tracking_number", l.tracking)
			putText(view, "shipping_provider", "Demo Post")
		}
	}
	view["line_items"], view["packages"] = lines, packages
	return view
}

func putText(view object, key, text string) {
	if text != "" {
		view[key] = text
	}
}

func putTime(view object, key string, at time.Time) {
	if !at.IsZero() {
		view[key] = at.Unix()
	}
}

// paymentJSON adds up what was sold, cancelled lines included, as the buyer paid
// it: sub_total = original − seller − platform discount (2.2). Gifts cost nothing.
func (o *order) paymentJSON() object {
	var original, seller, platform, sub minor
	for _, l := range o.lines {
		if l.gift {
			continue
		}
		original, seller, platform, sub = original+l.original, seller+l.sellerDiscount, platform+l.platformOff, sub+l.sale
	}
	money := func(amount minor) string { return formatMoney(amount, o.currency) }
	return object{"currency": o.currency, "original_total_product_price": money(original),
		"seller_discount": money(seller), "platform_discount": money(platform), "sub_total": money(sub),
		"original_shipping_fee": money(o.shippingFee), "shipping_fee": money(o.shippingFee),
		"tax": money(0), "total_amount": money(sub + o.shippingFee)}
}

func (s *Sandbox) lineJSON(o *order, l *line) object {
	money := func(amount minor) string { return formatMoney(amount, o.currency) }
	view := object{"id": l.id, "sku_id": l.skuID, "seller_sku": l.sellerSKU, "sku_name": l.skuName,
		"product_id": l.productID, "product_name": l.productName, "currency": o.currency,
		"original_price": money(l.original), "sale_price": money(l.sale),
		"seller_discount": money(l.sellerDiscount), "platform_discount": money(l.platformOff),
		"is_gift": l.gift, "display_status": o.lineStatus(l)}
	if l.gift {
		view["gift_retail_price"] = money(l.original)
	}
	putText(view, "cancel_reason", l.cancelReason)
	putText(view, "cancel_user", l.cancelUser)
	putText(view, "package_id", l.packageID)
	putText(view, "tracking_number", l.tracking)
	if len(l.recipe) == 0 {
		return view
	}
	recipe, parts := []object{}, []object{}
	for _, part := range l.recipe {
		component := s.skus[part.SKU]
		recipe = append(recipe, object{"sku_id": part.SKU, "sku_count": part.Count,
			"product_id": component.product.ID, "seller_sku": component.SellerSKU})
	}
	for _, u := range l.units {
		parts = append(parts, object{"id": u.subID, "sku_id": u.skuID, "seller_sku": u.sellerSKU,
			"product_id": u.productID, "product_name": u.title, "sale_price": money(u.price),
			"currency": o.currency, "display_status": o.lineStatus(l), "warehouse_id": o.warehouse})
	}
	view["combined_listing_skus"], view["sub_item_info"] = recipe, parts
	return view
}

func (o *order) lineStatus(l *line) string {
	if l.cancelled {
		return orderCancelled
	}
	return o.status
}
