package control_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
)

func setting(t *testing.T, db mysqlx.Querier) migrate.Setting {
	t.Helper()
	s, err := control.Setting(t.Context(), db, change)
	require.NoError(t, err)
	return s
}

func entering(from migrate.Setting, phase migrate.Phase) migrate.Setting {
	from.Phase, from.Mode, from.Epoch = phase, phase.Mode(), from.Epoch+1
	return from
}

func TestRegisterChangesNothingThatIsThere(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := initialised(t, s)
		require.Equal(t, migrate.Initial(), setting(t, db))
		next := entering(setting(t, db), migrate.Expanded)
		require.NoError(t, control.Transit(t.Context(), db, change, setting(t, db), next))
		require.NoError(t, control.Register(t.Context(), db, change, "somebody else"))
		c, err := control.Get(t.Context(), db, change)
		require.NoError(t, err)
		require.Equal(t, next, c.Setting)
		require.Equal(t, "accounts", c.Service)
		require.WithinDuration(t, time.Now(), c.Since, time.Minute)
		all, err := control.List(t.Context(), db)
		require.NoError(t, err)
		require.Len(t, all, 1)
		require.Less(t, all[0].Age, time.Minute)
		all[0].Age = c.Age // another moment
		require.Equal(t, []control.Change{c}, all)
	})
}

func TestAMissingChangeHasAName(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := initialised(t, s)
		for name, fn := range map[string]func() error{
			"get":     func() error { _, err := control.Get(t.Context(), db, "nothing"); return err },
			"setting": func() error { _, err := control.Setting(t.Context(), db, "nothing"); return err },
			"fence":   func() error { _, err := control.Fence(t.Context(), db, "nothing"); return err },
			"service": func() error { _, err := control.FenceService(t.Context(), db, "nothing"); return err },
		} {
			err := fn()
			require.ErrorIs(t, err, control.ErrNoChange, name)
			require.ErrorContains(t, err, "nothing")
		}
	})
}

func TestEverySettingComesBackAsItWasWritten(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := initialised(t, s)
		for _, phase := range migrate.Phases() {
			for _, mode := range []migrate.Mode{phase.Mode(), migrate.CopyOnRead} {
				from := setting(t, db)
				next := migrate.Setting{Phase: phase, Mode: mode, Epoch: from.Epoch + 1, Ramp: 10000, Rule: migrate.StepEither, TargetStale: migrate.Yes}
				require.NoError(t, control.Transit(t.Context(), db, change, from, next))
				require.Equal(t, next, setting(t, db))
				f, err := control.Fence(t.Context(), db, change)
				require.NoError(t, err)
				require.Equal(t, next, f.Setting)
				require.Contains(t, f.SQLMode, "STRICT_ALL_TABLES")
			}
		}
		exec(t, db, "UPDATE _underpin_change SET phase = 'beyond', mode = 'telepathy', rule = 'maybe'")
		_, err := control.Setting(t.Context(), db, change)
		require.ErrorIs(t, err, migrate.ErrUnknownPhase)
		require.ErrorIs(t, err, migrate.ErrUnknownMode)
		require.ErrorIs(t, err, migrate.ErrUnknownStepRule)
	})
}

func TestFenceHoldsTheTransitionUntilItsCommit(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := initialised(t, s)
		from := setting(t, db)
		next := entering(from, migrate.Expanded)
		var writers []*sql.Tx
		for range 2 { // fences do not hold each other up
			tx, err := db.BeginTx(t.Context(), nil)
			require.NoError(t, err)
			defer tx.Rollback()
			_, err = control.Fence(t.Context(), tx, change)
			require.NoError(t, err)
			writers = append(writers, tx)
		}
		done := make(chan error, 1)
		go func() { done <- control.Transit(t.Context(), db, change, from, next) }()
		waiting(t, s, db, "underpin transition")
		require.NoError(t, writers[0].Commit())
		waiting(t, s, db, "underpin transition")
		select {
		case err := <-done:
			t.Fatalf("the transition did not wait for the second writer: %v", err)
		default:
		}
		require.Equal(t, from, setting(t, db), "a plain read does not wait and sees the old setting")
		require.NoError(t, writers[1].Commit())
		require.NoError(t, <-done)
		require.Equal(t, next, setting(t, db))
	})
}

// A fence that comes while a transition is under way waits for it and reads
// what it wrote, even where the transaction's snapshot is older.
func TestFenceReadsWhatIsCommittedNotTheSnapshot(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := initialised(t, s)
		writer, err := db.BeginTx(t.Context(), &sql.TxOptions{Isolation: sql.LevelRepeatableRead})
		require.NoError(t, err)
		defer writer.Rollback()
		from := setting(t, writer) // takes the snapshot
		next := entering(from, migrate.Expanded)
		tx, err := db.BeginTx(t.Context(), nil)
		require.NoError(t, err)
		defer tx.Rollback()
		require.NoError(t, control.Transit(t.Context(), tx, change, from, next))
		type answer struct {
			f   control.Fenced
			err error
		}
		done := make(chan answer, 1)
		go func() { f, err := control.Fence(t.Context(), writer, change); done <- answer{f, err} }()
		waiting(t, s, db, "underpin fence")
		require.NoError(t, tx.Commit())
		got := <-done
		require.NoError(t, got.err)
		require.Equal(t, next, got.f.Setting)
		require.Equal(t, from, setting(t, writer), "the snapshot is old, or this test shows nothing")
	})
}

func TestTransitIsCompareAndSet(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := initialised(t, s)
		from := setting(t, db)
		next := entering(from, migrate.Expanded)
		results := make(chan error, 8)
		for range cap(results) {
			go func() { results <- control.Transit(t.Context(), db, change, from, next) }()
		}
		won := 0
		for range cap(results) {
			if err := <-results; err == nil {
				won++
			} else {
				require.ErrorIs(t, err, control.ErrLost)
			}
		}
		require.Equal(t, 1, won)
		skipping := next
		skipping.Epoch += 2
		require.ErrorContains(t, control.Transit(t.Context(), db, change, next, skipping), "rise by one")
	})
}

func TestRecordPlanOnlyWhilePlanned(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := initialised(t, s)
		c, err := control.Get(t.Context(), db, change)
		require.NoError(t, err)
		require.Nil(t, c.Spec)
		c.PlanHash, c.Spec, c.Service = "abc", []byte(`{"ä":1}`), "billing"
		require.NoError(t, control.RecordPlan(t.Context(), db, c))
		require.ErrorIs(t, control.RecordPlan(t.Context(), db, c), control.ErrLost, "the epoch has risen")
		got, err := control.Get(t.Context(), db, change)
		require.NoError(t, err)
		require.Equal(t, []any{"abc", c.Spec, "billing", uint64(1)}, []any{got.PlanHash, got.Spec, got.Service, got.Setting.Epoch})
		require.NoError(t, control.Transit(t.Context(), db, change, got.Setting, entering(got.Setting, migrate.Expanded)))
		got, err = control.Get(t.Context(), db, change)
		require.NoError(t, err)
		got.PlanHash = "def"
		require.ErrorIs(t, control.RecordPlan(t.Context(), db, got), control.ErrLost)
	})
}

func TestFencerSaysTheSame(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := initialised(t, s)
		f, err := control.NewFencer(change)
		require.NoError(t, err)
		want, err := control.Fence(t.Context(), db, change)
		require.NoError(t, err)
		got, err := f.Fence(t.Context(), db)
		require.NoError(t, err)
		require.Equal(t, want, got)
		for _, bad := range []string{"", "a'b", "a b", "ä", `a\`, "%s"} {
			_, err := control.NewFencer(bad)
			require.ErrorIs(t, err, control.ErrBadName, "%q", bad)
		}
		none, err := control.NewFencer("nothing")
		require.NoError(t, err)
		_, err = none.Fence(t.Context(), db)
		require.ErrorIs(t, err, control.ErrNoChange)
		_, _, err = none.Plan(t.Context(), db)
		require.ErrorIs(t, err, control.ErrNoChange)
	})
}

// FenceAll keeps new changes from being registered until its end.
func TestFenceAllHoldsRegistrations(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := initialised(t, s)
		done := make(chan error, 1)
		var names []string
		err := inTx(t.Context(), db, func(tx *sql.Tx) error {
			if _, err := tx.ExecContext(t.Context(), "SET @nothing = 1"); err != nil {
				return err
			}
			all, err := control.FenceAll(t.Context(), tx)
			if err != nil {
				return err
			}
			for _, c := range all {
				names = append(names, c.Name)
			}
			go func() { done <- control.Register(context.WithoutCancel(t.Context()), db, "a-new-one", "accounts") }()
			waiting(t, s, db, "INSERT IGNORE INTO _underpin_change")
			select {
			case err := <-done:
				return errors.Join(errors.New("the registration did not wait"), err)
			default:
				return nil
			}
		})
		require.NoError(t, err)
		require.NoError(t, <-done)
		require.Equal(t, []string{change}, names)
	})
}
