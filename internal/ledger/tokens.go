package ledger

import (
	"context"
	"time"
)

// Token is a shop's sealed authorisation: only the key from the environment
// opens it.
type Token struct {
	Sealed         string
	AccessExpires  time.Time
	RefreshExpires time.Time
}

// Token reads a shop's token; false if it was never stored.
func (t *Tx) Token(ctx context.Context, shop string) (Token, bool, error) {
	return first(query(ctx, t, "read token", func(scan func(...any) error) (Token, error) {
		var k Token
		var access, refresh instant
		err := scan(&k.Sealed, &access, &refresh)
		k.AccessExpires, k.RefreshExpires = time.Time(access), time.Time(refresh)
		return k, err
	}, `SELECT sealed, access_expires, refresh_expires FROM tokens WHERE shop = $1`, shop))
}

// SealedTokens are the tokens of all shops as they are stored.
func (t *Tx) SealedTokens(ctx context.Context) ([]string, error) {
	return query(ctx, t, "read all tokens", func(scan func(...any) error) (string, error) {
		var sealed string
		return sealed, scan(&sealed)
	}, `SELECT sealed FROM tokens`)
}

// SaveToken stores a token and its successor in one row: the old refresh token
// dies with the refresh (T01). It does not end the time of a refresh.
func (t *Tx) SaveToken(ctx context.Context, shop string, k Token) error {
	_, err := t.exec(ctx, "store token", `INSERT INTO tokens (shop, sealed, access_expires, refresh_expires, changed_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (shop) DO UPDATE SET sealed = excluded.sealed, access_expires = excluded.access_expires,
			refresh_expires = excluded.refresh_expires, changed_at = excluded.changed_at`,
		shop, k.Sealed, text(k.AccessExpires), text(k.RefreshExpires), text(t.now))
	return err
}

// ReplaceToken stores a token in the place of the one that was read; false if
// that is not there any more: somebody else's is newer.
func (t *Tx) ReplaceToken(ctx context.Context, shop, was string, k Token) (bool, error) {
	n, err := t.exec(ctx, "replace token", `UPDATE tokens SET sealed = $1, access_expires = $2, refresh_expires = $3, changed_at = $4
		WHERE shop = $5 AND sealed = $6`, k.Sealed, text(k.AccessExpires), text(k.RefreshExpires), text(t.now), shop, was)
	return n > 0, err
}

// EnterToken stores a shop's first token; one that is already there stands.
func (t *Tx) EnterToken(ctx context.Context, shop, sealed string) error {
	_, err := t.exec(ctx, "enter token", `INSERT INTO tokens (shop, sealed, access_expires, refresh_expires, changed_at) VALUES ($1, $2, '', '', $3)
		ON CONFLICT (shop) DO NOTHING`, shop, sealed, text(t.now))
	return err
}

// TakeRefresh makes the caller the one refresher until a time; false if another
// is or was at it.
func (t *Tx) TakeRefresh(ctx context.Context, shop string, until time.Time) (bool, error) {
	n, err := t.exec(ctx, "take refresh", `UPDATE tokens SET refreshing_until = $1 WHERE shop = $2 AND refreshing_until < $3`,
		text(until), shop, text(t.now))
	return n > 0, err
}

// RefreshTakenUntil is before when nobody may refresh a shop's token.
func (t *Tx) RefreshTakenUntil(ctx context.Context, shop string) (time.Time, error) {
	at, _, err := first(query(ctx, t, "read refresh", func(scan func(...any) error) (instant, error) {
		var at instant
		return at, scan(&at)
	}, `SELECT refreshing_until FROM tokens WHERE shop = $1`, shop))
	return time.Time(at), err
}

// EndRefresh lets the next refresh begin at a time; zero: at once.
func (t *Tx) EndRefresh(ctx context.Context, shop string, at time.Time) error {
	_, err := t.exec(ctx, "end refresh", `UPDATE tokens SET refreshing_until = $1 WHERE shop = $2`, text(at), shop)
	return err
}
