package tiktokshop_test

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/platform"
	"returnbridge/internal/returns"
	"returnbridge/internal/tiktokshop"
)

var oneLevel = []returns.StockLevel{{SKUID: "1", Available: 1}}

func aReturn(t *testing.T) tiktokshop.CreateReturn {
	return tiktokshop.CreateReturn{
		OrderID: "576000000000000001", Type: returns.TypeRefund, Reason: "a/b&c'd",
		Lines: []tiktokshop.LineRef{{OrderLineID: "577000000000000002"}}, RefundTotal: gbp(t, "4.50"),
	}
}

// Every call as the contract wants it on the wire (sections 1.3, 1.4, 2).
func TestRequests(t *testing.T) {
	t.Parallel()
	from, to := time.Unix(1759990000, 0), time.Unix(1759999999, 0)
	ctx := t.Context()
	requireOnWire(t, map[string]wireCall{
		"orders": {func(s shop) error { _, err := s.Orders(ctx, "1", "2"); return err },
			"GET", "/order/202507/orders", "ids=1,2", ""},
		"search orders": {func(s shop) error {
			_, _, err := s.SearchOrders(ctx, tiktokshop.OrderFilter{UpdatedFrom: from, UpdatedTo: to, Status: "DELIVERED"}, tiktokshop.Page{Size: 100, Token: "a+b/c=="})
			return err
		}, "POST", "/order/202309/orders/search", "page_size=100&page_token=a%2Bb/c%3D%3D&sort_field=update_time&sort_order=ASC",
			`{"order_status":"DELIVERED","update_time_ge":1759990000,"update_time_lt":1759999999}`},
		"search returns": {func(s shop) error {
			_, _, err := s.SearchReturns(ctx, tiktokshop.ReturnFilter{ReturnIDs: []string{"4"}, OrderIDs: []string{"5"}, Statuses: []string{"X"}, UpdatedFrom: from}, "")
			return err
		}, "POST", "/return_refund/202602/returns/search", "page_size=50&sort_field=update_time&sort_order=ASC",
			`{"return_ids":["4"],"order_ids":["5"],"return_status":["X"],"update_time_ge":1759990000}`},
		"search all returns": {read, "POST", "/return_refund/202602/returns/search", "page_size=50&sort_field=update_time&sort_order=ASC", `{}`},
		"search cancellations": {func(s shop) error {
			_, _, err := s.SearchCancellations(ctx, tiktokshop.CancellationFilter{CancelIDs: []string{"7"}, UpdatedTo: to}, "t")
			return err
		}, "POST", "/return_refund/202602/cancellations/search", "page_size=50&page_token=t&sort_field=update_time&sort_order=ASC",
			`{"cancel_ids":["7"],"update_time_lt":1759999999}`},
		"eligibility": {func(s shop) error { _, err := s.Eligibility(ctx, "576"); return err },
			"GET", "/return_refund/202602/orders/576/aftersale_eligibility", "initiate_aftersale_user=SELLER", ""},
		"calculate": {func(s shop) error {
			_, err := s.CalculateRefund(ctx, tiktokshop.CalculateRefund{OrderID: "576", RequestType: "REFUND", Reason: "r",
				Lines: []tiktokshop.LineRef{{OrderLineID: "1", SubLineID: "2"}, {OrderLineID: "3"}}})
			return unless(platform.Human, err) // no amount in the answer
		}, "POST", "/return_refund/202602/refunds/calculate", "",
			`{"order_id":"576","request_type":"REFUND","reason_name":"r","order_line_list":[{"order_line_item_id":"1","sub_order_line_item_id":"2"},{"order_line_item_id":"3"}]}`},
		"create": {func(s shop) error {
			_, _, err := s.CreateReturn(ctx, aReturn(t), "shop/576:1")
			return unless(platform.OutcomeUnknown, err) // no id in the answer
		}, "POST", "/return_refund/202602/returns", "idempotency_key=shop/576:1",
			`{"order_id":"576000000000000001","return_type":"REFUND","return_reason":"a/b&c'd","order_line_item_ids":["577000000000000002"],"refund_total":"4.50","currency":"GBP"}`},
		"approve": {write, "POST", "/return_refund/202309/returns/4030000000000000001/approve", "idempotency_key=k1", `{"decision":"APPROVE_REFUND"}`},
		"returnless": {func(s shop) error {
			_, err := s.Decide(ctx, "4", tiktokshop.Decision{Name: tiktokshop.ApproveReturn, BuyerKeepsItem: true}, "k")
			return err
		}, "POST", "/return_refund/202309/returns/4/approve", "idempotency_key=k", `{"decision":"APPROVE_RETURN","buyer_keep_item":true}`},
		"offer": {func(s shop) error {
			_, err := s.Decide(ctx, "4", tiktokshop.Decision{Name: tiktokshop.OfferPartialRefund, Partial: amount(t, "864000", "VND")}, "k")
			return err
		}, "POST", "/return_refund/202309/returns/4/approve", "idempotency_key=k",
			`{"decision":"OFFER_PARTIAL_REFUND","partial_refund":{"amount":"864000","currency":"VND"}}`},
		"reject": {func(s shop) error {
			_, err := s.Reject(ctx, "4", tiktokshop.Rejection{Decision: tiktokshop.RejectReceivedPackage, ReasonKey: "k", Comment: "c"}, "k")
			return err
		}, "POST", "/return_refund/202309/returns/4/reject", "idempotency_key=k",
			`{"decision":"REJECT_RECEIVED_PACKAGE","reject_reason":"k","comment":"c"}`},
		"reasons": {func(s shop) error { _, err := s.RejectReasons(ctx, "4"); return err },
			"GET", "/return_refund/202309/reject_reasons", "return_or_cancel_id=4", ""},
		"decisions": {func(s shop) error { _, err := s.DecisionEligibility(ctx, "4", "A", "B"); return err },
			"GET", "/return_refund/202601/decision_eligibility", "check_decisions=A,B&return_or_cancel_id=4", ""},
		"all decisions": {func(s shop) error { _, err := s.DecisionEligibility(ctx, "4"); return err },
			"GET", "/return_refund/202601/decision_eligibility", "return_or_cancel_id=4", ""},
		"inventory": {func(s shop) error {
			_, err := s.Inventory(ctx, tiktokshop.InventoryFilter{SKUIDs: []string{"1"}})
			return err
		}, "POST", "/product/202309/inventory/search", "", `{"sku_ids":["1"]}`},
		"update inventory": {func(s shop) error {
			_, err := s.UpdateInventory(ctx, "1728", []returns.StockLevel{
				{ProductID: "1728", SKUID: "9", WarehouseID: "10", Available: 41},
				{SKUID: "8", WarehouseID: "10", Available: 0}, {SKUID: "9", WarehouseID: "11", Available: 3}}, time.Time{})
			return err
		}, "POST", "/product/202309/products/1728/inventory/update", "",
			`{"skus":[{"id":"9","inventory":[{"warehouse_id":"10","quantity":41},{"warehouse_id":"11","quantity":3}]},{"id":"8","inventory":[{"warehouse_id":"10","quantity":0}]}]}`},
		"lone warehouse": {func(s shop) error { _, err := s.UpdateInventory(ctx, "1728", oneLevel, time.Time{}); return err },
			"POST", "/product/202309/products/1728/inventory/update", "", `{"skus":[{"id":"1","inventory":[{"quantity":1}]}]}`},
		"product": {func(s shop) error { _, err := s.Product(ctx, "1728"); return err },
			"GET", "/product/202309/products/1728", "", ""},
		"warehouses": {func(s shop) error { _, err := s.Warehouses(ctx); return err }, "GET", "/logistics/202309/warehouses", "", ""},
		"webhooks":   {func(s shop) error { _, err := s.Webhooks(ctx); return err }, "GET", "/event/202309/webhooks", "", ""},
		"set webhook": {func(s shop) error { return s.SetWebhook(ctx, "RETURN_STATUS_CHANGE", "https://x.example/hook") },
			"PUT", "/event/202309/webhooks", "", `{"event_type":"RETURN_STATUS_CHANGE","address":"https://x.example/hook"}`},
		"delete webhook": {func(s shop) error { return s.DeleteWebhook(ctx, "RETURN_STATUS_CHANGE") },
			"DELETE", "/event/202309/webhooks", "", `{"event_type":"RETURN_STATUS_CHANGE"}`},
	})
}

type shop = *tiktokshop.Shop

// wireCall is a call and how it has to arrive.
type wireCall struct {
	call                      func(s shop) error
	method, path, query, body string
}

func requireOnWire(t *testing.T, calls map[string]wireCall) {
	t.Helper()
	for name, c := range calls {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t, says(`{"code":0,"data":{}}`))
			require.NoError(t, c.call(f.shop))
			r := f.only(t)
			require.Equal(t, c.method, r.Method)
			require.Equal(t, c.path, r.Path)
			require.Equal(t, c.body, r.Body)
			require.Equal(t, token, r.Header.Get("x-tts-access-token"))
			require.Equal(t, "application/json", r.Header.Get("content-type"))
			want, err := url.ParseQuery(c.query)
			require.NoError(t, err)
			want.Set("shop_cipher", cipher)
			requireSigned(t, r, want)
		})
	}
}

// unless lets the one expected failure pass.
func unless(expected platform.Class, err error) error {
	if platform.ClassOf(err) == expected {
		return nil
	}
	return fmt.Errorf("want %s, got %w", expected, err)
}

// requireSigned checks the whole query: what the call adds, what every call
// has, and the signature over decoded values and the bytes sent.
func requireSigned(t *testing.T, r request, want url.Values) {
	t.Helper()
	want.Set("app_key", appKey)
	want.Set("timestamp", "1760000000")
	want.Set("sign", tiktokshop.Sign(appSecret, r.Path, want, "application/json", []byte(r.Body)))
	require.Equal(t, want, url.Values(r.Query))
	require.Equal(t, want.Encode(), r.RawQuery, "sorted")
}

func TestAuthorizedShopsTakesNoCipher(t *testing.T) {
	t.Parallel()
	f := newFake(t, says(`{"code":0}`))
	_, err := f.client.AuthorizedShops(t.Context(), token)
	require.NoError(t, err)
	r := f.only(t)
	require.Equal(t, "/authorization/202309/shops", r.Path)
	require.Equal(t, "87bcee63359a93d3c802e96e8f9176e3a2e196e52e5e505fd4539b363c2444ec", r.Query["sign"][0])
	requireSigned(t, r, url.Values{})
}

// Which calls take shop_cipher, and which versions are pinned (contract 1.3, 2).
func TestEndpointsOfTheContract(t *testing.T) {
	t.Parallel()
	require.Equal(t, map[string]bool{
		"/authorization/202309/shops": false,
		"/order/202309/orders/search": true, "/order/202507/orders": true,
		"/return_refund/202602/returns/search":                          true,
		"/return_refund/202309/returns/{return_id}/records":             true,
		"/return_refund/202602/returns":                                 true,
		"/return_refund/202309/returns/{return_id}/approve":             true,
		"/return_refund/202309/returns/{return_id}/reject":              true,
		"/return_refund/202309/reject_reasons":                          true,
		"/return_refund/202602/refunds/calculate":                       true,
		"/return_refund/202602/orders/{order_id}/aftersale_eligibility": true,
		"/return_refund/202601/decision_eligibility":                    true,
		"/return_refund/202405/returns/shipping_documents":              true,
		"/return_refund/202602/cancellations":                           true,
		"/return_refund/202602/cancellations/search":                    true,
		"/return_refund/202309/cancellations/{cancel_id}/approve":       true,
		"/return_refund/202309/cancellations/{cancel_id}/reject":        true,
		"/product/202309/products/{product_id}":                         true,
		"/product/202502/products/search":                               true,
		"/product/202309/inventory/search":                              true,
		"/product/202309/products/{product_id}/inventory/update":        true,
		"/product/202604/inventory/operation/settings":                  true,
		"/logistics/202309/warehouses":                                  true,
		"/finance/202309/statements":                                    true,
		"/finance/202501/orders/{order_id}/statement_transactions":      true,
		"/event/202309/webhooks":                                        true,
	}, tiktokshop.TakesCipher())
}

func TestTokens(t *testing.T) {
	t.Parallel()
	answer := `{"code":0,"message":"success","request_id":"r","data":{"access_token":"AT-1","access_token_expire_in":1760604800,
		"refresh_token":"RT-1","refresh_token_expire_in":1791536000,"open_id":"7010000000000000001","seller_name":"Somebody",
		"seller_base_region":"GB","user_type":0,"granted_scopes":["seller.order.info"]}}`
	want := tiktokshop.Grant{
		AccessToken: "AT-1", RefreshToken: "RT-1", AccessExpires: time.Unix(1760604800, 0).UTC(),
		RefreshExpires: time.Unix(1791536000, 0).UTC(), OpenID: "7010000000000000001", Region: "GB", Scopes: []string{"seller.order.info"},
	}
	f := newFake(t, says(answer))
	g, err := f.client.ExchangeCode(t.Context(), "the-code")
	require.NoError(t, err)
	require.True(t, want.AccessExpires.Equal(g.AccessExpires))
	require.Equal(t, want.AccessToken+want.RefreshToken+want.Region+want.OpenID, g.AccessToken+g.RefreshToken+g.Region+g.OpenID)
	require.Equal(t, want.RefreshExpires, g.RefreshExpires)
	require.Equal(t, want.Scopes, g.Scopes)
	r := f.only(t)
	require.Equal(t, "GET /api/v2/token/get", r.Method+" "+r.Path)
	require.Equal(t, "app_key=demo_key&app_secret=demo_secret&auth_code=the-code&grant_type=authorized_code", r.RawQuery)

	f = newFake(t, says(answer))
	_, err = f.client.Refresh(t.Context(), "RT-0")
	require.NoError(t, err)
	r = f.only(t)
	require.Equal(t, "GET /api/v2/token/refresh", r.Method+" "+r.Path)
	require.Equal(t, "app_key=demo_key&app_secret=demo_secret&grant_type=refresh_token&refresh_token=RT-0", r.RawQuery)
	require.Empty(t, r.Body)
	require.False(t, r.Chunked, "GET bodies are empty (1.3), not of unknown length")

	f = newFake(t, says(strings.Replace(answer, `"user_type":0`, `"user_type":1`, 1)))
	_, err = f.client.ExchangeCode(t.Context(), "c")
	require.Equal(t, platform.Human, failed(t, err).Class, "a creator is no seller")

	f = newFake(t, says(`{"code":36004001,"message":"refresh token RT-0 expired"}`))
	_, err = f.client.Refresh(t.Context(), "RT-0")
	require.Equal(t, platform.Human, failed(t, err).Class)
	require.NotContains(t, err.Error(), "RT-0")

	f = newFake(t, says(`{"code":0,"data":{}}`))
	_, err = f.client.Refresh(t.Context(), "RT-0")
	require.Equal(t, platform.OutcomeUnknown, failed(t, err).Class)
}

// An amount goes out with the digits of its currency, however it came (1.5).
func TestAmountsOnTheWire(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ number, code, wire string }{
		{"12.50", "GBP", "12.50"}, {"12.5", "GBP", "12.50"}, {"12.500", "GBP", "12.50"}, {"12", "GBP", "12"},
		{"864000", "VND", "864000"}, {"864000.00", "VND", "864000"}, {"1.005", "KWD", "1.005"}, {"129000", "IDR", "129000"},
		{"12.505", "GBP", ""}, {"432000.5", "VND", ""}, {"-1", "GBP", ""}, {"0.00", "GBP", ""},
	} {
		f := newFake(t, says(`{"code":0,"data":{"return_id":"4"}}`))
		r := aReturn(t)
		r.RefundTotal = amount(t, c.number, c.code)
		_, _, err := f.shop.CreateReturn(t.Context(), r, "k")
		if c.wire == "" {
			require.Equal(t, platform.Permanent, failed(t, err).Class, c)
			require.Empty(t, f.all(), c)
			continue
		}
		require.NoError(t, err, c)
		require.Contains(t, f.all()[0].Body, `"refund_total":"`+c.wire+`"`, c)
	}
}

// What TikTok could not take, or would take for more than was meant, is not sent.
func TestNotSent(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	f := newFake(t, says(`{"code":0}`))
	noLines, noAmount, euro := aReturn(t), aReturn(t), gbp(t, "1")
	noLines.Lines, noAmount.RefundTotal = nil, returns.Money{}
	decide := func(d tiktokshop.Decision, id, key string) error {
		_, err := f.shop.Decide(ctx, id, d, key)
		return err
	}
	create := func(c tiktokshop.CreateReturn) error { _, _, err := f.shop.CreateReturn(ctx, c, "k"); return err }
	update := func(l ...returns.StockLevel) error {
		_, err := f.shop.UpdateInventory(ctx, "1728", l, time.Time{})
		return err
	}
	approve := tiktokshop.Decision{Name: tiktokshop.ApproveRefund}
	_, tooMany := f.shop.Orders(ctx, make([]string, 51)...)
	_, allLines := f.shop.CalculateRefund(ctx, tiktokshop.CalculateRefund{OrderID: "1"})
	_, manyProducts := f.shop.Inventory(ctx, tiktokshop.InventoryFilter{ProductIDs: make([]string, 101)})
	_, manySKUs := f.shop.Inventory(ctx, tiktokshop.InventoryFilter{SKUIDs: make([]string, 601)})
	var levels []returns.StockLevel
	for i := range 101 {
		levels = append(levels, returns.StockLevel{SKUID: strconv.Itoa(i + 1), Available: 1})
	}
	_, noReject := f.shop.Reject(ctx, "4", tiktokshop.Rejection{Decision: tiktokshop.RejectRefund, ReasonKey: "r"}, "")
	_, _, noCreate := f.shop.CreateReturn(ctx, aReturn(t), "")
	_, noToken := f.client.AuthorizedShops(ctx, "")
	_, noCode := f.client.ExchangeCode(ctx, "")
	for name, err := range map[string]error{
		"101 products": manyProducts, "601 SKUs": manySKUs, "101 SKUs": update(levels...),
		"reject without a key": noReject, "create without a key": noCreate,
		"offer of nothing": decide(tiktokshop.Decision{Name: tiktokshop.OfferPartialRefund, Partial: gbp(t, "0.00")}, "4", "k"),
		"offer below zero": decide(tiktokshop.Decision{Name: tiktokshop.OfferPartialRefund, Partial: gbp(t, "-1")}, "4", "k"),
		"51 orders":        tooMany, "calculate all lines": allLines, "no token": noToken, "no code": noCode,
		"all lines": create(noLines), "all the money": create(noAmount),
		"id with a path":  decide(approve, "1/../2", "k"),
		"no id":           decide(approve, "", "k"),
		"no key":          decide(approve, "4", ""),
		"long key":        decide(approve, "4", strings.Repeat("k", 256)),
		"stray amount":    decide(tiktokshop.Decision{Name: tiktokshop.ApproveRefund, Partial: euro}, "4", "k"),
		"offer of what":   decide(tiktokshop.Decision{Name: tiktokshop.OfferPartialRefund}, "4", "k"),
		"nothing":         update(),
		"below zero":      update(returns.StockLevel{SKUID: "1", Available: -1}),
		"above the range": update(returns.StockLevel{SKUID: "1", Available: 100_000}),
		"no SKU":          update(returns.StockLevel{Available: 1}),
		"other product":   update(returns.StockLevel{SKUID: "1", ProductID: "9"}),
		"twice":           update(returns.StockLevel{SKUID: "1", WarehouseID: "2"}, returns.StockLevel{SKUID: "1", WarehouseID: "2"}),
		"which warehouse": update(returns.StockLevel{SKUID: "1", WarehouseID: "2"}, returns.StockLevel{SKUID: "1"}),
	} {
		require.Equal(t, platform.Permanent, failed(t, err).Class, name)
	}
	require.Empty(t, f.all())
	orders, err := f.shop.Orders(ctx)
	require.NoError(t, err)
	require.Empty(t, orders)
	levels, err = f.shop.Inventory(ctx, tiktokshop.InventoryFilter{})
	require.NoError(t, err)
	require.Empty(t, levels)
	require.Empty(t, f.all(), "nothing asked, nothing sent")
}

func TestEveryCallIsSignedAtItsOwnTime(t *testing.T) {
	t.Parallel()
	f := newFake(t, says(`{"code":0}`))
	clock := now
	c, err := tiktokshop.New(tiktokshop.Options{
		BaseURL: f.server.URL, AppKey: appKey, AppSecret: appSecret, Clock: func() time.Time { return clock },
	})
	require.NoError(t, err)
	require.NoError(t, write(c.Shop(access)))
	clock = clock.Add(time.Minute)
	require.NoError(t, write(c.Shop(access)))
	require.Equal(t, "1760000060", f.all()[1].Query["timestamp"][0])
	require.NotEqual(t, f.all()[0].Query["sign"], f.all()[1].Query["sign"])
	require.Equal(t, f.all()[0].Body, f.all()[1].Body)
}
