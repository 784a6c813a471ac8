package app

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	"go.uber.org/zap"

	"returnbridge/config"
	"returnbridge/internal/ledger"
)

// What cannot be reached is named with its address and with what sets that.

// openLedger opens the configuration's ledger. Its error never shows a password that
// stands in the address.
func openLedger(ctx context.Context, dsn string, now func() time.Time) (*ledger.Ledger, error) {
	l, err := ledger.Open(ctx, dsn, now)
	if err != nil {
		return nil, fmt.Errorf("the ledger at %s, set by the key ledger or %s_LEDGER: %s", ledger.Place(dsn), config.EnvPrefix, withoutAddress(err, dsn))
	}
	return l, nil
}

// withoutAddress keeps the ledger's address out of what is printed.
func withoutAddress(err error, dsn string) string {
	if dsn == "" {
		return err.Error()
	}
	return strings.ReplaceAll(err.Error(), dsn, "(address hidden)")
}

// dial connects to Temporal as the TEMPORAL_* variables and profiles say: local,
// compose, own cluster or Cloud need no other code. It gives the namespace, too.
func dial(ctx context.Context, z *zap.Logger) (client.Client, string, error) {
	options, err := envconfig.LoadDefaultClientOptions()
	if err != nil {
		return nil, "", fmt.Errorf("the TEMPORAL_* variables, or the profile of the Temporal CLI: %w", err)
	}
	options.Logger = sdkLogger(z)
	c, err := client.DialContext(ctx, options)
	if err != nil {
		return nil, "", fmt.Errorf("Temporal at %s, set by TEMPORAL_ADDRESS or a profile of the Temporal CLI: %w", cmp.Or(options.HostPort, client.DefaultHostPort), err) //nolint:staticcheck // Temporal is a name
	}
	return c, cmp.Or(options.Namespace, client.DefaultNamespace), nil
}
