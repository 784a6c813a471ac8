package returngo

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/platform"
	"returnbridge/internal/returns"
)

const (
	testKey  = "key-5f1c-SECRET"
	testShop = "example.myshopify.com"
)

var testNow = time.Date(2026, 3, 7, 10, 0, 0, 0, time.UTC)

// seen is one request as it arrived.
type seen struct {
	method, path, query string
	header              http.Header
	body                string
}

// bundle is a ReturnGO that answers with one handler, and the requests it saw.
type bundle struct {
	shop   *Shop
	client *Client

	mu   sync.Mutex
	seen []seen
}

func setup(t *testing.T, answer http.HandlerFunc) *bundle {
	t.Helper()
	b := &bundle{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		b.mu.Lock()
		b.seen = append(b.seen, seen{r.Method, r.URL.EscapedPath(), r.URL.RawQuery, r.Header.Clone(), string(body)})
		b.mu.Unlock()
		w.Header().Set("x-amzn-requestid", "req-1")
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	b.connect(t, Options{BaseURL: server.URL, APIKey: testKey, HTTP: server.Client(), LoopbackLabels: true,
		Clock: func() time.Time { return testNow }})
	return b
}

func (b *bundle) connect(t *testing.T, o Options) {
	t.Helper()
	client, err := New(o)
	require.NoError(t, err)
	b.client, b.shop = client, client.Shop(testShop)
}

func (b *bundle) only(t *testing.T) seen {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	require.Len(t, b.seen, 1, "one call is one request")
	return b.seen[0]
}

func says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("content-type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func exampleRMA(t testing.TB) string {
	t.Helper()
	b, err := os.ReadFile("testdata/rma.json")
	require.NoError(t, err)
	return string(b)
}

func platformError(t *testing.T, err error) *platform.Error {
	t.Helper()
	var e *platform.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, "returngo", e.Platform)
	require.NotEmpty(t, e.Endpoint)
	return e
}

func gbp(t testing.TB, number string) returns.Money {
	t.Helper()
	m, err := returns.NewMoney(number, "GBP")
	require.NoError(t, err)
	return m
}

// operation is one exported call, made with valid arguments.
type operation struct {
	name   string
	nature nature
	make   func(context.Context, *Shop) error
}

func operations() []operation {
	return []operation{
		{"Get RMA", reads, func(ctx context.Context, s *Shop) error { _, err := s.RMA(ctx, "5000123"); return err }},
		{"List RMAs", reads, func(ctx context.Context, s *Shop) error {
			_, _, err := s.RMAs(ctx, RMAFilter{Statuses: []string{"Received"}}, "")
			return err
		}},
		{"List Transactions", reads, func(ctx context.Context, s *Shop) error {
			_, _, err := s.Transactions(ctx, TransactionFilter{}, "")
			return err
		}},
		{"List Webhooks", reads, func(ctx context.Context, s *Shop) error { _, err := s.Webhooks(ctx); return err }},
		{"Post Comment", adds, func(ctx context.Context, s *Shop) error {
			_, err := s.Comment(ctx, "5000123", "paid")
			return err
		}},
		{"Add Webhook", adds, func(ctx context.Context, s *Shop) error {
			_, err := s.AddWebhook(ctx, "RMA_CREATED", "https://hooks.example/token")
			return err
		}},
		{"Change Webhook", adds, func(ctx context.Context, s *Shop) error {
			return s.ChangeWebhook(ctx, "301", "RMA_CREATED", "https://hooks.example/token")
		}},
		{"Delete Webhook", adds, func(ctx context.Context, s *Shop) error { return s.DeleteWebhook(ctx, "301") }},
		{"Get Eligible Policies", reads, func(ctx context.Context, s *Shop) error {
			_, err := s.EligiblePolicies(ctx, "7001", []ToReturn{{LineID: "8001", Quantity: 1, Reason: "Does not fit"}})
			return err
		}},
		{"Create RMA", adds, func(ctx context.Context, s *Shop) error {
			_, _, err := s.CreateRMA(ctx, "7001", []ToReturn{{LineID: "8001", Quantity: 1, Reason: "Does not fit", PolicyID: "31"}}, "")
			return err
		}},
		{"Set RMA Status", moves, func(ctx context.Context, s *Shop) error {
			_, err := s.SetStatus(ctx, "5000123", "Done")
			return err
		}},
		{"Update Transaction", moves, func(ctx context.Context, s *Shop) error {
			_, err := s.SetTransaction(ctx, "660001", TransactionUpdate{Status: "Success"})
			return err
		}},
	}
}
