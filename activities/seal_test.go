package activities

import (
	"context"
	"crypto/cipher"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/ledger"
)

// earlier is a row as the versions wrote it that gave each shop one of its own.
func earlier(t *testing.T, access, refresh string, expires time.Time, seeds ...string) string {
	t.Helper()
	plain, err := json.Marshal(map[string]any{"a": access, "r": refresh, "e": expires, "f": time.Time{}, "c": "GCP_old"})
	require.NoError(t, err)
	var marks []string
	for _, s := range seeds {
		marks = append(marks, markOf(s))
	}
	key, nonce := sealOf(t, 1), make([]byte, 12)
	behind := strings.Join(marks, ":")
	return base64.StdEncoding.EncodeToString(key.Seal(nonce, nonce, plain, []byte(behind))) + ":" + behind
}

// upgraded puts such rows where the migration leaves them.
func (s *seller) upgraded(p *Activities, rows map[string]string) {
	s.t.Helper()
	require.NoError(s.t, p.Ledger.Do(s.t.Context(), func(tx *ledger.Tx) error {
		for shop, sealed := range rows {
			if err := tx.EnterGrant(s.t.Context(), ledger.Grant{ID: shop, Sealed: sealed}); err != nil {
				return err
			}
			if _, err := tx.NameGrant(s.t.Context(), shop, "", shop); err != nil {
				return err
			}
		}
		return nil
	}))
}

func (s *seller) rows(p *Activities) (all []ledger.Grant) {
	s.t.Helper()
	require.NoError(s.t, p.Ledger.Read(s.t.Context(), func(tx *ledger.Tx) (err error) {
		all, err = tx.Grants(s.t.Context())
		return err
	}))
	return all
}

// A ledger in which each shop has a row of its own keeps the living token, whichever
// row it is in, and sends no spent one.
func TestALedgerWithARowForEachShopKeepsTheLivingToken(t *testing.T) {
	t.Parallel()
	living := func(t *testing.T, s *seller) string {
		s.n, s.current, s.alive["AT-5"] = 5, "RT-5", noon.Add(accessLife)
		return earlier(t, "AT-5", "RT-5", noon.Add(accessLife), "RT-0")
	}
	for name, rows := range map[string]func(*testing.T, *seller) map[string]string{
		"both never refreshed": func(t *testing.T, s *seller) map[string]string {
			s.alive["AT-0"] = noon.Add(accessLife)
			same := earlier(t, "AT-0", "RT-0", time.Time{}, "RT-0")
			return map[string]string{"gb": same, "de": same}
		},
		"the first is the newer": func(t *testing.T, s *seller) map[string]string {
			return map[string]string{"gb": living(t, s), "de": earlier(t, "AT-0", "RT-0", time.Time{}, "RT-0")}
		},
		"the second is the newer": func(t *testing.T, s *seller) map[string]string {
			return map[string]string{"de": living(t, s), "gb": earlier(t, "AT-0", "RT-0", time.Time{}, "RT-0")}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSeller(t)
			p := s.process("RT-0", "RT-0")
			s.upgraded(p, rows(t, s))
			for range 10 {
				s.calls(p)
				s.looksAfter(p)
				s.clock.pass(24 * time.Hour)
			}
			s.calls(s.process("RT-0", "RT-0"))
			require.Zero(t, s.refused, "a spent refresh token was sent")
			require.Empty(t, s.waker.ill)
		})
	}
}

// The one shop's row holds a token that the other's refresh ended, and nothing but
// TikTok knows it.
func TestAShopWhoseTokenWasSpentByAnotherFindsTheLivingOne(t *testing.T) {
	t.Parallel()
	for name, cipher := range map[string]string{"the cipher is configured": "GCP_gb", "TikTok is asked for the cipher": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSeller(t)
			p := s.process("", "")
			p.Tokens.Seeds["gb"] = Seed{ShopID: "1", Cipher: cipher}
			s.n, s.current, s.alive["AT-5"] = 5, "RT-5", noon.Add(accessLife)
			s.upgraded(p, map[string]string{"gb": earlier(t, "AT-4", "RT-4", noon, "RT-other"), "de": earlier(t, "AT-5", "RT-5", noon.Add(accessLife), "RT-0")})
			s.calls(p)
			s.looksAfter(p)
			require.Equal(t, 1, s.refused, "once, then the other's counts")
			require.Empty(t, s.waker.ill)
			for range 10 {
				s.clock.pass(24 * time.Hour)
				s.looksAfter(p)
				s.calls(p)
			}
			require.Equal(t, 1, s.refused)
		})
	}
}

func TestOneConsentIsForAllShopsThatItCovers(t *testing.T) {
	t.Parallel()
	s := newSeller(t)
	p := s.process("", "")
	granted, err := p.Tokens.Authorise(t.Context(), "gb", "CODE")
	require.NoError(t, err)
	require.ElementsMatch(t, []string{"gb", "de"}, granted.Shops)
	s.calls(p)
	again := s.process("RT-dead", "") // a token that TikTok refuses takes the place of none that it takes
	_, err = again.Tokens.Access("gb")(t.Context())
	require.NoError(t, err)
	s.calls(again)
	_, err = again.Tokens.Authorise(t.Context(), "de", "CODE")
	require.NoError(t, err)
	require.Len(t, s.rows(p), 1, "what no shop calls with any more is deleted")
	s.clock.pass(time.Minute)
	s.calls(s.process("RT-dead", ""))
	require.Equal(t, 1, s.refused)
	known, _, err := p.Tokens.Granted(t.Context(), "de")
	require.NoError(t, err)
	require.ElementsMatch(t, []string{"gb", "de"}, known.Shops)
}

// A consent that covers fewer shops leaves the others what they have.
func TestANarrowerConsentLeavesTheOtherShopItsToken(t *testing.T) {
	t.Parallel()
	s := newSeller(t)
	p := s.process("RT-0", "RT-0")
	s.calls(p)
	delete(s.covers, "2")
	_, err := p.Tokens.Authorise(t.Context(), "gb", "CODE")
	require.NoError(t, err)
	s.clock.pass(time.Minute)
	for shop, token := range map[string]string{"gb": "AT-2", "de": "AT-1"} {
		access, err := p.Tokens.Access(shop)(t.Context())
		require.NoError(t, err)
		require.Equal(t, token, access.Token, shop)
	}
	require.Len(t, s.rows(p), 2)
}

// A row sealed for one grant does not open as another's, nor as anything else.
func TestASealedGrantBelongsToItsID(t *testing.T) {
	t.Parallel()
	s := newSeller(t)
	p := s.process("RT-0", "")
	_, err := p.Tokens.Access("gb")(t.Context())
	require.NoError(t, err)
	row := s.rows(p)[0]
	_, err = p.Tokens.open(row)
	require.NoError(t, err)
	for name, moved := range map[string]ledger.Grant{
		"another grant": {ID: "de", Sealed: row.Sealed}, "without its purpose": {ID: row.ID, Sealed: strings.TrimPrefix(row.Sealed, sealForm)},
	} {
		_, err := p.Tokens.open(moved)
		require.ErrorContains(t, err, "cannot be opened", name)
	}
	s.upgraded(p, map[string]string{"de": row.Sealed})
	_, err = p.Tokens.Access("de")(t.Context())
	require.Error(t, err, "shop de calls with what was sealed for another grant")
}

// The key is changed: the old one opens what it sealed, the new one seals from then
// on, and after that nothing needs the old one.
func TestTheSealKeyIsChanged(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(context.Context, *Tokens) error{
		"at the start": func(ctx context.Context, k *Tokens) error { _, err := k.Reseal(ctx); return err },
		"at a call":    func(ctx context.Context, k *Tokens) error { _, err := k.Access("gb")(ctx); return err },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSeller(t)
			p := s.process("RT-0", "RT-0")
			s.calls(p)
			changed := s.process("RT-0", "RT-0")
			changed.Tokens.Seal, changed.Tokens.OldSeals = sealOf(t, 2), []cipher.AEAD{sealOf(t, 3), sealOf(t, 1)}
			n, err := changed.Tokens.OldKeys(t.Context())
			require.NoError(t, err)
			require.Equal(t, 1, n)
			require.NoError(t, start(t.Context(), changed.Tokens))
			n, err = changed.Tokens.OldKeys(t.Context())
			require.NoError(t, err)
			require.Zero(t, n)
			after := s.process("RT-0", "RT-0")
			after.Tokens.Seal = sealOf(t, 2)
			s.calls(after)
			require.Equal(t, 1, s.refreshes())
		})
	}
}

func TestARowOfAnEarlierVersionIsSealedAnew(t *testing.T) {
	t.Parallel()
	s := newSeller(t)
	p := s.process("RT-0", "")
	s.alive["AT-0"] = noon.Add(accessLife)
	s.upgraded(p, map[string]string{"gb": earlier(t, "AT-0", "RT-0", noon.Add(accessLife), "RT-0")})
	unopened, err := p.Tokens.Reseal(t.Context())
	require.NoError(t, err)
	require.Zero(t, unopened)
	row := s.rows(p)[0]
	require.True(t, strings.HasPrefix(row.Sealed, sealForm))
	g, err := p.Tokens.open(row)
	require.NoError(t, err)
	require.Equal(t, "RT-0", g.Refresh)
	require.Equal(t, []string{markOf("RT-0")}, g.seeds)
}
