package lifecycle

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/dualwrite"
	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/migrate"
)

// upTo is the phases in which the old application may run.
var upTo = []migrate.Phase{migrate.Expanded, migrate.DualWriting, migrate.Backfilling, migrate.Verified, migrate.ReadingNew}

func TestWholeLife(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		m := model{}
		old := w.start(t, w.c.Old)
		old.work(t, m, "0")
		for _, phase := range upTo {
			w.apply(t, phase)
			w.settle(t.Context(), t, old)
			old.work(t, m, string(phase[:2]))
			old.check(t, m)
			if phase != migrate.ReadingNew {
				_, err := w.join(t, w.c.New)
				require.ErrorIs(t, err, dualwrite.ErrNotAllowed, "the target is not there yet")
			}
		}
		w.bothShapes(t, m, old)
		old.stop(t)
		w.onlyNew(t, m)
	})
}

// bothShapes has both applications at work on the same rows, in read_new.
func (w *world) bothShapes(t *testing.T, m model, old *running) {
	t.Helper()
	newer := w.start(t, w.c.New)
	for _, note := range []string{"a", "b", "c"} {
		newer.work(t, m, note+"n")
		old.work(t, m, note+"o")
		old.check(t, m)
		newer.check(t, m)
	}
	newer.stop(t)
}

// onlyNew goes to new_only, back, and on to the end.
func (w *world) onlyNew(t *testing.T, m model) {
	t.Helper()
	newer := w.start(t, w.c.New)
	w.apply(t, migrate.OnlyNew)
	_, err := w.join(t, w.c.Old)
	require.ErrorIs(t, err, dualwrite.ErrNotAllowed, "the source is stale")
	newer.work(t, m, "on")
	newer.check(t, m)

	w.rollback(t, migrate.ReadingNew)
	old := w.start(t, w.c.Old)
	old.check(t, m)
	old.work(t, m, "back")
	newer.check(t, m)
	old.stop(t)

	w.apply(t, migrate.Contracted)
	w.settle(t.Context(), t, newer)
	newer.work(t, m, "end")
	newer.check(t, m)
	newer.stop(t)
	w.apply(t, migrate.Closed)
	require.NotContains(t, w.dump(t), "scratch")
	for _, text := range w.c.End {
		require.Contains(t, w.dump(t), text)
	}
}

func TestBackFromEveryPhase(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		m := model{}
		old := w.start(t, w.c.Old)
		old.work(t, m, "0")
		for _, phase := range upTo {
			w.apply(t, phase)
			w.settle(t.Context(), t, old)
			old.work(t, m, string(phase[:2]))
			w.rollback(t, migrate.Expanded)
			w.settle(t.Context(), t, old)
			old.work(t, m, "x"+string(phase[:2]))
			old.check(t, m)
			w.rollback(t, migrate.Planned)
			require.Equal(t, w.schema, w.dump(t), "leftovers after the way back from %s", phase)
		}
		w.apply(t, migrate.ReadingNew)
		w.settle(t.Context(), t, old)
		old.check(t, m)
		w.bothShapes(t, m, old)
		old.stop(t)
	})
}

// What the new application wrote survives a step back to expanded and forward
// again, although the mapping would not produce it.
func TestFinerValuesSurviveAStepBack(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		m := model{}
		old := w.start(t, w.c.Old)
		w.apply(t, migrate.ReadingNew)
		newer := w.start(t, w.c.New)
		newer.work(t, m, "n")
		newer.stop(t)
		w.rollback(t, migrate.Expanded)
		w.settle(t.Context(), t, old)
		old.check(t, m)
		w.apply(t, migrate.ReadingNew)
		newer = w.start(t, w.c.New)
		w.settle(t.Context(), t, old)
		old.check(t, m)
		newer.check(t, m)
		newer.stop(t)
		old.stop(t)
	})
}

func each(t *testing.T, fn func(t *testing.T, w *world)) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		for _, c := range cases() {
			t.Run(c.Name, func(t *testing.T) {
				t.Parallel()
				fn(t, newWorld(t, s, c))
			})
		}
	})
}
