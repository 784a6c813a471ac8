package returngosandbox

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	testKey   = "key-a"
	testShop  = "one.example"
	otherShop = "two.example"
)

// bench is a sandbox at a known time with one order of 2 tees and 1 cap.
type bench struct {
	*Sandbox
	t   *testing.T
	srv *httptest.Server

	mu  sync.Mutex
	now time.Time
}

func newBench(t *testing.T, options Options) *bench {
	t.Helper()
	b := &bench{t: t, now: time.Date(2026, 3, 2, 8, 15, 0, 0, time.UTC)}
	options.Clock = func() time.Time { b.mu.Lock(); defer b.mu.Unlock(); return b.now }
	if options.PerSecond == 0 {
		options.PerSecond = -1 // the clock stands still, so would the bucket
	}
	b.Sandbox = New(options)
	b.AddKey(testKey, testShop, otherShop)
	b.AddKey("key-b", "three.example")
	require.NoError(t, b.AddOrder(testShop, Order{ID: "7001", Name: "577000000000000001", CustomerID: "c1", Currency: "GBP", Fulfilled: true,
		Lines: []Line{
			{ID: "8001", SKU: "TEE", ProductName: "Tee", VariantName: "M", Barcode: "123", Quantity: 2, UnitPrice: "24.99", UnitTax: "4.17", TaxIncluded: true},
			{ID: "8002", SKU: "CAP", ProductName: "Cap", Quantity: 1, UnitPrice: "12.00"},
		}}))
	b.srv = httptest.NewServer(b.Handler())
	t.Cleanup(func() { b.srv.Close(); b.Close() })
	return b
}

func (b *bench) pass(d time.Duration) { b.mu.Lock(); defer b.mu.Unlock(); b.now = b.now.Add(d) }

func (b *bench) tees(method string) (string, []string) {
	b.t.Helper()
	id, items, err := b.CreateRMA(testShop, RMASpec{OrderID: "7001", Items: []ItemSpec{{LineID: "8001", Quantity: 2, ReturnMethod: method}}})
	require.NoError(b.t, err)
	return id, items
}

func (b *bench) must(err error) { b.t.Helper(); require.NoError(b.t, err) }

// try is one call; err is the transport's.
func (b *bench) try(method, path string, body any, headers map[string]string) (*http.Response, []byte, error) {
	var payload bytes.Buffer
	if body != nil {
		b.must(json.NewEncoder(&payload).Encode(body))
	}
	req, err := http.NewRequest(method, b.srv.URL+path, &payload)
	b.must(err)
	req.Header.Set("X-API-KEY", testKey)
	req.Header.Set("x-shop-name", testShop)
	for name, value := range headers {
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	var got bytes.Buffer
	_, err = got.ReadFrom(resp.Body)
	return resp, got.Bytes(), err
}

func (b *bench) call(method, path string, body any) (int, map[string]any) {
	b.t.Helper()
	resp, raw, err := b.try(method, path, body, nil)
	b.must(err)
	var parsed map[string]any
	if len(raw) > 0 && raw[0] == '{' {
		b.must(json.Unmarshal(raw, &parsed))
	}
	return resp.StatusCode, parsed
}

func (b *bench) rma(id string) RMA {
	b.t.Helper()
	r, ok := b.RMA(id)
	require.True(b.t, ok)
	return r
}

// dig walks into parsed JSON by keys and indexes.
func dig(node any, path ...any) any {
	for _, step := range path {
		switch at := step.(type) {
		case string:
			node = node.(map[string]any)[at]
		case int:
			node = node.([]any)[at]
		}
	}
	return node
}
