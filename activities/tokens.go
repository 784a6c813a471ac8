package activities

import (
	"cmp"
	"context"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"sync"
	"time"

	"returnbridge/internal/ledger"
	"returnbridge/internal/platform"
	"returnbridge/internal/tiktokshop"
)

// Tokens keeps the sellers' TikTok authorisations: sealed in the ledger, open only
// in memory, never in an activity's result (promise 8). A grant has the token pair;
// each shop names its grant, and several may name the same.
type Tokens struct {
	Ledger   *ledger.Ledger
	Client   *tiktokshop.Client
	Seal     cipher.AEAD
	OldSeals []cipher.AEAD // open what was sealed before the key was changed
	Now      func() time.Time
	Ahead    time.Duration        // renew that long before the end
	Seeds    map[string]Seed      // what the configuration gives each shop for a start
	mu       sync.Mutex           // guards the two below
	opened   map[string]openedAt  // unsealed grants by shop
	fresh    map[string]time.Time // when this process first saw a grant's present token in the place of another
}

// Seed is a shop's authorisation as configured.
type Seed struct{ ShopID, Cipher, AccessToken, RefreshToken string }

// marks tell one configured authorisation from another without showing it. The
// first tells whether it is new: with the same refresh token it is not.
func (s Seed) marks() []string {
	var marks []string
	for _, secret := range []string{s.RefreshToken, s.AccessToken} {
		if secret != "" {
			marks = append(marks, markOf(secret))
		}
	}
	return marks
}

func markOf(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return base64.StdEncoding.EncodeToString(sum[:12])
}

// openedAt is a grant in memory and when it was read from the ledger.
type openedAt struct {
	grant grant
	at    time.Time
}

// memory is how long an unsealed token is used before the ledger is asked
// again: another process may have renewed it.
const memory = 30 * time.Second

// Access gives the token and cipher for one call.
func (t *Tokens) Access(shop string) tiktokshop.AccessFunc {
	return func(ctx context.Context) (tiktokshop.Access, error) {
		t.mu.Lock()
		o, ok := t.opened[shop]
		t.mu.Unlock()
		g := o.grant
		if !ok || t.Now().Sub(o.at) > memory {
			var err error
			if g, err = t.read(ctx, shop); err != nil {
				return tiktokshop.Access{}, err
			}
			t.remember(shop, g)
		}
		return tiktokshop.Access{Token: g.Access, Cipher: t.Seeds[shop].cipherIn(g)}, nil
	}
}

// cipherIn is what goes into every call for the shop (TikTok contract 2.1): what
// TikTok says counts before what is configured; "" is unknown.
func (s Seed) cipherIn(g grant) string { return cmp.Or(g.Ciphers[s.ShopID], s.Cipher) }

// remember keeps the grant of a shop, for all shops that name the same.
func (t *Tokens) remember(shop string, g grant) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.opened == nil {
		t.opened, t.fresh = map[string]openedAt{}, map[string]time.Time{}
	}
	if was, ok := t.opened[shop]; ok && was.grant.Access != g.Access {
		t.fresh[g.id] = t.Now()
	}
	t.opened[shop] = openedAt{g, t.Now()}
	for sibling, o := range t.opened {
		if o.grant.id == g.id {
			t.opened[sibling] = openedAt{g, o.at}
		}
	}
}

// read gives the grant that a shop calls with, with an access token and a cipher.
// Where it is missing or refused, another that covers the shop takes its place.
func (t *Tokens) read(ctx context.Context, shop string) (grant, error) {
	seed, configured := t.Seeds[shop]
	if !configured {
		return grant{}, fmt.Errorf("shop %q has no TikTok authorisation", shop)
	}
	g, found, err := t.settle(ctx, shop)
	if err != nil {
		return grant{}, err
	}
	if !found {
		return t.adopt(ctx, shop, "", tokenRefused("the configuration gives no token for shop "+shop+" and none is stored: the seller must authorise the app"))
	}
	if g.Access == "" {
		if g, err = t.renew(ctx, shop, g); err != nil {
			return grant{}, err
		}
	}
	if seed.cipherIn(g) != "" {
		return g, nil
	}
	id := g.id
	if g, err = t.cover(ctx, g); errors.Is(err, ErrNotAuthorised) {
		return t.adopt(ctx, shop, id, err)
	}
	if err == nil && seed.cipherIn(g) == "" {
		err = notCovered(seed.ShopID)
	}
	return g, err
}

func notCovered(shopID string) error {
	return &platform.Error{Platform: "tiktok", Endpoint: "Get Authorized Shops", Class: platform.Human, Message: "the authorisation does not cover shop " + shopID}
}

// Renew renews a token that TikTok no longer takes. If the ledger holds another
// than the one that was used, that is tried first.
func (t *Tokens) Renew(ctx context.Context, shop string) error {
	t.mu.Lock()
	used, ok := t.opened[shop]
	t.mu.Unlock()
	g, err := t.read(ctx, shop)
	if err != nil {
		return err
	}
	if !ok || used.grant.Access == g.Access {
		g, err = t.renew(ctx, shop, g)
	}
	if err == nil {
		t.remember(shop, g)
	}
	return err
}

// renew refreshes the grant of a shop. Where TikTok no longer takes it, another
// that covers the shop takes its place.
func (t *Tokens) renew(ctx context.Context, shop string, g grant) (grant, error) {
	fresh, err := t.refresh(ctx, g)
	switch {
	case errors.Is(err, errReplaced):
		fresh, _, err = t.settle(ctx, shop)
		return fresh, err
	case errors.Is(err, ErrNotAuthorised):
		return t.adopt(ctx, shop, g.id, err)
	case err == nil:
		t.remember(shop, fresh)
	}
	return fresh, err
}

// Granted is what is known of a shop's authorisation, without a secret.
type Granted struct {
	AccessExpires, RefreshExpires time.Time // zero: TikTok has not said
	Scopes                        []string  // none: TikTok has not said
	Shops                         []string  // the configured shops that it serves
}

// Granted gives what the ledger knows; false if there is no authorisation in it.
func (t *Tokens) Granted(ctx context.Context, shop string) (granted Granted, found bool, err error) {
	err = t.Ledger.Read(ctx, func(tx *ledger.Tx) error {
		row, stored, err := tx.GrantOf(ctx, shop)
		if found = stored; err != nil || !found {
			return err
		}
		g, err := t.open(row)
		if err != nil {
			return err
		}
		granted = Granted{AccessExpires: g.AccessExpires, RefreshExpires: g.RefreshExpires, Scopes: g.Scopes}
		shops, err := tx.ShopsOf(ctx, g.id)
		for _, s := range shops {
			if _, configured := t.Seeds[s]; configured {
				granted.Shops = append(granted.Shops, s)
			}
		}
		return err
	})
	return granted, found, err
}
