package dualwrite_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// An application that imports the library links nothing that it does not need.
func TestWhatTheLibraryLinks(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", ".", "../flags").CombinedOutput()
	require.NoError(t, err, string(out))
	require.Contains(t, string(out), "github.com/underpin-db/underpin/internal/shape")
	for _, heavy := range []string{
		"pingcap/tidb", "ariga.io", "spf13/cobra", "redis", "prometheus", "testcontainers", "docker", "testify", "goccy/go-yaml",
		"underpin/migrate/plan", "underpin/migrate/engine", "underpin/internal/cli",
	} {
		for line := range strings.Lines(string(out)) {
			require.NotContains(t, line, heavy)
		}
	}
}
