package engine_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/kinds"
	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/engine"
	"github.com/underpin-db/underpin/migrate/plan"
)

// schemaCase is a fixture on its way.
type schemaCase struct{ kinds.Case }

func schemaFile(alter string) string {
	return "change: the-change\nservice: shop\nhold: 0s\nalter:\n  - " + alter + "\n"
}

// Every kind of operation goes on, back to the very schema it came from, on
// again and to the end; running code is refused nothing before rows and gates
// allow it.
func TestEveryKindOfSchemaChange(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		for _, fixture := range kinds.All {
			c := schemaCase{fixture}
			t.Run(c.Name, func(t *testing.T) {
				t.Parallel()
				st := newStage(t, s)
				for _, statement := range kinds.Tables {
					st.exec(t, statement)
				}
				c.run(t, st)
			})
		}
	})
}

func (c schemaCase) run(t *testing.T, st *stage) {
	if c.Mend != "" {
		// A table of its own error: foreign keys and checks are not there yet.
		st.exec(t, kinds.Unfitting)
	}
	before := st.schema(t)
	p := st.plan(t, schemaFile(c.Alter))
	require.Equal(t, c.Course, p.Change.Course)
	require.Equal(t, c.Kind, p.Schema.Kinds[0])
	require.Equal(t, p.Hash(), st.plan(t, schemaFile(c.Alter)).Hash(), "the same input gives the same plan")
	stored, err := p.Marshal()
	require.NoError(t, err)
	again, err := plan.Unmarshal(stored)
	require.NoError(t, err)
	require.Equal(t, p.Hash(), again.Hash())
	require.Equal(t, before, st.schema(t), "planning changes nothing")

	e := st.another(t, func(cfg *engine.Config) {
		if c.Copies == migrate.Yes {
			cfg.Copying = engine.AllowCopying
		}
	})
	require.NoError(t, e.Submit(t.Context(), p))
	if c.Mend != "" {
		out, err := e.Apply(t.Context(), "the-change", engine.WalkOptions{})
		require.NoError(t, err)
		require.False(t, out.Reached)
		require.Equal(t, migrate.GuardRowsFit, out.Waiting[0].Guard)
		require.Equal(t, before, st.schema(t), "a refusal changes nothing")
		st.exec(t, c.Mend)
	}
	c.expand(t, st, e)
	st.walk(t, e.Rollback, migrate.Planned)
	if c.Loose == migrate.No {
		require.Equal(t, before, st.schema(t), "the way back leads to where it came from")
	}
	if c.Mend != "" {
		st.exec(t, c.Mend)
	}
	c.expand(t, st, e)
	if c.Course == migrate.Retired {
		out, err := e.Apply(t.Context(), "the-change", engine.WalkOptions{})
		require.NoError(t, err)
		require.True(t, out.Reached, "unasked it goes no further")
		// A server with room for digests remembers what was just sent: the phase is
		// entered anew, and nobody sends it any more.
		st.walk(t, e.Rollback, migrate.Planned)
		st.walk(t, e.Apply, migrate.Expanded)
		st.walk(t, e.Apply, migrate.Contracted)
		_, err = e.Rollback(t.Context(), "the-change", engine.WalkOptions{To: migrate.Planned})
		require.ErrorContains(t, err, "the way back is a new change")
	}
	st.walk(t, e.Apply, migrate.Closed)
	if c.Gone != "" {
		_, err := st.db.ExecContext(t.Context(), c.Gone)
		require.Error(t, err)
	}
	st.noneHeld(t)
}

// noneHeld demands that nothing of the engine's making is left.
func (st *stage) noneHeld(t *testing.T) {
	t.Helper()
	var n int
	require.NoError(t, st.db.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM information_schema.TABLES
WHERE TABLE_SCHEMA = DATABASE() AND (TABLE_NAME LIKE '\\_underpin\\_held\\_%' OR TABLE_NAME LIKE '\\_underpin\\_scratch\\_%')`).Scan(&n))
	require.Zero(t, n)
}

func (c schemaCase) expand(t *testing.T, st *stage, e *engine.Engine) {
	t.Helper()
	out, err := e.Apply(t.Context(), "the-change", engine.WalkOptions{})
	require.NoError(t, err)
	require.True(t, out.Reached, "%+v", out.Waiting)
	require.Equal(t, migrate.Expanded, out.Phase)
	if c.Works != "" {
		_, err := st.db.ExecContext(t.Context(), c.Works)
		require.NoError(t, err)
	}
	if c.Refused != "" {
		_, err := st.db.ExecContext(t.Context(), c.Refused)
		require.Error(t, err)
	}
}

// walk leads the change to a phase and demands that it gets there.
func (st *stage) walk(t *testing.T, way walker, to migrate.Phase) {
	t.Helper()
	out, err := way(t.Context(), "the-change", engine.WalkOptions{To: to})
	require.NoError(t, err)
	require.True(t, out.Reached, "%+v", out.Waiting)
}

// schema is every table and view of the application as the server shows it.
func (st *stage) schema(t *testing.T) string {
	t.Helper()
	rows, err := st.db.QueryContext(t.Context(), `SELECT TABLE_NAME FROM information_schema.TABLES
WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME NOT LIKE '\_underpin\_%' OR TABLE_SCHEMA = DATABASE() AND TABLE_NAME LIKE '\_underpin\_held\_%' ORDER BY TABLE_NAME`)
	require.NoError(t, err)
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name string
		require.NoError(t, rows.Scan(&name))
		names = append(names, name)
	}
	require.NoError(t, rows.Err())
	var b strings.Builder
	for _, name := range names {
		var shown, text string
		var err error
		row, err := st.db.QueryContext(t.Context(), "SHOW CREATE TABLE `"+name+"`")
		require.NoError(t, err)
		require.True(t, row.Next())
		columns, err := row.Columns()
		require.NoError(t, err)
		dest := []any{&shown, &text}
		for range columns[2:] {
			dest = append(dest, new(string))
		}
		require.NoError(t, row.Scan(dest...))
		require.NoError(t, row.Close())
		if i := strings.Index(text, "AUTO_INCREMENT="); i >= 0 {
			text = text[:i] + text[i+strings.IndexByte(text[i:], ' ')+1:]
		}
		b.WriteString(text + "\n")
	}
	return b.String()
}
