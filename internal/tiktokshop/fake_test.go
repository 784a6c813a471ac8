package tiktokshop_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/platform"
	"returnbridge/internal/returns"
	"returnbridge/internal/tiktokshop"
)

const (
	appKey    = "demo_key"
	appSecret = "demo_secret"
	token     = "AT-demo-token"
	cipher    = "GCP_demo0001"
)

var now = time.Unix(1760000000, 0).UTC()

// request is one request as it arrived.
type request struct {
	Method, Path, RawQuery string
	Query                  map[string][]string
	Header                 http.Header
	Body                   string
	Chunked                bool
}

// fake answers every request with one handler and remembers what came.
type fake struct {
	client *tiktokshop.Client
	shop   *tiktokshop.Shop
	server *httptest.Server

	mu       sync.Mutex
	requests []request
}

func newFake(t *testing.T, answer http.HandlerFunc) *fake {
	t.Helper()
	f := &fake{}
	f.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		f.mu.Lock()
		f.requests = append(f.requests, request{r.Method, r.URL.Path, r.URL.RawQuery, r.URL.Query(), r.Header, string(body), len(r.TransferEncoding) > 0})
		f.mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(f.server.Close)
	f.client = newClient(t, f.server.URL, nil)
	f.shop = f.client.Shop(access)
	return f
}

func newClient(t testing.TB, url string, h *http.Client) *tiktokshop.Client {
	t.Helper()
	c, err := tiktokshop.New(tiktokshop.Options{
		BaseURL: url, AuthURL: url, AppKey: appKey, AppSecret: appSecret, HTTP: h,
		Clock: func() time.Time { return now }, Timeout: 5 * time.Second,
	})
	require.NoError(t, err)
	return c
}

func access(context.Context) (tiktokshop.Access, error) {
	return tiktokshop.Access{Token: token, Cipher: cipher}, nil
}

// says answers with a body and HTTP 200.
func says(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }
}

// all is what came so far.
func (f *fake) all() []request {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.requests)
}

func (f *fake) only(t *testing.T) request {
	t.Helper()
	came := f.all()
	require.Len(t, came, 1, "each call is sent once")
	return came[0]
}

// read and write are one call of each kind.
func read(s *tiktokshop.Shop) error {
	_, _, err := s.SearchReturns(context.Background(), tiktokshop.ReturnFilter{}, "")
	return err
}

func write(s *tiktokshop.Shop) error {
	_, err := s.Decide(context.Background(), "4030000000000000001", tiktokshop.Decision{Name: tiktokshop.ApproveRefund}, "k1")
	return err
}

func failed(t *testing.T, err error) *platform.Error {
	t.Helper()
	e, ok := errors.AsType[*platform.Error](err)
	require.True(t, ok, "%v is no platform error", err)
	require.Equal(t, "tiktok", e.Platform)
	require.NotEmpty(t, e.Endpoint)
	return e
}

func gbp(t *testing.T, number string) returns.Money { return amount(t, number, "GBP") }

func amount(t *testing.T, number, currency string) returns.Money {
	t.Helper()
	m, err := returns.NewMoney(number, currency)
	require.NoError(t, err)
	return m
}

type sample struct {
	ID      string          `json:"id"`
	Kind    string          `json:"kind"`
	Payload json.RawMessage `json:"payload"`
}

func samples(t testing.TB) map[string]sample {
	t.Helper()
	raw, err := os.ReadFile("testdata/samples.json")
	require.NoError(t, err)
	var file struct {
		Payloads []sample `json:"payloads"`
	}
	require.NoError(t, json.Unmarshal(raw, &file))
	byID := map[string]sample{}
	for _, s := range file.Payloads {
		byID[s.ID] = s
	}
	return byID
}

// pages answers a search of anything with two pages that overlap by one element.
func pages(w http.ResponseWriter, r *http.Request) {
	ids, next := []string{"1", "2"}, `,"next_page_token":"p+/=2"`
	if r.URL.Query().Get("page_token") != "" {
		ids, next = []string{"2", "3"}, ""
	}
	of := func(list, id string) string {
		return fmt.Sprintf(`"%s":[{"%s":"%s"},{"%s":"%s"}]`, list, id, ids[0], id, ids[1])
	}
	_, _ = fmt.Fprintf(w, `{"code":0,"data":{%s,%s,%s%s}}`,
		of("return_orders", "return_id"), of("cancellations", "cancel_id"), of("orders", "id"), next)
}
