package activities

import (
	"context"
	"fmt"
	"slices"
	"time"

	"returnbridge/internal/ledger"
	"returnbridge/internal/tiktokshop"
)

// Authorise turns the code of a seller's consent into the shop's authorisation,
// and keeps it in the place of what was there. A code works once, within 30
// minutes (TikTok contract 1.2), so everything else is looked at before.
func (t *Tokens) Authorise(ctx context.Context, shop, code string) (Granted, error) {
	seed, configured := t.Seeds[shop]
	if !configured {
		return Granted{}, fmt.Errorf("shop %q is not in the configuration", shop)
	}
	err := t.Ledger.Do(ctx, func(tx *ledger.Tx) error {
		if _, found, err := tx.Token(ctx, shop); err != nil || found {
			return err
		}
		return t.sealFits(ctx, tx)
	})
	if err != nil {
		return Granted{}, err
	}
	fresh, err := t.Client.ExchangeCode(ctx, code)
	if err != nil {
		return Granted{}, err //nolint:wrapcheck // a platform error already says which call
	}
	ctx = context.WithoutCancel(ctx) // the code is spent
	cipher, err := t.findCipher(ctx, fresh.AccessToken, seed.ShopID)
	if err != nil {
		return Granted{}, err
	}
	return t.keep(ctx, shop, seed, cipher, fresh)
}

// keep stores an authorisation that nobody configured. What is configured is an
// older one from now on, and does not come back.
func (t *Tokens) keep(ctx context.Context, shop string, seed Seed, cipher string, fresh tiktokshop.Grant) (Granted, error) {
	g := grant{
		Access: fresh.AccessToken, Refresh: fresh.RefreshToken, AccessExpires: fresh.AccessExpires, RefreshExpires: fresh.RefreshExpires,
		Cipher: cipher, Scopes: fresh.Scopes,
	}
	err := t.Ledger.Do(ctx, func(tx *ledger.Tx) error {
		was, _, err := tx.Token(ctx, shop)
		if err != nil {
			return err
		}
		before, _ := t.open(was.Sealed) // its marks count, even where nobody can open it
		g.seeds = slices.Concat(before.seeds, seed.marks())
		if g.sealed, err = t.seal(g); err != nil {
			return err
		}
		if err := tx.SaveToken(ctx, shop, ledger.Token{Sealed: g.sealed, AccessExpires: g.AccessExpires, RefreshExpires: g.RefreshExpires}); err != nil {
			return err
		}
		return tx.EndRefresh(ctx, shop, time.Time{})
	})
	if err != nil {
		return Granted{}, fmt.Errorf("the authorisation could not be kept, and its code is spent: authorise the app again: %w", err)
	}
	t.remember(shop, g)
	return Granted{g.AccessExpires, g.RefreshExpires, g.Scopes}, nil
}
