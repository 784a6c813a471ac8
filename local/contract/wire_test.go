package contract

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/platform"
	"returnbridge/internal/returngo"
	"returnbridge/internal/tiktokshop"
)

// readOnly is the transport beneath the clients: it lets only reads pass, counts
// them, and keeps what the answers say of themselves. The suite makes one call
// at a time.
type readOnly struct {
	next      http.RoundTripper
	left      int      // calls that may still be made
	made      int      //
	anonymous []string // calls whose answer had no request id
}

// readsByPost are the searches and questions that both platforms want as POST.
var readsByPost = []string{
	"/rma/getEligiblePolicies",
	"/order/202309/orders/search", "/return_refund/202602/returns/search", "/return_refund/202602/cancellations/search",
	"/return_refund/202602/refunds/calculate", "/product/202502/products/search", "/product/202309/inventory/search",
}

var (
	errWrites  = errors.New("this call could write, and the contract suite only reads")
	errTooMany = errors.New("the contract suite has made all the calls that one run may cost")
)

func (r *readOnly) RoundTrip(req *http.Request) (*http.Response, error) {
	// The token calls are GET and spend a refresh token.
	reads := req.Method == http.MethodGet && !strings.HasPrefix(req.URL.Path, "/api/v2/token/")
	if !reads && !(req.Method == http.MethodPost && slices.Contains(readsByPost, req.URL.Path)) {
		return nil, errWrites
	}
	if r.left <= 0 {
		return nil, errTooMany
	}
	r.left--
	r.made++
	resp, err := r.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(body))
	var envelope struct {
		RequestID string `json:"request_id"`
	}
	_ = json.Unmarshal(body, &envelope) // ReturnGO has none
	if envelope.RequestID == "" && resp.Header.Get("x-amzn-requestid") == "" {
		r.anonymous = append(r.anonymous, fmt.Sprintf("%s %s: %d", req.Method, req.URL.Path, resp.StatusCode))
	}
	return resp, err
}

func TestOnlyReadsPass(t *testing.T) {
	t.Parallel()
	var reached []string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		reached = append(reached, r.Method+" "+r.URL.Path)
	}))
	t.Cleanup(server.Close)
	wire := &readOnly{next: http.DefaultTransport, left: 3}
	rg, err := returngo.New(returngo.Options{BaseURL: server.URL, APIKey: "key", HTTP: &http.Client{Transport: wire}})
	require.NoError(t, err)
	tiktok, err := tiktokshop.New(tiktokshop.Options{BaseURL: server.URL, AuthURL: server.URL, AppKey: "key", AppSecret: "secret", HTTP: &http.Client{Transport: wire}})
	require.NoError(t, err)
	store := rg.Shop("store")
	shop := tiktok.Shop(func(context.Context) (tiktokshop.Access, error) {
		return tiktokshop.Access{Token: "token", Cipher: "cipher"}, nil
	})
	ctx := t.Context()
	for name, write := range map[string]func() error{
		"comment":        func() error { _, err := store.Comment(ctx, "1", "x"); return err },
		"status":         func() error { _, err := store.SetStatus(ctx, "1", "Done"); return err },
		"new webhook":    func() error { _, err := store.AddWebhook(ctx, "RMA_CREATED", "x"); return err },
		"delete webhook": func() error { return store.DeleteWebhook(ctx, "1") },
		"tiktok webhook": func() error { return shop.SetWebhook(ctx, "RETURN_STATUS_CHANGE", "x") },
		"decision":       func() error { _, err := shop.Decide(ctx, "1", tiktokshop.Decision{}, "k"); return err },
		"refresh":        func() error { _, err := tiktok.Refresh(ctx, "token"); return err },
	} {
		require.Error(t, write(), name)
	}
	require.Empty(t, reached, "no write leaves")

	for range 5 {
		_, err = store.Webhooks(ctx)
		require.Error(t, err)
	}
	require.Equal(t, []string{"GET /webhooks", "GET /webhooks", "GET /webhooks"}, reached, "no more than one run may cost")
	require.Len(t, wire.anonymous, 3, "an answer without an id is seen")
}

// place is one platform, the sandbox or the real one.
type place struct {
	wire *readOnly
	real bool
}

// knows takes a word that the contract leaves open. One that it does not know
// is a fault of a sandbox, and news about the real platform.
func (p *place) knows(t *testing.T, what, word string, known ...string) {
	t.Helper()
	if slices.Contains(known, word) {
		return
	}
	require.True(t, p.real, "%s %q is not in the contract", what, word)
	t.Logf("REPORT: %s %q is not in the contract", what, word)
}

// holds takes what is only assumed: at the real platform the opposite is news.
func (p *place) holds(t *testing.T, so bool, format string, args ...any) {
	t.Helper()
	if so {
		return
	}
	said := fmt.Sprintf(format, args...)
	require.True(t, p.real, said)
	t.Log("REPORT: not so: " + said)
}

// refused wants an error of a class, with TikTok's or ReturnGO's id of the call.
func refused(t *testing.T, err error, classes ...platform.Class) *platform.Error {
	t.Helper()
	e, ok := errors.AsType[*platform.Error](err)
	require.True(t, ok, "expected a refusal, got %v", err)
	require.Contains(t, classes, e.Class, "%v", e)
	require.NotEmpty(t, e.RequestID, "%v", e)
	return e
}

// mostPages bounds a walk; a real shop may have years of orders.
const mostPages = 5

// walk turns the pages of a list until its end, which a sandbox must have within
// mostPages, and looks that no id comes twice.
func walk[Row any](t *testing.T, p *place, id func(Row) string, turn func(cursor string) ([]Row, string, error)) []Row {
	t.Helper()
	var all []Row
	seen, cursor := map[string]bool{}, ""
	for range mostPages {
		page, next, err := turn(cursor)
		require.NoError(t, err)
		for _, row := range page {
			require.Regexp(t, `^[0-9]+$`, id(row), "ids are decimal text")
			p.holds(t, !seen[id(row)], "%s is on one page only", id(row))
			seen[id(row)] = true
		}
		if all = append(all, page...); next == "" {
			return all
		}
		require.NotEqual(t, cursor, next, "the walk goes on")
		cursor = next
	}
	require.True(t, p.real, "the walk ends")
	t.Logf("REPORT: read %d rows in %d pages and stopped before the end", len(all), mostPages)
	return all
}

// inOrder looks that times do not go back.
func inOrder[Row any](t *testing.T, rows []Row, at func(Row) time.Time) {
	t.Helper()
	for i := 1; i < len(rows); i++ {
		require.False(t, at(rows[i]).Before(at(rows[i-1])), "row %d is older than the one before it", i)
	}
}

// first are at most n rows.
func first[Row any](rows []Row, n int) []Row { return rows[:min(n, len(rows))] }
