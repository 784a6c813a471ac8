package workflows

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// payload finds what was encoded in a recorded history.
var payload = regexp.MustCompile(`"data":\s*"([A-Za-z0-9+/=]+)"`)

// The sandboxes give every person's name, address and remark the letters PII: none of
// them reaches a history (promise 8), where it would stay as long as Temporal keeps it.
func TestHistoriesHoldNothingPersonal(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/histories/*/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	read := 0
	for _, file := range files {
		history, err := os.ReadFile(file)
		require.NoError(t, err)
		require.NotContains(t, string(history), "PII", file)
		for _, found := range payload.FindAllSubmatch(history, -1) {
			said, err := base64.StdEncoding.DecodeString(string(found[1]))
			require.NoError(t, err)
			require.NotContains(t, string(said), "PII", file)
			read++
		}
	}
	require.Greater(t, read, 100, "the payloads were not found")
}
