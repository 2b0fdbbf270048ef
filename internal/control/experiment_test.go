package control_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/control"
)

func TestAnExperimentIsChangedByCompareAndSet(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		ctx, db := t.Context(), initialised(t, s)
		none, err := control.ExperimentsVersion(ctx, db)
		require.NoError(t, err)
		require.Zero(t, none)
		_, err = control.GetExperiment(ctx, db, "e")
		require.ErrorIs(t, err, control.ErrNoExperiment)

		require.NoError(t, control.AddExperiment(ctx, db, control.Experiment{Name: "e", Flag: "f", Spec: []byte("{}")}))
		require.ErrorIs(t, control.AddExperiment(ctx, db, control.Experiment{Name: "e", Flag: "g", Spec: []byte("{}")}), control.ErrExperimentExists)
		e, err := control.GetExperiment(ctx, db, "e")
		require.NoError(t, err)
		require.WithinDuration(t, time.Now(), e.Started, time.Minute)
		require.Nil(t, e.Stopped)

		changed := e
		changed.Spec, changed.Generation = []byte(`{"a":1}`), 2
		require.NoError(t, control.UpdateExperiment(ctx, db, changed))
		require.ErrorIs(t, control.UpdateExperiment(ctx, db, changed), control.ErrLost)
		require.ErrorIs(t, control.StopExperiment(ctx, db, e), control.ErrLost)
		running, err := control.RunningExperiments(ctx, db)
		require.NoError(t, err)
		require.Equal(t, []control.Experiment{{ID: e.ID, Name: "e", Flag: "f", Version: 2, Generation: 2, Spec: []byte(`{"a":1}`)}}, running)

		e.Version = 2
		require.NoError(t, control.StopExperiment(ctx, db, e))
		e.Version = 3
		require.ErrorIs(t, control.UpdateExperiment(ctx, db, e), control.ErrLost, "it is over")
		require.ErrorIs(t, control.StopExperiment(ctx, db, e), control.ErrLost)
		running, err = control.RunningExperiments(ctx, db)
		require.NoError(t, err)
		require.Empty(t, running)
		last, err := control.ExperimentsVersion(ctx, db)
		require.NoError(t, err)
		require.EqualValues(t, 3, last, "every change is seen in it")
	})
}

// The first row of a unit stays, whatever comes after; a value that does not fit
// is an error and not a silent cut.
func TestTheFirstAssignmentStays(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		ctx, db := t.Context(), initialised(t, s)
		first := []control.Assignment{
			{Unit: "a", Branch: "x", Generation: 1, Segments: "{}"},
			{Unit: "b\xff", Branch: "x", Generation: 1, Segments: "{}", Age: time.Hour},
		}
		got, err := control.Assign(ctx, db, 7, first)
		require.NoError(t, err)
		require.Len(t, got, 2)
		second := []control.Assignment{
			{Unit: "A", Branch: "y", Generation: 2, Segments: "{}"},
			{Unit: "a", Branch: "y", Generation: 2, Segments: "{}"},
		}
		got, err = control.Assign(ctx, db, 7, second)
		require.NoError(t, err)
		require.Equal(t, map[string]control.Assignment{
			"A": {Unit: "A", Branch: "y", Generation: 2}, "a": {Unit: "a", Branch: "x", Generation: 1},
		}, got)
		got, err = control.Assign(ctx, db, 8, second)
		require.NoError(t, err)
		require.Equal(t, "y", got["a"].Branch, "another experiment is another matter")
		_, err = control.Assign(ctx, db, 7, []control.Assignment{{Unit: string(make([]byte, 256)), Branch: "x", Segments: "{}"}})
		require.Error(t, err)

		// What cannot be read back is not called stored. A trigger stands for reads
		// that go to a server which has not got the row yet.
		exec(t, db, "CREATE TRIGGER elsewhere BEFORE INSERT ON _underpin_assignment FOR EACH ROW SET NEW.experiment = 99")
		_, err = control.Assign(ctx, db, 7, []control.Assignment{{Unit: "c", Branch: "x", Segments: "{}"}})
		require.ErrorIs(t, err, control.ErrNotReadBack)
	})
}
