// Package ledger is the SQL record of everything: what came in, what was seen,
// decided, sent, proven, and by whom decided. It keeps the promises that must
// hold whatever Temporal forgets, by constraints and conditional updates alone.
// It knows the words of internal/returns and nothing of rules, platforms or
// Temporal.
package ledger

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"go.uber.org/zap"
	_ "modernc.org/sqlite" // one host

	"returnbridge/internal/returns"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Ledger is the database. It is safe for use by many goroutines and processes.
type Ledger struct {
	db      *sql.DB
	begin   *sql.TxOptions
	dialect goose.Dialect
	now     func() time.Time
	log     *zap.Logger
	id      string
}

// Open connects to the database named by dsn and brings its schema up to date.
// A dsn that begins with "postgres" is PostgreSQL; anything else is the path of
// a SQLite file, which one host's processes share. What a configuration prints
// instead of the address, "(hidden)", is refused, and so is nothing at all: SQLite
// would make a new, empty ledger of that name.
func Open(ctx context.Context, dsn string, now func() time.Time) (*Ledger, error) {
	if dsn == "" || strings.HasPrefix(dsn, "(") {
		return nil, errors.New("open ledger: there is no address or path: it is empty, or was copied from a printed configuration, which hides it")
	}
	// What the ledger relies on is READ COMMITTED and no more: every write names what
	// it rests on in its condition, and a row that another transaction is changing is
	// waited for and looked at anew. SQLite writes one transaction after another.
	l := &Ledger{now: now, log: zap.NewNop(), dialect: goose.DialectPostgres, begin: &sql.TxOptions{Isolation: sql.LevelReadCommitted}}
	open := openPostgres
	if !strings.HasPrefix(dsn, "postgres") {
		l.dialect, l.begin, open = goose.DialectSQLite3, nil, openSQLite
	}
	db, err := open(dsn)
	if err != nil {
		return nil, fmt.Errorf("open ledger: %w", err)
	}
	l.db = db
	if err := l.migrate(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if err := l.identify(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return l, nil
}

// What is committed is on the disk, whatever the database was told to do with
// others' commits: a claim that a crash forgets is an effect that happens twice.

// openSQLite gives one connection, for which all of a program stand in line in their
// order: SQLite itself would have them sleep and try again. Another that only reads
// would read again, page by page, what the first has just written.
func openSQLite(path string) (*sql.DB, error) {
	if err := onlyForUs(path); err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", "file:"+path+"?_txlock=immediate&_pragma=busy_timeout(20000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	if err == nil {
		db.SetMaxOpenConns(1)
	}
	return db, err //nolint:wrapcheck // the caller names it
}

func openPostgres(dsn string) (*sql.DB, error) {
	c, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, err //nolint:wrapcheck // the caller names it
	}
	db := stdlib.OpenDB(*c, stdlib.OptionAfterConnect(func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, `SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'`)
		return err //nolint:wrapcheck // the caller names it
	}))
	db.SetMaxOpenConns(maxConns)
	db.SetMaxIdleConns(maxConns) // else all but two are closed after each use
	db.SetConnMaxIdleTime(time.Minute)
	return db, nil
}

// maxConns is how many connections to PostgreSQL a program uses; it has a hundred
// by default, for all.
const maxConns = 16

// Close closes the database.
func (l *Ledger) Close() error { return l.db.Close() } //nolint:wrapcheck // nothing to add

// Ping tells whether the database answers.
func (l *Ledger) Ping(ctx context.Context) error { return l.db.PingContext(ctx) } //nolint:wrapcheck // nothing to add

func (l *Ledger) migrate(ctx context.Context) error {
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fmt.Errorf("ledger migrations: %w", err)
	}
	p, err := goose.NewProvider(l.dialect, l.db, dir)
	if err != nil {
		return fmt.Errorf("ledger migrations: %w", err)
	}
	// Worker and starter may begin together. Each step is a transaction, and who
	// comes second fails until the first has committed: then it is done already.
	deadline := time.NewTimer(migrationPatience)
	defer deadline.Stop()
	for {
		if _, err = p.Up(ctx); err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("ledger migrations: %w", err)
		case <-deadline.C:
			return fmt.Errorf("ledger migrations: %w", err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// migrationPatience is how long another process may be at the schema.
const migrationPatience = 20 * time.Second

// Tx is one transaction. A platform is never called inside of one.
type Tx struct {
	tx        *sql.Tx
	now       time.Time
	onlyReads bool
	facts     []fact // for the log, once all this is committed
}

// Now is the transaction's time: everything in it happened at once.
func (t *Tx) Now() time.Time { return t.now }

// Do runs work in one transaction: all of it is kept, or nothing.
func (l *Ledger) Do(ctx context.Context, work func(*Tx) error) error {
	tx, err := l.db.BeginTx(ctx, l.begin)
	if err != nil {
		return fmt.Errorf("ledger: begin: %w", err)
	}
	defer tx.Rollback() //nolint:errcheck // after a commit there is nothing to take back; a panic must not leave the ledger locked
	t := &Tx{tx: tx, now: l.now().UTC()}
	if err := work(t); err != nil {
		return errors.Join(err, ignoreDone(tx.Rollback()))
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("ledger: commit: %w", err)
	}
	l.tell(t.facts)
	return nil
}

// Read runs reads in one transaction, after which nothing is to be written to the
// disk. A write in it is an error.
func (l *Ledger) Read(ctx context.Context, work func(*Tx) error) error {
	tx, err := l.db.BeginTx(ctx, l.begin)
	if err != nil {
		return fmt.Errorf("ledger: begin: %w", err)
	}
	defer tx.Rollback() //nolint:errcheck // there is nothing to take back
	return work(&Tx{tx: tx, now: l.now().UTC(), onlyReads: true})
}

func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) {
		return nil
	}
	return err
}

// exec runs one statement and tells how many rows it changed.
func (t *Tx) exec(ctx context.Context, what, query string, args ...any) (int64, error) {
	if t.onlyReads {
		return 0, fmt.Errorf("ledger: %s: this transaction only reads", what)
	}
	res, err := t.tx.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, fmt.Errorf("ledger: %s: %w", what, err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return 0, fmt.Errorf("ledger: %s: %w", what, err)
	}
	return n, nil
}

// query reads all rows through scan.
func query[T any](ctx context.Context, t *Tx, what string, scan func(func(...any) error) (T, error), q string, args ...any) ([]T, error) {
	rows, err := t.tx.QueryContext(ctx, q, args...)
	if err != nil {
		return nil, fmt.Errorf("ledger: %s: %w", what, err)
	}
	defer rows.Close() //nolint:errcheck // a failed read shows in rows.Err
	var all []T
	for rows.Next() {
		v, err := scan(rows.Scan)
		if err != nil {
			return nil, fmt.Errorf("ledger: %s: %w", what, err)
		}
		all = append(all, v)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("ledger: %s: %w", what, err)
	}
	return all, nil
}

// first is the only row, or the zero value and false.
func first[T any](rows []T, err error) (T, bool, error) {
	if err != nil || len(rows) == 0 {
		var zero T
		return zero, false, err
	}
	return rows[0], true, nil
}

const timeFormat = "2006-01-02T15:04:05.000Z"

func text(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(timeFormat)
}

// instant reads a time as the ledger writes it; ” is the zero time.
type instant time.Time

// Scan implements sql.Scanner.
func (i *instant) Scan(v any) error {
	s, ok := v.(string)
	if !ok {
		return fmt.Errorf("a time must be text, not %T", v)
	}
	if s == "" {
		*i = instant{}
		return nil
	}
	at, err := time.Parse(timeFormat, s)
	*i = instant(at)
	return err //nolint:wrapcheck // the caller names the column
}

func moneyText(m returns.Money) (amount, currency string) {
	if !returns.Known(m) {
		return "", ""
	}
	return m.Number(), m.CurrencyCode()
}

func readMoney(amount, currency string) (returns.Money, error) {
	if currency == "" {
		return returns.Money{}, nil
	}
	return returns.NewMoney(amount, currency)
}

// newID is a fresh id that sorts by time.
func newID() string { return uuid.Must(uuid.NewV7()).String() }

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}
