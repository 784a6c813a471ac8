package returngo

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/platform"
	"returnbridge/internal/returns"
)

// Whatever comes, a decoder gives either an error and nothing, or something
// whole that can be kept. The small corpora are in testdata/fuzz.

func FuzzDecodeRMAs(f *testing.F) {
	f.Add([]byte(`{"rmas":[{"rmaId":5000123,"status":"Pending","order_name":"#1","events":[null]}],"next_cursor":"b3A="}`), "")
	f.Add([]byte(`{"rmas":[{"rmaId":"1"}],"next_cursor":"same"}`), "same")
	f.Fuzz(func(t *testing.T, body []byte, sent string) {
		page, next, err := decodeRMAs(body, sent)
		_, some := errors.AsType[*platform.UnreadableError](err) // the others of the page count
		if err != nil && !some {
			require.Empty(t, page)
			return
		}
		for _, r := range page {
			require.NotEmpty(t, r.ID)
		}
		require.False(t, next != "" && (next == sent || len(page) == 0 && !some), "the walk ends")
	})
}

func FuzzDecodeTransactions(f *testing.F) {
	f.Add([]byte(`{"transactions":[{"id":660001,"amount":{"amount":24.99,"currency":"GBP"},"returnItemIds":["900001",2],"createdAt":"2026-03-05T10:00:00+00:00"}]}`), "c")
	f.Add([]byte(`{"transactions":[{"id":"1","amount":{"amount":"1e9","currency":"JPY"},"returnItemIds":null}],"next_cursor":1}`), "")
	f.Fuzz(func(t *testing.T, body []byte, sent string) {
		page, next, err := decodeTransactions(body, sent)
		_, some := errors.AsType[*platform.UnreadableError](err) // the others of the page count
		if err != nil && !some {
			require.Empty(t, page)
			return
		}
		for _, transaction := range page {
			require.NotEmpty(t, transaction.ID)
			kept(t, transaction)
		}
		require.False(t, next != "" && (next == sent || len(page) == 0 && !some), "the walk ends")
	})
}

// kept tells whether a transaction survives being written down, to the penny.
func kept(t *testing.T, want returns.Transaction) {
	t.Helper()
	b, err := json.Marshal(want)
	require.NoError(t, err)
	var got returns.Transaction
	require.NoError(t, json.Unmarshal(b, &got))
	require.True(t, want.CreatedAt.Equal(got.CreatedAt))
	require.Equal(t, want.Amount.String(), got.Amount.String())
}

func FuzzDecodeWebhooks(f *testing.F) {
	f.Add([]byte(`[{"id":301,"url":"https://hooks.example.com/TOKEN","eventName":"RMA_CREATED"}]`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, body []byte) {
		all, err := decodeWebhooks(body)
		if err != nil {
			require.Empty(t, all)
			return
		}
		for _, w := range all {
			require.NotEmpty(t, w.ID)
			require.NotContains(t, fmt.Sprint(w), "/TOKEN")
		}
	})
}

func FuzzDecodePolicies(f *testing.F) {
	f.Add([]byte(`{"items":[{"shopLineItemId":8001,"policies":[{"policyRuleId":31,"restockingFee":0.1,"returnFee":1e-3,"shipmentFee":"5","isAutoApprove":1,"returnMethod":{"type":"x"}}]}]}`))
	f.Add([]byte(`{"items":[{"policies":[null]},null]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		all, err := decodePolicies(body)
		if err != nil {
			require.Empty(t, all)
			return
		}
		for _, p := range all {
			require.NotEmpty(t, p.ID)
			require.NotEmpty(t, p.LineID)
			require.True(t, p.Fees == "" || p.Fees == exact(p.Fees))
		}
	})
}

// FuzzRefusal reads what a failure says: any status, any words.
func FuzzRefusal(f *testing.F) {
	f.Add(429, "", "30", []byte(`{"message":"Limit Exceeded"}`))
	f.Add(502, "text/html", "Sat, 07 Mar 2026 10:00:05 GMT", []byte("<html>"))
	f.Add(404, "", "-1", []byte("key "+testKey+" of jane@x.example at https://h.example/TOKEN"))
	client, err := New(Options{BaseURL: "https://x.example", APIKey: testKey})
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, status int, contentType, after string, body []byte) {
		h := http.Header{"Content-Type": {contentType}, "Retry-After": {after}}
		body = body[:min(len(body), maxErrorBody)] // read never takes more
		for _, n := range []nature{reads, adds, moves} {
			e := client.refused(call{endpoint: "x", nature: n}, answer{status: status, at: testNow}, h, body)
			require.NotEmpty(t, e.Class)
			require.False(t, n == reads && e.Class == platform.OutcomeUnknown)
			require.True(t, e.RetryAfter >= 0 && e.RetryAfter <= 24*time.Hour)
			require.LessOrEqual(t, utf8.RuneCountInString(e.Message), maxMessage)
			require.True(t, utf8.ValidString(e.Message))
			require.NotContains(t, e.Message, testKey)
			require.False(t, strings.ContainsAny(e.Message, "\r\n"), "one line")
			require.NotRegexp(t, `(?i)https?:\S`, e.Message)
		}
	})
}
