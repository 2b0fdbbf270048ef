package control_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/internal/mysqlx"
)

// versionOne makes the control tables that the first version had, from its file.
func versionOne(t *testing.T, db mysqlx.Querier) {
	t.Helper()
	exec(t, db, "CREATE TABLE _underpin_meta (name VARCHAR(64) NOT NULL PRIMARY KEY, value VARCHAR(255) NOT NULL)")
	file, err := os.ReadFile("schema/001_control.sql")
	require.NoError(t, err)
	statements := strings.Split(strings.TrimSpace(string(file)), ";\n")
	require.Greater(t, len(statements), 9)
	for _, statement := range statements {
		exec(t, db, strings.TrimSuffix(statement, ";"))
	}
	exec(t, db, "INSERT INTO _underpin_meta VALUES ('schema_version', '1')")
}

// A new binary refuses old tables until they are upgraded; several processes do
// that at once, while an application of the old release goes on writing.
func TestUpgradeFromVersionOneByManyAtOnceKeepsWhatIsThere(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := open(t, s)
		versionOne(t, db)
		require.NotContains(t, tables(t, db), "_underpin_kill")
		require.NoError(t, control.Register(t.Context(), db, change, "accounts"))
		require.NoError(t, audit(t.Context(), db, "plan", map[string]int{"n": 1}))
		before, err := control.Get(t.Context(), db, change)
		require.NoError(t, err)

		err = control.Check(t.Context(), db)
		require.ErrorIs(t, err, control.ErrOlderSchema)
		require.ErrorContains(t, err, fmt.Sprintf("run underpin init (1, this binary wants %d)", control.SchemaVersion()))

		done := make([]control.Initialised, 8)
		errs := make([]error, len(done)+1)
		var wait sync.WaitGroup
		for n := range done {
			wait.Go(func() { done[n], errs[n] = control.Init(t.Context(), db) })
		}
		wait.Go(func() {
			for range 20 {
				if err := audit(t.Context(), db, "step", nil); err != nil {
					errs[len(done)] = err
				}
			}
		})
		wait.Wait()
		for n, err := range errs {
			require.NoError(t, err)
			if n < len(done) {
				require.Equal(t, control.SchemaVersion(), done[n].To)
				require.GreaterOrEqual(t, done[n].From, 1)
				require.LessOrEqual(t, done[n].From, control.SchemaVersion(), "another may have done a part")
			}
		}
		require.NoError(t, control.Check(t.Context(), db))
		require.Contains(t, tables(t, db), "_underpin_kill")
		after, err := control.Get(t.Context(), db, change)
		require.NoError(t, err)
		before.Age, after.Age = 0, 0
		require.Equal(t, before, after)
		all := chain(t, db)
		require.Len(t, all, 21)
		_, err = control.CheckChain(control.Entry{}, all)
		require.NoError(t, err)
	})
}

// Killed between the table and the version: the version says 1 and the table is
// there.
func TestUpgradeGoesOnWhereItWasKilled(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := initialised(t, s)
		exec(t, db, "UPDATE _underpin_meta SET value = '1'")
		require.ErrorIs(t, control.Check(t.Context(), db), control.ErrOlderSchema)
		done, err := control.Init(t.Context(), db)
		require.NoError(t, err)
		require.Equal(t, control.Initialised{From: 1, To: control.SchemaVersion()}, done)
		require.NoError(t, control.Check(t.Context(), db))
	})
}

// stumbling refuses every statement once, in turn as the victim of a deadlock and
// for a lock that it waited for in vain.
type stumbling struct {
	mysqlx.Querier
	refused map[string]bool
}

func (s *stumbling) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if !s.refused[query] {
		number := []uint16{1213, 1205}[len(s.refused)%2]
		s.refused[query] = true
		return nil, &mysql.MySQLError{Number: number, Message: "planted"}
	}
	return s.Querier.ExecContext(ctx, query, args...)
}

// Several that create the same tables at once may be one another's victims in
// MySQL's dictionary. Whoever is tries again.
func TestInitOutlivesDeadlocks(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := open(t, s)
		stumble := &stumbling{Querier: db, refused: map[string]bool{}}
		done, err := control.Init(t.Context(), stumble)
		require.NoError(t, err)
		require.Equal(t, control.Initialised{To: control.SchemaVersion()}, done)
		require.Greater(t, len(stumble.refused), 10)
		require.NoError(t, control.Check(t.Context(), db))
	})
}
