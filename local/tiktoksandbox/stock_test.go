package tiktoksandbox

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func (sc *scene) update(productID, body string) answer {
	sc.t.Helper()
	return sc.call("POST", "/product/202309/products/"+productID+"/inventory/update", nil, body)
}

func (sc *scene) mugRows(sales, other int) string {
	return fmt.Sprintf(`{"skus":[{"id":%q,"inventory":[{"warehouse_id":%q,"quantity":%d},{"warehouse_id":%q,"quantity":%d}]}]}`,
		sc.mug, sc.sales, sales, sc.other, other)
}

func (sc *scene) read(skuID string) {
	sc.t.Helper()
	require.Zero(sc.t, sc.call("POST", "/product/202309/inventory/search", nil, `{"sku_ids":["`+skuID+`"]}`).Code)
}

func TestAWriteWipesOutASaleInTheWindow(t *testing.T) {
	sc := newScene(t, "GB")
	sc.read(sc.mug)
	require.Zero(t, sc.update(sc.mugProduct, sc.mugRows(10, 3)).Code)
	require.Zero(t, sc.update(sc.mugProduct, sc.mugRows(11, 3)).Code)
	require.Zero(t, sc.update(sc.mugProduct, sc.mugRows(10, 3)).Code)
	for _, write := range sc.s.Books().InventoryWrites {
		require.False(t, write.HitByMovement, "our own writes are nobody else's movement")
	}

	sc.read(sc.mug)
	must(sc.s.PlaceOrder(OrderSpec{ShopID: sc.shop.ID, Lines: []OrderLine{{SKU: sc.mug}}}))(t)
	require.Zero(t, sc.update(sc.mugProduct, sc.mugRows(11, 3)).Code)
	require.True(t, sc.s.Books().InventoryWrites[3].HitByMovement)
	level := must(sc.s.Stock(sc.mug, sc.sales))(t)
	require.Equal(t, StockLevel{SKU: sc.mug, Warehouse: sc.sales, Available: 11, Committed: 1, BelievedPhysical: 12, TruePhysical: 10}, level)
	require.Equal(t, 2, level.Drift())
}

func TestASaleCanBePlacedBetweenReadAndWrite(t *testing.T) {
	sc := newScene(t, "GB")
	sc.s.OnInventoryRead(func(skuIDs []string) {
		require.Equal(t, []string{sc.mug}, skuIDs)
		must(sc.s.PlaceOrder(OrderSpec{ShopID: sc.shop.ID, Lines: []OrderLine{{SKU: sc.mug, Quantity: 10}}}))(t)
	})
	sc.read(sc.mug)
	sc.s.OnInventoryRead(nil)
	require.Zero(t, sc.update(sc.mugProduct, sc.mugRows(10, 3)).Code)
	require.True(t, sc.s.Books().InventoryWrites[0].HitByMovement)
	must(sc.s.PlaceOrder(OrderSpec{ShopID: sc.shop.ID, Lines: []OrderLine{{SKU: sc.mug}}}))(t)
	require.Equal(t, 1, must(sc.s.Stock(sc.mug, sc.sales))(t).Oversold())
}

func TestJournalFollowsAnOrder(t *testing.T) {
	sc := newScene(t, "GB")
	o := must(sc.s.PlaceOrder(OrderSpec{ShopID: sc.shop.ID, Lines: []OrderLine{{SKU: sc.set}}}))(t)
	require.NoError(t, sc.s.ShipOrder(o))
	var got []string
	for _, m := range sc.s.Books().Journal {
		got = append(got, fmt.Sprintf("%t %s %d %d", m.SKU == sc.mug, m.Cause, m.AvailableDelta, m.CommittedDelta))
	}
	require.Equal(t, []string{"true order_created -2 2", "false order_created -1 1", "true order_shipped 0 -2", "false order_shipped 0 -1"}, got)
	require.Equal(t, 8, must(sc.s.Stock(sc.mug, sc.sales))(t).TruePhysical)
	require.Zero(t, must(sc.s.Stock(sc.mug, sc.sales))(t).Drift())
}

func TestUpdateInventoryRules(t *testing.T) {
	sc := newScene(t, "GB")
	oneWarehouse := fmt.Sprintf(`{"skus":[{"id":%q,"inventory":[{"warehouse_id":%q,"quantity":1}]}]}`, sc.mug, sc.sales)
	strange := fmt.Sprintf(`{"skus":[{"id":%q,"inventory":[{"warehouse_id":"7000000000000000099","quantity":1}]}]}`, sc.mug)
	bundle := fmt.Sprintf(`{"skus":[{"id":%q,"inventory":[{"warehouse_id":%q,"quantity":1},{"warehouse_id":%q,"quantity":1}]}]}`, sc.set, sc.sales, sc.other)
	tests := map[string]struct {
		product, body string
		code, inner   int
	}{
		"not all warehouses": {sc.mugProduct, oneWarehouse, 0, 12019028},
		"unknown warehouse":  {sc.mugProduct, strange, 0, 12052990},
		"bundle":             {sc.setProduct, bundle, 0, 12052850},
		"too many":           {sc.mugProduct, sc.mugRows(100000, 3), 0, 12052055},
		"negative":           {sc.mugProduct, sc.mugRows(-1, 3), 0, 12052055},
		"zero is legal":      {sc.mugProduct, sc.mugRows(0, 0), 0, 0},
		"sku of another":     {sc.setProduct, sc.mugRows(1, 1), 0, 12052032},
		"no product":         {"1728000000000009999", sc.mugRows(1, 1), 12052031, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := sc.update(test.product, test.body)
			require.Equal(t, test.code, got.Code)
			var data struct {
				Errors []struct {
					Code int `json:"code"`
				} `json:"errors"`
			}
			_ = json.Unmarshal(got.Data, &data)
			if test.inner == 0 {
				require.Empty(t, data.Errors)
				return
			}
			require.Len(t, data.Errors, 1)
			require.Equal(t, test.inner, data.Errors[0].Code)
		})
	}
}

func TestReturnsNeverRestock(t *testing.T) {
	sc := newScene(t, "GB")
	id := sc.open(ReturnSpec{OrderID: sc.mugs(1).ID})
	before := len(sc.s.Books().Journal)
	received(sc, id)
	sc.pass(halfHour)
	require.Equal(t, returnComplete, sc.status(id))
	require.Len(t, sc.s.Books().Journal, before)
	require.NoError(t, sc.s.WarehouseReceives(sc.mug, sc.sales, 1))
	require.Equal(t, -1, must(sc.s.Stock(sc.mug, sc.sales))(t).Drift(), "one unit more on the shelf than the shop believes")
}

func TestCancellationRestocksOnlyIfItShould(t *testing.T) {
	for auto, drift := range map[bool]int{true: 0, false: -1} {
		sc := newScene(t, "GB")
		sc.s.skus[sc.mug].NoAutoRestock = !auto
		o := must(sc.s.PlaceOrder(OrderSpec{ShopID: sc.shop.ID, ShippingFee: "2.99", Lines: []OrderLine{{SKU: sc.mug}}}))(t)
		id := must(sc.s.BuyerRequestsCancel(o))(t)
		sc.pass(48*time.Hour + halfHour)
		view := must(sc.s.Cancellation(id))(t)
		require.Equal(t, []any{cancelComplete, !auto, "11.99"}, []any{view.Status, view.ShouldReplenishStock, view.RefundTotal})
		require.Equal(t, drift, must(sc.s.Stock(sc.mug, sc.sales))(t).Drift())
		require.Len(t, sc.s.Books().Payments, 2, "goods and shipping")
		require.Equal(t, BySystemDeadline, sc.s.Books().Payments[0].Initiator)
	}
}

func TestShippingRefusesAPendingCancellation(t *testing.T) {
	sc := newScene(t, "US")
	o := must(sc.s.PlaceOrder(OrderSpec{ShopID: sc.shop.ID, Lines: []OrderLine{{SKU: sc.mug}}}))(t)
	id := must(sc.s.BuyerRequestsCancel(o))(t)
	require.NoError(t, sc.s.ShipOrder(o))
	require.Equal(t, cancelClosed, must(sc.s.Cancellation(id))(t).Status)
	require.Equal(t, 25001045, sc.call("POST", "/return_refund/202309/cancellations/"+id+"/approve", nil, "{}").Code)
	require.Equal(t, 25001045, sc.call("POST", "/return_refund/202602/cancellations", nil,
		fmt.Sprintf(`{"order_id":%q,"cancel_reason":%q}`, o, outOfStock)).Code)
}

func TestFaults(t *testing.T) {
	sc := newScene(t, "GB")
	fault := func(f Fault) { require.NoError(t, sc.s.AddFault(f)) }
	available := func() int { return must(sc.s.Stock(sc.mug, sc.sales))(t).Available }

	fault(Fault{Endpoint: "inventory/update", Kind: FaultRateLimited, RetryAfter: 1500 * time.Millisecond})
	got := sc.update(sc.mugProduct, sc.mugRows(20, 3))
	require.Equal(t, []any{429, 36009002, "2"}, []any{got.Status, got.Code, got.Header.Get("Retry-After")})
	require.Equal(t, 10, available())

	fault(Fault{Endpoint: "inventory/update", Kind: FaultGatewayAfterWrite})
	require.Equal(t, 36009007, sc.update(sc.mugProduct, sc.mugRows(20, 3)).Code)
	require.Equal(t, 20, available(), "the write took effect")

	fault(Fault{Endpoint: "inventory/update", Kind: FaultDropAfterWrite})
	_, err := sc.send(sc.request("POST", "/product/202309/products/"+sc.mugProduct+"/inventory/update", nil, sc.mugRows(30, 3)))
	require.Error(t, err)
	require.Equal(t, 30, available())

	fault(Fault{Endpoint: "inventory/update", Kind: FaultLateWrite, Delay: 5 * time.Second})
	require.Equal(t, 36009007, sc.update(sc.mugProduct, sc.mugRows(40, 3)).Code)
	require.Equal(t, 30, available())
	sc.pass(5 * time.Second)
	require.Equal(t, 40, available(), "a SET that lands after its time-out")

	fault(Fault{Endpoint: "inventory/update", Kind: FaultCode0Errors})
	got = sc.update(sc.mugProduct, sc.mugRows(50, 3))
	require.Zero(t, got.Code)
	require.Contains(t, string(got.Data), "12052990")
	require.Equal(t, 40, available())

	fault(Fault{Endpoint: "returns/search", Kind: FaultUnknownEnum})
	sc.open(ReturnSpec{OrderID: sc.mugs(1).ID})
	search := func() string {
		return string(sc.call("POST", "/return_refund/202602/returns/search", nil, "").Data)
	}
	require.Contains(t, search(), `"return_status":"STATE_OF_A_LATER_VERSION"`)
	require.NotContains(t, search(), "STATE_OF_A_LATER_VERSION", "a fault strikes once")
	require.Equal(t, 5, sc.s.Books().Calls["inventory/update"])
}

func TestWebhooksAreSignedRetriedAndRepeatThemselves(t *testing.T) {
	sc := newScene(t, "GB")
	var bodies []string
	status := http.StatusInternalServerError
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Header.Get("Authorization") == webhookSignature("demo_key", "demo_secret", body) {
			bodies = append(bodies, string(body))
		}
		w.WriteHeader(status)
	}))
	defer receiver.Close()
	require.Zero(t, sc.call("PUT", "/event/202309/webhooks", nil,
		fmt.Sprintf(`{"event_type":"RETURN_STATUS_CHANGE","address":%q}`, receiver.URL)).Code)
	require.Equal(t, 98001004, sc.call("PUT", "/event/202309/webhooks", nil, `{"event_type":"INVENTORY","address":"https://a.example"}`).Code)
	id := sc.open(ReturnSpec{OrderID: sc.mugs(1).ID, Type: kindRefund})
	sc.s.Tick()
	require.Len(t, bodies, 1)
	for _, wait := range []time.Duration{2 * time.Minute, 30 * time.Minute, 3 * time.Hour, 12 * time.Hour} {
		before := len(bodies)
		sc.pass(wait - time.Second)
		require.Len(t, bodies, before, "not early")
		sc.pass(time.Second)
		require.Len(t, bodies, before+1)
		require.Equal(t, bodies[0], bodies[before], "a retry repeats id and body (T22)")
	}
	sc.pass(24 * time.Hour)
	require.Len(t, bodies, 5, "five deliveries at most")
	require.Contains(t, bodies[0], `"return_id":"`+id+`"`)
	require.Contains(t, bodies[0], `{"type":12,"tts_notification_id":"7300`)
	status = http.StatusOK
	require.NoError(t, sc.s.BuyerWithdraws(id))
	sc.s.Tick()
	require.True(t, sc.s.Deliveries()[len(sc.s.Deliveries())-1].Done)
}

func TestWebhookWeather(t *testing.T) {
	sc := newScene(t, "GB")
	received := 0
	receiver := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { received++ }))
	defer receiver.Close()
	require.Error(t, sc.s.SubscribePartnerCenter(12, receiver.URL), "topic 12 has an event_type (T20)")
	require.NoError(t, sc.s.SubscribePartnerCenter(68, receiver.URL))
	adjust := func() { require.NoError(t, sc.s.AdjustStock(sc.mug, sc.sales, 1, CauseManual)); sc.s.Tick() }
	sc.s.SetWebhookWeather(WebhookWeather{Lose: 1})
	adjust()
	require.Equal(t, 0, received)
	sc.s.SetWebhookWeather(WebhookWeather{Duplicate: 1})
	adjust()
	require.Equal(t, 2, received)
	sc.s.SetWebhookWeather(WebhookWeather{Delay: 1})
	adjust()
	require.Equal(t, 2, received)
	sc.pass(10 * time.Minute)
	require.Equal(t, 3, received)
}
