package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The file that docs/experiments.md shows can be started.
func TestTheDocumentedExperimentIsValid(t *testing.T) {
	page, err := os.ReadFile("../../docs/experiments.md")
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(page), "```yaml\n")
	require.True(t, found)
	text, _, found := strings.Cut(rest, "```")
	require.True(t, found)
	path := filepath.Join(t.TempDir(), "documented.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	e, err := readExperiment(path)
	require.NoError(t, err)
	require.NoError(t, e.Validate())
	require.Len(t, e.Metrics, 4)
}
