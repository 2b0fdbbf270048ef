package migrate_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/migrate"
)

// Every table has one way on and one way back from each phase, leads from
// planned to closed, and has a way back until something is given up for good.
func TestEveryCourseIsWellFormed(t *testing.T) {
	type step struct {
		from migrate.Phase
		way  migrate.Direction
	}
	for _, course := range migrate.Courses() {
		t.Run(course.String(), func(t *testing.T) {
			taken := map[step]bool{}
			for _, e := range course.Edges() {
				require.False(t, taken[step{e.From, e.Direction}], "a second edge %s from %s", e.Direction, e.From)
				taken[step{e.From, e.Direction}] = true
				require.Equal(t, e.Direction == migrate.Back, e.Loss != "", "steps back say what they give up, and only they")
				require.NotEmpty(t, e.Why)
				requireDistinct(t, e.Guards)
			}
			_, err := course.Path(migrate.Planned, migrate.Closed, migrate.Forward)
			require.NoError(t, err)
			_, err = course.Path(migrate.Planned, course.Furthest(), migrate.Forward)
			require.NoError(t, err)
			_, err = course.Path(course.Furthest(), migrate.Planned, migrate.Back)
			require.NoError(t, err, "as far as a change goes unasked there is a way back")

			parsed, err := migrate.ParseCourse(string(course))
			require.NoError(t, err)
			require.Equal(t, course, parsed)
		})
	}
	_, err := migrate.ParseCourse("sideways")
	require.ErrorIs(t, err, migrate.ErrUnknownCourse)
}

// A step that has no way back asks for somebody's word, in every course.
func TestWhatCannotBeTakenBackIsAskedForByName(t *testing.T) {
	for _, course := range migrate.Courses() {
		for _, e := range course.Edges() {
			_, back := course.Next(e.To, migrate.Back)
			if e.Direction == migrate.Back || back || e.From == migrate.Contracted {
				continue
			}
			require.Contains(t, e.Guards, migrate.GuardSignedOff, "%s: %s → %s", course, e.From, e.To)
		}
	}
}

// Without a mapping nothing is mirrored, whatever the phase is called.
func TestSchemaChangesStayInModeOff(t *testing.T) {
	for _, course := range migrate.Courses() {
		if course == migrate.Mapped {
			continue
		}
		s := migrate.Initial()
		path, err := course.Path(migrate.Planned, migrate.Closed, migrate.Forward)
		require.NoError(t, err)
		for i, e := range path {
			s = s.Along(e)
			require.Equal(t, migrate.Setting{Phase: e.To, Epoch: uint64(i + 1), Mode: migrate.Off, Rule: migrate.StepExact}, s)
		}
	}
}

func TestDeadEndsSayWhy(t *testing.T) {
	for course, want := range map[migrate.Course]string{
		migrate.Mapped:  "closed has dropped the source; the way back is a new change",
		migrate.Retired: "closed has dropped the source; the way back is a new change",
		migrate.Added:   "closed has given up the way back; a new change leads there",
	} {
		_, err := course.Path(migrate.Closed, migrate.Planned, migrate.Back)
		require.ErrorContains(t, err, want)
	}
}
