package tiktokshop_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"sort"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/platform"
	"returnbridge/internal/returns"
	"returnbridge/internal/tiktokshop"
)

var allClasses = []platform.Class{
	platform.Retry, platform.RefreshToken, platform.OutcomeUnknown, platform.StateChanged, platform.Human, platform.Permanent,
}

// Whatever comes back, under whatever status: data, or one presentable error
// with a class that has a meaning. A code other than 0 is never success.
func FuzzAnswers(f *testing.F) {
	names := slices.Sorted(maps.Keys(calls))
	answers := printed(f)
	for i, name := range names {
		f.Add(byte(i), uint16(200), answers[name])
	}
	f.Add(byte(0), uint16(503), []byte("<html>"))
	f.Add(byte(1), uint16(200), []byte(`{"code":0,"data":{"orders":{"id":1},"return_orders":"","errors":[{}]}}`))
	f.Add(byte(2), uint16(401), []byte(`{"code":"36009004","message":"timestamp `+token+`","data":[]}`))
	f.Fuzz(func(t *testing.T, which byte, status uint16, body []byte) {
		name := names[int(which)%len(names)]
		_, err := calls[name](t.Context(), canned(t, int(status), body))
		var frame struct {
			Code json.RawMessage `json:"code"`
		}
		if err == nil {
			require.NoError(t, json.Unmarshal(body, &frame))
			require.Contains(t, []string{`0`, `"0"`}, string(frame.Code))
			return
		}
		e := failed(t, err)
		require.Contains(t, allClasses, e.Class)
		require.LessOrEqual(t, utf8.RuneCountInString(e.Message), 201)
		for _, secret := range secretsOf(name) {
			require.NotContains(t, e.Message+e.RequestID, secret)
		}
	})
}

// secretsOf is what the call sends and TikTok might repeat.
func secretsOf(call string) []string {
	switch call {
	case "token":
		return []string{appSecret, "RT-0"}
	case "authorized-shops":
		return []string{appSecret, token}
	}
	return []string{appSecret, token, cipher}
}

func FuzzParseEvent(f *testing.F) {
	for _, s := range samples(f) {
		if s.Kind == "webhook_body" {
			f.Add([]byte(s.Payload))
		}
	}
	f.Add([]byte(`{"type":68,"data":{"sku_id":8087923251602155613,"quantity_snapshot_after_change":{"total_available_quantity":0},"change_detail":{}}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		before := string(body)
		e, err := tiktokshop.ParseEvent(body)
		require.Equal(t, before, string(body), "the raw body is still what was signed")
		if err != nil {
			require.Equal(t, platform.Permanent, failed(t, err).Class)
			return
		}
		require.NotEmpty(t, e.ID)
		for _, m := range e.Movements {
			require.NotEmpty(t, m.ID)
		}
		again, err := tiktokshop.ParseEvent(body)
		require.NoError(t, err)
		require.Equal(t, e, again, "a retry is the same event (T22)")
		_, err = json.Marshal(e)
		require.NoError(t, err, "it is kept as JSON")
	})
}

var formMedia = regexp.MustCompile(`(?i)^[ \t]*multipart/form-data[ \t]*(;|$)`)

// The signature by the words of contract 1.4, written a second time.
func FuzzSign(f *testing.F) {
	f.Add("demo_secret", "/authorization/202309/shops", "app_key=demo_key&timestamp=1760000000", "application/json", []byte(nil))
	f.Add("s", "/p", "page_token=a%2Bb%2Fc%3D%3D&sign=x&access_token=y&A=1&a=2&empty=", "Multipart/Form-Data; boundary=x", []byte("body"))
	f.Add("s", "/p", "b=2&a=1", "multipart/form-datax", []byte(`{"a":1}`))
	f.Fuzz(func(t *testing.T, secret, path, rawQuery, media string, body []byte) {
		query, err := url.ParseQuery(rawQuery)
		if err != nil {
			t.Skip()
		}
		var parameters []string
		for key := range query {
			if key != "sign" && key != "access_token" {
				parameters = append(parameters, key)
			}
		}
		sort.Strings(parameters)
		text := path
		for _, key := range parameters {
			text += key + query[key][0]
		}
		if !formMedia.MatchString(media) {
			text += string(body)
		}
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte(secret + text + secret))
		require.Equal(t, hex.EncodeToString(mac.Sum(nil)), tiktokshop.Sign(secret, path, query, media, body))
	})
}

// Only the one header that fits the body passes (contract 3.2).
func FuzzVerifyWebhook(f *testing.F) {
	body := []byte(`{"type":12}`)
	f.Add(body, "fe86c023a9af3f5d78c29f06354cb44e397a88c45420c6a7dd44be5f8c2b06dc")
	f.Add(body, signatureOf(body))
	f.Add(body, strings.ToUpper(signatureOf(body)))
	f.Add([]byte(nil), "")
	f.Fuzz(func(t *testing.T, body []byte, header string) {
		c := canned(t, http.StatusOK, nil)
		require.True(t, c.VerifyWebhook(body, signatureOf(body)))
		require.Equal(t, header == signatureOf(body), c.VerifyWebhook(body, header))
		require.False(t, c.VerifyWebhook(append(slices.Clone(body), 0), signatureOf(body)))
	})
}

func signatureOf(body []byte) string {
	mac := hmac.New(sha256.New, []byte(appSecret))
	mac.Write([]byte(appKey))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// One value in any print: an id keeps its digits, an amount its value, and
// nothing is read into what is neither.
func FuzzValues(f *testing.F) {
	for _, value := range []string{
		`576000000000000001`, `"576000000000000001"`, `"12.50"`, `-1.5`, `1e3`, `"NaN"`, `null`, `""`, `"\u0031"`, `[]`, `{"a":1}`,
		`00012.30`, `"999999999999999999999999.123456789012"`,
	} {
		f.Add(value, "GBP")
	}
	f.Fuzz(func(t *testing.T, value, currency string) {
		if !json.Valid([]byte(value)) {
			t.Skip()
		}
		value = strings.TrimSpace(value)
		text, err := tiktokshop.TextOf(value)
		switch value[0] {
		case '{', '[', 't', 'f':
			require.Error(t, err)
			return
		case 'n':
			require.Empty(t, text)
		case '"':
			var s string
			require.NoError(t, json.Unmarshal([]byte(value), &s))
			require.Equal(t, s, text)
		default:
			require.Equal(t, value, text, "the digits as they stand")
		}
		require.NoError(t, err)
		m := tiktokshop.MoneyOf(value, currency)
		if !returns.Known(m) {
			return
		}
		again, err := json.Marshal(m.Number())
		require.NoError(t, err)
		require.Equal(t, m, tiktokshop.MoneyOf(string(again), m.CurrencyCode()), "printed and read again")
	})
}

// Of the platform's words: one line, short, and none of the secrets of the call.
func FuzzPresentable(f *testing.F) {
	f.Add("Invalid `access_token` AT-demo-token\n", "AT-demo-token")
	f.Add("a+b%2Bc a%2Bb", "a+b")
	f.Add(strings.Repeat("ä", 300), "x")
	f.Add("\xff\xfe", "\xff")
	f.Fuzz(func(t *testing.T, words, secret string) {
		if len(secret) < 4 || strings.Contains(tiktokshop.Redacted, secret) || strings.ContainsAny(secret, "[]…") || !utf8.ValidString(secret) {
			t.Skip() // no token looks like that
		}
		got := tiktokshop.Presentable(words, []string{secret, ""})
		require.NotContains(t, got, secret)
		require.NotContains(t, got, "\n")
		require.True(t, utf8.ValidString(got))
		require.LessOrEqual(t, utf8.RuneCountInString(got), 201)
	})
}
