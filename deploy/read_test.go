package deploy_test

import (
	"iter"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// environmentFile reads NAME=value lines as Compose does.
func environmentFile(t *testing.T, path string) map[string]string {
	t.Helper()
	variables := map[string]string{}
	for line := range strings.Lines(uncommented(read(t, path))) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		require.True(t, ok && regexp.MustCompile(`^[A-Z0-9_]+$`).MatchString(name), "%s: %s", path, line)
		require.NotContains(t, variables, name, "%s has it twice", path)
		variables[name] = strings.Trim(value, "'")
	}
	require.NotEmpty(t, variables)
	return variables
}

var comment = regexp.MustCompile(`(?m)(^|\s)#.*$`)

func uncommented(text string) string { return comment.ReplaceAllString(text, "") }

func names(variables map[string]string) []string { return slices.Sorted(maps.Keys(variables)) }

func values(variables map[string]string) []string { return slices.Collect(maps.Values(variables)) }

func allMounts(c compose) iter.Seq[mount] {
	return func(yield func(mount) bool) {
		for _, s := range c.Services {
			for _, m := range s.Volumes {
				if !yield(m) {
					return
				}
			}
		}
	}
}
