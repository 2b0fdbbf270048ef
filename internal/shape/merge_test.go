package shape

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/migrate"
)

const (
	persons  = "SELECT GROUP_CONCAT(id, ':', COALESCE(story, '-'), ':', marks ORDER BY id) FROM users"
	profiles = "SELECT GROUP_CONCAT(id, ':', bio, ':', COALESCE(n, '-') ORDER BY id) FROM profiles"
)

func merging(t *testing.T, s *servers.Server, rows ...string) (*sql.DB, *Mapper) {
	t.Helper()
	db := open(t, s)
	plain(t, db, append([]string{personsTable, profilesTable}, rows...)...)
	m, err := New("merge", mergeChange())
	require.NoError(t, err)
	return db, m
}

// A merge forward writes columns of rows that are there, fills them for a source
// row, makes them blank for none, and makes and deletes no row.
func TestMergeForward(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db, m := merging(t, s,
			"INSERT INTO users (id, story, marks) VALUES (1, NULL, 7), (2, NULL, 7), (3, 'gone', 9), (4, 'old', 1), (5, NULL, 8), (6, NULL, 7)",
			"INSERT INTO profiles VALUES (1, ' new ', 3), (2, '', NULL), (4, 'four', 4), (9, 'stray', 1)")
		everything := Range(nil, nil)
		require.Equal(t, Counts{Compared: 7, Missing: 3, Extra: 2, Different: 1}, compare(t, db, m, migrate.StepExact, everything))
		require.ElementsMatch(t, []string{"1", "2", "3", "4", "5", "9"}, keysOf(t, db, m, m.Differing(migrate.StepExact, everything, 10)))
		strays, ok := m.Strays(everything, 10)
		require.True(t, ok)
		require.Equal(t, []string{"9"}, keysOf(t, db, m, strays))
		require.Equal(t, []string{"1"}, keysOf(t, db, m, m.Unmapped(Keys(Key{int64(2)}))), "there is a row to bring over")
		require.Empty(t, keysOf(t, db, m, m.Unmapped(Keys(Key{int64(6)}))), "there is none")

		require.Positive(t, run(t, db, m.Reconcile(Forward, migrate.StepExact, everything)...))
		require.Equal(t, "1:new:3,2::0,3:-:7,4:four:4,5:-:7,6:-:7", value(t, db, persons))
		require.Equal(t, "6", value(t, db, "SELECT COUNT(*) FROM users WHERE updated_at = '2001-01-01 00:00:00'"), "nothing is bumped")
		require.Equal(t, Counts{Compared: 7, Missing: 1}, compare(t, db, m, migrate.StepExact, everything))
		require.Zero(t, run(t, db, m.Reconcile(Forward, migrate.StepExact, everything)...), "done again it changes nothing")
		require.Equal(t, "1: new :3,2::-,4:four:4,9:stray:1", value(t, db, profiles))
	})
}

// A merge backward makes a source row for a target row that stands for one, and
// deletes it for one that does not, or is gone.
func TestMergeBackward(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db, m := merging(t, s,
			"INSERT INTO users (id, story, marks) VALUES (1, NULL, 7), (2, 'two', 7), (3, NULL, 9), (4, 'NEW', 1), (5, '', 7)",
			"INSERT INTO profiles VALUES (1, 'cleared', 7), (4, 'new', 1), (9, 'deleted with its user', 1)")
		everything := Range(nil, nil)
		require.Positive(t, run(t, db, m.Reconcile(Backward, migrate.StepEither, everything)...))
		require.Equal(t, "2:two:7,3::9,4:NEW:1,5::7", value(t, db, profiles), "case and the empty text count")
		require.Equal(t, Counts{Compared: 5, Finer: 1}, compare(t, db, m, migrate.StepEither, everything), "story NULL and marks 9 are finer")
		require.Zero(t, run(t, db, m.Reconcile(Backward, migrate.StepEither, everything)...))
		require.Zero(t, run(t, db, m.Reconcile(Forward, migrate.StepEither, everything)...), "nor does the other release wipe it")
		require.Equal(t, "1:-:7,2:two:7,3:-:9,4:NEW:1,5::7", value(t, db, persons))
	})
}

// A source row that an older release adds while newer ones are at work is mapped
// as a whole, although g would explain it by blank columns.
func TestMergeMapsWhatWasNeverMapped(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db, m := merging(t, s, "INSERT INTO users (id) VALUES (1)", "INSERT INTO profiles VALUES (1, '', 7)")
		require.Equal(t, Counts{Compared: 1, Missing: 1}, compare(t, db, m, migrate.StepEither, Range(nil, nil)))
		run(t, db, m.Reconcile(Forward, migrate.StepEither, Keys(Key{int64(1)}))...)
		require.Equal(t, "1::7", value(t, db, persons))
		require.Equal(t, Counts{Compared: 1}, compare(t, db, m, migrate.StepExact, Range(nil, nil)))
	})
}

// The spans of a merge are cut by the target's rows, which are all looked at.
func TestMergeWalksTheTarget(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db, m := merging(t, s, "INSERT INTO users (id) VALUES (1), (2), (3), (4)", "INSERT INTO profiles VALUES (4, 'x', 1)")
		for _, d := range []Direction{Forward, Backward} {
			require.Equal(t, []string{"3"}, keysOf(t, db, m, m.Boundary(d, Range(Key{int64(1)}, nil), 2)))
			q := m.Lock(d, Range(Key{int64(1)}, nil))
			var n int
			require.NoError(t, db.QueryRowContext(t.Context(), q.SQL, q.Args...).Scan(&n))
			require.Equal(t, 3, n)
		}
		_, ok := m.Fill(Forward, Range(nil, nil))
		require.False(t, ok)
		_, ok = m.LockAndFill(Backward, Range(nil, nil))
		require.False(t, ok, "a condition chooses among the rows")
	})
}

// A column of any type that takes no NULL is blank with its default and with
// nothing else, to the byte.
func TestMergeTellsDefaultsFromValues(t *testing.T) {
	t.Parallel()
	types := []struct{ columnType, blank, near string }{
		{"tinyint", "-1", "1"}, {"bigint unsigned", "18446744073709551615", "0"}, {"decimal(10,2)", "0.00", "0.01"},
		{"double", "0", "1e-300"}, {"float", "0.1", "0.2"}, {"bit(9)", "b'1'", "b'0'"}, {"year", "2001", "2002"},
		{"date", "'2001-01-01'", "'2001-01-02'"}, {"datetime(3)", "'2001-01-01 00:00:00'", "'2001-01-01 00:00:00.001'"},
		{"time(2)", "'00:00:00'", "'00:00:00.01'"}, {"timestamp", "'2001-01-01 00:00:00'", "'2001-01-01 00:00:01'"},
		{"varchar(9)", "'a'", "'A'"}, {"varchar(9)", "''", "' '"}, {"char(9)", "'e'", "'é'"}, {"varbinary(9)", "'a'", "'A'"}, {"binary(3)", "'a'", "'b'"},
		{"enum('x','y')", "'x'", "'y'"}, {"set('x','y')", "''", "'y'"},
	}
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := open(t, s)
		m := migrate.Mapping{
			Source: migrate.Table{Name: "s", Key: []migrate.Column{text("id", "int")}},
			Target: migrate.Table{Name: "t", Key: []migrate.Column{text("id", "int")}}, Merge: migrate.Yes,
		}
		columns := ""
		for i, c := range types {
			name := fmt.Sprintf("c%d", i)
			columns += fmt.Sprintf(", %s %s NOT NULL DEFAULT %s", name, c.columnType, c.blank)
			of := text(name, c.columnType)
			of.DataType, _, _ = strings.Cut(of.DataType, " ")
			if of.Null = migrate.NotNull; of.DataType == "enum" || of.DataType == "set" {
				of.Charset = "utf8mb4"
			}
			m.Target.Columns = append(m.Target.Columns, of)
			m.Forward = append(m.Forward, migrate.Assignment{Column: name, Value: migrate.Expression(c.near)})
		}
		plain(t, db, "CREATE TABLE t (id INT PRIMARY KEY"+columns+") DEFAULT CHARSET utf8mb4", "CREATE TABLE s (id INT PRIMARY KEY)",
			"INSERT INTO t (id) VALUES (-1)")
		for i, c := range types {
			plain(t, db, fmt.Sprintf("INSERT INTO t (id, c%d) VALUES (%d, %s)", i, i, c.near))
		}
		mapper, err := New("merge", m)
		require.NoError(t, err)
		require.Len(t, keysOf(t, db, mapper, mapper.Differing(migrate.StepExact, Range(nil, nil), 100)), len(types))
		require.EqualValues(t, len(types), run(t, db, mapper.Remove(Forward, Range(nil, nil))))
		require.Equal(t, Counts{Compared: uint64(len(types)) + 1}, compare(t, db, mapper, migrate.StepExact, Range(nil, nil)))
	})
}
