package types

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate/plan"
)

func of(template, value string) string { return strings.ReplaceAll(template, "{v}", value) }

func open(t testing.TB, s *servers.Server) *sql.DB {
	t.Helper()
	db, err := mysqlx.Open(t.Context(), s.Database(t).DSN, mysqlx.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// refuse plans a change file that has to be refused and returns the findings of
// one code by their text.
func refuse(t testing.TB, db *sql.DB, text string, code plan.Code) []plan.Finding {
	t.Helper()
	file, err := plan.ParseFile("change.yaml", strings.NewReader(text))
	require.NoError(t, err)
	_, err = plan.Build(t.Context(), db, file, plan.Options{})
	var refused *plan.RefusedError
	require.ErrorAs(t, err, &refused)
	return slices.DeleteFunc(slices.Clone(refused.Findings), func(f plan.Finding) bool { return f.Code != code })
}

// What a mapping cannot do exactly with a column is refused by the planner with
// the column's name.
func TestMisuses(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := open(t, s)
		for i, m := range Misuses {
			if !m.Engine.On(string(s.Engine())) {
				continue
			}
			table := fmt.Sprintf("t_%d", i)
			_, err := db.ExecContext(t.Context(), fmt.Sprintf("CREATE TABLE %s (id INT NOT NULL PRIMARY KEY, v %s NULL, w %s NULL, x INT NULL)", table, m.From, m.To))
			require.NoError(t, err, m)
			found := refuse(t, db, "change: c\nservice: s\nsource: {table: "+table+"}\ntarget: {table: "+table+
				"}\nexpand: [ALTER TABLE "+table+" ADD COLUMN note INT NULL]\nforward: {w: \""+m.Value+"\"}\nbackward: {x: x IS NULL}\n", plan.CodeColumnType)
			require.NotEmpty(t, found, m)
			require.Contains(t, found[0].Reason, m.Says)
		}
	})
}

// No type of the server is missing from the lists. Every word of the server's
// grammar, and every type of a plugin, is tried as one.
func TestNoTypeIsForgotten(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := open(t, s)
		conn, err := db.Conn(t.Context())
		require.NoError(t, err)
		defer conn.Close()
		known := map[string]bool{}
		for _, c := range Columns(string(s.Engine())) {
			known[typeOf(t, conn, c.DDL)] = true
		}
		words := column(t, db, "SELECT WORD FROM information_schema.KEYWORDS WHERE WORD REGEXP '^[A-Za-z0-9_]+$'")
		words = append(words, column(t, db, "SELECT PLUGIN_NAME FROM information_schema.PLUGINS WHERE PLUGIN_TYPE = 'DATA TYPE'")...)
		require.Greater(t, len(words), 400)
		seen := map[string]bool{}
		for _, word := range words {
			for _, form := range []string{"%s", "%s(3)", "%s('a')", "%s VARYING(3)", "LONG %s"} {
				if d := typeOf(t, conn, fmt.Sprintf(form, word)); d != "" {
					seen[d] = true
					require.True(t, known[d], "%s makes a column of type %s, which is in no list", word, d)
				}
			}
		}
		require.Greater(t, len(seen), 28, "the words of the grammar make too few types: %v", seen)
	})
}

// typeOf returns the type of a column that a definition makes, and nothing if
// it makes none.
func typeOf(t testing.TB, conn *sql.Conn, definition string) string {
	t.Helper()
	if _, err := conn.ExecContext(t.Context(), "CREATE TEMPORARY TABLE probe (c "+definition+")"); err != nil {
		return ""
	}
	var columnType string
	var rest [5]any
	require.NoError(t, conn.QueryRowContext(t.Context(), "SHOW COLUMNS FROM probe").
		Scan(&rest[0], &columnType, &rest[1], &rest[2], &rest[3], &rest[4]))
	_, err := conn.ExecContext(t.Context(), "DROP TEMPORARY TABLE probe")
	require.NoError(t, err)
	return strings.FieldsFunc(columnType, func(r rune) bool { return r == '(' || r == ' ' })[0]
}

// column reads the one column of a query.
func column(t testing.TB, db *sql.DB, query string) (out []string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	require.NoError(t, err)
	defer rows.Close()
	for rows.Next() {
		var v string
		require.NoError(t, rows.Scan(&v))
		out = append(out, v)
	}
	require.NoError(t, rows.Err())
	return out
}
