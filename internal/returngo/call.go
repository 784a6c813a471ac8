package returngo

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"returnbridge/internal/platform"
)

const (
	maxAnswer     = 8 << 20  // bytes of a body that we read
	maxErrorBody  = 2 << 10  // bytes of an error's body that we read
	maxDrained    = 64 << 10 // bytes read past them to keep the connection: an outage comes with long pages
	maxIdentifier = 64       // characters of an id
)

// nature is what a call does at ReturnGO; it decides what a failure means.
type nature int

const (
	reads nature = iota
	adds         // comment, webhook, RMA: makes or removes something
	moves        // status, transaction: ReturnGO may refuse the transition
)

// call is one request to ReturnGO.
type call struct {
	endpoint string // short name in errors
	nature   nature
	method   string
	path     []string // segments; ids come from outside and are checked
	query    url.Values
	body     any  // sent as JSON unless nil
	answers  bool // a write that is not known to answer with nothing
}

// answer is what came back with a 2xx.
type answer struct {
	body      []byte
	status    int
	requestID string
	at        time.Time
}

func (a answer) receipt() Receipt { return Receipt{RequestID: a.requestID, At: a.at} }

// do makes the call once. Every error is a *platform.Error.
func (s *Shop) do(ctx context.Context, c call) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, s.client.timeout)
	defer cancel()
	req, err := s.request(ctx, c)
	if err != nil {
		return answer{}, c.fails(platform.Permanent, err.Error())
	}
	if ctx.Err() != nil {
		return answer{}, c.neverSent(ctx.Err())
	}
	if err := s.client.allowed(ctx, c); err != nil {
		return answer{}, err
	}
	a, err := s.client.send(c, req)
	if s.client.seen != nil {
		s.client.seen(ctx, err)
	}
	return a, err
}

// send makes a request and reads its answer.
func (cl *Client) send(c call, req *http.Request) (answer, error) {
	way := &way{}
	resp, err := cl.http.Do(req.WithContext(httptrace.WithClientTrace(req.Context(), way.trace())))
	if err != nil {
		return answer{}, cl.noAnswer(c, req.URL.Host+" (returngo.base_url)", way, err)
	}
	defer func() {
		_, _ = io.CopyN(io.Discard, resp.Body, maxDrained)
		_ = resp.Body.Close()
	}()
	return cl.read(c, resp)
}

// allowed asks whether today's allowance has a call left for this one.
func (cl *Client) allowed(ctx context.Context, c call) error {
	if cl.allow == nil {
		return nil
	}
	wait, err := cl.allow(ctx)
	switch {
	case err != nil:
		return c.neverSent(err)
	case wait > 0:
		e := c.fails(platform.Retry, "not sent: today's calls to ReturnGO are kept for what is more urgent")
		e.Code, e.RetryAfter = CodeQuotaKept, wait
		return e
	}
	return nil
}

// read takes the answer apart; the body of a failure is only read for its message.
func (cl *Client) read(c call, resp *http.Response) (answer, error) {
	a := answer{status: resp.StatusCode, requestID: clip(resp.Header.Get("x-amzn-requestid"), 128), at: cl.clock().UTC()}
	if a.status < 200 || a.status > 299 {
		body, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody)) // the status alone decides
		return answer{}, cl.refused(c, a, resp.Header, body)
	}
	var err error
	if a.body, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1)); err != nil {
		return answer{}, c.unreadable(a, c.lost(), "the answer was cut off", plain(err))
	}
	if len(a.body) > maxAnswer {
		return answer{}, c.unreadable(a, tooLong(c), "the answer is longer than 8 MiB", nil)
	}
	empty := c.answers && a.status != http.StatusNoContent && len(bytes.TrimSpace(a.body)) == 0
	if c.nature != reads && (empty || strange(resp.Header.Get("content-type"), a.body)) {
		return answer{}, c.unreadable(a, c.lost(), "the answer is not from ReturnGO, or cut off", nil)
	}
	return a, nil
}

// strange tells whether the 2xx answer to a write comes from something between
// us and ReturnGO, or is only half there. Empty or other text is fine: what a
// write answers is not specified (see Comment and SetStatus).
func strange(contentType string, body []byte) bool {
	body = bytes.TrimSpace(body)
	if looksLikeHTML(contentType, body) {
		return true
	}
	return len(body) > 0 && (body[0] == '{' || body[0] == '[') && !json.Valid(body)
}

func looksLikeHTML(contentType string, body []byte) bool {
	return strings.Contains(strings.ToLower(contentType), "text/html") || bytes.HasPrefix(bytes.TrimSpace(body), []byte("<"))
}

func (s *Shop) request(ctx context.Context, c call) (*http.Request, error) {
	if !sendable(s.name) {
		return nil, errors.New("the shop name is empty or fits no header")
	}
	var address strings.Builder
	address.WriteString(s.client.base)
	for _, segment := range c.path {
		if !identifier(segment) {
			return nil, errors.New("an id is empty or has characters that fit no path")
		}
		address.WriteString("/" + segment)
	}
	if len(c.query) > 0 {
		// A space as %20: not every gateway reads "+" as one. A real "+" is %2B already.
		address.WriteString("?" + strings.ReplaceAll(c.query.Encode(), "+", "%20"))
	}
	var body io.Reader
	if c.body != nil {
		b, err := plainJSON(c.body)
		if err != nil {
			return nil, errors.New("the body does not fit JSON")
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, c.method, address.String(), body)
	if err != nil {
		return nil, errors.New("the request cannot be built")
	}
	req.Header.Set("x-api-key", s.client.key)
	req.Header.Set("x-shop-name", s.name)
	req.Header.Set("accept", "application/json")
	if c.body != nil {
		req.Header.Set("content-type", "application/json")
	}
	return req, nil
}

// plainJSON leaves "<" and "&" as they are: comments are simple HTML.
func plainJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSpace(b.Bytes()), err
}

// identifier tells whether text can be an id: the known ones are digits; the
// rule also keeps other text out of paths and workflow ids.
func identifier(text string) bool {
	if text == "" || len(text) > maxIdentifier {
		return false
	}
	return !strings.ContainsFunc(text, func(r rune) bool {
		return !(r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '-' || r == '_')
	})
}

// way is how far a request came: without a connection nothing was sent.
type way struct{ asked, connected atomic.Bool }

func (w *way) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GetConn: func(string) { w.asked.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { w.connected.Store(true) },
	}
}

func (w *way) nothingSent(err error) bool {
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return true
	}
	return w.asked.Load() && !w.connected.Load()
}

// plain takes out of a transport error what is known to hold neither the URL
// with its query nor a piece of an answer, which net/http quotes if it is broken.
func plain(err error) error {
	for _, known := range []error{context.DeadlineExceeded, context.Canceled, io.ErrUnexpectedEOF, io.EOF} {
		if errors.Is(err, known) {
			return known
		}
	}
	if certificate, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return certificate
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return op
	}
	return errors.New("the connection failed")
}
