package app

import (
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"returnbridge/config"
	"returnbridge/internal/ledger"
)

// A configuration that was printed and read again must not make a ledger of the
// name that stands there instead of its address.
func TestAPrintedConfigurationOpensNoLedger(t *testing.T) {
	t.Chdir(t.TempDir())
	printed, err := json.Marshal(config.Config{Ledger: "ledger.db"})
	require.NoError(t, err)
	var read config.Config
	require.NoError(t, json.Unmarshal(printed, &read))
	for _, dsn := range []string{read.Ledger, ""} {
		_, err = ledger.Open(t.Context(), dsn, time.Now)
		require.ErrorContains(t, err, "open ledger: ")
	}
	files, err := os.ReadDir(".")
	require.NoError(t, err)
	require.Empty(t, files)
}
