package tiktokshop_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/platform"
	"returnbridge/internal/tiktokshop"
)

// One connection serves call after call, also behind refusals and pages of HTML:
// a handshake each time would double the time between a stock read and its write.
func TestConnectionIsReused(t *testing.T) {
	t.Parallel()
	var opened, asked atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		switch asked.Add(1) % 3 {
		case 0:
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = io.WriteString(w, "<html>")
		case 1:
			_, _ = io.WriteString(w, `{"code":0,"data":{}}`)
		default:
			_, _ = io.WriteString(w, `{"code":25001003}`)
		}
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	shop := newClient(t, server.URL, nil).Shop(access)
	for range 5 {
		_, _ = read(shop), write(shop)
	}
	require.EqualValues(t, 10, asked.Load())
	require.EqualValues(t, 1, opened.Load())
}

// Who cannot reach TikTok reads which host does not answer, and where that is set.
func TestNoAnswerNamesTheHost(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	err := read(newClient(t, server.URL, nil).Shop(access))
	require.ErrorContains(t, err, "no answer from "+server.Listener.Addr().String()+" (tiktok.base_url): ")
	require.NotContains(t, err.Error(), token)
}

// lastWords answers the first request and cuts the connection at every later
// one, after it was read: it may have been carried out.
func lastWords(t *testing.T) *fake {
	t.Helper()
	var asked atomic.Int32
	return newFake(t, func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) > 1 {
			panic(http.ErrAbortHandler)
		}
		_, _ = io.WriteString(w, `{"code":0}`)
	})
}

// Go repeats a GET by itself when a kept connection ends without an answer. A
// refresh token would be spent twice (T01).
func TestTokenCallsAreNeverRepeated(t *testing.T) {
	t.Parallel()
	for name, spend := range map[string]func(context.Context, *tiktokshop.Client) error{
		"refresh": func(ctx context.Context, c *tiktokshop.Client) error { _, err := c.Refresh(ctx, "RT"); return err },
		"code": func(ctx context.Context, c *tiktokshop.Client) error {
			_, err := c.ExchangeCode(ctx, "code")
			return err
		},
	} {
		f := lastWords(t)
		require.NoError(t, write(f.shop)) // leaves a connection to be reused
		require.Equal(t, platform.OutcomeUnknown, failed(t, spend(t.Context(), f.client)).Class, name)
		require.Len(t, f.all(), 2, name)
	}
}

// A write is sent once even where Go could repeat it.
func TestWritesAreNeverRepeated(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	for name, c := range map[string]func(s shop) error{
		"approve":        write,
		"inventory":      func(s shop) error { _, err := s.UpdateInventory(ctx, "1", oneLevel, time.Time{}); return err },
		"set webhook":    func(s shop) error { return s.SetWebhook(ctx, "RETURN_STATUS_CHANGE", "https://x.example/") },
		"delete webhook": func(s shop) error { return s.DeleteWebhook(ctx, "RETURN_STATUS_CHANGE") },
		"label":          func(s shop) error { _, err := s.UploadLabel(ctx, aLabel()); return err },
	} {
		f := lastWords(t)
		require.NoError(t, write(f.shop))
		require.Equal(t, platform.OutcomeUnknown, failed(t, c(f.shop)).Class, name)
		require.Len(t, f.all(), 2, name)
	}
}

// The deadline of a call covers its answer to the last byte, and a caller with
// less time ends it earlier.
func TestDeadlineCoversTheBody(t *testing.T) {
	t.Parallel()
	f := newFake(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprint(w, `{"code":0,"data":{"return_orders":[`)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	c, err := tiktokshop.New(tiktokshop.Options{
		BaseURL: f.server.URL, AppKey: appKey, AppSecret: appSecret, Timeout: 30 * time.Millisecond,
	})
	require.NoError(t, err)
	e := failed(t, write(c.Shop(access)))
	require.Equal(t, platform.OutcomeUnknown, e.Class)
	require.ErrorIs(t, e, context.DeadlineExceeded)
	require.Equal(t, 200, e.HTTPStatus)

	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	_, err = f.shop.UpdateInventory(ctx, "1", oneLevel, time.Time{}) // the client itself would wait 5 s
	e = failed(t, err)
	require.Equal(t, platform.OutcomeUnknown, e.Class)
	require.ErrorIs(t, e, context.DeadlineExceeded)
	require.ErrorIs(t, ctx.Err(), context.DeadlineExceeded)
}

// What refreshes cannot be answered by refreshing (contract 1.2, 1.7).
func TestRefusedTokenCalls(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		body   string
		want   platform.Class
	}{
		"code used":           {200, `{"code":36004004,"message":"auth code used","request_id":"r"}`, platform.Human},
		"refresh expired":     {200, `{"code":36004001,"message":"expired","request_id":"r"}`, platform.Human},
		"de-authorised":       {200, `{"code":105001,"request_id":"r"}`, platform.Human},
		"expired":             {401, `{"code":105002,"request_id":"r"}`, platform.Human},
		"401 without a word":  {401, ``, platform.Human},
		"throttled":           {429, ``, platform.Retry},
		"overloaded":          {503, ``, platform.OutcomeUnknown},
		"internal":            {200, `{"code":36009003,"request_id":"r"}`, platform.OutcomeUnknown},
		"wrong app":           {200, `{"code":36009004,"message":"Invalid app_key","request_id":"r"}`, platform.Permanent},
		"page instead":        {200, `<html>`, platform.OutcomeUnknown},
		"no refresh token":    {200, `{"code":0,"request_id":"r","data":{"access_token":"AT"}}`, platform.OutcomeUnknown},
		"no access token":     {200, `{"code":0,"request_id":"r","data":{"refresh_token":"RT"}}`, platform.OutcomeUnknown},
		"tokens of some kind": {200, `{"code":0,"request_id":"r","data":{"access_token":{}}}`, platform.OutcomeUnknown},
	} {
		f := newFake(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(c.status)
			_, _ = io.WriteString(w, c.body)
		})
		_, refresh := f.client.Refresh(t.Context(), "RT")
		_, code := f.client.ExchangeCode(t.Context(), "code")
		for _, err := range []error{refresh, code} {
			e := failed(t, err)
			require.Equal(t, c.want, e.Class, name)
			if c.body != "" && c.body != `<html>` {
				require.Equal(t, "r", e.RequestID, name)
			}
		}
	}
}
