package tiktokshop

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"returnbridge/internal/platform"
)

const (
	platformName  = "tiktok"
	largestAnswer = 8 << 20 // bytes; a full page of orders is far below
)

// exchange sends the message once and makes of what comes back either data or a
// *platform.Error.
func (c *Client) exchange(ctx context.Context, e endpoint, m message, secrets []string, out any) (Receipt, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()

	if ctx.Err() != nil { // nothing was sent
		return Receipt{}, c.noAnswer(e, m.url.Host, platform.Retry, ctx.Err())
	}
	last := &lastMoment{by: m.sendBy, clock: c.clock, stop: cancel}
	if last.past() {
		return Receipt{}, e.tooLate()
	}
	var wire connection
	request, err := http.NewRequestWithContext(wire.watch(ctx), m.method, m.url.String(), bytes.NewReader(m.body))
	if err != nil {
		return Receipt{}, e.refused("no valid request")
	}
	request.Header = m.header
	if m.once {
		request.Body, request.GetBody = io.NopCloser(bytes.NewReader(nil)), nil
	}

	last.watch(request)

	response, err := c.http.Do(request)
	if last.missed.Load() {
		if err == nil {
			_ = response.Body.Close()
		}
		return Receipt{At: c.clock()}, e.tooLate()
	}
	if err != nil {
		class := lostAnswer(e.write)
		if wire.neverOpened(err) {
			class = platform.Retry
		}
		return Receipt{At: c.clock()}, c.noAnswer(e, m.url.Host, class, err)
	}
	defer func() { _ = response.Body.Close() }()

	c.noteDate(response.Header.Get("Date"))
	raw, err := io.ReadAll(io.LimitReader(response.Body, largestAnswer+1))
	a := answer{
		endpoint: e, secrets: secrets, raw: raw, status: response.StatusCode, walking: m.walking,
		retryAfter: retryAfter(response.Header.Get("Retry-After"), c.now()), now: c.clock().Add(time.Duration(c.ahead.Load())), cutOff: err,
	}
	requestID, err := a.read(out)
	return Receipt{RequestID: requestID, At: c.clock()}, c.putClockRight(err, m.stamped, response.Header.Get("Date"))
}

// lastMoment keeps a request that may leave only until a time from leaving later:
// the body is not begun, and without one TikTok takes no write. By then the token and
// the connection are there, and nothing is waited for any more.
type lastMoment struct {
	by     time.Time
	clock  func() time.Time
	stop   func() // ends the call: it must not be sent again on another connection
	missed atomic.Bool
}

func (l *lastMoment) past() bool { return !l.by.IsZero() && l.clock().After(l.by) }

func (l *lastMoment) watch(r *http.Request) {
	if l.by.IsZero() || r.GetBody == nil {
		return
	}
	again := r.GetBody
	r.Body = &checkedBody{ReadCloser: r.Body, last: l}
	r.GetBody = func() (io.ReadCloser, error) {
		body, err := again()
		return &checkedBody{ReadCloser: body, last: l}, err
	}
}

// checkedBody asks once, when it is first read.
type checkedBody struct {
	io.ReadCloser
	last  *lastMoment
	begun bool
}

func (b *checkedBody) Read(p []byte) (int, error) {
	if !b.begun && b.last.past() {
		b.last.missed.Store(true)
		b.last.stop()
		return 0, ErrTooLate
	}
	b.begun = true
	return b.ReadCloser.Read(p) //nolint:wrapcheck // a body's own error, and io.EOF
}

// tooLate is certain that nothing was written.
func (e endpoint) tooLate() error {
	return &platform.Error{Platform: platformName, Endpoint: e.name, Class: platform.Retry, Message: ErrTooLate.Error(), Cause: ErrTooLate}
}

// connection watches whether a call ever had a connection to be sent on.
type connection struct{ asked, opened atomic.Bool }

func (w *connection) watch(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { w.asked.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { w.opened.Store(true) },
	})
}

// neverOpened is certain that not a byte was sent; in doubt it says no.
func (w *connection) neverOpened(err error) bool {
	if w.opened.Load() {
		return false
	}
	op, isOp := errors.AsType[*net.OpError](err)
	return w.asked.Load() || (isOp && op.Op == "dial")
}

// noAnswer is a failure of the transport. It names the host, never the rest of the
// address, and the key of the configuration that sets it.
func (c *Client) noAnswer(e endpoint, host string, class platform.Class, err error) error {
	cause := withoutURL(err)
	key := "tiktok.base_url"
	if host != c.base.Host {
		key = "tiktok.auth_url"
	}
	from := "no answer from " + host + " (" + key + "): "
	return &platform.Error{
		Platform: platformName, Endpoint: e.name, Class: class, NoAnswer: true, Message: from + presentable(cause.Error(), nil), Cause: cause,
	}
}

// withoutURL takes out of a transport error the part that is known to hold
// neither the URL, with its secrets, nor a piece of the answer.
func withoutURL(err error) error {
	for _, known := range []error{context.DeadlineExceeded, context.Canceled, io.ErrUnexpectedEOF, io.EOF} {
		if errors.Is(err, known) {
			return known
		}
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return op
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return dns
	}
	if certificate, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return certificate
	}
	if host, ok := errors.AsType[x509.HostnameError](err); ok {
		return host
	}
	if n, ok := errors.AsType[net.Error](err); ok && n.Timeout() {
		return context.DeadlineExceeded
	}
	return errors.New("the connection failed")
}

// retryAfter reads seconds or an HTTP date; what is past or unreadable asks for nothing.
func retryAfter(header string, now time.Time) time.Duration {
	header = strings.TrimSpace(header)
	if seconds, err := strconv.Atoi(header); err == nil {
		return time.Duration(min(max(seconds, 0), 1<<20)) * time.Second
	}
	at, err := http.ParseTime(header)
	if err != nil {
		return 0
	}
	return max(at.Sub(now), 0)
}
