package ledger

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Nobody else on the machine reads the ledger: neither one that we make, nor one that
// was left open to others, nor the files that SQLite keeps beside it.
func TestALedgerFileIsForItsOwnerAlone(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ledger.db")
	open := func() *Ledger {
		l, err := Open(t.Context(), path, time.Now)
		require.NoError(t, err)
		t.Cleanup(func() { _ = l.Close() })
		return l
	}
	modes := func() map[string]fs.FileMode {
		all := map[string]fs.FileMode{}
		for _, name := range beside {
			if info, err := os.Stat(path + name); err == nil {
				all[name] = info.Mode().Perm()
			}
		}
		return all
	}
	want := map[string]fs.FileMode{"": 0o600, "-wal": 0o600, "-shm": 0o600}
	open()
	require.Equal(t, want, modes(), "made by us")
	require.Zero(t, OpenToOthers(path))
	for name := range want {
		require.NoError(t, os.Chmod(path+name, 0o664))
	}
	require.Equal(t, fs.FileMode(0o664), OpenToOthers(path))
	open()
	require.Equal(t, want, modes(), "tightened")
}

// The file is for its owner from its first moment, before SQLite or a later step could
// narrow it.
func TestANewLedgerFileIsNeverOpenToOthers(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ledger.db")
	require.NoError(t, makeFile(path))
	require.Zero(t, OpenToOthers(path))
	require.NoError(t, makeFile(path), "one that is there stays")
}

func TestPlaintextToAnotherMachineIsKnown(t *testing.T) {
	t.Parallel()
	for dsn, want := range map[string]string{
		"postgres://u:p@db.example.com/x": "db.example.com", "postgres://u:p@db.example.com/x?sslmode=disable": "db.example.com", "postgres://u:p@10.0.0.7/x?sslmode=allow": "10.0.0.7",
		"postgres://u:p@db.example.com/x?sslmode=require": "", "postgres://u:p@localhost/x": "", "postgres://u:p@127.0.0.1/x?sslmode=disable": "",
		"postgres://u:p@/x?host=/var/run/postgresql": "", "ledger.db": "",
	} {
		host, plaintext := Plaintext(dsn)
		require.Equal(t, want, host, dsn)
		require.Equal(t, want != "", plaintext, dsn)
	}
}
