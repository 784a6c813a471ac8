package tiktokshop

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"returnbridge/internal/platform"
)

// call is one use of an endpoint.
type call struct {
	endpoint
	id    string     // for the path
	query url.Values // without the parameters that every call has; lists comma-joined (1.3)
	body  any        // nil: none; a form, or what is printed as JSON
	// sendBy is the last moment at which the call may leave; zero: any.
	sendBy time.Time
}

// ErrTooLate is a call that was not sent, because its last moment had passed when
// everything that it waits for was there.
var ErrTooLate = errors.New("not sent: too late")

// do makes the call for the shop and decodes the data of the answer into out
// (nil: not looked at).
func (s *Shop) do(ctx context.Context, k call, out any) (Receipt, error) {
	access, err := s.access(ctx)
	if err != nil {
		return Receipt{}, k.withoutAccess(err)
	}
	return s.client.do(ctx, access, k, out)
}

// withoutAccess keeps what a refused refresh means, but nothing was sent: the
// outcome of this call is not unknown.
func (k call) withoutAccess(err error) error {
	class := platform.ClassOf(err)
	if class == "" || class == platform.OutcomeUnknown {
		class = platform.Retry
	}
	return &platform.Error{
		Platform: platformName, Endpoint: k.name, Class: class, Message: "no credentials for the shop", Cause: err,
	}
}

func (c *Client) do(ctx context.Context, access Access, k call, out any) (Receipt, error) {
	secrets := []string{c.appSecret(), access.Token, access.Cipher}
	request, err := c.signed(access, k)
	if err != nil {
		return Receipt{}, k.refused(err.Error())
	}
	receipt, err := c.exchange(ctx, k.endpoint, request, secrets, out)
	if c.seen != nil {
		c.seen(ctx, err)
	}
	return receipt, err
}

// message is a request that can be sent once.
type message struct {
	method string
	url    url.URL
	header http.Header
	body   []byte

	stamped time.Time // what the signature says; zero: not signed
	walking bool      // asks for a further page of a search
	// once: Go repeats a GET by itself when a kept connection ends without an
	// answer, unless it has a body that cannot be had again.
	once bool

	sendBy time.Time // the last moment at which it may leave; zero: any
}

// signed builds the request as contract 1.3 and 1.4 want it, signed for this
// very moment.
func (c *Client) signed(access Access, k call) (message, error) {
	path, ok := k.pathFor(k.id)
	switch {
	case !ok:
		return message{}, errors.New("an id that is no decimal number")
	case access.Token == "":
		return message{}, errors.New("no access token")
	case k.cipher && access.Cipher == "":
		return message{}, errors.New("no shop cipher")
	}
	body, mediaType, err := encode(k.body)
	if err != nil {
		return message{}, errors.New("a body that cannot be serialised")
	}

	query := url.Values{}
	for key, values := range k.query {
		query.Set(key, strings.Join(values, ","))
	}
	query.Set("app_key", c.appKey)
	stamped := c.now()
	query.Set("timestamp", strconv.FormatInt(stamped.Unix(), 10))
	if k.cipher {
		query.Set("shop_cipher", access.Cipher)
	}
	query.Set("sign", sign(c.appSecret(), path, query, mediaType, body))

	return message{
		method: k.method,
		url:    url.URL{Scheme: c.base.Scheme, Host: c.base.Host, Path: path, RawQuery: query.Encode()},
		header: http.Header{"Content-Type": {mediaType}, "X-Tts-Access-Token": {access.Token}},
		body:   body, stamped: stamped, walking: query.Has("page_token"), sendBy: k.sendBy,
	}, nil
}

// refused is a call that was never sent because TikTok could not have taken it.
func (e endpoint) refused(why string) error {
	return &platform.Error{Platform: platformName, Endpoint: e.name, Class: platform.Permanent, Message: "not sent: " + why}
}
