package activities

import (
	"context"
	"encoding/base64"
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
	"returnbridge/internal/platform"
	"returnbridge/internal/tiktokshop"
)

const renewedShop = "glow-uk"

// renewals is a ledger with tokens and a TikTok that renews them.
type renewals struct {
	t      *testing.T
	tokens *Tokens
	ledger *ledger.Ledger
	server *httptest.Server

	mu        sync.Mutex
	at        time.Time
	refused   string   // refresh answers this error code instead
	down      bool     // refresh does not answer
	meanwhile func()   // happens while a refresh is under way
	spent     []string // refresh tokens that were exchanged or sent in vain
}

func newRenewals(t *testing.T, seed Seed) *renewals {
	t.Helper()
	r := &renewals{t: t, at: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	r.server = httptest.NewServer(http.HandlerFunc(r.answer))
	t.Cleanup(r.server.Close)
	var err error
	r.ledger, err = ledger.Open(t.Context(), ledgerFile(t), r.now)
	require.NoError(t, err)
	t.Cleanup(func() { _ = r.ledger.Close() })
	r.tokens = r.process(seed)
	return r
}

// process is one process with its own configuration on the same ledger.
func (r *renewals) process(seed Seed) *Tokens {
	r.t.Helper()
	client, err := tiktokshop.New(tiktokshop.Options{BaseURL: r.server.URL, AuthURL: r.server.URL, AppKey: "key", AppSecret: "secret", Clock: r.now, Timeout: 5 * time.Second})
	require.NoError(r.t, err)
	seal, err := NewSeal(base64.StdEncoding.EncodeToString(make([]byte, 32)))
	require.NoError(r.t, err)
	seed.Cipher = "cipher"
	return &Tokens{Ledger: r.ledger, Client: client, Seal: seal, Now: r.now, Ahead: 48 * time.Hour, Seeds: map[string]Seed{renewedShop: seed}}
}

func (r *renewals) now() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.at
}

func (r *renewals) pass(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.at = r.at.Add(d)
}

func (r *renewals) answer(w http.ResponseWriter, req *http.Request) {
	if r.meanwhile != nil {
		r.meanwhile()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.spent = append(r.spent, req.URL.Query().Get("refresh_token"))
	n := len(r.spent)
	switch {
	case r.down:
		w.WriteHeader(http.StatusServiceUnavailable)
	case r.refused != "":
		_, _ = fmt.Fprintf(w, `{"code":%s,"message":"expired","request_id":"r"}`, r.refused)
	default:
		_, _ = fmt.Fprintf(w, `{"code":0,"message":"success","request_id":"r","data":{"access_token":"access-%d","access_token_expire_in":%d,"refresh_token":"refresh-%d","refresh_token_expire_in":%d,"user_type":0}}`,
			n, r.at.Add(7*24*time.Hour).Unix(), n, r.at.Add(365*24*time.Hour).Unix())
	}
}

// opens is the access token that a process would send now.
func (r *renewals) opens(p *Tokens) string {
	r.t.Helper()
	p.opened = nil // ask the ledger
	a, err := p.Access(renewedShop)(r.t.Context())
	require.NoError(r.t, err)
	return a.Token
}

func TestAnEmptySeedLeavesTheStoredTokenAlone(t *testing.T) {
	t.Parallel()
	r := newRenewals(t, Seed{RefreshToken: "seed"})
	require.Equal(t, "access-1", r.opens(r.tokens))
	require.Equal(t, "access-1", r.opens(r.process(Seed{})), "the used-up seed was taken out")
	require.Equal(t, "access-1", r.opens(r.process(Seed{AccessToken: "old", RefreshToken: "seed"})), "the same refresh token is no new authorisation")
	require.Equal(t, []string{"seed"}, r.spent)
}

func TestWithoutAnyTokenAPersonIsAsked(t *testing.T) {
	t.Parallel()
	r := newRenewals(t, Seed{})
	_, err := r.tokens.Access(renewedShop)(t.Context())
	require.Equal(t, platform.Human, platform.ClassOf(err))
	require.Equal(t, "access-1", r.opens(r.process(Seed{RefreshToken: "seed"})))
}

func TestTwoSeedsDuringARollingDeploy(t *testing.T) {
	t.Parallel()
	r := newRenewals(t, Seed{RefreshToken: "first"})
	require.Equal(t, "access-1", r.opens(r.tokens))
	fresh := r.process(Seed{AccessToken: "by hand", RefreshToken: "second"})
	require.Equal(t, "by hand", r.opens(fresh), "a new authorisation replaces")
	require.Equal(t, "by hand", r.opens(r.tokens), "the old configuration does not come back")
	require.NoError(t, fresh.Renew(t.Context(), renewedShop), "and its refresh waits for nobody")
	require.Equal(t, "access-2", r.opens(fresh))
	require.Equal(t, "access-2", r.opens(r.tokens))
	require.Equal(t, "access-2", r.opens(r.process(Seed{RefreshToken: "first"})), "nor after a restart")
	require.Equal(t, []string{"first", "second"}, r.spent)
}

func TestARefreshInVainIsNotRepeated(t *testing.T) {
	t.Parallel()
	r := newRenewals(t, Seed{AccessToken: "a", RefreshToken: "seed"})
	r.opens(r.tokens)
	require.NoError(t, r.tokens.Renew(t.Context(), renewedShop))
	require.Equal(t, "access-1", r.opens(r.tokens))
	for range 9 { // the app is de-authorised: TikTok refuses the new token too
		r.pass(time.Minute)
		r.opens(r.tokens)
		require.Equal(t, platform.Human, platform.ClassOf(r.tokens.Renew(t.Context(), renewedShop)))
	}
	require.Len(t, r.spent, 1)
	r.pass(2 * time.Minute)
	require.NoError(t, r.tokens.Renew(t.Context(), renewedShop), "after a while it is tried again")
	require.Len(t, r.spent, 2)
}

func TestARefusedRefreshIsNotRepeated(t *testing.T) {
	t.Parallel()
	r := newRenewals(t, Seed{RefreshToken: "seed"})
	r.refused = "36004001"
	for range 5 {
		_, err := r.tokens.Access(renewedShop)(t.Context())
		require.Equal(t, platform.Human, platform.ClassOf(err))
		r.pass(time.Minute)
	}
	require.Len(t, r.spent, 1)
	require.Equal(t, "new", r.opens(r.process(Seed{AccessToken: "new", RefreshToken: "new"})), "the seller has authorised again")
}

// The refusal comes of another's refresh, which the ledger knows of by now.
func TestARefusedRefreshIsLookedUpInTheLedger(t *testing.T) {
	t.Parallel()
	r := newRenewals(t, Seed{AccessToken: "a", RefreshToken: "seed"})
	r.opens(r.tokens)
	r.refused = "36004001"
	r.meanwhile = func() {
		_, err := r.process(Seed{}).amend(r.t.Context(), markOf("seed"), func(g grant) grant {
			g.Access, g.Refresh = "another's", "another's"
			return g
		})
		require.NoError(r.t, err)
	}
	require.NoError(t, r.tokens.Renew(t.Context(), renewedShop))
	require.Equal(t, "another's", r.opens(r.tokens))
	require.Len(t, r.spent, 1)
}

func TestARefreshThatFailedInPassingIsRepeatedSoon(t *testing.T) {
	t.Parallel()
	r := newRenewals(t, Seed{RefreshToken: "seed"})
	r.down = true
	for range 3 {
		_, err := r.tokens.Access(renewedShop)(t.Context())
		require.Error(t, err)
		require.NotEqual(t, platform.Human, platform.ClassOf(err))
	}
	require.Len(t, r.spent, 1)
	r.down = false
	r.pass(refreshClaim + time.Second)
	require.Equal(t, "access-2", r.opens(r.tokens))
}

// Another process has renewed the token that this one still had in memory.
func TestATokenRenewedElsewhereIsUsedFirst(t *testing.T) {
	t.Parallel()
	r := newRenewals(t, Seed{AccessToken: "a", RefreshToken: "seed"})
	other := r.process(r.tokens.Seeds[renewedShop])
	r.opens(r.tokens)
	r.opens(other)
	require.NoError(t, other.Renew(t.Context(), renewedShop))
	r.pass(20 * time.Minute)
	require.NoError(t, r.tokens.Renew(t.Context(), renewedShop))
	a, err := r.tokens.Access(renewedShop)(t.Context())
	require.NoError(t, err)
	require.Equal(t, "access-1", a.Token)
	require.Len(t, r.spent, 1)
}

// A seed entered while the old authorisation is being renewed is the newer one;
// a cipher found meanwhile costs nobody the renewed token.
func TestWhatChangesDuringARefresh(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		meanwhile func(*renewals)
		want      string
	}{
		"a new seed": {func(r *renewals) { r.opens(r.process(Seed{AccessToken: "new", RefreshToken: "new"})) }, "new"},
		"a cipher": {func(r *renewals) {
			_, err := r.process(Seed{}).amend(r.t.Context(), markOf("seed"), func(g grant) grant { g.Ciphers = map[string]string{"": "other"}; return g })
			require.NoError(r.t, err)
		}, "access-1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRenewals(t, Seed{AccessToken: "a", RefreshToken: "seed"})
			r.opens(r.tokens)
			r.meanwhile = func() { c.meanwhile(r) }
			require.NoError(t, r.tokens.Renew(t.Context(), renewedShop))
			require.Equal(t, c.want, r.opens(r.tokens))
		})
	}
}

func TestTheRegularRunRenewsInTime(t *testing.T) {
	t.Parallel()
	r := newRenewals(t, Seed{AccessToken: "a", RefreshToken: "seed"})
	guards := &waker{}
	run := func() error {
		var suite testsuite.WorkflowTestSuite
		env := suite.NewTestActivityEnvironment()
		acts := &Activities{Ledger: r.ledger, Tokens: r.tokens, Now: r.now, Waker: guards}
		env.RegisterActivityWithOptions(func(ctx context.Context) error {
			return acts.RefreshToken(ctx, messages.ShopInput{Shop: renewedShop})
		}, activity.RegisterOptions{Name: "RefreshToken"})
		_, err := env.ExecuteActivity("RefreshToken")
		return err
	}
	require.NoError(t, run())
	require.Equal(t, "access-1", r.opens(r.tokens), "nobody knows the end of a configured token")
	for range 5 * 4 {
		r.pass(6 * time.Hour)
		require.NoError(t, run())
	}
	require.Equal(t, "access-2", r.opens(r.tokens), "two days before its end")
	require.Len(t, r.spent, 2)

	r.refused = "36004001"
	r.pass(6 * 24 * time.Hour)
	require.NoError(t, run(), "people are warned; there is nothing to try again")
	require.Empty(t, guards.ill, "the present token lives for a day: no call is stopped")
	r.pass(2 * 24 * time.Hour)
	require.NoError(t, run(), "a person is told")
	require.Equal(t, []string{messages.QueueTikTok(renewedShop) + " unauthorised"}, guards.ill)
	require.Len(t, r.spent, 4)
}
