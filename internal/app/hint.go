package app

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"returnbridge/internal/ledger"
)

// longestWord is more than any id or status of either platform has.
const longestWord = 128

// hintOnly keeps of an event what is an id or a single word. Whatever else
// stands in such a field is no hint, and could be somebody's name or address
// (design promise 8). An odd event id is kept as its hash: it still tells a repeat.
func hintOnly(e ledger.Event) ledger.Event {
	if !isWord(e.ID) {
		sum := sha256.Sum256([]byte(e.ID))
		e.ID = "sha256:" + hex.EncodeToString(sum[:])
	}
	for _, field := range []*string{&e.RMAID, &e.OrderID, &e.TikTokReturnID, &e.ProductID, &e.TransactionID, &e.Status} {
		if !isWord(*field) {
			*field = ""
		}
	}
	return e
}

func isWord(text string) bool {
	return len(text) <= longestWord && !strings.ContainsFunc(text, func(r rune) bool {
		return !(r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || strings.ContainsRune("-_./:#+", r))
	})
}
