package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"testing"
	"time"

	"go.uber.org/zap"

	"returnbridge/config"
	"returnbridge/internal/app"
	"returnbridge/internal/ledger"
	"returnbridge/internal/returns"
	"returnbridge/local/demo"
	"returnbridge/local/returngosandbox"
	"returnbridge/local/tiktoksandbox"
)

// With every switch off the program reads, decides and writes nothing; people do
// the work in Seller Center and in ReturnGO, and the report holds the two against
// each other.

// shadowPlays are the demo's scenarios with people doing the work, and how each
// action that the program would have taken comes out.
var shadowPlays = map[string]struct {
	play func(*shopper)
	want []string
}{
	"happy":              {(*shopper).peopleHappy, peopleAgree},
	"several-units":      {(*shopper).peopleSeveralUnits, []string{"accept-return agreed", "confirm-parcel agreed", "restock ", "restock ", "set-transaction agreed"}},
	"seller-refund":      {(*shopper).peopleSellerRefund, sellerAgree},
	"inspected-too-long": {(*shopper).peopleInspectedTooLong, peopleAgree},
	"answered-by-signal": {(*shopper).peopleAnswered, []string{"accept-return agreed", "comment ", "confirm-parcel agreed", "restock "}},
	"penny":              {(*shopper).peoplePenny, []string{"accept-return agreed", "comment ", "refund differed", "restock "}},
	"not-returned":       {(*shopper).peopleNotReturned, []string{"comment ", "exact-seller-refund differed", "restock "}},
	"late-rma":           {(*shopper).peopleLateRMA, []string{"confirm-parcel agreed", "restock ", "set-transaction agreed"}},
	"opened-by-us":       {(*shopper).peopleOpenNothing, []string{"exact-seller-refund agreed", "open-return dropped", "restock ", "set-transaction agreed"}},
	"unlinked-order":     {(*shopper).peopleUnlinkedOrder, sellerAgree},
	"reopened":           {(*shopper).peopleReopened, sellerAgree},
	"late-event":         {(*shopper).peopleLateEvent, peopleAgree},
}

var (
	peopleAgree = []string{"accept-return agreed", "confirm-parcel agreed", "restock ", "set-transaction agreed"}
	sellerAgree = []string{"exact-seller-refund agreed", "restock ", "set-transaction agreed"}
)

// damaged is the customer's reason for which the shop opens a TikTok return.
const damaged = "Arrived damaged"

// reads are the calls that change nothing.
var reads = []string{
	"shops", "orders/search", "orders/detail", "returns/search", "returns/records", "refunds/calculate", "orders/aftersale_eligibility",
	"returns/decision_eligibility", "returns/reject_reasons", "cancellations/search", "products/get", "products/search", "inventory/search", "warehouses",
	"webhooks/get", "auth/refresh", // TikTok
	"rmas/list", "rma/get", "transactions/list", "webhooks/list", // ReturnGO
}

func TestShadowWritesNothing(t *testing.T) { //nolint:tparallel // the subtests that play are parallel, inside one that waits for them
	t.Parallel()
	h := openHouse(t, func(o *demo.HouseOptions) {
		o.PeriodFactor = 1.0 / 600 // TikTok's clock must not do people's work: 48 hours are 288 seconds
		o.Configure = func(c *config.Config) {
			soon(c)
			c.Shops[0].Switches = config.Switches{}
			c.Shops[0].Refund.Reasons = append(c.Shops[0].Refund.Reasons, config.Reason{ReturnGO: damaged, TikTok: c.Shops[0].Refund.Reasons[0].TikTok})
			c.Periods.RMAWait, c.Periods.InspectedTooLong = 3*time.Second, 3*time.Second
		}
	})
	tiktok, returnGO := h.TikTok.Books(), h.ReturnGO.Books()
	keys := map[string]returns.Key{}
	t.Run("people", func(t *testing.T) {
		for i, scenario := range demo.Scenarios {
			s := &shopper{}
			t.Run(scenario.Name, func(t *testing.T) {
				t.Parallel()
				played, known := shadowPlays[scenario.Name]
				if !known {
					t.Fatal("nobody plays this scenario with people doing the work")
				}
				*s = shopper{house: &house{House: h.House, t: t}, product: h.Products()[i]}
				played.play(s)
				s.until("all came out", func() bool { return slices.Equal(s.cameOut(), played.want) })
			})
			t.Cleanup(func() { keys[scenario.Name] = returns.RMAKey(s.rmaID) })
		}
	})
	h.afterSweep()
	for name, played := range shadowPlays {
		s := &shopper{house: h, rmaID: string(keys[name])}
		if got := s.cameOut(); !slices.Equal(got, played.want) {
			t.Errorf("%s: after a sweep it came out as %q, not %q", name, got, played.want)
		}
	}
	h.wantNoWrite(tiktok, returnGO)
	h.wantReport(keys)
}

// wantNoWrite expects of both platforms' books that we have only read.
func (h *house) wantNoWrite(tiktok tiktoksandbox.Books, returnGO returngosandbox.Books) {
	h.t.Helper()
	now, nowRG := h.TikTok.Books(), h.ReturnGO.Books()
	for _, c := range []struct{ before, now map[string]int }{{tiktok.Calls, now.Calls}, {returnGO.Calls, nowRG.Calls}} {
		for endpoint, n := range c.now {
			if n != c.before[endpoint] && !slices.Contains(reads, endpoint) {
				h.t.Errorf("%d calls of %s", n-c.before[endpoint], endpoint)
			}
		}
	}
	if n := len(nowRG.Writes) - len(returnGO.Writes); n != 0 {
		h.t.Errorf("%d writes in ReturnGO", n)
	}
	for _, d := range now.Decisions {
		if d.By == tiktoksandbox.BySellerAPI || d.RequestID != "" {
			h.t.Errorf("a decision by us: %+v", d)
		}
	}
	for _, m := range now.Journal {
		if m.CallRequestID != "" {
			h.t.Errorf("a movement of stock by us: %+v", m)
		}
	}
	if len(now.InventoryWrites)+len(now.Labels) > 0 {
		h.t.Errorf("stock writes %v, labels %v", now.InventoryWrites, now.Labels)
	}
	if len(now.Payments) == 0 {
		h.t.Error("people paid nothing: nothing was shown")
	}
}

// shadowReport is what the test reads of the report's JSON.
type shadowReport struct {
	Actions []struct {
		Action   string
		Agreed   int
		Differed int
		Only     int  `json:"only_people"`
		Nobody   int  `json:"nobody_yet"`
		Dropped  int  `json:"not_due_any_more"`
		On       bool `json:"switched_on"`
	}
	Differed []shadowDifference
	Notes    int `json:"notes_not_compared"`
	Restock  []struct {
		Units  int `json:"units_wanted"`
		Raised int `json:"raised_by_others"`
	}
}

type shadowDifference struct {
	Return       returns.Key
	Ours, Theirs returns.Money
}

// wantReport expects the report to count and list what came out.
func (h *house) wantReport(keys map[string]returns.Key) {
	h.t.Helper()
	var report shadowReport
	h.until("TikTok told of the stock that people raised", func() bool {
		said, err := h.types("shadow", "report", "--json", "--config", h.configFile())
		h.must(err)
		report = shadowReport{}
		h.must(json.Unmarshal([]byte(said), &report))
		return len(report.Restock) == 1 && report.Restock[0].Raised == 13
	})
	var got []string
	for _, a := range report.Actions {
		got = append(got, fmt.Sprintf("%s: %d agreed, %d differed, %d only people, %d nobody yet, %d dropped, on %t", a.Action, a.Agreed, a.Differed, a.Only, a.Nobody, a.Dropped, a.On))
	}
	want := []string{
		"accept a return: 6 agreed, 0 differed, 0 only people, 0 nobody yet, 0 dropped, on false",
		"open a return: 0 agreed, 0 differed, 0 only people, 0 nobody yet, 1 dropped, on false",
		"upload a label: 0 agreed, 0 differed, 0 only people, 0 nobody yet, 0 dropped, on false",
		"refund: 10 agreed, 2 differed, 0 only people, 0 nobody yet, 0 dropped, on false",
		"restock a unit: 0 agreed, 0 differed, 0 only people, 13 nobody yet, 0 dropped, on false",
		"write back to ReturnGO: 9 agreed, 0 differed, 0 only people, 0 nobody yet, 0 dropped, on false",
	}
	if !slices.Equal(got, want) {
		h.t.Errorf("the report counts\n%q, want\n%q", got, want)
	}
	for _, name := range []string{"penny", "not-returned"} {
		i := slices.IndexFunc(report.Differed, func(d shadowDifference) bool { return d.Return == keys[name] })
		if i < 0 || !returns.Known(report.Differed[i].Ours) || !returns.Known(report.Differed[i].Theirs) || returns.SameMoney(report.Differed[i].Ours, report.Differed[i].Theirs) {
			h.t.Errorf("%s: the difference is not listed with both numbers: %+v", name, report.Differed)
		}
	}
	if report.Notes != 3 || report.Restock[0].Units != 13 {
		h.t.Errorf("notes %d, restock %+v", report.Notes, report.Restock)
	}
}

// cameOut is how each action on the RMA came out; behind the blank nothing while
// nobody has done it.
func (s *shopper) cameOut() []string {
	s.t.Helper()
	var all []string
	for _, row := range s.shadows() {
		name := string(row.Route)
		if name == "" {
			name = string(row.Kind)
		}
		all = append(all, name+" "+string(row.End))
	}
	slices.Sort(all)
	return all
}

func (s *shopper) shadows() (all []returns.Shadow) {
	s.t.Helper()
	s.must(s.ReadLedger(s.t.Context(), func(tx *ledger.Tx) error {
		rows, err := tx.Shadows(s.t.Context(), demo.ShopName, time.Time{})
		for _, r := range rows {
			if r.Key == returns.RMAKey(s.rmaID) {
				all = append(all, r.Shadow)
			}
		}
		return err
	}))
	return all
}

// untilWanted waits until the program would take a way.
func (s *shopper) untilWanted(way returns.Route) {
	s.t.Helper()
	s.until("the program would "+string(way), func() bool {
		return slices.ContainsFunc(s.shadows(), func(r returns.Shadow) bool { return r.Route == way && r.End == "" })
	})
}

// What people do in Seller Center and in ReturnGO.

func (s *shopper) peopleAccept() {
	s.t.Helper()
	s.untilWanted(returns.RouteAcceptReturn)
	s.must(s.TikTok.SellerCenterApproves(s.tiktokReturnID, "APPROVE_RETURN"))
}

func (s *shopper) peopleConfirm() {
	s.t.Helper()
	s.must(s.TikTok.SellerCenterApproves(s.tiktokReturnID, "APPROVE_RECEIVED_PACKAGE"))
	s.untilTikTok(returns.TikTokPaid)
}

func (s *shopper) peopleRefund(amount string) {
	s.t.Helper()
	s.untilWanted(returns.RouteSellerRefund)
	var err error
	s.tiktokReturnID, err = s.TikTok.SellerCenterRefunds(s.orderID, s.lineIDs, amount)
	s.must(err)
	s.untilTikTok(returns.TikTokPaid)
}

func (s *shopper) peopleSettle() {
	s.t.Helper()
	s.untilWanted(returns.RouteSetTransaction)
	s.must(s.ReturnGO.SettleRefund(s.transactionID, true, s.tiktokReturnID))
}

func (s *shopper) peopleRestock(units int) {
	s.t.Helper()
	s.until("the program would restock", func() bool {
		return slices.ContainsFunc(s.shadows(), func(r returns.Shadow) bool { return r.Kind == returns.ActRestock })
	})
	s.must(s.TikTok.AdjustStock(s.product.SKU, s.Warehouse(), units, tiktoksandbox.CauseManual))
}

// returnsByBuyer brings a TikTok return to the warehouse, accepted by people.
func (s *shopper) returnsByBuyer(units int) {
	s.t.Helper()
	s.buysOwn(units)
	s.opensTikTokReturn()
	s.opensRMA()
	s.peopleAccept()
	s.ships()
	s.arrives()
}

// buysOwn is an order of the shopper's own product.
func (s *shopper) buysOwn(units int) {
	s.t.Helper()
	*s = *s.buysProduct(s.product, units)
}

// paidByPeople is the end of a TikTok return that people agree on.
func (s *shopper) paidByPeople(restockable int) {
	s.t.Helper()
	s.authorised(s.price("0"))
	s.inspected(restockable)
	s.untilWanted(returns.RouteConfirmParcel)
	s.peopleRestock(restockable)
	s.peopleConfirm()
	s.peopleSettle()
}

// refundedByPeople is the end of a return without a TikTok return.
func (s *shopper) refundedByPeople(amount string) {
	s.t.Helper()
	s.ships()
	s.arrives()
	s.authorised(amount)
	s.inspected(1)
	s.peopleRestock(1)
	s.peopleRefund(amount)
	s.peopleSettle()
}

func (s *shopper) peopleHappy()        { s.returnsByBuyer(1); s.paidByPeople(1) }
func (s *shopper) peopleSeveralUnits() { s.returnsByBuyer(3); s.paidByPeople(2) }

func (s *shopper) peopleSellerRefund() {
	s.buysOwn(1)
	s.opensRMA()
	s.refundedByPeople(s.price("2.50"))
}

func (s *shopper) peopleInspectedTooLong() {
	s.buysOwn(1)
	s.opensTikTokReturn()
	s.opensRMAWith(returngosandbox.ItemSpec{Reason: portalReason, RestockingFee: "2.00"})
	s.peopleAccept()
	s.ships()
	s.arrives()
	s.inspected(1)
	s.untilAsked(returns.NoAuthorisedAmount)
	s.authorised(s.price("0"))
	s.untilWanted(returns.RouteConfirmParcel)
	s.peopleRestock(1)
	s.peopleConfirm()
	s.peopleSettle()
}

// Finance lets TikTok pay more than authorised, and CX does so.
func (s *shopper) peopleAnswered() {
	s.returnsByBuyer(1)
	s.authorised(s.price("3.00"))
	s.inspected(1)
	s.untilAsked(returns.RefundValueMismatch)
	s.signal(s.id(), returns.Command{Name: returns.CommandResolve, Exception: returns.RefundValueMismatch, Answer: returns.AnswerAcceptPayable, Who: "finance", Why: "TikTok pays all or nothing"})
	s.untilWanted(returns.RouteConfirmParcel)
	s.peopleRestock(1)
	s.peopleConfirm()
}

// CX does not see that Finance should have been asked about a penny.
func (s *shopper) peoplePenny() {
	s.returnsByBuyer(1)
	s.authorised(s.price("0.01"))
	s.inspected(1)
	s.untilAsked(returns.RefundValueMismatch)
	s.peopleRestock(1)
	s.peopleConfirm()
}

// One unit was not in the parcel, and CX refunds both.
func (s *shopper) peopleNotReturned() {
	s.buysOwn(2)
	s.opensRMA()
	s.ships()
	s.arrives()
	s.must(s.TikTok.WarehouseReceives(s.product.SKU, s.Warehouse(), 1))
	s.must(s.ReturnGO.Validate(s.rmaID, []returngosandbox.ItemValidation{
		{ItemID: s.itemIDs[0], Returned: true, Restockable: true, Location: demo.Location},
		{ItemID: s.itemIDs[1], Reason: "Not in parcel", Location: demo.Location},
	}))
	var err error
	s.transactionID, err = s.ReturnGO.RequestRefund(s.rmaID, s.itemIDs[:1], s.product.Price)
	s.must(err)
	s.peopleRestock(1)
	s.peopleRefund("")
}

func (s *shopper) peopleLateRMA() {
	s.buysOwn(1)
	s.opensTikTokReturn()
	s.until("CX hears of a TikTok return without an RMA", func() bool { return s.shows(s.clockID(), returns.ReturnWithoutRMA) })
	s.must(s.TikTok.SellerCenterApproves(s.tiktokReturnID, "APPROVE_RETURN"))
	s.opensRMA()
	s.ships()
	s.arrives()
	s.paidByPeople(1)
}

// People have no way to open a return for a buyer, who sends the parcel without one.
func (s *shopper) peopleOpenNothing() {
	s.buysOwn(1)
	s.opensRMAWith(returngosandbox.ItemSpec{Reason: damaged})
	s.must(s.ReturnGO.Label(s.rmaID, "http://127.0.0.1:9/label.pdf", "TRK"+s.orderID))
	s.untilWanted(returns.RouteOpenReturn)
	s.refundedByPeople(s.price("0"))
}

func (s *shopper) peopleUnlinkedOrder() {
	s.buysOwn(1)
	name := "#S-1001"
	s.must(s.ReturnGO.AddOrder(demo.Store, returngosandbox.Order{
		ID: "unlinked", Name: name, Currency: "GBP", Fulfilled: true, CustomerID: "90001",
		Lines: []returngosandbox.Line{{ID: "line", SKU: s.product.SellerSKU, ProductName: "Tee", Quantity: 1, UnitPrice: s.product.Price, UnitTax: "0", TaxIncluded: true}},
	}))
	s.opensRMAOn("unlinked")
	s.untilAsked(returns.UnlinkedOrder)
	s.must(app.Link(s.t.Context(), s.Config, app.Deps{Temporal: s.Client, Namespace: s.Server.Namespace(), Log: zap.NewNop()},
		ledger.OrderLink{OrderName: name, OrderID: s.orderID}, "cx", "found it in Seller Center", app.Output{Writer: io.Discard}))
	s.refundedByPeople(s.price("0"))
}

func (s *shopper) peopleReopened() {
	s.buysOwn(1)
	s.opensRMA()
	s.must(s.ReturnGO.Cancel(s.rmaID, "changed their mind"))
	s.untilClosed()
	s.must(s.ReturnGO.Reopen(s.rmaID))
	s.refundedByPeople(s.price("0"))
}

func (s *shopper) peopleLateEvent() {
	s.peopleHappy()
	s.must(s.ReturnGO.Done(s.rmaID))
}

// opensRMAWith is opensRMA for all units, told otherwise.
func (s *shopper) opensRMAWith(item returngosandbox.ItemSpec) {
	s.t.Helper()
	item.Quantity = len(s.lineIDs)
	s.asksForRMA("shop-"+s.orderID, item)
	s.must(s.ReturnGO.Approve(s.rmaID))
}
