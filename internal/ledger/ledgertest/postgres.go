// Package ledgertest gives tests a throw-away PostgreSQL: one cluster per test
// process, started when the first test asks, one schema per test.
package ledgertest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver
)

// cluster is one PostgreSQL server with its files.
type cluster struct {
	bin string              // where its programs are
	dir string              // its files and its socket
	as  *syscall.Credential // PostgreSQL refuses to run as root; nil: as we are
	db  *sql.DB
}

var (
	once    sync.Once
	shared  *cluster
	problem error
	schemas atomic.Int64
)

var errNoBinaries = errors.New("no PostgreSQL programs (initdb, pg_ctl) on PATH or in /usr/lib/postgresql")

// Main runs the tests and stops the cluster afterwards. It is the body of TestMain.
func Main(m *testing.M) int {
	defer func() {
		if shared != nil {
			shared.stop()
		}
	}()
	return m.Run()
}

// Postgres is the DSN of an empty schema of the test's own. Where PostgreSQL is
// not installed the test is skipped, or fails if REQUIRE_POSTGRES=1.
func Postgres(t testing.TB) string {
	t.Helper()
	once.Do(func() { shared, problem = startCluster() })
	if errors.Is(problem, errNoBinaries) && os.Getenv("REQUIRE_POSTGRES") != "1" {
		t.Skipf("the ledger is not tested on PostgreSQL: %v", problem)
	}
	if problem != nil {
		t.Fatalf("start PostgreSQL: %v", problem)
	}
	schema := fmt.Sprintf("test_%d", schemas.Add(1))
	if _, err := shared.db.Exec("CREATE SCHEMA " + schema); err != nil {
		t.Fatalf("make a schema: %v", err)
	}
	return shared.dsn() + "&search_path=" + schema
}

// OwnPostgres is a cluster of the test's own, to be stopped (without a word to
// whoever is connected) and started again.
func OwnPostgres(t testing.TB) (dsn string, stop, start func() error) {
	t.Helper()
	c, err := startCluster()
	if errors.Is(err, errNoBinaries) && os.Getenv("REQUIRE_POSTGRES") != "1" {
		t.Skipf("not tested on PostgreSQL: %v", err)
	}
	if err != nil {
		t.Fatalf("start PostgreSQL: %v", err)
	}
	t.Cleanup(c.stop)
	return c.dsn(), func() error { return c.run("pg_ctl", "-D", c.data(), "-w", "-m", "immediate", "stop") }, c.serve
}

func startCluster() (*cluster, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	as, err := unprivileged()
	if err != nil {
		return nil, err
	}
	// A short path: a socket's name has 107 bytes at most.
	dir, err := os.MkdirTemp("", "ledger-pg-")
	if err != nil {
		return nil, fmt.Errorf("make a directory: %w", err)
	}
	c := &cluster{bin: bin, dir: dir, as: as}
	if as != nil {
		if err := os.Chown(dir, int(as.Uid), int(as.Gid)); err != nil {
			return nil, errors.Join(err, os.RemoveAll(dir))
		}
	}
	if err := c.begin(); err != nil {
		c.stop()
		return nil, err
	}
	return c, nil
}

func (c *cluster) begin() error {
	// Text sorts as people sort it, not by bytes as in SQLite: nothing may rest on that.
	if err := c.run("initdb", "-D", c.data(), "-U", "ledger", "-A", "trust", "-N", "-E", "UTF8",
		"--locale=C", "--locale-provider=icu", "--icu-locale=en-US"); err != nil {
		return err
	}
	if err := c.serve(); err != nil {
		return err
	}
	db, err := sql.Open("pgx", c.dsn())
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	c.db = db
	return db.PingContext(context.Background()) //nolint:wrapcheck // the caller names it
}

// serve starts the server on its files.
func (c *cluster) serve() error {
	options := fmt.Sprintf("-k %s -c listen_addresses='' -c fsync=off -c synchronous_commit=off -c wal_writer_delay=10s -c full_page_writes=off -c max_connections=300 -c deadlock_timeout=200ms", c.dir)
	return c.run("pg_ctl", "-D", c.data(), "-l", filepath.Join(c.dir, "log"), "-w", "-o", options, "start")
}

func (c *cluster) stop() {
	if c.db != nil {
		_ = c.db.Close()
	}
	_ = c.run("pg_ctl", "-D", c.data(), "-w", "-m", "immediate", "stop") // not started: nothing to stop
	_ = os.RemoveAll(c.dir)
}

func (c *cluster) data() string { return filepath.Join(c.dir, "data") }

func (c *cluster) dsn() string {
	return "postgres://ledger@/postgres?host=" + url.QueryEscape(c.dir)
}

func (c *cluster) run(program string, args ...string) error {
	cmd := exec.Command(filepath.Join(c.bin, program), args...)
	cmd.Dir = c.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: c.as}
	// Into a file: the server inherits it, and a pipe would be waited for.
	out, err := os.Create(filepath.Join(c.dir, program+".out"))
	if err != nil {
		return fmt.Errorf("%s: %w", program, err)
	}
	defer out.Close() //nolint:errcheck // only messages
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Run(); err != nil {
		said, _ := os.ReadFile(out.Name())
		return fmt.Errorf("%s: %w: %s", program, err, said)
	}
	return nil
}

// binaries is the directory of the newest PostgreSQL found.
func binaries() (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path), nil
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) == 0 {
		return "", errNoBinaries
	}
	return filepath.Dir(slices.Max(found)), nil
}

// unprivileged is who runs PostgreSQL if we are root.
func unprivileged() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, errUID := strconv.ParseUint(u.Uid, 10, 32)
		gid, errGID := strconv.ParseUint(u.Gid, 10, 32)
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, errors.Join(errUID, errGID)
	}
	return nil, errors.New("PostgreSQL does not run as root, and there is no user postgres or nobody")
}
