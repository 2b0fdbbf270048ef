package migrate_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/underpin-db/underpin/migrate"
)

func TestModes(t *testing.T) {
	both := migrate.ShapeSet{Source: true, Target: true}
	for _, c := range []struct {
		mode   migrate.Mode
		text   string
		reads  migrate.Reads
		writes migrate.ShapeSet
	}{
		{migrate.Off, "off", migrate.ReadsSource, migrate.ShapeSet{Source: true}},
		{migrate.DualWrite, "dual_write", migrate.ReadsSource, both},
		{migrate.CopyOnRead, "copy_on_read", migrate.ReadsTargetOrCopies, both},
		{migrate.ReadNew, "read_new", migrate.ReadsByRamp, both},
		{migrate.NewOnly, "new_only", migrate.ReadsTarget, migrate.ShapeSet{Target: true}},
	} {
		t.Run(c.text, func(t *testing.T) {
			require.Equal(t, c.text, c.mode.String())
			require.Equal(t, c.reads, c.mode.Reads())
			require.Equal(t, c.writes, c.mode.Writes())
		})
	}
	require.Len(t, migrate.Modes(), 5)
	require.Equal(t, migrate.Off, migrate.Mode(0), "the zero value is code that has never heard of the change")
}

// A mode from the future writes nothing: better no write than half of one.
func TestModeOutOfRange(t *testing.T) {
	future := migrate.Mode(200)
	require.Equal(t, "mode(200)", future.String())
	require.Equal(t, migrate.ReadsSource, future.Reads())
	require.Equal(t, migrate.ShapeSet{}, future.Writes())
}

func TestTextRoundTrips(t *testing.T) {
	for _, m := range migrate.Modes() {
		parsed, err := migrate.ParseMode(m.String())
		require.NoError(t, err)
		require.Equal(t, m, parsed)

		text, err := json.Marshal(map[string]migrate.Mode{"mode": m})
		require.NoError(t, err)
		var back map[string]migrate.Mode
		require.NoError(t, json.Unmarshal(text, &back))
		require.Equal(t, m, back["mode"])
	}
	for _, p := range migrate.Phases() {
		parsed, err := migrate.ParsePhase(string(p))
		require.NoError(t, err)
		require.Equal(t, p, parsed)
	}
	for _, s := range []migrate.Shape{migrate.SourceShape, migrate.TargetShape} {
		parsed, err := migrate.ParseShape(string(s))
		require.NoError(t, err)
		require.Equal(t, s, parsed)
	}
	for _, r := range []migrate.StepRule{migrate.StepExact, migrate.StepEither} {
		parsed, err := migrate.ParseStepRule(string(r))
		require.NoError(t, err)
		require.Equal(t, r, parsed)
	}
}

func TestParseRefusesWhatItDoesNotKnow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := "x" + rapid.String().Draw(t, "text") // no name begins with x
		_, err := migrate.ParseMode(text)
		require.ErrorIs(t, err, migrate.ErrUnknownMode)
		_, err = migrate.ParsePhase(text)
		require.ErrorIs(t, err, migrate.ErrUnknownPhase)
		_, err = migrate.ParseShape(text)
		require.ErrorIs(t, err, migrate.ErrUnknownShape)
		_, err = migrate.ParseStepRule(text)
		require.ErrorIs(t, err, migrate.ErrUnknownStepRule)
		require.Error(t, new(migrate.Mode).UnmarshalText([]byte(text)))
	})
}

func TestCapabilityThrough(t *testing.T) {
	for _, c := range []struct {
		name    string
		writes  migrate.Shape
		through migrate.Mode
		modes   []migrate.Mode
	}{
		{"source through off", migrate.SourceShape, migrate.Off, []migrate.Mode{migrate.Off}},
		{"source through dual_write", migrate.SourceShape, migrate.DualWrite, []migrate.Mode{migrate.Off, migrate.DualWrite}},
		{"source through read_new", migrate.SourceShape, migrate.ReadNew,
			[]migrate.Mode{migrate.Off, migrate.DualWrite, migrate.CopyOnRead, migrate.ReadNew}},
		{"target through copy_on_read", migrate.TargetShape, migrate.CopyOnRead, nil},
		{"target through read_new", migrate.TargetShape, migrate.ReadNew, []migrate.Mode{migrate.ReadNew}},
		{"target through new_only", migrate.TargetShape, migrate.NewOnly, []migrate.Mode{migrate.ReadNew, migrate.NewOnly}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := migrate.CapabilityThrough(c.writes, c.through)
			require.Equal(t, migrate.Capability{Writes: c.writes, Modes: c.modes}, got)
		})
	}
}

func TestSupports(t *testing.T) {
	source := migrate.CapabilityThrough(migrate.SourceShape, migrate.ReadNew)
	target := migrate.CapabilityThrough(migrate.TargetShape, migrate.NewOnly)
	for _, c := range []struct {
		name       string
		capability migrate.Capability
		phase      migrate.Phase
		mode       migrate.Mode
		why        string
	}{
		{"source in planned", source, migrate.Planned, migrate.Off, ""},
		{"source in copy-on-read", source, migrate.Backfilling, migrate.CopyOnRead, ""},
		{"source in read_new", source, migrate.ReadingNew, migrate.ReadNew, ""},
		{"source in reversing", source, migrate.Reversing, migrate.ReadNew,
			"it writes the source shape, and phase reversing takes writes in the target shape only"},
		{"source in new_only", source, migrate.OnlyNew, migrate.NewOnly,
			"it writes the source shape, and phase new_only takes writes in the target shape only"},
		{"target in verified", target, migrate.Verified, migrate.DualWrite,
			"it writes the target shape, and phase verified takes writes in the source shape only"},
		{"target in read_new", target, migrate.ReadingNew, migrate.ReadNew, ""},
		{"target in reversing", target, migrate.Reversing, migrate.ReadNew, ""},
		{"target in contracted", target, migrate.Contracted, migrate.NewOnly, ""},
		{"through too little", migrate.CapabilityThrough(migrate.SourceShape, migrate.DualWrite), migrate.ReadingNew, migrate.ReadNew,
			"it does not support mode read_new, which phase read_new asks for"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ok, why := c.capability.Supports(migrate.Setting{Phase: c.phase, Mode: c.mode})
			require.Equal(t, c.why == "", ok)
			require.Equal(t, c.why, why)
		})
	}
}

// More capability never runs in fewer settings.
func TestSupportsGrowsWithThrough(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		walk(t, func(_ migrate.Setting, _ migrate.Edge, s migrate.Setting) {
			for _, shape := range []migrate.Shape{migrate.SourceShape, migrate.TargetShape} {
				before := false
				for _, through := range migrate.Modes() {
					ok, why := migrate.CapabilityThrough(shape, through).Supports(s)
					require.Equal(t, ok, why == "", "a refusal has a reason")
					require.False(t, before && !ok, "%s through %s under %+v", shape, through, s)
					before = ok
				}
			}
		})
	})
}

// Where the fleet writes a shape, the mode keeps that shape up to date.
func TestWritersShapesAreWritten(t *testing.T) {
	for _, p := range migrate.Phases() {
		kept := p.Mode().Writes()
		require.NotEqual(t, migrate.ShapeSet{}, p.Writers())
		for _, shape := range []migrate.Shape{migrate.SourceShape, migrate.TargetShape} {
			require.False(t, p.Writers().Has(shape) && !kept.Has(shape), "phase %s takes %s writes and mode %s drops them", p, shape, p.Mode())
		}
	}
}

func TestShapeSetString(t *testing.T) {
	require.Equal(t, "source and target", migrate.ShapeSet{Source: true, Target: true}.String())
	require.Equal(t, "source", migrate.ShapeSet{Source: true}.String())
	require.Equal(t, "target", migrate.ShapeSet{Target: true}.String())
	require.Equal(t, "no", migrate.ShapeSet{}.String())
	require.False(t, migrate.ShapeSet{Source: true, Target: true}.Has("neither"))
}
