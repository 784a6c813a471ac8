package e2e

import (
	"slices"
	"strings"
	"testing"
	"time"

	"returnbridge/config"
	"returnbridge/internal/ledger"
	"returnbridge/internal/returns"
	"returnbridge/local/demo"
	"returnbridge/local/returngosandbox"
	"returnbridge/local/tiktoksandbox"
)

// Promise 3 over the restock switch: what people put back by hand while it was off
// is not put back once more when it is turned on.
func TestWhatPeoplePutBackBeforeTheSwitchIsNotPutBackTwice(t *testing.T) {
	t.Parallel()
	h := openHouse(t, func(o *demo.HouseOptions) {
		o.Configure = func(c *config.Config) {
			soon(c)
			c.Shops[0].Switches.Restock = false
			c.Periods.InspectedTooLong = time.Hour // nothing is left to people meanwhile
			c.Periods.SweepReturnGO, c.Periods.SweepReturnGOOpen, c.Periods.SweepTikTok = time.Hour, time.Hour, time.Hour
		}
	})
	byHand, forgotten, unseen, late := h.buys(1), h.buys(2), h.buys(1), h.buys(1)
	for _, s := range []*shopper{byHand, forgotten} {
		s.returnsByTikTok(s.price("0"))
	}
	for _, s := range []*shopper{unseen, late} {
		s.opensTikTokReturn()
		s.opensRMA()
		s.ships()
		s.arrives()
		s.authorised(s.price("0"))
	}
	for _, s := range []*shopper{byHand, forgotten} {
		s.until("the program would restock", func() bool { return s.wouldRestock() == len(s.lineIDs) })
		s.until("TikTok's money stands in ReturnGO", s.settled)
	}
	for _, s := range []*shopper{byHand, forgotten, unseen, late} {
		s.until("nothing is under way: what a stopped worker holds is given back late", s.idle)
	}
	h.must(h.TikTok.AdjustStock(byHand.product.SKU, h.Warehouse(), 1, tiktoksandbox.CauseManual))

	h.StopWorker()
	h.StopStarter()
	unseen.inspected(1) // while nobody could note that we would have
	passed := time.Now()
	h.until("a second, in which ReturnGO tells its times", func() bool { return time.Since(passed) > time.Second })
	h.Config.Shops[0].Switches.Restock = true
	h.must(h.StartStarter(t.Context()))
	h.StartWorker(t.Context())
	late.inspected(1)
	late.untilClosed()
	late.wantStock(1, "inspected after the switch")
	for _, s := range []*shopper{byHand, forgotten, unseen} {
		_, err := h.tell(s.id(), returns.Command{Name: returns.CommandRecheck, Who: "operations", Why: "restocking was switched on"})
		h.must(err)
		s.untilAsked(returns.InspectedWhileOff)
		if w := s.writes(); len(w) != 0 {
			t.Errorf("stock of %s was written before anybody said so: %+v", s.product.SellerSKU, w)
		}
	}
	for _, e := range h.exceptions(ledger.ExceptionFilter{Kind: returns.InspectedWhileOff}) {
		if e.Owner != returns.Operations || e.Key == returns.RMAKey(forgotten.rmaID) && !strings.HasPrefix(e.Sentence, "2 units ") {
			t.Errorf("asked %s: %s", e.Owner, e.Sentence)
		}
	}
	h.answer(byHand.id(), returns.InspectedWhileOff, returns.AnswerSkipRestock)
	h.answer(unseen.id(), returns.InspectedWhileOff, returns.AnswerRestockNow)
	h.answer(forgotten.id(), returns.InspectedWhileOff, returns.AnswerRestockNow)
	byHand.untilClosed()
	forgotten.untilClosed()
	unseen.untilClosed()
	h.quiet()
	byHand.wantStock(1, "put back by hand")
	if w := byHand.writes(); len(w) != 0 {
		t.Errorf("what a person put back was written: %+v", w)
	}
	forgotten.wantStock(2, "put back by nobody")
	unseen.wantStock(1, "inspected before the switch, unseen")
	for _, s := range []*shopper{byHand, forgotten, unseen, late} {
		s.wantPaid(s.price("0"))
	}
	if n := h.openExceptions(demo.ShopName); len(n) != 0 {
		t.Errorf("still open: %v", n)
	}
}

// A return that only waits for the switch ends by itself, and its unit stands in
// the report.
func TestAReturnEndsThoughRestockingStaysSwitchedOff(t *testing.T) {
	t.Parallel()
	h := openHouse(t, func(o *demo.HouseOptions) {
		o.Configure = func(c *config.Config) {
			soon(c)
			c.Shops[0].Switches.Restock = false
			c.Periods.InspectedTooLong = c.Periods.SettleWindow * 6
		}
	})
	s := h.buys(1)
	s.returnsByTikTok(s.price("0"))
	s.untilClosed()
	s.wantPaid(s.price("0"))
	if n := s.wouldRestock(); n != 1 {
		t.Errorf("%d units stand in the report", n)
	}
	if w := s.writes(); len(w) != 0 {
		t.Errorf("written though switched off: %+v", w)
	}
}

// settled tells whether ReturnGO knows of all the money.
func (s *shopper) settled() bool {
	rma, _ := s.ReturnGO.RMA(s.rmaID)
	return !slices.ContainsFunc(rma.Transactions, func(t returngosandbox.Transaction) bool { return t.Status != returns.TransactionSuccess })
}

// idle tells whether no step of the return is under way.
func (s *shopper) idle() bool {
	d, err := s.Client.DescribeWorkflowExecution(s.t.Context(), s.id(), "")
	return err == nil && len(d.GetPendingActivities()) == 0 && d.GetPendingWorkflowTask() == nil
}

// wouldRestock is how many units of the return wait for the restock switch.
func (s *shopper) wouldRestock() (n int) {
	s.t.Helper()
	for _, row := range s.shadows() {
		if row.Kind == returns.ActRestock && row.End == "" {
			n++
		}
	}
	return n
}
