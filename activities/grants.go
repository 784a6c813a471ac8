package activities

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"returnbridge/internal/ledger"
	"returnbridge/internal/platform"
)

// settle returns the grant that a shop names, once the configured token has been
// entered: only a token that was never seen begins a new grant, an empty one never
// does. A new one also replaces a grant that nobody can open any more.
func (t *Tokens) settle(ctx context.Context, shop string) (g grant, found bool, err error) {
	seed := t.Seeds[shop]
	marks := seed.marks()
	err = t.Ledger.Do(ctx, func(tx *ledger.Tx) error {
		row, stored, err := tx.GrantOf(ctx, shop)
		if err != nil {
			return err
		}
		if len(marks) > 0 && !slices.Contains(marksOf(row), marks[0]) {
			if err := t.place(ctx, tx, shop, stored, marks); err != nil {
				return err
			}
			if row, stored, err = tx.GrantOf(ctx, shop); err != nil { // another process may have been first
				return err
			}
		}
		if found = stored; !found {
			return nil
		}
		if g, err = t.open(row); err != nil {
			return err
		}
		g, err = t.resealed(ctx, tx, g)
		return err
	})
	return g, found, err
}

// settleAll enters what is configured for every shop. What only people can repair
// shows in the shop's own calls.
func (t *Tokens) settleAll(ctx context.Context) error {
	for _, shop := range slices.Sorted(maps.Keys(t.Seeds)) {
		if _, _, err := t.settle(ctx, shop); err != nil && !isForPeople(err) {
			return err
		}
	}
	return nil
}

// place enters a configured token that was never seen, for all shops that have the
// same. One that was seen before changes nothing: a shop without a grant names the one
// that the token ended in, every other keeps its own.
func (t *Tokens) place(ctx context.Context, tx *ledger.Tx, shop string, stored bool, marks []string) error {
	rows, err := tx.Grants(ctx)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if !slices.Contains(marksOf(row), marks[0]) {
			continue
		}
		if !stored {
			_, err = tx.NameGrant(ctx, shop, "", row.ID)
		}
		return err
	}
	var shops []string
	for name, other := range t.Seeds {
		if has := other.marks(); len(has) > 0 && has[0] == marks[0] {
			shops = append(shops, name)
		}
	}
	seed := t.Seeds[shop]
	return t.enter(ctx, tx, grant{id: marks[0], Access: seed.AccessToken, Refresh: seed.RefreshToken, seeds: marks}, shops)
}

// enter stores a new grant and has the shops name it. Its id is the mark of the
// refresh token it began with, so the same token is never two grants. Those that the
// shops named before stay: another shop may need them, or these again, should TikTok
// refuse the new one.
func (t *Tokens) enter(ctx context.Context, tx *ledger.Tx, g grant, shops []string) error {
	slices.Sort(shops) // one order for all processes
	first := true
	for _, shop := range shops {
		was, stored, err := tx.GrantOf(ctx, shop)
		if err != nil {
			return err
		}
		if _, err := tx.NameGrant(ctx, shop, was.ID, g.id); err != nil {
			return err
		}
		first = first && !stored
	}
	if first {
		if err := t.sealFits(ctx, tx); err != nil {
			return err
		}
	}
	row, err := t.seal(g)
	if err != nil {
		return err
	}
	return tx.EnterGrant(ctx, row)
}

// cover asks which shops a grant covers, and the cipher of each (TikTok contract
// 2.1); the question needs a token that TikTok accepts.
func (t *Tokens) cover(ctx context.Context, g grant) (grant, error) {
	ciphers, err := t.ciphers(ctx, g.Access)
	if platform.ClassOf(err) == platform.RefreshToken {
		if g, err = t.refresh(ctx, g); err == nil {
			ciphers, err = t.ciphers(ctx, g.Access)
		}
	}
	if err != nil {
		return grant{}, err
	}
	return t.amend(ctx, g.id, func(now grant) grant {
		now.Ciphers = ciphers
		return now
	})
}

func (t *Tokens) ciphers(ctx context.Context, access string) (map[string]string, error) {
	shops, err := t.Client.AuthorizedShops(ctx, access)
	if err != nil {
		return nil, err //nolint:wrapcheck // a platform error already says which call
	}
	ciphers := map[string]string{}
	for _, s := range shops {
		ciphers[s.ID] = s.Cipher
	}
	return ciphers, nil
}

// adopt looks for another grant that covers a shop whose own (was; "" is none) is
// missing or refused, and has the shop name it: the seller need not come back where
// another shop's authorisation covers this one. Without one it returns why.
func (t *Tokens) adopt(ctx context.Context, shop, was string, why error) (grant, error) {
	shopID := t.Seeds[shop].ShopID
	if err := t.settleAll(ctx); err != nil {
		return grant{}, err
	}
	var rows []ledger.Grant
	err := t.Ledger.Read(ctx, func(tx *ledger.Tx) (err error) {
		rows, err = tx.Grants(ctx)
		return err
	})
	if err != nil {
		return grant{}, err
	}
	for _, row := range rows {
		g, err := t.open(row)
		if row.ID == was || err != nil || g.Ciphers != nil && g.Ciphers[shopID] == "" {
			continue
		}
		if g.Access == "" {
			g, err = t.refresh(ctx, g)
		}
		if err == nil {
			g, err = t.cover(ctx, g) // and shows that TikTok still takes it
		}
		switch {
		case err != nil && !isForPeople(err):
			why = err // it may be the one: asked again soon
		case err == nil && g.Ciphers[shopID] != "":
			return t.name(ctx, shop, was, g)
		}
	}
	return grant{}, why
}

// name has a shop name another grant, unless somebody was first.
func (t *Tokens) name(ctx context.Context, shop, was string, g grant) (grant, error) {
	mine := false
	err := t.Ledger.Do(ctx, func(tx *ledger.Tx) (err error) {
		mine, err = tx.NameGrant(ctx, shop, was, g.id)
		return err
	})
	if err == nil && !mine {
		err = fmt.Errorf("the authorisation of shop %s has just changed", shop)
	}
	if err == nil {
		t.remember(shop, g)
	}
	return g, err
}

// isForPeople reports whether only people can resolve an error: asking again does not.
func isForPeople(err error) bool {
	class := platform.ClassOf(err)
	return class == platform.Human || class == platform.Permanent || errors.Is(err, ErrNotAuthorised)
}
