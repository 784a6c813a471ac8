package ledger

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
)

// beside are the suffixes of one SQLite database's files. SQLite gives new files the
// permissions of the first.
var beside = []string{"", "-wal", "-shm", "-journal"}

// onlyForUs makes the database's file before SQLite does, whatever the umask, and
// removes the access of others to one that exists: it holds what was paid, and the
// sealed tokens. A file of another user stays as it is; the
// pre-flight check names it.
func onlyForUs(path string) error {
	if err := makeFile(path); err != nil {
		return err
	}
	for _, name := range beside {
		info, err := os.Stat(path + name)
		if errors.Is(err, fs.ErrNotExist) || err == nil && forOthers(info.Mode()) == 0 {
			continue
		}
		if err == nil {
			err = os.Chmod(path+name, info.Mode().Perm()&^0o077)
		}
		if err != nil && !errors.Is(err, fs.ErrPermission) && !errors.Is(err, fs.ErrNotExist) {
			return err //nolint:wrapcheck // it names the file, and the caller what for
		}
	}
	return nil
}

// makeFile makes a new file. One that is there is never opened: to close it would end
// the locks that SQLite holds on it in this process.
func makeFile(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) //nolint:gosec // the operator names the file
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err == nil {
		err = f.Close()
	}
	return err //nolint:wrapcheck // it names the file, and the caller what for
}

func forOthers(m fs.FileMode) fs.FileMode { return m.Perm() & 0o077 }

// OpenToOthers is the mode of the first file of a SQLite ledger that others than its
// owner may open; zero is none.
func OpenToOthers(path string) fs.FileMode {
	for _, name := range beside {
		if info, err := os.Stat(path + name); err == nil && forOthers(info.Mode()) != 0 {
			return info.Mode().Perm()
		}
	}
	return 0
}

// Place is where a ledger is: its file, or the host, port and database of
// PostgreSQL, without user and password.
func Place(dsn string) string {
	if !strings.HasPrefix(dsn, "postgres") {
		return cmp.Or(dsn, "(no path)")
	}
	c, err := pgx.ParseConfig(dsn)
	if err != nil {
		return "(an address that cannot be read)"
	}
	return fmt.Sprintf("%s, database %s", net.JoinHostPort(c.Host, strconv.Itoa(int(c.Port))), c.Database)
}

// Plaintext reports whether a ledger's connection may leave this machine without
// encryption, as PostgreSQL allows unless sslmode says otherwise, and to which host.
func Plaintext(dsn string) (host string, plaintext bool) {
	if !strings.HasPrefix(dsn, "postgres") {
		return "", false
	}
	c, err := pgx.ParseConfig(dsn)
	if err != nil {
		return "", false
	}
	if c.TLSConfig == nil && elsewhere(c.Host) {
		return c.Host, true
	}
	for _, f := range c.Fallbacks {
		if f.TLSConfig == nil && elsewhere(f.Host) {
			return f.Host, true
		}
	}
	return "", false
}

// elsewhere reports whether a host is another machine: no socket, and no loopback.
func elsewhere(host string) bool {
	at, err := netip.ParseAddr(host)
	return !strings.HasPrefix(host, "/") && host != "localhost" && (err != nil || !at.IsLoopback())
}
