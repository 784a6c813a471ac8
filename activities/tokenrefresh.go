package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/activity"

	"returnbridge/internal/ledger"
	"returnbridge/internal/messages"
	"returnbridge/internal/platform"
	"returnbridge/internal/returns"
)

// RefreshToken renews a shop's token if it ends soon, or at a time that nobody
// has told us: that of a configured one. What only the seller can mend is no
// failure of this run. While the present token lives, people are only warned of its
// end, for calls go on; after that the queue's guard is told.
func (a *Activities) RefreshToken(ctx context.Context, in messages.ShopInput) error {
	g, err := a.Tokens.read(ctx, in.Shop)
	if err == nil && !a.Now().Add(a.Tokens.Ahead).Before(g.AccessExpires) {
		_, err = a.Tokens.renew(ctx, in.Shop, g)
	}
	switch {
	case errors.Is(err, ErrNotAuthorised):
		activity.GetLogger(ctx).Error("the shop's TikTok token cannot be renewed: the seller must authorise the app again", "shop", in.Shop, "error", err.Error())
		if a.Now().Before(g.AccessExpires) {
			return orRetry(ctx, a.warnOfTheEnd(ctx, in.Shop, g.AccessExpires))
		}
		return orRetry(ctx, a.Waker.WakeGuard(ctx, messages.QueueTikTok(in.Shop), IllnessOf(err, a.Now())))
	case platform.ClassOf(err) == platform.Human:
		return nil // the looks of the returns raise it
	case err != nil:
		return retryable(ctx, err)
	}
	granted, _, err := a.Tokens.Granted(ctx, in.Shop)
	if err != nil {
		return orRetry(ctx, err)
	}
	return orRetry(ctx, a.warnOfTheEnd(ctx, in.Shop, granted.RefreshExpires))
}

// longBefore is how long before its end people hear that an authorisation ends:
// the seller has to give it again.
const longBefore = 30 * 24 * time.Hour

// warnOfTheEnd keeps an exception open while the seller's authorisation is about
// to end: no refresh outlives it (TikTok contract 1.2).
func (a *Activities) warnOfTheEnd(ctx context.Context, shop string, end time.Time) error {
	return a.Ledger.Do(ctx, func(tx *ledger.Tx) error {
		if end.IsZero() || a.Now().Add(longBefore).Before(end) {
			return tx.HealForShop(ctx, shop, returns.TikTok, returns.AuthorisationEnds)
		}
		e := returns.NewException(returns.AuthorisationEnds, "the seller's authorisation ends at "+end.UTC().Format(time.RFC3339)+": have the seller authorise the app again, then \"starter authorise --shop "+shop+"\"", returns.Money{})
		e.Subject = string(returns.TikTok)
		return tx.RaiseForShop(ctx, shop, returns.TikTok, e)
	})
}

// Each refresh spends the refresh token, and a lost answer loses its successor
// (T01). So there is one refresher of a grant at a time, and after a refresh none for
// the pause: a token refused so soon after it was made is refused for another
// reason.
const (
	longestPause = 10 * time.Minute
	refreshClaim = 30 * time.Second // longer than the call of one refresher
)

// pause is shorter than a token's life, however short that is.
func (t *Tokens) pause() time.Duration { return min(longestPause, max(t.Ahead/2, 3*refreshClaim)) }

// refresh exchanges a grant's refresh token. Where the ledger holds a newer one
// already, nothing is spent.
func (t *Tokens) refresh(ctx context.Context, g grant) (grant, error) {
	if g.Refresh == "" {
		return grant{}, tokenRefused("there is no refresh token: the seller must authorise the app again")
	}
	var newer grant
	var mine, found bool
	var next time.Duration
	err := t.Ledger.Do(ctx, func(tx *ledger.Tx) (err error) {
		if mine, err = tx.TakeRefresh(ctx, g.id, tx.Now().Add(t.pause())); err != nil {
			return err
		}
		until, err := tx.RefreshTakenUntil(ctx, g.id)
		if err != nil {
			return err
		}
		next = until.Sub(tx.Now())
		if newer, found, err = t.successor(ctx, tx, g); err == nil && found && mine {
			return tx.EndRefresh(ctx, g.id, time.Time{}) // nothing is spent
		}
		return err
	})
	switch {
	case err != nil:
		return grant{}, err
	case found && newer.Refresh == g.Refresh: // the same authorisation under another id
		return t.refresh(ctx, newer)
	case found: // another process has just renewed it
		return newer, nil
	case !mine && t.freshSince(g.id) < refreshClaim: // a refusal in passing
		return grant{}, beingRenewed()
	case !mine && (next > t.pause()-refreshClaim || next <= refreshClaim):
		return grant{}, beingRenewed()
	case !mine:
		return grant{}, tokenRefused("TikTok does not take the token, and renewing it minutes ago did not help: the seller must authorise the app again")
	}
	// The new token must not be lost because somebody stopped waiting.
	ctx = context.WithoutCancel(ctx)
	fresh, err := t.Client.Refresh(ctx, g.Refresh)
	if err != nil {
		return t.notRefreshed(ctx, g, err)
	}
	return t.amend(ctx, g.id, func(now grant) grant {
		if now.Refresh == g.Refresh {
			now.Access, now.Refresh, now.AccessExpires, now.RefreshExpires = fresh.AccessToken, fresh.RefreshToken, fresh.AccessExpires, fresh.RefreshExpires
			now.Scopes = fresh.Scopes
		}
		return now
	})
}

// successor is what the ledger holds that is newer than a grant as it was read: the
// grant itself, renewed by another process, or another grant that began with the same
// refresh token. The latter are left over from when each shop had a row of
// its own: from here on the grant's shops name that one.
func (t *Tokens) successor(ctx context.Context, tx *ledger.Tx, g grant) (grant, bool, error) {
	rows, err := tx.Grants(ctx)
	if err != nil {
		return grant{}, false, err
	}
	mine := slices.IndexFunc(rows, func(row ledger.Grant) bool { return row.ID == g.id })
	if mine < 0 {
		return grant{}, false, errReplaced
	}
	now, err := t.open(rows[mine])
	if err != nil || now.Refresh != g.Refresh {
		return now, err == nil, err
	}
	shops, err := tx.ShopsOf(ctx, g.id)
	if err != nil {
		return grant{}, false, err
	}
	for _, row := range rows {
		other, err := t.open(row)
		newer := slices.Contains(other.seeds, markOf(g.Refresh))
		if other.Refresh == g.Refresh {
			newer = row.ID < g.id // of two the first stays
		}
		if row.ID == g.id || err != nil || !newer || !t.mayCover(other, shops) {
			continue
		}
		for _, shop := range shops {
			if _, err := tx.NameGrant(ctx, shop, g.id, other.id); err != nil {
				return grant{}, false, err
			}
		}
		return other, true, nil
	}
	return grant{}, false, nil
}

// mayCover reports whether a grant may cover all shops, as far as is known.
func (t *Tokens) mayCover(g grant, shops []string) bool {
	return g.Ciphers == nil || !slices.ContainsFunc(shops, func(shop string) bool { return g.Ciphers[t.Seeds[shop].ShopID] == "" })
}

// freshSince is how long ago this process saw a grant's token renewed.
func (t *Tokens) freshSince(id string) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.Now().Sub(t.fresh[id])
}

const refreshCall = "Refresh Token"

// notRefreshed lets a refresh that failed in passing be tried again soon: the
// same refresh token is sent, so nothing more can be lost. One that only the
// seller can mend is not. A refusal counts only if the ledger holds nothing newer:
// it may be due to another process's refresh (36004001).
func (t *Tokens) notRefreshed(ctx context.Context, g grant, cause error) (grant, error) {
	var newer grant
	found := false
	final := isForPeople(cause)
	err := t.Ledger.Do(ctx, func(tx *ledger.Tx) (err error) {
		if newer, found, err = t.successor(ctx, tx, g); err != nil || final {
			return err
		}
		return tx.EndRefresh(ctx, g.id, tx.Now().Add(refreshClaim))
	})
	switch {
	case err != nil:
		return grant{}, errors.Join(cause, err)
	case found:
		return newer, nil
	case final:
		return grant{}, tokenRefused(cause.Error())
	}
	return grant{}, cause
}

func beingRenewed() error {
	return &platform.Error{Platform: "tiktok", Endpoint: refreshCall, Class: platform.Retry, Message: "the token is being renewed"}
}

// ErrNotAuthorised is a shop whose authorisation only its seller can give again.
var ErrNotAuthorised = errors.New("the seller must authorise the app again")

// errReplaced is a grant that another has taken the place of.
var errReplaced = errors.New("another authorisation has just taken the place of this one")

func tokenRefused(why string) error {
	return &platform.Error{Platform: "tiktok", Endpoint: refreshCall, Class: platform.Human, Message: why, Cause: ErrNotAuthorised}
}

// amend changes a stored grant as it stands, and gives what stands then: what
// was read before may have been renewed since.
func (t *Tokens) amend(ctx context.Context, id string, change func(now grant) grant) (grant, error) {
	for range 10 { // each lost race is a change by another process
		var g grant
		done := false
		err := t.Ledger.Do(ctx, func(tx *ledger.Tx) error {
			row, found, err := tx.Grant(ctx, id)
			if err != nil {
				return err
			}
			if !found {
				return errReplaced
			}
			now, err := t.open(row)
			if err != nil {
				return err
			}
			g = change(now)
			if row, err = t.seal(g); err != nil {
				return err
			}
			g.sealed, g.stale = row.Sealed, false
			done, err = tx.ReplaceGrant(ctx, now.sealed, row)
			return err
		})
		if err != nil {
			return grant{}, err
		}
		if done {
			return g, nil
		}
	}
	return grant{}, fmt.Errorf("the stored authorisation %s changes all the time", id)
}
