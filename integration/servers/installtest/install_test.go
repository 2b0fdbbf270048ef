//go:build servers_install

package installtest

import (
	"bytes"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
)

func TestInstallFromNothingAndAgain(t *testing.T) {
	cache := t.TempDir()
	t.Setenv(servers.EnvCache, cache)
	for _, engine := range servers.Engines() {
		t.Run(string(engine), func(t *testing.T) {
			var wait sync.WaitGroup
			var errs [2]error
			var logs [2]bytes.Buffer
			for i := range errs {
				wait.Go(func() { errs[i] = servers.EnsureInstalled(t.Context(), engine, &logs[i]) })
			}
			wait.Wait()
			for i, err := range errs {
				require.NoError(t, err)
				t.Log(logs[i].String())
			}

			before := entries(t, cache)
			var log bytes.Buffer
			require.NoError(t, servers.EnsureInstalled(t.Context(), engine, &log))
			require.Contains(t, log.String(), string(engine)+" is here")
			require.Equal(t, before, entries(t, cache), "the second call installs nothing")

			s := servers.Private(t, servers.Options{Engine: engine, Via: servers.Install})
			require.Equal(t, servers.Install, s.Source())
			require.NoError(t, s.Database(t).DB.PingContext(t.Context()))
		})
	}
	left, err := filepath.Glob(filepath.Join(cache, "*.tmp"))
	require.NoError(t, err)
	require.Empty(t, left)
}

// What an earlier installation left half-done is no obstacle, and never taken for a tree.
func TestInstallAfterOneThatBrokeOff(t *testing.T) {
	cache := t.TempDir()
	t.Setenv(servers.EnvCache, cache)
	half := filepath.Join(cache, "mysql-sid.tmp", "usr", "sbin")
	require.NoError(t, os.MkdirAll(half, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(half, "mysqld"), []byte("half a server"), 0o755))
	require.NoError(t, servers.EnsureInstalled(t.Context(), servers.MySQL, t.Output()))
	require.NoDirExists(t, filepath.Join(cache, "mysql-sid.tmp"))
}

func entries(t *testing.T, dir string) []string {
	t.Helper()
	list, err := os.ReadDir(dir)
	require.NoError(t, err)
	var names []string
	for _, entry := range list {
		info, err := entry.Info()
		require.NoError(t, err)
		names = append(names, entry.Name()+" "+info.ModTime().String())
	}
	return names
}
