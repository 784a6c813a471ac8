package returngo

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/platform"
	"returnbridge/internal/returns"
)

func TestRequestsAsSent(t *testing.T) {
	t.Parallel()
	from := time.Date(2026, 3, 1, 1, 0, 0, 999, time.FixedZone("", 3600))
	const page, sorted = "pagesize=500", "sort_by=%2Brma_created_at"
	for name, tt := range map[string]struct {
		make                      func(context.Context, *Shop)
		method, path, query, body string
	}{
		"RMA": {func(ctx context.Context, s *Shop) { _, _ = s.RMA(ctx, "5000123") }, "GET", "/rma/5000123", "", ""},
		"RMAs": {func(ctx context.Context, s *Shop) { _, _, _ = s.RMAs(ctx, RMAFilter{}, "") },
			"GET", "/rmas", page + "&" + sorted, ""},
		"RMAs narrowed": {func(ctx context.Context, s *Shop) {
			_, _, _ = s.RMAs(ctx, RMAFilter{Statuses: []string{"Received", "Validated"}, OrderNames: []string{"#TT 1"}, UpdatedFrom: from}, "b3A+cXV/OjE=")
		}, "GET", "/rmas", "cursor=b3A%2BcXV%2FOjE%3D&order_name=%23TT%201&" + page + "&rma_updated_at=gte%3A2026-03-01T00%3A00%3A00&" + sorted + "&status=Received%2CValidated", ""},
		"Transactions": {func(ctx context.Context, s *Shop) { _, _, _ = s.Transactions(ctx, TransactionFilter{}, "") },
			"GET", "/transactions", page, ""},
		"Transactions narrowed": {func(ctx context.Context, s *Shop) {
			_, _, _ = s.Transactions(ctx, TransactionFilter{IDs: []string{"1"}, RMAIDs: []string{"2", "3"}, UpdatedFrom: from}, "c=")
		}, "GET", "/transactions", "cursor=c%3D&ids=1&" + page + "&rma_ids=2%2C3&updated_at=gte%3A2026-03-01T00%3A00%3A00", ""},
		"Comment": {func(ctx context.Context, s *Shop) {
			_, _ = s.Comment(ctx, "5000123", "Paid <b>£1</b> & done "+Marker("9"))
		},
			"POST", "/rma/5000123/comment", "", `{"htmlText":"Paid <b>£1</b> & done [sync:ttr-9]"}`},
		"SetStatus": {func(ctx context.Context, s *Shop) { _, _ = s.SetStatus(ctx, "5000123", returns.RMADone) },
			"PUT", "/rma/5000123/status", "", `{"status":"Done"}`},
		"SetTransaction": {func(ctx context.Context, s *Shop) {
			_, _ = s.SetTransaction(ctx, "660001", TransactionUpdate{"Success", "4035312345678901234", "PlatformRefundId"})
		}, "PUT", "/transaction/660001", "", `{"status":"Success","externalReferenceId":"4035312345678901234","externalReferenceType":"PlatformRefundId"}`},
		"SetTransaction failed": {func(ctx context.Context, s *Shop) {
			_, _ = s.SetTransaction(ctx, "660001", TransactionUpdate{Status: "Failed"})
		},
			"PUT", "/transaction/660001", "", `{"status":"Failed"}`},
		"Webhooks": {func(ctx context.Context, s *Shop) { _, _ = s.Webhooks(ctx) }, "GET", "/webhooks", "", ""},
		"AddWebhook": {func(ctx context.Context, s *Shop) { _, _ = s.AddWebhook(ctx, "RMA_CREATED", "https://h.example/t") },
			"POST", "/webhook", "", `{"url":"https://h.example/t","eventName":"RMA_CREATED"}`},
		"ChangeWebhook": {func(ctx context.Context, s *Shop) {
			_ = s.ChangeWebhook(ctx, "301", "RMA_STATUS_UPDATED", "https://h.example/t?a=1&b=2")
		}, "PUT", "/webhook/301", "", `{"url":"https://h.example/t?a=1&b=2","eventName":"RMA_STATUS_UPDATED"}`},
		"DeleteWebhook": {func(ctx context.Context, s *Shop) { _ = s.DeleteWebhook(ctx, "301") }, "DELETE", "/webhook/301", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, says(200, `{}`))
			tt.make(t.Context(), b.shop)
			got := b.only(t)
			require.Equal(t, seen{method: tt.method, path: tt.path, query: tt.query, body: tt.body},
				seen{method: got.method, path: got.path, query: got.query, body: got.body})
			require.Equal(t, testKey, got.header.Get("x-api-key"))
			require.Equal(t, testShop, got.header.Get("x-shop-name"))
			require.Equal(t, "application/json", got.header.Get("accept"))
			contentType := ""
			if tt.body != "" {
				contentType = "application/json"
			}
			require.Equal(t, contentType, got.header.Get("content-type"))
		})
	}
}

func TestTheKeyDoesNotFollowARedirect(t *testing.T) {
	t.Parallel()
	elsewhere := setup(t, says(200, exampleRMA(t)))
	b := setup(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.client.base+r.URL.Path, http.StatusFound)
	})
	_, err := b.shop.RMA(t.Context(), "5000123")
	require.Equal(t, platform.Human, platformError(t, err).Class)
	require.Empty(t, elsewhere.seen)
}

func TestTheConnectionIsKept(t *testing.T) {
	t.Parallel()
	var opened atomic.Int32
	answers := []http.HandlerFunc{
		says(200, exampleRMA(t)), says(429, `{"message":"Too Many Requests"}`), says(204, ""),
		says(502, "<html>"+strings.Repeat("busy ", maxErrorBody)+"</html>"), says(200, `{"rma`), says(200, "<html>"),
	}
	var calls atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answers[int(calls.Add(1)-1)%len(answers)](w, r)
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	b := &bundle{}
	b.connect(t, Options{BaseURL: server.URL, APIKey: testKey, HTTP: server.Client()})
	for range 2 * len(answers) {
		_, _ = b.shop.RMA(t.Context(), "5000123")
	}
	require.EqualValues(t, 2*len(answers), calls.Load())
	require.EqualValues(t, 1, opened.Load(), "whatever is answered, the next call need not dial again")
}

func TestLastPageInAllForms(t *testing.T) {
	t.Parallel()
	lists := map[string]struct {
		row  string
		read func(*testing.T, *Shop, string) (int, string, error)
	}{
		"rmas": {`{"rmaId":"1","status":"Pending"}`, func(t *testing.T, s *Shop, cursor string) (int, string, error) {
			page, next, err := s.RMAs(t.Context(), RMAFilter{}, cursor)
			return len(page), next, err
		}},
		"transactions": {`{"id":1}`, func(t *testing.T, s *Shop, cursor string) (int, string, error) {
			page, next, err := s.Transactions(t.Context(), TransactionFilter{}, cursor)
			return len(page), next, err
		}},
	}
	for name, l := range lists {
		for form, tt := range map[string]struct {
			body, next string
			rows       int
			fails      bool
		}{
			"more":            {body: `{"` + name + `":[` + l.row + `],"next_cursor":"bmV4dA=="}`, next: "bmV4dA==", rows: 1},
			"absent":          {body: `{"` + name + `":[` + l.row + `]}`, rows: 1},
			"null":            {body: `{"` + name + `":[` + l.row + `],"next_cursor":null}`, rows: 1},
			"empty":           {body: `{"` + name + `":[` + l.row + `],"next_cursor":""}`, rows: 1},
			"no rows":         {body: `{"` + name + `":[],"next_cursor":"bmV4dA=="}`},
			"null rows":       {body: `{"` + name + `":null,"next_cursor":"bmV4dA=="}`},
			"standing still":  {body: `{"` + name + `":[` + l.row + `],"next_cursor":"sent"}`, fails: true},
			"no list at all":  {body: `{"message":"Internal server error"}`, fails: true},
			"row without id":  {body: `{"` + name + `":[{}]}`, fails: true},
			"not even object": {body: `nonsense`, fails: true},
		} {
			t.Run(name+" "+form, func(t *testing.T) {
				t.Parallel()
				b := setup(t, says(200, tt.body))
				rows, next, err := l.read(t, b.shop, "sent")
				require.Equal(t, tt.rows, rows)
				require.Equal(t, tt.next, next)
				if tt.fails {
					require.Equal(t, platform.Retry, platformError(t, err).Class)
				} else {
					require.NoError(t, err)
				}
			})
		}
	}
}

func TestRowsOfTheLists(t *testing.T) {
	t.Parallel()
	b := setup(t, says(200, `{"rmas":[{"rmaId":5000123,"status":"Pending","order_name":"#TT-1001","events":[{"userDetails":{"userFirstName":"Jane"}}]},{"rmaId":"2","status":null,"order_name":null}],"next_cursor":"n"}`))
	rmas, next, err := b.shop.RMAs(t.Context(), RMAFilter{}, "")
	require.NoError(t, err)
	require.Equal(t, "n", next)
	require.Equal(t, []returns.RMASummary{{ID: "5000123", Status: "Pending", OrderName: "#TT-1001"}, {ID: "2"}}, rmas)

	b = setup(t, says(200, `{"transactions":[
	  {"id":660001,"type":"RefundToPaymentMethod","externalReferenceId":1234567890123,"amount":{"amount":24.99,"currency":"GBP"},"status":"Requested","bankAccountDetails":{"iban":"X"},"returnItemIds":["900001",900002],"createdAt":"2026-03-05T10:00:00+00:00"},
	  {"id":"660002","type":"InvoicePayment","status":"Later","amount":{"amount":1},"returnItemIds":null,"createdAt":null}],"next_cursor":null}`))
	transactions, next, err := b.shop.Transactions(t.Context(), TransactionFilter{}, "")
	require.NoError(t, err)
	require.Empty(t, next)
	require.Equal(t, []returns.Transaction{
		{ID: "660001", Type: returns.ResolutionRefund, Status: returns.TransactionRequested, Amount: gbp(t, "24.99"),
			ItemIDs: []string{"900001", "900002"}, Reference: "1234567890123", CreatedAt: time.Date(2026, 3, 5, 10, 0, 0, 0, time.UTC)},
		{ID: "660002", Type: "InvoicePayment", Status: "Later", ItemIDs: []string{}},
	}, transactions)
}

func TestWebhooks(t *testing.T) {
	t.Parallel()
	const address = "https://hooks.example.com/returngo/TOKEN?k=TOKEN"
	b := setup(t, says(200, `[{"id":301,"url":"`+address+`","eventName":"RMA_CREATED"}]`))
	all, err := b.shop.Webhooks(t.Context())
	require.NoError(t, err)
	require.Len(t, all, 1)
	require.Equal(t, Webhook{ID: "301", EventName: "RMA_CREATED", URL: address}, all[0])

	for body, class := range map[string]platform.Class{
		`null`: platform.Retry, `[{"url":"` + address + `"}]`: platform.Retry, `[null]`: platform.Retry,
		`{"message":"busy"}`: platform.Permanent, `[{"id":{}}]`: platform.Permanent, `[{"id":"a/b"}]`: platform.Permanent,
	} {
		b = setup(t, says(200, body))
		_, err := b.shop.Webhooks(t.Context())
		require.Equal(t, class, platformError(t, err).Class, "%s does not mean that nothing is registered", body)
	}

	b = setup(t, says(201, `{"id":"302","url":"x"}`))
	added, err := b.shop.AddWebhook(t.Context(), "RMA_CREATED", address)
	require.NoError(t, err)
	require.Equal(t, Webhook{ID: "302", EventName: "RMA_CREATED", URL: address}, added)

	written, err := json.Marshal(added)
	require.NoError(t, err)
	printed := string(written) + fmt.Sprintf("%v %+v %#v %s %d", added, all, &added, added, added)
	require.Contains(t, printed, "hooks.example.com")
	require.NotContains(t, printed, "TOKEN")

	for _, body := range []string{``, `{}`, `[]`, `OK`} {
		b = setup(t, says(201, body))
		_, err = b.shop.AddWebhook(t.Context(), "RMA_CREATED", address)
		e := platformError(t, err)
		require.Equal(t, platform.OutcomeUnknown, e.Class, body)
		require.NotContains(t, fmt.Sprintf("%+v", *e), "TOKEN")
	}
	b = setup(t, says(400, `{"message":"cannot register `+address+`"}`))
	_, err = b.shop.AddWebhook(t.Context(), "RMA_CREATED", address)
	require.NotContains(t, err.Error(), "TOKEN")
}
