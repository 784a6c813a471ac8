package activities

import (
	"context"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"

	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/platform"
	"returnbridge/internal/returns"
	"returnbridge/internal/tiktokshop"
)

// Tokens keeps each shop's TikTok authorisation: sealed in the ledger, open only
// in memory, never in an activity's result (promise 8).
type Tokens struct {
	Ledger *ledger.Ledger
	Client *tiktokshop.Client
	Seal   cipher.AEAD
	Now    func() time.Time
	Ahead  time.Duration        // renew that long before the end
	Seeds  map[string]Seed      // what the configuration gives for a start
	mu     sync.Mutex           // guards opened
	opened map[string]openedAt  // unsealed tokens by shop
	fresh  map[string]time.Time // when this process first saw the present one in the place of another
}

// Seed is a shop's authorisation as configured.
type Seed struct{ ShopID, Cipher, AccessToken, RefreshToken string }

// marks tell one configured authorisation from another without showing it. The
// first tells whether it is new: with the same refresh token it is not.
func (s Seed) marks() []string {
	var marks []string
	for _, secret := range []string{s.RefreshToken, s.AccessToken} {
		if secret != "" {
			sum := sha256.Sum256([]byte(secret))
			marks = append(marks, base64.StdEncoding.EncodeToString(sum[:12]))
		}
	}
	return marks
}

// openedAt is a token in memory and when it was read from the ledger.
type openedAt struct {
	token grant
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
		t.opened, t.fresh = map[string]openedAt{}, map[string]time.Time{}
	}
	if was, ok := t.opened[shop]; ok && was.token.Access != g.Access {
		t.fresh[shop] = t.Now()
	}
	t.opened[shop] = openedAt{g, t.Now()}
	return t.opened[shop]
}

// read opens the ledger's token. What the configuration gives is entered the
// first time, and again when somebody has put a new one there.
func (t *Tokens) read(ctx context.Context, shop string) (grant, error) {
	seed, configured := t.Seeds[shop]
	if !configured {
		return grant{}, fmt.Errorf("shop %q has no TikTok authorisation", shop)
	}
	g, found, err := t.settle(ctx, shop, seed)
	if err != nil {
		return grant{}, err
	}
	if !found {
		return grant{}, tokenRefused("the configuration gives no token for shop " + shop + " and none is stored: the seller must authorise the app")
	}
	if g.Access == "" {
		if g, err = t.refresh(ctx, shop, g); err != nil {
			return grant{}, err
		}
	}
	if g.Cipher == "" {
		return t.complete(ctx, shop, g, seed.ShopID)
	}
	return g, nil
}

// complete finds the cipher that goes into every call; the question needs a
// token that is taken.
func (t *Tokens) complete(ctx context.Context, shop string, g grant, shopID string) (grant, error) {
	cipher, err := t.findCipher(ctx, g.Access, shopID)
	if platform.ClassOf(err) == platform.RefreshToken {
		if g, err = t.refresh(ctx, shop, g); err == nil {
			cipher, err = t.findCipher(ctx, g.Access, shopID)
		}
	}
	if err != nil {
		return grant{}, err
	}
	return t.amend(ctx, shop, func(now grant) grant {
		now.Cipher = cipher
		return now
	})
}

// settle gives the stored token after what the configuration gives has found its
// place: only one that was never seen replaces, an empty one never does. It also
// replaces a token that nobody can open any more.
func (t *Tokens) settle(ctx context.Context, shop string, seed Seed) (g grant, found bool, err error) {
	err = t.Ledger.Do(ctx, func(tx *ledger.Tx) (err error) {
		g, found, err = t.storedIn(ctx, tx, shop)
		marks := seed.marks()
		if len(marks) == 0 || slices.Contains(g.seeds, marks[0]) || err != nil && len(g.seeds) == 0 {
			return err
		}
		if !found {
			if err := t.sealFits(ctx, tx); err != nil {
				return err
			}
		}
		fresh := grant{Access: seed.AccessToken, Refresh: seed.RefreshToken, Cipher: seed.Cipher, seeds: append(slices.Clone(g.seeds), marks...)}
		sealed, err := t.seal(fresh)
		if err != nil {
			return err
		}
		if !found {
			err = tx.EnterToken(ctx, shop, sealed)
		} else if mine, problem := tx.ReplaceToken(ctx, shop, g.sealed, ledger.Token{Sealed: sealed}); problem != nil {
			err = problem
		} else if mine { // a new authorisation may be refreshed at once
			err = tx.EndRefresh(ctx, shop, time.Time{})
		}
		if err != nil {
			return err
		}
		g, found, err = t.storedIn(ctx, tx, shop) // another process may have been first
		return err
	})
	return g, found, err
}

func (t *Tokens) storedIn(ctx context.Context, tx *ledger.Tx, shop string) (grant, bool, error) {
	k, found, err := tx.Token(ctx, shop)
	if err != nil || !found {
		return grant{}, false, err
	}
	g, err := t.open(k.Sealed)
	return g, true, err
}

// Granted is what is known of a shop's authorisation, without a secret.
type Granted struct {
	AccessExpires, RefreshExpires time.Time // zero: TikTok has not said
	Scopes                        []string  // none: TikTok has not said
}

// Granted tells what the ledger knows; false if there is no authorisation in it.
func (t *Tokens) Granted(ctx context.Context, shop string) (granted Granted, found bool, err error) {
	err = t.Ledger.Do(ctx, func(tx *ledger.Tx) error {
		g, stored, err := t.storedIn(ctx, tx, shop)
		granted, found = Granted{g.AccessExpires, g.RefreshExpires, g.Scopes}, stored
		return err
	})
	return granted, found, err
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

// RefreshToken renews a shop's token if it ends soon, or at a time that nobody
// has told us: that of a configured one. What only the seller can mend is no
// failure of this run; the looks of the returns raise it.
func (a *Activities) RefreshToken(ctx context.Context, in messages.ShopInput) error {
	g, err := a.Tokens.read(ctx, in.Shop)
	if err == nil && !a.Now().Add(a.Tokens.Ahead).Before(g.AccessExpires) {
		_, err = a.Tokens.refresh(ctx, in.Shop, g)
	}
	switch {
	case errors.Is(err, ErrNotAuthorised):
		activity.GetLogger(ctx).Error("the shop's TikTok token cannot be renewed: the seller must authorise the app again", "shop", in.Shop, "error", err.Error())
		return orRetry(ctx, a.Waker.WakeGuard(ctx, messages.QueueTikTok(in.Shop), IllnessOf(err, a.Now())))
	case platform.ClassOf(err) == platform.Human:
		return nil // the looks of the returns raise it
	case err != nil:
		return retryable(ctx, err)
	}
	return orRetry(ctx, a.warnOfTheEnd(ctx, in.Shop))
}

// longBefore is how long before its end people hear that an authorisation ends:
// the seller has to give it again.
const longBefore = 30 * 24 * time.Hour

// warnOfTheEnd keeps an exception open while the seller's authorisation is about
// to end: no refresh outlives it (TikTok contract 1.2).
func (a *Activities) warnOfTheEnd(ctx context.Context, shop string) error {
	granted, _, err := a.Tokens.Granted(ctx, shop)
	if err != nil {
		return err
	}
	return a.Ledger.Do(ctx, func(tx *ledger.Tx) error {
		end := granted.RefreshExpires
		if end.IsZero() || a.Now().Add(longBefore).Before(end) {
			return tx.HealForShop(ctx, shop, returns.TikTok, returns.AuthorisationEnds)
		}
		e := returns.NewException(returns.AuthorisationEnds, "the seller's authorisation ends at "+end.UTC().Format(time.RFC3339)+": have the seller authorise the app again, then \"starter authorise --shop "+shop+"\"", returns.Money{})
		e.Subject = string(returns.TikTok)
		return tx.RaiseForShop(ctx, shop, returns.TikTok, e)
	})
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
	if ok && used.token.Access != g.Access {
		t.remember(shop, g)
		return nil
	}
	_, err = t.refresh(ctx, shop, g)
	return err
}

// Each refresh spends the refresh token, and a lost answer loses its successor
// (T01). So there is one refresher at a time, and after a refresh none for
// the pause: a token refused so soon after it was made is refused for another
// reason.
const (
	longestPause = 10 * time.Minute
	refreshClaim = 30 * time.Second // longer than the call of one refresher
)

// pause is shorter than a token's life, however short that is.
func (t *Tokens) pause() time.Duration { return min(longestPause, max(t.Ahead/2, 3*refreshClaim)) }

// refresh exchanges the refresh token.
func (t *Tokens) refresh(ctx context.Context, shop string, g grant) (grant, error) {
	if g.Refresh == "" {
		return grant{}, tokenRefused("there is no refresh token for shop " + shop + ": the seller must authorise the app again")
	}
	var now grant
	var mine bool
	var next time.Duration
	err := t.Ledger.Do(ctx, func(tx *ledger.Tx) (err error) {
		if mine, err = tx.TakeRefresh(ctx, shop, tx.Now().Add(t.pause())); err != nil {
			return err
		}
		until, err := tx.RefreshTakenUntil(ctx, shop)
		if err != nil {
			return err
		}
		next = until.Sub(tx.Now())
		if now, _, err = t.storedIn(ctx, tx, shop); mine && now.Refresh != g.Refresh {
			return errors.Join(err, tx.EndRefresh(ctx, shop, time.Time{})) // nothing is spent
		}
		return err
	})
	switch {
	case err != nil:
		return grant{}, err
	case now.Refresh != g.Refresh: // another process has just renewed it
		t.remember(shop, now)
		return now, nil
	case !mine && t.freshSince(shop) < refreshClaim: // a refusal in passing
		return grant{}, beingRenewed()
	case !mine && (next > t.pause()-refreshClaim || next <= refreshClaim):
		return grant{}, beingRenewed()
	case !mine:
		return grant{}, tokenRefused(fmt.Sprintf("TikTok does not take the token of shop %s, and renewing it minutes ago did not help: the seller must authorise the app again", shop))
	}
	// The new token must not be lost because somebody stopped waiting.
	ctx = context.WithoutCancel(ctx)
	fresh, err := t.Client.Refresh(ctx, g.Refresh)
	if err != nil {
		return grant{}, t.notRefreshed(ctx, shop, err)
	}
	return t.amend(ctx, shop, func(now grant) grant {
		if now.Refresh == g.Refresh { // else a new authorisation was entered meanwhile
			now.Access, now.Refresh, now.AccessExpires, now.RefreshExpires = fresh.AccessToken, fresh.RefreshToken, fresh.AccessExpires, fresh.RefreshExpires
			now.Scopes = fresh.Scopes
		}
		return now
	})
}

// freshSince is how long ago this process saw the token renewed.
func (t *Tokens) freshSince(shop string) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.Now().Sub(t.fresh[shop])
}

const refreshCall = "Refresh Token"

// notRefreshed lets a refresh that failed in passing be tried again soon: the
// same refresh token is sent, so nothing more can be lost. One that only the
// seller can mend is not.
func (t *Tokens) notRefreshed(ctx context.Context, shop string, cause error) error {
	switch platform.ClassOf(cause) {
	case platform.Human, platform.Permanent:
		return tokenRefused(cause.Error())
	}
	err := t.Ledger.Do(ctx, func(tx *ledger.Tx) error { return tx.EndRefresh(ctx, shop, tx.Now().Add(refreshClaim)) })
	return errors.Join(cause, err)
}

func beingRenewed() error {
	return &platform.Error{Platform: "tiktok", Endpoint: refreshCall, Class: platform.Retry, Message: "the token is being renewed"}
}

// ErrNotAuthorised is a shop whose authorisation only its seller can give again.
var ErrNotAuthorised = errors.New("the seller must authorise the app again")

func tokenRefused(why string) error {
	return &platform.Error{Platform: "tiktok", Endpoint: refreshCall, Class: platform.Human, Message: why, Cause: ErrNotAuthorised}
}

// amend changes the stored token as it stands, and gives what stands then: what
// was read before may have been replaced since.
func (t *Tokens) amend(ctx context.Context, shop string, change func(now grant) grant) (grant, error) {
	for range 10 { // each lost race is a change by another process
		var g grant
		done := false
		err := t.Ledger.Do(ctx, func(tx *ledger.Tx) error {
			now, _, err := t.storedIn(ctx, tx, shop)
			if err != nil {
				return err
			}
			g = change(now)
			if g.sealed, err = t.seal(g); err != nil {
				return err
			}
			done, err = tx.ReplaceToken(ctx, shop, now.sealed, ledger.Token{Sealed: g.sealed, AccessExpires: g.AccessExpires, RefreshExpires: g.RefreshExpires})
			return err
		})
		if err != nil {
			return grant{}, err
		}
		if done {
			t.remember(shop, g)
			return g, nil
		}
	}
	return grant{}, errors.New("the stored token of shop " + shop + " changes all the time")
}
