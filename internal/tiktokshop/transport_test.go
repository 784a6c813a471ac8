package tiktokshop_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/platform"
	"returnbridge/internal/tiktokshop"
)

// What comes back without an envelope: HTML, nothing, half of it (T03).
func TestAnswersWithoutEnvelope(t *testing.T) {
	t.Parallel()
	html := "<html><body>secret page</body></html>"
	for name, c := range map[string]struct {
		status            int
		body              string
		forRead, forWrite platform.Class
	}{
		"html":             {200, html, platform.Retry, platform.OutcomeUnknown},
		"empty":            {200, "", platform.Retry, platform.OutcomeUnknown},
		"half":             {200, `{"code":0,"data":{"return_orders":[`, platform.Retry, platform.OutcomeUnknown},
		"no code":          {200, `{"message":"hello"}`, platform.Retry, platform.OutcomeUnknown},
		"null":             {200, `null`, platform.Retry, platform.OutcomeUnknown},
		"list":             {200, `[]`, platform.Retry, platform.OutcomeUnknown},
		"too long, blanks": {200, `{"code":0}` + strings.Repeat(" ", 8<<20), platform.Retry, platform.OutcomeUnknown},
		"too long":         {200, `{"code":0,"data":"` + strings.Repeat("x", 8<<20) + `"}`, platform.Retry, platform.OutcomeUnknown},
		"throttled":        {429, html, platform.Retry, platform.Retry},
		"overloaded":       {503, "", platform.Retry, platform.OutcomeUnknown},
		"gateway":          {502, html, platform.Retry, platform.OutcomeUnknown},
		"unauthorised":     {401, "", platform.RefreshToken, platform.RefreshToken},
		"forbidden":        {403, html, platform.Human, platform.Human},
		"redirect":         {302, html, platform.Retry, platform.OutcomeUnknown},
		"envelope counts":  {503, `{"code":105002,"message":"expired"}`, platform.RefreshToken, platform.RefreshToken},
		"envelope and 401": {401, `{"code":106001,"message":"sign"}`, platform.Permanent, platform.Permanent},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			})
			for _, k := range []struct {
				err  error
				want platform.Class
			}{{read(f.shop), c.forRead}, {write(f.shop), c.forWrite}} {
				e := failed(t, k.err)
				require.Equal(t, k.want, e.Class)
				require.Equal(t, c.status, e.HTTPStatus)
				require.NotContains(t, e.Error(), "secret page")
			}
			require.Len(t, f.all(), 2, "nothing is repeated or followed")
		})
	}
}

// endless is a body without an end, which counts what is taken of it and gives
// up on a reader that has no limit.
type endless struct{ taken int }

func (e *endless) Read(b []byte) (int, error) {
	e.taken += len(b)
	if e.taken > 32<<20 {
		return 0, io.ErrNoProgress
	}
	return copy(b, bytes.Repeat([]byte(" "), len(b))), nil
}

func TestAnswerWithoutAnEnd(t *testing.T) {
	t.Parallel()
	body := &endless{}
	shop := newClient(t, "http://tiktok.invalid", &http.Client{Transport: transport(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(body)}, nil
	})}).Shop(access)
	require.Equal(t, platform.OutcomeUnknown, failed(t, write(shop)).Class)
	require.LessOrEqual(t, body.taken, 16<<20)
}

// Each call has the client's own deadline, or the caller's if that is earlier.
func TestEachCallHasADeadline(t *testing.T) {
	t.Parallel()
	for given, most := range map[time.Duration]time.Duration{time.Hour: 5 * time.Second, time.Second: time.Second} {
		var left time.Duration
		shop := newClient(t, "http://tiktok.invalid", &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
			deadline, ok := r.Context().Deadline()
			require.True(t, ok)
			left = time.Until(deadline)
			return nil, io.EOF
		})}).Shop(access)
		ctx, cancel := context.WithTimeout(t.Context(), given)
		_, err := shop.UpdateInventory(ctx, "1", oneLevel, time.Time{})
		cancel()
		require.Error(t, err)
		require.LessOrEqual(t, left, most)
	}
}

func TestAnswerCutOffInTheMiddle(t *testing.T) {
	t.Parallel()
	f := newFake(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, `{"code":0,"data":{}}`) // whole, but announced longer
	})
	require.Equal(t, platform.Retry, failed(t, read(f.shop)).Class)
	e := failed(t, write(f.shop))
	require.Equal(t, platform.OutcomeUnknown, e.Class)
	require.ErrorIs(t, e, io.ErrUnexpectedEOF)
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]time.Duration{
		"7": 7 * time.Second, "-1": 0, "soon": 0, "": 0,
		now.Add(90 * time.Second).Format(http.TimeFormat): 90 * time.Second,
		now.Add(-time.Hour).Format(http.TimeFormat):       0,
	} {
		for _, body := range []string{"", `{"code":36009002,"message":"slow down"}`} {
			f := newFake(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", header)
				w.WriteHeader(http.StatusTooManyRequests)
				_, _ = io.WriteString(w, body)
			})
			e := failed(t, write(f.shop))
			require.Equal(t, want, e.RetryAfter, header)
			require.Equal(t, platform.Retry, e.Class)
		}
	}
}

func TestNoConnection(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := l.Addr().String()
	require.NoError(t, l.Close())
	shop := newClient(t, "http://"+address, nil).Shop(access)
	require.Equal(t, platform.Retry, failed(t, read(shop)).Class)
	e := failed(t, write(shop))
	require.Equal(t, platform.Retry, e.Class, "nothing was sent")
	require.ErrorIs(t, e, syscall.ECONNREFUSED, "IT wants to know why")
}

func TestConnectionLostWhileWaiting(t *testing.T) {
	t.Parallel()
	f := newFake(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	require.Equal(t, platform.OutcomeUnknown, failed(t, write(f.shop)).Class)
	f.only(t)
	require.Equal(t, platform.Retry, failed(t, read(f.shop)).Class)
}

func TestDeadlineOfTheCall(t *testing.T) {
	t.Parallel()
	f := newFake(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	c, err := tiktokshop.New(tiktokshop.Options{
		BaseURL: f.server.URL, AppKey: appKey, AppSecret: appSecret, Timeout: 30 * time.Millisecond,
	})
	require.NoError(t, err)
	e := failed(t, write(c.Shop(access)))
	require.Equal(t, platform.OutcomeUnknown, e.Class)
	require.ErrorIs(t, e, context.DeadlineExceeded)
	require.Equal(t, platform.Retry, failed(t, read(c.Shop(access))).Class)
}

func TestCallerGaveUpBefore(t *testing.T) {
	t.Parallel()
	f := newFake(t, says(`{"code":0}`))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := f.shop.UpdateInventory(ctx, "1", oneLevel, time.Time{})
	e := failed(t, err)
	require.Equal(t, platform.Retry, e.Class)
	require.ErrorIs(t, e, context.Canceled)
	require.Empty(t, f.all())
}

// A transport that does not say whether it had a connection may have sent.
func TestTransportThatSaysNothing(t *testing.T) {
	t.Parallel()
	broken := &http.Client{Transport: transport(func(*http.Request) (*http.Response, error) {
		return nil, errors.New("lost https://x/?access_token=" + token)
	})}
	shop := newClient(t, "http://127.0.0.1:1", broken).Shop(access)
	e := failed(t, write(shop))
	require.Equal(t, platform.OutcomeUnknown, e.Class)
	require.NotContains(t, e.Error()+e.Unwrap().Error(), token)
	require.Equal(t, platform.Retry, failed(t, read(shop)).Class)
}

// A connection that never came to speak HTTP carried nothing: the write may be
// made again, and the error shows neither URL nor token.
func TestConnectionsThatCarriedNothing(t *testing.T) {
	t.Parallel()
	secure := httptest.NewUnstartedServer(says(`{"code":0}`))
	secure.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)
	secure.StartTLS()
	t.Cleanup(secure.Close)
	nowhere := &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.DNSError{Err: "no such host", Name: "tiktok.invalid", IsNotFound: true}
	}}}
	for name, c := range map[string]*tiktokshop.Client{
		"unknown certificate": newClient(t, secure.URL, nil),
		"no such host":        newClient(t, "https://tiktok.invalid", nowhere),
	} {
		e := failed(t, write(c.Shop(access)))
		require.Equal(t, platform.Retry, e.Class, name)
		require.NotEmpty(t, e.Unwrap().Error(), name)
		for _, secret := range []string{token, cipher, "sign=", "app_key", "idempotency_key"} {
			require.NotContains(t, e.Error()+e.Unwrap().Error(), secret, name)
		}
	}
	plain := newFake(t, says(`{"code":0}`))
	e := failed(t, write(newClient(t, strings.Replace(plain.server.URL, "http:", "https:", 1), nil).Shop(access)))
	require.Equal(t, platform.Retry, e.Class, "plain HTTP where TLS was asked for")
	require.Empty(t, plain.all())
}

type transport func(*http.Request) (*http.Response, error)

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }

func TestNoCredentials(t *testing.T) {
	t.Parallel()
	f := newFake(t, says(`{"code":0}`))
	for want, cause := range map[platform.Class]error{
		platform.Retry:        errors.New("ledger is away"),
		platform.Human:        &platform.Error{Platform: "tiktok", Endpoint: "Refresh Token", Class: platform.Human},
		platform.RefreshToken: &platform.Error{Class: platform.RefreshToken},
	} {
		shop := f.client.Shop(func(context.Context) (tiktokshop.Access, error) { return tiktokshop.Access{}, cause })
		e := failed(t, write(shop))
		require.Equal(t, want, e.Class)
		require.ErrorIs(t, e, cause)
	}
	lost := f.client.Shop(func(context.Context) (tiktokshop.Access, error) {
		return tiktokshop.Access{}, &platform.Error{Class: platform.OutcomeUnknown}
	})
	require.Equal(t, platform.Retry, failed(t, write(lost)).Class, "the refresh is unknown, this call was not sent")
	require.Empty(t, f.all())
}

// A success whose data nobody can read: a person for reads, look for writes.
func TestDataOfAnotherForm(t *testing.T) {
	t.Parallel()
	f := newFake(t, says(`{"code":0,"request_id":"r","data":{"return_id":{},"return_orders":[{"return_id":true}]}}`))
	e := failed(t, read(f.shop))
	require.Equal(t, platform.Human, e.Class)
	require.Equal(t, "r", e.RequestID)
	_, receipt, err := f.shop.CreateReturn(t.Context(), aReturn(t), "k")
	require.Equal(t, platform.OutcomeUnknown, failed(t, err).Class)
	require.Equal(t, "r", receipt.RequestID)
}
