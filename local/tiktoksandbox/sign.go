package tiktoksandbox

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"mime"
	"net/url"
	"sort"
	"strings"
)

// requestSignature computes the signature of contract 1.4 from what arrived:
// decoded query values and the exact body bytes.
func requestSignature(secret, path string, query url.Values, contentType string, body []byte) string {
	var text strings.Builder
	text.WriteString(secret)
	text.WriteString(path)
	keys := make([]string, 0, len(query))
	for key := range query {
		if key != "sign" && key != "access_token" {
			keys = append(keys, key)
		}
	}
	sort.Strings(keys)
	for _, key := range keys {
		text.WriteString(key)
		text.WriteString(query.Get(key))
	}
	if !isMultipart(contentType) {
		text.Write(body)
	}
	text.WriteString(secret)
	return hmacHex(secret, text.String())
}

// webhookSignature is the Authorization header of contract 3.2.
func webhookSignature(key, secret string, body []byte) string {
	return hmacHex(secret, key+string(body))
}

func hmacHex(secret, text string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(text))
	return hex.EncodeToString(mac.Sum(nil))
}

// isMultipart compares the media type without parameters and case (1.4 step 4).
func isMultipart(contentType string) bool {
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		media, _, _ = strings.Cut(contentType, ";")
	}
	return strings.EqualFold(strings.TrimSpace(media), "multipart/form-data")
}
