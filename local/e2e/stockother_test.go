package e2e

import (
	"testing"
	"time"

	"returnbridge/internal/ledger"
	"returnbridge/internal/returns"
	"returnbridge/local/demo"
	"returnbridge/local/tiktoksandbox"
)

// Design 6: another writer's number is never corrected. A product that another
// program writes is left alone until somebody says whose number it is; what we set
// ourselves raises nothing, told late and twice.
func TestASecondStockWriterStopsItsProductAlone(t *testing.T) {
	t.Parallel()
	h := openHouse(t)
	h.TikTok.SetWebhookWeather(tiktoksandbox.WebhookWeather{Duplicate: 1, Delay: 1, MaxDelay: 2 * time.Second})
	rivals, alone := h.Products()[0], h.Products()[1]
	h.past() // what others set just before the stock became ours is no rival
	erp := tiktoksandbox.ForeignWriter{SKU: rivals.SKU, Warehouse: h.Warehouse(), Quantity: 90}
	h.must(h.TikTok.StartForeignWriter(erp))
	h.until("TikTok told of the other program", func() bool { return h.synced(rivals.SKU) > 0 })

	ours, theirs, fine := h.buysProduct(rivals, 1), h.buysProduct(rivals, 1), h.buysProduct(alone, 1)
	for _, s := range []*shopper{ours, theirs, fine} {
		s.returnsByTikTok(s.price("0"))
	}
	fine.untilClosed()
	for _, s := range []*shopper{ours, theirs} {
		s.untilAsked(returns.SecondStockWriter)
		s.until("TikTok paid", func() bool { got, _ := s.paid(); return got == s.price("0") })
	}
	if w := ours.writes(); len(w) != 0 {
		t.Fatalf("the other program's number was overwritten: %+v", w)
	}
	for _, e := range h.exceptions(ledger.ExceptionFilter{Kind: returns.SecondStockWriter}) {
		if e.Owner != returns.IT {
			t.Errorf("%s is asked: %s", e.Owner, e.Sentence)
		}
	}
	h.answer(theirs.id(), returns.SecondStockWriter, returns.AnswerSkipRestock)
	theirs.untilClosed()
	if w := ours.writes(); len(w) != 0 {
		t.Fatalf("one unit was left to the other program, and the product was written: %+v", w)
	}
	h.answer(ours.id(), returns.SecondStockWriter, returns.AnswerRetry)
	ours.untilClosed()
	h.quiet()
	ours.wantStock(1, "the number is ours")
	fine.wantStock(1, "nobody else writes it")

	again := h.buysProduct(alone, 1) // what we wrote ourselves is told by now
	again.returnsByTikTok(again.price("0"))
	again.untilClosed()
	again.wantStock(1, "only we write it")
	if n := h.openExceptions(demo.ShopName); len(n) != 0 {
		t.Errorf("still open: %v", n)
	}
}

// synced is how many numbers set through the API TikTok has told of a SKU.
func (h *house) synced(sku string) (n int) {
	h.t.Helper()
	h.must(h.ReadLedger(h.t.Context(), func(tx *ledger.Tx) error {
		all, err := tx.Syncs(h.t.Context(), demo.ShopName, sku, time.Time{}, time.Now().Add(time.Hour))
		n = len(all)
		return err
	}))
	return n
}
