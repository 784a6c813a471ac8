package ledger

import (
	"context"
	"database/sql"
	"errors"
	flags "flag"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/internal/ledger/ledgertest"
	"returnbridge/internal/returns"
)

func TestMain(m *testing.M) {
	// A drawn case is some hundred transactions: few of them unless asked for more.
	if err := flags.Set("rapid.checks", "25"); err != nil {
		panic(err)
	}
	os.Exit(ledgertest.Main(m))
}

const shop = "glow-uk"

var monday = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// bench is one test's ledger, its clock and where it lives.
type bench struct {
	*Ledger
	t     *testing.T
	ctx   context.Context
	clock *clock
	dsn   string
}

// clock goes only when a test says so.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
	return c.at
}

func sqliteFile(t testing.TB) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "ledger.db")
}

// onBoth runs a test on SQLite and on PostgreSQL, each with a ledger of its own.
func onBoth(t *testing.T, test func(*bench)) {
	t.Helper()
	t.Parallel()
	for name, dsn := range map[string]func(testing.TB) string{
		"sqlite":   sqliteFile,
		"postgres": ledgertest.Postgres,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := &bench{t: t, ctx: t.Context(), clock: &clock{at: monday}, dsn: dsn(t)}
			b.Ledger = b.open()
			test(b)
		})
	}
}

// open is another process's handle on the same ledger.
func (b *bench) open() *Ledger {
	b.t.Helper()
	l, err := Open(b.ctx, b.dsn, b.clock.now)
	require.NoError(b.t, err)
	b.t.Cleanup(func() { require.NoError(b.t, l.Close()) })
	return l
}

func (b *bench) postgres() bool { return strings.HasPrefix(b.dsn, "postgres") }

func schemaOf(dsn string) string { _, schema, _ := strings.Cut(dsn, "search_path="); return schema }

// do runs work that must succeed.
func (b *bench) do(work func(*Tx) error) {
	b.t.Helper()
	require.NoError(b.t, b.Do(b.ctx, work))
}

// refused runs work that must fail with this error.
func (b *bench) refused(want error, work func(*Tx) error) {
	b.t.Helper()
	require.ErrorIs(b.t, b.Do(b.ctx, work), want)
}

// get runs a read and gives what it read.
func get[T any](b *bench, read func(*Tx) (T, error)) T {
	b.t.Helper()
	var v T
	b.do(func(tx *Tx) (err error) {
		v, err = read(tx)
		return err
	})
	return v
}

func (b *bench) load(key returns.Key) returns.Record {
	b.t.Helper()
	return get(b, func(tx *Tx) (returns.Record, error) { return tx.Load(b.ctx, shop, key) })
}

// column reads one text column, row by row.
func (b *bench) column(q string, args ...any) []string {
	b.t.Helper()
	return get(b, func(tx *Tx) ([]string, error) {
		return query(b.ctx, tx, "look", func(scan func(...any) error) (string, error) {
			var s string
			err := scan(&s)
			return s, err
		}, q, args...)
	})
}

// count reads one number.
func (b *bench) count(q string, args ...any) int {
	b.t.Helper()
	n, _, err := first(get(b, func(tx *Tx) ([]int, error) {
		return query(b.ctx, tx, "count", func(scan func(...any) error) (int, error) {
			var n int
			err := scan(&n)
			return n, err
		}, q, args...)
	}), nil)
	require.NoError(b.t, err)
	return n
}

// race runs work 32 times at once, over two handles as two processes would, and
// gives how each ended.
func (b *bench) race(work func(i int, tx *Tx) error) []error {
	b.t.Helper()
	const racers = 32
	handles := []*Ledger{b.Ledger, b.open()}
	errs := make([]error, racers)
	var ready, done sync.WaitGroup
	gate := make(chan struct{})
	for i := range racers {
		ready.Add(1)
		done.Go(func() {
			ready.Done()
			<-gate
			errs[i] = handles[i%2].Do(b.ctx, func(tx *Tx) error { return work(i, tx) })
		})
	}
	ready.Wait()
	close(gate)
	done.Wait()
	return errs
}

// oneWins checks that one racer got through and the others heard why not.
func (b *bench) oneWins(errs []error, others error) {
	b.t.Helper()
	wins := 0
	for _, err := range errs {
		if err == nil {
			wins++
			continue
		}
		require.ErrorIs(b.t, err, others)
	}
	require.Equal(b.t, 1, wins)
}

// overlap runs two transactions so that the second begins, and comes as far as
// it can, while the first has done its work and not yet committed.
func (b *bench) overlap(one, two func(*Tx) error) (errOne, errTwo error) {
	b.t.Helper()
	ended := make(chan error, 1)
	errOne = b.Do(b.ctx, func(tx *Tx) error {
		if err := one(tx); err != nil {
			return err
		}
		go func() { ended <- b.Do(b.ctx, two) }()
		if b.postgres() {
			errTwo = b.stuck(ended)
		}
		return nil
	})
	if errTwo == nil {
		errTwo = <-ended
	}
	if errors.Is(errTwo, errFine) {
		errTwo = nil
	}
	return errOne, errTwo
}

type fine struct{}

func (fine) Error() string { return "ended well" }

var errFine error = fine{}

// stuck waits until some transaction of this test waits for a lock, and gives
// nil; or until the other has ended, and gives how.
func (b *bench) stuck(ended <-chan error) error {
	db, err := sql.Open("pgx", b.dsn)
	require.NoError(b.t, err)
	defer db.Close()
	for b.ctx.Err() == nil {
		select {
		case err := <-ended:
			if err == nil {
				return errFine
			}
			return err
		default:
		}
		// Only locks on tables of this test's schema: other tests run beside it.
		var waiting int
		require.NoError(b.t, db.QueryRowContext(b.ctx, `SELECT count(*) FROM pg_locks w JOIN pg_locks r ON r.pid = w.pid
			JOIN pg_class c ON c.oid = r.relation JOIN pg_namespace n ON n.oid = c.relnamespace
			WHERE NOT w.granted AND n.nspname = current_schema()`).Scan(&waiting))
		if waiting > 0 {
			return nil
		}
	}
	return b.ctx.Err()
}

func gbp(number string) returns.Money {
	m, err := returns.NewMoney(number, "GBP")
	if err != nil {
		panic(err)
	}
	return m
}
