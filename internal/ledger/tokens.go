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

// SaveToken stores a token and its successor in one row: the old refresh token
// dies with the refresh (T01).
func (t *Tx) SaveToken(ctx context.Context, shop string, k Token) error {
	_, err := t.exec(ctx, "store token", `INSERT INTO tokens (shop, sealed, access_expires, refresh_expires, changed_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (shop) DO UPDATE SET sealed = excluded.sealed, access_expires = excluded.access_expires,
			refresh_expires = excluded.refresh_expires, refreshing_until = '', changed_at = excluded.changed_at`,
		shop, k.Sealed, text(k.AccessExpires), text(k.RefreshExpires), text(t.now))
	return err
}

// EnterToken stores a shop's first token; one that is already there stands.
func (t *Tx) EnterToken(ctx context.Context, shop, sealed string) error {
	_, err := t.exec(ctx, "enter token", `INSERT INTO tokens (shop, sealed, access_expires, refresh_expires, changed_at) VALUES ($1, $2, '', '', $3)
		ON CONFLICT (shop) DO NOTHING`, shop, sealed, text(t.now))
	return err
}

// TakeRefresh makes the caller the one refresher until a time; false if another is at it.
func (t *Tx) TakeRefresh(ctx context.Context, shop string, until time.Time) (bool, error) {
	n, err := t.exec(ctx, "take refresh", `UPDATE tokens SET refreshing_until = $1 WHERE shop = $2 AND refreshing_until < $3`,
		text(until), shop, text(t.now))
	return n > 0, err
}
