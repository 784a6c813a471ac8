package app

import (
	"context"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
)

// nobody is an address of this machine where nothing listens.
func nobody(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

func TestALedgerThatCannotBeReachedIsNamed(t *testing.T) {
	t.Parallel()
	at := nobody(t)
	for dsn, place := range map[string]string{
		"postgres://bridge:sesame@" + at + "/returns?connect_timeout=5":   at + ", database returns",
		"postgres://bridge:ses@me:x@" + at + "/returns?sslmode=perhaps":   "(an address that cannot be read)",
		"postgres://bridge:sesame@" + at + ":nope/returns":                "(an address that cannot be read)",
		filepath.Join(t.TempDir(), "no", "such", "folder", "returns.db"):  "returns.db",
		"postgresql://bridge:sesame@" + at + "/returns?connect_timeout=5": at + ", database returns",
	} {
		ctx, stop := context.WithTimeout(t.Context(), time.Second) // it would try for longer
		_, err := openLedger(ctx, dsn, func() time.Time { return noon })
		stop()
		require.ErrorContains(t, err, place)
		require.ErrorContains(t, err, ", set by the key ledger or RETURNBRIDGE_LEDGER: ")
		for _, secret := range []string{"sesame", "ses@me", "me:x"} {
			require.NotContains(t, err.Error(), secret)
		}
	}
}

func TestATemporalThatCannotBeReachedIsNamed(t *testing.T) {
	at := nobody(t)
	t.Setenv("TEMPORAL_ADDRESS", at)
	_, _, err := dial(t.Context(), zap.NewNop())
	require.ErrorContains(t, err, "Temporal at "+at+", set by TEMPORAL_ADDRESS or a profile of the Temporal CLI: ")
}
