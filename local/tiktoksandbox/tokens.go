package tiktoksandbox

import (
	"net/http"
)

// tokenGate checks the two unsigned GETs of contract 1.2.
func (s *Sandbox) tokenGate(r *http.Request, _ []byte, requestID string) (*call, *apiError) {
	found := tokenRoutes[r.URL.Path]
	query := r.URL.Query()
	switch {
	case found == nil:
		return nil, fail(36009009, "Invalid path.")
	case r.Method != http.MethodGet:
		return nil, fail(36009010, "Invalid method.")
	}
	c := &call{route: found, query: query, requestID: requestID, asOf: s.now()}
	if query.Get("app_key") != s.options.AppKey || query.Get("app_secret") != s.options.AppSecret {
		return c, fail(36009004, "Invalid credentials. Invalid `app_key` or `app_secret`.")
	}
	return c, nil
}

func (s *Sandbox) exchangeCode(c *call) (any, *apiError) {
	granted, problem := s.redeemCode(c.query.Get("auth_code"), c.query.Get("grant_type"))
	if problem != nil {
		return nil, problem
	}
	return s.newTokens(granted), nil
}

func (s *Sandbox) refreshToken(c *call) (any, *apiError) {
	granted, problem := s.redeemRefresh(c.query.Get("refresh_token"), c.query.Get("grant_type"))
	if problem != nil {
		return nil, problem
	}
	s.books.Refreshes[granted.sellerID]++
	return s.newTokens(granted), nil
}

func (s *Sandbox) newTokens(granted *grant) object {
	access, refresh := s.issue(granted)
	return object{
		"access_token": access,
		// Absolute Unix seconds, not durations (1.2).
		"access_token_expire_in":  granted.access[access].expires.Unix(),
		"refresh_token":           refresh,
		"refresh_token_expire_in": granted.expires.Unix(),
		"open_id":                 granted.sellerID,
		"seller_name":             granted.name,
		"seller_base_region":      granted.region,
		"user_type":               0,
		"granted_scopes":          granted.scopes,
	}
}

func (s *Sandbox) redeemCode(code, grantType string) (*grant, *apiError) {
	found, ok := s.authCodes[code]
	if grantType != "authorized_code" {
		return nil, fail(36009004, "Invalid `grant_type`.")
	}
	if !ok || found.used || !s.now().Before(found.expires) {
		return nil, fail(36004004, "The auth code is invalid, expired or used.")
	}
	found.used = true
	s.startGrant(found.grant)
	return found.grant, nil
}

func (s *Sandbox) redeemRefresh(token, grantType string) (*grant, *apiError) {
	if grantType != "refresh_token" {
		return nil, fail(36009004, "Invalid `grant_type`.")
	}
	for _, g := range s.grants {
		if g.refresh != token || token == "" {
			continue
		}
		if !s.now().Before(g.expires) {
			break
		}
		return g, nil
	}
	return nil, fail(36004001, "The refresh token is invalid or expired.")
}
