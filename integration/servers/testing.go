package servers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"
)

// shared holds the servers of this test process: one of each engine, started by the first test that asks.
type shared struct {
	mu      sync.Mutex
	entries map[Engine]*sharedServer
}

type sharedServer struct {
	once   sync.Once
	server *Server
	err    error
}

// ofProcess is the one global: go test has no other place to keep what outlives a test.
var ofProcess shared

// firstStart leaves time for an installation.
const firstStart = 15 * time.Minute

func (s *shared) get(engine Engine) (*Server, error) {
	s.mu.Lock()
	if s.entries == nil {
		s.entries = make(map[Engine]*sharedServer)
	}
	entry := s.entries[engine]
	if entry == nil {
		entry = new(sharedServer)
		s.entries[engine] = entry
	}
	s.mu.Unlock()
	entry.once.Do(func() { // not under mu: both engines start at once
		ctx, cancel := context.WithTimeout(context.Background(), firstStart)
		defer cancel()
		entry.server, entry.err = Start(ctx, Options{Engine: engine, Log: os.Stderr})
	})
	return entry.server, entry.err
}

// stop stops whatever was started; afterwards get starts anew.
func (s *shared) stop(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, entry := range s.entries {
		if entry.server != nil {
			errs = append(errs, entry.server.Stop(ctx))
		}
	}
	s.entries = nil
	return errors.Join(errs...)
}

// Tests is for TestMain: its Run runs the tests, then stops the servers that ForTest started, so that goroutines
// that are there afterwards were left behind.
//
//	func TestMain(m *testing.M) { goleak.VerifyTestMain(servers.Tests{M: m}) }
//
// A process without it leaves its servers to the kernel, which kills them when the process ends, and their data to
// the next start.
type Tests struct{ M *testing.M }

// Run returns the code to exit with.
func (t Tests) Run() int {
	code := t.M.Run()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := errors.Join(ofProcess.stop(ctx), stopRedisOfProcess(ctx)); err != nil {
		fmt.Fprintln(os.Stderr, "servers: stop after the tests:", err)
		return max(code, 1)
	}
	return code
}

// ForTest returns the running server of the engine that all tests of this process share. A server that
// cannot be had fails the test: a skipped test would look like a passed one.
func ForTest(t testing.TB, engine Engine) *Server {
	t.Helper()
	server, err := ofProcess.get(engine)
	if err != nil {
		t.Fatal(err)
	}
	return server
}

// Each runs fn once per engine, in parallel subtests named after them. UNDERPIN_ENGINES restricts the engines.
func Each(t *testing.T, fn func(t *testing.T, s *Server)) {
	t.Helper()
	engines, err := ParseEngines(os.Getenv(EnvEngines))
	if err != nil {
		t.Fatalf("%s: %v", EnvEngines, err)
	}
	for _, engine := range engines {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			fn(t, ForTest(t, engine))
		})
	}
}

// Private starts a server for one test only, one that may be restarted and killed, and stops it at cleanup.
func Private(t testing.TB, opts Options) *Server {
	t.Helper()
	opts.ours = true
	if opts.Log == nil {
		opts.Log = t.Output()
	}
	ctx, cancel := context.WithTimeout(t.Context(), firstStart)
	defer cancel()
	server, err := Start(ctx, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Errorf("stop the private server: %v", err)
		}
	})
	return server
}
