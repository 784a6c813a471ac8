package config

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// Gates are the events that can authorise a refund (A30).
var Gates = []string{"validated", "approved", "transaction", "done"}

var name = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,30}$`)

// Problems are all that is wrong, each with the key it is about. Secrets are
// named, never printed.
func (c *Config) Problems() []string {
	p := &problems{}
	p.must(c.Ledger != "", "ledger", "is missing: a postgres:// address or a file")
	p.must(validSealKey(c.SealKey), "seal_key", "must be 32 random bytes in base64; set %s_SEAL_KEY", EnvPrefix)
	p.must(c.Listen != "", "listen", "is missing: host:port")
	p.must(slices.Contains([]string{"debug", "info", "warn", "error"}, c.LogLevel), "log_level", "must be debug, info, warn or error")
	p.url("tiktok.base_url", c.TikTok.BaseURL)
	p.url("tiktok.auth_url", c.TikTok.AuthURL)
	p.must(c.TikTok.AppKey != "", "tiktok.app_key", "is missing")
	p.must(c.TikTok.AppSecret != "", "tiktok.app_secret", "is missing; set %s_TIKTOK_APP_SECRET", EnvPrefix)
	p.must(len(c.ReturnGO) > 0, "returngo", "names no API key")
	for i, k := range c.ReturnGO {
		k.check(p.in(fmt.Sprintf("returngo[%d]", i)))
	}
	p.must(len(c.Shops) > 0, "shops", "names no shop")
	seen := map[string]bool{}
	for i, s := range c.Shops {
		at := p.in(fmt.Sprintf("shops[%d]", i))
		at.must(!seen[s.Name], "name", "%q is used twice", s.Name)
		seen[s.Name] = true
		s.check(at, c.ReturnGO)
	}
	c.Periods.check(p.in("periods"))
	return *p.all()
}

func (k ReturnGOKey) check(p *problems) {
	p.must(name.MatchString(k.Name), "name", "must be lower-case letters, digits and dashes")
	p.must(k.APIKey != "", "api_key", "is missing")
	p.url("base_url", k.BaseURL)
}

func (s Shop) check(p *problems, keys []ReturnGOKey) {
	p.must(name.MatchString(s.Name), "name", "must be lower-case letters, digits and dashes")
	p.must(s.TikTokShopID != "", "tiktok_shop_id", "is missing")
	p.must(len(s.Region) == 2, "region", "must be an ISO country such as GB")
	p.must(slices.ContainsFunc(keys, func(k ReturnGOKey) bool { return k.Name == s.ReturnGOKey }), "returngo_key", "%q is no name under returngo", s.ReturnGOKey)
	p.must(s.ReturnGOStore != "", "returngo_store", "is missing")
	p.must(len(s.WebhookToken) >= 32, "webhook_token", "must be at least 32 unguessable characters")
	_, err := regexp.Compile(s.Link.OrderNamePattern)
	p.must(err == nil, "link.order_name_pattern", "is no regular expression: %v", err)
	p.must(slices.Contains(Gates, s.Refund.Gate), "refund.gate", "must be one of %s", strings.Join(Gates, ", "))
	for i, r := range s.Refund.Reasons {
		p.must(r.ReturnGO != "" && r.TikTok != "", fmt.Sprintf("refund.reasons[%d]", i), "needs returngo and tiktok")
	}
	for i, w := range s.Restock.Warehouses {
		p.must(w.Location != "" && w.TikTok != "", fmt.Sprintf("restock.warehouses[%d]", i), "needs location and tiktok")
	}
	writer := s.Restock.Writer
	p.must(writer == "" || writer == "us" || writer == "external", "restock.writer", "must be us or external")
	p.must(!s.Switches.Restock || writer == "us", "restock.writer", "must be \"us\" before switches.restock is turned on: no other program may own TikTok's stock numbers")
}

func (q Periods) check(p *problems) {
	v := reflect.ValueOf(q)
	for i := range v.NumField() {
		key := v.Type().Field(i).Tag.Get("mapstructure")
		p.must(v.Field(i).Int() > 0, key, "must be longer than nothing, such as \"10s\"")
	}
	p.must(q.OrderClosingAlert < q.OrderCloses, "order_closing_alert", "must be shorter than order_closes")
}

func validSealKey(s string) bool {
	raw, err := base64.StdEncoding.DecodeString(s)
	return err == nil && len(raw) == 32
}

// problems collects what is wrong under one part of the configuration.
type problems struct {
	prefix string
	found  *[]string
}

func (p *problems) all() *[]string {
	if p.found == nil {
		p.found = &[]string{}
	}
	return p.found
}

func (p *problems) in(part string) *problems {
	return &problems{prefix: p.prefix + part + ".", found: p.all()}
}

func (p *problems) must(ok bool, key, format string, args ...any) {
	if !ok {
		*p.all() = append(*p.all(), p.prefix+key+" "+fmt.Sprintf(format, args...))
	}
}

func (p *problems) url(key, value string) {
	u, err := url.Parse(value)
	p.must(err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && strings.Trim(u.Path, "/") == "", key, "must be scheme and host, such as https://api.example.com")
}

// secretFromFile lets any text be "file:/path": the file's content is the value.
func secretFromFile(from, to reflect.Type, data any) (any, error) {
	s, ok := data.(string)
	if !ok || from.Kind() != reflect.String || to.Kind() != reflect.String || !strings.HasPrefix(s, filePrefix) {
		return data, nil
	}
	path := strings.TrimPrefix(s, filePrefix)
	b, err := os.ReadFile(path) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, fmt.Errorf("secret file: %w", err)
	}
	return strings.TrimSpace(string(b)), nil
}
