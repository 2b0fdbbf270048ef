package engine_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/engine"
	"github.com/underpin-db/underpin/migrate/plan"
)

// useUp uses up the instant row versions of a table.
func (st *stage) useUp(t *testing.T, table string) {
	t.Helper()
	const most = 255 // from MySQL 9.1 on
	for i := range most {
		clause := "ADD COLUMN used_up TINYINT"
		if i%2 == 1 {
			clause = "DROP COLUMN used_up"
		}
		st.exec(t, "ALTER TABLE "+table+" "+clause+", ALGORITHM=INSTANT")
	}
}

// A statement that was planned as instant and has come to need a rebuild is
// refused, with both costs, until that is allowed; it is never done in silence.
func TestAStatementThatHasComeToCostMoreIsRefused(t *testing.T) {
	s := servers.ForTest(t, servers.MySQL) // MariaDB has no budget of instant changes
	st := newStage(t, s)
	st.useUp(t, "users")
	_, err := st.Apply(t.Context(), name, engine.WalkOptions{To: migrate.Expanded})
	require.ErrorIs(t, err, engine.ErrCostsMore)
	for _, words := range []string{"planned as instant", "in place, rebuilding", "mysql 9.", "--allow-copy"} {
		require.ErrorContains(t, err, words)
	}
	require.Empty(t, st.heard("ddl"), "nothing was changed")

	allowed := st.another(t, func(c *engine.Config) { c.Copying = engine.AllowCopying })
	out, err := allowed.Apply(t.Context(), name, engine.WalkOptions{To: migrate.Expanded})
	require.NoError(t, err)
	require.True(t, out.Reached)
	require.Contains(t, st.heard("ddl")[0], "ALGORITHM=INPLACE, LOCK=NONE")

	// The rebuild has given the budget back: what is left is instant again.
	_, err = st.Rollback(t.Context(), name, engine.WalkOptions{To: migrate.Planned})
	require.NoError(t, err)
	require.Contains(t, st.heard("ddl")[1], "ALGORITHM=INSTANT")
}

// What the server says wins. How long a row can become only the server knows:
// what it refuses when the change is planned is planned in the next way; what
// nobody has planned is refused, with the next way named.
func TestAWayThatTheServerRefusesIsNamed(t *testing.T) {
	s := servers.Private(t, servers.Options{Engine: servers.MySQL, ExtraArgs: []string{"--innodb-strict-mode=OFF"}})
	const tooWide = 200 // columns of 41 bytes, of which a page takes 197
	wide := func() (*stage, *plan.Plan) {
		st := newStage(t, s)
		var list []string
		for i := range tooWide {
			list = append(list, fmt.Sprintf("c%d VARCHAR(40) NULL", i))
		}
		st.exec(t, "CREATE TABLE wide (id INT NOT NULL PRIMARY KEY, "+strings.Join(list, ", ")+") CHARACTER SET latin1")
		return st, st.plan(t, schemaFile("ALTER TABLE wide ADD COLUMN more VARCHAR(40) NULL"))
	}
	st, p := wide()
	require.Equal(t, plan.CodeCost, p.Findings[0].Code)
	require.Contains(t, p.Findings[0].Reason, "a row could grow past")
	require.Contains(t, p.Findings[0].Remedy, "in place, rebuilding")
	require.NoError(t, st.Submit(t.Context(), p))
	st.walk(t, st.Apply, migrate.Expanded)
	require.Contains(t, st.heard("note")[0], "going on with what is allowed, in place, rebuilding")

	st, p = wide()
	p.Facts.Costs = nil // nobody has said before what it costs
	require.NoError(t, st.Submit(t.Context(), p))
	_, err := st.Apply(t.Context(), "the-change", engine.WalkOptions{})
	require.ErrorIs(t, err, engine.ErrWayRefused)
	for _, words := range []string{"was to be instant on mysql 9.", "could grow past", "the next way is in place, rebuilding", "--allow-copy"} {
		require.ErrorContains(t, err, words)
	}
	require.Empty(t, st.heard("ddl"), "nothing was changed")
	allowed := st.another(t, func(c *engine.Config) { c.Copying = engine.AllowCopying })
	st.walk(t, allowed.Apply, migrate.Expanded)
}

// What copies the table, or has others wait, is refused on both servers, and the
// plan has said so.
func TestAStatementThatCopiesIsAnnounced(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		st := newStage(t, s)
		st.exec(t, "CREATE TABLE items (id INT NOT NULL PRIMARY KEY, price INT NOT NULL)")
		p := st.plan(t, schemaFile("ALTER TABLE items ADD CONSTRAINT dear CHECK (price >= 0)"))
		require.Len(t, p.Findings, 1)
		require.Equal(t, plan.CodeCopies, p.Findings[0].Code)
		require.Contains(t, p.Findings[0].Reason, "tests the rows that are there only by copying the table")
		require.Contains(t, p.Findings[0].Remedy, "a change file with a target table of its own")
		require.Contains(t, p.Findings[0].Remedy, "--allow-copy")
		require.NoError(t, st.Submit(t.Context(), p))
		_, err := st.Apply(t.Context(), "the-change", engine.WalkOptions{})
		require.ErrorIs(t, err, engine.ErrWouldCopy)
		require.ErrorContains(t, err, "writers wait for the whole copy")
		allowed := st.another(t, func(c *engine.Config) { c.Copying = engine.AllowCopying })
		_, err = allowed.Apply(t.Context(), "the-change", engine.WalkOptions{})
		require.NoError(t, err)
		require.Contains(t, st.heard("ddl")[0], "ALGORITHM=COPY, LOCK=SHARED")
	})
}
