package app

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.uber.org/zap"

	"returnbridge/internal/messages"
)

// stand is both platforms, a Temporal and a configuration for one check. What a
// check may not ask for fails the test.
type stand struct {
	t    *testing.T
	file string

	mu         sync.Mutex
	shops      string // TikTok's answers
	warehouses string
	returnGO   int // its status
	refreshes  int

	attributes map[string]enumspb.IndexedValueType // those of Temporal
	temporal   error                               // or that it does not answer
}

const (
	goodShops      = `{"code":0,"request_id":"R1","data":{"shops":[{"id":"7490000000000000001","name":"Demo","region":"GB","cipher":"GCP_one"}]}}`
	goodWarehouses = `{"code":0,"request_id":"R2","data":{"warehouses":[
		{"id":"7000000000000000010","name":"Leeds","type":"SALES_WAREHOUSE","effect_status":"ENABLED"},
		{"id":"7000000000000000011","name":"Leeds returns","type":"RETURN_WAREHOUSE","effect_status":"ENABLED"},
		{"id":"7000000000000000012","name":"York","type":"SALES_WAREHOUSE","effect_status":"DISABLED"}]}}`
)

func newStand(t *testing.T, shop string) *stand {
	t.Helper()
	s := &stand{t: t, shops: goodShops, warehouses: goodWarehouses, returnGO: http.StatusOK, attributes: messages.SearchAttributes()}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.file = filepath.Join(t.TempDir(), "config.yaml")
	text := fmt.Sprintf(`
ledger: %s
seal_key: %s
tiktok: {app_key: key, app_secret: app-secret, base_url: "%[3]s", auth_url: "%[3]s"}
returngo: [{name: main, api_key: returngo-secret, base_url: "%[3]s"}]
shops:
  - name: demo-gb
    tiktok_shop_id: "7490000000000000001"
    region: GB
    refresh_token: refresh-secret
    returngo_key: main
    returngo_store: example.myshopify.com
    webhook_token: %s
%s`, filepath.Join(t.TempDir(), "ledger.db"), base64.StdEncoding.EncodeToString([]byte("0123456789abcdefghijklmnopqrstuv")), server.URL, strings.Repeat("w", 32), shop)
	require.NoError(t, os.WriteFile(s.file, []byte(text), 0o600))
	return s
}

func (s *stand) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	answer := ""
	switch r.Method + " " + r.URL.Path {
	case "GET /api/v2/token/refresh":
		s.refreshes++
		answer = fmt.Sprintf(`{"code":0,"data":{"access_token":"access-secret","refresh_token":"refresh-secret-2","access_token_expire_in":%d,"refresh_token_expire_in":0,"user_type":0}}`, noon.Add(7*24*time.Hour).Unix())
	case "GET /authorization/202309/shops":
		answer = s.shops
	case "GET /logistics/202309/warehouses":
		answer = s.warehouses
	case "GET /rmas":
		w.WriteHeader(s.returnGO)
		answer = `{"rmas":[{"rmaId":"1","status":"Pending","order_name":"#1"}]}`
	default:
		s.t.Errorf("a check must not call %s %s", r.Method, r.URL.Path)
	}
	_, _ = fmt.Fprint(w, answer)
}

func (s *stand) check() (string, error) {
	s.t.Helper()
	var b strings.Builder
	c := newCheckup(Deps{Temporal: &temporalDouble{}, Namespace: "returns", Log: zap.NewNop(), Now: func() time.Time { return noon }})
	c.attributes = func(context.Context, client.Client, string) (map[string]enumspb.IndexedValueType, error) {
		return s.attributes, s.temporal
	}
	err := c.run(s.t.Context(), s.file, Output{&b, false})
	require.NotContains(s.t, b.String(), "-secret")
	return b.String(), err
}

const restockOn = `
    restock: {writer: us, warehouses: [{location: "1", tiktok: "7000000000000000010"}]}
    switches: {refund: true, restock: true}
`

func TestACheckFindsAllWell(t *testing.T) {
	t.Parallel()
	s := newStand(t, restockOn)
	said, err := s.check()
	require.NoError(t, err)
	for _, want := range []string{
		"names 1 shop and 1 ReturnGO key", "was made, empty, at /", "answers, namespace returns", "has all search attributes",
		"had no TikTok access token: one was got with the refresh token, and both are kept in the ledger until 2026-03-11 12:00:00",
		"TikTok takes the token and knows shop 7490000000000000001; its cipher was found; the token ends in 7d 0h",
		"1 warehouse configured, each an enabled sales warehouse at TikTok", "in the last day 1 RMA changed",
		"make TikTok pay                                on   this program\n",
		"accept a TikTok return that ReturnGO approved  off  nobody but your people in Seller Center\n",
		"set TikTok's stock                             on   this program\n",
		"No problems. Nothing was changed at TikTok or ReturnGO.",
	} {
		require.Contains(t, said, want)
	}
	_, err = s.check()
	require.NoError(t, err)
	require.Equal(t, 1, s.refreshes, "a token that can be tried is not renewed")
}

func TestACheckListsEveryProblemAtOnce(t *testing.T) {
	t.Parallel()
	s := newStand(t, `
    restock:
      writer: us
      warehouses: [{location: "1", tiktok: "7000000000000000011"}, {location: "2", tiktok: "7000000000000000012"}]
      default_warehouse: "7000000000000000099"
`)
	s.returnGO = http.StatusForbidden
	s.attributes = map[string]enumspb.IndexedValueType{"Shop": enumspb.INDEXED_VALUE_TYPE_TEXT}
	said, err := s.check()
	require.EqualError(t, err, "5 problems found")
	for _, want := range []string{
		"search attribute Shop is of type Text, it must be Keyword", "search attributes still to be made by the first start (on Temporal Cloud make them there): ExceptionKinds, ",
		"restock.warehouses for location 1: 7000000000000000011 is a RETURN_WAREHOUSE, and goods can only be sold from a SALES_WAREHOUSE; TikTok has 7000000000000000010 (Leeds)",
		"restock.warehouses for location 2: warehouse 7000000000000000012 is DISABLED at TikTok, it must be ENABLED",
		"restock.default_warehouse: TikTok has no warehouse 7000000000000000099",
		"ReturnGO does not list the RMAs of store example.myshopify.com: ", "look at api_key and returngo_store",
	} {
		require.Contains(t, said, want)
	}
	require.NotContains(t, said, "No problems")
}

func TestACheckOfTheTikTokAccess(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ shop, answer, want string }{
		"token run out":    {"    access_token: old-one\n    shop_cipher: GCP_one\n", `{"code":105002,"message":"expired"}`, "the TikTok access token has run out; the worker renews it"},
		"and no cipher":    {"    access_token: old-one\n", `{"code":105002,"message":"expired"}`, "TikTok no longer takes access_token: leave the key out"},
		"not authorised":   {"    access_token: old-one\n", `{"code":105005,"message":"no scope"}`, "the seller must authorise the app again"},
		"shop not covered": {"    access_token: old-one\n    shop_cipher: GCP_one\n", `{"code":0,"data":{"shops":[{"id":"1","cipher":"c"}]}}`, "does not cover shop 7490000000000000001: look at tiktok_shop_id"},
		"another cipher":   {"    access_token: old-one\n    shop_cipher: GCP_two\n", goodShops, "shop_cipher is not the one TikTok gives"},
		"another country":  {"    access_token: old-one\n    shop_cipher: GCP_one\n", strings.Replace(goodShops, "GB", "DE", 1), "region is GB, but TikTok says that shop 7490000000000000001 is in DE"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStand(t, c.shop)
			s.shops = c.answer
			said, err := s.check()
			require.EqualError(t, err, "1 problem found")
			require.Contains(t, said, c.want)
			require.LessOrEqual(t, s.refreshes, 1, "only a token that has run out is renewed")
		})
	}
}

func TestACheckGoesOnWithoutTemporalAndSaysWhatTheConfigurationLacks(t *testing.T) {
	t.Parallel()
	s := newStand(t, "")
	s.temporal = errors.New("the namespace returns does not answer")
	said, err := s.check()
	require.EqualError(t, err, "1 problem found")
	require.Contains(t, said, "PROBLEM  Temporal       the namespace returns does not answer")
	require.Contains(t, said, "no warehouse is configured: goods to be put back wait for a person; TikTok has 7000000000000000010 (Leeds)")

	require.NoError(t, os.WriteFile(s.file, []byte("listen: nowhere\n"), 0o600))
	said, err = s.check()
	require.ErrorContains(t, err, "problems found")
	require.Contains(t, said, "PROBLEM  configuration  listen must be host:port")
	require.Contains(t, said, "PROBLEM  configuration  shops names no shop")
	require.NotContains(t, said, "problems:")
}
