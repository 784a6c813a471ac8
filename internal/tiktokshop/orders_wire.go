package tiktokshop

import "returnbridge/internal/returns"

type wireOrders struct {
	Orders list[wireOrder] `json:"orders"`
	Next   text            `json:"next_page_token"`
}

type wireOrder struct {
	ID            text                `json:"id"`
	Status        text                `json:"status"`
	WarehouseID   text                `json:"warehouse_id"`
	Fulfillment   text                `json:"fulfillment_type"`
	CreateTime    unix                `json:"create_time"`
	UpdateTime    unix                `json:"update_time"`
	ReadyTime     unix                `json:"rts_time"`
	CollectTime   unix                `json:"collection_time"`
	DeliveryTime  unix                `json:"delivery_time"`
	CancelTime    unix                `json:"cancel_time"`
	Payment       object[wirePayment] `json:"payment"`
	LineItems     list[wireOrderLine] `json:"line_items"`
	IsReplacement flag                `json:"is_replacement_order"`
	ReplacedID    text                `json:"replaced_order_id"`
	IsExchange    flag                `json:"is_exchange_order"`
	ExchangedID   text                `json:"exchange_source_order_id"`
	ExchangedIDb  text                `json:"exchange_order_source_id"` // as a changelog spells it
}

type wirePayment struct {
	Currency text `json:"currency"`
}

type wireOrderLine struct {
	ID        text               `json:"id"`
	SKUID     text               `json:"sku_id"`
	SellerSKU text               `json:"seller_sku"`
	ProductID text               `json:"product_id"`
	SalePrice text               `json:"sale_price"`
	Currency  text               `json:"currency"`
	IsGift    flag               `json:"is_gift"`
	Status    text               `json:"display_status"`
	PackageID text               `json:"package_id"`
	Parts     list[wirePart]     `json:"combined_listing_skus"`
	SubItems  list[wireSubOrder] `json:"sub_item_info"`
}

// wirePart is a component of a bundle, in an order and in a product alike.
type wirePart struct {
	SKUID     text  `json:"sku_id"`
	SKUCount  count `json:"sku_count"`
	ProductID text  `json:"product_id"`
	SellerSKU text  `json:"seller_sku"`
}

type wireSubOrder struct {
	ID          text `json:"id"`
	SKUID       text `json:"sku_id"`
	SellerSKU   text `json:"seller_sku"`
	ProductID   text `json:"product_id"`
	SalePrice   text `json:"sale_price"`
	Currency    text `json:"currency"`
	WarehouseID text `json:"warehouse_id"`
}

func (w wireOrders) orders() []returns.Order {
	var orders []returns.Order
	for _, o := range w.Orders {
		orders = append(orders, o.order())
	}
	return orders
}

func (o wireOrder) order() returns.Order {
	order := returns.Order{
		ID: string(o.ID), Status: orderStatus(o.Status), Currency: string(o.currency()),
		WarehouseID: string(o.WarehouseID), Fulfillment: string(o.Fulfillment), Replaces: o.replaces(),
		CreatedAt: o.CreateTime.Time, UpdatedAt: o.UpdateTime.Time, ReadyAt: o.ReadyTime.Time,
		CollectedAt: o.CollectTime.Time, DeliveredAt: o.DeliveryTime.Time, CancelledAt: o.CancelTime.Time,
	}
	for _, l := range o.LineItems {
		order.Lines = append(order.Lines, l.line(o.currency()))
	}
	return order
}

// currency of the order; without a payment that of its first line that has one.
func (o wireOrder) currency() text {
	if o.Payment.v.Currency != "" {
		return o.Payment.v.Currency
	}
	for _, l := range o.LineItems {
		if l.Currency != "" {
			return l.Currency
		}
	}
	return ""
}

// replaces names the order this one stands for. The documented flag decides; an
// id counts alone only where the flag is missing.
func (o wireOrder) replaces() string {
	exchanged := o.ExchangedID
	if exchanged == "" {
		exchanged = o.ExchangedIDb
	}
	if id := sourceOrder(o.IsReplacement, o.ReplacedID); id != "" {
		return id
	}
	return sourceOrder(o.IsExchange, exchanged)
}

func sourceOrder(is flag, id text) string {
	switch {
	case is.told && !is.yes:
		return ""
	case is.yes && id == "":
		return UnknownOrder
	}
	return string(id)
}

func (l wireOrderLine) line(currency text) returns.OrderLine {
	if l.Currency != "" {
		currency = l.Currency
	}
	line := returns.OrderLine{
		ID: string(l.ID), SKUID: string(l.SKUID), SellerSKU: string(l.SellerSKU), ProductID: string(l.ProductID),
		Price: money(l.SalePrice, currency), Gift: l.IsGift.yes, Status: orderStatus(l.Status),
		PackageID: string(l.PackageID), Parts: parts(l.Parts),
	}
	for _, s := range l.SubItems {
		if s.Currency == "" {
			s.Currency = currency
		}
		line.SubLines = append(line.SubLines, returns.SubLine{
			ID: string(s.ID), SKUID: string(s.SKUID), SellerSKU: string(s.SellerSKU), ProductID: string(s.ProductID),
			Price: money(s.SalePrice, s.Currency), WarehouseID: string(s.WarehouseID),
		})
	}
	return line
}

func parts(wire list[wirePart]) []returns.BundlePart {
	var recipe []returns.BundlePart
	for _, p := range wire {
		recipe = append(recipe, returns.BundlePart{
			SKUID: string(p.SKUID), SellerSKU: string(p.SellerSKU), ProductID: string(p.ProductID), Count: p.SKUCount.n,
		})
	}
	return recipe
}
