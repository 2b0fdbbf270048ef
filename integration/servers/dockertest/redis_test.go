//go:build servers_docker

package dockertest

import (
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
)

// The image is redis:7, or what UNDERPIN_REDIS_IMAGE names where none can be pulled.
func TestDockerRedis(t *testing.T) {
	r, err := servers.StartRedis(t.Context(), servers.RedisOptions{Via: servers.Docker, Log: t.Output()})
	require.NoError(t, err)
	options, err := redis.ParseURL(r.URL())
	require.NoError(t, err)
	options.MaxRetries = -1
	client := redis.NewClient(options)
	defer client.Close()
	require.NoError(t, client.Ping(t.Context()).Err())
	require.NoError(t, r.Kill(t.Context()))
	require.Error(t, client.Ping(t.Context()).Err())
	require.NoError(t, r.Restart(t.Context()))
	require.NoError(t, client.Ping(t.Context()).Err())
	require.NoError(t, r.Stop(t.Context()))
	require.NoError(t, r.Stop(t.Context()))
}
