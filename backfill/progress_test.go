package backfill

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/control"
)

func TestStatusFromBeginningToEnd(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, copyOf)
		f.fillSource(70)
		p, err := Status(t.Context(), f.db, f.change.Name, Backfill, f.run)
		require.NoError(t, err)
		require.Equal(t, Progress{Change: f.change.Name, Job: Backfill, Run: f.run}, p, "nobody has begun")

		var during Progress
		commits := 0
		cfg := f.config()
		cfg.Owner = "host:1"
		cfg.Points = func(p Point) (err error) {
			if p == PointCommitted {
				if commits++; commits == 10 {
					during, err = Status(t.Context(), f.db, f.change.Name, Backfill, f.run)
				}
			}
			return err
		}
		var last Progress
		var mu sync.Mutex
		cfg.ProgressEvery = 5 * time.Millisecond
		cfg.Progress = func(p Progress) {
			mu.Lock()
			defer mu.Unlock()
			last = p
		}
		f.backfill(cfg)
		require.EqualValues(t, 11, during.Spans)
		require.Less(t, during.SpansDone, during.Spans)
		require.Positive(t, during.Rows)
		require.EqualValues(t, 74, during.Expected, "11 spans of 7 but for half of the last")
		require.Positive(t, during.Rate)
		require.Positive(t, during.ETA)
		require.Len(t, during.Owners, 1)
		require.Equal(t, "host:1/1", during.Owners[0].Name)
		require.Positive(t, during.Owners[0].Left)
		require.False(t, during.Complete())

		mu.Lock()
		defer mu.Unlock()
		require.True(t, last.Complete())
		require.EqualValues(t, 70, last.Rows)
		require.EqualValues(t, 70, last.Expected)
		require.Zero(t, last.ETA)
		require.Empty(t, last.Owners, "whoever is done holds nothing")
	})
}

func TestPaceFollowsTheClock(t *testing.T) {
	t.Parallel()
	p := newPace(Config{}.withDefaults())
	require.Equal(t, firstRows, p.next())
	p.done(500, 10*time.Millisecond) // a tenth of the target
	require.Equal(t, 1000, p.next(), "at most twice as many")
	p.done(1000, time.Second)
	require.Equal(t, 500, p.next(), "at least half as many")
	p.done(500, 80*time.Millisecond)
	require.Equal(t, 625, p.next())
	p.done(625, 0)
	require.Equal(t, 1250, p.next())
	for range 20 {
		p.blocked()
	}
	require.Equal(t, 10, p.next(), "locks make it small, down to the minimum")
	for range 30 {
		p.done(p.next(), time.Millisecond)
	}
	require.Equal(t, 50_000, p.next())
}

func TestPaceFindsTheRowThatDoesNotFit(t *testing.T) {
	t.Parallel()
	p := newPace(Config{}.withDefaults())
	sizes := []int{}
	for p.next() > 1 {
		sizes = append(sizes, p.next())
		p.misfit(p.next())
	}
	require.Equal(t, []int{500, 250, 125, 62, 31, 15, 7, 3}, sizes)
	p.done(1, time.Hour)
	require.Equal(t, 2, p.next(), "grows again whatever the time was")
	for range 10 {
		p.done(p.next(), time.Millisecond)
	}
	require.GreaterOrEqual(t, p.next(), 500)
}

func TestReasonsAreCutToTheirColumn(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, copyOf)
		run := control.JobRun{Change: f.change.Name, Job: string(Backfill), Run: f.run}
		long := make([]rune, 3000)
		for i := range long {
			long[i] = 'ß'
		}
		require.NoError(t, control.Quarantine(t.Context(), f.db, run, []byte(`[{"i":1}]`), string(long)))
		require.NoError(t, control.Quarantine(t.Context(), f.db, run, []byte(`[{"i":1}]`), string(long)))
		found := f.quarantined()
		require.Len(t, found, 1)
		require.Len(t, []rune(found[0].Reason), 1024)
	})
}
