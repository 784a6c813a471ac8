package returngo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// DefaultTimeout is how long one call may take, from dialling to the last byte
// of the answer.
const DefaultTimeout = 10 * time.Second

// Options say where ReturnGO is and how to call it.
type Options struct {
	// BaseURL is scheme and host, such as "https://api.returngo.ai". It is
	// configuration because ReturnGO has no public test host (A01).
	BaseURL string
	// APIKey is the secret of one store owner, valid for all stores of that
	// owner (ReturnGO contract 1.2). It is never printed.
	APIKey string `json:"-"`
	// HTTP is shared with others; nil means a plain client. Redirects are never
	// followed, because the key must not travel to another host.
	HTTP *http.Client
	// LoopbackLabels lets labels come from this machine too, also without TLS: for a
	// sandbox. Else they are fetched from public https hosts alone.
	LoopbackLabels bool
	// Clock gives the time of receipts and reads a Retry-After date; nil means time.Now.
	Clock func() time.Time
	// Timeout is the deadline of one call; 0 means DefaultTimeout.
	Timeout time.Duration
	// Allow is asked before each call is sent, because ReturnGO counts them by the
	// day. A wait puts the call off: it fails with class retry, CodeQuotaKept and
	// that RetryAfter. Nil allows everything.
	Allow func(context.Context) (wait time.Duration, err error)
	// Seen hears how each call that was sent ended; nil: nobody.
	Seen func(ctx context.Context, err error)
}

// Format prints the options without the key, whatever the verb.
func (o Options) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "returngo.Options(%s)", o.BaseURL) }

// Client calls ReturnGO with one API key. It is safe for concurrent use.
type Client struct {
	base    string
	key     string
	http    *http.Client
	labels  *http.Client // for addresses that ReturnGO names: never a private one
	local   bool         // labels may come from this machine
	clock   func() time.Time
	timeout time.Duration
	allow   func(context.Context) (time.Duration, error)
	seen    func(context.Context, error)
}

// New checks the options; its errors name the option and never its secret.
func New(o Options) (*Client, error) {
	base, err := url.Parse(o.BaseURL)
	switch {
	case err != nil:
		return nil, errors.New("returngo: base URL is no URL")
	case base.Scheme != "https" && base.Scheme != "http", base.Host == "":
		return nil, errors.New("returngo: base URL needs a scheme (https) and a host")
	case base.User != nil || base.RawQuery != "" || base.Fragment != "":
		return nil, errors.New("returngo: base URL must be scheme, host and path only")
	case !sendable(o.APIKey):
		return nil, errors.New("returngo: API key is empty or has characters that fit no header")
	case o.Timeout < 0:
		return nil, errors.New("returngo: timeout is negative")
	}
	c := &Client{base: strings.TrimRight(base.String(), "/"), key: o.APIKey, clock: o.Clock, timeout: o.Timeout, allow: o.Allow, seen: o.Seen}
	if c.clock == nil {
		c.clock = time.Now
	}
	if c.timeout == 0 {
		c.timeout = DefaultTimeout
	}
	c.http = withoutRedirects(o.HTTP)
	c.labels, c.local = withoutRedirects(&http.Client{Transport: publicOnly(o.LoopbackLabels)}), o.LoopbackLabels
	return c, nil
}

// withoutRedirects shares the transport of h, and its connections.
func withoutRedirects(h *http.Client) *http.Client {
	var own http.Client
	if h != nil {
		own = *h
	}
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &own
}

// String names the client without its key.
func (c Client) String() string { return "returngo.Client(" + c.base + ")" }

// Format prints String, whatever the verb.
func (c Client) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// Shop is ReturnGO as seen by one store: every call is scoped to it by the
// x-shop-name header (ReturnGO contract 1.2).
type Shop struct {
	client *Client
	name   string
}

// Shop gives the calls of one store. The name is what ReturnGO's dashboard
// copies, an opaque string (A02). No request is made; an unknown shop shows as
// class human (403) at the first call.
func (c *Client) Shop(name string) *Shop { return &Shop{client: c, name: name} }

// String names the shop.
func (s Shop) String() string { return "returngo.Shop(" + s.name + ")" }

// Format prints String, whatever the verb.
func (s Shop) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// sendable tells whether value can go out as an HTTP header.
func sendable(value string) bool {
	if value == "" || strings.TrimSpace(value) != value {
		return false
	}
	return !strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' })
}
