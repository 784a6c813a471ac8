package app_test

import (
	"encoding/json"
	"errors"
	"go/build"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The arrows of the house: which room may import which of our rooms. They are
// checked here as well as by the linter because this test runs everywhere.
// A room without a row fails, so that a new room says what it knows.
var arrows = map[string][]string{
	"internal/returns":       {},
	"internal/platform":      {},
	"config":                 {},
	"internal/returns/rules": {"internal/returns"},
	"internal/messages":      {"internal/returns"},
	"internal/ledger":        {"internal/returns"},
	"internal/returngo":      {"internal/returns", "internal/platform"},
	"internal/tiktokshop":    {"internal/returns", "internal/platform"},
	"internal/notify":        {"internal/returns"},
	"workflows":              {"internal/returns", "internal/messages"},
	"activities": {
		"internal/returns", "internal/returns/rules", "internal/messages", "internal/platform",
		"internal/ledger", "internal/notify", "internal/returngo", "internal/tiktokshop",
	},
	"internal/app": {
		"config", "workflows", "activities", "internal/returns", "internal/returns/rules", "internal/messages",
		"internal/platform", "internal/ledger", "internal/notify", "internal/returngo", "internal/tiktokshop",
	},
	// Test helpers and checks of files that are no Go.
	"internal/ledger/ledgertest": {},
	"deploy":                     {},
	"docs":                       {},

	"worker":  {"internal/app"},
	"starter": {"internal/app"},
}

// What a workflow may reach beyond our own words: it runs again from its
// history, so nothing that reads a clock, a file, a socket or a table.
var inWorkflows = []string{
	"cmp", "errors", "fmt", "hash/crc32", "maps", "slices", "sort", "strconv", "strings", "time",
	"go.temporal.io/sdk/converter", "go.temporal.io/sdk/log", "go.temporal.io/sdk/temporal", "go.temporal.io/sdk/workflow",
}

// The Temporal server and its 450 modules belong to the local module alone.
var neverInRoot = []string{"returnbridge/local", "go.temporal.io/server", "github.com/temporalio/ui-server"}

const (
	ours = "returnbridge"
	root = "../.."
)

type goPackage struct {
	ImportPath   string
	Imports      []string
	TestImports  []string
	XTestImports []string
	DepOnly      bool
	Error        *struct{ Err string }
}

func TestArrows(t *testing.T) {
	t.Parallel()
	for _, p := range listed(t) {
		if p.DepOnly {
			continue
		}
		room := strings.TrimPrefix(p.ImportPath, ours+"/")
		t.Run(room, func(t *testing.T) {
			t.Parallel()
			require.Nil(t, p.Error)
			allowed, known := arrows[room]
			require.True(t, known, "%s is a new room: say in the table what it may import", room)
			for _, imported := range p.Imports {
				if other, isOurs := strings.CutPrefix(imported, ours+"/"); isOurs {
					require.Contains(t, allowed, other, "%s must not import %s", room, other)
				}
			}
		})
	}
}

func TestWorkflowsReachNothingOutside(t *testing.T) {
	t.Parallel()
	packages := listed(t)
	i := slices.IndexFunc(packages, func(p goPackage) bool { return p.ImportPath == ours+"/workflows" })
	require.GreaterOrEqual(t, i, 0)
	for _, imported := range packages[i].Imports {
		if !within(imported, ours) {
			require.Contains(t, inWorkflows, imported, "workflows must not import %s", imported)
		}
	}
}

func TestTheRootModuleStaysLean(t *testing.T) {
	t.Parallel()
	for _, p := range listed(t) {
		for _, heavy := range neverInRoot {
			require.False(t, within(p.ImportPath, heavy), "%s is needed by the root module", p.ImportPath)
			for _, imported := range slices.Concat(p.TestImports, p.XTestImports) {
				require.False(t, !p.DepOnly && within(imported, heavy), "tests of %s must not import %s", p.ImportPath, imported)
			}
		}
	}
}

// A sandbox is a second reading of a platform's contract: if it shared our
// code, it would share our misreadings.
func TestSandboxesShareNothingWithUs(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"returngosandbox", "tiktoksandbox"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := build.ImportDir(filepath.Join(root, "local", name), 0)
			require.NoError(t, err)
			for _, imported := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
				itself := imported == ours+"/local/"+name
				require.True(t, itself || !within(imported, ours), "%s must not import %s", name, imported)
			}
		})
	}
}

// listed is every package of the root module and everything they are built from.
func listed(t *testing.T) []goPackage {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", "list", "-e", "-deps", "-json=ImportPath,Imports,TestImports,XTestImports,DepOnly,Error", "./...")
	command.Dir = root
	out, err := command.Output()
	require.NoError(t, err)
	var packages []goPackage
	for lines := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		err := lines.Decode(&p)
		if errors.Is(err, io.EOF) {
			require.NotEmpty(t, packages)
			return packages
		}
		require.NoError(t, err)
		packages = append(packages, p)
	}
}

// within tells whether a path is a package or lies below it.
func within(path, above string) bool {
	return path == above || strings.HasPrefix(path, above+"/")
}
