package tiktokshop

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"returnbridge/internal/platform"
)

// SellerUser is the only user type we accept (contract 1.2).
const SellerUser = 0

// Grant is what a seller's authorisation gives (contract 1.2). However it is
// printed, logged or marshalled, its tokens do not show.
type Grant struct {
	AccessToken    string
	RefreshToken   string // replaces the one it was got with: store both together
	AccessExpires  time.Time
	RefreshExpires time.Time // zero: not told
	OpenID         string
	UserType       int    // 0 seller, 1 creator, 3 partner
	Region         string // seller_base_region, ISO country
	Scopes         []string
}

func (g Grant) String() string {
	return fmt.Sprintf("grant of user type %d in %s until %s", g.UserType, g.Region, g.RefreshExpires.Format(time.RFC3339))
}
func (g Grant) GoString() string             { return g.String() }
func (g Grant) Format(f fmt.State, _ rune)   { _, _ = io.WriteString(f, g.String()) }
func (g Grant) LogValue() slog.Value         { return slog.StringValue(g.String()) }
func (g Grant) MarshalJSON() ([]byte, error) { return json.Marshal(g.String()) }

type wireGrant struct {
	AccessToken    text       `json:"access_token"`
	AccessExpires  unix       `json:"access_token_expire_in"` // absolute, despite the name
	RefreshToken   text       `json:"refresh_token"`
	RefreshExpires unix       `json:"refresh_token_expire_in"`
	OpenID         text       `json:"open_id"`
	UserType       count      `json:"user_type"`
	Region         text       `json:"seller_base_region"`
	Scopes         list[text] `json:"granted_scopes"`
}

// ExchangeCode turns the code of the seller's consent into a grant; a code
// works once, within 30 minutes. Human: code used, expired or invalid
// (36004004), or a user who is no seller. OutcomeUnknown: the code may be spent.
func (c *Client) ExchangeCode(ctx context.Context, code string) (Grant, error) {
	g, receipt, err := c.token(ctx, tokenGet, url.Values{"grant_type": {"authorized_code"}, "auth_code": {code}}, code)
	if err == nil && g.UserType != SellerUser {
		return Grant{}, tokenGet.lacking(platform.Human, receipt, fmt.Sprintf("a seller: the authorisation is of user type %d", g.UserType))
	}
	return g, err
}

// Refresh gives a new access token and the refresh token that counts from now
// on. The old refresh token dies at once, the old access token lives to its end
// (T01): only one refresh may run per authorisation. Human: the seller has to
// authorise again (36004001). OutcomeUnknown: the refresh token may be spent.
func (c *Client) Refresh(ctx context.Context, refreshToken string) (Grant, error) {
	g, _, err := c.token(ctx, tokenRefresh, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refreshToken}}, refreshToken)
	return g, err
}

// token makes the unsigned call whose secrets stand in the query string.
func (c *Client) token(ctx context.Context, e endpoint, query url.Values, secret string) (Grant, Receipt, error) {
	if secret == "" {
		return Grant{}, Receipt{}, e.refused("nothing to exchange")
	}
	query.Set("app_key", c.appKey)
	query.Set("app_secret", c.appSecret())
	m := message{
		method: e.method,
		url:    url.URL{Scheme: c.auth.Scheme, Host: c.auth.Host, Path: e.path, RawQuery: query.Encode()},
		header: http.Header{},
		once:   true, // it spends its secret
	}
	var w wireGrant
	receipt, err := c.exchange(ctx, e, m, []string{c.appSecret(), secret}, &w)
	if err != nil {
		return Grant{}, receipt, err
	}
	if w.AccessToken == "" || w.RefreshToken == "" {
		return Grant{}, receipt, e.lacking(platform.OutcomeUnknown, receipt, "tokens")
	}
	return Grant{
		AccessToken: string(w.AccessToken), RefreshToken: string(w.RefreshToken),
		AccessExpires: w.AccessExpires.Time, RefreshExpires: w.RefreshExpires.Time,
		OpenID: string(w.OpenID), UserType: w.UserType.n, Region: string(w.Region), Scopes: strs(w.Scopes),
	}, receipt, nil
}

// AuthorizedShop is one of the shops a grant covers (contract 2.1). Its cipher
// goes into every call and is not printed.
type AuthorizedShop struct {
	ID         string // what webhooks call shop_id
	Name       string
	Region     string // ISO country
	SellerType string
	Code       string
	Cipher     string
}

func (s AuthorizedShop) String() string {
	return fmt.Sprintf("shop %s %s in %s", s.ID, s.Code, s.Region)
}
func (s AuthorizedShop) GoString() string             { return s.String() }
func (s AuthorizedShop) Format(f fmt.State, _ rune)   { _, _ = io.WriteString(f, s.String()) }
func (s AuthorizedShop) LogValue() slog.Value         { return slog.StringValue(s.String()) }
func (s AuthorizedShop) MarshalJSON() ([]byte, error) { return json.Marshal(s.String()) }

// AuthorizedShops lists the shops that the token opens (contract 2.1): one grant
// may cover several, each with a cipher of its own.
func (c *Client) AuthorizedShops(ctx context.Context, accessToken string) ([]AuthorizedShop, error) {
	var w struct {
		Shops list[struct {
			ID         text `json:"id"`
			Name       text `json:"name"`
			Region     text `json:"region"`
			SellerType text `json:"seller_type"`
			Cipher     text `json:"cipher"`
			Code       text `json:"code"`
		}] `json:"shops"`
	}
	if _, err := c.do(ctx, Access{Token: accessToken}, call{endpoint: getAuthorizedShops}, &w); err != nil {
		return nil, err
	}
	var shops []AuthorizedShop
	for _, s := range w.Shops {
		shops = append(shops, AuthorizedShop{
			ID: string(s.ID), Name: string(s.Name), Region: string(s.Region),
			SellerType: string(s.SellerType), Code: string(s.Code), Cipher: string(s.Cipher),
		})
	}
	return shops, nil
}
