package ledger

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestMigrationsRunOnceAndAgain(t *testing.T) {
	onBoth(t, func(b *bench) {
		b.do(func(tx *Tx) error { return tx.MoveCursor(b.ctx, "sweep", "here") })
		again := b.open()
		require.NoError(b.t, again.Ping(b.ctx))
		b.Ledger = again
		require.Equal(b.t, "here", get(b, func(tx *Tx) (string, error) { return tx.Cursor(b.ctx, "sweep") }))
		require.Equal(b.t, 1, b.count(`SELECT count(*) FROM goose_db_version WHERE version_id = 1`))
	})
}

// Worker and starter begin together on an empty database.
func TestManyOpenAnEmptyLedgerAtOnce(t *testing.T) {
	onBoth(t, func(b *bench) {
		if b.postgres() {
			b.do(func(tx *Tx) error {
				_, err := tx.exec(b.ctx, "empty", `DROP SCHEMA `+schemaOf(b.dsn)+` CASCADE`)
				if err == nil {
					_, err = tx.exec(b.ctx, "empty", `CREATE SCHEMA `+schemaOf(b.dsn))
				}
				return err
			})
		} else {
			b.dsn += ".empty"
		}
		var all sync.WaitGroup
		errs := make([]error, 8)
		for i := range errs {
			all.Go(func() {
				l, err := Open(b.ctx, b.dsn, b.clock.now)
				if err == nil {
					err = l.Close()
				}
				errs[i] = err
			})
		}
		all.Wait()
		require.NoError(b.t, errors.Join(errs...))
		b.Ledger = b.open()
		require.Equal(b.t, 1, b.count(`SELECT count(*) FROM goose_db_version WHERE version_id = 1`))
	})
}

func TestAFailedTransactionKeepsNothing(t *testing.T) {
	onBoth(t, func(b *bench) {
		boom := errors.New("boom")
		b.refused(boom, func(tx *Tx) error {
			if err := tx.MoveCursor(b.ctx, "sweep", "lost"); err != nil {
				return err
			}
			return boom
		})
		require.Empty(b.t, get(b, func(tx *Tx) (string, error) { return tx.Cursor(b.ctx, "sweep") }))
	})
}

// A panic that is recovered above must not leave the ledger locked.
func TestAPanicReleasesTheLedger(t *testing.T) {
	onBoth(t, func(b *bench) {
		require.Panics(b.t, func() {
			_ = b.Do(b.ctx, func(tx *Tx) error {
				require.NoError(b.t, tx.MoveCursor(b.ctx, "sweep", "lost"))
				panic("a bug")
			})
		})
		ctx, cancel := context.WithTimeout(b.ctx, 5*time.Second)
		defer cancel()
		require.NoError(b.t, b.Do(ctx, func(tx *Tx) error { return tx.MoveCursor(ctx, "sweep", "kept") }))
		require.Equal(b.t, "kept", get(b, func(tx *Tx) (string, error) { return tx.Cursor(b.ctx, "sweep") }))
	})
}

func TestCursorMoves(t *testing.T) {
	onBoth(t, func(b *bench) {
		read := func() string { return get(b, func(tx *Tx) (string, error) { return tx.Cursor(b.ctx, "rma") }) }
		require.Empty(b.t, read())
		for _, at := range []string{"1", "2", "2"} {
			b.do(func(tx *Tx) error { return tx.MoveCursor(b.ctx, "rma", at) })
			require.Equal(b.t, at, read())
		}
	})
}

func TestTokensKeepTheirSuccessorInOneRow(t *testing.T) {
	onBoth(t, func(b *bench) {
		take := func() bool {
			return get(b, func(tx *Tx) (bool, error) { return tx.TakeRefresh(b.ctx, shop, tx.Now().Add(time.Minute)) })
		}
		read := func() Token {
			return get(b, func(tx *Tx) (Token, error) {
				k, found, err := tx.Token(b.ctx, shop)
				require.True(b.t, found)
				return k, err
			})
		}
		b.do(func(tx *Tx) error {
			_, found, err := tx.Token(b.ctx, shop)
			require.False(b.t, found)
			return err
		})
		require.False(b.t, take(), "there is nothing to refresh")

		old := Token{Sealed: "v1", AccessExpires: monday.Add(time.Hour), RefreshExpires: monday.Add(24 * time.Hour)}
		b.do(func(tx *Tx) error { return tx.SaveToken(b.ctx, shop, old) })
		require.Equal(b.t, old, read())

		require.True(b.t, take())
		require.False(b.t, take(), "another is at it")
		b.clock.pass(time.Minute)
		require.False(b.t, take(), "its time ends after this instant")
		b.clock.pass(time.Millisecond)
		require.True(b.t, take(), "the first died")

		fresh := Token{Sealed: "v2", AccessExpires: monday.Add(48 * time.Hour), RefreshExpires: monday.Add(96 * time.Hour)}
		b.do(func(tx *Tx) error { return tx.SaveToken(b.ctx, shop, fresh) })
		require.Equal(b.t, fresh, read())
		require.False(b.t, take(), "a stored token does not end the time of a refresh")
		until := get(b, func(tx *Tx) (time.Time, error) { return tx.RefreshTakenUntil(b.ctx, shop) })
		require.Equal(b.t, b.clock.now().Add(time.Minute), until)
		b.do(func(tx *Tx) error { return tx.EndRefresh(b.ctx, shop, time.Time{}) })
		require.True(b.t, take())

		replace := func(was string) bool {
			return get(b, func(tx *Tx) (bool, error) { return tx.ReplaceToken(b.ctx, shop, was, Token{Sealed: "v3"}) })
		}
		require.False(b.t, replace("v1"), "a newer one is there")
		require.True(b.t, replace("v2"))
		require.Equal(b.t, Token{Sealed: "v3"}, read())
	})
}

func TestOneRefreshesAToken(t *testing.T) {
	onBoth(t, func(b *bench) {
		b.do(func(tx *Tx) error { return tx.SaveToken(b.ctx, shop, Token{Sealed: "v1"}) })
		errBusy := errors.New("another is at it")
		b.oneWins(b.race(func(_ int, tx *Tx) error {
			mine, err := tx.TakeRefresh(b.ctx, shop, monday.Add(time.Minute))
			if err == nil && !mine {
				err = errBusy
			}
			return err
		}), errBusy)
	})
}

// A process may die at any moment after a commit, and so may the machine.
func TestACommitIsOnTheDisk(t *testing.T) {
	onBoth(t, func(b *bench) {
		setting, want := "PRAGMA synchronous", "2" // FULL
		if b.postgres() {
			setting, want = "SHOW synchronous_commit", "on" // ledgertest's clusters have it off
		}
		var got string
		require.NoError(t, b.db.QueryRowContext(b.ctx, setting).Scan(&got))
		require.Equal(t, want, got)
	})
}
