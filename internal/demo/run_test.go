package demo

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/migrate"
)

// TestTheDemoComesOutClean plays the whole story, short and on a small table,
// with real processes.
func TestTheDemoComesOutClean(t *testing.T) {
	self, err := os.Executable()
	require.NoError(t, err)
	t.Setenv(childRole, "real")
	for _, engine := range servers.Engines() {
		t.Run(string(engine), func(t *testing.T) {
			result, err := Run(t.Context(), Config{
				Engine: engine, Rows: 10_000, Seconds: minSeconds, Command: []string{self}, Out: t.Output(),
			})
			require.NoError(t, err)
			require.True(t, result.Clean(), result.Examples)
			require.Equal(t, string(engine), result.Engine)
			require.Equal(t, 2, result.Kills)
			require.Equal(t, 1, result.Rollbacks)
			require.NotZero(t, result.Finer, "r2 wrote no name that the old shape cannot tell apart")
			var refused []migrate.Phase
			for _, r := range result.Refusals {
				refused = append(refused, r.Phase)
			}
			require.Equal(t, []migrate.Phase{migrate.DualWriting, migrate.OnlyNew, migrate.Contracted}, refused)
		})
	}
}
