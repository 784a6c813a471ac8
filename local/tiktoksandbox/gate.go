package tiktoksandbox

import (
	"crypto/hmac"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// call is one request that passed the gate.
type call struct {
	route     *route
	version   string
	id        string // the {id} of the path
	shop      *shop  // nil where no cipher is used
	grant     *grant
	query     url.Values
	body      []byte
	media     string // content type as sent
	requestID string
	read      []string // SKUs shown by an Inventory Search
	now       time.Time
	tokenLife time.Duration // of page tokens
	asOf      time.Time     // searches show the platform as it was at this moment
	fault     string        // kind of the fault that handlers have to know about
}

// gate checks a call in the order of contract section 5 item 1 (T29).
func (s *Sandbox) gate(r *http.Request, body []byte, requestID string) (*call, *apiError) {
	found, id, version, problem := match(r.Method, r.URL.Path)
	if problem != nil {
		return nil, problem
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, fail(36009004, "Invalid query string.")
	}
	c := &call{route: found, id: id, version: version, query: query, body: body,
		media: r.Header.Get("Content-Type"), requestID: requestID,
		now: s.now(), asOf: s.now().Add(-s.behind), tokenLife: s.period(s.options.PageTokenLife)}
	checks := []func() *apiError{
		func() *apiError { return s.checkPresent(query) },
		func() *apiError { return s.checkTimestamp(query.Get("timestamp")) },
		func() *apiError { return s.checkSignature(r, query, body) },
		func() *apiError { return s.checkToken(c, r.Header.Get("x-tts-access-token")) },
		func() *apiError { return checkScope(c) },
		func() *apiError { return s.checkCipher(c) },
		func() *apiError { return s.checkRate(c) },
	}
	for _, check := range checks {
		if problem := check(); problem != nil {
			return c, problem
		}
	}
	return c, nil
}

func (s *Sandbox) checkPresent(query url.Values) *apiError {
	for _, name := range []string{"app_key", "timestamp", "sign"} {
		if query.Get(name) == "" {
			return fail(36009004, "Invalid credentials. Missing `%s` query parameter.", name)
		}
	}
	if query.Get("app_key") != s.options.AppKey {
		return fail(36009004, "Invalid credentials. Invalid `app_key` query parameter.")
	}
	return nil
}

// Accepted from 5 minutes in the past to 30 seconds in the future (1.3). The
// clock's whole second counts, as the wire has no finer one.
func (s *Sandbox) checkTimestamp(text string) *apiError {
	stamp, err := strconv.ParseInt(text, 10, 64)
	if err != nil || len(text) != 10 {
		return fail(36009004, "Invalid credentials. Invalid `timestamp` query parameter.")
	}
	age := s.now().Add(s.skew).Unix() - stamp
	if age > 300 || age < -30 {
		return fail(36009004, "Invalid credentials. Expired `timestamp` query parameter.")
	}
	return nil
}

// SetClockSkew puts the platform's own clock, by which it judges timestamps and
// dates its answers, ahead of everybody's; negative is behind.
func (s *Sandbox) SetClockSkew(ahead time.Duration) {
	defer s.enter()()
	s.skew = ahead
}

func (s *Sandbox) checkSignature(r *http.Request, query url.Values, body []byte) *apiError {
	want := requestSignature(s.options.AppSecret, r.URL.Path, query, r.Header.Get("Content-Type"), body)
	if !hmac.Equal([]byte(want), []byte(query.Get("sign"))) {
		return fail(106001, "Invalid credentials. The `sign` query parameter is invalid.")
	}
	return nil
}

func (s *Sandbox) checkToken(c *call, token string) *apiError {
	for _, g := range s.grants {
		known := g.access[token]
		switch {
		case known == nil:
			continue
		case !s.now().Before(known.expires):
			return expiredToken()
		case known.revoked:
			return fail(105001, "Invalid credentials. The access token is invalid or the seller removed the authorization.")
		}
		c.grant = g
		return nil
	}
	return fail(36009004, "Invalid credentials. Invalid `x-tts-access-token` header.")
}

func checkScope(c *call) *apiError {
	for _, scope := range []string{c.route.scope, c.route.also} {
		if scope != "" && !slices.Contains(c.grant.scopes, scope) {
			return fail(105005, "Access denied. The app lacks the scope %s.", scope)
		}
	}
	return nil
}

func (s *Sandbox) checkCipher(c *call) *apiError {
	cipher, given := c.query.Get("shop_cipher"), c.query.Has("shop_cipher")
	if c.route.noCipher {
		if given {
			return fail(36009004, "Invalid identifier. Unexpected identifier `shop_cipher`.")
		}
		return nil
	}
	if cipher == "" {
		return fail(106013, "Missing identifier. The `shop_cipher` query parameter is required to identify the target shop.")
	}
	for _, one := range s.shopsOf(c.grant) {
		if one.Cipher == cipher {
			c.shop = one
			return nil
		}
	}
	return fail(101000, "The access token and the `shop_cipher` do not belong together.")
}

// rateWindow counts the calls of one clock second, or hour.
type rateWindow struct {
	window int64
	count  int
}

// checkRate counts per shop and endpoint (1.8).
func (s *Sandbox) checkRate(c *call) *apiError {
	shopID := "-"
	if c.shop != nil {
		shopID = c.shop.ID
	}
	limit := s.limits[c.route.name]
	if limit == nil {
		limit = &RateLimit{PerSecond: s.options.RatePerSecond}
	}
	now := s.now().Unix()
	if s.overRate(shopID+" "+c.route.name, now, limit.PerSecond) {
		return tooManyRequests(limit.RetryAfter)
	}
	if s.overRate(shopID+" hour", now/int64(time.Hour/time.Second), s.options.HourlyCap) {
		return hourIsFull()
	}
	return nil
}

// SetHourlyCap changes Options.HourlyCap from now on; 0 is none.
func (s *Sandbox) SetHourlyCap(calls int) {
	defer s.enter()()
	s.options.HourlyCap = calls
}

// RateLimit is one endpoint's own limit per shop.
type RateLimit struct {
	Endpoint   string
	PerSecond  int           // negative: none
	RetryAfter time.Duration // told with a refusal; 0: not told
}

// SetRateLimit changes one endpoint's limit from now on; limits are dynamic (1.8).
func (s *Sandbox) SetRateLimit(limit RateLimit) error {
	defer s.enter()()
	if !slices.Contains(endpointNames(), limit.Endpoint) || limit.PerSecond == 0 {
		return fmt.Errorf("set rate limit: %d per second at %q", limit.PerSecond, limit.Endpoint)
	}
	s.limits[limit.Endpoint] = &limit
	return nil
}

func (s *Sandbox) overRate(key string, window int64, limit int) bool {
	if limit <= 0 {
		return false
	}
	w := s.rates[key]
	if w == nil || w.window != window {
		w = &rateWindow{window: window}
		s.rates[key] = w
	}
	w.count++
	return w.count > limit
}

// decode reads a JSON body. An empty body counts as {} where nothing is required.
func (c *call) decode(into any) *apiError {
	if len(c.body) == 0 {
		return nil
	}
	if media, _, _ := strings.Cut(c.media, ";"); !strings.EqualFold(strings.TrimSpace(media), "application/json") {
		return fail(36009023, "Invalid content type %q.", c.media)
	}
	if err := json.Unmarshal(c.body, into); err != nil {
		// A right JSON of a wrong type is a parameter error of the endpoint's module.
		if wrongType, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return fail(c.badParameter(), "Invalid type of field %s.", wrongType.Field)
		}
		return fail(36009022, "Invalid body format.")
	}
	return nil
}

// badParameter is the parameter error of the call's module (1.7).
func (c *call) badParameter() int {
	switch c.route.category {
	case "return_refund":
		return 25001001
	case "order":
		return 21001001
	}
	return 98001004
}

const maxBody = 10 << 20

func readBody(r *http.Request) ([]byte, *apiError) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return nil, fail(36009022, "Invalid body format.")
	}
	if len(body) > maxBody {
		return nil, fail(36009021, "The file is too large.")
	}
	return body, nil
}
