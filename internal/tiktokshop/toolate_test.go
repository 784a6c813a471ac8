package tiktokshop_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/platform"
	"returnbridge/internal/returns"
	"returnbridge/internal/tiktokshop"
)

// A call that may leave only until a time leaves later in no case, whatever it had
// to wait for: its token, or a connection. Nothing of what it says has been sent.
func TestACallThatIsTooLateIsNotSent(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		http2               bool
		slowToken, slowDial time.Duration
		sent                bool
	}{
		"in time":                         {false, time.Second, time.Second, true},
		"in time, HTTP/2":                 {true, time.Second, time.Second, true},
		"a slow token":                    {false, 3 * time.Second, 0, false},
		"a slow connection":               {false, 0, 3 * time.Second, false},
		"a slow connection, HTTP/2":       {true, 0, 3 * time.Second, false},
		"both, each of them quick enough": {false, 1500 * time.Millisecond, 1500 * time.Millisecond, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var clock atomic.Int64
			at := func() time.Time { return now.Add(time.Duration(clock.Load())) }
			var bodies atomic.Int64
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				n, _ := r.Body.Read(make([]byte, 1))
				bodies.Add(int64(n))
				says(`{"code":0,"data":{}}`)(w, r)
			}))
			server.EnableHTTP2 = c.http2
			server.StartTLS()
			t.Cleanup(server.Close)
			web := server.Client()
			web.Transport.(*http.Transport).DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
				clock.Add(int64(c.slowDial))
				return (&net.Dialer{}).DialContext(ctx, network, address)
			}
			client, err := tiktokshop.New(tiktokshop.Options{BaseURL: server.URL, AppKey: appKey, AppSecret: appSecret, HTTP: web, Clock: at, Timeout: 5 * time.Second})
			require.NoError(t, err)
			shop := client.Shop(func(ctx context.Context) (tiktokshop.Access, error) {
				clock.Add(int64(c.slowToken))
				return access(ctx)
			})
			_, err = shop.UpdateInventory(t.Context(), "1", []returns.StockLevel{{SKUID: "1", Available: 1}}, now.Add(2*time.Second))
			if c.sent {
				require.NoError(t, err)
				require.Equal(t, int64(1), bodies.Load())
				return
			}
			require.ErrorIs(t, err, tiktokshop.ErrTooLate)
			require.Equal(t, platform.Retry, failed(t, err).Class)
			server.Close() // what is under way has ended
			require.Zero(t, bodies.Load())
		})
	}
}

// A development shop has so many calls an hour (contract 1.8): when they are used
// the next hour is waited for, by TikTok's clock.
func TestADevelopmentShopsHour(t *testing.T) {
	t.Parallel()
	for ahead, wait := range map[time.Duration]time.Duration{
		0: 6*time.Minute + 40*time.Second, 4 * time.Minute: 2*time.Minute + 40*time.Second, // it is 08:53:20
	} {
		f := newFake(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Date", now.Add(ahead).Format(http.TimeFormat))
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
			_, _ = w.Write([]byte(`{"code":36009037,"message":"limit","request_id":"r"}`))
		})
		for _, err := range []error{read(f.shop), write(f.shop)} {
			e := failed(t, err)
			require.Equal(t, platform.Retry, e.Class)
			require.Equal(t, tiktokshop.CodeHourUsed, e.Code)
			require.Equal(t, wait, e.RetryAfter)
			require.Contains(t, e.Message, "next full hour")
		}
	}
}
