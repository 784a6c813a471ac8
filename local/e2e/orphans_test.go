package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"returnbridge/config"
	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/returns"
	"returnbridge/local/demo"
	"returnbridge/local/tiktoksandbox"
)

// Orphans: what one platform shows and the other never hears of. Each stands in
// the list with its age, its money and its owner, and leaves it by itself.

// impatient shortens what is waited for before people hear of it.
func impatient(o *demo.HouseOptions) {
	o.PeriodFactor = 1.0 / 1200 // TikTok's deadlines stay far beyond what is tested
	o.Configure = func(c *config.Config) {
		soon(c)
		p := &c.Periods
		p.RMAWait, p.InspectionOverdue, p.NotShipped = 3*time.Second, 3*time.Second, 3*time.Second
	}
}

// untilOrphan waits until a return stands in the list, and expects it to be
// complete.
func (s *shopper) untilOrphan(key returns.Key, kind returns.Kind, owner returns.Owner, amount string) {
	s.t.Helper()
	var found ledger.OpenException
	s.until(string(kind)+" of "+string(key), func() bool {
		for _, e := range s.exceptions(ledger.ExceptionFilter{Shop: s.place.name, Kind: kind}) {
			if e.Key == key {
				found = e
				return true
			}
		}
		return false
	})
	want, err := returns.NewMoney(amount, s.place.currency)
	s.must(err)
	if found.Owner != owner || !returns.SameMoney(found.Amount, want) || found.OpenedAt.IsZero() {
		s.t.Errorf("%s: of %s over %s since %s, want %s and %s", kind, found.Owner, found.Amount, found.OpenedAt, owner, want)
	}
	s.t.Logf("%s: %s", kind, found.Sentence)
}

func (s *shopper) untilHealed(key returns.Key, kind returns.Kind) {
	s.t.Helper()
	s.until(string(kind)+" of "+string(key)+" has healed", func() bool {
		for _, e := range s.exceptions(ledger.ExceptionFilter{Shop: s.place.name, Kind: kind}) {
			if e.Key == key {
				return false
			}
		}
		return true
	})
}

func (s *shopper) key() returns.Key { return returns.RMAKey(s.rmaID) }

func TestAParcelThatNobodyBookedInIsAnOrphan(t *testing.T) {
	t.Parallel()
	h := openHouse(t, impatient)
	s := h.buys(1)
	h.past()
	s.opensTikTokReturn()
	s.opensRMA()
	s.ships()
	s.must(s.TikTok.ParcelDelivered(s.tiktokReturnID))
	s.untilOrphan(s.key(), returns.ParcelNotBookedIn, returns.Operations, s.price("0"))
	s.must(s.ReturnGO.Receive(s.rmaID))
	s.untilHealed(s.key(), returns.ParcelNotBookedIn)
	s.authorised(s.price("0"))
	s.inspected(1)
	s.untilClosed()
	s.wantPaid(s.price("0"))
	s.wantStock(1, "booked in late")
}

func TestARefundWhoseGoodsNeverCameIsAnOrphan(t *testing.T) {
	t.Parallel()
	h := openHouse(t, impatient)
	quick, alone := h.buys(1), h.buys(1)
	h.past()
	quick.opensTikTokReturn()
	quick.opensRMA()
	quick.untilTikTok(returns.TikTokAwaitingShip)
	h.must(h.TikTok.QuickRefund(quick.tiktokReturnID))
	quick.untilOrphan(quick.key(), returns.RefundWithoutParcel, returns.Finance, quick.price("0"))
	quick.must(quick.ReturnGO.Ship(quick.rmaID, "TRK"+quick.orderID, "Demo Post"))
	quick.must(quick.ReturnGO.Receive(quick.rmaID))
	quick.authorised(quick.price("0"))
	quick.inspected(1)
	quick.untilHealed(quick.key(), returns.RefundWithoutParcel)
	quick.untilClosed()
	quick.wantPaid(quick.price("0"))
	quick.wantStock(1, "came after all")

	// The same without any RMA: somebody approves in Seller Center.
	clock := func() returns.Key { return returns.TikTokKey(alone.tiktokReturnID) }
	alone.opensTikTokReturn()
	alone.untilOrphan(clock(), returns.ReturnWithoutRMA, returns.CX, alone.price("0"))
	h.must(h.TikTok.SellerCenterApproves(alone.tiktokReturnID, "APPROVE_RETURN"))
	h.must(h.TikTok.BuyerShips(alone.tiktokReturnID, "TRK"+alone.orderID))
	h.must(h.TikTok.ParcelDelivered(alone.tiktokReturnID))
	h.must(h.TikTok.SellerCenterApproves(alone.tiktokReturnID, "APPROVE_RECEIVED_PACKAGE"))
	alone.untilOrphan(clock(), returns.RefundWithoutParcel, returns.Finance, alone.price("0"))
	alone.untilHealed(clock(), returns.ReturnWithoutRMA)
	alone.opensRMA()
	alone.untilHealed(clock(), returns.RefundWithoutParcel)
	h.until("the clock of its own ended", func() bool {
		return h.count("ExecutionStatus = 'Running' AND WorkflowId = '"+alone.clockID()+"'") == 0
	})
	if paid, cases := alone.paid(); paid != alone.price("0") || cases != 1 {
		t.Errorf("paid %s by %d cases", paid, cases)
	}
}

// In some markets a seller can start nothing: only the buyer's own TikTok return
// lets the money be paid (TikTok contract 4.1).
func TestAnRMAThatOnlyATikTokReturnCouldPayIsAnOrphan(t *testing.T) {
	t.Parallel()
	my := malaysian()
	h := openShops(t, impatient, my)
	s, fine := h.buysAt(my.place, my.products[0], 1), h.buys(1)
	h.past()
	s.opensRMA()
	fine.opensRMA()
	s.untilOrphan(s.key(), returns.TikTokReturnMissing, returns.CX, s.price("0"))
	s.opensTikTokReturn()
	s.untilHealed(s.key(), returns.TikTokReturnMissing)
	s.ships()
	s.arrives()
	s.authorised(s.price("0"))
	s.inspected(1)
	s.untilClosed()
	s.wantPaid(s.price("0"))
	for _, e := range h.exceptions(ledger.ExceptionFilter{Shop: demo.ShopName, Kind: returns.TikTokReturnMissing}) {
		t.Errorf("a seller refund can be made: %s", e.Sentence)
	}
}

// A stock change that TikTok never accounts for is named, and keeps the return
// open until a person has counted.
func TestStockThatWasNeverSeenIsAnOrphan(t *testing.T) {
	t.Parallel()
	h := openHouse(t, impatient)
	h.TikTok.SetWebhookWeather(tiktoksandbox.WebhookWeather{Lose: 1, Topics: []int{68}})
	s := h.buys(1)
	h.must(h.TikTok.InNextWindow(s.product.SKU, // goods that leave near the write: the numbers cannot prove it
		tiktoksandbox.WindowStep{Do: "sell", Warehouse: s.place.warehouse, Units: 1}, tiktoksandbox.WindowStep{Do: "ship"}))
	s.returnsByTikTok(s.price("0"))
	s.untilAsked(returns.StockUnproven)
	if owner, _ := h.exceptionOpened(returns.StockUnproven); owner != returns.Operations {
		t.Errorf("stock-unproven belongs to %q, want Operations", owner)
	}
	_, err := h.tell(s.id(), returns.Command{Name: returns.CommandResolve, Exception: returns.StockUnproven, Answer: returns.AnswerHandledManually,
		Reference: "count of the shelf", Who: "operations", Why: "one unit is there"})
	h.must(err)
	s.untilHealed(s.key(), returns.StockUnproven)
	s.untilClosed()
	s.wantStock(1, "counted by a person")
}

// Order names that lead nowhere are linked by a file; every return that waited
// goes on.
func TestAFileOfLinksFreesWhatWaited(t *testing.T) {
	h := openHouse(t, impatient)
	t.Setenv("TEMPORAL_ADDRESS", h.Server.Address())
	t.Setenv("TEMPORAL_NAMESPACE", h.Server.Namespace())
	first, second := h.buys(1), h.buys(1)
	h.past()
	lines := "Order Name;TikTok Order ID\n"
	for i, s := range []*shopper{first, second} {
		name := "#S-" + string(rune('1'+i))
		s.namedInReturnGO("named-"+s.orderID, name, 1)
		s.opensRMAOn("named-" + s.orderID)
		s.untilOrphan(s.key(), returns.UnlinkedOrder, returns.CX, s.price("0"))
		lines += name + ";" + s.orderID + "\n"
	}
	file, links := h.configFile(), filepath.Join(t.TempDir(), "links.csv")
	h.must(os.WriteFile(links, []byte(lines), 0o600))
	args := []string{"link", "--file", links, "--who", "cx", "--why", "export of March", "--config", file}
	said, err := h.types(args...)
	h.must(err)
	if !strings.Contains(said, "Nothing was linked: add --yes to do it.") || !h.shows(first.id(), returns.UnlinkedOrder) {
		t.Errorf("a preview said:\n%s", said)
	}
	said, err = h.types(append(args, "--yes")...)
	h.must(err)
	if !strings.Contains(said, "2 returns waited for this and will go on") {
		t.Errorf("the links were answered with:\n%s", said)
	}
	for _, s := range []*shopper{first, second} {
		s.untilHealed(s.key(), returns.UnlinkedOrder)
		s.until("the return waits for its parcel", func() bool {
			return text(h.attributes(s.id()), messages.AttrStage.GetName()) == string(returns.StageAwaitParcel)
		})
	}
}
