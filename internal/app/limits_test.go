package app

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/ledger"
	"returnbridge/internal/returns"
)

// While a shop's secrets are changed both count; strangers' never do.
func TestTwoSecretsCountDuringARotation(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	const old = "old-webhook-token-0123456789abcdef"
	b.cfg.Shops[0].WebhookTokenPrevious = old
	for i, token := range []string{ukToken, old} {
		require.Equal(t, http.StatusOK, b.returnGOSends("uk", token, rmaEvent("RMA_CREATED", strconv.Itoa(9001+i), "Pending")).Code)
	}
	require.Equal(t, http.StatusNotFound, b.returnGOSends("de", old, rmaEvent("RMA_CREATED", "9003", "Pending")).Code)
	require.Equal(t, http.StatusNotFound, b.returnGOSends("uk", "", rmaEvent("RMA_CREATED", "9003", "Pending")).Code)
	require.Len(t, b.inbox(t), 2)

	var err error
	b.cfg.TikTok.AppSecret, b.cfg.TikTok.AppSecretPrevious = "new_secret", "demo_secret"
	_, b.tiktok, err = buildActivities(b.cfg, b.ledger, b.waker, b.clock, b.watch, nil)
	require.NoError(t, err)
	body := caseEvent("n1", returns.TikTokPending)
	require.Equal(t, http.StatusOK, b.send(http.MethodPost, PathTikTok, tiktokSigns(body), body).Code, "signed with the previous one")
	body = caseEvent("n2", returns.TikTokPending)
	require.Equal(t, http.StatusOK, b.send(http.MethodPost, PathTikTok, signedWith("new_secret", body), body).Code)
	require.Equal(t, http.StatusUnauthorized, b.send(http.MethodPost, PathTikTok, signedWith("", body), body).Code)
	require.Len(t, b.inbox(t), 4)
}

// What is refused is counted by the shop that it names, once a minute in the ledger
// and the log: a stranger must not make either grow.
func TestWhatIsRefusedIsCounted(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for range 40 {
		b.send(http.MethodPost, PathTikTok, "wrong", caseEvent("n1", returns.TikTokPending))
		b.returnGOSends("uk", "wrong", "{}")
		b.returnGOSends("no-shop-of-ours", "wrong", "{}")
		b.send(http.MethodPost, PathTikTok, "wrong", "Jane Roe, 1 Dock Rd")
	}
	counts := func(shop string, p returns.Platform) (n int) {
		b.do(t, func(tx *ledger.Tx) error {
			r, err := tx.RefusedSince(b.ctx, shop, p, noon)
			n = r.Count
			return err
		})
		return n
	}
	require.Zero(t, counts("uk", returns.TikTok), "not for each of them")
	require.Empty(t, b.logged(t))
	b.relay.noteRefused(b.ctx)
	b.relay.noteRefused(b.ctx)
	for _, w := range []way{{"uk", returns.TikTok}, {"uk", returns.ReturnGO}, {"", returns.ReturnGO}, {"", returns.TikTok}} {
		require.Equal(t, 40, counts(w.shop, w.platform), "%v", w)
	}
	require.Equal(t, 4, b.logs.Len(), "one line for each way in")
	require.NotContains(t, b.logged(t), "Jane")

	b.returnGOSends("uk", "wrong", "{}")
	require.NoError(t, b.ledger.Close())
	b.relay.noteRefused(b.ctx)
	require.Equal(t, map[way]int{{"uk", returns.ReturnGO}: 1}, b.relay.refused.take(), "kept until the ledger answers")
}

// Of more requests at once than there are places the rest hears to come again, and
// who may not come in takes no place.
func TestRequestsUnderWayAreLimited(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	door := newReceiver(b.house, b.relay)
	stuck, pipes := make(chan int, maxRequests), []*io.PipeWriter{}
	for i := range maxRequests {
		r, w := io.Pipe()
		pipes = append(pipes, w)
		go func() {
			rec := httptest.NewRecorder()
			door.ServeHTTP(rec, httptest.NewRequestWithContext(b.ctx, http.MethodPost, PathTikTok, r))
			stuck <- rec.Code
		}()
		_, err := w.Write([]byte("{")) // taken: the request is under way
		require.NoError(t, err, i)
	}
	ask := func(path string) *httptest.ResponseRecorder {
		rec := httptest.NewRecorder()
		door.ServeHTTP(rec, httptest.NewRequestWithContext(b.ctx, http.MethodPost, path, strings.NewReader("{}")))
		return rec
	}
	full := ask(PathTikTok)
	require.Equal(t, http.StatusServiceUnavailable, full.Code)
	require.NotEmpty(t, full.Header().Get("Retry-After"))
	require.Equal(t, http.StatusServiceUnavailable, ask(ReturnGOAddress("", "uk", ukToken)).Code)
	require.Equal(t, http.StatusNotFound, ask(ReturnGOAddress("", "uk", "wrong")).Code, "known to be a stranger at once")
	for _, w := range pipes {
		require.NoError(t, w.Close())
		require.Equal(t, http.StatusUnauthorized, <-stuck)
	}
	require.Equal(t, http.StatusOK, ask(ReturnGOAddress("", "uk", ukToken)).Code, "there is room again")
}

// served is the receiver as the starter runs it, at an address of its own.
func (b *bench) served(t *testing.T) (dial func() net.Conn) {
	t.Helper()
	l, err := listenForWebhooks(b.ctx, "127.0.0.1:0")
	require.NoError(t, err)
	server, ended := webServer(newReceiver(b.house, b.relay)), make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	t.Cleanup(func() {
		require.NoError(t, server.Close())
		require.ErrorIs(t, <-ended, http.ErrServerClosed)
	})
	return func() net.Conn {
		c, err := (&net.Dialer{}).DialContext(b.ctx, "tcp", l.Addr().String())
		require.NoError(t, err)
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
}

// Connections that send almost a whole body and then nothing cost little memory:
// 300 of them with bodies of a MiB held 345 MiB.
func TestIdleConnectionsCostLittle(t *testing.T) { //nolint:paralleltest // it measures the memory of the process
	b := newBench(t)
	dial := b.served(t)
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	heap() // what the last one found is freed by the next
	before, body := heap(), strings.Repeat(" ", maxBody-1)
	for range 300 {
		_, err := fmt.Fprintf(dial(), "POST %s HTTP/1.1\r\nHost: returns.example.com\r\nContent-Length: %d\r\n\r\n%s", PathTikTok, maxBody, body)
		require.NoError(t, err)
	}
	most := before
	require.Never(t, func() bool {
		most = max(most, heap())
		return most-before > 14<<20
	}, slotPatience, 50*time.Millisecond)
	t.Logf("300 connections hold %d KiB", (most-before)>>10)
	require.Greater(t, most-before, uint64(2<<20), "they are there")
}

func TestConnectionsAreLimited(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	dial := b.served(t)
	ask := func(c net.Conn) error {
		if _, err := io.WriteString(c, "GET /healthz HTTP/1.1\r\nHost: returns.example.com\r\n\r\n"); err != nil {
			return err
		}
		answer, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			return err
		}
		return answer.Body.Close()
	}
	var first net.Conn
	for i := range maxConnections {
		c := dial()
		if i == 0 {
			first = c
		}
		require.NoError(t, ask(c))
	}
	further := dial()
	require.NoError(t, further.SetReadDeadline(time.Now().Add(300*time.Millisecond)))
	require.ErrorIs(t, ask(further), os.ErrDeadlineExceeded)
	require.NoError(t, first.Close())
	require.NoError(t, further.SetReadDeadline(time.Now().Add(10*time.Second)))
	answer, err := http.ReadResponse(bufio.NewReader(further), nil)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
}
