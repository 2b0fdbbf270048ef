package servers_test

import (
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
)

func openRedis(t *testing.T, r *servers.Redis) *redis.Client {
	t.Helper()
	options, err := redis.ParseURL(r.URL())
	require.NoError(t, err)
	options.MaxRetries = -1
	client := redis.NewClient(options)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	return client
}

func TestRedisIsSharedByAProcess(t *testing.T) {
	r := servers.RedisForTest(t)
	require.Same(t, r, servers.RedisForTest(t))
	require.NoError(t, openRedis(t, r).Ping(t.Context()).Err())
	stranger := redis.NewClient(&redis.Options{Addr: r.Addr(), Password: "guess", MaxRetries: -1})
	defer func() { _ = stranger.Close() }()
	require.Error(t, stranger.Ping(t.Context()).Err(), "the port is open to every user of the machine")
}

func TestPrivateRedisSurvivesKillAndRestart(t *testing.T) {
	r := servers.PrivateRedis(t)
	require.NotEqual(t, servers.DSN, r.Source())
	client, addr := openRedis(t, r), r.Addr()
	require.NoError(t, r.Kill(t.Context()))
	require.NoError(t, r.Kill(t.Context()), "killing twice is harmless")
	require.Error(t, client.Ping(t.Context()).Err())
	require.NoError(t, r.Restart(t.Context()))
	require.Equal(t, addr, r.Addr())
	require.NoError(t, client.Ping(t.Context()).Err())
	require.NoError(t, r.Stop(t.Context()))
	require.NoError(t, r.Stop(t.Context()), "stopping twice is harmless")
	require.ErrorIs(t, r.Restart(t.Context()), servers.ErrStopped)
}

func TestRedisGivenByURL(t *testing.T) {
	ours := servers.PrivateRedis(t)
	t.Setenv(servers.EnvRedis, ours.URL())
	r, err := servers.StartRedis(t.Context(), servers.RedisOptions{Via: servers.DSN})
	require.NoError(t, err)
	require.ErrorIs(t, r.Kill(t.Context()), servers.ErrNotOurs)
	require.NoError(t, r.Stop(t.Context()))
	require.NoError(t, openRedis(t, ours).Ping(t.Context()).Err(), "somebody else's server goes on")

	t.Setenv(servers.EnvRedis, "redis://:secret@127.0.0.1:x/0")
	_, err = servers.StartRedis(t.Context(), servers.RedisOptions{Via: servers.DSN})
	require.ErrorContains(t, err, servers.EnvRedis)
	require.NotContains(t, err.Error(), "secret")
	t.Setenv(servers.EnvRedis, "")
	_, err = servers.StartRedis(t.Context(), servers.RedisOptions{Via: servers.DSN})
	require.ErrorContains(t, err, "not set")
}
