package config

import (
	"encoding/json"
	"fmt"
	"net/mail"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Notify says who hears of exceptions, by which way, and when. Without a sink nobody
// does, and "starter list" alone tells.
type Notify struct {
	Sinks []Sink `key:"sinks"`
	// PerHour is how many messages a sink takes in an hour, digests included. What is
	// beyond it waits for one digest.
	PerHour int `key:"per_hour" default:"20"`
	// DeadlineWarnings are how long before TikTok decides by itself people hear of an
	// exception again, each once.
	DeadlineWarnings []time.Duration `key:"deadline_warnings" default:"24h 6h 1h"`
	// EscalateAfter is how long an exception may be open before it is told once more.
	EscalateAfter time.Duration `key:"escalate_after" default:"24h"`
	// EscalateTo is the sink that hears of it then; empty: those that heard it first.
	EscalateTo string `key:"escalate_to"`
	// DigestAt is when the day's digests are sent, as hour:minute in UTC.
	DigestAt string `key:"digest_at" default:"07:00"`
	Links    Links  `key:"links"`
}

// Sink is one way by which alerts go out: a Slack-compatible webhook, e-mail, or a
// webhook of the merchant's own that is signed.
type Sink struct {
	Name   string   `key:"name"`
	Kind   string   `key:"kind"`   // slack, smtp or webhook
	Owners []string `key:"owners"` // CX, Operations, Finance, IT; empty: all
	Shops  []string `key:"shops"`  // names of shops; empty: all
	// URL is where slack and webhook are sent to. Secret: whoever has it can write there.
	URL string `key:"url" secret:"true"`
	// SigningSecret signs what kind webhook sends.
	SigningSecret string `key:"signing_secret" secret:"true"`
	SMTP          SMTP   `key:"smtp"`
}

// SMTP is a mail server and the addresses of a sink.
type SMTP struct {
	Host     string   `key:"host"`
	Port     int      `key:"port" default:"587"` // 465: TLS from the first byte; else STARTTLS
	Username string   `key:"username"`           // empty: the server wants no login
	Password string   `key:"password" secret:"true"`
	From     string   `key:"from"`
	To       []string `key:"to"`
}

// Links are templates of the addresses that a message leads to. A name in braces, one
// of LinkNames, stands for the return's own. What is empty gives no link.
type Links struct {
	ReturnGO     string `key:"returngo"`
	SellerCenter string `key:"seller_center"`
	WebUI        string `key:"web_ui"`
}

// Owners are the teams that a sink can be for.
var Owners = []string{"CX", "Operations", "Finance", "IT"}

// LinkNames are what a template of a link can name.
var LinkNames = []string{"shop", "rma_id", "tiktok_return_id", "order_id", "workflow_id"}

const (
	kindSlack   = "slack"
	kindSMTP    = "smtp"
	kindWebhook = "webhook"
)

// fewestPerHour is one message for each owner's digest and one for alerts.
const fewestPerHour = 5

// DigestTime is DigestAt as the time since midnight (UTC).
func (n Notify) DigestTime() (time.Duration, error) {
	at, err := time.Parse("15:04", n.DigestAt)
	if err != nil {
		return 0, err //nolint:wrapcheck // the caller names the key
	}
	return time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute, nil
}

func (n Notify) check(p *problems, shops []Shop) {
	for i, s := range n.Sinks {
		s.check(p.in(fmt.Sprintf("sinks[%d]", i)), shops)
	}
	unique(p, "sinks[%d].name", n.Sinks, func(s Sink) string { return s.Name })
	p.must(n.PerHour >= fewestPerHour, "per_hour", "must be a whole number of at least %d: the day's digests are among them", fewestPerHour)
	for i, d := range n.DeadlineWarnings {
		p.must(d > 0, fmt.Sprintf("deadline_warnings[%d]", i), "must be longer than nothing, such as \"6h\"")
	}
	unique(p, "deadline_warnings[%d]", n.DeadlineWarnings, time.Duration.String)
	p.must(n.EscalateAfter > 0, "escalate_after", "must be longer than nothing, such as \"24h\"")
	p.must(n.EscalateTo == "" || len(n.Sinks) == 0 || slices.ContainsFunc(n.Sinks, func(s Sink) bool { return s.Name == n.EscalateTo }), "escalate_to", "must be the name of a sink under notify.sinks")
	_, err := n.DigestTime()
	p.must(err == nil, "digest_at", "must be hour:minute in UTC, such as \"07:00\"")
	links := p.in("links")
	links.link("returngo", n.Links.ReturnGO)
	links.link("seller_center", n.Links.SellerCenter)
	links.link("web_ui", n.Links.WebUI)
}

func (s Sink) check(p *problems, shops []Shop) {
	p.name(s.Name)
	for i, o := range s.Owners {
		p.must(slices.Contains(Owners, o), fmt.Sprintf("owners[%d]", i), "must be one of %s", strings.Join(Owners, ", "))
	}
	unique(p, "owners[%d]", s.Owners, func(o string) string { return o })
	for i, name := range s.Shops {
		p.must(len(shops) == 0 || slices.ContainsFunc(shops, func(shop Shop) bool { return shop.Name == name }), fmt.Sprintf("shops[%d]", i), "must be the name of a shop under shops")
	}
	unique(p, "shops[%d]", s.Shops, func(name string) string { return name })
	p.must(slices.Contains([]string{kindSlack, kindSMTP, kindWebhook}, s.Kind), "kind", "must be slack, smtp or webhook")
	variables := secretVariable("NOTIFY_SINKS", s.Name)
	switch s.Kind {
	case kindSlack:
		p.secretURL("url", s.URL, variables+"_URL")
	case kindWebhook:
		p.secretURL("url", s.URL, variables+"_URL")
		p.must(len(s.SigningSecret) >= 32 && oneWord.MatchString(s.SigningSecret), "signing_secret", "must be one word of at least 32 characters; set %s_SIGNING_SECRET", variables)
	case kindSMTP:
		s.SMTP.check(p.in("smtp"), variables)
	}
}

func (m SMTP) check(p *problems, variables string) {
	p.must(m.Host != "" && host.MatchString(m.Host), "host", "must be the name of a mail server, without a port")
	p.must(m.Port >= 1 && m.Port <= 65535, "port", "must be a port, such as 587 or 465")
	p.must(oneWord.MatchString(m.Username), "username", "must be one word")
	p.must(m.Username != "" || m.Password == "", "username", "is missing beside a password")
	p.must(m.Username == "" || m.Password != "", "password", "is missing; set %s_SMTP_PASSWORD", variables)
	p.must(address(m.From), "from", "must be one e-mail address")
	p.must(len(m.To) > 0, "to", "names no e-mail address")
	for i, to := range m.To {
		p.must(address(to), fmt.Sprintf("to[%d]", i), "must be one e-mail address")
	}
}

func address(s string) bool {
	_, err := mail.ParseAddress(s)
	return err == nil && !strings.ContainsAny(s, "\r\n")
}

// secretURL wants a whole address. It is a secret, and is not repeated.
func (p *problems) secretURL(key, value, env string) {
	u, err := url.Parse(value)
	valid := err == nil && u.Hostname() != "" && u.User == nil && u.Fragment == "" && oneWord.MatchString(value)
	p.must(value != "", key, "is missing; set %s", env)
	p.must(valid && (u.Scheme == "https" || u.Scheme == "http" && loopback(u.Hostname())), key, "must be an address that begins with https://")
}

var linkName = regexp.MustCompile(`\{([^{}]*)\}`)

// link may be empty. Each name in braces must be known: nothing is guessed.
func (p *problems) link(key, template string) {
	if template == "" {
		return
	}
	for _, found := range linkName.FindAllStringSubmatch(template, -1) {
		p.must(slices.Contains(LinkNames, found[1]), key, "names {%s}, which nothing stands for; known are {%s}", found[1], strings.Join(LinkNames, "}, {"))
	}
	filled := linkName.ReplaceAllString(template, "1")
	u, err := url.Parse(filled)
	valid := err == nil && u.Hostname() != "" && u.User == nil && oneWord.MatchString(filled) && !strings.ContainsAny(filled, "{}<>|\"")
	p.must(valid && (u.Scheme == "https" || u.Scheme == "http" && loopback(u.Hostname())), key, "must be an address that begins with https://")
}

// Format prints it without its secrets, for every verb.
func (n Notify) Format(f fmt.State, _ rune) { printShown(f, n) }

// Format prints it without its secrets, for every verb.
func (s Sink) Format(f fmt.State, _ rune) { printShown(f, s) }

// Format prints it without its secret, for every verb.
func (m SMTP) Format(f fmt.State, _ rune) { printShown(f, m) }

// MarshalJSON writes it without its secrets.
func (n Notify) MarshalJSON() ([]byte, error) { return json.Marshal(shown(reflect.ValueOf(n))) } //nolint:wrapcheck // nothing to add

// MarshalJSON writes it without its secrets.
func (s Sink) MarshalJSON() ([]byte, error) { return json.Marshal(shown(reflect.ValueOf(s))) } //nolint:wrapcheck // nothing to add

// MarshalJSON writes it without its secret.
func (m SMTP) MarshalJSON() ([]byte, error) { return json.Marshal(shown(reflect.ValueOf(m))) } //nolint:wrapcheck // nothing to add
