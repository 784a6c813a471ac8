package deploy_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// inRepository are the paths of all files whose name ends in a suffix.
func inRepository(t *testing.T, suffix string) []string {
	t.Helper()
	var found []string
	require.NoError(t, filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && strings.HasPrefix(entry.Name(), ".") && entry.Name() != ".." {
			return fs.SkipDir
		}
		if err == nil && strings.HasSuffix(path, suffix) {
			found = append(found, path)
		}
		return err
	}))
	require.NotEmpty(t, found)
	return found
}

// localCommand is a command line that builds the nested module.
var localCommand = regexp.MustCompile("go -C local (?:run|test|build|vet)[^\n`]*")

// A page's command without the Makefile's build tag would build a whole Temporal server
// a second time, without what the first has built.
func TestCommandsOfPagesHaveTheBuildTag(t *testing.T) {
	t.Parallel()
	commands := 0
	for _, page := range inRepository(t, ".md") {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		for _, command := range localCommand.FindAllString(string(text), -1) {
			commands++
			require.Contains(t, command, " -tags disable_grpc_modules ", "%s", page)
		}
	}
	require.Positive(t, commands)
	require.Contains(t, read(t, "Makefile"), "\nLOCAL = -tags disable_grpc_modules\n")
}

// fuzzTarget is a fuzz test in a file.
var fuzzTarget = regexp.MustCompile(`(?m)^func (Fuzz\w+)\(`)

func TestMakeFuzzRunsEveryTarget(t *testing.T) {
	t.Parallel()
	var want []string
	for _, file := range inRepository(t, "_test.go") {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, target := range fuzzTarget.FindAllStringSubmatch(string(text), -1) {
			dir, err := filepath.Rel("..", filepath.Dir(file))
			require.NoError(t, err)
			want = append(want, "./"+filepath.ToSlash(dir)+" "+target[1])
		}
	}
	told, err := exec.CommandContext(t.Context(), "make", "-s", "-C", "..", "fuzz", "GO=echo").Output()
	require.NoError(t, err)
	var runs []string
	for line := range strings.Lines(string(told)) {
		words := strings.Fields(line)
		at := slices.Index(words, "-fuzz")
		require.Positive(t, at, line)
		runs = append(runs, words[1]+" "+strings.Trim(words[at+1], "^$"))
	}
	require.ElementsMatch(t, want, runs)
}
