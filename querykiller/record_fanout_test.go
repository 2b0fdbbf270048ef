package querykiller_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/querykiller"
)

// sink is a sink whose every Write is a test's business; the first, empty one
// only if it greets.
type sink struct {
	name   string
	greets bool
	write  func(ctx context.Context, batch []querykiller.Decision) error
}

func (s sink) Name() string { return s.name }
func (s sink) Write(ctx context.Context, batch []querykiller.Decision) error {
	if len(batch) == 0 && !s.greets {
		return nil
	}
	return s.write(ctx, slices.Clone(batch))
}

// memory keeps what it is given.
type memory struct {
	mu      sync.Mutex
	batches [][]querykiller.Decision
}

func (m *memory) Name() string { return "memory" }
func (m *memory) Write(_ context.Context, batch []querykiller.Decision) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.batches = append(m.batches, slices.Clone(batch))
	return nil
}

// sessions are the decisions' sessions in the order in which they were written.
func (m *memory) sessions() (out []uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, d := range slices.Concat(m.batches...) {
		out = append(out, d.Session)
	}
	return out
}

func record(t *testing.T, f *querykiller.Fanout, from, to uint64) {
	t.Helper()
	for n := from; n <= to; n++ {
		require.NoError(t, f.Record(t.Context(), querykiller.Decision{Session: n}))
	}
}

func upTo(n uint64) (out []uint64) {
	for i := uint64(1); i <= n; i++ {
		out = append(out, i)
	}
	return out
}

func TestFanoutWritesEverythingInOrderBeforeItCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{}
		slow := &memory{}
		f := querykiller.NewFanout(querykiller.FanoutConfig{Batch: 7, Sinks: []querykiller.Sink{m,
			sink{name: "slow", write: func(ctx context.Context, batch []querykiller.Decision) error {
				<-time.After(time.Second)
				return slow.Write(ctx, batch)
			}}}})
		record(t, f, 1, 100)
		require.NoError(t, f.Close(t.Context()))
		require.Equal(t, upTo(100), m.sessions())
		require.Equal(t, upTo(100), slow.sessions())
		for _, b := range slow.batches {
			require.LessOrEqual(t, len(b), 7)
		}
		require.Equal(t, map[string]uint64{"memory": 0, "slow": 0}, f.Lost())
		require.ErrorIs(t, f.Record(t.Context(), querykiller.Decision{}), querykiller.ErrClosed)
		require.NoError(t, f.Close(t.Context()), "again")
	})
}

// A sink that hangs takes no time from the killer or the other sink; what does
// not fit is dropped, counted, told once, and told again when it is over.
func TestFanoutNeverBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{}
		release := make(chan struct{})
		var hung memory
		var told []querykiller.Trouble
		f := querykiller.NewFanout(querykiller.FanoutConfig{
			Queue: 10, Batch: 5, Timeout: time.Hour, Told: func(tr querykiller.Trouble) { told = append(told, tr) },
			Sinks: []querykiller.Sink{m, sink{name: "hung", write: func(ctx context.Context, batch []querykiller.Decision) error {
				<-release
				return hung.Write(ctx, batch)
			}}},
		})
		start := time.Now()
		for n := uint64(1); n <= 40; n++ {
			record(t, f, n, n)
			synctest.Wait() // every sink has taken what it can
		}
		require.Zero(t, time.Since(start))
		require.Equal(t, upTo(40), m.sessions())
		require.Equal(t, uint64(29), f.Lost()["hung"], "40 less one being written and ten that wait")
		close(release)
		synctest.Wait()
		require.Equal(t, upTo(11), hung.sessions())
		require.Equal(t, []querykiller.Trouble{
			{Sink: "hung", Err: querykiller.ErrQueueFull, Lost: 29},
			{Sink: "hung", Lost: 29},
		}, told)
		require.NoError(t, f.Close(t.Context()))
	})
}

func TestFanoutTellsOfTroubleOnceAndOfItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bad := errors.New("bad")
		broken, kept := true, false
		var told []querykiller.Trouble
		f := querykiller.NewFanout(querykiller.FanoutConfig{
			Told: func(tr querykiller.Trouble) { told = append(told, tr) },
			Sinks: []querykiller.Sink{sink{name: "s", greets: true, write: func(context.Context, []querykiller.Decision) error {
				switch {
				case kept:
					return querykiller.ErrKept
				case broken:
					return bad
				}
				return nil
			}}},
		})
		synctest.Wait()
		require.Equal(t, []querykiller.Trouble{{Sink: "s", Err: bad}}, told, "before anything was decided")
		for n := range uint64(5) {
			record(t, f, n, n)
			synctest.Wait()
		}
		require.Len(t, told, 1)
		broken = false
		record(t, f, 9, 9)
		synctest.Wait()
		require.Equal(t, querykiller.Trouble{Sink: "s", Lost: 5}, told[1])
		kept = true
		record(t, f, 10, 10)
		synctest.Wait()
		require.Equal(t, querykiller.Trouble{Sink: "s", Err: querykiller.ErrKept}, told[2], "trouble without loss")
		require.Equal(t, uint64(5), f.Lost()["s"])
		require.NoError(t, f.Close(t.Context()))
	})
}

func TestFanoutClosesInTimeWhateverASinkDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := querykiller.NewFanout(querykiller.FanoutConfig{
			Timeout: time.Hour,
			Sinks: []querykiller.Sink{sink{name: "hung", write: func(ctx context.Context, _ []querykiller.Decision) error {
				<-ctx.Done()
				return ctx.Err()
			}}},
		})
		record(t, f, 1, 200)
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		start := time.Now()
		require.ErrorIs(t, f.Close(ctx), context.DeadlineExceeded)
		require.Equal(t, 3*time.Second, time.Since(start))
		require.Equal(t, uint64(200), f.Lost()["hung"])
	})
}

func TestFanoutTakesDecisionsFromManyWhileItCloses(t *testing.T) {
	m := &memory{}
	f := querykiller.NewFanout(querykiller.FanoutConfig{Sinks: []querykiller.Sink{m}})
	var wait sync.WaitGroup
	var taken sync.Map
	for n := range uint64(8) {
		wait.Go(func() {
			for i := range uint64(200) {
				if f.Record(t.Context(), querykiller.Decision{Session: n*1000 + i}) == nil {
					taken.Store(n*1000+i, true)
				}
			}
		})
	}
	require.NoError(t, f.Close(t.Context()))
	wait.Wait()
	want := 0
	taken.Range(func(any, any) bool { want++; return true })
	require.Equal(t, uint64(want), uint64(len(m.sessions()))+f.Lost()["memory"])
}
