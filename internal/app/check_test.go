package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.uber.org/zap"

	"returnbridge/config"
	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
)

// stand is both platforms, a Temporal and a configuration for one check. What a
// check may not ask for fails the test.
type stand struct {
	t    *testing.T
	file string

	mu         sync.Mutex
	tiktok     map[string]string // TikTok's answers by path
	webhooks   string            // ReturnGO's
	returnGO   int               // its status
	refreshes  int
	scopes     []string      // granted with each refresh
	authorised time.Duration // for how long from now
	dsn        string
	spent      map[string]bool // access tokens that TikTok takes no longer

	attributes map[string]enumspb.IndexedValueType // those of Temporal
	temporal   error                               // or that it does not answer
	namespace  temporalDouble                      // what else there is in Temporal
	idle       bool                                // no program runs, unless the test has it run
}

const (
	goodShops      = `{"code":0,"request_id":"R1","data":{"shops":[{"id":"7490000000000000001","name":"Demo","region":"GB","cipher":"GCP_one"}]}}`
	goodWarehouses = `{"code":0,"request_id":"R2","data":{"warehouses":[
		{"id":"7000000000000000010","name":"Leeds","type":"SALES_WAREHOUSE","effect_status":"ENABLED"},
		{"id":"7000000000000000011","name":"Leeds returns","type":"RETURN_WAREHOUSE","effect_status":"ENABLED"},
		{"id":"7000000000000000012","name":"York","type":"SALES_WAREHOUSE","effect_status":"DISABLED"}]}}`
	goodOrders = `{"code":0,"data":{"orders":[{"id":"576000000000000001","line_items":[
		{"id":"1","product_id":"11","sku_id":"111","seller_sku":"MUG"},{"id":"2","product_id":"11","sku_id":"111","seller_sku":"MUG"},
		{"id":"3","product_id":"12","sku_id":"121","seller_sku":"CUP"}]}]}}`
	goodWebhooks = `{"code":0,"data":{"webhooks":[
		{"event_type":"RETURN_STATUS_CHANGE","address":"https://returns.example.com/webhooks/tiktok"},
		{"event_type":"ORDER_STATUS_CHANGE","address":"https://returns.example.com/webhooks/tiktok"},
		{"event_type":"SELLER_DEAUTHORIZATION","address":"https://returns.example.com/webhooks/tiktok"},
		{"event_type":"NEW_MESSAGE","address":"https://chat.example.com/"},
		{"event_type":"UPCOMING_AUTHORIZATION_EXPIRATION","address":"https://returns.example.com/webhooks/tiktok"}]}}`
	webhookSecret = "wwwwwwwwwwwwwwwwwwwwwwwwwwww-secret" // of ReturnGO's address
	pathShops     = "/authorization/202309/shops"
	pathHouses    = "/logistics/202309/warehouses"
	pathOrders    = "/order/202309/orders/search"
	pathProducts  = "/product/202309/products/"
	pathWebhooks  = "/event/202309/webhooks"
)

// everyScope is what the seller of a stand has granted.
var everyScope = []string{
	"seller.authorization.info", "seller.order.info", "seller.return_refund.basic", "seller.product.basic", "seller.logistics",
	"seller.fulfillment.basic", "seller.product.write",
}

// productOf is TikTok's answer for a product with one SKU.
func productOf(id, sku, sellerSKU, warehouse string) string {
	return fmt.Sprintf(`{"code":0,"data":{"id":"%s","skus":[{"id":"%s","seller_sku":"%s","inventory":[{"warehouse_id":"%s","quantity":1}]}]}}`, id, sku, sellerSKU, warehouse)
}

// returnGOHook is one of ReturnGO's registrations.
func returnGOHook(id, event, address string) string {
	return fmt.Sprintf(`{"id":"%s","eventName":"%s","url":"%s"}`, id, event, address)
}

func returnGOHooks(address string) string {
	var all []string
	for i, event := range returnGOEvents {
		all = append(all, returnGOHook(fmt.Sprint(i+1), event, address))
	}
	return "[" + strings.Join(all, ",") + "]"
}

func newStand(t *testing.T, shop string) *stand {
	t.Helper()
	s := &stand{
		t: t, returnGO: http.StatusOK, attributes: messages.SearchAttributes(), scopes: everyScope, authorised: 300 * 24 * time.Hour, dsn: filepath.Join(t.TempDir(), "ledger.db"),
		webhooks: returnGOHooks(ReturnGOAddress("https://returns.example.com", "demo-gb", webhookSecret)),
		tiktok: map[string]string{
			pathShops: goodShops, pathHouses: goodWarehouses, pathOrders: goodOrders, pathWebhooks: goodWebhooks,
			pathProducts + "11": productOf("11", "111", "MUG", "7000000000000000010"), pathProducts + "12": productOf("12", "121", "CUP", "7000000000000000010"),
		},
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.file = filepath.Join(t.TempDir(), "config.yaml")
	text := fmt.Sprintf(`
ledger: %s
seal_key: %s
webhook_url: https://returns.example.com
tiktok: {app_key: key, app_secret: app-secret, base_url: "%[3]s", auth_url: "%[3]s"}
returngo: [{name: main, api_key: returngo-secret, base_url: "%[3]s"}]
shops:
  - name: demo-gb
    tiktok_shop_id: "7490000000000000001"
    region: GB
    refresh_token: refresh-secret
    returngo_key: main
    returngo_store: example.myshopify.com
    webhook_token: %s
%s`, s.dsn, sealKey("0123456789abcdefghijklmnopqrstuv"), server.URL, webhookSecret, shop)
	require.NoError(t, os.WriteFile(s.file, []byte(text), 0o600))
	return s
}

// runs has worker and starter of the stand's own ledger run.
func (s *stand) runs() {
	s.t.Helper()
	cfg, err := config.Load(s.file)
	require.NoError(s.t, err)
	id := s.ledger().ID()
	s.namespace.prepared(id, cfg)
	s.namespace.polls(identity(id), noon, (&house{cfg: cfg}).taskQueues())
}

// ledger opens what the check keeps its books in.
func (s *stand) ledger() *ledger.Ledger {
	s.t.Helper()
	l, err := ledger.Open(s.t.Context(), s.dsn, func() time.Time { return noon })
	require.NoError(s.t, err)
	s.t.Cleanup(func() { _ = l.Close() })
	return l
}

func (s *stand) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	answer, known := s.tiktok[r.URL.Path]
	switch call := r.Method + " " + r.URL.Path; {
	case r.Method == "PRI": // another program of this machine, that speaks HTTP/2 to a port it has lost
		return
	case call == "GET /api/v2/token/refresh":
		s.refreshes++
		answer = fmt.Sprintf(`{"code":0,"data":{"access_token":"access-secret-%d","refresh_token":"refresh-secret-%[1]d","access_token_expire_in":%d,"refresh_token_expire_in":%d,"user_type":0,"granted_scopes":["%s"]}}`,
			s.refreshes, noon.Add(7*24*time.Hour).Unix(), noon.Add(s.authorised).Unix(), strings.Join(s.scopes, `","`))
	case call == "GET /rmas":
		w.WriteHeader(s.returnGO)
		answer = `{"rmas":[{"rmaId":"1","status":"Pending","order_name":"#1"}]}`
	case call == "GET /webhooks":
		answer = s.webhooks
	case !known || r.Method != http.MethodGet && r.URL.Path != pathOrders:
		s.t.Errorf("a check must not call %s", call)
	case s.spent[r.Header.Get("X-Tts-Access-Token")]:
		answer = `{"code":105002,"message":"expired"}`
	}
	_, _ = fmt.Fprint(w, answer)
}

func (s *stand) check() (string, error) {
	s.t.Helper()
	if !s.idle {
		s.runs()
	}
	var b strings.Builder
	c := newCheckup(Deps{Temporal: &s.namespace, Namespace: "returns", Log: zap.NewNop(), Now: func() time.Time { return noon }})
	c.attributes = func(context.Context, client.Client, string) (map[string]enumspb.IndexedValueType, error) {
		return s.attributes, s.temporal
	}
	err := c.run(s.t.Context(), s.file, Output{&b, false})
	require.NotContains(s.t, b.String(), "-secret")
	return b.String(), err
}

const restockOn = `
    restock: {writer: us, warehouses: [{location: "1", tiktok: "7000000000000000010"}]}
    switches: {refund: true, restock: true}
`

func TestACheckFindsAllWell(t *testing.T) {
	t.Parallel()
	s := newStand(t, restockOn)
	said, err := s.check()
	require.NoError(t, err)
	for _, want := range []string{
		"names 1 shop and 1 ReturnGO key", "ledger         answers at /", "answers, namespace returns", "has all search attributes",
		"namespace returns belongs to this ledger, ", "has made all schedules of sweeps and tokens", "takes work from 5 task queues",
		"a new TikTok access token was got with the refresh token, and both are kept in the ledger",
		"TikTok takes the token and knows shop 7490000000000000001; the access token ends in 7d 0h, the authorisation ends in 300d 0h",
		"all scopes are granted that any switch needs", "2 products of 2 products sold lately were read",
		"all webhooks are registered at both platforms, and go to returns.example.com",
		"note  shop demo-gb   no event of TikTok's topic 68 (INVENTORY_CHANGED) ever came; it is switched on in Partner Center by a person, and without it a stock write is proven by reading alone",
		"1 warehouse configured, each an enabled sales warehouse at TikTok", "in the last day 1 RMA changed",
		"make TikTok pay                                        on   this program\n",
		"accept or open a TikTok return that ReturnGO approved  off  nobody but your people in Seller Center\n",
		"set TikTok's stock                                     on   this program\n",
		"No problems. Nothing was changed at TikTok or ReturnGO.",
	} {
		require.Contains(t, said, want)
	}
	_, err = s.check()
	require.NoError(t, err)
	require.Equal(t, 1, s.refreshes, "a token that can be tried is not renewed")
}

func TestACheckListsEveryProblemAtOnce(t *testing.T) {
	t.Parallel()
	s := newStand(t, `
    restock:
      writer: us
      warehouses: [{location: "1", tiktok: "7000000000000000011"}, {location: "2", tiktok: "7000000000000000012"}]
      default_warehouse: "7000000000000000099"
`)
	s.returnGO = http.StatusForbidden
	s.attributes = map[string]enumspb.IndexedValueType{"Shop": enumspb.INDEXED_VALUE_TYPE_TEXT}
	said, err := s.check()
	require.EqualError(t, err, "5 problems found")
	for _, want := range []string{
		"search attribute Shop is of type Text, it must be Keyword", "search attributes that worker and starter make within a minute of running (on Temporal Cloud make them there): ExceptionKinds, ",
		"restock.warehouses for location 1: 7000000000000000011 is a RETURN_WAREHOUSE, and goods can only be sold from a SALES_WAREHOUSE; TikTok has 7000000000000000010 (Leeds)",
		"restock.warehouses for location 2: warehouse 7000000000000000012 is DISABLED at TikTok, it must be ENABLED",
		"restock.default_warehouse: TikTok has no warehouse 7000000000000000099",
		"ReturnGO does not list the RMAs of store example.myshopify.com: ", "look at api_key and returngo_store",
	} {
		require.Contains(t, said, want)
	}
	require.NotContains(t, said, "No problems")
}

func TestACheckOfTheTikTokAccess(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ shop, answer, want string }{
		"token run out":    {"    access_token: old-one\n    shop_cipher: GCP_one\n", `{"code":105002,"message":"expired"}`, "has no access to TikTok: tiktok Get Authorized Shops: refresh-token"},
		"and no cipher":    {"    access_token: old-one\n", `{"code":105002,"message":"expired"}`, "has no access to TikTok: "},
		"not authorised":   {"    access_token: old-one\n", `{"code":105005,"message":"no scope"}`, `look at app_key and app_secret, or run "starter authorise"`},
		"shop not covered": {"    access_token: old-one\n    shop_cipher: GCP_one\n", `{"code":0,"data":{"shops":[{"id":"1","cipher":"c"}]}}`, "does not cover shop 7490000000000000001: look at tiktok_shop_id"},
		"another cipher":   {"    access_token: old-one\n    shop_cipher: GCP_two\n", goodShops, "shop_cipher is not the one TikTok gives"},
		"another country":  {"    access_token: old-one\n    shop_cipher: GCP_one\n", strings.Replace(goodShops, "GB", "DE", 1), "region is GB, but TikTok says that shop 7490000000000000001 is in DE"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStand(t, c.shop)
			s.tiktok[pathShops] = c.answer
			said, err := s.check()
			require.EqualError(t, err, "1 problem found")
			require.Contains(t, said, c.want)
			require.LessOrEqual(t, s.refreshes, 1, "only a token that has run out is renewed")
		})
	}
}

func TestACheckGoesOnWithoutTemporalAndSaysWhatTheConfigurationLacks(t *testing.T) {
	t.Parallel()
	s := newStand(t, "")
	s.temporal = errors.New("the namespace returns does not answer")
	said, err := s.check()
	require.EqualError(t, err, "1 problem found")
	require.Contains(t, said, "PROBLEM  Temporal       the namespace returns does not answer")
	require.Contains(t, said, "no warehouse is configured: goods to be put back wait for a person; TikTok has 7000000000000000010 (Leeds)")

	s.idle = true
	require.NoError(t, os.WriteFile(s.file, []byte("listen: nowhere\n"), 0o600))
	said, err = s.check()
	require.ErrorContains(t, err, "problems found")
	require.Contains(t, said, "PROBLEM  configuration  listen must be host:port")
	require.Contains(t, said, "PROBLEM  configuration  shops names no shop")
	require.NotContains(t, said, "problems:")
}
