package e2e

import (
	"math/big"
	"slices"
	"time"

	enumspb "go.temporal.io/api/enums/v1"

	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
	"returnbridge/local/demo"
	"returnbridge/local/returngosandbox"
	"returnbridge/local/tiktoksandbox"
)

const (
	buyerReason  = "ecom_order_delivered_refund_and_return_reason_not_match_description_uk"
	portalReason = "Not as described"
)

// shopper is one order with the people around it.
type shopper struct {
	*house
	place                place
	product              demo.Product
	before               tiktoksandbox.StockLevel
	orderID              string
	lineIDs, itemIDs     []string
	tiktokReturnID       string
	rmaID, transactionID string
}

// place is a shop: its name, and what the platforms call it.
type place struct{ name, tiktok, store, warehouse, currency string }

func (h *house) home() place {
	return place{demo.ShopName, demo.ShopID, demo.Store, h.Warehouse(), "GBP"}
}

// buys gives a new shopper a delivered order of a product of their own.
func (h *house) buys(units int) *shopper {
	h.t.Helper()
	h.mu.Lock()
	all := h.Products()
	product := all[h.next%len(all)]
	h.next++
	h.mu.Unlock()
	return h.buysProduct(product, units)
}

func (h *house) buysProduct(product demo.Product, units int) *shopper {
	h.t.Helper()
	return h.buysAt(h.home(), product, units)
}

func (h *house) buysAt(at place, product demo.Product, units int) *shopper {
	h.t.Helper()
	s := &shopper{house: h, place: at, product: product}
	var err error
	s.before, err = h.TikTok.Stock(product.SKU, at.warehouse)
	h.must(err)
	s.getsParcel(tiktoksandbox.OrderSpec{Lines: []tiktoksandbox.OrderLine{{SKU: product.SKU, Quantity: units}}})
	return s
}

// getsParcel is the shopper's delivered order of the past, known to both platforms.
func (s *shopper) getsParcel(order tiktoksandbox.OrderSpec) {
	s.t.Helper()
	order.ShopID, order.Warehouse, order.KeepStock = s.place.tiktok, s.place.warehouse, true
	var err error
	s.orderID, err = s.TikTok.DeliveredOrder(order)
	s.must(err)
	placed, err := s.TikTok.Order(s.orderID)
	s.must(err)
	for _, l := range placed.Lines {
		s.lineIDs = append(s.lineIDs, l.ID)
	}
	s.knownToReturnGO("shop-"+s.orderID, len(s.lineIDs))
}

// knownToReturnGO puts the order into ReturnGO under an id.
func (s *shopper) knownToReturnGO(id string, units int) {
	s.t.Helper()
	s.namedInReturnGO(id, "#TT-"+s.orderID, units)
}

func (s *shopper) namedInReturnGO(id, name string, units int) {
	s.t.Helper()
	s.must(s.ReturnGO.AddOrder(s.place.store, returngosandbox.Order{
		ID: id, Name: name, Currency: s.place.currency, Fulfilled: true, CustomerID: "90001",
		Lines: []returngosandbox.Line{{ID: "line", SKU: s.product.SellerSKU, ProductName: "Tee", Quantity: units, UnitPrice: s.product.Price, UnitTax: "0", TaxIncluded: true}},
	}))
}

// opensTikTokReturn is the buyer asking in the TikTok app.
func (s *shopper) opensTikTokReturn() {
	s.t.Helper()
	var err error
	s.tiktokReturnID, err = s.TikTok.OpenReturn(tiktoksandbox.ReturnSpec{OrderID: s.orderID, LineIDs: s.lineIDs, Reason: buyerReason})
	s.must(err)
}

// opensRMA is the customer on the portal, and the merchant's yes.
func (s *shopper) opensRMA() { s.t.Helper(); s.opensRMAOn("shop-" + s.orderID) }

func (s *shopper) opensRMAOn(id string) {
	s.t.Helper()
	s.asksForRMA(id, returngosandbox.ItemSpec{Quantity: len(s.lineIDs), Reason: portalReason})
	s.must(s.ReturnGO.Approve(s.rmaID))
}

// asksForRMA is the customer on the portal alone.
func (s *shopper) asksForRMA(orderID string, item returngosandbox.ItemSpec) {
	s.t.Helper()
	item.LineID = "line"
	var err error
	s.rmaID, s.itemIDs, err = s.ReturnGO.CreateRMA(s.place.store, returngosandbox.RMASpec{OrderID: orderID, Items: []returngosandbox.ItemSpec{item}})
	s.must(err)
}

// ships waits until TikTok lets the buyer send the parcel, and sends it.
func (s *shopper) ships() {
	s.t.Helper()
	if s.tiktokReturnID != "" {
		s.untilTikTok(returns.TikTokAwaitingShip)
		s.must(s.TikTok.BuyerShips(s.tiktokReturnID, "TRK"+s.orderID))
	}
	s.must(s.ReturnGO.Ship(s.rmaID, "TRK"+s.orderID, "Demo Post"))
}

// arrives is the parcel at the warehouse, booked in.
func (s *shopper) arrives() {
	s.t.Helper()
	if s.tiktokReturnID != "" {
		s.must(s.TikTok.ParcelDelivered(s.tiktokReturnID))
	}
	s.must(s.ReturnGO.Receive(s.rmaID))
}

// inspected is the warehouse: all came back, so many go onto the shelf.
func (s *shopper) inspected(restockable int) {
	s.t.Helper()
	var found []returngosandbox.ItemValidation
	for i, id := range s.itemIDs {
		v := returngosandbox.ItemValidation{ItemID: id, Returned: true, Restockable: i < restockable, Location: demo.Location}
		if !v.Restockable {
			v.Reason = "Stained"
		}
		found = append(found, v)
	}
	s.must(s.TikTok.WarehouseReceives(s.product.SKU, s.place.warehouse, restockable))
	s.must(s.ReturnGO.Validate(s.rmaID, found))
}

// authorised makes ReturnGO authorise an amount for all units together.
func (s *shopper) authorised(amount string) {
	s.t.Helper()
	var err error
	s.transactionID, err = s.ReturnGO.RequestRefund(s.rmaID, s.itemIDs, amount)
	s.must(err)
}

// returnsByTikTok brings a TikTok return to its inspection, all fit for stock.
// The amount is authorised before: without one the expected value would do.
func (s *shopper) returnsByTikTok(amount string) {
	s.t.Helper()
	s.opensTikTokReturn()
	s.returnsByPost(amount)
}

// returnsByPost is the same without a TikTok return of the buyer's.
func (s *shopper) returnsByPost(amount string) {
	s.t.Helper()
	s.opensRMA()
	s.ships()
	s.arrives()
	s.authorised(amount)
	s.inspected(len(s.lineIDs))
}

// price of all units together, less something.
func (s *shopper) price(less string) string {
	price, _ := new(big.Rat).SetString(s.product.Price)
	off, _ := new(big.Rat).SetString(less)
	price.Mul(price, big.NewRat(int64(len(s.lineIDs)), 1))
	return price.Sub(price, off).FloatString(2)
}

func (s *shopper) id() string { return messages.ReturnID(s.place.name, returns.RMAKey(s.rmaID)) }

func (s *shopper) clockID() string {
	return messages.ReturnID(s.place.name, returns.TikTokKey(s.tiktokReturnID))
}

func (s *shopper) untilTikTok(status string) {
	s.t.Helper()
	s.until("TikTok return "+s.tiktokReturnID+" "+status, func() bool { return s.tiktokStatus() == status })
}

func (s *shopper) tiktokStatus() string {
	r, err := s.TikTok.Return(s.tiktokReturnID)
	s.must(err)
	return r.Status
}

// untilAsked waits until the return shows an exception.
func (s *shopper) untilAsked(kind returns.Kind) {
	s.t.Helper()
	s.until(string(kind), func() bool { return s.shows(s.id(), kind) })
}

func (s *shopper) untilClosed() {
	s.t.Helper()
	s.until("return "+s.rmaID+" closed", s.closed)
}

func (s *shopper) closed() bool {
	return s.status(s.id()) == enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED
}

// payments are what TikTok really paid on the order.
func (s *shopper) payments() []tiktoksandbox.Payment {
	return slices.DeleteFunc(s.TikTok.Books().Payments, func(p tiktoksandbox.Payment) bool { return p.OrderID != s.orderID })
}

// paid is TikTok's money for the order, and by how many cases.
func (s *shopper) paid() (amount string, cases int) {
	sum, seen := new(big.Rat), map[string]bool{}
	for _, p := range s.payments() {
		a, _ := new(big.Rat).SetString(p.Amount)
		sum.Add(sum, a)
		seen[p.ReturnID] = true
	}
	return sum.FloatString(2), len(seen)
}

// wantPaid expects exactly one payment of exactly this.
func (s *shopper) wantPaid(amount string) {
	s.t.Helper()
	if got, cases := s.paid(); got != amount || cases != 1 {
		s.t.Errorf("order %s: TikTok paid %s by %d cases, want %s by one: %+v", s.orderID, got, cases, amount, s.payments())
	}
}

// wantUnpaid expects that no money moved and none was asked for.
func (s *shopper) wantUnpaid(when string) {
	s.t.Helper()
	if got, _ := s.paid(); got != "0.00" {
		s.t.Fatalf("%s: TikTok paid %s", when, got)
	}
	for _, id := range s.TikTok.ReturnsOf(s.orderID) {
		if r, err := s.TikTok.Return(id); err != nil || r.Status == returns.TikTokApproved {
			s.t.Fatalf("%s: TikTok return %s is approved (%v)", when, id, err)
		}
	}
}

// wantSettled expects ReturnGO's transaction to bear TikTok's reference.
func (s *shopper) wantSettled() {
	s.t.Helper()
	rma, _ := s.ReturnGO.RMA(s.rmaID)
	for _, t := range rma.Transactions {
		if t.ID == s.transactionID && (t.Status != returns.TransactionSuccess || !slices.Contains(s.TikTok.ReturnsOf(s.orderID), t.Reference)) {
			s.t.Errorf("ReturnGO's transaction %s is %s with reference %q", t.ID, t.Status, t.Reference)
		}
	}
}

// gained is by how many units the stock of the SKU grew since the order, by
// what the shop believes in: available and committed.
func (s *shopper) gained() int {
	now, err := s.TikTok.Stock(s.product.SKU, s.place.warehouse)
	s.must(err)
	return now.BelievedPhysical - s.before.BelievedPhysical
}

func (s *shopper) wantStock(units int, when string) {
	s.t.Helper()
	if got := s.gained(); got != units {
		s.t.Errorf("%s: the stock of %s grew by %d, want %d; writes: %+v", when, s.product.SellerSKU, got, units, s.writes())
	}
}

// writes are the stock writes of the shopper's product.
func (s *shopper) writes() []tiktoksandbox.InventoryWrite {
	return slices.DeleteFunc(s.TikTok.Books().InventoryWrites, func(w tiktoksandbox.InventoryWrite) bool { return w.SKU != s.product.SKU })
}

// decisions are the steps of the shopper's TikTok return by one party.
func (s *shopper) decisions(by string) []tiktoksandbox.Decision {
	return slices.DeleteFunc(s.TikTok.Books().Decisions, func(d tiktoksandbox.Decision) bool { return d.ReturnID != s.tiktokReturnID || d.By != by })
}

func (s *shopper) deadline() time.Time {
	r, err := s.TikTok.Return(s.tiktokReturnID)
	s.must(err)
	return r.Deadline
}

func (h *house) calls(endpoint string) int { return h.TikTok.Books().Calls[endpoint] }

// waitsFor waits until the return stands at a stage.
func (s *shopper) waitsFor(stage returns.Stage) {
	s.t.Helper()
	s.until("the return stands at "+string(stage), func() bool {
		return text(s.attributes(s.id()), messages.AttrStage.GetName()) == string(stage)
	})
}
