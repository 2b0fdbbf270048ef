package shape

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/migrate"
)

// Pairs that the servers' own operators, or a cast, take for equal. All types
// and kinds of difference are in integration/types; these were once missed.
var deceptive = []struct {
	name, engine  string
	from          migrate.Column
	to            migrate.Column
	source, other string // the target holds the other
}{
	{"sign of zero", "mysql", plainColumn("double"), plainColumn("double"), "0e0", "-0e0"},
	{"sign of zero turned round", "mysql", plainColumn("double"), plainColumn("double"), "-0e0", "0e0"},
	{"NULL for text that is no date", "", plainColumn("varchar(20)"), plainColumn("date"), "'none'", "NULL"},
	{"NULL for text that is no moment", "", plainColumn("varchar(20)"), plainColumn("datetime(6)"), "'2024-02-30'", "NULL"},
	{"NULL for text that is no time", "", plainColumn("varchar(20)"), plainColumn("time"), "'none'", "NULL"},
	{"a DATETIME in a document and its text", "mysql", plainColumn("json"), plainColumn("json"), "JSON_ARRAY(CAST('2024-01-01' AS DATETIME))", `'["2024-01-01 00:00:00.000000"]'`},
}

// plainColumn is a column v of a type without a charset of its own.
func plainColumn(columnType string) migrate.Column {
	dataType := columnType
	for i, r := range columnType {
		if r == '(' {
			dataType = columnType[:i]
			break
		}
	}
	c := migrate.Column{Name: "v", DataType: dataType, ColumnType: columnType}
	if dataType == "varchar" {
		c.Charset, c.Collation = "utf8mb4", "utf8mb4_bin"
	}
	return c
}

func TestWhatOnlySeemsEqualIsDifferent(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		for _, c := range deceptive {
			if c.engine != "" && c.engine != string(s.Engine()) {
				continue
			}
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				db := open(t, s)
				plain(t, db, "CREATE TABLE src (id INT PRIMARY KEY, v "+c.from.ColumnType+" NULL)", "CREATE TABLE dst (id INT PRIMARY KEY, v "+c.to.ColumnType+" NULL)",
					"INSERT INTO src VALUES (1, "+c.source+"), (2, NULL)", "INSERT INTO dst VALUES (1, "+c.other+"), (2, NULL)")
				key := []migrate.Column{text("id", "int")}
				m, err := New("c", migrate.Mapping{
					Source:  migrate.Table{Name: "src", Key: key, Columns: []migrate.Column{c.from}},
					Target:  migrate.Table{Name: "dst", Key: key, Columns: []migrate.Column{c.to}},
					Forward: []migrate.Assignment{{Column: "v", Value: ref("v")}},
				})
				require.NoError(t, err)
				require.Equal(t, Counts{Compared: 2, Different: 1}, compare(t, db, m, migrate.StepExact, Range(nil, nil)))
			})
		}
	})
}

// A zero date, which older rows hold, is in step with itself and not with NULL.
func TestZeroDatesAreCompared(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		for _, columnType := range []string{"date", "datetime", "datetime(6)", "timestamp"} {
			db := open(t, s)
			plain(t, db, "CREATE TABLE src (id INT PRIMARY KEY, v "+columnType+" NULL)", "CREATE TABLE dst LIKE src")
			conn, err := db.Conn(t.Context())
			require.NoError(t, err)
			mode := value(t, db, "SELECT @@SESSION.sql_mode")
			plain(t, conn, "SET SESSION sql_mode = ''", "INSERT INTO src VALUES (1, '0000-00-00'), (2, '0000-00-00'), (3, NULL)",
				"INSERT INTO dst VALUES (1, '0000-00-00'), (2, NULL), (3, '0000-00-00')", "SET SESSION sql_mode = '"+mode+"'")
			require.NoError(t, conn.Close())
			m := identity(t, plainColumn(columnType))
			require.ElementsMatch(t, []string{"2", "3"}, keysOf(t, db, m, m.Differing(migrate.StepExact, Range(nil, nil), 9)), columnType)
		}
	})
}

// The empty text that stands for no member, which servers store that are not
// strict, is in step with nothing. Its text alone is: of a mapping that reads it,
// nothing but the text is known.
func TestWhatIsNoMemberIsInStepWithNothing(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := open(t, s)
		plain(t, db, "CREATE TABLE src (id INT PRIMARY KEY, v ENUM('x','') NULL)", "CREATE TABLE dst LIKE src")
		conn, err := db.Conn(t.Context())
		require.NoError(t, err)
		plain(t, conn, "SET SESSION sql_mode = ''", "INSERT INTO src VALUES (1, 0), (2, ''), (3, 'x'), (4, 0)",
			"INSERT INTO dst VALUES (1, 0), (2, 0), (3, 'x'), (4, '')", "SET SESSION sql_mode = DEFAULT")
		require.NoError(t, conn.Close())
		column := plainColumn("enum('x','')")
		column.Charset, column.Collation = "utf8mb4", "utf8mb4_bin"
		m := identity(t, column)
		require.ElementsMatch(t, []string{"1", "2"}, keysOf(t, db, m, m.Differing(migrate.StepExact, Range(nil, nil), 9)))
	})
}
