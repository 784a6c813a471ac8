package e2e

import (
	"strings"
	"testing"
	"time"

	"returnbridge/config"
	"returnbridge/internal/ledger"
	"returnbridge/internal/returns"
	"returnbridge/local/demo"
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
		}
	})
	byHand, forgotten, late := h.buys(1), h.buys(2), h.buys(1)
	for _, s := range []*shopper{byHand, forgotten} {
		s.returnsByTikTok(s.price("0"))
	}
	late.opensTikTokReturn()
	late.opensRMA()
	late.ships()
	late.arrives()
	for _, s := range []*shopper{byHand, forgotten} {
		s.until("the program would restock", func() bool { return s.wouldRestock() == len(s.lineIDs) })
		s.until("TikTok paid", func() bool { got, _ := s.paid(); return got == s.price("0") })
	}
	h.must(h.TikTok.AdjustStock(byHand.product.SKU, h.Warehouse(), 1, tiktoksandbox.CauseManual))

	h.StopWorker()
	h.StopStarter()
	h.Config.Shops[0].Switches.Restock = true
	h.must(h.StartStarter(t.Context()))
	h.StartWorker(t.Context())
	late.authorised(late.price("0"))
	late.inspected(1)
	late.untilClosed()
	late.wantStock(1, "inspected after the switch")
	for _, s := range []*shopper{byHand, forgotten} {
		s.untilAsked(returns.InspectedWhileOff) // the sweep wakes them: nobody says anything of a switch
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
	h.answer(forgotten.id(), returns.InspectedWhileOff, returns.AnswerRestockNow)
	byHand.untilClosed()
	forgotten.untilClosed()
	h.quiet()
	h.afterSweep()
	byHand.wantStock(1, "put back by hand")
	if w := byHand.writes(); len(w) != 0 {
		t.Errorf("what a person put back was written: %+v", w)
	}
	forgotten.wantStock(2, "put back by nobody")
	for _, s := range []*shopper{byHand, forgotten, late} {
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
