package activities

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/platform"
	"returnbridge/internal/tiktokshop"
)

// Tokens keeps each shop's TikTok authorisation: sealed in the ledger, open only
// in memory, never in an activity's result (promise 8).
type Tokens struct {
	Ledger *ledger.Ledger
	Client *tiktokshop.Client
	Seal   cipher.AEAD
	Now    func() time.Time
	Ahead  time.Duration       // renew that long before the end
	Seeds  map[string]Seed     // what the configuration gives for a start
	mu     sync.Mutex          // guards opened
	opened map[string]openedAt // unsealed tokens by shop
}

// Seed is a shop's authorisation as configured.
type Seed struct{ ShopID, Cipher, AccessToken, RefreshToken string }

// mark tells one configured authorisation from another without showing it.
func (s Seed) mark() string {
	sum := sha256.Sum256([]byte(s.RefreshToken + "\n" + s.AccessToken))
	return base64.StdEncoding.EncodeToString(sum[:12])
}

// openedAt is a token in memory and when it was read from the ledger.
type openedAt struct {
	token grant
	at    time.Time
}

// grant is what is sealed.
type grant struct {
	Access         string    `json:"a"`
	Refresh        string    `json:"r"`
	AccessExpires  time.Time `json:"e"`
	RefreshExpires time.Time `json:"f"`
	Cipher         string    `json:"c"`
	Seed           string    `json:"s"` // mark of the configured authorisation it came from
}

// memory is how long an unsealed token is used before the ledger is asked
// again: another process may have renewed it.
const memory = 30 * time.Second

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

// Access gives the token and cipher for one call.
func (t *Tokens) Access(shop string) tiktokshop.AccessFunc {
	return func(ctx context.Context) (tiktokshop.Access, error) {
		t.mu.Lock()
		o, ok := t.opened[shop]
		t.mu.Unlock()
		if !ok || t.Now().Sub(o.at) > memory {
			g, err := t.read(ctx, shop)
			if err != nil {
				return tiktokshop.Access{}, err
			}
			o = t.remember(shop, g)
		}
		return tiktokshop.Access{Token: o.token.Access, Cipher: o.token.Cipher}, nil
	}
}

func (t *Tokens) remember(shop string, g grant) openedAt {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.opened == nil {
		t.opened = map[string]openedAt{}
	}
	t.opened[shop] = openedAt{g, t.Now()}
	return t.opened[shop]
}

// read opens the ledger's token. What the configuration gives is entered the
// first time, and again when somebody has put a new one there.
func (t *Tokens) read(ctx context.Context, shop string) (grant, error) {
	g, found, err := t.stored(ctx, shop)
	if err != nil {
		return grant{}, err
	}
	seed, configured := t.Seeds[shop]
	if !configured {
		return grant{}, fmt.Errorf("shop %q has no TikTok authorisation", shop)
	}
	if !found || g.Seed != seed.mark() {
		fresh := grant{Access: seed.AccessToken, Refresh: seed.RefreshToken, Cipher: seed.Cipher, Seed: seed.mark()}
		if g, err = t.enter(ctx, shop, fresh, found); err != nil {
			return grant{}, err
		}
	}
	if g.Access == "" {
		if g, err = t.refresh(ctx, shop, g); err != nil {
			return grant{}, err
		}
	}
	if g.Cipher == "" {
		if g.Cipher, err = t.findCipher(ctx, g.Access, seed.ShopID); err != nil {
			return grant{}, err
		}
		return g, t.store(ctx, shop, g)
	}
	return g, nil
}

func (t *Tokens) stored(ctx context.Context, shop string) (g grant, found bool, err error) {
	var k ledger.Token
	err = t.Ledger.Do(ctx, func(tx *ledger.Tx) (err error) {
		k, found, err = tx.Token(ctx, shop)
		return err
	})
	if err != nil || !found {
		return grant{}, false, err
	}
	g, err = t.open(k.Sealed)
	return g, true, err
}

// enter stores what the configuration gives; if another process was first, its
// row stands, because it may have renewed the token already.
func (t *Tokens) enter(ctx context.Context, shop string, g grant, replace bool) (grant, error) {
	if replace {
		return g, t.store(ctx, shop, g)
	}
	sealed, err := t.seal(g)
	if err != nil {
		return grant{}, err
	}
	err = t.Ledger.Do(ctx, func(tx *ledger.Tx) error { return tx.EnterToken(ctx, shop, sealed) })
	if err != nil {
		return grant{}, err
	}
	g, _, err = t.stored(ctx, shop)
	return g, err
}

// findCipher asks which cipher belongs to the shop: one grant can cover several.
func (t *Tokens) findCipher(ctx context.Context, access, shopID string) (string, error) {
	shops, err := t.Client.AuthorizedShops(ctx, access)
	if err != nil {
		return "", err //nolint:wrapcheck // a platform error already says which call
	}
	for _, s := range shops {
		if s.ID == shopID {
			return s.Cipher, nil
		}
	}
	return "", &platform.Error{Platform: "tiktok", Endpoint: "Get Authorized Shops", Class: platform.Human, Message: "the authorisation does not cover shop " + shopID}
}

// RefreshToken renews a shop's token if it ends soon.
func (a *Activities) RefreshToken(ctx context.Context, in messages.ShopInput) error {
	g, err := a.Tokens.read(ctx, in.Shop)
	if err == nil && !g.AccessExpires.IsZero() && !a.Now().Add(a.Tokens.Ahead).Before(g.AccessExpires) {
		_, err = a.Tokens.refresh(ctx, in.Shop, g)
	}
	if err != nil {
		return retryable(ctx, err)
	}
	return nil
}

// renewNow renews a token that TikTok no longer takes.
func (t *Tokens) renewNow(ctx context.Context, shop string) error {
	g, err := t.read(ctx, shop)
	if err != nil {
		return err
	}
	_, err = t.refresh(ctx, shop, g)
	return err
}

// refresh exchanges the refresh token. There is one refresher at a time: the old
// refresh token dies with the call (T01).
func (t *Tokens) refresh(ctx context.Context, shop string, g grant) (grant, error) {
	if g.Refresh == "" {
		return grant{}, &platform.Error{Platform: "tiktok", Endpoint: "Refresh Token", Class: platform.Human, Message: "there is no refresh token for shop " + shop + ": the seller must authorise again"}
	}
	var mine bool
	err := t.Ledger.Do(ctx, func(tx *ledger.Tx) (err error) {
		mine, err = tx.TakeRefresh(ctx, shop, tx.Now().Add(refreshClaim))
		return err
	})
	if err != nil {
		return grant{}, err
	}
	if !mine {
		return grant{}, &platform.Error{Platform: "tiktok", Endpoint: "Refresh Token", Class: platform.Retry, Message: "the token is being renewed"}
	}
	now, _, err := t.stored(ctx, shop) // another process may have renewed it just before
	if err != nil || now.Refresh != g.Refresh {
		return now, err
	}
	fresh, err := t.Client.Refresh(ctx, g.Refresh)
	if err != nil {
		return grant{}, err //nolint:wrapcheck // a platform error already says which call
	}
	g.Access, g.Refresh, g.AccessExpires, g.RefreshExpires = fresh.AccessToken, fresh.RefreshToken, fresh.AccessExpires, fresh.RefreshExpires
	return g, t.store(ctx, shop, g)
}

// refreshClaim is how long one refresher keeps the others out.
const refreshClaim = 30 * time.Second

func (t *Tokens) store(ctx context.Context, shop string, g grant) error {
	sealed, err := t.seal(g)
	if err != nil {
		return err
	}
	err = t.Ledger.Do(ctx, func(tx *ledger.Tx) error {
		return tx.SaveToken(ctx, shop, ledger.Token{Sealed: sealed, AccessExpires: g.AccessExpires, RefreshExpires: g.RefreshExpires})
	})
	if err == nil {
		t.remember(shop, g)
	}
	return err
}

func (t *Tokens) seal(g grant) (string, error) {
	plain, err := json.Marshal(g)
	if err != nil {
		return "", fmt.Errorf("seal token: %w", err)
	}
	nonce := make([]byte, t.Seal.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		return "", fmt.Errorf("seal token: %w", err)
	}
	return base64.StdEncoding.EncodeToString(t.Seal.Seal(nonce, nonce, plain, nil)), nil
}

func (t *Tokens) open(sealed string) (grant, error) {
	raw, err := base64.StdEncoding.DecodeString(sealed)
	if err != nil || len(raw) < t.Seal.NonceSize() {
		return grant{}, errors.New("the stored token is damaged")
	}
	n := t.Seal.NonceSize()
	plain, err := t.Seal.Open(nil, raw[:n], raw[n:], nil)
	if err != nil {
		return grant{}, errors.New("the stored token cannot be opened with this seal key")
	}
	var g grant
	if err := json.Unmarshal(plain, &g); err != nil {
		return grant{}, errors.New("the stored token is damaged")
	}
	return g, nil
}
