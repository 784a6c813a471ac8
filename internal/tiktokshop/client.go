package tiktokshop

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"
)

// The production hosts (contract 1.1). There is no sandbox host.
const (
	DefaultBaseURL = "https://open-api.tiktokglobalshop.com"
	DefaultAuthURL = "https://auth.tiktok-shops.com"
)

// DefaultTimeout is short enough that a caller with half a minute still has
// time to note what happened.
const DefaultTimeout = 10 * time.Second

// Options configure a Client. Printing them shows no secret.
type Options struct {
	BaseURL   string // scheme and host of the API; empty: DefaultBaseURL
	AuthURL   string // scheme and host of the token calls; empty: DefaultAuthURL
	AppKey    string // required
	AppSecret string // required
	// AppSecretPrevious still proves webhooks while the app's secret is changed; empty: none.
	AppSecretPrevious string
	HTTP              *http.Client     // its transport is shared, redirects are never followed; nil: one of our own
	Clock             func() time.Time // synchronised: TikTok takes 30 s of future (1.3), and one that is off costs a refusal; nil: time.Now
	Timeout           time.Duration    // of one call with its answer; must end well before the caller's own; 0: DefaultTimeout
	// Seen hears how each call of a shop ended; nil: nobody.
	Seen func(ctx context.Context, err error)
}

// Client holds the app's credentials, the connections and what it learnt of its
// clock. It is safe for concurrent use.
type Client struct {
	base, auth *url.URL
	appKey     string
	appSecret  func() string // a function, because no way of printing looks into one
	previous   func() string // the secret before it, empty if none counts any more
	http       *http.Client
	clock      func() time.Time
	skew       atomic.Int64 // nanoseconds that TikTok's clock is ahead of ours
	ahead      atomic.Int64 // the same, by the Date of its last answer, if it was worth believing
	timeout    time.Duration
	seen       func(context.Context, error)
}

// New checks the options; its errors name the option and never its value.
func New(o Options) (*Client, error) {
	if o.AppKey == "" || o.AppSecret == "" {
		return nil, errors.New("tiktok client: AppKey and AppSecret are required")
	}
	base, err := hostURL("BaseURL", o.BaseURL, DefaultBaseURL)
	if err != nil {
		return nil, err
	}
	auth, err := hostURL("AuthURL", o.AuthURL, DefaultAuthURL)
	if err != nil {
		return nil, err
	}
	c := &Client{
		base: base, auth: auth, appKey: o.AppKey, appSecret: func() string { return o.AppSecret }, previous: func() string { return o.AppSecretPrevious },
		http: withoutRedirects(o.HTTP), clock: o.Clock, timeout: o.Timeout, seen: o.Seen,
	}
	if c.clock == nil {
		c.clock = time.Now
	}
	if c.timeout <= 0 {
		c.timeout = DefaultTimeout
	}
	return c, nil
}

// hostURL refuses anything behind the host: the signature covers the path (1.4),
// so a prefix would have to be signed or not, and nobody could tell which.
func hostURL(option, given, fallback string) (*url.URL, error) {
	if given == "" {
		given = fallback
	}
	u, err := url.Parse(given)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil ||
		(u.Path != "" && u.Path != "/") || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("tiktok client: %s must be scheme and host only, such as %s", option, fallback)
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host}, nil
}

// withoutRedirects keeps token and signature at the host they were made for.
func withoutRedirects(given *http.Client) *http.Client {
	h := http.Client{}
	if given != nil {
		h = *given
	} else if t, ok := http.DefaultTransport.(*http.Transport); ok {
		t = t.Clone()
		t.MaxIdleConnsPerHost = 32 // one host, many workers
		h.Transport = t
	}
	h.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &h
}

// AccessFunc gives the credentials for the next call; it is asked for each one.
// Its error ends the call before anything is sent.
type AccessFunc func(ctx context.Context) (Access, error)

// Shop is one shop of one seller.
type Shop struct {
	client *Client
	access AccessFunc
}

// Shop binds the client to a shop's credentials.
func (c *Client) Shop(access AccessFunc) *Shop { return &Shop{client: c, access: access} }

// Receipt is what the audit keeps of a call that wrote: TikTok's id of the call
// and when the answer came. After a failure it is filled as far as known.
type Receipt struct {
	RequestID string    `json:"request_id"`
	At        time.Time `json:"at"`
}
