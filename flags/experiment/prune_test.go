package experiment_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/flags/experiment"
	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/control"
)

// events stores n events of a metric that happened so many days ago, one a unit.
func (f *fixture) events(metric string, n, days int) {
	f.Helper()
	f.exec(`INSERT INTO _underpin_event (metric, unit, event, value, at)
		WITH RECURSIVE s AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM s WHERE i < ?)
		SELECT ?, CONCAT('u', i), UNHEX(LEFT(SHA2(CONCAT(?, i, ?), 256), 32)), 1, UTC_TIMESTAMP(6) - INTERVAL ? DAY + INTERVAL i MICROSECOND FROM s`,
		n, metric, metric, days, days)
}

func (f *fixture) count(metric string) int {
	f.Helper()
	return f.number("SELECT COUNT(*) FROM _underpin_event WHERE metric = ?", metric)
}

// ran starts an experiment that has run from so many days ago for so many days;
// 0 is until now.
func (f *fixture) ran(name string, from, days int, change func(*experiment.Experiment)) {
	f.Helper()
	e := button()
	e.Name, e.Flag = name, name
	if change != nil {
		change(&e)
	}
	f.start(e)
	if days > 0 {
		require.NoError(f, experiment.Stop(f.Context(), f.db, by, name))
		f.exec("UPDATE _underpin_experiment SET stopped_at = UTC_TIMESTAMP(6) - INTERVAL ? DAY WHERE name = ?", from-days, name)
	}
	f.exec("UPDATE _underpin_experiment SET started_at = UTC_TIMESTAMP(6) - INTERVAL ? DAY WHERE name = ?", from, name)
}

const dayLong = 24 * time.Hour

// What is old goes, except where an experiment needs it.
func TestPruneKeepsWhatExperimentsNeed(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s)
		metric := func(kind experiment.Kind, event, per string) func(*experiment.Experiment) {
			return func(e *experiment.Experiment) {
				e.Metrics = []experiment.Metric{{Name: "m", Kind: kind, Event: event, Per: per}}
				if kind == experiment.Mean {
					require.NoError(t, e.Before.UnmarshalText([]byte("240h")))
				}
			}
		}
		f.ran("runs", 300, 0, metric(experiment.Ratio, "click", "view"))
		f.ran("over-lately", 300, 250, metric(experiment.Mean, "purchase", ""))
		f.ran("over-long-ago", 300, 50, metric(experiment.Proportion, "visit", ""))
		kept := map[string]int{}
		for _, c := range []struct {
			metric     string
			days, n, k int
		}{
			{"nobodys", 400, 25, 0}, {"nobodys", 101, 5, 0}, {"nobodys", 99, 7, 7},
			{"click", 299, 10, 10}, {"view", 101, 10, 10}, {"click", 301, 10, 0},
			{"purchase", 305, 10, 10}, {"purchase", 311, 10, 0}, {"purchase", 200, 10, 10},
			{"visit", 280, 10, 0}, {"visit", 1, 10, 10},
		} {
			f.events(c.metric, c.n, c.days)
			kept[c.metric] += c.k
		}
		cfg := experiment.PruneConfig{Keep: 100 * dayLong, Chunk: 8, Mode: experiment.PruneNothing}
		all := f.number("SELECT COUNT(*) FROM _underpin_event")
		would, err := experiment.Prune(t.Context(), f.db, experiment.By{}, cfg)
		require.NoError(t, err)
		require.Equal(t, all, f.number("SELECT COUNT(*) FROM _underpin_event"), "a dry run")
		require.Empty(t, f.audits("experiment prune"))

		_, err = experiment.Prune(t.Context(), f.db, experiment.By{Actor: "ann"}, experiment.PruneConfig{})
		require.ErrorIs(t, err, experiment.ErrNoReason)
		chunks := 0
		cfg.Mode, cfg.Progress = experiment.PruneEvents, func(experiment.Pruned) { chunks++ }
		done, err := experiment.Prune(t.Context(), f.db, by, cfg)
		require.NoError(t, err)
		require.Greater(t, chunks, 5)
		for name, n := range kept {
			require.Equal(t, n, f.count(name), name)
		}
		require.Equal(t, uint64(60), done.Deleted)
		require.Equal(t, uint64(40), done.Needed)
		require.Equal(t, []string{"over-long-ago"}, done.Settled)
		require.True(t, done.Complete)
		would.Mode, would.Before = done.Mode, done.Before
		require.Equal(t, done, would, "the dry run had said so")

		again, err := experiment.Prune(t.Context(), f.db, by, cfg)
		require.NoError(t, err)
		require.Zero(t, again.Deleted)
		require.Empty(t, again.Settled)
		for _, action := range []string{"experiment prune", "experiment pruned"} {
			require.Len(t, f.audits(action), 2)
			require.Contains(t, string(f.audits(action)[0].Detail), by.Why)
		}
		require.Contains(t, string(f.audits("experiment pruned")[0].Detail), `"deleted":60`)
	})
}

func (f *fixture) audits(action string) (out []control.Entry) {
	f.Helper()
	all, err := control.AuditAfter(f.Context(), f.db, 0)
	require.NoError(f, err)
	for _, e := range all {
		if e.Action == action {
			out = append(out, e)
		}
	}
	return out
}

// The results of an experiment stay what they were when its events are gone, and
// so do its assignments.
func TestPruneWritesResultsDownFirst(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s)
		f.ran("checkout", 300, 100, func(e *experiment.Experiment) {
			e.Metrics = []experiment.Metric{{Name: "bought", Kind: experiment.Proportion, Event: "purchase"}, {Name: "rare", Kind: experiment.Mean}}
		})
		f.exec(`INSERT INTO _underpin_assignment (experiment, unit, branch, generation, segments, at)
			WITH RECURSIVE s AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM s WHERE i < 600)
			SELECT 1, CONCAT('u', i), IF(i % 2, 'grey', 'green'), 1, '{}', UTC_TIMESTAMP(6) - INTERVAL 299 DAY FROM s`)
		f.events("purchase", 200, 290)
		before, err := experiment.Results(t.Context(), f.db, "checkout", "")
		require.NoError(t, err)
		require.NotNil(t, before.Parts[0].Results[0].Result)
		require.InDelta(t, 1.0/3, before.Parts[0].Results[0].Result.Control, 0.01)

		_, err = experiment.Prune(t.Context(), f.db, by, experiment.PruneConfig{})
		require.NoError(t, err)
		require.Zero(t, f.count("purchase"))
		require.Equal(t, 600, f.number("SELECT COUNT(*) FROM _underpin_assignment"), "they are permanent")
		after, err := experiment.Results(t.Context(), f.db, "checkout", "")
		require.NoError(t, err)
		require.Equal(t, before.Parts, after.Parts)
		require.NotNil(t, after.Settled)
		_, err = experiment.Results(t.Context(), f.db, "checkout", "country")
		require.ErrorIs(t, err, experiment.ErrSettled)
		require.Len(t, f.audits("experiment settle"), 1)
		list, err := experiment.List(t.Context(), f.db)
		require.NoError(t, err)
		require.Equal(t, "checkout", list[0].Name)
		require.ErrorIs(t, experiment.Stop(t.Context(), f.db, by, "checkout"), experiment.ErrOver)
	})
}

// However many events there were at one moment, a transaction is a chunk.
func TestPruneDeletesLittleAtATime(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s)
		f.events("nobodys", 50, 400)
		f.exec("UPDATE _underpin_event SET at = '2020-02-02 02:02:02.020202'")
		last, most := uint64(0), uint64(0)
		done, err := experiment.Prune(t.Context(), f.db, by, experiment.PruneConfig{Chunk: 8, Progress: func(p experiment.Pruned) {
			most, last = max(most, p.Deleted-last), p.Deleted
		}})
		require.NoError(t, err)
		require.Equal(t, uint64(50), done.Deleted)
		require.Equal(t, uint64(8), most)
		require.Zero(t, f.count("nobodys"))
	})
}

// A prune that is interrupted says how far it came, also in the audit, and the
// next one goes on from there.
func TestPruneIsInterruptedAndResumed(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s)
		f.events("nobodys", 100, 400)
		errStop := errors.New("the operator said stop")
		ctx, cancel := context.WithCancelCause(t.Context())
		defer cancel(nil)
		cfg := experiment.PruneConfig{Chunk: 10, Progress: func(p experiment.Pruned) {
			if p.Deleted >= 30 {
				cancel(errStop)
			}
		}}
		done, err := experiment.Prune(ctx, f.db, by, cfg)
		require.ErrorIs(t, err, errStop)
		require.False(t, done.Complete)
		require.Equal(t, uint64(30), done.Deleted)
		require.Equal(t, 70, f.count("nobodys"))
		require.Contains(t, string(f.audits("experiment pruned")[0].Detail), `"complete":false`)
		done, err = experiment.Prune(t.Context(), f.db, by, experiment.PruneConfig{Chunk: 10})
		require.NoError(t, err)
		require.Equal(t, uint64(70), done.Deleted)
		require.Zero(t, f.count("nobodys"))
	})
}

func TestPruneRefusesWhatItCannotMean(t *testing.T) {
	for _, cfg := range []experiment.PruneConfig{{Keep: time.Hour}, {Keep: -dayLong}, {Chunk: -1}, {Mode: "all"}} {
		_, err := experiment.Prune(t.Context(), nil, by, cfg)
		require.ErrorContains(t, err, "prune events")
	}
}
