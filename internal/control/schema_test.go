package control_test

import (
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/internal/mysqlx"
)

func tables(t *testing.T, db mysqlx.Querier) (names []string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY 1")
	require.NoError(t, err)
	defer rows.Close()
	for rows.Next() {
		var name string
		require.NoError(t, rows.Scan(&name))
		names = append(names, name)
	}
	require.NoError(t, rows.Err())
	return names
}

func TestInitCreatesAndCanBeRepeated(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := open(t, s)
		require.ErrorIs(t, control.Check(t.Context(), db), control.ErrNotInitialised)
		done, err := control.Init(t.Context(), db)
		require.NoError(t, err)
		require.Equal(t, control.Initialised{From: 0, To: control.SchemaVersion()}, done)
		require.NoError(t, control.Check(t.Context(), db))
		names := tables(t, db)
		for _, want := range []string{"change", "controller", "step", "instance", "support", "release", "vouch", "span", "quarantine", "audit", "kill", "flag", "flag_head", "flag_change", "flag_use", "meta"} {
			require.Contains(t, names, "_underpin_"+want)
		}
		require.NoError(t, control.Register(t.Context(), db, change, ""))
		done, err = control.Init(t.Context(), db)
		require.NoError(t, err)
		require.Equal(t, control.Initialised{From: control.SchemaVersion(), To: control.SchemaVersion()}, done)
		require.Equal(t, names, tables(t, db))
		_, err = control.Get(t.Context(), db, change)
		require.NoError(t, err, "what was there is kept")
	})
}

func TestInitByManyAtOnce(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := open(t, s)
		errs := make([]error, 8)
		var wait sync.WaitGroup
		for n := range errs {
			wait.Go(func() { _, errs[n] = control.Init(t.Context(), db) })
		}
		wait.Wait()
		for _, err := range errs {
			require.NoError(t, err)
		}
		require.NoError(t, control.Check(t.Context(), db))
	})
}

func TestInitGoesOnFromAnInterruptedOrOlderOne(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := open(t, s)
		_, err := control.Init(t.Context(), db)
		require.NoError(t, err)
		// Killed before the version was recorded, with some tables made.
		exec(t, db, "DELETE FROM _underpin_meta")
		exec(t, db, "DROP TABLE _underpin_audit")
		require.ErrorIs(t, control.Check(t.Context(), db), control.ErrNotInitialised)
		done, err := control.Init(t.Context(), db)
		require.NoError(t, err)
		require.Zero(t, done.From)
		require.NoError(t, control.Check(t.Context(), db))
		require.Contains(t, tables(t, db), "_underpin_audit")

		exec(t, db, "UPDATE _underpin_meta SET value = '0'")
		require.Error(t, control.Check(t.Context(), db))
		exec(t, db, "UPDATE _underpin_meta SET value = 'x'")
		require.ErrorContains(t, control.Check(t.Context(), db), "no number")
	})
}

func TestNewerTablesAreRefusedAndLeftAlone(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := open(t, s)
		_, err := control.Init(t.Context(), db)
		require.NoError(t, err)
		newer := strconv.Itoa(control.SchemaVersion() + 1)
		exec(t, db, "UPDATE _underpin_meta SET value = ?", newer)
		exec(t, db, "DROP TABLE _underpin_audit")
		before := tables(t, db)
		require.ErrorIs(t, control.Check(t.Context(), db), control.ErrNewerSchema)
		_, err = control.Init(t.Context(), db)
		require.ErrorIs(t, err, control.ErrNewerSchema)
		require.Equal(t, before, tables(t, db))
		var value string
		require.NoError(t, db.QueryRowContext(t.Context(), "SELECT value FROM _underpin_meta").Scan(&value))
		require.Equal(t, newer, value)
	})
}
