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

// grant is a seller's authorisation: one token pair, for one shop or several
// (TikTok contract 1.2). Its exported fields are what is sealed.
type grant struct {
	Access         string            `json:"a"`
	Refresh        string            `json:"r"`
	AccessExpires  time.Time         `json:"e"`
	RefreshExpires time.Time         `json:"f"`
	Ciphers        map[string]string `json:"s,omitempty"` // of each shop that it covers, by TikTok's shop id; nil: not asked yet
	Scopes         []string          `json:"g,omitempty"` // none: TikTok has not said

	id string // in the ledger

	// seeds are the marks of all configured authorisations that ended in this one:
	// what was replaced never comes back from a process with an old configuration.
	// They stand beside the seal, so that a new authorisation is known for one
	// where the seal key was lost.
	seeds  []string
	sealed string // as it stands in the ledger
	stale  bool   // sealed with an old key, or in the form of an earlier version
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
	others, err := tx.Grants(ctx)
	for _, other := range others {
		if _, err = t.open(other); err == nil {
			return nil
		}
	}
	return err
}

// sealForm begins every row. A row without it was written by an earlier version,
// whose seal named neither the grant nor the purpose.
const sealForm = "2:"

// sealedFor is what a seal covers besides the tokens: a row that is copied to
// another grant, or used for another purpose, does not open there.
func sealedFor(id, marks string) []byte {
	return []byte("returnbridge tiktok-grant " + id + ":" + marks)
}

// seal makes the row of the ledger: the sealed grant, and behind colons the
// marks, which the seal covers too.
func (t *Tokens) seal(g grant) (ledger.Grant, error) {
	plain, err := json.Marshal(g)
	if err != nil {
		return ledger.Grant{}, fmt.Errorf("seal token: %w", err)
	}
	nonce := make([]byte, t.Seal.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		return ledger.Grant{}, fmt.Errorf("seal token: %w", err)
	}
	marks := strings.Join(g.seeds, ":")
	sealed := sealForm + base64.StdEncoding.EncodeToString(t.Seal.Seal(nonce, nonce, plain, sealedFor(g.id, marks))) + ":" + marks
	return ledger.Grant{ID: g.id, Sealed: sealed, AccessExpires: g.AccessExpires, RefreshExpires: g.RefreshExpires}, nil
}

// open gives the marks also where the rest cannot be read.
func (t *Tokens) open(row ledger.Grant) (grant, error) {
	body, current := strings.CutPrefix(row.Sealed, sealForm)
	sealed, marks, _ := strings.Cut(body, ":")
	g := grant{id: row.ID, sealed: row.Sealed, seeds: marksOf(row)}
	covers := []byte(marks)
	if current {
		covers = sealedFor(row.ID, marks)
	}
	raw, err := base64.StdEncoding.DecodeString(sealed)
	n := t.Seal.NonceSize()
	if err != nil || len(raw) < n {
		return g, cannotBeOpened("the stored token is damaged")
	}
	for i, key := range append([]cipher.AEAD{t.Seal}, t.OldSeals...) {
		plain, err := key.Open(nil, raw[:n], raw[n:], covers)
		if err != nil {
			continue
		}
		if err := json.Unmarshal(plain, &g); err != nil {
			return g, cannotBeOpened("the stored token is damaged")
		}
		g.stale = i > 0 || !current
		return g, nil
	}
	return g, cannotBeOpened("the stored token cannot be opened with this seal key: give back the seal_key it was stored with")
}

// marksOf reads the marks beside the seal, for which no key is needed.
func marksOf(row ledger.Grant) []string {
	_, marks, _ := strings.Cut(strings.TrimPrefix(row.Sealed, sealForm), ":")
	if marks == "" {
		return nil
	}
	return strings.Split(marks, ":")
}

// Reseal seals every grant with the present key that an old one still opens, and
// gives how many no key opens.
func (t *Tokens) Reseal(ctx context.Context) (unopened int, err error) {
	err = t.Ledger.Do(ctx, func(tx *ledger.Tx) error {
		rows, err := tx.Grants(ctx)
		for _, row := range rows {
			g, unreadable := t.open(row)
			if unreadable != nil {
				unopened++
				continue
			}
			if _, err := t.resealed(ctx, tx, g); err != nil {
				return err
			}
		}
		return err
	})
	return unopened, err
}

// resealed gives the grant as it stands after it was sealed with the present key.
func (t *Tokens) resealed(ctx context.Context, tx *ledger.Tx, g grant) (grant, error) {
	if !g.stale {
		return g, nil
	}
	row, err := t.seal(g)
	if err != nil {
		return g, err
	}
	mine, err := tx.ReplaceGrant(ctx, g.sealed, row)
	if mine { // else somebody else has just written it
		g.sealed, g.stale = row.Sealed, false
	}
	return g, err
}

// OldKeys is how many grants only an old key opens.
func (t *Tokens) OldKeys(ctx context.Context) (n int, err error) {
	err = t.Ledger.Read(ctx, func(tx *ledger.Tx) error {
		rows, err := tx.Grants(ctx)
		for _, row := range rows {
			if g, unreadable := t.open(row); unreadable == nil && g.stale {
				n++
			}
		}
		return err
	})
	return n, err
}

// cannotBeOpened is mended by people alone: by the right key, or by a new
// authorisation.
func cannotBeOpened(why string) error {
	return &platform.Error{
		Platform: "tiktok", Endpoint: "stored token", Class: platform.Human,
		Message: why + ", or authorise the app again and give its new refresh_token",
	}
}
