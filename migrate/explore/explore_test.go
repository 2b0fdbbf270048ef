package explore_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/explore"
)

// run explores a configuration and insists that it was explored to the end.
func run(t *testing.T, c explore.Config) explore.Result {
	t.Helper()
	r, err := explore.Run(c)
	require.NoError(t, err)
	return r
}

func TestTheIntactProtocolHolds(t *testing.T) {
	for _, c := range explore.Scenarios() {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			r := run(t, c)
			require.Nil(t, r.Violation, "%s", r.Violation)
			t.Logf("%d states", r.States)
			for _, e := range migrate.Mapped.Edges() {
				require.Positive(t, r.Edges[explore.Name(e)], "no run takes %s: this scenario proves nothing about it", explore.Name(e))
			}
		})
	}
}

func TestEveryMechanismIsNeeded(t *testing.T) {
	for _, off := range explore.Mechanisms() {
		t.Run(string(off), func(t *testing.T) {
			t.Parallel()
			requireNoticed(t, off)
		})
	}
}

func TestEveryGuardIsNeeded(t *testing.T) {
	for _, g := range guards() {
		if explore.Judged()[g] != "" {
			continue
		}
		t.Run(string(g), func(t *testing.T) {
			t.Parallel()
			off := []explore.Switch{explore.WithoutGuard(g)}
			if by, implied := explore.Implied()[g]; implied {
				off = append(off, explore.WithoutGuard(by))
			}
			requireNoticed(t, off...)
		})
	}
}

func TestEveryGuardIsNeededOnItsEdge(t *testing.T) {
	for _, e := range migrate.Mapped.Edges() {
		for _, g := range e.Guards {
			if explore.Unnoticed(g, e) != "" {
				continue
			}
			t.Run(string(g)+" on "+explore.Name(e), func(t *testing.T) {
				t.Parallel()
				requireNoticed(t, explore.WithoutGuardOn(g, e))
			})
		}
	}
}

// requireNoticed insists that a scenario fails without the switches, and that
// its trace can be read.
func requireNoticed(t *testing.T, off ...explore.Switch) {
	t.Helper()
	c, r, err := explore.Find(off...)
	require.NoError(t, err)
	require.NotNil(t, r.Violation, "nothing needs %v: the model is too weak, or the switch is of no use", off)
	t.Logf("%s: %d states\n%s", c.Name, r.States, r.Violation)
	require.True(t, strings.HasPrefix(r.Violation.Trace[0], "in the beginning: "))
	line := regexp.MustCompile(`^(r[0-9][a-z-]* |controller: |backfill: |verification |some)`)
	for _, l := range r.Violation.Trace[1:] {
		require.Regexp(t, line, l)
	}
}

// guards returns every guard that the table names.
func guards() []migrate.Guard {
	var out []migrate.Guard
	known := map[migrate.Guard]bool{}
	for _, e := range migrate.Mapped.Edges() {
		for _, g := range e.Guards {
			if !known[g] {
				known[g] = true
				out = append(out, g)
			}
		}
	}
	return out
}

// What is said not to be noticed is not: a reason that no longer holds would
// hide a guard that is explored. All are dropped at once, for a run with fewer
// guards visits whatever a run with more of them does.
func TestReasonsForNotNoticingAreTrue(t *testing.T) {
	var off []explore.Switch
	for _, e := range migrate.Mapped.Edges() {
		for _, g := range e.Guards {
			if why := explore.Unnoticed(g, e); why != "" {
				t.Logf("%s on %s: %s", g, explore.Name(e), why)
				off = append(off, explore.WithoutGuardOn(g, e))
			}
		}
	}
	for _, c := range explore.Scenarios() {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			c.Without = off
			r := run(t, c)
			require.Nil(t, r.Violation, "one of them is explored after all\n%s", r.Violation)
		})
	}
}

// Every guard is accounted for: the model evaluates it, or a reason is given
// why it is a judgement. The model takes a guard that it does not know for one
// that holds, so a guard which TestEveryGuardIsNeeded notices is evaluated.
func TestNoReasonIsGivenForWhatTheTableDoesNotName(t *testing.T) {
	named := guards()
	for g := range explore.Judged() {
		require.Contains(t, named, g)
	}
	for g, by := range explore.Implied() {
		require.Contains(t, named, g)
		require.Contains(t, named, by)
	}
}

// Wherever the target may come back to life, a value may come back too: r1
// writes b and then a again in a phase that leaves the target alone, and the
// target still says a2 from before. The pair is in step, and nothing that does
// not keep a history can tell. The protocol promises a value that the last
// write explains, not that it is that write's own.
func TestWhatTheRuleCannotTell(t *testing.T) {
	c := explore.Config{
		Name:      "judged by the last write",
		Fleet:     explore.Fleet{explore.SourceNew, explore.TargetNew},
		Judgement: explore.ByLastWrite,
	}
	r := run(t, c)
	require.NotNil(t, r.Violation)
	t.Logf("\n%s", r.Violation)
	trace := strings.Join(r.Violation.Trace, "\n")
	require.Contains(t, trace, "dual_write → expanded", "values come back only over a phase in mode off")
}

// Shadow reads are a guard of read_new. Copy-on-read reads the target earlier,
// so an application whose reader of the target is wrong is not stopped.
func TestCopyOnReadIsNotShadowed(t *testing.T) {
	r := run(t, explore.Config{
		Name:       "a reader that is wrong, copy-on-read",
		Fleet:      explore.Fleet{explore.SourceNew, explore.TargetNew},
		CopyOnRead: migrate.Yes,
		Hazards:    explore.WrongReader,
	})
	require.NotNil(t, r.Violation)
	require.Contains(t, r.Violation.Property, "something else than the application reads")
}

// A table that is too small to be the protocol is noticed by its coverage.
func TestCoverageTellsAVacuousRun(t *testing.T) {
	r := run(t, explore.Config{
		Name:  "half a table",
		Fleet: explore.Fleet{explore.SourceNew},
		Table: migrate.Mapped.Edges()[:2],
	})
	require.Nil(t, r.Violation)
	require.Len(t, r.Edges, 2)
}

func TestLimitProvesNothing(t *testing.T) {
	c := explore.Scenarios()[0]
	c.Limit = 100
	_, err := explore.Run(c)
	require.ErrorIs(t, err, explore.ErrTooLarge)
}

func BenchmarkLargeScenarios(b *testing.B) {
	for _, c := range explore.LargeScenarios() {
		b.Run(c.Name, func(b *testing.B) {
			for b.Loop() {
				r, err := explore.Run(c)
				require.NoError(b, err)
				require.Nil(b, r.Violation, "%s", r.Violation)
				b.ReportMetric(float64(r.States), "states")
			}
		})
	}
}
