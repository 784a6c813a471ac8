package app

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"returnbridge/config"
)

// platforms is a house between two platforms that answer from memory, for the
// commands that ask them. Every call is noted.
type platforms struct {
	*house

	t        *testing.T
	temporal *temporalDouble
	said     strings.Builder

	mu       sync.Mutex
	calls    []string
	tiktok   map[string]string            // TikTok's webhooks: address by event type
	returnGO map[string]map[string]string // ReturnGO's webhooks of each store: event and URL by id
	next     int
	refuse   string // the call that is refused
	code     string // the last that was exchanged
	expired  bool   // TikTok takes no old token
	covers   string // further shops of the authorisation
	rmas     string // the answers of the lists
	cases    string
}

func newPlatforms(t *testing.T, shops ...string) *platforms {
	t.Helper()
	p := &platforms{t: t, temporal: &temporalDouble{}, tiktok: map[string]string{}, returnGO: map[string]map[string]string{}, next: 100, rmas: `{"rmas":[]}`, cases: `{"code":0,"data":{}}`}
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	cfg := &config.Config{
		Ledger: filepath.Join(t.TempDir(), "ledger.db"), SealKey: sealKey(strings.Repeat("k", 32)), WebhookURL: "https://returns.example.com/",
		TikTok:   config.TikTok{BaseURL: server.URL, AuthURL: server.URL, AppKey: "key", AppSecret: "app-secret"},
		ReturnGO: []config.ReturnGOKey{{Name: "main", BaseURL: server.URL, APIKey: "api-secret", CallsPerDay: 2000}},
		Periods:  config.Periods{HTTPTimeout: 5 * time.Second, SweepTikTok: time.Minute, RefreshAhead: time.Hour},
	}
	for i, name := range shops {
		cfg.Shops = append(cfg.Shops, config.Shop{
			Name: name, TikTokShopID: fmt.Sprint(i + 1), Region: "GB", AccessToken: "old-secret", ShopCipher: "cipher-" + name, RefreshToken: "refresh-secret",
			ReturnGOKey: "main", ReturnGOStore: "example.myshopify.com", WebhookToken: name + "-" + strings.Repeat("t", 24) + "-secret",
		})
	}
	h, err := open(t.Context(), cfg, Deps{Temporal: p.temporal, Namespace: "returns", Log: zap.NewNop(), Now: func() time.Time { return noon }})
	require.NoError(t, err)
	t.Cleanup(h.close)
	p.house = h
	return p
}

func (p *platforms) out() Output { return Output{&p.said, false} }

// text is what was said since the last time, which must tell no secret.
func (p *platforms) text() string {
	p.t.Helper()
	defer p.said.Reset()
	require.NotContains(p.t, p.said.String(), "secret")
	return p.said.String()
}

// wrote is every call that changed something, since the last time.
func (p *platforms) wrote() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	defer func() { p.calls = nil }()
	return p.calls
}

func (p *platforms) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	call := r.Method + " " + r.URL.Path
	var body struct {
		EventType string `json:"event_type"`
		Address   string `json:"address"`
		EventName string `json:"eventName"`
		URL       string `json:"url"`
	}
	_ = json.NewDecoder(r.Body).Decode(&body) // reads have none
	switch {
	case r.Method == "PRI": // another program of this machine, that speaks HTTP/2 to a port it has lost
	case strings.HasPrefix(call, "GET /api/v2/token"):
		p.code = r.URL.Query().Get("auth_code")
		if p.refuse == "exchange" {
			_, _ = fmt.Fprint(w, `{"code":36004004,"message":"used"}`)
			return
		}
		_, _ = fmt.Fprintf(w, `{"code":0,"data":{"access_token":"new-secret","refresh_token":"refresh-secret-2","access_token_expire_in":%d,"refresh_token_expire_in":0,"granted_scopes":["seller.order.info"]}}`, noon.Add(time.Hour*24).Unix())
	case p.expired && r.Header.Get("X-Tts-Access-Token") == "old-secret":
		_, _ = fmt.Fprint(w, `{"code":105002,"message":"expired"}`)
	case strings.HasPrefix(r.URL.Path, "/authorization/"):
		_, _ = fmt.Fprint(w, `{"code":0,"data":{"shops":[{"id":"1","cipher":"cipher-found"}`+p.covers+`]}}`)
	case strings.HasPrefix(r.URL.Path, "/event/"):
		p.tiktokWebhook(w, r.Method, body.EventType, body.Address)
	case strings.HasPrefix(r.URL.Path, "/webhook"):
		p.returnGOWebhook(w, r, body.EventName, body.URL)
	case call == "GET /rmas":
		_, _ = fmt.Fprint(w, p.rmas)
	case strings.HasSuffix(r.URL.Path, "/returns/search"):
		_, _ = fmt.Fprint(w, p.cases)
	default:
		p.t.Errorf("nobody may call %s", call)
	}
}

func (p *platforms) tiktokWebhook(w http.ResponseWriter, method, event, address string) {
	switch method {
	case http.MethodPut:
		p.calls = append(p.calls, "set "+event)
		if p.refuse == "set "+event {
			_, _ = fmt.Fprint(w, `{"code":36009003,"message":"internal"}`)
			return
		}
		p.tiktok[event] = address
	case http.MethodDelete:
		p.calls = append(p.calls, "delete "+event)
		delete(p.tiktok, event)
	}
	type webhook struct {
		Event   string `json:"event_type"`
		Address string `json:"address"`
	}
	all := []webhook{}
	for e, a := range p.tiktok {
		all = append(all, webhook{e, a})
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"code": 0, "data": map[string]any{"webhooks": all}})
}

func (p *platforms) returnGOWebhook(w http.ResponseWriter, r *http.Request, event, address string) {
	store := r.Header.Get("X-Shop-Name")
	if p.returnGO[store] == nil {
		p.returnGO[store] = map[string]string{}
	}
	type webhook struct {
		ID    string `json:"id"`
		Event string `json:"eventName"`
		URL   string `json:"url"`
	}
	switch r.Method {
	case http.MethodPost:
		p.calls = append(p.calls, "add "+event)
		if p.refuse == "add "+event {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		p.next++
		id := fmt.Sprint(p.next)
		p.returnGO[store][id] = event + " " + address
		_ = json.NewEncoder(w).Encode(webhook{id, event, address})
	case http.MethodDelete:
		id := strings.TrimPrefix(r.URL.Path, "/webhook/")
		p.calls = append(p.calls, "remove "+p.returnGO[store][id])
		delete(p.returnGO[store], id)
	default:
		all := []webhook{}
		for id, row := range p.returnGO[store] {
			event, address, _ := strings.Cut(row, " ")
			all = append(all, webhook{id, event, address})
		}
		_ = json.NewEncoder(w).Encode(all)
	}
}
