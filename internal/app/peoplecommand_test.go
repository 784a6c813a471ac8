package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"returnbridge/config"
	"returnbridge/internal/ledger"
	"returnbridge/internal/returns"
)

// starter runs the starter's command line.
func starter(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var b strings.Builder
	root := StarterCommand()
	root.SetArgs(args)
	root.SetOut(&b)
	root.SetErr(&b)
	err := root.ExecuteContext(t.Context())
	return b.String(), err
}

func TestPeopleAskOnTheCommandLine(t *testing.T) {
	t.Parallel()
	file := newStand(t, "").file
	cfg, err := config.Load(file)
	require.NoError(t, err)
	for _, command := range [][]string{{"list"}, {"show", "4711"}} {
		_, err := starter(t, append(command, "--config", file)...)
		require.EqualError(t, err, "there is no ledger at "+cfg.Ledger+": run this where the worker runs, or mend the key ledger of the configuration")
		require.NoFileExists(t, cfg.Ledger)
	}

	d := newDesk(t)
	d.ledger, err = ledger.Open(t.Context(), cfg.Ledger, d.house.now)
	require.NoError(t, err)
	d.waits("4711", "#1001")
	require.NoError(t, d.ledger.Close())
	said, err := starter(t, "list", "--config", file, "--owner", "cx", "--kind", string(returns.UnlinkedOrder), "--shop", demo)
	require.NoError(t, err)
	require.Contains(t, said, "1 exception open.")
	said, err = starter(t, "show", "4711", "--config", file, "--json")
	require.NoError(t, err)
	require.Contains(t, said, `"kind": "unlinked-order"`)
}

func TestACommandLineThatCannotBeMeant(t *testing.T) {
	t.Parallel()
	missing := filepath.Join(t.TempDir(), "config.yaml")
	for want, args := range map[string][]string{
		"name one return":                             {"show"},
		"missing: --currency, --who, --why\n":         {"resolve", "4711", "--answer", "set-amount", "--amount", "12.50", "--config", missing},
		"missing: --answer, --why\n":                  {"resolve", "4711", "--who", "Ada", "--config", missing},
		"missing: --reference, --who\n":               {"resolve", "4711", "--answer", "handled-manually", "--why", "w", "--config", missing},
		`there is no answer "refund"`:                 {"resolve", "4711", "--answer", "refund", "--config", missing},
		`there is no kind of exception "late"`:        {"resolve", "4711", "--answer", "retry", "--exception", "late", "--config", missing},
		`required flag(s) "who", "why" not set`:       {"pause", "4711", "--config", missing},
		"the answer retry takes no amount":            {"resolve", "4711", "--answer", "retry", "--amount", "12.50", "--currency", "GBP"},
		"not a decimal number":                        {"resolve", "4711", "--answer", "set-amount", "--amount", "12,50", "--currency", "GBP"},
		"give one order name and one TikTok order id": {"link", "#1001", "--who", "Ada", "--why", "w"},
		"no such file":                                {"list", "--config", missing},
	} {
		_, err := starter(t, args...)
		require.ErrorContains(t, err, want)
	}
	_, err := os.Stat(missing)
	require.Error(t, err)
	said, err := starter(t, "check", "--config", missing)
	require.EqualError(t, err, "1 problem found")
	require.Contains(t, said, "PROBLEM  configuration")
}
