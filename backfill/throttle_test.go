package backfill

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
)

// dial is a throttler that a test turns.
type dial struct {
	mu     sync.Mutex
	say    Verdict
	err    error
	checks atomic.Int64
}

func (d *dial) turn(v Verdict, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.say, d.err = v, err
}

func (d *dial) Check(context.Context) (Verdict, error) {
	d.checks.Add(1)
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.say, d.err
}

// Anything but a Go waits: a Wait, a verdict nobody filled in, and a signal
// that cannot be measured; and any process can read why.
func TestThrottleFailsClosed(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		for name, c := range map[string]struct {
			say  Verdict
			err  error
			want string
		}{
			"wait":       {Verdict{Wait, "replica r1 is 9s behind, the limit is 5s"}, nil, "replica r1 is 9s behind, the limit is 5s"},
			"unmeasured": {Verdict{}, errors.New("replica r1 does not answer"), "cannot measure: replica r1 does not answer"},
			"empty":      {Verdict{Reason: "nobody decided"}, nil, "nobody decided"},
			"bare":       {Verdict{}, nil, "a throttler says so without a reason"},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				f := newFixture(t, s, copyOf)
				f.fillSource(30)
				d := &dial{}
				d.turn(c.say, c.err)
				cfg := f.config()
				cfg.Throttle, cfg.ThrottleEvery = []Throttler{d}, 10*time.Millisecond
				w, err := New(cfg)
				require.NoError(t, err)
				done := make(chan error, 1)
				go func() { _, err := w.Run(t.Context()); done <- err }()
				require.Eventually(t, func() bool {
					p, err := Status(t.Context(), f.db, f.change.Name, Backfill, f.run)
					return err == nil && p.Waiting == c.want
				}, 20*time.Second, 10*time.Millisecond)
				require.Equal(t, "0", f.one("SELECT COUNT(*) FROM dst"))
				d.turn(Verdict{Decision: Go}, nil)
				require.NoError(t, <-done)
				f.requireInStep(30)
				p, err := Status(t.Context(), f.db, f.change.Name, Backfill, f.run)
				require.NoError(t, err)
				require.Empty(t, p.Waiting)
			})
		}
	})
}

// Throttlers are asked by the clock, not by the chunk.
func TestThrottleIsAskedByTheClock(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, copyOf)
		f.fillSource(200)
		d := &dial{say: Verdict{Decision: Go}}
		cfg := f.config()
		cfg.Throttle, cfg.ThrottleEvery, cfg.Workers = []Throttler{d}, time.Hour, 2
		f.backfill(cfg)
		require.EqualValues(t, 1, d.checks.Load())
	})
}

func TestThreadsRunningAndHistory(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, copyOf)
		v, err := ThreadsRunning{DB: f.db, Limit: 100_000}.Check(t.Context())
		require.NoError(t, err)
		require.Equal(t, Go, v.Decision)
		v, err = ThreadsRunning{DB: f.db, Limit: -1}.Check(t.Context())
		require.NoError(t, err)
		require.Equal(t, Wait, v.Decision)
		require.Contains(t, v.Reason, "threads are running, the limit is -1")

		v, err = HistoryLength{DB: f.db, Limit: 1 << 60}.Check(t.Context())
		require.NoError(t, err)
		require.Equal(t, Go, v.Decision)
		v, err = HistoryLength{DB: f.db, Limit: -1}.Check(t.Context())
		require.NoError(t, err)
		require.Contains(t, v.Reason, "look for a long transaction")
	})
}

// A server that replicates from nobody is no replica whose lag is zero.
func TestReplicaThatCannotBeMeasured(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, copyOf)
		_, err := ReplicaLag{Replicas: []Replica{{"r1", f.db}}}.Check(t.Context())
		require.ErrorContains(t, err, "replica r1: it replicates from nobody")

		closed := openPool(t, f.dsn)
		require.NoError(t, closed.Close())
		_, err = ReplicaLag{Replicas: []Replica{{"r1", closed}}}.Check(t.Context())
		require.ErrorContains(t, err, "lag of replica r1")
		_, err = ThreadsRunning{DB: closed}.Check(t.Context())
		require.ErrorContains(t, err, "threads running")
		_, err = HistoryLength{DB: closed}.Check(t.Context())
		require.ErrorContains(t, err, "history")
	})
}

// A verification heeds throttlers as a copy does, fails closed as it does, and
// compares everything in the end.
func TestVerificationIsThrottled(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, copyOf)
		f.fillSource(100)
		f.backfill(f.config())
		d := &dial{}
		d.turn(Verdict{}, errors.New("the server does not say"))
		looks := func(n int64) { // the throttler is asked so often more
			seen := d.checks.Load()
			assert.Eventually(t, func() bool { return d.checks.Load() >= seen+n }, 20*time.Second, time.Millisecond)
		}
		var chunks atomic.Int64
		type outcome struct {
			report Report
			err    error
		}
		done := make(chan outcome, 1)
		go func() {
			r, err := Verify(t.Context(), VerifyConfig{
				DB: f.db, Change: f.change, ChunkMin: 10, ChunkMax: 10, Throttle: []Throttler{d}, ThrottleEvery: 5 * time.Millisecond,
				Progress: func(Report) {
					if chunks.Add(1) == 3 {
						d.turn(Verdict{Wait, "somebody else is busy"}, nil)
						looks(2)
					}
				},
			})
			done <- outcome{r, err}
		}()
		looks(20)
		require.Zero(t, chunks.Load(), "a signal that cannot be measured is a wait")
		d.turn(Verdict{Decision: Go}, nil)
		require.Eventually(t, func() bool { return chunks.Load() >= 3 }, 20*time.Second, time.Millisecond)
		looks(20)
		stopped := chunks.Load()
		looks(20)
		require.Equal(t, stopped, chunks.Load(), "it went on although it was told to wait")
		require.Less(t, stopped, int64(10))
		d.turn(Verdict{Decision: Go}, nil)
		out := <-done
		require.NoError(t, out.err)
		require.True(t, out.report.Clean())
		require.EqualValues(t, 100, out.report.Compared)
	})
}

// A verification that waits ends with its context.
func TestVerificationThatWaitsEndsWithItsContext(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, copyOf)
		f.fillSource(10)
		f.backfill(f.config())
		d := &dial{say: Verdict{Wait, "for ever"}}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() {
			_, err := Verify(ctx, VerifyConfig{DB: f.db, Change: f.change, Throttle: []Throttler{d}, ThrottleEvery: time.Millisecond})
			done <- err
		}()
		require.Eventually(t, func() bool { return d.checks.Load() > 3 }, 20*time.Second, time.Millisecond)
		cancel()
		require.ErrorIs(t, <-done, context.Canceled)
	})
}

// The rest after a chunk grows with how much longer rows take than at their
// fastest, from twice as long on, up to twice the chunk; what lasts is usual.
func TestRestIsInProportion(t *testing.T) {
	t.Parallel()
	const ms = time.Millisecond
	p := newPace(Config{ChunkTarget: 100 * ms, ChunkMin: 1, ChunkMax: 1000})
	require.Zero(t, p.rest(100, 100*ms), "the first chunk is the fastest so far")
	require.Zero(t, p.rest(100, 150*ms), "half as much again is borne")
	some := p.rest(100, 250*ms)
	require.Greater(t, some, 250*ms)
	require.Greater(t, p.rest(10, 28*ms), 28*ms, "a smaller chunk is judged by its rows")
	require.Equal(t, 20*time.Second, p.rest(100, 10*time.Second), "twice the chunk at most")
	require.Zero(t, p.rest(100, 50*ms), "a new fastest")
	require.NotZero(t, p.rest(100, 110*ms), "so this is slow now")
	require.Zero(t, p.rest(100, 0))
	require.Zero(t, p.rest(100, 0), "no clock is fine enough")

	p = newPace(Config{ChunkTarget: 100 * ms, ChunkMin: 1, ChunkMax: 1000})
	p.rest(100, 10*ms)
	slow := 0
	for p.rest(100, 50*ms) > 0 {
		slow++
		require.Less(t, slow, 40, "a table that is not in memory is not left alone for ever")
	}
	require.Greater(t, slow, 10)
}
