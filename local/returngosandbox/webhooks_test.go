package returngosandbox

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// receiver takes webhooks and answers with whatever status is set.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	status int
	got    []map[string]any
	came   chan struct{}
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{status: 200, came: make(chan struct{}, 100)}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.mu.Lock()
		defer r.mu.Unlock()
		var body map[string]any
		_ = json.NewDecoder(req.Body).Decode(&body)
		r.got = append(r.got, body)
		w.WriteHeader(r.status)
		r.came <- struct{}{}
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) names() (names []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, body := range r.got {
		names = append(names, body["eventName"].(string))
	}
	return names
}

func (b *bench) listen(url string, events ...string) (ids []string) {
	for _, event := range events {
		status, got := b.call("POST", "/webhook", obj{"url": url, "eventName": event})
		require.Equal(b.t, 201, status)
		ids = append(ids, got["id"].(string))
	}
	return ids
}

func TestWebhookRegistrations(t *testing.T) {
	b := newBench(t, Options{})
	ids := b.listen("https://hooks.example/a", "RMA_CREATED", "RMA_CREATED")
	require.NotEqual(t, ids[0], ids[1], "duplicates are allowed")
	for _, bad := range []obj{{"url": "/a", "eventName": "RMA_CREATED"}, {"url": "https://x", "eventName": "ITEM_VALIDATED"}, {}} {
		status, _ := b.call("POST", "/webhook", bad)
		require.Equal(t, 400, status)
	}
	status, got := b.call("PUT", "/webhook/"+ids[0], obj{"url": "https://hooks.example/b", "eventName": "REFUND_CREATED"})
	require.Equal(t, 200, status)
	require.Equal(t, "https://hooks.example/b", got["url"])
	status, _ = b.call("DELETE", "/webhook/"+ids[1], nil)
	require.Equal(t, 204, status)
	for _, method := range []string{"PUT", "DELETE"} {
		status, _ = b.call(method, "/webhook/"+ids[1], obj{"url": "https://x", "eventName": "RMA_CREATED"})
		require.Equal(t, 404, status)
	}
	_, raw, _ := b.try("GET", "/webhooks", nil, nil)
	require.JSONEq(t, `[{"id":"`+ids[0]+`","url":"https://hooks.example/b","eventName":"REFUND_CREATED"}]`, string(raw))
	_, raw, _ = b.try("GET", "/webhooks", nil, map[string]string{"x-shop-name": otherShop})
	require.JSONEq(t, `[]`, string(raw), "one set per shop")
}

func TestEventsOfALife(t *testing.T) {
	b := newBench(t, Options{})
	r := newReceiver(t)
	b.listen(r.URL, eventNames...)
	id, items := b.tees(AnyCarrier)
	b.must(b.Approve(id))
	b.must(b.Ship(id, "T1", "Carrier A"))
	b.must(b.Receive(id))
	b.must(b.Validate(id, []ItemValidation{{ItemID: items[0], Returned: true}}))
	b.Tick()
	require.Equal(t, []string{"RMA_CREATED", "SHIPMENT_CREATED", "RMA_STATUS_UPDATED", "SHIPMENT_STATUS_UPDATED",
		"SHIPMENT_STATUS_UPDATED", "RMA_STATUS_UPDATED"}, r.names(), "the first inspection tells nobody")
	r.got = nil
	b.must(b.Validate(id, []ItemValidation{{ItemID: items[1]}}))
	refund, err := b.RequestRefund(id, items[:1], "")
	b.must(err)
	b.must(b.SettleRefund(refund, false, ""))
	b.call("PUT", "/transaction/"+refund, obj{"status": Success})
	b.call("POST", "/rma/"+id+"/comment", obj{"htmlText": "x"})
	b.Tick()
	require.Equal(t, []string{"RMA_STATUS_UPDATED", "SHIPMENT_STATUS_UPDATED", "TRANSACTION_CREATED", "REFUND_CREATED"},
		r.names(), "no event for changes of a transaction or comments")
	require.Equal(t, map[string]any{"eventName": "RMA_STATUS_UPDATED", "eventDate": "2026-03-02T08:15:00+00:00", "shopName": testShop,
		"rmaId": id, "order_name": "577000000000000001", "status": Validated}, r.got[0])
	require.IsType(t, float64(0), r.got[2]["transactionId"])
	require.Len(t, r.got[3]["transactionIds"], 1)

	r.got = nil
	_, got := b.call("POST", "/shipment-tracker", obj{"carrierName": "Carrier A", "trackingNumber": "T1"})
	b.must(b.Track(testShop, got["trackerId"].(string), "Delivered"))
	b.Tick()
	require.Equal(t, "Delivered", r.got[0]["status"])
}

func TestWebhookRetries(t *testing.T) {
	b := newBench(t, Options{PeriodFactor: 0.1})
	r := newReceiver(t)
	r.status = 500
	b.listen(r.URL, "RMA_CREATED")
	b.tees(AnyCarrier)
	due := []struct {
		after time.Duration
		want  int
	}{{0, 1}, {499 * time.Millisecond, 1}, {time.Millisecond, 2}, {2499 * time.Millisecond, 2}, {time.Millisecond, 3}, {time.Hour, 3}}
	for _, step := range due {
		b.pass(step.after)
		b.Tick()
		require.Len(t, r.names(), step.want)
	}
	require.Equal(t, "failed", b.Deliveries()[0].State)
	require.Len(t, b.Deliveries()[0].Attempts, 3)

	r.got = nil
	b.many(1)
	b.Tick()
	r.mu.Lock()
	r.status = 204
	r.mu.Unlock()
	b.pass(time.Second)
	b.Tick()
	b.pass(time.Hour)
	b.Tick()
	require.Len(t, r.names(), 2, "a 2xx ends it")
	require.Equal(t, "delivered", b.Deliveries()[1].State)
}

func TestWebhookMisfortunes(t *testing.T) {
	b := newBench(t, Options{Seed: 1})
	r := newReceiver(t)
	b.listen(r.URL, "RMA_CREATED")
	b.SetWebhookFaults(WebhookFaults{Loss: 1})
	b.tees(AnyCarrier)
	b.Tick()
	require.Empty(t, r.names())
	require.Equal(t, "lost", b.Deliveries()[0].State)

	b.SetWebhookFaults(WebhookFaults{Duplicate: 1})
	b.many(1)
	b.Tick()
	require.Len(t, r.names(), 2)

	r.got = nil
	b.SetWebhookFaults(WebhookFaults{Delay: 1, MaxDelay: time.Hour})
	for i := range 8 {
		order := Order{ID: string(rune('a' + i)), Currency: "GBP", Fulfilled: true, Lines: []Line{{ID: "1", Quantity: 1, UnitPrice: "1"}}}
		b.must(b.AddOrder(testShop, order))
		_, _, err := b.CreateRMA(testShop, RMASpec{OrderID: order.ID, Items: []ItemSpec{{LineID: "1"}}})
		b.must(err)
	}
	b.Tick()
	require.Empty(t, r.names(), "late")
	b.pass(time.Hour)
	b.Tick()
	require.Len(t, r.got, 8)
	var order []string
	for _, body := range r.got {
		order = append(order, body["rmaId"].(string))
	}
	require.False(t, isSorted(order), "and overtaking each other: %v", order)
}

func TestReorderedWebhooks(t *testing.T) {
	b := newBench(t, Options{})
	r := newReceiver(t)
	b.listen(r.URL, "RMA_CREATED", "RMA_STATUS_UPDATED")
	b.SetWebhookFaults(WebhookFaults{Reorder: 1})
	id, _ := b.tees(AnyCarrier)
	b.SetWebhookFaults(WebhookFaults{})
	b.Tick()
	require.Empty(t, r.names(), "held back until something overtakes it")
	b.must(b.Approve(id))
	b.Tick()
	require.Equal(t, []string{"RMA_STATUS_UPDATED", "RMA_CREATED"}, r.names())

	b.SetWebhookFaults(WebhookFaults{Reorder: 1})
	b.must(b.Cancel(id, ""))
	b.pass(30 * time.Second)
	b.Tick()
	require.Len(t, r.names(), 3, "nothing came to overtake it")
}

func isSorted(list []string) bool {
	for i := 1; i < len(list); i++ {
		if list[i] < list[i-1] {
			return false
		}
	}
	return true
}

func TestWallClockDeliversByItself(t *testing.T) {
	r := newReceiver(t)
	s := New(Options{})
	s.AddKey(testKey, testShop)
	b := &bench{Sandbox: s, t: t, srv: httptest.NewServer(s.Handler())}
	defer b.srv.Close()
	b.listen(r.URL, "RMA_CREATED")
	b.must(b.AddOrder(testShop, Order{ID: "1", Currency: "GBP", Fulfilled: true, Lines: []Line{{ID: "1", Quantity: 1, UnitPrice: "1"}}}))
	_, _, err := b.CreateRMA(testShop, RMASpec{OrderID: "1", Items: []ItemSpec{{LineID: "1"}}})
	b.must(err)
	<-r.came
	s.Close()
	s.Close() // a second time does no harm
	require.Equal(t, []string{"RMA_CREATED"}, r.names())
}
