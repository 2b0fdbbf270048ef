package engine_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	of "github.com/open-feature/go-sdk/openfeature"
	"github.com/open-feature/go-sdk/openfeature/memprovider"
	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/flags"
	"github.com/underpin-db/underpin/flags/openfeature"
	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/engine"
)

// flagSystem is somebody else's flag system, reached through OpenFeature: a
// percentage, or none.
type flagSystem struct {
	percent atomic.Pointer[float64]
	ramp    *openfeature.Ramp
}

func newFlagSystem(t *testing.T) *flagSystem {
	t.Helper()
	f := &flagSystem{}
	evaluate := func(memprovider.InMemoryFlag, of.FlattenedContext) (any, of.ProviderResolutionDetail) {
		if p := f.percent.Load(); p != nil {
			return *p, of.ProviderResolutionDetail{Reason: of.TargetingMatchReason, Variant: "share"}
		}
		return 0.0, of.ProviderResolutionDetail{Reason: of.ErrorReason, ResolutionError: of.NewFlagNotFoundResolutionError("no such flag")}
	}
	provider := memprovider.NewInMemoryProvider(map[string]memprovider.InMemoryFlag{
		"underpin." + name: {Key: "underpin." + name, State: memprovider.Enabled, ContextEvaluator: &evaluate},
	})
	require.NoError(t, of.SetNamedProviderWithContextAndWait(t.Context(), t.Name(), provider))
	t.Cleanup(func() { require.NoError(t, of.SetNamedProviderAndWait(t.Name(), of.NoopProvider{})) })
	f.ramp = openfeature.NewRamp(of.NewClient(t.Name()), nil)
	return f
}

func (f *flagSystem) says(percent float64) { f.percent.Store(&percent) }

func (st *stage) rampNow(t *testing.T) flags.Share {
	t.Helper()
	s, err := control.Setting(t.Context(), st.db, name)
	require.NoError(t, err)
	return flags.Share(s.Ramp)
}

// held insists that the ramp stands in the way, and returns why.
func held(t *testing.T, out engine.Outcome) string {
	t.Helper()
	require.False(t, out.Reached)
	require.Equal(t, migrate.ReadingNew, out.Phase)
	require.Len(t, out.Waiting, 1)
	require.Equal(t, engine.GuardRampHeld, out.Waiting[0].Guard)
	return out.Waiting[0].Reason
}

func TestAFlagSystemHoldsTheRamp(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		st := newStage(t, s)
		system := newFlagSystem(t)
		e := st.another(t, func(cfg *engine.Config) { cfg.Ramp = system.ramp })
		walk := func() engine.Outcome {
			out, err := e.Apply(t.Context(), name, engine.WalkOptions{To: migrate.OnlyNew})
			require.NoError(t, err)
			return out
		}
		// The phase itself begins no higher than its holder lets it.
		system.says(4)
		out, err := e.Apply(t.Context(), name, engine.WalkOptions{To: migrate.ReadingNew})
		require.NoError(t, err)
		require.True(t, out.Reached)
		require.EqualValues(t, 400, st.rampNow(t))
		for _, c := range []struct {
			percent float64
			want    flags.Share
		}{
			{4, 400},      // below the plan's first step
			{33.33, 3333}, // the plan's step, and then up to the ceiling
			{0, 0},        // down at once
			{12.5, 1250},
		} {
			system.says(c.percent)
			require.Contains(t, held(t, walk()), "lets no more than")
			require.Equal(t, c.want, st.rampNow(t))
		}

		// What the flag system does not say raises nothing, and lowers nothing.
		system.percent.Store(nil)
		require.Contains(t, held(t, walk()), "FLAG_NOT_FOUND")
		require.EqualValues(t, 1250, st.rampNow(t))
		notes := st.heard("note")
		require.Contains(t, notes[len(notes)-1], "the ramp stays at 12.5 %")
		status, err := e.Status(t.Context(), name)
		require.NoError(t, err)
		last := status.Next.Guards[len(status.Next.Guards)-1]
		require.Equal(t, engine.GuardRampHeld, last.Guard)
		require.False(t, last.Holds)
		require.Contains(t, last.Reason, "underpin."+name)

		system.says(100)
		require.True(t, walk().Reached)
		require.Equal(t, migrate.OnlyNew, st.phase(t))
	})
}

// Reads do not move for good on the word of a flag system that is gone, nor on an
// older word than its last.
func TestAFullRampIsHeldToo(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		st := newStage(t, s)
		system := newFlagSystem(t)
		e := st.another(t, func(cfg *engine.Config) { cfg.Ramp = stopped{system.ramp, st, t} })
		system.says(100)
		out, err := e.Apply(t.Context(), name, engine.WalkOptions{To: migrate.OnlyNew})
		require.NoError(t, err)
		require.Contains(t, held(t, out), "the ramp stays at 100 %")

		system.says(20)
		lower := st.another(t, func(cfg *engine.Config) { cfg.Ramp = system.ramp })
		out, err = lower.Apply(t.Context(), name, engine.WalkOptions{To: migrate.OnlyNew})
		require.NoError(t, err)
		held(t, out)
		require.EqualValues(t, 2000, st.rampNow(t))
	})
}

// stopped is a flag system that is gone from the moment when the ramp is full.
type stopped struct {
	engine.RampHolder
	st *stage
	t  *testing.T
}

func (h stopped) Share(ctx context.Context, change string) (flags.Share, error) {
	if h.st.rampNow(h.t) == flags.All {
		return 0, errors.New("the flag system is gone")
	}
	return h.RampHolder.Share(ctx, change)
}

// share is a holder that says one thing.
type share flags.Share

func (s share) Share(context.Context, string) (flags.Share, error) { return flags.Share(s), nil }

func TestAShareAboveAllIsNone(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		st := newStage(t, s)
		st.to(t, migrate.ReadingNew)
		e := st.another(t, func(cfg *engine.Config) { cfg.Ramp = share(flags.All + 1) })
		out, err := e.Apply(t.Context(), name, engine.WalkOptions{To: migrate.OnlyNew, Wait: 50 * time.Millisecond})
		require.NoError(t, err)
		require.Contains(t, held(t, out), "10001 basis points")
		require.EqualValues(t, 1000, st.rampNow(t))
	})
}
