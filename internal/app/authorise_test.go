package app

import (
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestASellersConsentIsTaken(t *testing.T) {
	t.Parallel()
	for _, given := range []string{
		"CODE-secret_1\n", "  CODE-secret_1", "https://returns.example.com/?app_key=6a&code=CODE-secret_1&locale=en\n", "https://returns.example.com/?code=CODE%2Dsecret_1&state=x#here",
	} {
		p := newPlatforms(t, demo)
		require.NoError(t, p.authorise(t.Context(), "", strings.NewReader(given), io.Discard, p.out()), given)
		require.Contains(t, p.text(), "Shop demo-gb is authorised until a time TikTok has not told; granted: seller.order.info.")
		require.Equal(t, "CODE-secret_1", p.code)
		access, err := p.acts.Tokens.Access(demo)(t.Context())
		require.NoError(t, err)
		require.Equal(t, "new-secret", access.Token)
		require.Equal(t, "cipher-found", access.Cipher)
	}
}

func TestAConsentNamesTheOtherShopsThatItCovers(t *testing.T) {
	t.Parallel()
	p := newPlatforms(t, demo, "demo-de", "demo-fr")
	p.covers = `,{"id":"2","cipher":"cipher-two"}`
	require.NoError(t, p.authorise(t.Context(), demo, strings.NewReader("CODE-secret_1"), io.Discard, p.out()))
	require.Contains(t, p.text(), "The same authorisation covers demo-de too.")
	access, err := p.acts.Tokens.Access("demo-de")(t.Context())
	require.NoError(t, err)
	require.Equal(t, "new-secret", access.Token)
	require.Equal(t, "cipher-two", access.Cipher)
	access, err = p.acts.Tokens.Access("demo-fr")(t.Context())
	require.NoError(t, err)
	require.Equal(t, "old-secret", access.Token, "a shop that it does not cover keeps its own")
}

func TestWhatIsNoConsentIsNotSent(t *testing.T) {
	t.Parallel()
	p := newPlatforms(t, demo, "demo-de")
	for given, want := range map[string]string{
		"": "no code in that", "\n": "no code in that", "two words": "no code in that", "https://returns.example.com/?state=x": "no code in that",
		"https://returns.example.com/?code=null&error=auth_denied": "the seller did not agree: TikTok says auth_denied",
		"https://returns.example.com/?a=%zz&code=\x7f":             "that is no address",
	} {
		err := p.authorise(t.Context(), demo, strings.NewReader(given), io.Discard, p.out())
		require.ErrorContains(t, err, want, given)
	}
	require.ErrorContains(t, p.authorise(t.Context(), "", strings.NewReader("CODE"), io.Discard, p.out()), "say which with --shop")
	require.Empty(t, p.code)
	p.refuse = "exchange"
	err := p.authorise(t.Context(), demo, strings.NewReader("CODE-secret_2"), io.Discard, p.out())
	require.ErrorContains(t, err, "shop demo-gb is not authorised: tiktok Get Token: human")
	require.NotContains(t, err.Error(), "secret")
}
