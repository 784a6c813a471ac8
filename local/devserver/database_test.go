package devserver

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The connection that is held on to looks into the server's own database, which
// therefore lives as long as it does.
func TestADatabaseInMemoryIsHeld(t *testing.T) {
	store := memoryStore()
	require.NoError(t, createNamespace(store, "held", time.Hour))
	db, err := keepMemory(t.Context(), store)
	require.NoError(t, err)
	defer db.Close()
	var found int
	require.NoError(t, db.QueryRowContext(t.Context(), `SELECT count(*) FROM namespaces WHERE name = 'held'`).Scan(&found))
	require.Equal(t, 1, found)
}
