package migrate_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/underpin-db/underpin/migrate"
)

func drawChoice(t *rapid.T, label string) migrate.Choice {
	return rapid.SampledFrom([]migrate.Choice{migrate.No, migrate.Yes}).Draw(t, label)
}

func drawRamp(t *rapid.T) uint16 {
	return rapid.Uint16Range(0, migrate.RampFull).Draw(t, "ramp")
}

// walk takes edges and ramp steps at random, guards or not, and shows check
// each step that was an edge.
func walk(t *rapid.T, check func(before migrate.Setting, e migrate.Edge, after migrate.Setting)) {
	s := migrate.Initial()
	copyOnRead := drawChoice(t, "copy-on-read")
	for range rapid.IntRange(0, 40).Draw(t, "steps") {
		if s.Phase == migrate.ReadingNew && drawChoice(t, "move the ramp") == migrate.Yes {
			s = s.WithRamp(drawRamp(t))
			continue
		}
		var ways []migrate.Edge
		for _, way := range []migrate.Direction{migrate.Forward, migrate.Back} {
			if e, ok := migrate.Mapped.Next(s.Phase, way); ok {
				ways = append(ways, e)
			}
		}
		if len(ways) == 0 {
			return
		}
		e := rapid.SampledFrom(ways).Draw(t, "edge")
		after := s.After(e, copyOnRead, drawRamp(t))
		check(s, e, after)
		s = after
	}
}

func TestAfterOnRandomWalks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		walk(t, func(before migrate.Setting, e migrate.Edge, after migrate.Setting) {
			require.Equal(t, e.To, after.Phase)
			require.Equal(t, before.Epoch+1, after.Epoch, "every transition is a new epoch")

			if after.Mode != after.Phase.Mode() {
				require.Equal(t, migrate.CopyOnRead, after.Mode)
				require.Contains(t, []migrate.Phase{migrate.Backfilling, migrate.Verified}, after.Phase)
				require.Equal(t, migrate.No, after.TargetStale, "copy-on-read trusts the rows that are there")
			}
			if before.Rule == migrate.StepEither && after.Rule == migrate.StepExact {
				require.Equal(t, migrate.Planned, after.Phase, "only dropping the target forgets what was written in it")
			}
			if after.Phase == migrate.ReadingNew {
				require.Equal(t, migrate.StepEither, after.Rule)
			}
			if before.TargetStale == migrate.Yes && after.TargetStale == migrate.No {
				require.Contains(t, []migrate.Phase{migrate.Planned, migrate.Verified}, after.Phase)
			}
			if after.Mode.Reads() != migrate.ReadsByRamp && after.Mode.Reads() != migrate.ReadsTarget {
				require.Zero(t, after.Ramp, "nothing is read by ramp")
			}
		})
	})
}

// Steps back never ask the fleet for copy-on-read: nobody has asked the fleet
// whether it can.
func TestAStepBackNeverEntersCopyOnRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		walk(t, func(before migrate.Setting, e migrate.Edge, after migrate.Setting) {
			if e.Direction == migrate.Back && after.Mode == migrate.CopyOnRead {
				require.Equal(t, migrate.CopyOnRead, before.Mode)
			}
		})
	})
}

// follow takes the edges that lead through the phases, in order.
func follow(t *testing.T, copyOnRead migrate.Choice, ramp uint16, phases ...migrate.Phase) migrate.Setting {
	t.Helper()
	s := migrate.Initial()
	for _, to := range phases {
		var edge *migrate.Edge
		for _, e := range migrate.Mapped.Edges() {
			if e.From == s.Phase && e.To == to {
				edge = &e
			}
		}
		require.NotNil(t, edge, "no edge %s → %s", s.Phase, to)
		s = s.After(*edge, copyOnRead, ramp)
	}
	return s
}

const (
	expanded, dual, back = migrate.Expanded, migrate.DualWriting, migrate.Backfilling
	verified, read, only = migrate.Verified, migrate.ReadingNew, migrate.OnlyNew
)

// afterCase is a way through the phases and the setting at its end. The ramp
// that is offered is 100.
type afterCase struct {
	name       string
	phases     []migrate.Phase
	copyOnRead migrate.Choice
	want       migrate.Setting
}

func (c afterCase) run(t *testing.T) {
	require.Equal(t, c.want, follow(t, c.copyOnRead, 100, c.phases...))
}

func TestAfterCopyOnRead(t *testing.T) {
	for _, c := range []afterCase{
		{
			name: "backfilling in dual_write", phases: []migrate.Phase{expanded, dual, back},
			want: migrate.Setting{Phase: back, Epoch: 3, Mode: migrate.DualWrite, Rule: migrate.StepExact},
		},
		{
			name: "backfilling in copy_on_read", phases: []migrate.Phase{expanded, dual, back}, copyOnRead: migrate.Yes,
			want: migrate.Setting{Phase: back, Epoch: 3, Mode: migrate.CopyOnRead, Rule: migrate.StepExact},
		},
		{
			name: "copy_on_read is refused on a stale target", phases: []migrate.Phase{expanded, dual, expanded, dual, back},
			copyOnRead: migrate.Yes,
			want:       migrate.Setting{Phase: back, Epoch: 5, Mode: migrate.DualWrite, Rule: migrate.StepExact, TargetStale: migrate.Yes},
		},
		{
			name:       "a verified target is not stale, and the way back keeps the mode",
			phases:     []migrate.Phase{expanded, dual, expanded, dual, back, verified, back},
			copyOnRead: migrate.Yes,
			want:       migrate.Setting{Phase: back, Epoch: 7, Mode: migrate.DualWrite, Rule: migrate.StepExact},
		},
		{
			name: "verified keeps copy_on_read", phases: []migrate.Phase{expanded, dual, back, verified}, copyOnRead: migrate.Yes,
			want: migrate.Setting{Phase: verified, Epoch: 4, Mode: migrate.CopyOnRead, Rule: migrate.StepExact},
		},
	} {
		t.Run(c.name, c.run)
	}
}

func TestAfterRampAndRule(t *testing.T) {
	for _, c := range []afterCase{
		{
			name: "read_new begins at the ramp given", phases: []migrate.Phase{expanded, dual, back, verified, read},
			want: migrate.Setting{Phase: read, Epoch: 5, Mode: migrate.ReadNew, Ramp: 100, Rule: migrate.StepEither},
		},
		{
			name:   "read_new after reversing is at full ramp",
			phases: []migrate.Phase{expanded, dual, back, verified, read, only, migrate.Reversing, read},
			want:   migrate.Setting{Phase: read, Epoch: 8, Mode: migrate.ReadNew, Ramp: migrate.RampFull, Rule: migrate.StepEither},
		},
		{
			name:   "the rule stays on the way back",
			phases: []migrate.Phase{expanded, dual, back, verified, read, verified, back, dual, expanded},
			want:   migrate.Setting{Phase: expanded, Epoch: 9, Mode: migrate.Off, Rule: migrate.StepEither, TargetStale: migrate.Yes},
		},
		{
			name:   "dropping the target forgets it all",
			phases: []migrate.Phase{expanded, dual, back, verified, read, verified, back, dual, expanded, migrate.Planned},
			want:   migrate.Setting{Phase: migrate.Planned, Epoch: 10, Mode: migrate.Off, Rule: migrate.StepExact},
		},
	} {
		t.Run(c.name, c.run)
	}
}

func TestWithRamp(t *testing.T) {
	s := follow(t, migrate.No, 100, migrate.Expanded, migrate.DualWriting, migrate.Backfilling, migrate.Verified, migrate.ReadingNew)
	moved := s.WithRamp(2500)
	require.Equal(t, uint16(2500), moved.Ramp)
	require.Equal(t, s.Epoch+1, moved.Epoch, "instances have to acknowledge it")
	moved.Ramp, moved.Epoch = s.Ramp, s.Epoch
	require.Equal(t, s, moved, "nothing else changes")
}
