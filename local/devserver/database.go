package devserver

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"time"

	"go.temporal.io/server/common/config"
	sqliteplugin "go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	"go.temporal.io/server/schema/sqlite"
	"google.golang.org/protobuf/types/known/durationpb"
	_ "modernc.org/sqlite" // what the plugin uses
)

// memoryDatabases numbers the databases in memory: the SQLite plugin shares
// everything of one name within a process.
var memoryDatabases atomic.Uint64

// prepareDatabase returns the store the server will open, with its tables and
// the namespace in place.
//
// The plugin keeps one connection per database open until the process ends, so a
// database in memory costs its memory until then, and a file that is deleted
// must not come back under the same name in the same process.
func prepareDatabase(opts Options) (*config.SQL, error) {
	store := memoryStore()
	if opts.DatabaseFile != "" {
		file, err := filepath.Abs(opts.DatabaseFile)
		if err != nil {
			return nil, fmt.Errorf("database file %s: %w", opts.DatabaseFile, err)
		}
		store = fileStore(file)
		if err := createFile(file, store); err != nil {
			return nil, err
		}
	}
	if err := createNamespace(store, opts.Namespace, opts.Retention); err != nil {
		return nil, err
	}
	return store, nil
}

// memoryStore gets its tables from the plugin on first use.
func memoryStore() *config.SQL {
	return &config.SQL{
		PluginName:        sqliteplugin.PluginName,
		DatabaseName:      "devserver-" + strconv.FormatUint(memoryDatabases.Add(1), 10),
		ConnectAttributes: map[string]string{"mode": "memory", "cache": "shared"},
	}
}

// keepMemory holds one more connection to a database in memory. The plugin has a
// single one, and a call that is cut off in the wrong moment costs it that: with
// the last connection the database would be gone.
func keepMemory(ctx context.Context, store *config.SQL) (*sql.DB, error) {
	if store.ConnectAttributes["mode"] != "memory" {
		return nil, nil //nolint:nilnil // a file keeps itself
	}
	db, err := sql.Open("sqlite", "file:"+store.DatabaseName+"?mode=memory&cache=shared")
	if err == nil {
		db.SetConnMaxLifetime(0)
		db.SetMaxOpenConns(1)
		err = db.PingContext(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("keep the database in memory: %w", err)
	}
	return db, nil
}

// fileStore writes ahead and lets the disk be a little behind: a crash of the
// process loses nothing, a power cut may lose the last moments. Twice the
// throughput of SQLite's defaults.
func fileStore(file string) *config.SQL {
	return &config.SQL{
		PluginName:   sqliteplugin.PluginName,
		DatabaseName: (&url.URL{Path: file}).EscapedPath(), // the plugin makes a URI of it
		ConnectAttributes: map[string]string{
			"mode":         "rwc",
			"journal_mode": "wal",
			"synchronous":  "normal",
		},
	}
}

// createFile makes the tables if there is no file yet, and takes back a file it
// could not finish.
func createFile(file string, store *config.SQL) error {
	switch _, err := os.Stat(file); {
	case err == nil:
		return nil
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("database file %s: %w", file, err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
		return fmt.Errorf("folder of database file %s: %w", file, err)
	}
	if err := sqlite.SetupSchema(store); err != nil {
		for _, leftover := range []string{file, file + "-wal", file + "-shm"} {
			_ = os.Remove(leftover)
		}
		return fmt.Errorf("create tables in %s: %w", file, err)
	}
	return nil
}

// createNamespace does nothing to a namespace that exists.
func createNamespace(store *config.SQL, name string, retention time.Duration) error {
	namespace, err := sqlite.NewNamespaceConfig(clusterName, name, false, nil)
	if err != nil {
		return fmt.Errorf("describe namespace %s: %w", name, err)
	}
	namespace.Detail.Config.Retention = durationpb.New(retention)
	if err := sqlite.CreateNamespaces(store, namespace); err != nil {
		return fmt.Errorf("create namespace %s: %w", name, err)
	}
	return nil
}
