package e2e

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"returnbridge/config"
	"returnbridge/internal/app"
	"returnbridge/internal/returns"
	"returnbridge/local/demo"
	"returnbridge/local/tiktoksandbox"
)

// Three shops of one installation: two under one ReturnGO key, a third under
// another; three regions, currencies and authorisations, one without decimals.

// otherShop is a shop beside the demo's own.
type otherShop struct {
	place
	region, cipher, key, price string
	products                   []demo.Product
	adjust                     func(*config.Config, *config.Shop) // what is else in its configuration
}

func german() *otherShop {
	return &otherShop{place: place{name: "demo-de", tiktok: "7490000000000000002", store: "demo-de.myshopify.com", currency: "EUR"},
		region: "DE", cipher: "GCP_demo0002", key: "demo", price: "24.90"}
}

func vietnamese() *otherShop {
	return &otherShop{place: place{name: "demo-vn", tiktok: "7490000000000000003", store: "demo-vn.myshopify.com", currency: "VND"},
		region: "VN", cipher: "GCP_demo0003", key: "asia", price: "864000"}
}

// open adds the shop to both platforms and to the configuration.
func (o *otherShop) open(h *demo.House) error {
	access, refresh := h.TikTok.AddShop(tiktoksandbox.Shop{ID: o.tiktok, Name: o.name, Region: o.region, Cipher: o.cipher, Currency: o.currency})
	var err error
	if o.warehouse, err = h.TikTok.AddWarehouse(tiktoksandbox.Warehouse{Name: "Main", ShopID: o.tiktok, Default: true}); err != nil {
		return err
	}
	for i := range 3 {
		p := demo.Product{SellerSKU: fmt.Sprintf("TEE-%02d", i+1), Price: o.price} // the same names as in the other shops
		id, skus, err := h.TikTok.AddProduct(tiktoksandbox.Product{Title: p.SellerSKU, ShopID: o.tiktok, SKUs: []tiktoksandbox.SKU{
			{SellerSKU: p.SellerSKU, Price: p.Price, Stock: map[string]int{o.warehouse: 100}},
		}})
		if err != nil {
			return err
		}
		p.ID, p.SKU = id, skus[0]
		o.products = append(o.products, p)
	}
	c, own := h.Config, h.Config.Shops[0]
	key := config.ReturnGOKey{Name: o.key, BaseURL: c.ReturnGO[0].BaseURL, APIKey: c.ReturnGO[0].APIKey, CallsPerDay: c.ReturnGO[0].CallsPerDay}
	if o.key != c.ReturnGO[0].Name {
		key.APIKey = o.key + "-returngo-key"
		c.ReturnGO = append(c.ReturnGO, key)
	}
	h.ReturnGO.AddKey(key.APIKey, o.store)
	shop := own
	shop.Name, shop.TikTokShopID, shop.Region, shop.ShopCipher, shop.AccessToken, shop.RefreshToken = o.name, o.tiktok, o.region, o.cipher, access, refresh
	shop.ReturnGOKey, shop.ReturnGOStore, shop.WebhookToken = o.key, o.store, strings.Repeat("t", 24)+o.name+"-token"
	shop.Refund.Reasons = []config.Reason{{ReturnGO: portalReason, TikTok: "ecom_order_delivered_refund_reason_not_match_description_seller"}}
	shop.OpenReturns = nil
	shop.Restock.Warehouses = []config.Warehouse{{Location: demo.Location, TikTok: o.warehouse}}
	if o.adjust != nil {
		o.adjust(c, &shop)
	}
	c.Shops = append(c.Shops, shop)
	return nil
}

// openShops runs a house with these shops beside its own.
func openShops(t *testing.T, change func(*demo.HouseOptions), shops ...*otherShop) *house {
	t.Helper()
	return openHouse(t, func(o *demo.HouseOptions) {
		if change != nil {
			change(o)
		}
		o.MoreShops = func(h *demo.House) error {
			for _, s := range shops {
				if err := s.open(h); err != nil {
					return err
				}
			}
			return nil
		}
	})
}

func TestReturnsOfThreeShopsInThreeCurrenciesAllEndRight(t *testing.T) {
	t.Parallel()
	de, vn := german(), vietnamese()
	h := openShops(t, nil, de, vn)
	var all []*shopper
	for i := range 2 {
		all = append(all, h.buys(1+i), h.buysAt(de.place, de.products[i], 1+i), h.buysAt(vn.place, vn.products[i], 1+i))
	}
	h.past()
	for i, s := range all {
		if i < 3 {
			s.returnsByTikTok(s.price("0"))
		} else {
			s.returnsByPost(s.price("2"))
		}
	}
	for i, s := range all {
		s.untilClosed()
		want := s.price("0")
		if i >= 3 {
			want = s.price("2")
		}
		s.wantPaid(want)
		s.wantSettled()
		s.wantStock(len(s.lineIDs), s.place.name)
		for _, p := range s.payments() {
			if p.Currency != s.place.currency {
				t.Errorf("shop %s was paid for in %s", s.place.name, p.Currency)
			}
		}
	}
}

// While TikTok does not answer for one shop, and another shop's seller has
// withdrawn the authorisation, the third one's returns go from beginning to end.
// The others' wait, and end right afterwards.
func TestAShopThatIsDownHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	de, vn := german(), vietnamese()
	var down atomic.Bool
	h := openShops(t, func(o *demo.HouseOptions) {
		o.PeriodFactor = 1.0 / 1200 // TikTok's deadlines stay far beyond the outage
		o.AroundTikTok = func(platform http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if down.Load() && r.URL.Query().Get("shop_cipher") == de.cipher {
					w.WriteHeader(http.StatusServiceUnavailable)
					return
				}
				platform.ServeHTTP(w, r)
			})
		}
	}, de, vn)
	atDown, withdrawn, well := h.buysAt(de.place, de.products[0], 1), h.buysAt(vn.place, vn.products[0], 1), h.buys(1)
	h.past()
	for _, s := range []*shopper{atDown, withdrawn} {
		s.opensTikTokReturn()
		s.opensRMA()
		s.ships()
		s.arrives()
	}
	down.Store(true)
	h.must(h.TikTok.Deauthorize(vn.tiktok))
	for _, s := range []*shopper{atDown, withdrawn} {
		s.authorised(s.price("0"))
		s.inspected(1)
	}
	h.untilStopped(de.place, returns.PlatformUnreachable)
	h.untilStopped(vn.place, returns.NotAuthorised)

	well.returnsByTikTok(well.price("0"))
	well.untilClosed()
	well.wantPaid(well.price("0"))
	well.wantSettled()
	well.wantStock(1, "while other shops are ill")
	for _, s := range []*shopper{atDown, withdrawn} {
		s.wantUnpaid("TikTok takes no call for its shop")
		if s.closed() {
			t.Errorf("shop %s: the return ended without TikTok", s.place.name)
		}
	}
	if open := h.openExceptions(demo.ShopName); len(open) > 0 {
		t.Errorf("the shop that is well shows %v", open)
	}

	down.Store(false)
	h.reauthorises(vn)
	for _, s := range []*shopper{atDown, withdrawn} {
		s.untilClosed()
		s.wantPaid(s.price("0"))
		s.wantSettled()
		h.until("the unit in stock", func() bool { return s.gained() == 1 })
		h.until("nothing is open in "+s.place.name, func() bool { return len(h.openExceptions(s.place.name)) == 0 })
	}
}

// reauthorises is the seller's new consent, taken in by the command for it.
func (h *house) reauthorises(o *otherShop) {
	h.t.Helper()
	code, err := h.TikTok.Authorize(o.tiktok)
	h.must(err)
	root := app.StarterCommand()
	root.SetArgs([]string{"authorise", "--shop", o.name, "--config", h.configFile()})
	root.SetIn(strings.NewReader(code + "\n"))
	root.SetOut(io.Discard)
	root.SetErr(io.Discard)
	h.must(root.ExecuteContext(h.t.Context()))
}

// untilStopped waits until one exception says for a whole shop that nothing can
// be done.
func (h *house) untilStopped(at place, kind returns.Kind) {
	h.t.Helper()
	h.until(string(kind)+" in "+at.name, func() bool { return slices.Contains(h.openExceptions(at.name), kind) })
}

// Two shops share a ReturnGO key, and with it a task queue. One brings sixty
// returns at once; the other's single one does not wait behind them.
func TestABusyShopDoesNotStarveTheOther(t *testing.T) {
	t.Parallel()
	const many = 60
	de := german()
	var mu sync.Mutex
	var order []string // RMAs as they were read for the first time
	h := openShops(t, func(o *demo.HouseOptions) {
		o.NoWorker = true
		o.Configure = func(c *config.Config) {
			soon(c)
			c.Pace.ReturnGO = 4
		}
		o.AroundReturnGO = func(platform http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if _, id, one := strings.Cut(r.URL.Path, "/rma/"); one && r.Method == http.MethodGet {
					mu.Lock()
					if !slices.Contains(order, id) {
						order = append(order, id)
					}
					mu.Unlock()
				}
				platform.ServeHTTP(w, r)
			})
		}
	}, de)
	var last *shopper
	for i := range many {
		last = h.buysProduct(h.Products()[i%12], 1)
		last.opensRMA()
	}
	h.until("the busy shop's returns have started", func() bool { return h.count("ExecutionStatus = 'Running' AND WorkflowType = 'Return'") >= many })
	small := h.buysAt(de.place, de.products[0], 1)
	small.opensRMA()
	h.until("the small shop's return has started", func() bool { return h.status(small.id()) != 0 })
	h.StartWorker(t.Context())
	h.until("the small shop's return was read", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return slices.Contains(order, small.rmaID)
	})
	mu.Lock()
	defer mu.Unlock()
	if before := slices.Index(order, small.rmaID); before > many/2 {
		t.Errorf("%d returns of the busy shop were read before the one of the small shop", before)
	} else {
		t.Logf("read after %d of the busy shop's", before)
	}
}
