package ledger

import (
	"context"
	"time"
)

// Grant is a seller's sealed authorisation: only the key from the environment
// opens it. It may cover several shops (TikTok contract 1.2).
type Grant struct {
	ID             string
	Sealed         string
	AccessExpires  time.Time
	RefreshExpires time.Time
}

const grantColumns = `g.id, g.sealed, g.access_expires, g.refresh_expires`

func scanGrant(scan func(...any) error) (Grant, error) {
	var g Grant
	var access, refresh instant
	err := scan(&g.ID, &g.Sealed, &access, &refresh)
	g.AccessExpires, g.RefreshExpires = time.Time(access), time.Time(refresh)
	return g, err
}

// GrantOf reads the grant that a shop calls with; false if it names none.
func (t *Tx) GrantOf(ctx context.Context, shop string) (Grant, bool, error) {
	return first(query(ctx, t, "read a shop's grant", scanGrant,
		`SELECT `+grantColumns+` FROM shop_grants s JOIN grants g ON g.id = s.grant_id WHERE s.shop = $1`, shop))
}

// Grant reads one grant; false if there is none of that id.
func (t *Tx) Grant(ctx context.Context, id string) (Grant, bool, error) {
	return first(query(ctx, t, "read a grant", scanGrant, `SELECT `+grantColumns+` FROM grants g WHERE g.id = $1`, id))
}

// Grants are all grants in the order of their ids.
func (t *Tx) Grants(ctx context.Context) ([]Grant, error) {
	return query(ctx, t, "read all grants", scanGrant, `SELECT `+grantColumns+` FROM grants g ORDER BY g.id`)
}

// ShopsOf are the shops that call with a grant.
func (t *Tx) ShopsOf(ctx context.Context, id string) ([]string, error) {
	return query(ctx, t, "read the shops of a grant", func(scan func(...any) error) (string, error) {
		var shop string
		return shop, scan(&shop)
	}, `SELECT shop FROM shop_grants WHERE grant_id = $1 ORDER BY shop`, id)
}

// EnterGrant stores a new grant; one of its id that is already there stands.
func (t *Tx) EnterGrant(ctx context.Context, g Grant) error {
	_, err := t.exec(ctx, "enter grant", `INSERT INTO grants (id, sealed, access_expires, refresh_expires, changed_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (id) DO NOTHING`, g.ID, g.Sealed, text(g.AccessExpires), text(g.RefreshExpires), text(t.now))
	return err
}

// ReplaceGrant stores a grant's renewed tokens in the place of those that were
// read, both in one row: the old refresh token dies with the refresh (T01). False
// if those are not there any more: somebody else's are newer. It does not end the
// time of a refresh.
func (t *Tx) ReplaceGrant(ctx context.Context, was string, g Grant) (bool, error) {
	n, err := t.exec(ctx, "replace grant", `UPDATE grants SET sealed = $1, access_expires = $2, refresh_expires = $3, changed_at = $4
		WHERE id = $5 AND sealed = $6`, g.Sealed, text(g.AccessExpires), text(g.RefreshExpires), text(t.now), g.ID, was)
	return n > 0, err
}

// NameGrant has a shop call with a grant from now on, if it still names the one
// that was read ("": none); false if it names another by now.
func (t *Tx) NameGrant(ctx context.Context, shop, was, id string) (bool, error) {
	if was == "" {
		n, err := t.exec(ctx, "name grant", `INSERT INTO shop_grants (shop, grant_id) VALUES ($1, $2) ON CONFLICT (shop) DO NOTHING`, shop, id)
		return n > 0, err
	}
	n, err := t.exec(ctx, "name grant", `UPDATE shop_grants SET grant_id = $1 WHERE shop = $2 AND grant_id = $3`, id, shop, was)
	return n > 0, err
}

// DropGrant deletes a grant that no shop names any more.
func (t *Tx) DropGrant(ctx context.Context, id string) error {
	_, err := t.exec(ctx, "drop grant", `DELETE FROM grants WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM shop_grants WHERE grant_id = $1)`, id)
	return err
}

// TakeRefresh makes the caller the one refresher of a grant until a time; false
// if another is or was at it.
func (t *Tx) TakeRefresh(ctx context.Context, id string, until time.Time) (bool, error) {
	n, err := t.exec(ctx, "take refresh", `UPDATE grants SET refreshing_until = $1 WHERE id = $2 AND refreshing_until < $3`,
		text(until), id, text(t.now))
	return n > 0, err
}

// RefreshTakenUntil is before when nobody may refresh a grant.
func (t *Tx) RefreshTakenUntil(ctx context.Context, id string) (time.Time, error) {
	at, _, err := first(query(ctx, t, "read refresh", func(scan func(...any) error) (instant, error) {
		var at instant
		return at, scan(&at)
	}, `SELECT refreshing_until FROM grants WHERE id = $1`, id))
	return time.Time(at), err
}

// EndRefresh lets the next refresh begin at a time; zero: at once.
func (t *Tx) EndRefresh(ctx context.Context, id string, at time.Time) error {
	_, err := t.exec(ctx, "end refresh", `UPDATE grants SET refreshing_until = $1 WHERE id = $2`, text(at), id)
	return err
}
