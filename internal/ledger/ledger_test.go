package ledger

import (
	"context"
	"errors"
	"io/fs"
	"sync"
	"testing"
	"time"

	"github.com/pressly/goose/v3"
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

func TestAReadWritesNothing(t *testing.T) {
	onBoth(t, func(b *bench) {
		err := b.Read(b.ctx, func(tx *Tx) error { return tx.MoveCursor(b.ctx, "c", "1") })
		require.ErrorContains(b.t, err, "only reads")
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
		const id = "grant-1"
		take := func() bool {
			return get(b, func(tx *Tx) (bool, error) { return tx.TakeRefresh(b.ctx, id, tx.Now().Add(time.Minute)) })
		}
		read := func() Grant {
			return get(b, func(tx *Tx) (Grant, error) {
				g, found, err := tx.Grant(b.ctx, id)
				require.True(b.t, found)
				return g, err
			})
		}
		b.do(func(tx *Tx) error {
			_, found, err := tx.Grant(b.ctx, id)
			require.False(b.t, found)
			return err
		})
		require.False(b.t, take(), "there is nothing to refresh")

		old := Grant{ID: id, Sealed: "v1", AccessExpires: monday.Add(time.Hour), RefreshExpires: monday.Add(24 * time.Hour)}
		b.do(func(tx *Tx) error { return tx.EnterGrant(b.ctx, old) })
		b.do(func(tx *Tx) error { return tx.EnterGrant(b.ctx, Grant{ID: id, Sealed: "another"}) })
		require.Equal(b.t, old, read(), "the first stands")

		require.True(b.t, take())
		require.False(b.t, take(), "another is at it")
		b.clock.pass(time.Minute)
		require.False(b.t, take(), "its time ends after this instant")
		b.clock.pass(time.Millisecond)
		require.True(b.t, take(), "the first died")

		replace := func(was string, g Grant) bool {
			return get(b, func(tx *Tx) (bool, error) { return tx.ReplaceGrant(b.ctx, was, g) })
		}
		fresh := Grant{ID: id, Sealed: "v2", AccessExpires: monday.Add(48 * time.Hour), RefreshExpires: monday.Add(96 * time.Hour)}
		require.True(b.t, replace("v1", fresh))
		require.Equal(b.t, fresh, read())
		require.False(b.t, take(), "a stored token does not end the time of a refresh")
		until := get(b, func(tx *Tx) (time.Time, error) { return tx.RefreshTakenUntil(b.ctx, id) })
		require.Equal(b.t, b.clock.now().Add(time.Minute), until)
		b.do(func(tx *Tx) error { return tx.EndRefresh(b.ctx, id, time.Time{}) })
		require.True(b.t, take())
		require.False(b.t, replace("v1", Grant{ID: id, Sealed: "v3"}), "a newer one is there")
	})
}

// A ledger of an earlier version has a token for each shop: none is lost on the way
// up, nor on the way down.
func TestEachShopsTokenBecomesAGrant(t *testing.T) {
	onBoth(t, func(b *bench) {
		dir, err := fs.Sub(migrations, "migrations")
		require.NoError(b.t, err)
		p, err := goose.NewProvider(b.dialect, b.db, dir)
		require.NoError(b.t, err)
		_, err = p.DownTo(b.ctx, 10)
		require.NoError(b.t, err)
		b.do(func(tx *Tx) error {
			_, err := tx.exec(b.ctx, "enter", `INSERT INTO tokens (shop, sealed, access_expires, refresh_expires, refreshing_until, changed_at)
				VALUES ('uk', 'sealed uk', $1, '', $2, $1), ('de', 'sealed de', '', '', '', $1)`, text(monday), text(monday.Add(time.Minute)))
			return err
		})
		for range 2 { // up, down, and up again
			_, err = p.Up(b.ctx)
			require.NoError(b.t, err)
			for shop, want := range map[string]Grant{"uk": {ID: "uk", Sealed: "sealed uk", AccessExpires: monday}, "de": {ID: "de", Sealed: "sealed de"}} {
				require.Equal(b.t, want, get(b, func(tx *Tx) (Grant, error) {
					g, _, err := tx.GrantOf(b.ctx, shop)
					return g, err
				}))
			}
			require.Equal(b.t, monday.Add(time.Minute), get(b, func(tx *Tx) (time.Time, error) { return tx.RefreshTakenUntil(b.ctx, "uk") }))
			_, err = p.DownTo(b.ctx, 10)
			require.NoError(b.t, err)
			require.Equal(b.t, 2, b.count(`SELECT count(*) FROM tokens`))
		}
	})
}

func TestShopsNameAGrant(t *testing.T) {
	onBoth(t, func(b *bench) {
		name := func(shop, was, id string) bool {
			return get(b, func(tx *Tx) (bool, error) { return tx.NameGrant(b.ctx, shop, was, id) })
		}
		grantOf := func(shop string) string {
			return get(b, func(tx *Tx) (string, error) {
				g, _, err := tx.GrantOf(b.ctx, shop)
				return g.ID, err
			})
		}
		drop := func(id string) { b.do(func(tx *Tx) error { return tx.DropGrant(b.ctx, id) }) }
		for _, id := range []string{"a", "b"} {
			b.do(func(tx *Tx) error { return tx.EnterGrant(b.ctx, Grant{ID: id, Sealed: "sealed " + id}) })
		}
		require.Empty(b.t, grantOf("uk"))
		require.True(b.t, name("uk", "", "a"))
		require.False(b.t, name("uk", "", "b"), "it names one already")
		require.True(b.t, name("de", "", "a"))
		require.Equal(b.t, []string{"de", "uk"}, get(b, func(tx *Tx) ([]string, error) { return tx.ShopsOf(b.ctx, "a") }))
		require.False(b.t, name("de", "b", "a"), "it names another than was read")
		require.True(b.t, name("de", "a", "b"))
		drop("a")
		require.Equal(b.t, "a", grantOf("uk"), "a grant that a shop names stays")
		require.True(b.t, name("uk", "a", "b"))
		drop("a")
		require.Len(b.t, get(b, func(tx *Tx) ([]Grant, error) { return tx.Grants(b.ctx) }), 1)
	})
}

func TestOneRefreshesAToken(t *testing.T) {
	onBoth(t, func(b *bench) {
		b.do(func(tx *Tx) error { return tx.EnterGrant(b.ctx, Grant{ID: "grant-1", Sealed: "v1"}) })
		errBusy := errors.New("another is at it")
		b.oneWins(b.race(func(_ int, tx *Tx) error {
			mine, err := tx.TakeRefresh(b.ctx, "grant-1", monday.Add(time.Minute))
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
