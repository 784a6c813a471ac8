package tiktoksandbox

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The README names every control, fault kind and endpoint, and no other.
func TestReadmeIsComplete(t *testing.T) {
	content, err := os.ReadFile("README.md")
	require.NoError(t, err)
	_, surface, found := strings.Cut(string(content), "## Control surface")
	require.True(t, found)
	controls, rest, found := strings.Cut(surface, "| kind |")
	require.True(t, found)
	kinds, rest, found := strings.Cut(rest, "\nEndpoints: ")
	require.True(t, found)
	endpoints, _, _ := strings.Cut(rest, "\n")

	s := New(Options{})
	defer s.Close()
	require.Equal(t, slices.Sorted(maps.Keys(s.controls())), firstColumn(controls))
	require.Equal(t, slices.Sorted(slices.Values(faultKinds)), firstColumn(kinds))
	require.Equal(t, slices.Sorted(slices.Values(endpointNames())), quoted(endpoints))
}

// firstColumn gives the quoted words in the first column of a table.
func firstColumn(table string) []string {
	var words []string
	for line := range strings.Lines(table) {
		if cells := strings.Split(line, "|"); len(cells) > 2 {
			words = append(words, quoted(cells[1])...)
		}
	}
	slices.Sort(words)
	return words
}

func quoted(text string) []string {
	var words []string
	for _, match := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(text, -1) {
		words = append(words, match[1])
	}
	slices.Sort(words)
	return words
}
