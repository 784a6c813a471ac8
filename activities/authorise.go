package activities

import (
	"context"
	"fmt"
	"slices"

	"returnbridge/internal/ledger"
)

// Authorise turns the code of a seller's consent into a grant, and has every
// configured shop that it covers name it: one consent is for all shops of the
// seller. A code works once, within 30 minutes (TikTok contract 1.2), so everything
// else is looked at before.
func (t *Tokens) Authorise(ctx context.Context, shop, code string) (Granted, error) {
	seed, configured := t.Seeds[shop]
	if !configured {
		return Granted{}, fmt.Errorf("shop %q is not in the configuration", shop)
	}
	err := t.Ledger.Read(ctx, func(tx *ledger.Tx) error {
		if _, found, err := tx.GrantOf(ctx, shop); err != nil || found {
			return err
		}
		return t.sealFits(ctx, tx)
	})
	if err != nil {
		return Granted{}, err
	}
	if err := t.settleAll(ctx); err != nil { // what is configured is older than what the code brings
		return Granted{}, err
	}
	fresh, err := t.Client.ExchangeCode(ctx, code)
	if err != nil {
		return Granted{}, err //nolint:wrapcheck // a platform error already says which call
	}
	ctx = context.WithoutCancel(ctx) // the code is spent
	ciphers, err := t.ciphers(ctx, fresh.AccessToken)
	if err != nil {
		return Granted{}, err
	}
	if ciphers[seed.ShopID] == "" {
		return Granted{}, notCovered(seed.ShopID)
	}
	id := markOf(fresh.RefreshToken)
	return t.keep(ctx, grant{
		id: id, seeds: []string{id}, Access: fresh.AccessToken, Refresh: fresh.RefreshToken,
		AccessExpires: fresh.AccessExpires, RefreshExpires: fresh.RefreshExpires, Ciphers: ciphers, Scopes: fresh.Scopes,
	})
}

// keep stores a grant that TikTok has just given, for all shops that it covers. Grants
// that no other shop calls with are deleted, except for their marks: what is configured
// is older, and does not come back.
func (t *Tokens) keep(ctx context.Context, g grant) (Granted, error) {
	var shops []string
	for shop, seed := range t.Seeds {
		if g.Ciphers[seed.ShopID] != "" {
			shops = append(shops, shop)
		}
	}
	err := t.Ledger.Do(ctx, func(tx *ledger.Tx) error {
		rows, err := tx.Grants(ctx)
		if err != nil {
			return err
		}
		var over []string
		for _, row := range rows {
			users, err := tx.ShopsOf(ctx, row.ID)
			if err != nil {
				return err
			}
			if slices.ContainsFunc(users, func(shop string) bool { return !slices.Contains(shops, shop) }) {
				continue
			}
			over = append(over, row.ID)
			g.seeds = append(g.seeds, marksOf(row)...)
		}
		slices.Sort(g.seeds)
		g.seeds = slices.Compact(g.seeds)
		if err := t.enter(ctx, tx, g, shops); err != nil {
			return err
		}
		for _, id := range over {
			if err := tx.DropGrant(ctx, id); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return Granted{}, fmt.Errorf("the authorisation could not be kept, and its code is spent: authorise the app again: %w", err)
	}
	for _, shop := range shops {
		t.remember(shop, g)
	}
	return Granted{g.AccessExpires, g.RefreshExpires, g.Scopes, shops}, nil
}
