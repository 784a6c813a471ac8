package chaos

import (
	"strings"
	"testing"
	"time"

	"returnbridge/internal/ledger"
	"returnbridge/internal/returns"
	"returnbridge/local/demo"
	"returnbridge/local/tiktoksandbox"
)

// secondShop adds a shop of the same seller: both call with one authorisation.
func secondShop(h *demo.House) (place, demo.Product, error) {
	at := place{name: "demo-ie", tiktok: "7490000000000000002", store: "demo-ie.myshopify.com"}
	access, refresh := h.TikTok.AddShop(tiktoksandbox.Shop{ID: at.tiktok, SellerID: demo.SellerID, Name: "Demo IE", Cipher: "GCP_demo0002"})
	var err error
	if at.warehouse, err = h.TikTok.AddWarehouse(tiktoksandbox.Warehouse{Name: "Cork", ShopID: at.tiktok, Default: true}); err != nil {
		return at, demo.Product{}, err
	}
	p := demo.Product{SellerSKU: "TEE-IE", Price: "19.99"}
	id, skus, err := h.TikTok.AddProduct(tiktoksandbox.Product{Title: "Tee", ShopID: at.tiktok, SKUs: []tiktoksandbox.SKU{
		{SellerSKU: p.SellerSKU, Price: p.Price, Stock: map[string]int{at.warehouse: 100}},
	}})
	if err != nil {
		return at, demo.Product{}, err
	}
	p.ID, p.SKU = id, skus[0]
	h.ReturnGO.AddKey(h.Config.ReturnGO[0].APIKey, at.store)
	s := h.Config.Shops[0]
	s.Name, s.TikTokShopID, s.ShopCipher, s.ReturnGOStore, s.WebhookToken = at.name, at.tiktok, "GCP_demo0002", at.store, strings.Repeat("t", 32)
	s.AccessToken, s.RefreshToken = access, refresh
	s.Restock.Warehouses = append(s.Restock.Warehouses[:0:0], s.Restock.Warehouses[0])
	s.Restock.Warehouses[0].TikTok = at.warehouse
	h.Config.Shops = append(h.Config.Shops, s)
	return at, p, nil
}

// One authorisation over two shops (9.14): their token runs out while two workers
// carry returns of both. Each time it is renewed once, no refresh is refused, and no
// shop is taken for one whose seller has gone.
func TestAGrantOverTwoShopsIsRenewedOnceForBoth(t *testing.T) {
	t.Parallel()
	var other place
	var product demo.Product
	h := openHouse(t, elsewhere, func(o *demo.HouseOptions) {
		o.MoreShops = func(h *demo.House) (err error) {
			other, product, err = secondShop(h)
			return err
		}
	})
	times := either(1, 3)
	var all []*buyer
	for n := range times {
		// The answer takes long enough for everybody to meet at the refresh.
		h.must(h.TikTok.AddFault(tiktoksandbox.Fault{Endpoint: "auth/refresh", Kind: tiktoksandbox.FaultSlow, Delay: 2 * time.Second}))
		h.must(h.TikTok.ExpireAccessTokens(demo.ShopID))
		expired := time.Now()
		if n == 0 {
			h.programs(2, 1, "")
		}
		some := h.buyers(either(3, 12))
		for range either(3, 12) {
			some = append(some, h.buysAt(other, product))
		}
		for _, b := range some {
			b.asks()
			b.isAuthorised(b.product.Price)
			b.sendsBack()
		}
		h.untilClosed(some)
		all = append(all, some...)
		if got := h.TikTok.Books().Refreshes[demo.SellerID]; got != n+1 {
			t.Fatalf("the token ran out %d times and was renewed %d times", n+1, got)
		}
		if n+1 < times { // no refresh follows another within 90 seconds
			h.until("the token is not new any more", passed(expired, 100*time.Second))
		}
	}
	h.wantPaidOnce(t, "one grant, two shops", all)
	h.wantInStock("one grant, two shops")
	books := h.TikTok.Books()
	if refused := books.Calls["auth/refresh"] - times; refused != 0 {
		t.Errorf("%d refreshes were refused", refused)
	}
	h.read(func(tx *ledger.Tx) error {
		counts, err := tx.ExceptionCounts(t.Context())
		for _, c := range counts {
			if c.Kind == string(returns.NotAuthorised) {
				t.Errorf("people heard %d times that a shop is not authorised", c.Opened)
			}
		}
		return err
	})
	t.Logf("%d returns of two shops, the token ran out %d times and was renewed %d times", len(all), times, books.Refreshes[demo.SellerID])
}
