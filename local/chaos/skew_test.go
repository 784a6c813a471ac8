package chaos

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"returnbridge/config"
	"returnbridge/internal/ledger/ledgertest"
	"returnbridge/local/demo"
	"returnbridge/local/returngosandbox"
	"returnbridge/local/tiktoksandbox"
)

// apart is how far a clock is from the next one.
const apart = 20 * time.Second

// openApart runs three workers on PostgreSQL: one 20 seconds behind, one right, one 20
// seconds ahead. Clocks may differ as much as in production.
func openApart(t *testing.T) *house {
	t.Helper()
	dsn := ledgertest.Postgres(t)
	h := openHouse(t, func(o *demo.HouseOptions) {
		o.NoWorker = true
		o.PeriodFactor = either(1.0/600, 1.0/200) // an answer that is lost costs a minute: TikTok's deadlines are farther away
	}, configured(func(c *config.Config) {
		c.Ledger, c.Periods.ClockSkew, c.Periods.SettleWindow = dsn, 30*time.Second, 8*time.Second
		c.Shops[0].Refund.Gate = "transaction"
	}))
	for _, ahead := range []time.Duration{-apart, 0, apart} {
		newChild(t, order{Name: fmt.Sprint("worker", ahead), Address: h.Server.Address(), Namespace: h.Server.Namespace(), Config: h.Config, Ahead: ahead})
	}
	return h
}

// Clocks 20 seconds apart. RMAs are cancelled while their refund waits, and no event
// tells of it: only the deciding read does, whoever made the read before, by whatever
// clock (9.1). Everything else ends right by the books.
func TestClocksTwentySecondsApartPayNothingThatWasCancelled(t *testing.T) {
	t.Parallel()
	h := openApart(t)
	all := h.buyers(either(12, 36))
	for _, b := range all {
		b.asks()
	}
	h.untilRead(all, 0)
	for _, b := range all {
		b.isAuthorised(b.product.Price)
	}
	h.untilRead(all, 1)
	h.ReturnGO.SetWebhookFaults(returngosandbox.WebhookFaults{Loss: 1})
	cancelled := slices.DeleteFunc(slices.Clone(all), (*buyer).asked) // on a slow machine some are paid by now
	if len(cancelled) < len(all)/2 {
		t.Fatalf("%d of %d were paid before they were cancelled", len(all)-len(cancelled), len(all))
	}
	cancelled = slices.DeleteFunc(cancelled, func(b *buyer) bool {
		b.isCancelled()
		return b.asked() // its call was on the way at that moment
	})
	h.untilClosed(cancelled)
	h.ReturnGO.SetWebhookFaults(returngosandbox.WebhookFaults{})
	h.wantUnpaid(t, "cancelled in silence", cancelled)

	scenarios := []string{"several-units", "seller-refund", "happy"}
	if *long { // each answer that is lost costs a minute: so much later other clocks are believed
		h.TikTok.IgnoreIdempotencyKeys(true)
		h.must(h.TikTok.AddFault(tiktoksandbox.Fault{Endpoint: "returns/create", Kind: tiktoksandbox.FaultDropAfterWrite, Count: 6}))
		scenarios = nil
	}
	h.wantRight("three workers with clocks 20 s apart", <-h.population(either(4, 40), 61, scenarios...))
}

// Clocks 20 seconds apart, and sales between the read and the write of the stock:
// each of these writes wipes a sale out, and all is put right by the account of the
// write (10.2).
func TestSalesCollidingWithStockWritesOfWrongClocksLeaveNoDifference(t *testing.T) {
	t.Parallel()
	h := openApart(t)
	most := int32(either(6, 60)) // writes that are hit
	rush := &rush{h: h, waiting: map[string][]string{}, ships: either(int32(0), 20)}
	h.TikTok.OnInventoryRead(func(skus []string) {
		for _, sku := range skus {
			if rush.sales.Load() < 2*most && rush.hit() < int(most) {
				rush.sells(sku)
			}
		}
	})
	v := <-h.population(either(5, 60), 62, "several-units", "seller-refund", "happy")
	h.wantRight("sales between read and write, clocks 20 s apart", v)
	h.t.Logf("%d writes were hit by %d sales, %d of them shipped at once", v.WritesHit, rush.sales.Load(), rush.shipped.Load())
	if want := either(3, 50); v.WritesHit < want {
		t.Errorf("only %d writes were hit by a sale, want %d", v.WritesHit, want)
	}
	if n := len(h.TikTok.Books().Mishaps); n > 0 {
		t.Errorf("%d sales could not be made", n)
	}
}

// rush are shoppers who buy while somebody counts.
type rush struct {
	h              *house
	ships          int32 // with every so many sales an order of before is sent; 0: none
	sales, shipped atomic.Int32

	mu      sync.Mutex
	waiting map[string][]string // by SKU: orders that are not shipped
}

// hit is how many writes so far have wiped a sale out, by the books.
func (r *rush) hit() (n int) {
	for _, w := range r.h.TikTok.Books().InventoryWrites {
		if w.HitByMovement {
			n++
		}
	}
	return n
}

// sells sells one unit, and now and then sends an order of before.
func (r *rush) sells(sku string) {
	id, err := r.h.TikTok.PlaceOrder(tiktoksandbox.OrderSpec{ShopID: demo.ShopID, Warehouse: r.h.Warehouse(), Lines: []tiktoksandbox.OrderLine{{SKU: sku}}})
	if err != nil {
		r.h.t.Errorf("sale: %v", err)
		return
	}
	n := r.sales.Add(1)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiting[sku] = append(r.waiting[sku], id)
	if r.ships > 0 && n%r.ships == 0 {
		if err := r.h.TikTok.ShipOrder(r.waiting[sku][0]); err != nil {
			r.h.t.Errorf("ship: %v", err)
		}
		r.waiting[sku] = r.waiting[sku][1:]
		r.shipped.Add(1)
	}
}
