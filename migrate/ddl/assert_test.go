package ddl_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate/ddl"
)

// TestAssert: the clauses stand where the servers want them, and nothing of
// the author's text is lost.
func TestAssert(t *testing.T) {
	v := ddl.Verdict{Algorithm: "INPLACE", Lock: "NONE"}
	for _, c := range []struct{ text, want string }{
		{"ALTER TABLE t ADD a TEXT DEFAULT ('x')", "ALTER TABLE t ALGORITHM=INPLACE, LOCK=NONE, ADD a TEXT DEFAULT ('x')"},
		{"alter table `a b` -- why\n add x int -- so", "alter table `a b` ALGORITHM=INPLACE, LOCK=NONE, -- why\n add x int"},
		{"ALTER TABLE t PARTITION BY HASH (a)", "ALTER TABLE t ALGORITHM=INPLACE, LOCK=NONE PARTITION BY HASH (a)"},
		{"ALTER TABLE t ADD a INT PARTITION BY HASH (a)", "ALTER TABLE t ALGORITHM=INPLACE, LOCK=NONE, ADD a INT PARTITION BY HASH (a)"},
		{"ALTER TABLE t COMMENT='100%new %s'", "ALTER TABLE t ALGORITHM=INPLACE, LOCK=NONE, COMMENT='100%new %s'"},
		{"CREATE INDEX i ON t (a)", "CREATE INDEX i ON t (a)\nALGORITHM=INPLACE LOCK=NONE"},
		{"DROP INDEX `a``b` ON t", "ALTER TABLE `t` ALGORITHM=INPLACE, LOCK=NONE, DROP INDEX `a``b`"},
		{"DROP TABLE t", "DROP TABLE t"},
	} {
		require.Equal(t, c.want, ddl.Assert(parseOne(t, c.text), v))
	}
	require.Equal(t, "ALTER TABLE t ADD a INT", ddl.Assert(parseOne(t, "ALTER TABLE t ADD a INT"), ddl.Verdict{}))
}

// TestReadTableNames: a table's facts are found whatever it is called.
func TestReadTableNames(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		b := newBench(t, s)
		for _, name := range []string{"t-1", "a b", "x`y", "t_1", "100%", "größe", "select", "名前", "p#p"} {
			quoted := mysqlx.Quote(name)
			require.NoError(t, b.exec("CREATE TABLE "+quoted+" (id INT PRIMARY KEY)"))
			require.NoError(t, b.exec("ALTER TABLE "+quoted+" ALGORITHM=INSTANT, ADD COLUMN a INT FIRST"))
			table, err := ddl.ReadTable(t.Context(), b.conn, b.server, name)
			require.NoError(t, err, name)
			require.Equal(t, name, table.Name)
			require.Len(t, table.Columns, 2)
			if b.server.Flavour == ddl.MySQL {
				require.Equal(t, uint64(1), table.RowVersions, name)
			}
		}
		_, err := ddl.ReadTable(t.Context(), b.conn, b.server, "absent")
		require.ErrorIs(t, err, ddl.ErrNoTable)
	})
}
