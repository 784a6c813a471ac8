package tiktokshop

import (
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"
)

const redacted = "[redacted]"

// Access opens one shop. However it is printed, logged or marshalled, it shows
// nothing; it has to be sealed by hand to be stored.
type Access struct {
	Token  string // x-tts-access-token
	Cipher string // shop_cipher
}

func (Access) String() string               { return redacted }
func (Access) GoString() string             { return redacted }
func (Access) Format(f fmt.State, _ rune)   { _, _ = io.WriteString(f, redacted) }
func (Access) LogValue() slog.Value         { return slog.StringValue(redacted) }
func (Access) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

func (Options) String() string               { return redacted }
func (Options) GoString() string             { return redacted }
func (Options) Format(f fmt.State, _ rune)   { _, _ = io.WriteString(f, redacted) }
func (Options) LogValue() slog.Value         { return slog.StringValue(redacted) }
func (Options) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// longestMessage is enough for TikTok's sentences and too short for a page.
const longestMessage = 200

// private is what no error may show even if TikTok says it: URLs, whose queries
// hold more than ours to show, and e-mail addresses.
var private = regexp.MustCompile(`(?i)https?:[^\s"']*|[^\s"'<>]+@[^\s"'<>]+`)

// presentable shortens the platform's words to one line and takes out every
// secret of the call, should TikTok repeat one.
func presentable(words string, secrets []string) string {
	words = strings.ToValidUTF8(strings.Join(strings.Fields(words), " "), "?")
	for _, s := range secrets {
		if s != "" {
			words = strings.NewReplacer(s, redacted, url.QueryEscape(s), redacted).Replace(words)
		}
	}
	words = private.ReplaceAllString(words, redacted)
	if utf8.RuneCountInString(words) > longestMessage {
		words = string([]rune(words)[:longestMessage]) + "…"
	}
	return words
}
