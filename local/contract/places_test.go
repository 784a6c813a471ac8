package contract

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/returngo"
	"returnbridge/internal/tiktokshop"
	"returnbridge/local/returngosandbox"
	"returnbridge/local/tiktoksandbox"
)

// fromEnvironment gives the values of variables. None set: the real platform is
// skipped. Some of them: a mistake.
func fromEnvironment(t *testing.T, names ...string) map[string]string {
	t.Helper()
	values := map[string]string{}
	var missing []string
	for _, name := range names {
		if v := os.Getenv(name); v != "" { //nolint:forbidigo // credentials for a run by hand, documented in doc.go
			values[name] = v
		} else {
			missing = append(missing, name)
		}
	}
	if len(values) == 0 {
		t.Skipf("skipped: the real platform was not asked, because the environment has no %v (see doc.go)", names)
	}
	require.Empty(t, missing, "credentials are given, but not all of them")
	return values
}

func orDefault(name, fallback string) string {
	if v := os.Getenv(name); v != "" { //nolint:forbidigo // see fromEnvironment
		return v
	}
	return fallback
}

// returnGO is one store of ReturnGO.
type returnGO struct {
	place
	options returngo.Options
	shop    *returngo.Shop
}

const returnGOCalls = 40

func newReturnGO(t *testing.T, base, key, store string, next http.RoundTripper, isReal bool) *returnGO {
	t.Helper()
	p := &returnGO{place: place{wire: &readOnly{next: next, left: returnGOCalls}, real: isReal}}
	p.options = returngo.Options{BaseURL: base, APIKey: key, HTTP: &http.Client{Transport: p.wire}}
	p.shop = p.client(t, key).Shop(store)
	return p
}

func (p *returnGO) client(t *testing.T, key string) *returngo.Client {
	t.Helper()
	o := p.options
	o.APIKey = key
	c, err := returngo.New(o)
	require.NoError(t, err)
	return c
}

func realReturnGO(t *testing.T) *returnGO {
	t.Helper()
	const key, store = "CONTRACT_RETURNGO_API_KEY", "CONTRACT_RETURNGO_STORE"
	env := fromEnvironment(t, key, store)
	return newReturnGO(t, orDefault("CONTRACT_RETURNGO_BASE_URL", "https://api.returngo.ai"), env[key], env[store], http.DefaultTransport, true)
}

// sandboxReturnGO holds more RMAs than one page, some in every status, some
// inspected, some refunded, and two webhooks.
func sandboxReturnGO(t *testing.T) *returnGO {
	t.Helper()
	const key, store, rmas = "contract-key", "contract.example", 501
	clock := &lateClock{}
	clock.behind.Store(rmas)
	box := returngosandbox.New(returngosandbox.Options{Seed: 1, Clock: clock.now})
	t.Cleanup(box.Close)
	server := httptest.NewServer(box.Handler())
	t.Cleanup(server.Close)
	box.AddKey(key, store)
	for n := range rmas {
		order := fmt.Sprintf("%d", 7000+n)
		must(t, box.AddOrder(store, returngosandbox.Order{ID: order, Name: "#TT-" + order, Currency: "GBP", Fulfilled: true, CustomerID: "90001",
			Lines: []returngosandbox.Line{{ID: "8001", SKU: "TEE", ProductName: "Tee", Quantity: 2, UnitPrice: "24.99", UnitTax: "4.17", TaxIncluded: true}}}))
		rma, items, err := box.CreateRMA(store, returngosandbox.RMASpec{OrderID: order, Items: []returngosandbox.ItemSpec{{LineID: "8001", Quantity: 2, Reason: "Does not fit"}}})
		require.NoError(t, err)
		live(t, box, rma, items, n)
		clock.behind.Add(-1)
	}
	writer, err := returngo.New(returngo.Options{BaseURL: server.URL, APIKey: key})
	require.NoError(t, err)
	for _, event := range []string{"RMA_CREATED", "RMA_STATUS_UPDATED"} {
		_, err := writer.Shop(store).AddWebhook(t.Context(), event, "http://127.0.0.1:9/hook")
		require.NoError(t, err)
	}
	return newReturnGO(t, server.URL, key, store, server.Client().Transport, false)
}

// live brings an RMA as far as its number says.
func live(t *testing.T, box *returngosandbox.Sandbox, rma string, items []string, n int) {
	t.Helper()
	switch n % 8 {
	case 0:
		return
	case 1:
		must(t, box.Reject(rma))
		return
	case 2:
		must(t, box.Cancel(rma, "changed mind"))
		return
	}
	must(t, box.Approve(rma))
	if n%8 == 3 {
		return
	}
	must(t, box.Ship(rma, "TRK"+rma, "Post"))
	if n%8 == 4 {
		return
	}
	must(t, box.Receive(rma))
	if n%8 == 5 {
		return
	}
	must(t, box.Validate(rma, []returngosandbox.ItemValidation{
		{ItemID: items[0], Returned: true, Restockable: true, Location: "wh-1"}, {ItemID: items[1], Reason: "Not in parcel", Location: "wh-1"}}))
	transaction, err := box.RequestRefund(rma, items[:1], "24.99")
	require.NoError(t, err)
	if n%8 == 7 {
		must(t, box.SettleRefund(transaction, true, "4035312345678901234"))
		must(t, box.Done(rma))
	}
}

// tiktok is one shop at TikTok.
type tiktok struct {
	place
	options tiktokshop.Options
	token   string
	shopID  string
}

const tiktokCalls = 120

// shop gives the calls of the shop with a token and its cipher.
func (p *tiktok) shop(t *testing.T, token, cipher string) *tiktokshop.Shop {
	t.Helper()
	return p.client(t, p.options.AppSecret).Shop(func(context.Context) (tiktokshop.Access, error) {
		return tiktokshop.Access{Token: token, Cipher: cipher}, nil
	})
}

func (p *tiktok) client(t *testing.T, secret string) *tiktokshop.Client {
	t.Helper()
	o := p.options
	o.AppSecret = secret
	c, err := tiktokshop.New(o)
	require.NoError(t, err)
	return c
}

func newTikTok(base, appKey, appSecret, token, shopID string, next http.RoundTripper, isReal bool) *tiktok {
	p := &tiktok{place: place{wire: &readOnly{next: next, left: tiktokCalls}, real: isReal}, token: token, shopID: shopID}
	p.options = tiktokshop.Options{BaseURL: base, AppKey: appKey, AppSecret: appSecret, HTTP: &http.Client{Transport: p.wire}}
	return p
}

func realTikTok(t *testing.T) *tiktok {
	t.Helper()
	const key, secret, token, shop = "CONTRACT_TIKTOK_APP_KEY", "CONTRACT_TIKTOK_APP_SECRET", "CONTRACT_TIKTOK_ACCESS_TOKEN", "CONTRACT_TIKTOK_SHOP_ID"
	env := fromEnvironment(t, key, secret, token, shop)
	return newTikTok(orDefault("CONTRACT_TIKTOK_BASE_URL", tiktokshop.DefaultBaseURL), env[key], env[secret], env[token], env[shop], http.DefaultTransport, true)
}

// sandboxTikTok holds more orders and returns than one page, in several states,
// cancellations, two warehouses and a product of two SKUs.
func sandboxTikTok(t *testing.T) *tiktok {
	t.Helper()
	const id, orders = "7490000000000000001", 60
	clock := &lateClock{}
	clock.behind.Store(orders)
	box := tiktoksandbox.New(tiktoksandbox.Options{Seed: 1, RatePerSecond: -1, Clock: clock.now})
	t.Cleanup(box.Close)
	server := httptest.NewServer(box.Handler())
	t.Cleanup(server.Close)
	token, _ := box.AddShop(tiktoksandbox.Shop{ID: id, Name: "Contract GB", Region: "GB", Currency: "GBP"})
	warehouse, err := box.AddWarehouse(tiktoksandbox.Warehouse{Name: "Hull", ShopID: id, Default: true})
	require.NoError(t, err)
	_, err = box.AddWarehouse(tiktoksandbox.Warehouse{Name: "Hull returns", ShopID: id, Return: true})
	require.NoError(t, err)
	_, skus, err := box.AddProduct(tiktoksandbox.Product{Title: "Tee", ShopID: id, SKUs: []tiktoksandbox.SKU{
		{SellerSKU: "TEE-M", Price: "24.99", Stock: map[string]int{warehouse: 1000}},
		{SellerSKU: "TEE-L", Price: "26.99", Stock: map[string]int{warehouse: 5}}}})
	require.NoError(t, err)
	spec := tiktoksandbox.OrderSpec{ShopID: id, Warehouse: warehouse, Lines: []tiktoksandbox.OrderLine{{SKU: skus[0], Quantity: 2}}}
	for n := range orders {
		order, err := box.DeliveredOrder(spec)
		require.NoError(t, err)
		goods, err := box.OpenReturn(tiktoksandbox.ReturnSpec{OrderID: order})
		require.NoError(t, err)
		if n%3 == 0 {
			must(t, box.BuyerWithdraws(goods))
		}
		clock.behind.Add(-1)
	}
	for range 3 {
		order, err := box.PlaceOrder(spec)
		require.NoError(t, err)
		_, err = box.BuyerRequestsCancel(order)
		require.NoError(t, err)
	}
	p := newTikTok(server.URL, "demo_key", "demo_secret", token, id, server.Client().Transport, false)
	writer, err := tiktokshop.New(tiktokshop.Options{BaseURL: server.URL, AppKey: "demo_key", AppSecret: "demo_secret"})
	require.NoError(t, err)
	shops, err := writer.AuthorizedShops(t.Context(), token)
	require.NoError(t, err)
	must(t, writer.Shop(func(context.Context) (tiktokshop.Access, error) {
		return tiktokshop.Access{Token: token, Cipher: shops[0].Cipher}, nil
	}).SetWebhook(t.Context(), tiktokshop.ReturnStatusChange, "http://127.0.0.1:9/hook"))
	return p
}

// lateClock is some seconds behind the wall clock: what is made while it catches
// up has times of its own.
type lateClock struct{ behind atomic.Int64 }

func (c *lateClock) now() time.Time {
	return time.Now().Add(-time.Duration(c.behind.Load()) * time.Second)
}

func must(t *testing.T, err error) {
	t.Helper()
	require.NoError(t, err)
}

// TestTheRealHalf runs what real credentials would run, at the sandboxes: where
// nobody has credentials it would never run, and rot.
func TestTheRealHalf(t *testing.T) {
	t.Run("ReturnGO", func(t *testing.T) {
		box := sandboxReturnGO(t)
		t.Setenv("CONTRACT_RETURNGO_API_KEY", box.options.APIKey)
		t.Setenv("CONTRACT_RETURNGO_STORE", "contract.example")
		t.Setenv("CONTRACT_RETURNGO_BASE_URL", box.options.BaseURL)
		p := realReturnGO(t)
		p.keepsTheContract(t)
		require.Greater(t, p.wire.made, 20)
	})
	t.Run("TikTok Shop", func(t *testing.T) {
		box := sandboxTikTok(t)
		t.Setenv("CONTRACT_TIKTOK_APP_KEY", box.options.AppKey)
		t.Setenv("CONTRACT_TIKTOK_APP_SECRET", box.options.AppSecret)
		t.Setenv("CONTRACT_TIKTOK_ACCESS_TOKEN", box.token)
		t.Setenv("CONTRACT_TIKTOK_SHOP_ID", box.shopID)
		t.Setenv("CONTRACT_TIKTOK_BASE_URL", box.options.BaseURL)
		p := realTikTok(t)
		p.keepsTheContract(t)
		require.Greater(t, p.wire.made, 20)
	})
}
