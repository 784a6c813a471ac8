package chaos

import (
	"fmt"
	"math/big"
	"testing"
	"time"

	"returnbridge/internal/ledger"
	"returnbridge/internal/returns"
	"returnbridge/local/demo"
	"returnbridge/local/returngosandbox"
	"returnbridge/local/tiktoksandbox"
)

// buyer is one unit that somebody bought, and the people around its return. The
// demo's shoppers carry a return to its end; a buyer takes one step at a time.
type buyer struct {
	h       *house
	at      place
	product demo.Product

	orderID, rmaID, transactionID, amount string
	itemIDs                               []string
}

// place is a shop, and what the platforms call it.
type place struct{ name, tiktok, store, warehouse string }

func (h *house) home() place {
	return place{demo.ShopName, demo.ShopID, demo.Store, h.Warehouse()}
}

// buyers are so many, each with a delivered order at the house's own shop.
func (h *house) buyers(n int) (all []*buyer) {
	h.t.Helper()
	products := h.Products()
	for i := range n {
		all = append(all, h.buysAt(h.home(), products[i%len(products)]))
	}
	return all
}

func (h *house) buysAt(at place, p demo.Product) *buyer {
	h.t.Helper()
	id, err := h.TikTok.DeliveredOrder(tiktoksandbox.OrderSpec{
		ShopID: at.tiktok, Warehouse: at.warehouse, KeepStock: true, Lines: []tiktoksandbox.OrderLine{{SKU: p.SKU}},
	})
	h.must(err)
	h.must(h.ReturnGO.AddOrder(at.store, returngosandbox.Order{
		ID: "shop-" + id, Name: "#TT-" + id, Currency: "GBP", Fulfilled: true, CustomerID: "90001",
		Lines: []returngosandbox.Line{{ID: "line", SKU: p.SellerSKU, ProductName: "Tee", Quantity: 1, UnitPrice: p.Price, UnitTax: "0", TaxIncluded: true}},
	}))
	return &buyer{h: h, at: at, product: p, orderID: id}
}

// asks opens the RMA, which ReturnGO approves.
func (b *buyer) asks() {
	b.h.t.Helper()
	var err error
	b.rmaID, b.itemIDs, err = b.h.ReturnGO.CreateRMA(b.at.store, returngosandbox.RMASpec{OrderID: "shop-" + b.orderID, Items: []returngosandbox.ItemSpec{
		{LineID: "line", Quantity: 1, Reason: "Not as described"},
	}})
	b.h.must(err)
	b.h.must(b.h.ReturnGO.Approve(b.rmaID))
}

// isAuthorised has ReturnGO ask for a refund of an amount.
func (b *buyer) isAuthorised(amount string) {
	b.h.t.Helper()
	var err error
	b.transactionID, err = b.h.ReturnGO.RequestRefund(b.rmaID, b.itemIDs, amount)
	b.h.must(err)
	b.amount = amount
}

// sendsBack brings the goods to the warehouse, which puts them onto the shelf.
func (b *buyer) sendsBack() {
	b.h.t.Helper()
	b.h.must(b.h.ReturnGO.Ship(b.rmaID, "TRK"+b.orderID, "Demo Post"))
	b.h.must(b.h.ReturnGO.Receive(b.rmaID))
	b.h.must(b.h.TikTok.WarehouseReceives(b.product.SKU, b.at.warehouse, 1))
	b.h.must(b.h.ReturnGO.Validate(b.rmaID, []returngosandbox.ItemValidation{{ItemID: b.itemIDs[0], Returned: true, Restockable: true, Location: demo.Location}}))
}

// isCancelled withdraws the refund and cancels the RMA.
func (b *buyer) isCancelled() {
	b.h.t.Helper()
	b.h.must(b.h.ReturnGO.CancelTransaction(b.transactionID))
	b.h.must(b.h.ReturnGO.Cancel(b.rmaID, "changed their mind"))
}

// read is what the ledger knows of the RMA.
func (b *buyer) read() (rma returns.RMA) {
	b.h.t.Helper()
	b.h.read(func(tx *ledger.Tx) error {
		r, err := tx.Record(b.h.t.Context(), b.at.name, returns.RMAKey(b.rmaID))
		if r.RMA != nil {
			rma = *r.RMA
		}
		return err
	})
	return rma
}

// untilRead waits until the ledger knows that all are approved, and their refunds.
func (h *house) untilRead(all []*buyer, refunds int) {
	h.t.Helper()
	for _, b := range all {
		h.until("the RMA is read", func() bool {
			rma := b.read()
			return rma.Status == returns.RMAApproved && len(rma.Transactions) == refunds
		})
	}
}

// asked reports whether TikTok was asked to pay.
func (b *buyer) asked() bool { return len(b.h.TikTok.ReturnsOf(b.orderID)) > 0 }

// closed reports whether the return has ended, by the ledger.
func (b *buyer) closed() bool {
	b.h.t.Helper()
	ended := false
	b.h.read(func(tx *ledger.Tx) error {
		keys, err := tx.Closed(b.h.t.Context(), b.at.name, []returns.Key{returns.RMAKey(b.rmaID)})
		ended = len(keys) > 0
		return err
	})
	return ended
}

// untilClosed waits until all returns have ended. A return that was paid twice would
// wait for a person.
func (h *house) untilClosed(all []*buyer) {
	h.t.Helper()
	open := 0
	err := demo.Until(h.t.Context(), 2*patience, "every return has ended", func() (bool, error) {
		open = 0
		for _, b := range all {
			if amount, cases := b.paid(); cases > 1 {
				return false, fmt.Errorf("TikTok paid %s by %d cases for order %s", amount, cases, b.orderID)
			}
			if !b.closed() {
				open++
			}
		}
		return open == 0, nil
	})
	if err != nil {
		h.t.Fatalf("%v: %d have not:\n%s", err, open, h.open())
	}
}

// paid is what TikTok paid for an order, and by how many cases.
func (b *buyer) paid() (amount string, cases int) {
	sum, by := new(big.Rat), map[string]bool{}
	for _, p := range b.h.TikTok.Books().Payments {
		if p.OrderID == b.orderID {
			a, _ := new(big.Rat).SetString(p.Amount)
			sum.Add(sum, a)
			by[p.ReturnID] = true
		}
	}
	return sum.FloatString(2), len(by)
}

// wantPaidOnce expects TikTok's books to show one payment each, of what was
// authorised.
func (h *house) wantPaidOnce(t *testing.T, what string, all []*buyer) {
	t.Helper()
	for _, b := range all {
		if amount, cases := b.paid(); amount != b.amount || cases != 1 {
			t.Errorf("%s: TikTok paid %s by %d cases for order %s, want %s by one", what, amount, cases, b.orderID, b.amount)
		}
	}
}

// wantUnpaid expects that TikTok neither paid nor was asked to pay.
func (h *house) wantUnpaid(t *testing.T, what string, all []*buyer) {
	t.Helper()
	paid := 0
	for _, b := range all {
		if b.asked() {
			paid++
		}
	}
	if paid > 0 {
		t.Errorf("%s: TikTok was asked to pay %d of %d", what, paid, len(all))
	}
}

// wantInStock waits until TikTok's stock shows every unit that lies on the shelf, and
// no other: no difference is left.
func (h *house) wantInStock(what string) {
	h.t.Helper()
	wrong := func() (list []tiktoksandbox.StockLevel) {
		for _, l := range h.TikTok.Books().Stock {
			if l.Drift() != 0 {
				list = append(list, l)
			}
		}
		return list
	}
	err := demo.Until(h.t.Context(), patience, "the stock", func() (bool, error) { return len(wrong()) == 0, nil })
	if err != nil {
		h.t.Errorf("%s: the stock differs from what lies on the shelf: %+v", what, wrong())
	}
}

// passed reports whether so much time has gone by since a moment.
func passed(since time.Time, d time.Duration) func() bool {
	return func() bool { return time.Since(since) >= d }
}
