package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestLoadFillsDefaultsAndValues(t *testing.T) {
	t.Parallel()
	c, err := Load(file(t, string(with(t, full(t), []any{"periods", "money_wait"}, "20m"))))
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1:8085", c.Listen, "a default")
	require.Equal(t, 10*time.Second, c.Periods.HTTPTimeout, "a default beside a value")
	require.Equal(t, 20*time.Minute, c.Periods.MoneyWait)
	require.Equal(t, "https://api.returngo.ai", c.ReturnGO[0].BaseURL, "a default in a list")
	require.Equal(t, "http://127.0.0.1:9000", c.ReturnGO[1].BaseURL)
	require.Len(t, c.Shops, 2)
	shop := c.Shops[1]
	require.Equal(t, "demo-de", shop.Name)
	require.Equal(t, Reason{ReturnGO: "Arrived damaged", TikTok: "damaged_seller_uk"}, shop.Refund.Reasons[0])
	require.Equal(t, Reason{ReturnGO: "*", TikTok: "return_other_seller_uk"}, shop.OpenReturns[1])
	require.Equal(t, []string{"TikTok Shop", "TikTok Outlet"}, shop.Link.TikTokRules)
	require.Equal(t, Switches{Register: true, Refund: true, Reject: true, Restock: true, WriteBack: true}, shop.Switches)
	require.Empty(t, c.Problems())
}

func TestEmptyMeansDefault(t *testing.T) {
	t.Parallel()
	for _, path := range [][]any{{"listen"}, {"periods"}, {"periods", "http_timeout"}, {"returngo", 0, "base_url"}, {"shops", 0, "refund"}} {
		_, err := parse(with(t, full(t), path, nil))
		require.NoError(t, err, "%v", path)
	}
}

func TestUnknownKeysAreAllListed(t *testing.T) {
	t.Parallel()
	_, err := parse([]byte(`
ledgers: x
tiktok: {app_keey: x, app_key: [a]}
returngo: [{name: main, token: x, 1: y}]
shops:
  - swiches: {refund: true}
    switches: {refunds: true, refund: 'yes'}
    restock: {warehouses: [{lokation: x}]}
periods: {http_timeout: 10 seconds, money_wait: 15, "": 5s}
`))
	require.Error(t, err)
	for _, want := range []string{
		"ledgers is unknown; did you mean ledger?",
		"tiktok.app_keey is unknown; did you mean app_key?",
		"tiktok.app_key must be text",
		"returngo[0].token is unknown; known here: api_key, base_url, calls_per_day, name",
		"returngo[0].1 is unknown",
		"shops[0].swiches is unknown; did you mean switches?",
		"shops[0].switches.refunds is unknown; did you mean refund?",
		"shops[0].switches.refund must be true or false",
		"shops[0].restock.warehouses[0].lokation is unknown; did you mean location?",
		"shops[0].region must be an ISO country",
		"periods.http_timeout must be a period with its unit",
		"periods.money_wait must be a period with its unit",
		"seal_key must be 32 random bytes",
	} {
		require.ErrorContains(t, err, "\n  "+want)
	}
}

func TestWithoutFile(t *testing.T) {
	t.Parallel()
	_, err := Load("")
	require.ErrorContains(t, err, "shops names no shop; a list can only be set in a file")
	require.ErrorContains(t, err, "returngo names no API key; a list can only be set in a file")
	_, err = Load(filepath.Join(t.TempDir(), "absent.yaml"))
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, "absent.yaml")
}

func TestNotYAMLNamesTheLine(t *testing.T) {
	t.Parallel()
	_, err := parse([]byte("ledger: x\n\tlisten: y\n"))
	require.ErrorContains(t, err, "not valid YAML at or before line 2")
	_, err = parse([]byte("ledger: x\nlisten: y\nledger: z\n"))
	require.ErrorContains(t, err, `line 3: mapping key "ledger" already defined at line 1`)
}

func TestEnvironmentGoesBeforeTheFile(t *testing.T) {
	secret := file(t, "  from-a-file\n")
	for env, value := range map[string]string{
		"RETURNBRIDGE_LISTEN":                        ":9999",
		"RETURNBRIDGE_LOG_LEVEL":                     "", // empty is as good as not set
		"RETURNBRIDGE_PERIODS_HTTP_TIMEOUT":          "11s",
		"RETURNBRIDGE_TIKTOK_APP_SECRET":             "file:" + secret,
		"RETURNBRIDGE_RETURNGO_SECOND_API_KEY":       "from-the-environment",
		"RETURNBRIDGE_SHOPS_DEMO_DE_ACCESS_TOKEN":    "access",
		"RETURNBRIDGE_SHOPS_DEMO_DE_REFRESH_TOKEN":   "refresh",
		"RETURNBRIDGE_SHOPS_DEMO_DE_WEBHOOK_TOKEN":   strings.Repeat("c", 32),
		"RETURNBRIDGE_SERVICE_HOST":                  "10.0.0.1", // what a cluster sets for a service of our name
		"RETURNBRIDGE_SERVICE_PORT":                  "8085",
		"RETURNBRIDGE_PORT":                          "tcp://10.0.0.1:8085",
		"RETURNBRIDGE_PORT_8085_TCP_ADDR":            "10.0.0.1",
		"RETURNBRIDGE_STARTER_SERVICE_PORT_WEBHOOKS": "8085",
	} {
		t.Setenv(env, value)
	}
	c, err := parse(with(t, full(t), []any{"listen"}, "127.0.0.1:1"))
	require.NoError(t, err)
	require.Equal(t, ":9999", c.Listen)
	require.Equal(t, "info", c.LogLevel)
	require.Equal(t, 11*time.Second, c.Periods.HTTPTimeout)
	require.Equal(t, "from-a-file", c.TikTok.AppSecret)
	require.Equal(t, "main-api-key", c.ReturnGO[0].APIKey)
	require.Equal(t, "from-the-environment", c.ReturnGO[1].APIKey)
	require.Equal(t, "refresh-of-demo-gb", c.Shops[0].RefreshToken)
	require.Equal(t, "access", c.Shops[1].AccessToken)
	require.Equal(t, "refresh", c.Shops[1].RefreshToken)
	require.Equal(t, strings.Repeat("c", 32), c.Shops[1].WebhookToken)
}

func TestMistypedVariablesAreListed(t *testing.T) {
	for _, env := range []string{"RETURNBRIDGE_SEAL_KYE", "RETURNBRIDGE_SHOPS", "RETURNBRIDGE_SHOPS_DEMO_FR_REGION", "RETURNBRIDGE_RETURNGO_MIAN_API_KEY", "RETURNBRIDGE_PERIODS_LUNCH_BREAK_OF_THE_TEAM"} {
		t.Setenv(env, "sesame")
	}
	t.Setenv("RETURNBRIDGE_PERIODS_MONEY_WAIT", "sesame")
	_, err := parse(with(t, full(t), []any{"listen"}, ":1"))
	require.Error(t, err)
	for _, want := range []string{
		"RETURNBRIDGE_SEAL_KYE sets nothing; did you mean RETURNBRIDGE_SEAL_KEY?",
		"RETURNBRIDGE_RETURNGO_MIAN_API_KEY sets nothing; did you mean RETURNBRIDGE_RETURNGO_MAIN_API_KEY?",
		"RETURNBRIDGE_SHOPS sets nothing",
		"RETURNBRIDGE_SHOPS_DEMO_FR_REGION sets nothing",
		"RETURNBRIDGE_PERIODS_LUNCH_BREAK_OF_THE_TEAM sets nothing",
		"periods.money_wait (RETURNBRIDGE_PERIODS_MONEY_WAIT) must be a period",
	} {
		require.ErrorContains(t, err, "\n  "+want)
	}
	require.NotContains(t, err.Error(), "sesame")
}

func TestSecretFiles(t *testing.T) {
	t.Parallel()
	for _, path := range secretPaths {
		content := "postgres://from-the-file-and-long-enough-for-a-token"
		switch path[len(path)-1] {
		case "seal_key":
			content = sealKey
		case "webhook_token", "webhook_token_previous":
			content = strings.Repeat("d", 40)
		case "url":
			content = "https://hooks.example.com/from-the-file"
		}
		c, err := parse(with(t, full(t), path, "file:"+file(t, "\n"+content+" \n")))
		require.NoError(t, err, "%v", path)
		found := false
		for _, s := range c.settings() {
			found = found || s.secret && s.value.String() == content
		}
		require.True(t, found, "%v", path)
	}
	for problem, path := range map[string]string{
		"no such file": filepath.Join(t.TempDir(), "absent"),
		"is no file":   t.TempDir(),
		"is empty":     file(t, " \n"),
		"is too long":  file(t, strings.Repeat("x", maxSecret+1)),
	} {
		_, err := parse(with(t, full(t), []any{"shops", 1, "refresh_token"}, "file:"+path))
		require.ErrorContains(t, err, "\n  shops[1].refresh_token cannot be read: ")
		require.ErrorContains(t, err, problem)
	}
	_, err := parse(with(t, full(t), []any{"shops", 0, "returngo_store"}, "file:/no/secret"))
	require.NoError(t, err, "only secrets are read from files")
}

func FuzzLoad(f *testing.F) {
	text, err := os.ReadFile(example)
	require.NoError(f, err)
	f.Add(text)
	for _, seed := range []string{"", "shops: [null, {}, [], 1]", "periods: 5", "a.b.c: {1: 2}", "? {a: b}\n: c", "&a [*a]", "<<: {ledger: x}", "\"\": 1", "periods.: 1", "shops: {name: x}", "!!binary aGk=", "ledger: !!timestamp 2020-01-01", "- 1"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		if c, err := parse(file); (c == nil) == (err == nil) {
			t.Fatalf("got %v and %v", c, err)
		}
	})
}
