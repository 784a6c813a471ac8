package tiktoksandbox

import (
	"errors"
	"fmt"
	"time"
)

// Order states (2.2).
const (
	orderUnpaid             = "UNPAID"
	orderOnHold             = "ON_HOLD"
	orderAwaitingShipment   = "AWAITING_SHIPMENT"
	orderAwaitingCollection = "AWAITING_COLLECTION"
	orderInTransit          = "IN_TRANSIT"
	orderDelivered          = "DELIVERED"
	orderCompleted          = "COMPLETED"
	orderCancelled          = "CANCELLED"
)

// ErrOutOfStock says that the shop shows too little to sell.
var ErrOutOfStock = errors.New("out of stock")

// OrderSpec is what a shopper buys.
type OrderSpec struct {
	ID, ShopID, BuyerID string
	Warehouse           string // default: the first that keeps all SKUs
	// ShipsFrom is the warehouse that TikTok switched to after the order: the goods
	// and their stock are of this one, and the order goes on naming Warehouse (T19).
	ShipsFrom   string
	Lines       []OrderLine
	ShippingFee string // paid by the buyer
	// State the order starts in: UNPAID, ON_HOLD or AWAITING_SHIPMENT (default).
	State             string
	FulfilledByTikTok bool
	// KeepStock leaves current stock alone, for orders of the past.
	KeepStock bool
}

// OrderLine becomes Quantity line items, one per unit (2.2).
type OrderLine struct {
	SKU                              string
	Quantity                         int    // default 1
	Price                            string // original price; default the SKU's
	SellerDiscount, PlatformDiscount string // per unit
	Gift                             bool   // costs 0
}

type order struct {
	id, shopID, buyerID, status   string
	warehouse, currency           string
	switchedTo                    string // the warehouse that ships instead
	createTime, updateTime        time.Time
	paidAt, shippedAt             time.Time
	deliveredAt, cancelledAt      time.Time
	cancelInitiator, cancelReason string
	onHold, byTikTok, keepStock   bool
	buyerAskedToCancel            bool
	replaces                      string
	shippingFee                   minor
	shippingFeePaidBack           bool
	windowOver                    bool
	lines                         []*line
	returns                       []*returnCase // oldest first
	cancels                       []*cancelCase
	past                          versions[order]
}

// line is one unit sold; a bundle line holds one unit per physical part.
type line struct {
	order                       *order
	id, packageID, tracking     string
	skuID, sellerSKU, skuName   string
	productID, productName      string
	original, sale              minor
	sellerDiscount, platformOff minor
	gift, cancelled             bool
	cancelReason, cancelUser    string
	recipe                      []Part // composition at the time of sale
	units                       []*unit
}

// unit is the smallest thing money and stock are counted by.
type unit struct {
	line                               *line
	subID                              string // empty on an ordinary line
	skuID, sellerSKU, productID, title string
	price                              minor // its share of the line's sale_price
	refundable, paid                   minor
}

func (o *order) listID() string                        { return o.id }
func (o *order) listTimes() (create, update time.Time) { return o.createTime, o.updateTime }

// PlaceOrder sells: available goes down, committed up.
func (s *Sandbox) PlaceOrder(spec OrderSpec) (string, error) {
	defer s.enter()()
	o, err := s.newOrder(spec)
	if err != nil {
		return "", fmt.Errorf("place order: %w", err)
	}
	return o.id, nil
}

// DeliveredOrder places an order and brings it to DELIVERED at once. One that
// leaves current stock alone was placed and sent days ago.
func (s *Sandbox) DeliveredOrder(spec OrderSpec) (string, error) {
	defer s.enter()()
	spec.State = orderAwaitingShipment
	o, err := s.newOrder(spec)
	if err != nil {
		return "", fmt.Errorf("delivered order: %w", err)
	}
	s.ship(o)
	if o.keepStock {
		o.createTime, o.paidAt, o.shippedAt = o.createTime.Add(-longAgo), o.paidAt.Add(-longAgo), o.shippedAt.Add(-longAgo)
		o.past = versions[order]{}
	}
	s.deliverOrder(o)
	return o.id, nil
}

// longAgo is when orders that leave current stock alone were placed and sent.
const longAgo = 72 * time.Hour

func (s *Sandbox) newOrder(spec OrderSpec) (*order, error) {
	owner := s.shops[spec.ShopID]
	if owner == nil {
		return nil, fmt.Errorf("no shop %q", spec.ShopID)
	}
	o := &order{id: orNew(s, spec.ID, "order"), shopID: spec.ShopID, buyerID: orNew(s, spec.BuyerID, "buyer"),
		currency: owner.Currency, byTikTok: spec.FulfilledByTikTok, keepStock: spec.KeepStock,
		createTime: s.now(), updateTime: s.now()}
	fee, err := parseMoney(orZero(spec.ShippingFee), o.currency)
	if err != nil {
		return nil, err
	}
	o.shippingFee = fee
	for _, item := range spec.Lines {
		if err := s.addLines(o, item); err != nil {
			return nil, err
		}
	}
	if len(o.lines) == 0 {
		return nil, errors.New("no lines")
	}
	if o.warehouse, err = s.sellingWarehouse(o, spec.Warehouse); err != nil {
		return nil, err
	}
	if spec.ShipsFrom != "" {
		if o.switchedTo, err = s.sellingWarehouse(o, spec.ShipsFrom); err != nil {
			return nil, err
		}
	}
	if s.orders[o.id] != nil {
		return nil, fmt.Errorf("order %s exists", o.id)
	}
	s.orders[o.id] = o
	s.commitStock(o)
	s.startOrder(o, spec.State)
	return o, nil
}

func (s *Sandbox) startOrder(o *order, state string) {
	switch state {
	case orderUnpaid:
		s.setOrder(o, orderUnpaid)
	case orderOnHold:
		s.pay(o, true)
	default:
		s.pay(o, false)
	}
}

func orZero(text string) string {
	setDefault(&text, "0")
	return text
}

func (s *Sandbox) addLines(o *order, item OrderLine) error {
	k := s.skus[item.SKU]
	if k == nil || k.product.ShopID != o.shopID {
		return fmt.Errorf("no sku %q in shop %s", item.SKU, o.shopID)
	}
	setDefault(&item.Quantity, 1)
	setDefault(&item.Price, formatMoney(k.price, o.currency))
	amounts := make([]minor, 3)
	for i, text := range []string{item.Price, orZero(item.SellerDiscount), orZero(item.PlatformDiscount)} {
		var err error
		if amounts[i], err = parseMoney(text, o.currency); err != nil {
			return err
		}
	}
	for range item.Quantity {
		l := &line{order: o, id: s.newID("line"), skuID: k.ID, sellerSKU: k.SellerSKU, skuName: k.Name,
			productID: k.product.ID, productName: k.product.Title,
			original: amounts[0], sellerDiscount: amounts[1], platformOff: amounts[2], gift: item.Gift}
		if !item.Gift {
			l.sale = l.original - l.sellerDiscount - l.platformOff // T33
		}
		l.recipe = append(l.recipe, k.Parts...)
		s.addUnits(l, k)
		o.lines = append(o.lines, l)
	}
	return nil
}

// addUnits splits a bundle line into its physical parts, priced in proportion to
// their own prices.
func (s *Sandbox) addUnits(l *line, k *sku) {
	if !k.isBundle() {
		l.units = []*unit{{line: l, skuID: k.ID, sellerSKU: k.SellerSKU, productID: k.product.ID, title: k.product.Title}}
	}
	var weights []minor
	for _, part := range l.recipe {
		component := s.skus[part.SKU]
		for range part.Count {
			l.units = append(l.units, &unit{line: l, subID: s.newID("subline"), skuID: component.ID,
				sellerSKU: component.SellerSKU, productID: component.product.ID, title: component.product.Title})
			weights = append(weights, component.price)
		}
	}
	if !k.isBundle() {
		weights = []minor{1}
	}
	for i, share := range spread(l.sale, weights) {
		l.units[i].price, l.units[i].refundable = share, share
	}
}

// sellingWarehouse picks where the order is sold from, and refuses what the shop
// does not show as available.
func (s *Sandbox) sellingWarehouse(o *order, wanted string) (string, error) {
	need := map[string]int{}
	for _, l := range o.lines {
		for _, u := range l.units {
			need[u.skuID]++
		}
	}
	kept := false
	for _, w := range s.warehouses {
		if w.ShopID != o.shopID || w.Return || wanted != "" && w.ID != wanted {
			continue
		}
		all, enough := true, true
		for id, n := range need {
			l := s.levels[stockKey{id, w.ID}]
			all = all && l != nil
			enough = enough && l != nil && l.available >= n
		}
		kept = kept || all
		if all && (enough || o.keepStock) {
			return w.ID, nil
		}
	}
	if kept {
		return "", ErrOutOfStock
	}
	return "", fmt.Errorf("no warehouse keeps all SKUs of the order (wanted %q)", wanted)
}

// SetRefundable overrides how much of a line TikTok is willing to give back.
func (s *Sandbox) SetRefundable(orderID, lineID, amount string) error {
	defer s.enter()()
	o := s.orders[orderID]
	if o == nil || o.line(lineID) == nil {
		return fmt.Errorf("set refundable: no line %s in order %s", lineID, orderID)
	}
	total, err := parseMoney(amount, o.currency)
	if err != nil {
		return fmt.Errorf("set refundable: %w", err)
	}
	units := o.line(lineID).units
	weights := make([]minor, len(units))
	for i, u := range units {
		weights[i] = u.price
	}
	for i, share := range spread(total, weights) {
		units[i].refundable = share
	}
	return nil
}

func (o *order) line(id string) *line {
	for _, l := range o.lines {
		if l.id == id {
			return l
		}
	}
	return nil
}
