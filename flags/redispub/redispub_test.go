package redispub_test

import (
	"context"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/underpin-db/underpin/flags"
	"github.com/underpin-db/underpin/flags/redispub"
	"github.com/underpin-db/underpin/integration/servers"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(servers.Tests{M: m}) }

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
func watch(t *testing.T, h *redispub.Hints) (<-chan flags.Hint, *troubles) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	hints, bad, done := make(chan flags.Hint, 1000), &troubles{}, make(chan struct{})
	go func() {
		defer close(done)
		h.Watch(ctx, func(h flags.Hint) { hints <- h }, bad.add)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return hints, bad
}

func next(t *testing.T, hints <-chan flags.Hint) flags.Hint {
	t.Helper()
	select {
	case h := <-hints:
		return h
	case <-time.After(patience):
		t.Fatal("no hint came")
		return flags.Hint{}
	}
}

func TestAnnouncementsArrive(t *testing.T) {
	t.Parallel()
	h := redispub.New(clientOf(t, servers.RedisForTest(t)), t.Name())
	hints, _ := watch(t, h)
	require.Zero(t, next(t, hints), "a subscription is a hint")
	for _, said := range []flags.Hint{{Version: 7}, {Version: 8, Sealed: []byte("\x01 \x00\xff\r\n")}, {Version: 1<<64 - 1, Sealed: make([]byte, flags.MaxHint)}} {
		require.NoError(t, h.Announce(t.Context(), said))
		require.Equal(t, said, next(t, hints))
	}
	for _, nonsense := range []string{"nonsense", "", " ", "-1", "18446744073709551616 x", "\x00\xff"} {
		require.NoError(t, clientOf(t, servers.RedisForTest(t)).Publish(t.Context(), t.Name(), nonsense).Err())
		require.Zero(t, next(t, hints), nonsense)
	}
}

func TestItComesBackAfterRedisDied(t *testing.T) {
	t.Parallel()
	r := servers.PrivateRedis(t)
	h := redispub.New(clientOf(t, r), "")
	hints, bad := watch(t, h)
	require.Zero(t, next(t, hints))
	for n := range uint64(3) { // flapping
		require.NoError(t, r.Kill(t.Context()))
		require.Error(t, h.Announce(t.Context(), flags.Hint{Version: 1}), "the caller is told, and the change stands")
		require.NoError(t, r.Restart(t.Context()))
		require.Zero(t, next(t, hints), "it asks for a poll, for what was said meanwhile")
		require.NoError(t, h.Announce(t.Context(), flags.Hint{Version: n + 10}))
		require.Equal(t, n+10, next(t, hints).Version)
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

// The user that the documentation gives to applications hears and cannot speak.
func TestAListenerThatMayNotPublish(t *testing.T) {
	t.Parallel()
	r := servers.PrivateRedis(t)
	page, err := os.ReadFile("../../docs/flags.md")
	require.NoError(t, err)
	found := regexp.MustCompile("`(ACL SETUSER shop [^`]*)`").FindSubmatch(page)
	require.NotNil(t, found)
	var command []any
	for _, word := range strings.Fields(string(found[1])) {
		command = append(command, word)
	}
	require.NoError(t, clientOf(t, r).Do(t.Context(), command...).Err())
	shop := redispub.New(clientOf(t, r, func(o *redis.Options) { o.Username, o.Password = "shop", "secret" }), "")
	hints, bad := watch(t, shop)
	require.Zero(t, next(t, hints))
	require.ErrorContains(t, shop.Announce(t.Context(), flags.Hint{Version: 1}), "NOPERM")
	require.NoError(t, redispub.New(clientOf(t, r), "").Announce(t.Context(), flags.Hint{Version: 2}))
	require.Equal(t, uint64(2), next(t, hints).Version)
	require.Zero(t, bad.count())
}

// counting counts the questions to a store.
type counting struct {
	*flags.Memory
	asked atomic.Int64
}

func (c *counting) Fetch(ctx context.Context, after flags.Position) (flags.Update, error) {
	defer c.asked.Add(1) // once the answer is fixed
	return c.Memory.Fetch(ctx, after)
}

// A change is sealed, published, heard and served, and nobody asks the store.
func TestAChangeTravelsWithItsHint(t *testing.T) {
	t.Parallel()
	h := redispub.New(clientOf(t, servers.RedisForTest(t)), t.Name())
	flag := flags.Flag{Name: "größe", Type: flags.Boolean, Kind: flags.Ops, Owner: "shop", Off: "off", Safe: "off", Serve: flags.Serve{Variant: "off"}}
	memory, err := flags.NewMemory(flag)
	require.NoError(t, err)
	store := &counting{Memory: memory}
	c, err := flags.Open(t.Context(), flags.Config{Source: store, Hints: []flags.Hinter{h}, Poll: time.Hour, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	defer func() { require.NoError(t, c.Close()) }()
	require.Eventually(t, func() bool { return store.asked.Load() == 2 }, patience, time.Millisecond, "the subscription brings one poll")
	before := c.Status().At
	flag.Version, flag.Serve.Variant = 1, "on"
	require.NoError(t, store.Put(flag))
	flag.Version = before.Version + 1
	after := flags.Position{Version: flag.Version, Token: "the next one"}
	require.NoError(t, h.Announce(t.Context(), flags.NewHint(before, flags.Update{At: after, Scope: flags.Changed, Flags: []flags.Flag{flag}})))
	require.Eventually(t, func() bool { return c.Bool(t.Context(), "größe", flags.Nobody(), false) }, patience, time.Millisecond)
	require.Equal(t, int64(2), store.asked.Load())
	require.Equal(t, after, c.Status().At)
}
