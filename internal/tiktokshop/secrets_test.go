package tiktokshop_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/tiktokshop"
)

// shown is everything that printing, logging and marshalling make of a value.
func shown(v any) string {
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "v", v)
	marshalled, _ := json.Marshal(v)
	return fmt.Sprintf("%v|%+v|%#v|%s|%q|%d|%x|", v, v, v, v, v, v, v) + string(marshalled) + log.String()
}

func TestNoValueShowsItsSecrets(t *testing.T) {
	t.Parallel()
	o := tiktokshop.Options{AppKey: appKey, AppSecret: appSecret}
	c := newClient(t, "http://127.0.0.1:1", nil)
	a := tiktokshop.Access{Token: token, Cipher: cipher}
	g := tiktokshop.Grant{AccessToken: token, RefreshToken: "RT-demo"}
	s := tiktokshop.AuthorizedShop{ID: "1", Cipher: cipher}
	for _, v := range []any{
		o, &o, c, a, &a, g, &g, s, &s, c.Shop(access), *c.Shop(access),
		[]tiktokshop.AuthorizedShop{s}, map[string]tiktokshop.Access{"x": a}, struct{ A tiktokshop.Access }{a},
	} {
		out := shown(v)
		for _, secret := range []string{appSecret, token, cipher, "RT-demo"} {
			require.NotContains(t, out, secret, "%T", v)
			require.NotContains(t, out, fmt.Sprintf("%x", secret), "%T", v)
		}
	}
}

// Whatever goes wrong, the error shows no secret, query string or body.
func TestNoErrorShowsSecrets(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	f := newFake(t, func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query() // TikTok repeats all it was told
		words := []string{"jane@example.invalid", "https://x.example/jane", q.Get("app_secret"), q.Get("auth_code"), q.Get("refresh_token"), q.Get("shop_cipher"), r.Header.Get("x-tts-access-token")}
		message, _ := json.Marshal(strings.Join(words, "\n") + strings.Repeat(" long", 200))
		_, _ = fmt.Fprintf(w, `{"code":36009004,"message":%s,"request_id":"r"}`, message)
	})
	dead := newClient(t, "http://127.0.0.1:1", nil)
	garbage := newFake(t, says("not json "+token))
	var errs []error
	for _, c := range []*tiktokshop.Client{f.client, dead, garbage.client} {
		_, code := c.ExchangeCode(ctx, "the-code")
		_, refresh := c.Refresh(ctx, "the-code")
		_, shops := c.AuthorizedShops(ctx, token)
		errs = append(errs, code, refresh, shops, read(c.Shop(access)), write(c.Shop(access)))
	}
	for _, err := range errs {
		e := failed(t, err)
		out := fmt.Sprintf("%v|%+v|%#v|%v", err, *e, e, e.Cause)
		for _, secret := range []string{appSecret, token, cipher, "the-code", "sign=", "app_key", "APPROVE_REFUND", "not json", "jane"} {
			require.NotContains(t, out, secret)
		}
		require.Less(t, len(e.Message), 250)
		require.NotContains(t, e.Message, "\n")
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	for _, o := range []tiktokshop.Options{
		{}, {AppKey: "k"}, {AppSecret: "s"},
		{AppKey: "k", AppSecret: "s-secret", BaseURL: "ftp://x"},
		{AppKey: "k", AppSecret: "s-secret", BaseURL: "https://x/prefix"},
		{AppKey: "k", AppSecret: "s-secret", AuthURL: "https://u:hidden@x"},
		{AppKey: "k", AppSecret: "s-secret", AuthURL: "https://x?hidden"},
		{AppKey: "k", AppSecret: "s-secret", AuthURL: "://"},
	} {
		_, err := tiktokshop.New(o)
		require.Error(t, err)
		require.NotContains(t, err.Error(), "hidden")
		require.NotContains(t, err.Error(), "s-secret")
	}
	_, err := tiktokshop.New(tiktokshop.Options{AppKey: "k", AppSecret: "s"})
	require.NoError(t, err)
}
