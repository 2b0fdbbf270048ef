package engine_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/engine"
	"github.com/underpin-db/underpin/migrate/plan"
)

// askedOf approves the phases that are signed, and refuses all others.
type askedOf struct {
	signed []migrate.Phase
	err    error
}

func (a askedOf) Signed(_ context.Context, p *plan.Plan, to migrate.Phase) (engine.Approval, error) {
	if slices.Contains(a.signed, to) {
		return engine.Approval{Given: engine.IsGiven, By: []string{"ada as tech-lead for " + p.Hash()}}, a.err
	}
	return engine.Approval{Reason: "ada could sign"}, a.err
}

var errAway = errors.New("the keys are away")

func TestAStepThatIsNotSignedIsNotTaken(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		st := newStage(t, s)
		asking := func(a askedOf) *engine.Engine {
			return st.another(t, func(c *engine.Config) { c.SignOff = a })
		}
		toDualWrite := engine.WalkOptions{To: migrate.DualWriting}
		one := asking(askedOf{signed: []migrate.Phase{migrate.Expanded}})
		out, err := one.Apply(t.Context(), name, toDualWrite)
		require.NoError(t, err)
		require.Equal(t, migrate.Expanded, out.Phase)
		require.Equal(t, []engine.Verdict{{Guard: engine.GuardSignatures, Reason: "ada could sign"}}, out.Waiting)
		require.Equal(t, migrate.Expanded, st.phase(t))

		status, err := one.Status(t.Context(), name)
		require.NoError(t, err)
		require.Contains(t, status.Next.Guards, out.Waiting[0])
		require.Empty(t, status.BrokenGlass)

		away := asking(askedOf{signed: []migrate.Phase{migrate.DualWriting}, err: errAway})
		_, err = away.Apply(t.Context(), name, toDualWrite)
		require.ErrorIs(t, err, errAway, "what cannot be measured does not hold")
		require.Equal(t, migrate.Expanded, st.phase(t))
		status, err = away.Status(t.Context(), name)
		require.NoError(t, err)
		require.Contains(t, status.Next.Guards[len(status.Next.Guards)-1].Reason, errAway.Error())

		out, err = one.Rollback(t.Context(), name, engine.WalkOptions{To: migrate.Planned})
		require.NoError(t, err)
		require.True(t, out.Reached, "a way back asks for nobody")
		require.Contains(t, details(t, st, "transition")[0], `"signed_by":["ada as tech-lead for `)
	})
}

func TestBrokenGlassIsRecordedForGood(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		st := newStage(t, s)
		e := st.another(t, func(c *engine.Config) { c.SignOff = askedOf{err: errAway} })
		_, err := e.Apply(t.Context(), name, engine.WalkOptions{To: migrate.Expanded, BreakGlass: " \t"})
		require.ErrorContains(t, err, "takes a reason")
		require.Equal(t, migrate.Planned, st.phase(t))

		for range 2 {
			out, err := e.Apply(t.Context(), name, engine.WalkOptions{To: migrate.Expanded, BreakGlass: "site down"})
			require.NoError(t, err)
			require.True(t, out.Reached)
		}
		require.Len(t, details(t, st, "break_glass"), 1)
		require.Contains(t, details(t, st, "break_glass")[0], `"why":"site down"`)
		require.Contains(t, details(t, st, "transition")[0], `"break_glass":"site down"`)
		require.Contains(t, st.heard("note")[0], "BREAK GLASS: test@engine goes to expanded without signatures: site down")

		st.to(t, migrate.DualWriting) // under an engine that asks for nothing
		status, err := st.Status(t.Context(), name)
		require.NoError(t, err)
		require.Len(t, status.BrokenGlass, 1)
		require.Equal(t, migrate.Expanded, status.BrokenGlass[0].To)
		require.Contains(t, status.BrokenGlass[0].Missing, errAway.Error())
	})
}

// details are the details of the audit's entries of an action.
func details(t *testing.T, st *stage, action string) []string {
	t.Helper()
	entries, err := control.AuditAfter(t.Context(), st.db, 0)
	require.NoError(t, err)
	var out []string
	for _, e := range entries {
		if e.Action == action {
			out = append(out, string(e.Detail))
		}
	}
	return out
}
