package activities

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"returnbridge/internal/ledger"
	"returnbridge/internal/platform"
)

// grant is what is sealed.
type grant struct {
	Access         string    `json:"a"`
	Refresh        string    `json:"r"`
	AccessExpires  time.Time `json:"e"`
	RefreshExpires time.Time `json:"f"`
	Cipher         string    `json:"c"`
	Scopes         []string  `json:"g,omitempty"` // none: TikTok has not said

	// seeds are the marks of all configured authorisations there ever were: one
	// that was replaced never comes back from a process with an old configuration.
	// They stand beside the seal, so that a new authorisation is known for one
	// where the seal key was lost.
	seeds  []string
	sealed string // as it stands in the ledger
}

// NewSeal makes the AES-GCM sealer from 32 bytes in base64.
func NewSeal(key string) (cipher.AEAD, error) {
	raw, err := base64.StdEncoding.DecodeString(key)
	if err != nil {
		return nil, fmt.Errorf("seal key: %w", err)
	}
	block, err := aes.NewCipher(raw)
	if err != nil {
		return nil, fmt.Errorf("seal key: %w", err)
	}
	return cipher.NewGCM(block) //nolint:wrapcheck // cannot fail for AES
}

// sealFits keeps a first token from being sealed with a key that opens none of
// the others: sooner or later the right key comes back, and cannot open it.
func (t *Tokens) sealFits(ctx context.Context, tx *ledger.Tx) error {
	others, err := tx.SealedTokens(ctx)
	for _, sealed := range others {
		if _, err = t.open(sealed); err == nil {
			return nil
		}
	}
	return err
}

// seal makes the row of the ledger: the sealed grant, and behind colons the
// marks, which the seal covers too.
func (t *Tokens) seal(g grant) (string, error) {
	plain, err := json.Marshal(g)
	if err != nil {
		return "", fmt.Errorf("seal token: %w", err)
	}
	nonce := make([]byte, t.Seal.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		return "", fmt.Errorf("seal token: %w", err)
	}
	marks := strings.Join(g.seeds, ":")
	return base64.StdEncoding.EncodeToString(t.Seal.Seal(nonce, nonce, plain, []byte(marks))) + ":" + marks, nil
}

// open gives the marks also where the rest cannot be read.
func (t *Tokens) open(row string) (grant, error) {
	sealed, marks, _ := strings.Cut(row, ":")
	g := grant{sealed: row}
	if marks != "" {
		g.seeds = strings.Split(marks, ":")
	}
	raw, err := base64.StdEncoding.DecodeString(sealed)
	if err != nil || len(raw) < t.Seal.NonceSize() {
		return g, cannotBeOpened("the stored token is damaged")
	}
	n := t.Seal.NonceSize()
	plain, err := t.Seal.Open(nil, raw[:n], raw[n:], []byte(marks))
	if err != nil {
		return g, cannotBeOpened("the stored token cannot be opened with this seal key: give back the seal_key it was stored with")
	}
	if err := json.Unmarshal(plain, &g); err != nil {
		return g, cannotBeOpened("the stored token is damaged")
	}
	return g, nil
}

// cannotBeOpened is mended by people alone: by the right key, or by a new
// authorisation.
func cannotBeOpened(why string) error {
	return &platform.Error{
		Platform: "tiktok", Endpoint: "stored token", Class: platform.Human,
		Message: why + ", or authorise the app again and give its new refresh_token",
	}
}
