package tiktokshop

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// sign is TikTok's request signature (contract 1.4): path, sorted query with
// decoded values, and body unless it is multipart, wrapped in the secret, as
// lower-case hex of an HMAC-SHA256.
func sign(secret, path string, query url.Values, mediaType string, body []byte) string {
	var s strings.Builder
	s.WriteString(secret)
	s.WriteString(path)
	for _, key := range slices.Sorted(maps.Keys(query)) {
		if key == "sign" || key == "access_token" {
			continue
		}
		s.WriteString(key)
		s.WriteString(query.Get(key))
	}
	if !isForm(mediaType) {
		s.Write(body)
	}
	s.WriteString(secret)
	return hexMAC(secret, s.String())
}

// isForm compares without parameters and regard to letter case (contract 1.4).
func isForm(mediaType string) bool {
	bare, _, _ := strings.Cut(mediaType, ";")
	return strings.EqualFold(strings.Trim(bare, " \t"), "multipart/form-data")
}

func hexMAC(secret, message string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(message))
	return hex.EncodeToString(mac.Sum(nil))
}
