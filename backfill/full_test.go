package backfill

import (
	"bytes"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
)

// A worker, and a verification, that find the server without a free connection
// wait until there is one, and then do all of their work.
func TestServerThatIsFull(t *testing.T) {
	for _, engine := range servers.Engines() {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			s := servers.Private(t, servers.Options{Engine: engine, ExtraArgs: []string{"--max-connections=12"}})
			f := newFixture(t, s, copyOf)
			f.db.SetMaxIdleConns(1)
			f.fillSource(60)
			user := f.d.User(t, "SELECT", "INSERT", "UPDATE", "DELETE")
			cfg := f.config()
			cfg.DB, cfg.Workers, cfg.Attempts = openPool(t, user), 2, 600
			cfg.DB.SetMaxIdleConns(0) // every session dials
			f.whileFull(user, func(log *slog.Logger) error {
				cfg.Logger = log
				w, err := New(cfg)
				if err == nil {
					_, err = w.Run(t.Context())
				}
				return err
			})
			f.requireInStep(60)
			f.whileFull(user, func(log *slog.Logger) error {
				r, err := Verify(t.Context(), VerifyConfig{DB: cfg.DB, Change: f.change, Attempts: 600, RetryDelay: 50 * time.Millisecond, Logger: log})
				assert.True(t, r.Clean(), r.String())
				assert.EqualValues(t, 60, r.Compared)
				return err
			})
		})
	}
}

// refusals is a log that counts what the server refused for want of a connection.
type refusals struct{ n atomic.Int64 }

// Write implements io.Writer.
func (r *refusals) Write(line []byte) (int, error) {
	if bytes.Contains(line, []byte("trying again")) && bytes.Contains(line, []byte("Too many connections")) {
		r.n.Add(1)
	}
	return len(line), nil
}

// whileFull does some work on a server that is full until the work has been
// refused several times.
func (f *fixture) whileFull(user string, work func(*slog.Logger) error) {
	f.t.Helper()
	release := servers.Fill(f.t, user)
	var heard refusals
	done := make(chan error, 1)
	go func() { done <- work(slog.New(slog.NewTextHandler(&heard, nil))) }()
	require.Eventually(f.t, func() bool { return heard.n.Load() >= 5 }, 20*time.Second, 10*time.Millisecond)
	release()
	require.NoError(f.t, <-done)
}
