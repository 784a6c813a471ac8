package tiktoksandbox

import (
	"net/http"
)

// serveTokens answers the two unsigned GETs of contract 1.2.
func (s *Sandbox) serveTokens(r *http.Request, requestID string) reply {
	query := r.URL.Query()
	if r.Method != http.MethodGet {
		return failure(requestID, fail(36009010, "Invalid method."))
	}
	if query.Get("app_key") != s.options.AppKey || query.Get("app_secret") != s.options.AppSecret {
		return failure(requestID, fail(36009004, "Invalid credentials. Invalid `app_key` or `app_secret`."))
	}
	var granted *grant
	var problem *apiError
	switch r.URL.Path {
	case "/api/v2/token/get":
		s.count("auth/get")
		granted, problem = s.redeemCode(query.Get("auth_code"), query.Get("grant_type"))
	default:
		s.count("auth/refresh")
		granted, problem = s.redeemRefresh(query.Get("refresh_token"), query.Get("grant_type"))
	}
	if problem != nil {
		return failure(requestID, problem)
	}
	access, refresh := s.issue(granted)
	return success(requestID, object{
		"access_token": access,
		// Absolute Unix seconds, not durations (1.2).
		"access_token_expire_in":  granted.access[access].Unix(),
		"refresh_token":           refresh,
		"refresh_token_expire_in": granted.refreshExpiry.Unix(),
		"open_id":                 granted.sellerID,
		"seller_name":             granted.name,
		"seller_base_region":      granted.region,
		"user_type":               0,
		"granted_scopes":          granted.scopes,
	})
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
	return found.grant, nil
}

func (s *Sandbox) redeemRefresh(token, grantType string) (*grant, *apiError) {
	if grantType != "refresh_token" {
		return nil, fail(36009004, "Invalid `grant_type`.")
	}
	for _, g := range s.grants {
		if g.refresh != token || token == "" || g.revoked {
			continue
		}
		if !s.now().Before(g.refreshExpiry) {
			break
		}
		return g, nil
	}
	return nil, fail(36004001, "The refresh token is invalid or expired.")
}
