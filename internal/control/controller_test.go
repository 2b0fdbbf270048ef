package control_test

import (
	"database/sql"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/control"
)

func TestControllerIsTakenRenewedAndReleased(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := initialised(t, s)
		c, err := control.GetController(t.Context(), db, change)
		require.NoError(t, err)
		require.Zero(t, c)
		token, err := control.TakeController(t.Context(), db, change, "ann@host", time.Minute)
		require.NoError(t, err)
		_, err = control.TakeController(t.Context(), db, change, "bob@host", time.Minute)
		var held *control.HeldError
		require.ErrorAs(t, err, &held)
		require.Equal(t, "ann@host", held.Owner)
		require.InDelta(t, time.Minute, held.Left, float64(10*time.Second))

		require.NoError(t, control.RenewController(t.Context(), db, change, token, time.Hour))
		c, err = control.GetController(t.Context(), db, change)
		require.NoError(t, err)
		require.Greater(t, c.Left, 50*time.Minute)
		require.NoError(t, control.ReleaseController(t.Context(), db, change, token))
		require.ErrorIs(t, control.RenewController(t.Context(), db, change, token, time.Hour), control.ErrLost, "a renewal that comes late")
		next, err := control.TakeController(t.Context(), db, change, "bob@host", time.Minute)
		require.NoError(t, err)
		require.Greater(t, next, token)
		// The first one is a zombie now: it can do nothing more.
		require.ErrorIs(t, control.RenewController(t.Context(), db, change, token, time.Hour), control.ErrLost)
		require.NoError(t, control.ReleaseController(t.Context(), db, change, token))
		require.ErrorIs(t, inTx(t.Context(), db, func(tx *sql.Tx) error {
			return control.ConfirmController(t.Context(), tx, change, token)
		}), control.ErrLost)
		require.NoError(t, inTx(t.Context(), db, func(tx *sql.Tx) error {
			return control.ConfirmController(t.Context(), tx, change, next)
		}))
		c, err = control.GetController(t.Context(), db, change)
		require.NoError(t, err)
		require.Equal(t, "bob@host", c.Owner)
		require.Positive(t, c.Left, "a zombie's release takes nothing from its successor")
	})
}

func TestControllerIsTakenOverWhenItsLeaseIsOver(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := initialised(t, s)
		token, err := control.TakeController(t.Context(), db, change, "ann@host", time.Millisecond)
		require.NoError(t, err)
		var next uint64
		require.Eventually(t, func() bool {
			next, err = control.TakeController(t.Context(), db, change, "bob@host", time.Minute)
			return err == nil
		}, patience, 5*time.Millisecond)
		require.Equal(t, token+1, next)
	})
}

func TestOneOfManyTakesControl(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := initialised(t, s)
		errs := make([]error, 16)
		var wait sync.WaitGroup
		for n := range errs {
			wait.Go(func() { _, errs[n] = control.TakeController(t.Context(), db, change, "somebody", time.Minute) })
		}
		wait.Wait()
		won := 0
		for _, err := range errs {
			var held *control.HeldError
			switch {
			case err == nil:
				won++
			case !errorsAs(err, &held):
				require.ErrorIs(t, err, control.ErrLost)
			}
		}
		require.Equal(t, 1, won)
	})
}

// While a transition confirms its token, nobody can take over.
func TestConfirmHoldsTheController(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := initialised(t, s)
		token, err := control.TakeController(t.Context(), db, change, "ann@host", time.Millisecond)
		require.NoError(t, err)
		tx, err := db.BeginTx(t.Context(), nil)
		require.NoError(t, err)
		defer tx.Rollback()
		require.NoError(t, control.ConfirmController(t.Context(), tx, change, token))
		require.Eventually(t, func() bool {
			c, err := control.GetController(t.Context(), db, change)
			return err == nil && c.Left < 0
		}, patience, 5*time.Millisecond)
		done := make(chan error, 1)
		go func() {
			_, err := control.TakeController(t.Context(), db, change, "bob@host", time.Minute)
			done <- err
		}()
		waiting(t, s, db, "underpin controller")
		require.NoError(t, tx.Commit())
		require.NoError(t, <-done)
	})
}

func TestPauseNeedsNoController(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := initialised(t, s)
		require.NoError(t, control.SetPaused(t.Context(), db, change, "replicas lag"))
		c, err := control.GetController(t.Context(), db, change)
		require.NoError(t, err)
		require.True(t, c.Paused)
		require.Equal(t, "replicas lag", c.PausedWhy)
		token, err := control.TakeController(t.Context(), db, change, "ann@host", time.Minute)
		require.NoError(t, err, "a pause is no lease")
		require.NoError(t, control.SetPaused(t.Context(), db, change, ""))
		c, err = control.GetController(t.Context(), db, change)
		require.NoError(t, err)
		require.False(t, c.Paused)
		require.Equal(t, token, c.Token, "pausing takes nothing from the controller")
		require.Positive(t, c.Left)
	})
}

func TestStepsBelongToARun(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := initialised(t, s)
		type detail struct{ Rows int }
		var got detail
		_, ok, err := control.Step(t.Context(), db, change, "expand", 3, &got)
		require.NoError(t, err)
		require.False(t, ok)
		require.NoError(t, control.StepDone(t.Context(), db, change, "expand", 3, detail{7}))
		require.NoError(t, control.StepDone(t.Context(), db, change, "expand", 3, detail{8}))
		at, ok, err := control.Step(t.Context(), db, change, "expand", 3, &got)
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, detail{8}, got)
		require.WithinDuration(t, time.Now(), at, time.Minute)
		_, ok, err = control.Step(t.Context(), db, change, "expand", 4, nil)
		require.NoError(t, err)
		require.False(t, ok, "a record of another run means nothing")
		require.Error(t, control.StepDone(t.Context(), db, change, "expand", 3, func() {}))
	})
}
