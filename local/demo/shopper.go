package demo

import (
	"cmp"
	"context"
	"fmt"
	"math/big"

	"returnbridge/internal/returns"
	"returnbridge/local/returngosandbox"
	"returnbridge/local/tiktoksandbox"
)

// shopper is one return with all the people around it.
type shopper struct {
	ctx      context.Context
	house    *House
	scenario string
	product  product
	id       int

	words, orderName               string // of the customer and the shop; empty: as usual
	orderID, tiktokReturnID, rmaID string
	lineIDs, itemIDs               []string
	transaction                    string
	expect                         expectation
}

// buys gives the shopper a delivered order of the past, known to both platforms.
func (s *shopper) buys(units int) error {
	id, err := s.house.TikTok.DeliveredOrder(tiktoksandbox.OrderSpec{
		ShopID: tiktokShopID, Warehouse: s.house.warehouse, KeepStock: true, Lines: []tiktoksandbox.OrderLine{{SKU: s.product.sku, Quantity: units}},
	})
	if err != nil {
		return fmt.Errorf("order: %w", err)
	}
	s.orderID = id
	order, err := s.house.TikTok.Order(id)
	if err != nil {
		return fmt.Errorf("order: %w", err)
	}
	for _, l := range order.Lines {
		s.lineIDs = append(s.lineIDs, l.ID)
	}
	s.expect.orderID, s.expect.sku, s.expect.warehouse = id, s.product.sku, s.house.warehouse
	return s.house.ReturnGO.AddOrder(store, returngosandbox.Order{
		ID: "shop-" + id, Name: cmp.Or(s.orderName, "#TT-"+id), Currency: "GBP", Fulfilled: true, CustomerID: fmt.Sprint(90000 + s.id),
		Lines: []returngosandbox.Line{{ID: "line-" + id, SKU: s.product.sellerSKU, ProductName: "Tee", Quantity: units, UnitPrice: s.product.price, UnitTax: "0", TaxIncluded: true}},
	})
}

// buysAndReturns opens the buyer's TikTok return and then the RMA.
func (s *shopper) buysAndReturns(units int, fee string) error {
	if err := s.buys(units); err != nil {
		return err
	}
	if err := s.opensTikTokReturn(); err != nil {
		return err
	}
	return s.asksForRMA(units, fee)
}

// returnsByTikTok is the usual way: the buyer's TikTok return and an RMA, the
// parcel sent, received and inspected; so many units are fit for stock.
func (s *shopper) returnsByTikTok(units int, fee string, restockable int) error {
	if err := s.buysAndReturns(units, fee); err != nil {
		return err
	}
	if err := s.parcelGoesBack(); err != nil {
		return err
	}
	return s.inspected(restockable)
}

// opensTikTokReturn is the buyer asking in the TikTok app.
func (s *shopper) opensTikTokReturn() error {
	var err error
	s.tiktokReturnID, err = s.house.TikTok.OpenReturn(tiktoksandbox.ReturnSpec{OrderID: s.orderID, LineIDs: s.lineIDs, Reason: buyerReason})
	if err != nil {
		return fmt.Errorf("TikTok return: %w", err)
	}
	return nil
}

func (s *shopper) asksForRMA(units int, fee string) error {
	var err error
	s.rmaID, s.itemIDs, err = s.house.ReturnGO.CreateRMA(store, returngosandbox.RMASpec{OrderID: "shop-" + s.orderID, Items: []returngosandbox.ItemSpec{
		{LineID: "line-" + s.orderID, Quantity: units, Reason: cmp.Or(s.words, portalWords), PolicyRule: "TikTok refund", ResolutionName: "Marketplace refund", RestockingFee: fee},
	}})
	if err != nil {
		return fmt.Errorf("RMA: %w", err)
	}
	s.expect.rmaID = s.rmaID
	return s.house.ReturnGO.Approve(s.rmaID)
}

// parcelGoesBack waits until TikTok lets the buyer send the parcel, sends it and
// books it in.
func (s *shopper) parcelGoesBack() error {
	tracking := "TRK" + s.orderID
	if s.tiktokReturnID != "" {
		err := s.until("TikTok lets the buyer send the parcel", func() (bool, error) {
			r, err := s.house.TikTok.Return(s.tiktokReturnID)
			return r.Status == returns.TikTokAwaitingShip, err
		})
		if err != nil {
			return err
		}
		if err := s.house.TikTok.BuyerShips(s.tiktokReturnID, tracking); err != nil {
			return fmt.Errorf("ship: %w", err)
		}
	}
	if err := s.house.ReturnGO.Ship(s.rmaID, tracking, "Demo Post"); err != nil {
		return fmt.Errorf("ship: %w", err)
	}
	if s.tiktokReturnID != "" {
		if err := s.house.TikTok.ParcelDelivered(s.tiktokReturnID); err != nil {
			return fmt.Errorf("deliver: %w", err)
		}
	}
	return s.house.ReturnGO.Receive(s.rmaID)
}

// inspected is the warehouse: all units came back, so many go onto the shelf.
func (s *shopper) inspected(restockable int) error {
	var found []returngosandbox.ItemValidation
	for i, id := range s.itemIDs {
		v := returngosandbox.ItemValidation{ItemID: id, Returned: true, Restockable: i < restockable, Location: location}
		if !v.Restockable {
			v.Reason = "Stained"
		}
		found = append(found, v)
	}
	if err := s.house.TikTok.WarehouseReceives(s.product.sku, s.house.warehouse, restockable); err != nil {
		return fmt.Errorf("shelf: %w", err)
	}
	s.expect.restocked = restockable
	return s.house.ReturnGO.Validate(s.rmaID, found)
}

// authorises makes ReturnGO authorise an amount for all units together.
func (s *shopper) authorises(amount string) error {
	if amount == "" {
		amount = s.total()
	}
	var err error
	s.transaction, err = s.house.ReturnGO.RequestRefund(s.rmaID, s.itemIDs, amount)
	s.expect.authorised = amount
	if err != nil {
		return fmt.Errorf("authorise: %w", err)
	}
	return nil
}

// paidInFull authorises the full price and waits for the usual end.
func (s *shopper) paidInFull() error {
	if err := s.authorises(""); err != nil {
		return err
	}
	return s.endsPaidAndSettled(s.total())
}

// total is the price of all units.
func (s *shopper) total() string {
	price, _ := new(big.Rat).SetString(s.product.price)
	return price.Mul(price, big.NewRat(int64(len(s.lineIDs)), 1)).FloatString(2)
}

func minus(a, b string) string {
	x, _ := new(big.Rat).SetString(a)
	y, _ := new(big.Rat).SetString(b)
	return x.Sub(x, y).FloatString(2)
}
