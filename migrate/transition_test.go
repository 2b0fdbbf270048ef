package migrate_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/migrate"
)

func TestTableIsWellFormed(t *testing.T) {
	type step struct {
		from migrate.Phase
		way  migrate.Direction
	}
	taken := map[step]bool{}
	for _, e := range migrate.Mapped.Edges() {
		name := string(e.From) + " → " + string(e.To)
		t.Run(name, func(t *testing.T) {
			for _, p := range []migrate.Phase{e.From, e.To} {
				_, err := migrate.ParsePhase(string(p))
				require.NoError(t, err)
			}
			require.NotEqual(t, e.From, e.To)
			require.NotEmpty(t, e.Why, "an edge says what its guards are for")
			requireDistinct(t, e.Guards)

			require.Contains(t, []migrate.Direction{migrate.Forward, migrate.Back}, e.Direction)
			require.Equal(t, e.Direction == migrate.Back, e.Loss != "", "steps back say what they give up, and only they")
			require.False(t, taken[step{e.From, e.Direction}], "a second edge %s from %s", e.Direction, e.From)
			taken[step{e.From, e.Direction}] = true

			next, ok := migrate.Mapped.Next(e.From, e.Direction)
			require.True(t, ok)
			require.Equal(t, e, next)
		})
	}
}

func requireDistinct(t *testing.T, guards []migrate.Guard) {
	t.Helper()
	seen := map[migrate.Guard]bool{}
	for _, g := range guards {
		require.False(t, seen[g], "guard %s twice on one edge", g)
		seen[g] = true
	}
}

func TestEveryPhaseIsReachedFromPlanned(t *testing.T) {
	reached := map[migrate.Phase]bool{migrate.Planned: true}
	for again := true; again; {
		again = false
		for _, e := range migrate.Mapped.Edges() {
			if reached[e.From] && !reached[e.To] {
				reached[e.To], again = true, true
			}
		}
	}
	for _, p := range migrate.Phases() {
		require.True(t, reached[p], "nothing leads to %s", p)
	}
}

// What is dropped stays dropped: no way leads back from contracted.
func TestContractIsThePointOfNoReturn(t *testing.T) {
	for _, from := range []migrate.Phase{migrate.Contracted, migrate.Closed} {
		_, ok := migrate.Mapped.Next(from, migrate.Back)
		require.False(t, ok)
		_, err := migrate.Mapped.Path(from, migrate.Planned, migrate.Back)
		require.ErrorContains(t, err, "has dropped the source; the way back is a new change")
	}
}

// Whatever destroys or retires a shape asks for its readers first.
func TestGuardsOfTheStepsThatStrandReaders(t *testing.T) {
	for _, c := range []struct {
		from migrate.Phase
		way  migrate.Direction
	}{
		{migrate.ReadingNew, migrate.Forward},
		{migrate.OnlyNew, migrate.Forward},
		{migrate.DualWriting, migrate.Back},
		{migrate.Expanded, migrate.Back},
	} {
		e, ok := migrate.Mapped.Next(c.from, c.way)
		require.True(t, ok)
		require.Contains(t, e.Guards, migrate.GuardReadersDrained, "%s → %s", e.From, e.To)
	}
}

func TestPath(t *testing.T) {
	for _, c := range []struct {
		name     string
		from, to migrate.Phase
		way      migrate.Direction
		phases   []migrate.Phase
		err      string
	}{
		{
			name: "on", from: migrate.Expanded, to: migrate.Backfilling, way: migrate.Forward,
			phases: []migrate.Phase{migrate.DualWriting, migrate.Backfilling},
		},
		{
			name: "back over reversing", from: migrate.OnlyNew, to: migrate.Verified, way: migrate.Back,
			phases: []migrate.Phase{migrate.Reversing, migrate.ReadingNew, migrate.Verified},
		},
		{
			name: "reversing called off", from: migrate.Reversing, to: migrate.Contracted, way: migrate.Forward,
			phases: []migrate.Phase{migrate.OnlyNew, migrate.Contracted},
		},
		{name: "nowhere", from: migrate.Verified, to: migrate.Verified, way: migrate.Forward},
		{
			name: "the wrong way", from: migrate.Verified, to: migrate.Planned, way: migrate.Forward,
			err: "no way forward from phase verified to planned: planned lies behind: that is a way back",
		},
		{
			name: "behind for good", from: migrate.Closed, to: migrate.Planned, way: migrate.Forward,
			err: "no way forward from phase closed to planned: planned lies behind, and closed has dropped the source; the way back is a new change",
		},
		{
			name: "aside", from: migrate.Closed, to: migrate.Phase("nowhere"), way: migrate.Forward,
			err: "no way forward from phase closed to nowhere: nothing follows closed",
		},
		{
			name: "before the beginning", from: migrate.Verified, to: migrate.Closed, way: migrate.Back,
			err: "no way back from phase verified to closed: nothing lies before planned",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			path, err := migrate.Mapped.Path(c.from, c.to, c.way)
			if c.err != "" {
				require.EqualError(t, err, c.err)
				return
			}
			require.NoError(t, err)
			var phases []migrate.Phase
			for _, e := range path {
				phases = append(phases, e.To)
			}
			require.Equal(t, c.phases, phases)
		})
	}
}

// The table that callers get is theirs: nothing they do to it changes ours.
func TestEdgesReturnsACopy(t *testing.T) {
	edges := migrate.Mapped.Edges()
	edges[0].To = migrate.Closed
	require.Equal(t, migrate.Expanded, migrate.Mapped.Edges()[0].To)
}
