package returngo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/platform"
)

func TestEveryStatusHasItsClass(t *testing.T) {
	t.Parallel()
	const (
		retry, unknown, state = platform.Retry, platform.OutcomeUnknown, platform.StateChanged
		human, permanent      = platform.Human, platform.Permanent
	)
	want := map[int]map[nature]platform.Class{
		307: {reads: human, adds: human, moves: human},
		400: {reads: permanent, adds: permanent, moves: state},
		401: {reads: human, adds: human, moves: human},
		403: {reads: human, adds: human, moves: human},
		404: {reads: permanent, adds: permanent, moves: permanent},
		408: {reads: retry, adds: unknown, moves: unknown},
		409: {reads: permanent, adds: permanent, moves: state},
		413: {reads: permanent, adds: permanent, moves: permanent},
		429: {reads: retry, adds: retry, moves: retry},
		500: {reads: retry, adds: unknown, moves: unknown},
		502: {reads: retry, adds: unknown, moves: unknown},
		503: {reads: retry, adds: unknown, moves: unknown},
		504: {reads: retry, adds: unknown, moves: unknown},
	}
	for _, op := range operations() {
		for status, classes := range want {
			t.Run(fmt.Sprintf("%s %d", op.name, status), func(t *testing.T) {
				t.Parallel()
				b := setup(t, func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("location", "/elsewhere")
					says(status, `{"statusCode":1,"message":"the words"}`)(w, r)
				})
				e := platformError(t, op.make(t.Context(), b.shop))
				require.Equal(t, op.name, e.Endpoint)
				require.Equal(t, classes[op.nature], e.Class)
				require.Equal(t, status, e.HTTPStatus)
				require.Equal(t, "the words", e.Message)
				require.Equal(t, "req-1", e.RequestID)
				require.Empty(t, e.Code)
				b.only(t)
			})
		}
	}
}

func TestNoWholeAnswer(t *testing.T) {
	t.Parallel()
	hangUp := func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			_ = conn.Close()
		}
	}
	cutOff := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("content-length", "500")
		_, _ = io.WriteString(w, `{"rma`)
	}
	page := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("content-type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, "Please hold the line")
	}
	tooMuch := func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, strings.Repeat(" ", maxAnswer+1))
	}
	for name, tt := range map[string]struct {
		answer      http.HandlerFunc
		read, write platform.Class
	}{
		"hang up":         {hangUp, platform.Retry, platform.OutcomeUnknown},
		"cut off":         {cutOff, platform.Retry, platform.OutcomeUnknown},
		"half JSON":       {says(200, `{"rma`), platform.Retry, platform.OutcomeUnknown},
		"HTML":            {says(200, " <html>"), platform.Retry, platform.OutcomeUnknown},
		"HTML by header":  {page, platform.Retry, platform.OutcomeUnknown},
		"longer than 8 M": {tooMuch, platform.Permanent, platform.OutcomeUnknown},
	} {
		for _, op := range operations() {
			t.Run(op.name+" "+name, func(t *testing.T) {
				t.Parallel()
				b := setup(t, tt.answer)
				e := platformError(t, op.make(t.Context(), b.shop))
				want := tt.write
				if op.nature == reads {
					want = tt.read
				}
				require.Equal(t, want, e.Class)
				b.only(t)
			})
		}
	}
}

func TestEmptyAnswerIsEnoughForAWrite(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "OK", `{"any":1}`} {
		b := setup(t, says(201, body))
		receipt, err := b.shop.Comment(t.Context(), "5000123", "paid")
		require.NoError(t, err)
		require.Equal(t, Receipt{RequestID: "req-1", At: testNow}, receipt)
	}
	b := setup(t, says(204, ""))
	require.NoError(t, b.shop.DeleteWebhook(t.Context(), "301"))
	e := platformError(t, operations()[0].make(t.Context(), b.shop))
	require.Equal(t, platform.Retry, e.Class, "an empty answer is none for a read")
}

func TestNothingSentMayBeRepeated(t *testing.T) {
	t.Parallel()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	nobody := "http://" + closed.Addr().String()
	require.NoError(t, closed.Close())
	stuck := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for name, tt := range map[string]struct {
		ctx     context.Context
		options Options
	}{
		"nobody listens":    {t.Context(), Options{BaseURL: nobody}},
		"dialling too slow": {t.Context(), Options{BaseURL: nobody, HTTP: &http.Client{Transport: stuck}, Timeout: time.Millisecond}},
		"called off before": {cancelled, Options{BaseURL: nobody}},
	} {
		for _, op := range operations() {
			t.Run(op.name+" "+name, func(t *testing.T) {
				t.Parallel()
				b := &bundle{}
				o := tt.options
				o.APIKey = testKey
				b.connect(t, o)
				e := platformError(t, op.make(tt.ctx, b.shop))
				require.Equal(t, platform.Retry, e.Class)
				require.Error(t, e.Cause)
				require.NotContains(t, fmt.Sprintf("%+v", *e), "pagesize", "no URL, no query")
			})
		}
	}
}

func TestABrokenAnswerIsNotQuoted(t *testing.T) {
	t.Parallel()
	for name, sent := range map[string]string{
		"no HTTP":        "PERSONAL Jane Doe\r\n\r\n",
		"broken header":  "HTTP/1.1 200 OK\r\nPERSONAL Jane\r\n\r\n",
		"broken length":  "HTTP/1.1 200 OK\r\ncontent-length: PERSONAL\r\n\r\n",
		"broken chunk":   "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nPERSONAL\r\n",
		"broken address": "HTTP/1.1 302 Found\r\nlocation: http://%PERSONAL\r\ncontent-length: 0\r\n\r\n",
	} {
		for _, op := range operations() {
			t.Run(op.name+" "+name, func(t *testing.T) {
				t.Parallel()
				b := setup(t, func(w http.ResponseWriter, _ *http.Request) {
					conn, _, err := w.(http.Hijacker).Hijack()
					if err == nil {
						_, _ = io.WriteString(conn, sent)
						_ = conn.Close()
					}
				})
				e := platformError(t, op.make(t.Context(), b.shop))
				require.Contains(t, []platform.Class{call{nature: op.nature}.lost(), platform.Human}, e.Class)
				require.NotContains(t, fmt.Sprintf("%v %+v %v", e, *e, e.Cause), "PERSONAL")
			})
		}
	}
}

func TestNoAnswerInTime(t *testing.T) {
	t.Parallel()
	for _, op := range operations() {
		t.Run(op.name, func(t *testing.T) {
			t.Parallel()
			b := &bundle{}
			// A transport that has sent the request and waits for the answer.
			waits := roundTrip(func(r *http.Request) (*http.Response, error) {
				<-r.Context().Done()
				return nil, r.Context().Err()
			})
			b.connect(t, Options{BaseURL: "https://x.example", APIKey: testKey, HTTP: &http.Client{Transport: waits}, Timeout: time.Millisecond})
			e := platformError(t, op.make(t.Context(), b.shop))
			want := platform.OutcomeUnknown
			if op.nature == reads {
				want = platform.Retry
			}
			require.Equal(t, want, e.Class)
			require.ErrorIs(t, e, context.DeadlineExceeded)
			require.ErrorContains(t, e, "no answer from x.example (returngo.base_url): ")
		})
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestUnusableArgumentsAreNotSent(t *testing.T) {
	t.Parallel()
	b := setup(t, says(200, `{}`))
	for name, call := range map[string]func() error{
		"empty id":       func() error { _, err := b.shop.RMA(t.Context(), ""); return err },
		"dots":           func() error { _, err := b.shop.RMA(t.Context(), ".."); return err },
		"path in an id":  func() error { _, err := b.shop.SetStatus(t.Context(), "1/../2", "Done"); return err },
		"query in an id": func() error { _, err := b.shop.Comment(t.Context(), "1?x=1", "x"); return err },
		"no comment":     func() error { _, err := b.shop.Comment(t.Context(), "1", ""); return err },
		"no status":      func() error { _, err := b.shop.SetStatus(t.Context(), "1", ""); return err },
		"no outcome":     func() error { _, err := b.shop.SetTransaction(t.Context(), "1", TransactionUpdate{}); return err },
		"comma in a list": func() error {
			_, _, err := b.shop.RMAs(t.Context(), RMAFilter{OrderNames: []string{"a,b"}}, "")
			return err
		},
		"empty in a list": func() error {
			_, _, err := b.shop.Transactions(t.Context(), TransactionFilter{RMAIDs: []string{""}}, "")
			return err
		},
		"shop without name": func() error { _, err := b.client.Shop("").RMA(t.Context(), "1"); return err },
		"shop with newline": func() error { _, err := b.client.Shop("a\r\nx: y").RMA(t.Context(), "1"); return err },
	} {
		require.Equal(t, platform.Permanent, platformError(t, call()).Class, name)
	}
	require.Empty(t, b.seen)
}

func TestWordsOfAnError(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ body, want string }{
		"status and message": {`{"statusCode":404,"message":"RMA not found"}`, "RMA not found"},
		"message":            {`{"message":"Forbidden"}`, "Forbidden"},
		"capital":            {`{"Message":"User is not authorized"}`, "User is not authorized"},
		"error":              {`{"error":"bad id"}`, "bad id"},
		"other JSON":         {`{"customer":"Jane"}`, ""},
		"JSON list":          {`["Jane"]`, ""},
		"text":               {"upstream\n connect  error", "upstream connect error"},
		"HTML":               {"<html>Jane</html>", "an HTML page"},
		"empty":              {"", ""},
		"our key":            {`{"message":"key ` + testKey + ` is wrong"}`, "key [removed] is wrong"},
		"URL and e-mail":     {`{"message":"jane@x.example at https://h.example/token?a=b failed"}`, "[removed] at [removed] failed"},
		"long":               {strings.Repeat("é", 1000), strings.Repeat("é", maxMessage-1) + "…"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, says(404, tt.body))
			_, err := b.shop.RMA(t.Context(), "1")
			require.Equal(t, tt.want, platformError(t, err).Message)
		})
	}
}

func TestQuotaAndRetryAfter(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		body, header, code string
		after              time.Duration
	}{
		"day":          {`{"message":"Limit Exceeded"}`, "", CodeQuotaDay, 14 * time.Hour},
		"day, asked":   {`{"message":"Limit Exceeded"}`, "60", CodeQuotaDay, time.Minute},
		"burst":        {`{"message":"Too Many Requests"}`, "", CodeQuotaBurst, 0},
		"burst, asked": {`{"message":"Too Many Requests"}`, "2", CodeQuotaBurst, 2 * time.Second},
		"not the day":  {`{"message":"Rate limit exceeded"}`, "", "", 0},
		"other words":  {`{"message":"slow down"}`, "", "", 0},
		"seconds":      {`{}`, "30", "", 30 * time.Second},
		"date":         {`{}`, testNow.Add(time.Minute).Format(http.TimeFormat), "", time.Minute},
		"date gone by": {`{}`, testNow.Add(-time.Minute).Format(http.TimeFormat), "", 0},
		"nonsense":     {`{}`, "soon", "", 0},
		"negative":     {`{}`, "-5", "", 0},
		"too long":     {`{}`, "4294967295", "", maxRetryAfter},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, func(w http.ResponseWriter, r *http.Request) {
				if tt.header != "" {
					w.Header().Set("retry-after", tt.header)
				}
				says(429, tt.body)(w, r)
			})
			_, err := b.shop.Comment(t.Context(), "1", "x")
			e := platformError(t, err)
			require.Equal(t, platform.Retry, e.Class)
			require.Equal(t, tt.code, e.Code)
			require.Equal(t, tt.after, e.RetryAfter)
		})
	}
}

func TestEachCallIsAskedFor(t *testing.T) {
	t.Parallel()
	for _, op := range operations() {
		t.Run(op.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, says(200, `{}`))
			o := Options{BaseURL: b.client.base, APIKey: testKey}
			var asked int
			wait, failure := time.Hour, error(nil)
			o.Allow = func(context.Context) (time.Duration, error) { asked++; return wait, failure }
			b.connect(t, o)

			e := platformError(t, op.make(t.Context(), b.shop))
			require.Equal(t, platform.Retry, e.Class, "it was not sent, also not a write")
			require.Equal(t, CodeQuotaKept, e.Code)
			require.Equal(t, time.Hour, e.RetryAfter)

			wait, failure = 0, errors.New("the ledger is away")
			e = platformError(t, op.make(t.Context(), b.shop))
			require.Equal(t, platform.Retry, e.Class, "without an answer nothing is sent")
			require.ErrorIs(t, e, failure)
			require.Empty(t, b.seen)

			failure = nil
			_ = op.make(t.Context(), b.shop)
			b.only(t)
			require.Equal(t, 3, asked)
		})
	}
}

func TestTheDayOfTheQuotaIsUTC(t *testing.T) {
	t.Parallel()
	for now, want := range map[string]time.Duration{
		"2026-03-07T00:00:00Z":      24 * time.Hour,
		"2026-03-07T23:59:59Z":      time.Second,
		"2026-12-31T20:00:00-03:00": time.Hour,
		"2026-03-29T00:30:00+01:00": 30 * time.Minute,
	} {
		at, err := time.Parse(time.RFC3339, now)
		require.NoError(t, err)
		require.Equal(t, want, untilMidnight(at), now)
	}
}

func TestTheKeyIsNeverPrinted(t *testing.T) {
	t.Parallel()
	b := &bundle{}
	o := Options{BaseURL: "https://x.example/base/", APIKey: testKey, HTTP: &http.Client{Transport: roundTrip(
		func(*http.Request) (*http.Response, error) { return nil, errors.New("proxy saw " + testKey) })}}
	b.connect(t, o)
	written, err := json.Marshal(b.client) //nolint:staticcheck // that nothing is exported is the point
	require.NoError(t, err)
	printed := string(written)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%q", "%x"} {
		printed += fmt.Sprintf(verb+verb+verb+verb+verb, o, b.client, *b.client, b.shop, *b.shop)
	}
	printed += b.client.String() + b.shop.String()
	for _, op := range operations() {
		printed += op.make(t.Context(), b.shop).Error()
	}
	require.Contains(t, printed, "https://x.example/base")
	require.Contains(t, printed, testShop)
	require.NotContains(t, printed, testKey)
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	good := Options{BaseURL: "https://x.example", APIKey: testKey}
	_, err := New(good)
	require.NoError(t, err)
	for name, spoil := range map[string]func(*Options){
		"no URL":       func(o *Options) { o.BaseURL = "" },
		"no scheme":    func(o *Options) { o.BaseURL = "x.example" },
		"other scheme": func(o *Options) { o.BaseURL = "ftp://x.example" },
		"credentials":  func(o *Options) { o.BaseURL = "https://u:" + testKey + "@x.example" },
		"query":        func(o *Options) { o.BaseURL = "https://x.example?k=" + testKey },
		"broken":       func(o *Options) { o.BaseURL = "https://x.example/%zz" + testKey },
		"no key":       func(o *Options) { o.APIKey = "" },
		"key and line": func(o *Options) { o.APIKey = testKey + "\n" },
		"timeout":      func(o *Options) { o.Timeout = -1 },
	} {
		o := good
		spoil(&o)
		_, err := New(o)
		require.Error(t, err, name)
		require.NotContains(t, err.Error(), testKey, name)
	}
}

// The transaction is what the answer holds (A16): nothing at all is no answer of
// ReturnGO's, unless it says so.
func TestAnEmptyAnswerSettlesNoTransaction(t *testing.T) {
	t.Parallel()
	settle := func(b *bundle) error {
		_, err := b.shop.SetTransaction(t.Context(), "660001", TransactionUpdate{Status: "Success"})
		return err
	}
	for _, body := range []string{"", " \n"} {
		require.Equal(t, platform.OutcomeUnknown, platformError(t, settle(setup(t, says(200, body)))).Class)
	}
	require.NoError(t, settle(setup(t, says(204, ""))))
	require.NoError(t, settle(setup(t, says(200, `{"id":660001}`))))
}
