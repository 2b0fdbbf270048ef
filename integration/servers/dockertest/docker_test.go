//go:build servers_docker

package dockertest

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
)

func TestDocker(t *testing.T) {
	for _, engine := range servers.Engines() {
		t.Run(string(engine), func(t *testing.T) {
			if os.Getenv(engine.EnvImage()) == "" {
				require.NoError(t, servers.BuildImage(t.Context(), engine, servers.LocalImage(engine), t.Output()))
				t.Setenv(engine.EnvImage(), servers.LocalImage(engine))
			}
			s := servers.Private(t, servers.Options{Engine: engine, Via: servers.Docker, ExtraArgs: []string{"--max-connections=77"}})
			require.Equal(t, servers.Docker, s.Source())
			var connections int
			require.NoError(t, s.Admin().QueryRowContext(t.Context(), "SELECT @@max_connections").Scan(&connections))
			require.Equal(t, 77, connections)

			d, addr := s.Database(t), s.Addr()
			_, err := d.DB.ExecContext(t.Context(), "CREATE TABLE things (id INT PRIMARY KEY)")
			require.NoError(t, err)
			_, err = d.DB.ExecContext(t.Context(), "INSERT INTO things VALUES (1)")
			require.NoError(t, err)
			require.NoError(t, s.Restart(t.Context()))
			require.Equal(t, addr, s.Addr())
			require.NoError(t, s.Kill(t.Context()))
			require.Error(t, d.DB.PingContext(t.Context()))
			require.NoError(t, s.Restart(t.Context()))
			var count int
			require.NoError(t, d.DB.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM things").Scan(&count))
			require.Equal(t, 1, count)
		})
	}
}

// A server that ends during its start shows why.
func TestDockerShowsTheLogOfAServerThatEnds(t *testing.T) {
	for _, engine := range servers.Engines() {
		t.Run(string(engine), func(t *testing.T) {
			_, err := servers.Start(t.Context(), servers.Options{Engine: engine, Via: servers.Docker, ExtraArgs: []string{"--no-such-option"}})
			require.ErrorContains(t, err, "no-such-option")
		})
	}
}
