package config

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/spf13/viper"
	"github.com/stretchr/testify/require"
)

var sealKey = base64.StdEncoding.EncodeToString([]byte("0123456789abcdefghijklmnopqrstuv"))

// full is a configuration with every key in use and two of each list, as the
// file would have it.
func full(t *testing.T) map[string]any {
	t.Helper()
	shop := func(name, id, token string) string {
		return `
  - name: ` + name + `
    tiktok_shop_id: "` + id + `"
    shop_cipher: GCP_demo0001
    region: GB
    refresh_token: refresh-of-` + name + `
    access_token: access-of-` + name + `
    returngo_key: main
    returngo_store: example.myshopify.com
    webhook_token: ` + token + `
    link: {order_name_pattern: 'TT-(\d+)', tiktok_rules: [TikTok Shop, TikTok Outlet]}
    refund:
      gate: approved
      reasons: [{returngo: Arrived damaged, tiktok: damaged_seller_uk}, {returngo: "*", tiktok: other_seller_uk}]
      pay_expected: true
      currency: GBP
      not_restockable: ask-above
      not_restockable_above: "20.00"
      ask_above: "500.00"
      set_done: true
    open_returns: [{returngo: Arrived damaged, tiktok: return_damaged_seller_uk}, {returngo: "*", tiktok: return_other_seller_uk}]
    restock:
      writer: us
      warehouses: [{location: "1", tiktok: "7000000000000000010"}, {location: "2", tiktok: "7000000000000000010"}]
      use_order_warehouse: true
      default_warehouse: "7000000000000000011"
    switches: {register: true, refund: true, reject: true, restock: true, writeback: true}`
	}
	text := `
ledger: postgres://demo:demo@db:5432/returnbridge
seal_key: ` + sealKey + `
seal_key_old: ` + sealKey + "," + sealKey + `
tiktok: {app_key: key, app_secret: app-secret}
returngo:
  - {name: main, api_key: main-api-key}
  - {name: second, api_key: second-api-key, base_url: "http://127.0.0.1:9000"}
notify:
  sinks:
    - {name: chat, kind: slack, owners: [CX, Operations], shops: [demo-gb, demo-de], url: "https://hooks.example.com/T1/B1"}
    - {name: desk, kind: webhook, url: "http://127.0.0.1:9001/alerts", signing_secret: ` + strings.Repeat("s", 32) + `}
    - {name: mail, kind: smtp, owners: [IT], smtp: {host: mail.example.com, username: bridge, password: mail-password, from: bridge@example.com, to: [it@example.com, duty@example.com]}}
  deadline_warnings: [12h, 2h]
  escalate_to: mail
  links: {returngo: "https://dash.example.com/rma/{rma_id}", web_ui: "http://localhost:8080/{workflow_id}"}
shops:` + shop("demo-gb", "7490000000000000001", strings.Repeat("a", 32)) + shop("demo-de", "7490000000000000002", strings.Repeat("b", 32))
	return treeOf(t, text)
}

func treeOf(t *testing.T, text string) map[string]any {
	t.Helper()
	v := viper.New()
	v.SetConfigType("yaml")
	require.NoError(t, v.ReadConfig(strings.NewReader(text)))
	return v.AllSettings()
}

// with replaces one value, which the path leads to by keys and indexes, and gives
// the file's text.
func with(t *testing.T, tree map[string]any, path []any, value any) []byte {
	t.Helper()
	text, err := json.Marshal(replaced(tree, path, value)) // JSON is YAML too
	require.NoError(t, err)
	return text
}

func replaced(at any, path []any, value any) any {
	if len(path) == 0 {
		return value
	}
	switch step := path[0].(type) {
	case int:
		list, _ := at.([]any)
		list[step] = replaced(list[step], path[1:], value)
		return list
	case string:
		group, _ := at.(map[string]any)
		if group == nil {
			group = map[string]any{}
		}
		group[step] = replaced(group[step], path[1:], value)
		return group
	}
	return at
}

// file writes a file for this test.
func file(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

// schema lists each key there is, lists as [], with its field.
func schema(of reflect.Type, key string, keys map[string]reflect.StructField) map[string]reflect.StructField {
	for field := range of.Fields() {
		here := below(key, field.Tag.Get("key"))
		switch {
		case field.Type.Kind() == reflect.Struct:
			schema(field.Type, here, keys)
		case field.Type.Kind() == reflect.Slice && field.Type.Elem().Kind() == reflect.Struct:
			schema(field.Type.Elem(), here+"[]", keys)
		default:
			keys[here] = field
		}
	}
	return keys
}

func everyKey() map[string]reflect.StructField {
	return schema(reflect.TypeFor[Config](), "", map[string]reflect.StructField{})
}
