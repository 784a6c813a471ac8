package config

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

type bad struct {
	path  []any
	value any
	key   string // exactly this key is named
}

// badValues has one bad value or more for every key there is.
func badValues() []bad {
	top := func(key string, value any) bad { return bad{[]any{key}, value, key} }
	in := func(group, key string, value any) bad { return bad{[]any{group, key}, value, group + "." + key} }
	api := func(key string, value any) bad { return bad{[]any{"returngo", 1, key}, value, "returngo[1]." + key} }
	shop := func(value any, key string, deeper ...any) bad {
		named := "shops[1]." + key
		for _, step := range deeper {
			if text, ok := step.(string); ok {
				named += "." + text
			} else {
				named += "[1]"
			}
		}
		return bad{append([]any{"shops", 1, key}, deeper...), value, named}
	}
	list := []bad{
		top("ledger", ""), top("ledger", " "), top("ledger", "mysql://host/db"), top("ledger", "postgres.db"), top("ledger", "host=db password=x"), top("ledger", "postgres://"), top("ledger", "a.db?mode=ro"),
		top("seal_key", ""), top("seal_key", "c2hvcnQ="), top("seal_key", "no base64!"),
		top("seal_key_old", "c2hvcnQ="), top("seal_key_old", sealKey+",c2hvcnQ="), top("seal_key_old", []any{sealKey}),
		top("webhook_url", "http://returns.example.com"), top("webhook_url", "returns.example.com"), top("webhook_url", "https://returns.example.com:8443"), top("webhook_url", "https://192.0.2.7"),
		top("webhook_url", "https://[2001:db8::7]"), top("webhook_url", "https://returns.example.com/hooks"), top("webhook_url", "https://returns.example.com?a=b"), top("webhook_url", true),
		top("listen", ""), top("listen", "8085"), top("listen", "host:0"), top("listen", "host:65536"), top("listen", "https://host:443"), top("listen", "a host:1"), top("listen", 8085),
		top("worker_listen", "8087"), top("worker_listen", "host:0"), top("worker_listen", 8087),
		top("log_level", ""), top("log_level", "INFO"), top("log_level", "verbose"),
		in("tiktok", "base_url", ""), in("tiktok", "base_url", "http://example.com"), in("tiktok", "base_url", "http://localhost.example.com"), in("tiktok", "auth_url", "auth.tiktok-shops.com"),
		in("tiktok", "auth_url", "https://a.com/path"), in("tiktok", "auth_url", "https://a.com?x=1"), in("tiktok", "auth_url", "https://u:p@a.com"), in("tiktok", "auth_url", "ftp://a.com"), in("tiktok", "auth_url", "https://:443"),
		in("tiktok", "app_key", ""), in("tiktok", "app_key", "a key"), in("tiktok", "app_key", 12), in("tiktok", "app_secret", ""), in("tiktok", "app_secret", "a b"), in("tiktok", "app_secret_previous", "a b"),
		top("tiktok", "text"), top("periods", []any{}), top("returngo", "text"), top("shops", map[string]any{"name": "x"}), top("returngo", []any{}), top("shops", []any{}),
		api("name", ""), api("name", "Main"), api("name", "main"), api("base_url", "http://api.returngo.ai"), api("api_key", ""), api("api_key", "line\nline"), api("calls_per_day", 99), api("calls_per_day", "many"), api("calls_per_day", true),
		shop("", "name"), shop("demo_de", "name"), shop("demo-gb", "name"), shop(strings.Repeat("x", 32), "name"),
		shop("", "tiktok_shop_id"), shop("GB1", "tiktok_shop_id"), shop(7490000000000000002, "tiktok_shop_id"), shop("7490000000000000001", "tiktok_shop_id"),
		shop("a cipher", "shop_cipher"), shop("gb", "region"), shop("GBR", "region"), shop("", "region"),
		shop("a b", "refresh_token"), shop("a\tb", "access_token"), shop(true, "access_token"),
		shop("other", "returngo_key"), shop("", "returngo_key"), shop("", "returngo_store"), shop("my store", "returngo_store"),
		shop(strings.Repeat("b", 31), "webhook_token"), shop(strings.Repeat("/", 32), "webhook_token"), shop(strings.Repeat("a", 32), "webhook_token"),
		shop(strings.Repeat("b", 31), "webhook_token_previous"), shop(strings.Repeat("a", 32), "webhook_token_previous"),
		shop("(", "link", "order_name_pattern"), shop(`(\d)(\d)`, "link", "order_name_pattern"), shop(`\d*`, "link", "order_name_pattern"), shop("", "link", "order_name_pattern"),
		shop("TikTok Shop", "link", "tiktok_rules"), shop(" ", "link", "tiktok_rules", 1), shop("TikTok Shop", "link", "tiktok_rules", 1), shop(5, "link", "tiktok_rules", 1),
		shop("inspected", "refund", "gate"), shop("", "refund", "gate"), shop("no", "refund", "pay_expected"), shop(1, "refund", "set_done"),
		shop(-1, "refund", "day_limit", "count"), shop("500.00 GBP", "refund", "day_limit", "amount"), shop("0", "refund", "day_limit", "amount"),
		shop("", "refund", "currency"), shop("gbp", "refund", "currency"), shop("GB", "refund", "currency"), shop("sometimes", "refund", "not_restockable"), shop("", "refund", "not_restockable"),
		shop("", "refund", "not_restockable_above"), shop("-1.00", "refund", "not_restockable_above"), shop("20.00 GBP", "refund", "not_restockable_above"), shop("0.00", "refund", "ask_above"), shop("a lot", "refund", "ask_above"), shop(500, "refund", "ask_above"),
		shop("", "refund", "reasons", 1, "returngo"), shop("Arrived damaged", "refund", "reasons", 1, "returngo"), shop("", "refund", "reasons", 1, "tiktok"), shop("two words", "refund", "reasons", 1, "tiktok"),
		shop("", "open_returns", 1, "returngo"), shop("Arrived damaged", "open_returns", 1, "returngo"), shop("", "open_returns", 1, "tiktok"), shop("two words", "open_returns", 1, "tiktok"),
		shop("erp", "restock", "writer"), shop("external", "restock", "writer"), shop("yes", "restock", "use_order_warehouse"), shop("main", "restock", "default_warehouse"),
		shop("", "restock", "warehouses", 1, "location"), shop("1", "restock", "warehouses", 1, "location"), shop("", "restock", "warehouses", 1, "tiktok"), shop("w-1", "restock", "warehouses", 1, "tiktok"),
		in("periods", "http_timeout", "16s"), in("periods", "clock_skew", "31s"), in("periods", "relay_window", "30s"), in("periods", "deadline_warning", "24h"), in("periods", "order_closing_alert", "720h"),
		in("periods", "create_settle", "10s"), in("periods", "create_settle", "24h"), in("periods", "refresh_token", "48h"), in("periods", "inbox_kept", "191h"), in("pace", "tiktok", 0), in("pace", "stock", -1), in("pace", "returngo", "fast"), in("periods", "sweep_returngo_open", "14m"),
	}
	list = append(list, badAlerts()...)
	for key := range everyKey() {
		if name, ok := strings.CutPrefix(key, "periods."); ok {
			for _, wrong := range []any{"0s", "-1s", "10 seconds", "7d", 10, true} {
				list = append(list, in("periods", name, wrong))
			}
		}
		if name, ok := strings.CutPrefix(key, "shops[].switches."); ok {
			list = append(list, shop("on", "switches", name))
		}
	}
	// A second "*" is a second reason for all others.
	return append(list, bad{[]any{"shops", 0, "refund", "reasons", 0, "returngo"}, "*", "shops[0].refund.reasons[1].returngo"})
}

func TestEachBadValueNamesItsKey(t *testing.T) {
	t.Parallel()
	_, err := parse(with(t, full(t), []any{"listen"}, ":1"))
	require.NoError(t, err, "good values pass")
	index := regexp.MustCompile(`\[\d\]`)
	tried := map[string]bool{}
	for _, b := range badValues() {
		tried[index.ReplaceAllString(b.key, "[]")], tried[strings.TrimSuffix(b.key, "[1]")] = true, true
		_, err := parse(with(t, full(t), b.path, b.value))
		require.Error(t, err, "%s: %v", b.key, b.value)
		require.ErrorContains(t, err, "\n  "+b.key+" ", "%v", b.value)
		onlyOne(t, b, err)
	}
	for key := range everyKey() {
		require.True(t, tried[key], "%s has no bad value in the table", key)
	}
}

// onlyOne wants no second problem that only follows from the first. A name, a
// missing list and a period that another is measured by do concern others.
func onlyOne(t *testing.T, b bad, err error) {
	t.Helper()
	for _, shared := range []string{"returngo", "periods.", "shops[1].name", "returngo[1].name"} {
		if b.key == shared || strings.HasSuffix(shared, ".") && strings.HasPrefix(b.key, shared) {
			return
		}
	}
	require.ErrorContains(t, err, "problems: 1\n", "%s: %v\n%v", b.key, b.value, err)
}

func TestGoodValuesPass(t *testing.T) {
	t.Parallel()
	for _, good := range []bad{
		{path: []any{"ledger"}, value: "/var/lib/returnbridge/ledger.db"},
		{path: []any{"ledger"}, value: "postgresql:///returnbridge?host=/run/postgresql"},
		{path: []any{"listen"}, value: "[::1]:8085"},
		{path: []any{"listen"}, value: "localhost:8085"},
		{path: []any{"webhook_url"}, value: ""},
		{path: []any{"webhook_url"}, value: "https://returns.example.com/"},
		{path: []any{"webhook_url"}, value: "http://127.0.0.1:8085"},
		{path: []any{"tiktok", "base_url"}, value: "http://localhost:8080"},
		{path: []any{"tiktok", "base_url"}, value: "http://[::1]:8080/"},
		{path: []any{"returngo", 0, "base_url"}, value: "https://sandbox:8443"},
		{path: []any{"shops", 0, "shop_cipher"}, value: ""},
		{path: []any{"shops", 0, "refresh_token"}, value: ""},
		{path: []any{"shops", 0, "restock", "default_warehouse"}, value: ""},
		{path: []any{"shops", 0, "link", "tiktok_rules"}, value: []any{}},
		{path: []any{"shops", 0, "refund", "reasons"}, value: []any{}},
		{path: []any{"shops", 0, "open_returns"}, value: []any{}},
		{path: []any{"periods", "http_timeout"}, value: "15s"},
		{path: []any{"periods", "deadline_warning"}, value: "23h59m"},
	} {
		_, err := parse(with(t, full(t), good.path, good.value))
		require.NoError(t, err, "%v: %v", good.path, good.value)
	}
}
