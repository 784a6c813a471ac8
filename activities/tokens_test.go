package activities

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/platform"
	"returnbridge/internal/returns"
	"returnbridge/internal/tiktokshop"
)

// seed sets what the configuration gives a process.
func seed(a *Activities, s Seed) *Activities {
	s.ShopID = "7490000000000000001"
	a.Tokens.Seeds[shopName] = s
	return a
}

func accessOf(b *bench, a *Activities) (tiktokshop.Access, error) {
	return a.Tokens.Access(shopName)(b.ctx)
}

func (b *bench) stored(a *Activities) grant {
	b.t.Helper()
	g, found, err := a.Tokens.stored(b.ctx, shopName)
	require.NoError(b.t, err)
	require.True(b.t, found)
	return g
}

// rotating exchanges a refresh token once and never again (T01).
func (b *bench) rotating(first string) http.HandlerFunc {
	valid, n := first, 1
	return func(w http.ResponseWriter, r *http.Request) {
		b.change(func() {
			if r.URL.Query().Get("refresh_token") != valid {
				code(36004001)(w, r)
				return
			}
			n++
			valid = fmt.Sprintf("%s-%d", first, n)
			_, _ = fmt.Fprintf(w, `{"code":0,"data":{"access_token":"AT-%d","access_token_expire_in":%d,"refresh_token":"%s","refresh_token_expire_in":1891536000}}`,
				n, b.clock.now().Add(7*24*time.Hour).Unix(), valid)
		})
	}
}

// together runs work of many at once.
func together(n int, work func(i int)) {
	var ready, done sync.WaitGroup
	gate := make(chan struct{})
	for i := range n {
		ready.Add(1)
		done.Go(func() {
			ready.Done()
			<-gate
			work(i)
		})
	}
	ready.Wait()
	close(gate)
	done.Wait()
}

func TestManyProcessesSeedAndRefreshOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.answers("refresh", b.rotating(refresh))
	processes := make([]*Activities, 6)
	for i := range processes {
		processes[i] = seed(b.process(), Seed{Cipher: "GCP_demo", RefreshToken: refresh})
	}
	errs := make([]error, 30)
	together(len(errs), func(i int) { _, errs[i] = accessOf(b, processes[i%len(processes)]) })
	for _, err := range errs {
		if err != nil {
			require.Equal(t, platform.Retry, platform.ClassOf(err), "%v", err)
		}
	}
	require.Equal(t, 1, b.count("refresh"))
	for _, p := range processes {
		got, err := accessOf(b, p)
		require.NoError(t, err)
		require.Equal(t, tiktokshop.Access{Token: "AT-2", Cipher: "GCP_demo"}, got)
	}
	require.Equal(t, 1, b.count("refresh"))
}

// A new authorisation in the configuration takes the place of the stored one,
// once, whoever comes first, and whatever an older process still has in its own.
func TestANewSeedReplacesOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, err := accessOf(b, b.Activities)
	require.NoError(t, err)
	b.answers("refresh", b.rotating("RT-new"))
	fresh := make([]*Activities, 4)
	for i := range fresh {
		fresh[i] = seed(b.process(), Seed{Cipher: "GCP_demo", RefreshToken: "RT-new"})
	}
	together(24, func(i int) { _, _ = accessOf(b, fresh[i%len(fresh)]) })
	got, err := accessOf(b, fresh[0])
	require.NoError(t, err)
	require.Equal(t, "AT-2", got.Token)
	require.Equal(t, 1, b.count("refresh"))

	old := b.process() // not restarted yet, or restarted with yesterday's file
	got, err = accessOf(b, old)
	require.NoError(t, err)
	require.Equal(t, "AT-2", got.Token, "the older authorisation does not come back")
	got, err = accessOf(b, seed(b.process(), Seed{Cipher: "GCP_demo", RefreshToken: "RT-new"}))
	require.NoError(t, err)
	require.Equal(t, "AT-2", got.Token)
	require.Equal(t, 1, b.count("refresh"))
}

func TestARefusedTokenIsRenewedOnceAndUsed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.answers("refresh", b.rotating(refresh))
	strict := func(call string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("X-Tts-Access-Token") != "AT-2" {
				code(105002)(w, r)
				return
			}
			b.change(func() { b.usual(w, call, "") })
		}
	}
	for _, call := range []string{"order", "returns", "stock", "orders-search"} {
		b.answers(call, strict(call))
	}
	must[messages.PlanResult](b, b.LookReturnGO, messages.LookInput{Shop: shopName, Key: key})
	errs := make([]error, 12)
	together(len(errs), func(i int) {
		_, errs[i] = run[messages.PlanResult](b, b.LookTikTok, messages.LookInput{Shop: shopName, Key: key})
	})
	require.Equal(t, 1, b.count("refresh"), "many were refused, one renewed")
	must[messages.PlanResult](b, b.LookTikTok, messages.LookInput{Shop: shopName, Key: key})
	require.Equal(t, 1, b.count("refresh"))
}

// Whoever is refused renews: not only looks, also stock and sweeps.
func TestStockAndSweepsRenewARefusedToken(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		call  string
		fails bool // an error for Temporal to try again
		do    func(*bench) error
	}{
		"stock read":  {"stock", true, func(b *bench) error { _, err := run[messages.RoundResult](b, b.StockRound, stockInput); return err }},
		"stock write": {"set-stock", false, func(b *bench) error { _, err := run[messages.RoundResult](b, b.StockRound, stockInput); return err }},
		"sweep": {"returns", true, func(b *bench) error {
			_, err := run[messages.SweepResult](b, b.SweepTikTok, messages.ShopInput{Shop: shopName})
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.owe(wh1, "u1")
			b.answers(c.call, code(105002))
			require.Equal(t, c.fails, c.do(b) != nil)
			require.Equal(t, 1, b.count("refresh"))
			b.answers(c.call, nil)
			b.clock.pass(time.Second)
			require.NoError(t, c.do(b))
			require.Equal(t, 1, b.count("refresh"))
		})
	}
}

// Configured with an access token that has run out meanwhile, and without a
// cipher: the first question is refused already.
func TestAnOldSeedIsRenewedBeforeTheCipherIsAsked(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	seed(b.Activities, Seed{AccessToken: access, RefreshToken: refresh})
	b.answers("shops", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Tts-Access-Token") == access {
			code(105002)(w, r)
			return
		}
		b.change(func() { b.usual(w, "shops", "") })
	})
	got, err := accessOf(b, b.Activities)
	require.NoError(t, err)
	require.Equal(t, tiktokshop.Access{Token: access + "-2", Cipher: "GCP_found"}, got)
	require.Equal(t, refresh+"-2", b.stored(b.Activities).Refresh)
}

func TestTheCipherIsFoundOrNamedMissing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	seed(b.Activities, Seed{AccessToken: access, RefreshToken: refresh})
	got, err := accessOf(b, b.Activities)
	require.NoError(t, err)
	require.Equal(t, "GCP_found", got.Cipher)
	require.Equal(t, "GCP_found", b.stored(b.Activities).Ciphers["7490000000000000001"])
	b.clock.pass(time.Hour)
	_, err = accessOf(b, b.Activities)
	require.NoError(t, err)
	require.Equal(t, 1, b.count("shops"))

	other := newBench(t)
	other.Tokens.Seeds[shopName] = Seed{ShopID: "404", AccessToken: access, RefreshToken: refresh}
	_, err = accessOf(other, other.Activities)
	require.Equal(t, platform.Human, platform.ClassOf(err))
	require.ErrorContains(t, err, "does not cover shop 404")
}

// While one process asks for the cipher another may renew the token: what was
// renewed stands, or the refresh token is lost for good.
func TestTheCipherDoesNotBringAnOldTokenBack(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	seed(b.Activities, Seed{AccessToken: access, RefreshToken: refresh})
	other := b.process()
	b.answers("shops", func(w http.ResponseWriter, r *http.Request) {
		g, _, err := other.Tokens.stored(r.Context(), shopName)
		if err == nil {
			_, err = other.Tokens.refresh(r.Context(), g)
		}
		if err != nil {
			b.t.Error(err)
		}
		b.change(func() { b.usual(w, "shops", "") })
	})
	_, err := accessOf(b, b.Activities)
	require.NoError(t, err)
	require.Equal(t, refresh+"-2", b.stored(b.Activities).Refresh)
	require.Equal(t, "GCP_found", b.stored(b.Activities).Ciphers["7490000000000000001"])
}

func TestALostRefreshIsNotForgotten(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	seed(b.Activities, Seed{Cipher: "GCP_demo", RefreshToken: refresh})
	b.answers("refresh", b.cutOff(""))
	_, err := accessOf(b, b.Activities)
	require.Equal(t, platform.OutcomeUnknown, platform.ClassOf(err))
	_, err = b.Shops[shopName].TikTok.Orders(b.ctx, orderID)
	require.Equal(t, platform.Retry, platform.ClassOf(err), "the order's call was never sent")
	require.Equal(t, 1, b.count("refresh"), "not twice at once")
	require.Zero(t, b.count("order"))
	b.clock.pass(refreshClaim + time.Second)
	b.answers("refresh", code(36004001)) // the old refresh token died with the lost answer
	_, err = accessOf(b, b.Activities)
	require.Equal(t, platform.Human, platform.ClassOf(err))
	b.clock.pass(refreshClaim + time.Second)
	b.answers("refresh", nil)
	_, err = accessOf(b, seed(b.process(), Seed{Cipher: "GCP_demo", RefreshToken: "RT-again"}))
	require.NoError(t, err, "the seller authorised again")
}

func TestRefreshTokenRenewsInTime(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	seed(b.Activities, Seed{Cipher: "GCP_demo", RefreshToken: refresh})
	renew := func() {
		_, err := run[struct{}](b, b.RefreshToken, messages.ShopInput{Shop: shopName})
		require.NoError(t, err)
	}
	renew()
	require.Equal(t, 1, b.count("refresh"))
	b.clock.pass(4 * 24 * time.Hour)
	renew()
	require.Equal(t, 1, b.count("refresh"), "three days are left")
	b.clock.pass(25 * time.Hour)
	renew()
	require.Equal(t, 2, b.count("refresh"), "less than two days are left")
	b.clock.pass(10 * 24 * time.Hour)
	b.answers("refresh", code(36004001))
	renew() // only the seller can mend it: there is nothing to try again
	require.Equal(t, 3, b.count("refresh"))
}

// The seal opens with its key alone, and neither it nor any error shows a token.
func TestTheSeal(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, err := accessOf(b, b.Activities)
	require.NoError(t, err)
	k := get(b, func(tx *ledger.Tx) (ledger.Grant, error) {
		k, _, err := tx.GrantOf(b.ctx, shopName)
		return k, err
	})
	sealed, marks, _ := strings.Cut(strings.TrimPrefix(k.Sealed, sealForm), ":")
	raw, err := base64.StdEncoding.DecodeString(sealed)
	require.NoError(t, err)
	for _, hidden := range []string{access, refresh, "GCP_demo"} {
		require.NotContains(t, string(raw), hidden)
		require.NotContains(t, k.Sealed, hidden)
	}
	other := b.process()
	other.Tokens.Seal = sealOf(t, 2)
	_, err = accessOf(b, other)
	require.ErrorContains(t, err, "cannot be opened with this seal key")
	silent(t, err)
	for _, damaged := range []string{"", "!", "AAAA", sealed, k.Sealed[:len(k.Sealed)-8], sealed[:len(sealed)-8] + ":" + marks, base64.StdEncoding.EncodeToString(append(raw, 0)) + ":" + marks} {
		for _, form := range []string{"", sealForm} {
			_, err := b.Tokens.open(ledger.Grant{ID: k.ID, Sealed: form + strings.TrimPrefix(damaged, sealForm)})
			require.Error(t, err)
			silent(t, err)
		}
		_, err := b.Tokens.open(ledger.Grant{ID: k.ID, Sealed: damaged})
		require.Error(t, err)
		silent(t, err)
	}
	for _, wrong := range []string{"", "short", base64.StdEncoding.EncodeToString(make([]byte, 31))} {
		_, err := NewSeal(wrong)
		require.ErrorContains(t, err, "seal key")
	}
}

// A wrong key is named; nothing is sealed with it over what the right one opens.
func TestAWrongSealKeySealsNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, err := accessOf(b, b.Activities)
	require.NoError(t, err)
	before := b.stored(b.Activities)
	wrong := b.process()
	wrong.Tokens.Seal = sealOf(t, 2)
	_, err = accessOf(b, wrong)
	require.Equal(t, platform.Human, platform.ClassOf(err), "a person is asked")
	require.ErrorContains(t, err, "give back the seal_key")
	wrong.Tokens.Seeds["another shop"] = Seed{Cipher: "GCP_demo", AccessToken: access, RefreshToken: "another"}
	_, err = wrong.Tokens.Access("another shop")(b.ctx)
	require.ErrorContains(t, err, "give back the seal_key", "it would seal what the right key cannot open")
	_, found, err := b.Tokens.stored(b.ctx, "another shop")
	require.NoError(t, err)
	require.False(t, found)
	require.Equal(t, before, b.stored(b.Activities))
	must[messages.PlanResult](b, wrong.LookReturnGO, messages.LookInput{Shop: shopName, Key: key})
	plan := must[messages.PlanResult](b, wrong.LookTikTok, messages.LookInput{Shop: shopName, Key: key}).Plan
	require.True(t, raised(plan, returns.PlatformRefused), "and not tried again for ever without a word")
	require.Contains(t, fmt.Sprint(plan), "give back the seal_key")
}

// Who has lost the key authorises the app again, and needs nothing else.
func TestANewAuthorisationHealsALostSealKey(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, err := accessOf(b, b.Activities)
	require.NoError(t, err)
	healed := seed(b.process(), Seed{Cipher: "GCP_demo", AccessToken: "AT-new", RefreshToken: refresh + "-new"})
	healed.Tokens.Seal = sealOf(t, 2)
	got, err := accessOf(b, healed)
	require.NoError(t, err)
	require.Equal(t, "AT-new", got.Token)
	b.clock.pass(time.Hour)
	_, err = accessOf(b, b.Activities)
	require.ErrorContains(t, err, "give back the seal_key", "a process with the old key does not take it back")
	require.Equal(t, "AT-new", b.stored(healed).Access)
}

func TestGrantedTellsNoSecret(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, found, err := b.Tokens.Granted(b.ctx, shopName)
	require.NoError(t, err)
	require.False(t, found)
	seed(b.Activities, Seed{Cipher: "GCP_demo", RefreshToken: refresh})
	b.answers("refresh", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprint(w, `{"code":0,"data":{"access_token":"AT-2","access_token_expire_in":1791536000,"refresh_token":"RT-2","refresh_token_expire_in":1891536000,"granted_scopes":["seller.order.info"]}}`)
	})
	_, err = accessOf(b, b.Activities)
	require.NoError(t, err)
	granted, found, err := b.Tokens.Granted(b.ctx, shopName)
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, Granted{time.Unix(1791536000, 0).UTC(), time.Unix(1891536000, 0).UTC(), []string{"seller.order.info"}, []string{shopName}}, granted)
}

func TestNothingSecretInErrors(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	seed(b.Activities, Seed{RefreshToken: refresh})
	echo := func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, `{"code":36004001,"message":"bad %s %s"}`, r.URL.RawQuery, r.Header.Get("X-Tts-Access-Token"))
	}
	b.answers("refresh", echo)
	_, err := accessOf(b, b.Activities)
	silent(t, err)
	b.answers("refresh", b.cutOff(""))
	b.clock.pass(time.Hour)
	_, err = run[struct{}](b, b.RefreshToken, messages.ShopInput{Shop: shopName})
	silent(t, err)
	seed(b.Activities, Seed{RefreshToken: refresh + "-new", AccessToken: access})
	b.answers("shops", echo)
	b.clock.pass(time.Hour)
	must[messages.PlanResult](b, b.LookReturnGO, messages.LookInput{Shop: shopName, Key: key})
	out := must[messages.PlanResult](b, b.LookTikTok, messages.LookInput{Shop: shopName, Key: key})
	silent(t, fmt.Errorf("%+v", out))
	delete(b.Tokens.Seeds, shopName)
	_, err = b.Tokens.read(context.WithoutCancel(b.ctx), shopName)
	require.ErrorContains(t, err, "no TikTok authorisation")
}

func silent(t *testing.T, err error) {
	t.Helper()
	require.Error(t, err)
	for _, hidden := range []string{access, refresh, secret, apiKey, "GCP_"} {
		require.NotContains(t, err.Error(), hidden)
	}
}

// stored is the grant as the ledger holds it.
func (t *Tokens) stored(ctx context.Context, shop string) (g grant, found bool, err error) {
	err = t.Ledger.Do(ctx, func(tx *ledger.Tx) error {
		row, stored, err := tx.GrantOf(ctx, shop)
		if found = stored; err == nil && found {
			g, err = t.open(row)
		}
		return err
	})
	return g, found, err
}

// A refusal just after a renewal is one in passing: nobody is told that the seller
// must come back, and no second refresh token is spent for it.
func TestARefusalJustAfterARenewalIsTriedAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.look()
	b.answers("refresh", b.rotating(refresh))
	b.answers("returns", code(105002))
	for range 3 {
		_, err := run[messages.PlanResult](b, b.LookTikTok, messages.LookInput{Shop: shopName, Key: key})
		require.Error(t, err)
		b.clock.pass(10 * time.Second)
	}
	require.Empty(t, b.waker.ill)
	require.Equal(t, 1, b.count("refresh"))
	b.answers("returns", nil)
	must[messages.PlanResult](b, b.LookTikTok, messages.LookInput{Shop: shopName, Key: key})
}
