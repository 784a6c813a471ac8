package tiktoksandbox

import (
	"fmt"
	"slices"
	"time"
)

// Shop is one TikTok shop. Empty ids are given by the sandbox.
type Shop struct {
	ID       string
	Name     string
	Region   string // ISO country; default GB
	Cipher   string
	Currency string // default by region
	// SellerID names the grant: shops of one seller share one authorisation and its
	// one pair of tokens (1.2). Default one of the shop's own.
	SellerID string
	Scopes   []string
	// ReturnDocument is what the shop's buyers need to send goods back:
	// SHIPPING_LABEL (default), QR_CODE or QR_CODE_NBNL (2.3).
	ReturnDocument string
	// NoReturnRules lets sellers open cases in every market; default off (4.1).
	NoReturnRules bool
}

type shop struct {
	Shop
	settings map[string]*webhookSetting
}

// grant is one seller's authorisation of the app.
type grant struct {
	sellerID     string
	name, region string
	scopes       []string
	access       map[string]*issuedToken // older ones live on (T01)
	latest       string                  // the access token that belongs to refresh
	refresh      string
	expires      time.Time // of the authorisation: refreshing does not prolong it (1.2)
	revoked      bool      // until the seller authorises again
}

type issuedToken struct {
	expires time.Time
	revoked bool
}

type authCode struct {
	grant   *grant
	expires time.Time
	used    bool
}

// allScopes are the scopes of contract 1.2.
var allScopes = []string{
	"seller.authorization.info", "seller.order.info", "seller.return_refund.basic",
	"seller.fulfillment.basic", "seller.product.basic", "seller.product.write",
	"seller.global_product.write", "seller.logistics", "seller.finance.info",
}

var currencyOf = map[string]string{
	"GB": "GBP", "US": "USD", "VN": "VND", "ID": "IDR", "JP": "JPY", "MX": "MXN", "BR": "BRL",
	"MY": "MYR", "PH": "PHP", "SG": "SGD", "TH": "THB",
}

// AddShop opens a shop and authorises the app for it. A shop that joins a living
// grant gets the tokens that the grant has.
func (s *Sandbox) AddShop(spec Shop) (accessToken, refreshToken string) {
	defer s.enter()()
	spec.ID = orNew(s, spec.ID, "shop")
	setDefault(&spec.Region, "GB")
	setDefault(&spec.Currency, currencyOf[spec.Region])
	setDefault(&spec.Currency, "EUR")
	setDefault(&spec.Name, "Demo "+spec.Region)
	setDefault(&spec.ReturnDocument, documentLabel)
	setDefault(&spec.Cipher, "GCP_"+spec.ID[len(spec.ID)-8:])
	spec.SellerID = orNew(s, spec.SellerID, "seller")
	if len(spec.Scopes) == 0 {
		spec.Scopes = allScopes
	}
	s.shops[spec.ID] = &shop{Shop: spec, settings: map[string]*webhookSetting{}}
	g := s.grantOf(spec.SellerID)
	if g == nil {
		g = &grant{sellerID: spec.SellerID, name: spec.Name, region: spec.Region,
			scopes: spec.Scopes, access: map[string]*issuedToken{}}
		s.grants = append(s.grants, g)
	}
	if g.refresh != "" && s.now().Before(g.expires) {
		return g.latest, g.refresh
	}
	s.startGrant(g)
	return s.issue(g)
}

func (s *Sandbox) grantOf(sellerID string) *grant {
	for _, g := range s.grants {
		if g.sellerID == sellerID {
			return g
		}
	}
	return nil
}

// issue gives new tokens. The previous refresh token stops at once, previous
// access tokens live until their own expiry (T01).
func (s *Sandbox) issue(g *grant) (access, refresh string) {
	access, refresh = s.newToken("TTP_"), s.newToken("TTR_")
	expires := s.now().Add(s.period(s.options.AccessTokenLife))
	if expires.After(g.expires) {
		expires = g.expires
	}
	g.access[access] = &issuedToken{expires: expires}
	g.latest, g.refresh = access, refresh
	return access, refresh
}

// startGrant begins an authorisation: it lives for a year, and topic 7 warns of
// its end.
func (s *Sandbox) startGrant(g *grant) {
	g.revoked = false
	g.expires = s.now().Add(s.period(s.options.RefreshTokenLife))
	s.warnOfExpiry(g)
}

func (s *Sandbox) newToken(prefix string) string {
	return fmt.Sprintf("%s%016x%016x", prefix, s.random.Uint64(), s.random.Uint64())
}

// Authorize is a seller accepting the consent page: it returns the code of the
// redirect, valid 30 minutes and once (1.2).
func (s *Sandbox) Authorize(shopID string) (code string, err error) {
	defer s.enter()()
	target, ok := s.shops[shopID]
	if !ok {
		return "", fmt.Errorf("authorize: no shop %s", shopID)
	}
	g := s.grantOf(target.SellerID)
	code = s.newToken("ROW_")
	s.authCodes[code] = &authCode{grant: g, expires: s.now().Add(s.period(30 * time.Minute))}
	return code, nil
}

// Deauthorize is a seller removing the app, for all of the seller's shops: tokens
// answer 105001 for good, and topic 6 is the last event sent.
func (s *Sandbox) Deauthorize(shopID string) error {
	defer s.enter()()
	target, ok := s.shops[shopID]
	if !ok {
		return fmt.Errorf("deauthorize: no shop %s", shopID)
	}
	g := s.grantOf(target.SellerID)
	g.revoked, g.latest, g.refresh = true, "", ""
	for _, token := range g.access {
		token.revoked = true
	}
	for _, one := range s.shopsOf(g) {
		s.emit(one.ID, topicDeauthorized, object{"message": "Shop_id {" + one.ID + "} is deauthorized from your APP by merchant."})
	}
	return nil
}

// ExpireAccessTokens lets every access token of the shop's seller run out now.
func (s *Sandbox) ExpireAccessTokens(shopID string) error {
	defer s.enter()()
	target, ok := s.shops[shopID]
	if !ok {
		return fmt.Errorf("expire tokens: no shop %s", shopID)
	}
	g := s.grantOf(target.SellerID)
	for _, token := range g.access {
		token.expires = s.now()
	}
	return nil
}

func (s *Sandbox) shopsOf(g *grant) []*shop {
	var list []*shop
	for _, one := range s.shops {
		if one.SellerID == g.sellerID {
			list = append(list, one)
		}
	}
	slices.SortFunc(list, func(a, b *shop) int { return compareText(a.ID, b.ID) })
	return list
}

func compareText(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
