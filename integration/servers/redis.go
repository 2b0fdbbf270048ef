package servers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// EnvRedis is the environment variable that names a running Redis: redis://:password@host:port/0.
const EnvRedis = "UNDERPIN_REDIS_URL"

// redisEngine is what messages and files call it. Redis is no [Engine]: it keeps no data of the application's.
const redisEngine Engine = "redis"

// RedisOptions say what Redis to start. The zero value is one from the first source that has it.
type RedisOptions struct {
	Via Source    // zero: what UNDERPIN_SERVERS says, else every source in turn
	Log io.Writer // zero: nothing is written

	// ours passes over a Redis that belongs to somebody else: it cannot be restarted.
	ours bool
}

// Redis is a running Redis server. It keeps nothing on disk.
type Redis struct {
	source  Source
	options *redis.Options
	url     string
	backend redisBackend

	mu      sync.Mutex // serialises Restart, Kill and Stop
	stopped bool
}

// redisBackend is what differs between a process, a container and a server that is not ours.
type redisBackend interface {
	start(ctx context.Context) error // at the same address as before
	alive() error                    // nil, or why it is gone
	kill(ctx context.Context) error
	remove(ctx context.Context) error
}

// StartRedis starts a Redis from the first source that has it, as [Start] does for a database.
func StartRedis(ctx context.Context, opts RedisOptions) (*Redis, error) {
	all := Options{Engine: redisEngine, Via: opts.Via, Log: opts.Log, ours: opts.ours}
	sources, err := all.sources()
	if err != nil {
		return nil, err
	}
	failed := &NoServerError{Engine: redisEngine}
	for _, source := range sources {
		r, err := startRedisVia(ctx, source, all)
		if err == nil {
			all.logf("redis from source %s at %s", source, r.options.Addr)
			return r, nil
		}
		failed.Failures = append(failed.Failures, SourceFailure{source, err})
		if missing := (*absentError)(nil); !errors.As(err, &missing) || ctx.Err() != nil {
			break
		}
	}
	return nil, failed
}

func startRedisVia(ctx context.Context, source Source, opts Options) (*Redis, error) {
	switch source {
	case DSN:
		return redisByURL(ctx)
	case Native:
		return startRedisProgram(ctx, opts, Native)
	case Docker:
		return startRedisContainer(ctx, opts)
	default:
		if err := opts.installRedis(ctx); err != nil {
			return nil, err
		}
		return startRedisProgram(ctx, opts, Install)
	}
}

// newRedis waits until the server answers to our password.
func newRedis(ctx context.Context, source Source, url string, b redisBackend) (*Redis, error) {
	options, err := redis.ParseURL(url)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("the URL of Redis cannot be read: write it as redis://:password@host:port/0"), b.remove(ctx))
	}
	r := &Redis{source: source, options: options, url: url, backend: b}
	if err := r.waitReady(ctx); err != nil {
		return nil, errors.Join(err, b.remove(context.WithoutCancel(ctx)))
	}
	return r, nil
}

func (r *Redis) waitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	options := *r.options
	options.MaxRetries = -1
	client := redis.NewClient(&options)
	defer func() { _ = client.Close() }() // it only asked
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		if err := r.backend.alive(); err != nil {
			return err
		}
		err := client.Ping(ctx).Err()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("redis at %s does not answer: %w", r.options.Addr, err)
		case <-tick.C:
		}
	}
}

// URL is redis://:password@host:port/0, for redis.ParseURL.
func (r *Redis) URL() string { return r.url }

// Addr is host:port, the same across Restart.
func (r *Redis) Addr() string { return r.options.Addr }

// Source is where the server came from.
func (r *Redis) Source() Source { return r.source }

// Kill ends the server with SIGKILL. Restart brings it back, empty.
func (r *Redis) Kill(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopped {
		return ErrStopped
	}
	return r.backend.kill(ctx)
}

// Restart kills the server, unless it is down already, and starts it at the same address with the same password.
func (r *Redis) Restart(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopped {
		return ErrStopped
	}
	if err := r.backend.kill(ctx); err != nil {
		return fmt.Errorf("stop redis for a restart: %w", err)
	}
	if err := r.backend.start(ctx); err != nil {
		return fmt.Errorf("start redis again: %w", err)
	}
	return r.waitReady(ctx)
}

// Stop ends the server. One given by its URL is left as it is. Stopping twice is harmless.
func (r *Redis) Stop(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopped {
		return nil
	}
	r.stopped = true
	return r.backend.remove(ctx)
}

// foreignRedis is a Redis that is not ours: it is used and never touched.
type foreignRedis struct{}

func (foreignRedis) start(context.Context) error  { return ErrNotOurs }
func (foreignRedis) alive() error                 { return nil }
func (foreignRedis) kill(context.Context) error   { return ErrNotOurs }
func (foreignRedis) remove(context.Context) error { return nil }

func redisByURL(ctx context.Context) (*Redis, error) {
	url := os.Getenv(EnvRedis)
	if url == "" {
		return nil, absent("%s is not set", EnvRedis)
	}
	r, err := newRedis(ctx, DSN, url, foreignRedis{})
	if err != nil {
		return nil, fmt.Errorf("use the server named by %s: %w", EnvRedis, err)
	}
	return r, nil
}

// EnsureRedisInstalled makes sure that this machine has Redis, as [EnsureInstalled] does for a database.
func EnsureRedisInstalled(ctx context.Context, log io.Writer) error {
	opts := Options{Engine: redisEngine, Log: log}
	if _, err := opts.sources(); err != nil {
		return err
	}
	return opts.installRedis(ctx)
}

func (o *Options) installRedis(ctx context.Context) error {
	return o.installProgram(ctx, redisProgram, "redis-server")
}

// redisOfProcess is the Redis that the tests of this process share; see ofProcess.
var redisOfProcess struct {
	mu     sync.Mutex
	server *Redis
	err    error
}

// RedisForTest returns the running Redis that all tests of this process share. One that cannot be had fails the test.
// Others use it too: take channels and keys of your own, and PrivateRedis for anything that restarts it.
func RedisForTest(t testing.TB) *Redis {
	t.Helper()
	s := &redisOfProcess
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.server == nil && s.err == nil {
		ctx, cancel := context.WithTimeout(context.Background(), firstStart)
		defer cancel()
		s.server, s.err = StartRedis(ctx, RedisOptions{Log: os.Stderr})
	}
	if s.err != nil {
		t.Fatal(s.err)
	}
	return s.server
}

func stopRedisOfProcess(ctx context.Context) error {
	s := &redisOfProcess
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.server == nil {
		return nil
	}
	err := s.server.Stop(ctx)
	s.server = nil
	return err
}

// PrivateRedis starts a Redis for one test only, one that may be restarted and killed, and stops it at cleanup.
func PrivateRedis(t testing.TB) *Redis {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), firstStart)
	defer cancel()
	r, err := StartRedis(ctx, RedisOptions{Log: t.Output(), ours: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Errorf("stop the private redis: %v", err)
		}
	})
	return r
}

// redisCommand is a command with an environment of its own.
func redisCommand(path string, args ...string) *exec.Cmd {
	cmd := exec.Command(path, args...)
	cmd.Env = []string{"PATH=" + cmp.Or(os.Getenv("PATH"), defaultPath), "LC_ALL=C", "TZ=UTC"}
	return cmd
}
