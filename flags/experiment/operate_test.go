package experiment_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/flags"
	"github.com/underpin-db/underpin/flags/experiment"
	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/control"
)

func TestValidateNamesEverythingThatIsWrong(t *testing.T) {
	require.NoError(t, button().Validate())
	for _, c := range []struct {
		change func(e *experiment.Experiment)
		says   string
	}{
		{func(e *experiment.Experiment) { e.Name = "a b" }, `name: "a b"`},
		{func(e *experiment.Experiment) { e.Name = "" }, `name: ""`},
		{func(e *experiment.Experiment) { e.Hypothesis = " " }, "hypothesis: say what"},
		{func(e *experiment.Experiment) { e.Flag = "" }, "flag:"},
		{func(e *experiment.Experiment) { e.Branches = e.Branches[:1] }, "branches: there are 1"},
		{func(e *experiment.Experiment) { e.Branches[0].Share = 4999 }, "sum to 99.99%"},
		{func(e *experiment.Experiment) { e.Branches[1].Name = "grey" }, "twice"},
		{func(e *experiment.Experiment) { e.Branches[1].Name = "żółty" }, "branches[1].name"},
		{func(e *experiment.Experiment) { e.Share = 10001 }, "share: 100.01%"},
		{func(e *experiment.Experiment) { e.Group = "checkout" }, "share: 0% is not above"},
		{func(e *experiment.Experiment) { e.Metrics = nil }, "metrics: there are 0"},
		{func(e *experiment.Experiment) { e.Metrics[0].Kind = "median" }, "metrics[0].kind"},
		{func(e *experiment.Experiment) { e.Metrics[0].Kind = experiment.Ratio }, "metrics[0].per"},
		{func(e *experiment.Experiment) { e.Metrics[0].Per = "visit" }, "only a ratio"},
		{func(e *experiment.Experiment) { e.Metrics[0].Kind = experiment.Percentile }, "metrics[0].percentile"},
		{func(e *experiment.Experiment) { e.Metrics[0].Percentile = 95 }, "only a percentile"},
		{func(e *experiment.Experiment) { e.Metrics[0].Better = "up" }, "neither higher nor lower"},
		{func(e *experiment.Experiment) { e.Metrics = append(e.Metrics, e.Metrics[0]) }, "metrics[1].name"},
		{func(e *experiment.Experiment) { e.Segments = []string{"a", "a"} }, "segments[1]"},
		{func(e *experiment.Experiment) { e.Segments = make([]string, 6) }, "segments: there are 6"},
		{func(e *experiment.Experiment) { e.Alpha = 0.5 }, "alpha: 0.5"},
		{func(e *experiment.Experiment) { e.Before = flags.Duration(91 * 24 * time.Hour) }, "before:"},
	} {
		e := button()
		c.change(&e)
		err := e.Validate()
		var bad *experiment.Invalid
		require.ErrorAs(t, err, &bad, c.says)
		require.ErrorContains(t, err, c.says)
	}
}

func TestStartChangeStop(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s)
		e := button()
		e.Share = 1000
		require.Equal(t, experiment.Started, f.start(e))
		require.Equal(t, experiment.Unchanged, f.start(e))
		e.Metrics = append(e.Metrics, experiment.Metric{Name: "revenue", Kind: experiment.Mean})
		e.Share = 2000
		require.Equal(t, experiment.Changed, f.start(e))
		state, err := experiment.Get(t.Context(), f.db, e.Name)
		require.NoError(t, err)
		require.EqualValues(t, 1, state.Generation)
		require.EqualValues(t, 2, state.Version)
		require.True(t, state.Running())
		e.Branches = []experiment.Branch{{Name: "grey", Share: 9000}, {Name: "green", Share: 1000}}
		require.Equal(t, experiment.Changed, f.start(e))

		require.NoError(t, experiment.Stop(t.Context(), f.db, by, e.Name))
		state, err = experiment.Get(t.Context(), f.db, e.Name)
		require.NoError(t, err)
		require.EqualValues(t, 2, state.Generation, "other shares are another generation")
		require.False(t, state.Running())
		require.ErrorIs(t, experiment.Stop(t.Context(), f.db, by, e.Name), experiment.ErrOver)
		require.ErrorIs(t, experiment.Stop(t.Context(), f.db, by, "other"), experiment.ErrUnknown)
		_, err = experiment.Start(t.Context(), f.db, by, e)
		require.ErrorIs(t, err, experiment.ErrOver)

		entries, err := control.AuditAfter(t.Context(), f.db, 0)
		require.NoError(t, err)
		_, err = control.CheckChain(control.Entry{}, entries)
		require.NoError(t, err)
		var actions []string
		for _, e := range entries {
			require.Equal(t, "ann@example", e.Actor)
			require.Contains(t, string(e.Detail), `"why":"a test"`)
			actions = append(actions, e.Action)
		}
		require.Equal(t, []string{"experiment start", "experiment change", "experiment change", "experiment stop"}, actions)
		require.Contains(t, string(entries[2].Detail), `"before":{"name":"checkout-button"`)
	})
}

func TestWhatARunningExperimentRefuses(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s)
		e := button()
		e.Share = 1000
		f.start(e)
		for name, change := range map[string]func(e *experiment.Experiment){
			"flag":     func(e *experiment.Experiment) { e.Flag = "other" },
			"group":    func(e *experiment.Experiment) { e.Group = "checkout" },
			"branches": func(e *experiment.Experiment) { e.Branches[0], e.Branches[1] = e.Branches[1], e.Branches[0] },
			"share":    func(e *experiment.Experiment) { e.Share = 999 },
			"units":    func(e *experiment.Experiment) { e.Units = 10 },
			"alpha":    func(e *experiment.Experiment) { e.Alpha = 0.01 },
		} {
			changed := button()
			changed.Share = 1000
			change(&changed)
			_, err := experiment.Start(t.Context(), f.db, by, changed)
			require.ErrorIs(t, err, experiment.ErrFixed, name)
		}
		other := button()
		other.Name = "another"
		_, err := experiment.Start(t.Context(), f.db, by, other)
		require.ErrorIs(t, err, experiment.ErrFlagBusy)
		_, err = experiment.Start(t.Context(), f.db, experiment.By{Actor: "ann"}, other)
		require.ErrorIs(t, err, experiment.ErrNoReason)
		require.Equal(t, 1, f.number("SELECT COUNT(*) FROM _underpin_audit"), "a refusal leaves everything as it was")
	})
}

// Experiments of one group, started at once by many, have no unit in common.
func TestAGroupsExperimentsShareNoUnit(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s)
		errs := make([]error, 6)
		var wait sync.WaitGroup
		for i := range errs {
			wait.Go(func() {
				e := button()
				e.Name, e.Group, e.Share = fmt.Sprint("e", i), "checkout", 2500
				_, errs[i] = experiment.Start(t.Context(), f.db, by, e)
			})
		}
		wait.Wait()
		refused := 0
		for _, err := range errs {
			if errors.Is(err, experiment.ErrNoRoom) {
				refused++
				continue
			}
			require.NoError(t, err)
		}
		require.Equal(t, 2, refused, "four times a quarter is all there is")
		c := f.open(experiment.Config{})
		inside := 0
		for unit := range 500 {
			in := 0
			for i := range errs {
				if c.Expose(fmt.Sprint("e", i), experiment.Unit{Key: fmt.Sprint(unit)}).Branch != "" {
					in++
				}
			}
			require.LessOrEqual(t, in, 1)
			inside += in
			variant, ok := c.Variant("button-colour", flags.User(unit))
			require.Equal(t, in == 1, ok)
			require.Equal(t, ok, variant != "")
		}
		require.Equal(t, 500, inside)
		// What a stopped one had is free again.
		list, err := experiment.List(t.Context(), f.db)
		require.NoError(t, err)
		require.NoError(t, experiment.Stop(t.Context(), f.db, by, list[0].Name))
		e := button()
		e.Name, e.Group, e.Share = "late", "checkout", 2500
		f.start(e)
	})
}
