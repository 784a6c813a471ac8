package activities

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/platform"
	"returnbridge/internal/tiktokshop"
)

const (
	exchange = "GET /api/v2/token/get"
	consent  = "CODE-secret-consent"
)

// consents answers the exchange of one code, once.
func (b *bench) consents() http.HandlerFunc {
	spent := false
	return func(w http.ResponseWriter, r *http.Request) {
		if spent || r.URL.Query().Get("auth_code") != consent {
			code(36004004)(w, r)
			return
		}
		spent = true
		_, _ = fmt.Fprintf(w, `{"code":0,"data":{"access_token":"AT-new","access_token_expire_in":%d,"refresh_token":"RT-new","refresh_token_expire_in":1891536000,"user_type":0,"granted_scopes":["seller.order.info"]}}`,
			b.clock.now().Add(7*24*time.Hour).Unix())
	}
}

func TestACodeBecomesTheShopsAuthorisation(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	seed(b.Activities, Seed{})
	b.answers(exchange, b.consents())
	granted, err := b.Tokens.Authorise(b.ctx, shopName, consent)
	require.NoError(t, err)
	require.Equal(t, Granted{b.clock.now().Add(7 * 24 * time.Hour), time.Unix(1891536000, 0).UTC(), []string{"seller.order.info"}, []string{shopName}}, granted)
	for _, process := range []*Activities{b.Activities, seed(b.process(), Seed{})} {
		got, err := accessOf(b, process)
		require.NoError(t, err)
		require.Equal(t, tiktokshop.Access{Token: "AT-new", Cipher: "GCP_found"}, got)
	}
	require.Zero(t, b.count("refresh"), "nothing is spent")
	_, err = b.Tokens.Authorise(b.ctx, shopName, consent)
	require.Equal(t, platform.Human, platform.ClassOf(err), "a code works once")
	require.NotContains(t, err.Error(), consent)
	require.Equal(t, "AT-new", b.stored(b.Activities).Access)
}

// What a code brought is newer than what the configuration still says, and than a
// token that nobody can open any more.
func TestACodeIsNewerThanTheConfiguration(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, err := accessOf(b, b.Activities)
	require.NoError(t, err)
	before := b.process() // with the old configuration, and another seal key
	before.Tokens.Seal = sealOf(t, 2)
	b.answers(exchange, b.consents())
	_, err = before.Tokens.Authorise(b.ctx, shopName, consent)
	require.NoError(t, err)
	b.clock.pass(time.Hour)
	got, err := accessOf(b, before)
	require.NoError(t, err)
	require.Equal(t, "AT-new", got.Token)
	_, err = accessOf(b, b.Activities)
	require.ErrorContains(t, err, "give back the seal_key")
	require.Equal(t, "AT-new", b.stored(before).Access)
}

func TestWhatIsConfiguredAndWasNeverUsedIsOlderThanACode(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.answers(exchange, b.consents())
	_, err := b.Tokens.Authorise(b.ctx, shopName, consent)
	require.NoError(t, err)
	b.clock.pass(time.Hour)
	got, err := accessOf(b, b.Activities)
	require.NoError(t, err)
	require.Equal(t, "AT-new", got.Token)
}

func TestACodeThatCannotBeUsedChangesNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, err := accessOf(b, b.Activities)
	require.NoError(t, err)
	before := b.stored(b.Activities)
	b.answers(exchange, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprint(w, `{"code":0,"data":{"access_token":"AT-new","access_token_expire_in":1791536000,"refresh_token":"RT-new","refresh_token_expire_in":1891536000,"user_type":1}}`)
	})
	_, err = b.Tokens.Authorise(b.ctx, shopName, consent)
	require.ErrorContains(t, err, "the authorisation is of user type 1")
	b.answers(exchange, b.consents())
	b.answers("shops", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprint(w, `{"code":0,"data":{"shops":[{"id":"8","cipher":"GCP_other"}]}}`)
	})
	_, err = b.Tokens.Authorise(b.ctx, shopName, consent)
	require.ErrorContains(t, err, "the authorisation does not cover shop 7490000000000000001")
	silent(t, err)
	require.Equal(t, before, b.stored(b.Activities))
	calls := b.count(exchange)
	wrong := b.process()
	wrong.Tokens.Seal = sealOf(t, 2)
	wrong.Tokens.Seeds["another shop"] = Seed{ShopID: "8"}
	_, err = wrong.Tokens.Authorise(b.ctx, "another shop", consent)
	require.ErrorContains(t, err, "give back the seal_key")
	_, err = b.Tokens.Authorise(b.ctx, "nowhere", strings.Repeat("c", 8))
	require.ErrorContains(t, err, "not in the configuration")
	require.Equal(t, calls, b.count(exchange), "a code is not spent in vain")
}
