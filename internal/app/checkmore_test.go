package app

import (
	"bytes"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"returnbridge/internal/ledger"
	"returnbridge/internal/returns"
	"returnbridge/internal/tiktokshop"
)

// rewrite changes a stand's configuration file.
func (s *stand) rewrite(old, text string) {
	s.t.Helper()
	was, err := os.ReadFile(s.file)
	require.NoError(s.t, err)
	require.Contains(s.t, string(was), old)
	require.NoError(s.t, os.WriteFile(s.file, bytes.Replace(was, []byte(old), []byte(text), 1), 0o600))
}

const withToken = "    access_token: old-one\n    shop_cipher: GCP_one\n"

func TestACheckRenewsATokenThatRanOut(t *testing.T) {
	t.Parallel()
	s := newStand(t, withToken)
	s.spent = map[string]bool{"old-one": true}
	said, err := s.check()
	require.NoError(t, err)
	require.Contains(t, said, "a new TikTok access token was got with the refresh token")
	require.Equal(t, 1, s.refreshes)
	said, err = s.check()
	require.NoError(t, err)
	require.NotContains(t, said, "a new TikTok access token")
	require.Equal(t, 1, s.refreshes)
}

func TestACheckSaysWhenTheAuthorisationEnds(t *testing.T) {
	t.Parallel()
	s := newStand(t, withToken)
	said, err := s.check()
	require.NoError(t, err)
	require.Contains(t, said, "the access token ends at a time TikTok tells at the next renewal, the authorisation ends at a time TikTok tells")
	require.Contains(t, said, "note  shop demo-gb   TikTok tells which scopes are granted when a token is renewed, and has not yet")
	require.Zero(t, s.refreshes, "a token that is taken is not renewed to know more")

	late := newStand(t, "")
	late.authorised = authoriseAgain - 1
	said, err = late.check()
	require.NoError(t, err)
	require.Contains(t, said, "note  shop demo-gb   the authorisation ends in 29d 23h: the seller must authorise the app again before")
}

// second is another shop of the same seller.
func second(token string) string {
	return `  - name: demo-de
    tiktok_shop_id: "7490000000000000002"
    region: DE
    refresh_token: ` + token + `
    returngo_key: main
    returngo_store: example.myshopify.com
    webhook_token: ` + strings.Repeat("v", 28) + "-secret\n"
}

func TestACheckSeesASharedAuthorisation(t *testing.T) {
	t.Parallel()
	both := strings.Replace(goodShops, "}]}}", `},{"id":"7490000000000000002","region":"DE","cipher":"GCP_two"}]}}`, 1)
	s := newStand(t, second("refresh-secret"))
	s.tiktok[pathShops] = both
	said, _ := s.check() // what it thinks of the second shop's webhooks is not asked here
	require.Contains(t, said, "ok       shop demo-gb   has one TikTok authorisation with demo-de: it is renewed once for all of them")
	require.Contains(t, said, "ok       shop demo-de   has one TikTok authorisation with demo-gb")
	require.Equal(t, 1, s.refreshes)

	two := newStand(t, second("another-secret"))
	two.tiktok[pathShops] = both
	said, _ = two.check()
	require.Contains(t, said, "its TikTok authorisation covers shop demo-gb too, which has one of its own: run \"starter authorise --shop demo-de\" once for both, and leave refresh_token out")
}

func TestACheckSaysWhenAnOldSealKeyIsNeededNoMore(t *testing.T) {
	t.Parallel()
	s := newStand(t, "")
	_, err := s.check()
	require.NoError(t, err)
	was := sealKey("0123456789abcdefghijklmnopqrstuv")
	s.rewrite("seal_key: "+was, "seal_key: "+sealKey("another key, of the right length")+"\nseal_key_old: "+was)
	said, err := s.check()
	require.NoError(t, err)
	require.Contains(t, said, "note  ledger         nothing is sealed with an old key any more: take seal_key_old out", "each call seals anew")
	s.rewrite("seal_key_old: "+was, "log_level: info")
	_, err = s.check()
	require.NoError(t, err)
}

func TestACheckWarnsOfATemporalWithoutTLS(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]bool{"127.0.0.1:7233": false, "localhost:7233": false, "[::1]:7233": false, "temporal.example.com:7233": true, "10.0.0.7:7233": true} {
		c := newCheckup(Deps{})
		c.checkEncryption(client.Options{HostPort: host})
		require.Equal(t, want, len(c.Findings) == 1 && c.Findings[0].Note, host)
		c = newCheckup(Deps{})
		c.checkEncryption(client.Options{HostPort: host, ConnectionOptions: client.ConnectionOptions{TLS: &tls.Config{MinVersion: tls.VersionTLS12}}})
		require.Empty(t, c.Findings)
	}
}

func TestACheckNamesTheScopesThatAreMissing(t *testing.T) {
	t.Parallel()
	s := newStand(t, `
    switches: {refund: true}
`)
	s.scopes = []string{"seller.authorization.info", "seller.order.info", "seller.return_refund.basic", "seller.product.basic"}
	said, err := s.check()
	require.EqualError(t, err, "2 problems found")
	for _, want := range []string{
		"PROBLEM  shop demo-gb   the scope seller.logistics is not granted; it is needed to read the warehouses: add it to the app in Partner Center",
		"PROBLEM  shop demo-gb   the scope seller.fulfillment.basic is not granted; it is needed for the switches register and refund, ",
		"note     shop demo-gb   the scope seller.product.write is not granted; it is needed for the switch restock: add it to the app in Partner Center, and have the seller authorise it again, before it is switched on",
	} {
		require.Contains(t, said, want)
	}
}

func TestACheckOfTheGoods(t *testing.T) {
	t.Parallel()
	const sku = `{"id":"%s","seller_sku":"%s","inventory":[{"warehouse_id":"7000000000000000010","quantity":1}]}`
	twice := fmt.Sprintf(`{"code":0,"data":{"id":"12","skus":[`+sku+`,`+sku+`]}}`, "121", "CUP", "122", "MUG")
	bundle := `{"code":0,"data":{"id":"12","product_types":["COMBINED_PRODUCT"],"skus":[{"id":"121","seller_sku":"SET","combined_skus":[{"sku_id":"111"}]}]}}`
	elsewhere := productOf("12", "121", "CUP", "7000000000000000012")
	for name, c := range map[string]struct {
		product, shop, want string
		problems            bool
	}{
		"twice the same name":  {twice, "", "note  shop demo-gb   seller SKU MUG stands for several SKUs at TikTok", false},
		"without a name":       {productOf("12", "121", "", "7000000000000000010"), "", "SKU 121 has no seller SKU, and ReturnGO knows its items by that", false},
		"gone":                 {productOf("12", "129", "CUP", "7000000000000000010"), "", "SKU 121 was sold and is in its product no longer", false},
		"bundle":               {bundle, restockOn, "note  shop demo-gb   product 12 is a bundle: there are no rules yet for a return of a single part, which waits for Operations", false},
		"another warehouse":    {elsewhere, "    restock: {default_warehouse: \"7000000000000000010\"}\n", "note  shop demo-gb   SKU CUP is in none of the configured warehouses at TikTok", false},
		"and restock is on":    {elsewhere, restockOn, "PROBLEM  shop demo-gb   SKU CUP is in none of the configured warehouses at TikTok", true},
		"the order's is used":  {elsewhere, "    restock: {use_order_warehouse: true, default_warehouse: \"7000000000000000010\"}\n", "2 products of 2 products sold lately were read", false},
		"not shown":            {`{"code":12052036,"message":"no such product"}`, "", "PROBLEM  shop demo-gb   TikTok does not show product 12, which was sold: ", true},
		"all of it is strange": {`<html>`, "", "TikTok does not show product 12, which was sold: ", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStand(t, c.shop)
			s.tiktok[pathProducts+"12"] = c.product
			said, err := s.check()
			require.Equal(t, c.problems, err != nil, "%s", said)
			require.Contains(t, said, c.want)
			require.Equal(t, strings.Contains(c.want, "none of the configured"), strings.Contains(said, "none of the configured"))
		})
	}
	s := newStand(t, "")
	s.tiktok[pathOrders] = `{"code":0,"data":{"orders":[]}}`
	said, err := s.check()
	require.NoError(t, err)
	require.Contains(t, said, "no order changed in the last 14d 0h, so no product was looked at")
}

func TestACheckOfTheWebhooks(t *testing.T) {
	t.Parallel()
	ours := ReturnGOAddress("https://returns.example.com", "demo-gb", webhookSecret)
	for name, c := range map[string]struct {
		tiktok, returnGO string
		want             []string
		problems         bool
	}{
		"none": {`{"code":0,"data":{}}`, `[]`, []string{
			"webhooks are missing: RETURN_STATUS_CHANGE at TikTok, ORDER_STATUS_CHANGE at TikTok, SELLER_DEAUTHORIZATION at TikTok, UPCOMING_AUTHORIZATION_EXPIRATION at TikTok, RMA_CREATED at ReturnGO, ",
			`"starter webhooks sync" registers them`,
		}, true},
		"somebody else's": {
			strings.Replace(goodWebhooks, "https://returns.example.com", "https://other.example.com", 1), returnGOHooks(ours),
			[]string{"webhooks go to others: RETURN_STATUS_CHANGE at TikTok (it goes to other.example.com"}, true,
		},
		"an old token beside": {
			goodWebhooks, strings.Replace(returnGOHooks(ours), "]", ","+returnGOHook("9", "RMA_CREATED", ReturnGOAddress("https://returns.example.com", "demo-gb", "old-secret"))+"]", 1),
			[]string{"note     shop demo-gb", "webhooks of ours are of no use: RMA_CREATED at ReturnGO (its token is an old one)"}, false,
		},
		"not told": {`{"code":105005,"message":"no scope"}`, returnGOHooks(ours), []string{"list the webhooks at TikTok: ", "look at the app's scopes and api_key"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStand(t, "")
			s.tiktok[pathWebhooks], s.webhooks = c.tiktok, c.returnGO
			said, err := s.check()
			require.Equal(t, c.problems, err != nil, "%s", said)
			for _, want := range c.want {
				require.Contains(t, said, strings.ReplaceAll(want, "note     ", "note  "))
			}
		})
	}
	s := newStand(t, "")
	s.rewrite("webhook_url: https://returns.example.com", "")
	said, err := s.check()
	require.NoError(t, err)
	require.Contains(t, said, "webhook_url is not set, so nothing is known of the webhooks; sweeps alone bring in what is new, ReturnGO's every 15m0s and TikTok's every 10m0s")
}

// What came in is counted, what this version does not know too.
func TestACheckCountsTheEvents(t *testing.T) {
	t.Parallel()
	s := newStand(t, "")
	_, err := s.check()
	require.NoError(t, err)
	l := s.ledger()
	require.NoError(t, l.Do(t.Context(), func(tx *ledger.Tx) error {
		for i, topic := range []string{tiktokshop.InventoryChanged, "topic 9999", "topic 9999"} {
			if _, err := tx.Receive(t.Context(), ledger.Event{Shop: demo, Platform: returns.TikTok, ID: fmt.Sprint(i), Topic: topic}); err != nil {
				return err
			}
		}
		return nil
	}))
	require.NoError(t, l.Do(t.Context(), func(tx *ledger.Tx) error {
		_, err := tx.Receive(t.Context(), ledger.Event{Platform: returns.TikTok, ID: "stray", Topic: topicOtherShop})
		return err
	}))
	said, err := s.check()
	require.NoError(t, err)
	require.Contains(t, said, "note  webhooks       TikTok sent what belongs to no shop of the configuration, or could not be read: TikTok shop not configured: 1 (last ")
	require.Contains(t, said, "events came in: TikTok INVENTORY_CHANGED: 1 (last ")
	require.Contains(t, said, "TikTok topic 9999: 2 (last ")
	require.NotContains(t, said, "no event of TikTok's topic 68")
	require.Contains(t, said, "no event of TikTok's topic 67 (REFUND_SUCCESS) ever came")
}

// A wrong key is told, and what the right one opens stays as it is.
func TestACheckFindsAWrongSealKey(t *testing.T) {
	t.Parallel()
	s := newStand(t, "")
	_, err := s.check()
	require.NoError(t, err)
	before := s.token()
	s.rewrite(sealKey("0123456789abcdefghijklmnopqrstuv"), sealKey("another key, of the right length"))
	said, err := s.check()
	require.EqualError(t, err, "1 problem found")
	require.Contains(t, said, "the stored token cannot be opened with this seal key: give back the seal_key it was stored with")
	require.Equal(t, before, s.token())
	require.Equal(t, 1, s.refreshes)
}

func sealKey(raw string) string { return base64.StdEncoding.EncodeToString([]byte(raw)) }

func (s *stand) token() (token ledger.Grant) {
	s.t.Helper()
	require.NoError(s.t, s.ledger().Do(s.t.Context(), func(tx *ledger.Tx) (err error) {
		token, _, err = tx.GrantOf(s.t.Context(), demo)
		return err
	}))
	return token
}
