package activities

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/testsuite"

	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/tiktokshop"
)

// seller is a TikTok with one seller, whose one authorisation covers two shops
// (TikTok contract 1.2): each refresh ends the refresh token it was made with, and
// leaves the access token to its own end (T01).
type seller struct {
	t      *testing.T
	clock  *clock
	dsn    string
	server *httptest.Server

	mu      sync.Mutex
	n       int                  // of the present tokens
	current string               // the one refresh token that is taken
	alive   map[string]time.Time // access tokens, until when
	refused int                  // refreshes with a token that was spent
	lost    bool                 // the next refresh's answer does not arrive
	covers  map[string]string    // cipher of each shop by id
	waker   *waker
}

const accessLife = 7 * 24 * time.Hour

func newSeller(t *testing.T) *seller {
	t.Helper()
	s := &seller{
		t: t, clock: &clock{at: noon}, dsn: ledgerFile(t), current: "RT-0", alive: map[string]time.Time{},
		covers: map[string]string{"1": "GCP_gb", "2": "GCP_de"}, waker: &waker{},
	}
	s.server = httptest.NewServer(s)
	t.Cleanup(s.server.Close)
	return s
}

func (s *seller) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	say := func(code int, data string) {
		_, _ = fmt.Fprintf(w, `{"code":%d,"message":"m","request_id":"r","data":%s}`, code, data)
	}
	q := r.URL.Query()
	token := r.Header.Get("X-Tts-Access-Token")
	switch r.URL.Path {
	case "/api/v2/token/refresh":
		if q.Get("refresh_token") != s.current {
			s.refused++
			say(36004001, "{}")
			return
		}
		s.issue(say)
	case "/api/v2/token/get":
		s.issue(say)
	case "/authorization/202309/shops":
		if !s.takes(token) {
			say(105002, "{}")
			return
		}
		shops := ""
		for id, cipher := range s.covers {
			shops += fmt.Sprintf(`,{"id":%q,"cipher":%q,"region":"GB"}`, id, cipher)
		}
		say(0, `{"shops":[`+shops[1:]+`]}`)
	default: // a call of a shop
		switch cipher := q.Get("shop_cipher"); {
		case !s.takes(token):
			say(105002, "{}")
		case cipher != s.covers["1"] && cipher != s.covers["2"]:
			say(101000, "{}")
		default:
			say(0, `{"warehouses":[{"id":"of `+cipher+`"}]}`)
		}
	}
}

// issue gives a new pair of tokens.
func (s *seller) issue(say func(int, string)) {
	s.n++
	s.current = fmt.Sprintf("RT-%d", s.n)
	access := fmt.Sprintf("AT-%d", s.n)
	s.alive[access] = s.clock.now().Add(accessLife)
	if s.lost {
		s.lost = false
		panic(http.ErrAbortHandler)
	}
	say(0, fmt.Sprintf(`{"access_token":%q,"access_token_expire_in":%d,"refresh_token":%q,"refresh_token_expire_in":%d,"user_type":0}`,
		access, s.alive[access].Unix(), s.current, s.clock.now().Add(10*365*24*time.Hour).Unix()))
}

func (s *seller) takes(access string) bool { return s.clock.now().Before(s.alive[access]) }

func (s *seller) refreshes() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.n
}

// process is one process with its own connection to the ledger. Refresh tokens are
// those of gb and de.
func (s *seller) process(gb, de string) *Activities {
	s.t.Helper()
	l, err := ledger.Open(s.t.Context(), s.dsn, s.clock.now)
	require.NoError(s.t, err)
	s.t.Cleanup(func() { _ = l.Close() })
	client, err := tiktokshop.New(tiktokshop.Options{BaseURL: s.server.URL, AuthURL: s.server.URL, AppKey: "key", AppSecret: "secret", Clock: s.clock.now, Timeout: 5 * time.Second})
	require.NoError(s.t, err)
	a := &Activities{Ledger: l, Now: s.clock.now, Waker: s.waker, Shops: map[string]*Shop{}, Tokens: &Tokens{
		Ledger: l, Client: client, Seal: sealOf(s.t, 1), Now: s.clock.now, Ahead: 48 * time.Hour,
		Seeds: map[string]Seed{"gb": {ShopID: "1", RefreshToken: gb}, "de": {ShopID: "2", RefreshToken: de}},
	}}
	for name := range a.Tokens.Seeds {
		a.Shops[name] = &Shop{Key: name, TikTok: client.Shop(a.Tokens.Access(name))}
	}
	return a
}

// calls makes one call for each shop, once more where its token was refused, and
// expects each to reach its own shop.
func (s *seller) calls(a *Activities) {
	s.t.Helper()
	for shop, cipher := range map[string]string{"gb": "GCP_gb", "de": "GCP_de"} {
		all, err := a.Shops[shop].TikTok.Warehouses(s.t.Context())
		if err = a.renewed(s.t.Context(), shop, err); err != nil {
			all, err = a.Shops[shop].TikTok.Warehouses(s.t.Context())
		}
		require.NoError(s.t, err, shop)
		require.Equal(s.t, "of "+cipher, all[0].ID)
	}
}

// looksAfter is the scheduled run of both shops.
func (s *seller) looksAfter(a *Activities) {
	s.t.Helper()
	for _, shop := range []string{"gb", "de"} {
		var suite testsuite.WorkflowTestSuite
		env := suite.NewTestActivityEnvironment()
		env.RegisterActivityWithOptions(func(ctx context.Context) error {
			return a.RefreshToken(ctx, messages.ShopInput{Shop: shop})
		}, activity.RegisterOptions{Name: "RefreshToken"})
		_, err := env.ExecuteActivity("RefreshToken")
		require.NoError(s.t, err)
		s.clock.pass(refreshClaim + time.Second) // a second try, where the other shop's run is at it
	}
}

// One authorisation over two shops is the ordinary case for a seller in two markets:
// it is renewed once for both, and nobody is told of anything, however it is
// configured and wherever it is renewed.
func TestTwoShopsOfOneAuthorisation(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		gb, de    string
		processes int
	}{
		"the same token for both":                    {"RT-0", "RT-0", 1},
		"the same token for both, two processes":     {"RT-0", "RT-0", 2},
		"the token in the first only":                {"RT-0", "", 1},
		"the token in the second only, two programs": {"", "RT-0", 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSeller(t)
			programs := make([]*Activities, c.processes)
			start := func() {
				for i := range programs {
					programs[i] = s.process(c.gb, c.de)
				}
			}
			start()
			for day := range 30 {
				if day == 15 {
					start() // all are restarted
				}
				for _, p := range programs {
					s.calls(p)
					s.looksAfter(p)
				}
				s.clock.pass(24 * time.Hour)
			}
			require.Zero(t, s.refused, "a spent refresh token was sent")
			require.Empty(t, s.waker.ill, "nobody is told that calls are stopped")
			require.Equal(t, 6, s.refreshes(), "the first, and one each fifth day")
		})
	}
}

// Both shops find their token refused at the same moment, in two processes.
func TestTwoShopsRenewOneAuthorisationAtOnce(t *testing.T) {
	t.Parallel()
	s := newSeller(t)
	programs := []*Activities{s.process("RT-0", "RT-0"), s.process("RT-0", "RT-0")}
	for _, p := range programs {
		s.calls(p)
	}
	s.clock.pass(accessLife + time.Second) // the scheduled runs were missed
	together(16, func(i int) {
		p, shop := programs[i%2], []string{"gb", "de"}[i/2%2]
		_, err := p.Shops[shop].TikTok.Warehouses(t.Context())
		require.Empty(t, IllnessOf(p.renewed(t.Context(), shop, err), s.clock.now()).Illness)
	})
	s.clock.pass(memory + time.Second)
	for _, p := range programs {
		s.calls(p)
	}
	require.Zero(t, s.refused)
	require.Equal(t, 2, s.refreshes())
}

// The answer of a refresh is lost, and its successor with it (T01): the seller must
// come back. Until the access token ends calls go on, and people read when that is;
// one consent then heals both shops.
func TestALostAnswerOfASharedRefresh(t *testing.T) {
	t.Parallel()
	s := newSeller(t)
	p := s.process("RT-0", "RT-0")
	s.calls(p)
	s.looksAfter(p)
	s.clock.pass(accessLife - 47*time.Hour - 5*time.Minute)
	s.lost = true
	require.Error(t, p.Tokens.Renew(t.Context(), "gb"))
	for range 4 {
		s.clock.pass(6 * time.Hour)
		s.looksAfter(p)
		s.calls(p)
	}
	require.Empty(t, s.waker.ill, "calls still go on")
	for _, shop := range []string{"gb", "de"} {
		require.Contains(t, openSentences(t, p, shop), "authorisation ends at "+noon.Add(accessLife).Format(time.RFC3339))
	}
	granted, err := p.Tokens.Authorise(t.Context(), "de", "CODE")
	require.NoError(t, err)
	require.False(t, granted.AccessExpires.IsZero())
	s.clock.pass(accessLife - time.Hour)
	s.looksAfter(p)
	s.calls(p)
	require.Empty(t, openSentences(t, p, "gb")+openSentences(t, p, "de"))
	require.Empty(t, s.waker.ill)
}

// openSentences is what people read of a shop.
func openSentences(t *testing.T, a *Activities, shop string) (all string) {
	t.Helper()
	require.NoError(t, a.Ledger.Read(t.Context(), func(tx *ledger.Tx) error {
		open, err := tx.OpenExceptions(t.Context(), ledger.ExceptionFilter{Shop: shop})
		for _, e := range open {
			all += e.Sentence + "\n"
		}
		return err
	}))
	return all
}
