package config

import (
	"encoding/base64"
	"fmt"
	"net"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Gates are the events that can authorise a refund (A30).
var Gates = []string{"validated", "approved", "transaction", "done"}

// NotRestockable are what may be done about a unit that cannot be sold again.
var NotRestockable = []string{"pay", "ask", "ask-above"}

var (
	name     = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,30}$`)
	digits   = regexp.MustCompile(`^[0-9]{1,30}$`)
	country  = regexp.MustCompile(`^[A-Z]{2}$`)
	currency = regexp.MustCompile(`^[A-Z]{3}$`)
	amount   = regexp.MustCompile(`^[0-9]{1,12}(\.[0-9]{1,2})?$`)
	host     = regexp.MustCompile(`^[A-Za-z0-9.-]*$`)
	oneWord  = regexp.MustCompile(`^[!-~]*$`)
	// A webhook token is part of an address.
	webhookToken = regexp.MustCompile(`^[A-Za-z0-9_-]{32,}$`)
	// What a SQLite address takes for the end of a path, or "key=value" would be
	// a file of that name, password and all.
	notInPath = regexp.MustCompile(`://|[?#%=]|^postgres`)
)

// Problems are all that is wrong, each with the key it is about. Secrets are
// named, never printed.
func (c *Config) Problems() []string {
	p := noProblems()
	c.check(p)
	return p.list()
}

func (c *Config) check(p *problems) {
	for _, s := range c.settings() {
		// A configuration that was printed and is read again has lost its secrets.
		p.must(!s.secret || s.value.String() != hidden, s.key, "is %s, which is what is printed instead of the secret; give the secret itself", hidden)
	}
	p.must(validLedger(c.Ledger), "ledger", "must be a postgres:// address, or the plain path of a SQLite file (that does not begin with postgres)")
	p.must(validSealKey(c.SealKey), "seal_key", "must be 32 random bytes in base64; set %s_SEAL_KEY", EnvPrefix)
	for _, old := range c.OldSealKeys() {
		p.must(validSealKey(old), "seal_key_old", "must be earlier seal keys, each 32 bytes in base64, separated by commas")
	}
	p.must(validListen(c.Listen), "listen", "must be host:port, such as 127.0.0.1:8085, or :8085 for every address of the machine")
	p.must(c.WorkerListen == "" || validListen(c.WorkerListen), "worker_listen", "must be host:port, such as 127.0.0.1:8087, or empty for none")
	p.webhookURL("webhook_url", c.WebhookURL)
	p.must(slices.Contains([]string{"debug", "info", "warn", "error"}, c.LogLevel), "log_level", "must be debug, info, warn or error")
	p.url("tiktok.base_url", c.TikTok.BaseURL)
	p.url("tiktok.auth_url", c.TikTok.AuthURL)
	p.word("tiktok.app_key", c.TikTok.AppKey)
	p.secret("tiktok.app_secret", c.TikTok.AppSecret, EnvPrefix+"_TIKTOK_APP_SECRET")
	p.must(oneWord.MatchString(c.TikTok.AppSecretPrevious), "tiktok.app_secret_previous", "must be one word, without blanks")
	p.must(len(c.ReturnGO) > 0, "returngo", "names no API key; a list can only be set in a file, not by environment")
	for i, k := range c.ReturnGO {
		k.check(p.in(fmt.Sprintf("returngo[%d]", i)))
	}
	unique(p, "returngo[%d].name", c.ReturnGO, func(k ReturnGOKey) string { return k.Name })
	p.must(len(c.Shops) > 0, "shops", "names no shop; a list can only be set in a file, not by environment")
	for i, s := range c.Shops {
		s.check(p.in(fmt.Sprintf("shops[%d]", i)), c.ReturnGO)
	}
	unique(p, "shops[%d].name", c.Shops, func(s Shop) string { return s.Name })
	unique(p, "shops[%d].tiktok_shop_id", c.Shops, func(s Shop) string { return s.TikTokShopID })
	unique(p, "shops[%d].webhook_token", c.Shops, func(s Shop) string { return s.WebhookToken })
	unique(p, "shops[%d].webhook_token_previous", c.Shops, func(s Shop) string { return s.WebhookTokenPrevious })
	for i, s := range c.Shops {
		used := s.WebhookTokenPrevious != "" && slices.ContainsFunc(c.Shops, func(o Shop) bool { return o.WebhookToken == s.WebhookTokenPrevious })
		p.must(!used, fmt.Sprintf("shops[%d].webhook_token_previous", i), "is a webhook_token that is in use")
	}
	for field, value := range reflect.ValueOf(c.Pace).Fields() {
		p.must(value.Int() > 0, "pace."+field.Tag.Get("key"), "must be a whole number above 0")
	}
	c.Periods.check(p.in("periods"))
	c.Notify.check(p.in("notify"), c.Shops)
}

func (k ReturnGOKey) check(p *problems) {
	p.name(k.Name)
	p.secret("api_key", k.APIKey, secretVariable("RETURNGO", k.Name)+"_API_KEY")
	p.url("base_url", k.BaseURL)
	p.must(k.CallsPerDay >= 100, "calls_per_day", "must be at least 100; ReturnGO grants 2000 unless agreed otherwise")
}

func (s Shop) check(p *problems, keys []ReturnGOKey) {
	p.name(s.Name)
	p.must(digits.MatchString(s.TikTokShopID), "tiktok_shop_id", "must be TikTok's number of the shop, in quotes")
	p.must(oneWord.MatchString(s.ShopCipher), "shop_cipher", "must be one word")
	p.must(country.MatchString(s.Region), "region", "must be an ISO country in two upper-case letters, such as GB")
	p.must(oneWord.MatchString(s.RefreshToken), "refresh_token", "must be one word")
	p.must(oneWord.MatchString(s.AccessToken), "access_token", "must be one word")
	// A wrong name is not repeated: the API key itself is easily written here.
	p.must(slices.ContainsFunc(keys, func(k ReturnGOKey) bool { return k.Name == s.ReturnGOKey }), "returngo_key", "must be the name of a key under returngo")
	p.word("returngo_store", s.ReturnGOStore)
	p.must(webhookToken.MatchString(s.WebhookToken), "webhook_token", "must be at least 32 unguessable letters, digits, dashes or underscores; set %s_WEBHOOK_TOKEN",
		secretVariable("SHOPS", s.Name))
	p.must(s.WebhookTokenPrevious == "" || webhookToken.MatchString(s.WebhookTokenPrevious), "webhook_token_previous", "must be the webhook_token before this one, or empty")
	s.Link.check(p.in("link"))
	s.Refund.check(p.in("refund"))
	checkReasons(p, "open_returns", s.OpenReturns)
	s.Restock.check(p.in("restock"), s.Switches.Restock)
}

func (l Link) check(p *problems) {
	pattern, err := regexp.Compile(l.OrderNamePattern)
	p.must(err == nil, "order_name_pattern", "is no regular expression: %v", err)
	if err == nil {
		p.must(pattern.NumSubexp() <= 1, "order_name_pattern", "must have at most one group: the TikTok order id")
		p.must(!pattern.MatchString(""), "order_name_pattern", "must not match an empty order name")
	}
	for i, rule := range l.TikTokRules {
		p.must(strings.TrimSpace(rule) != "", fmt.Sprintf("tiktok_rules[%d]", i), "is empty")
	}
	unique(p, "tiktok_rules[%d]", l.TikTokRules, func(rule string) string { return rule })
}

func (r Refund) check(p *problems) {
	p.must(slices.Contains(Gates, r.Gate), "gate", "must be one of %s", strings.Join(Gates, ", "))
	checkReasons(p, "reasons", r.Reasons)
	p.must(slices.Contains(NotRestockable, r.NotRestockable), "not_restockable", "must be one of %s", strings.Join(NotRestockable, ", "))
	const wants = "must be an amount above zero in quotes, such as \"20.00\""
	p.must(r.NotRestockableAbove == "" || amountAboveZero(r.NotRestockableAbove), "not_restockable_above", wants)
	p.must(r.NotRestockable != "ask-above" || r.NotRestockableAbove != "", "not_restockable_above", "is missing: the amount from which ask-above asks")
	p.must(r.AskAbove == "" || amountAboveZero(r.AskAbove), "ask_above", wants)
	p.must(r.Currency == "" && r.NotRestockableAbove+r.AskAbove+r.DayLimit.Amount == "" || currency.MatchString(r.Currency), "currency", "must be the ISO currency of the amounts beside it in three upper-case letters, such as GBP")
	limit := p.in("day_limit")
	limit.must(r.DayLimit.Count >= 0, "count", "must be a whole number, 0 for no limit")
	limit.must(r.DayLimit.Amount == "" || amountAboveZero(r.DayLimit.Amount), "amount", wants)
}

func amountAboveZero(s string) bool { return amount.MatchString(s) && strings.Trim(s, "0.") != "" }

func checkReasons(p *problems, key string, reasons []Reason) {
	for i, reason := range reasons {
		at := p.in(fmt.Sprintf("%s[%d]", key, i))
		at.must(strings.TrimSpace(reason.ReturnGO) != "", "returngo", "is missing: a return reason of ReturnGO, or \"*\" for all others")
		at.word("tiktok", reason.TikTok)
	}
	unique(p, key+"[%d].returngo", reasons, func(reason Reason) string { return reason.ReturnGO })
}

func (r Restock) check(p *problems, switchedOn bool) {
	const warehouse = "must be TikTok's number of a sales warehouse, in quotes"
	for i, w := range r.Warehouses {
		at := p.in(fmt.Sprintf("warehouses[%d]", i))
		at.must(strings.TrimSpace(w.Location) != "", "location", "is missing: ReturnGO's id of an inspection location")
		at.must(digits.MatchString(w.TikTok), "tiktok", warehouse)
	}
	unique(p, "warehouses[%d].location", r.Warehouses, func(w Warehouse) string { return w.Location })
	p.must(r.DefaultWarehouse == "" || digits.MatchString(r.DefaultWarehouse), "default_warehouse", warehouse)
	p.must(slices.Contains([]string{"", "us", "external"}, r.Writer), "writer", "must be us or external")
	p.must(!switchedOn || r.Writer == "us", "writer", "must be \"us\" before switches.restock is turned on: no other program may own TikTok's stock numbers")
}

// shortestDeadline is the shortest time TikTok gives a seller (T-contract 4).
const shortestDeadline = 24 * time.Hour

// shortestKept is a week, of which the usual share of events is counted, and a day.
const shortestKept = 8 * 24 * time.Hour

// farthestClock is what TikTok takes of a clock that is ahead (T-contract 1.3).
const farthestClock = 30 * time.Second

func (q Periods) check(p *problems) {
	for field, value := range reflect.ValueOf(q).Fields() {
		p.must(value.Int() > 0, field.Tag.Get("key"), "must be longer than nothing, such as \"10s\"")
	}
	// One attempt of an activity has a minute, and makes several calls.
	p.must(q.HTTPTimeout <= 15*time.Second, "http_timeout", "must be at most 15s, for an attempt makes several calls within a minute")
	p.must(q.ClockSkew <= farthestClock, "clock_skew", "must be at most 30s, for TikTok takes no call from farther ahead, and the program works on no machine whose clock is farther off")
	p.must(q.RelayWindow < q.RelayTakeover, "relay_window", "must be shorter than relay_takeover")
	p.must(q.DeadlineWarning < shortestDeadline, "deadline_warning", "must be shorter than 24h, the shortest deadline TikTok gives, else the warning would come with the case")
	p.must(q.SweepReturnGO <= q.SweepReturnGOOpen, "sweep_returngo_open", "must not be shorter than sweep_returngo")
	p.must(q.OrderClosingAlert < q.OrderCloses, "order_closing_alert", "must be shorter than order_closes")
	p.must(q.CreateSettle > q.HTTPTimeout, "create_settle", "must be longer than http_timeout, else a call still on its way would count as lost")
	p.must(q.CreateSettle < q.KeyLifetime, "create_settle", "must be shorter than key_lifetime, else nothing could ever be sent again")
	p.must(q.InboxKept >= shortestKept, "inbox_kept", "must be at least 192h: a week of them tells what is usual")
	p.must(q.RefreshToken < q.RefreshAhead, "refresh_token", "must be shorter than refresh_ahead, else a token could end between two looks")
}

func (p *problems) name(value string) {
	p.must(name.MatchString(value), "name", "must be at most 31 lower-case letters, digits and dashes")
}

// word is for what is sent to a platform as it stands: a blank or a line's end
// in it is a slip of the one who copied it.
func (p *problems) word(key, value string) {
	p.must(value != "", key, "is missing")
	p.must(oneWord.MatchString(value), key, "must be one word, without blanks")
}

func (p *problems) secret(key, value, env string) {
	p.must(value != "", key, "is missing; set %s", env)
	p.must(oneWord.MatchString(value), key, "must be one word, without blanks")
}

// unique finds what a list has twice. What is missing is another problem.
func unique[T any](p *problems, key string, list []T, value func(T) string) {
	first := map[string]int{}
	for i, element := range list {
		v := value(element)
		at, twice := first[v]
		p.must(!twice || v == "", fmt.Sprintf(key, i), "is the same as "+key, at)
		if !twice {
			first[v] = i
		}
	}
}

// url wants scheme and host alone. Tokens and people's data go over it, so plain
// http is only for this very machine.
func (p *problems) url(key, value string) {
	u, err := url.Parse(value)
	valid := err == nil && u.Host != "" && u.Hostname() != "" && u.User == nil && strings.Trim(u.Path, "/") == "" && u.RawQuery == "" && u.Fragment == ""
	p.must(valid && (u.Scheme == "https" || u.Scheme == "http"), key, "must be scheme and host, such as https://api.example.com")
	p.must(valid && (u.Scheme == "https" || loopback(u.Hostname())), key, "must begin with https://")
}

// webhookURL may be missing. TikTok sends to no port and to no IP address
// (T-contract 3.1); on this machine alone there is no TikTok.
func (p *problems) webhookURL(key, value string) {
	if value == "" {
		return
	}
	p.url(key, value)
	if u, err := url.Parse(value); err == nil && !loopback(u.Hostname()) {
		p.must(u.Port() == "" && net.ParseIP(u.Hostname()) == nil, key, "must be a host name without a port, for TikTok sends to nothing else")
	}
}

// OnThisMachine reports whether an address leads to this very machine, as that of a
// sandbox does.
func OnThisMachine(address string) bool {
	u, err := url.Parse(address)
	return err == nil && loopback(u.Hostname())
}

func loopback(host string) bool { return host == "localhost" || net.ParseIP(host).IsLoopback() }

func validLedger(s string) bool {
	if strings.HasPrefix(s, "postgres://") || strings.HasPrefix(s, "postgresql://") {
		u, err := url.Parse(s)
		return err == nil && u.Host+u.Path != ""
	}
	return strings.TrimSpace(s) != "" && !notInPath.MatchString(s)
}

func validListen(s string) bool {
	at, port, err := net.SplitHostPort(s)
	if err != nil {
		return false
	}
	n, err := strconv.Atoi(port)
	return err == nil && n >= 1 && n <= 65535 && (host.MatchString(at) || net.ParseIP(at) != nil)
}

// OldSealKeys are the keys of seal_key_old.
func (c *Config) OldSealKeys() []string {
	var keys []string
	for key := range strings.SplitSeq(c.SealKeyOld, ",") {
		if key = strings.TrimSpace(key); key != "" {
			keys = append(keys, key)
		}
	}
	return keys
}

func validSealKey(s string) bool {
	raw, err := base64.StdEncoding.DecodeString(s)
	return err == nil && len(raw) == 32
}
