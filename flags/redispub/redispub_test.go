package redispub_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/underpin-db/underpin/flags"
	"github.com/underpin-db/underpin/flags/redispub"
	"github.com/underpin-db/underpin/integration/servers"
)

func TestMain(m *testing.M) {
	code := servers.Run(m)
	if err := goleak.Find(); code == 0 && err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

const patience = 20 * time.Second

func clientOf(t *testing.T, r *servers.Redis, change ...func(*redis.Options)) *redis.Client {
	t.Helper()
	options, err := redis.ParseURL(r.URL())
	require.NoError(t, err)
	options.MaxRetries = -1
	for _, fn := range change {
		fn(options)
	}
	c := redis.NewClient(options)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}

// troubles gathers what a watcher reports.
type troubles struct {
	mu   sync.Mutex
	errs []error
}

func (t *troubles) add(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.errs = append(t.errs, err)
}

func (t *troubles) count() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.errs)
}

// watch runs a watcher for the test and returns what it hints.
func watch(t *testing.T, h *redispub.Hints) (<-chan uint64, *troubles) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	hints, bad, done := make(chan uint64, 1000), &troubles{}, make(chan struct{})
	go func() {
		defer close(done)
		h.Watch(ctx, func(v uint64) { hints <- v }, bad.add)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return hints, bad
}

func next(t *testing.T, hints <-chan uint64) uint64 {
	t.Helper()
	select {
	case v := <-hints:
		return v
	case <-time.After(patience):
		t.Fatal("no hint came")
		return 0
	}
}

func TestAnnouncementsArrive(t *testing.T) {
	t.Parallel()
	h := redispub.New(clientOf(t, servers.RedisForTest(t)), t.Name())
	hints, _ := watch(t, h)
	require.Zero(t, next(t, hints), "a subscription is a hint")
	require.NoError(t, h.Announce(t.Context(), 7))
	require.Equal(t, uint64(7), next(t, hints))
	require.NoError(t, clientOf(t, servers.RedisForTest(t)).Publish(t.Context(), t.Name(), "nonsense").Err())
	require.Zero(t, next(t, hints))
}

func TestItComesBackAfterRedisDied(t *testing.T) {
	t.Parallel()
	r := servers.PrivateRedis(t)
	h := redispub.New(clientOf(t, r), "")
	hints, bad := watch(t, h)
	require.Zero(t, next(t, hints))
	for n := range uint64(3) { // flapping
		require.NoError(t, r.Kill(t.Context()))
		require.Error(t, h.Announce(t.Context(), 1), "the caller is told, and the change stands")
		require.NoError(t, r.Restart(t.Context()))
		require.Zero(t, next(t, hints), "it asks for a poll, for what was said meanwhile")
		require.NoError(t, h.Announce(t.Context(), n+10))
		require.Equal(t, n+10, next(t, hints))
	}
	require.Positive(t, bad.count())
}

func TestAWrongPasswordIsReported(t *testing.T) {
	t.Parallel()
	h := redispub.New(clientOf(t, servers.RedisForTest(t), func(o *redis.Options) { o.Password = "guess" }), "")
	hints, bad := watch(t, h)
	require.Eventually(t, func() bool { return bad.count() > 0 }, patience, time.Millisecond)
	bad.mu.Lock()
	require.ErrorContains(t, bad.errs[0], "WRONGPASS")
	bad.mu.Unlock()
	require.Empty(t, hints)
}

// Whatever happens to Redis, the poll goes on; with Redis, a change does not
// wait for it.
func TestAClientNeedsNoRedis(t *testing.T) {
	t.Parallel()
	r := servers.PrivateRedis(t)
	h := redispub.New(clientOf(t, r), "")
	flag := flags.Flag{Name: "f", Type: flags.Boolean, Kind: flags.Ops, Owner: "shop", Off: "off", Safe: "off", Serve: flags.Serve{Variant: "off"}}
	store, err := flags.NewMemory(flag)
	require.NoError(t, err)
	quiet := slog.New(slog.DiscardHandler)
	polling, err := flags.Open(t.Context(), flags.Config{Source: store, Hints: []flags.Hinter{h}, Poll: 50 * time.Millisecond, Logger: quiet})
	require.NoError(t, err)
	hinted, err := flags.Open(t.Context(), flags.Config{Source: store, Hints: []flags.Hinter{h}, Poll: time.Hour, Logger: quiet})
	require.NoError(t, err)
	on := func(c *flags.Client) func() bool {
		return func() bool { return c.Bool(t.Context(), "f", flags.Nobody(), false) }
	}
	// The listener may not have subscribed yet; its first hint is then the poll.
	require.NoError(t, r.Kill(t.Context()))
	flag.Version, flag.Serve.Variant = 1, "on"
	require.NoError(t, store.Put(flag))
	require.Eventually(t, on(polling), patience, time.Millisecond, "by the poll")
	require.NoError(t, r.Restart(t.Context()))
	require.Eventually(t, on(hinted), patience, time.Millisecond, "by the hint of a new subscription")
	require.NoError(t, polling.Close())
	require.NoError(t, hinted.Close())
}
