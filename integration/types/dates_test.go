package types

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/backfill"
	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/internal/shape"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/plan"
)

// zeroDates are what sql_mode NO_ZERO_DATE and NO_ZERO_IN_DATE forbid and older
// rows hold.
var zeroDates = []struct{ ddl, value string }{
	{"DATE", "'0000-00-00'"}, {"DATE", "'2020-00-00'"}, {"DATE", "'2020-01-00'"}, {"DATETIME", "'0000-00-00'"}, {"DATETIME(6)", "'0000-00-00'"},
	{"DATETIME(6)", "'2020-00-00 10:00:00.5'"}, {"TIMESTAMP", "'0000-00-00'"}, {"TIMESTAMP(3)", "'0000-00-00'"},
}

// lenient runs statements as an application does that takes such dates.
func (w *world) lenient(statements ...string) {
	w.t.Helper()
	conn, err := w.db.Conn(w.t.Context())
	require.NoError(w.t, err)
	defer conn.Close()
	for _, s := range slices.Concat([]string{"SET SESSION sql_mode = 'STRICT_TRANS_TABLES'"}, statements, []string{"SET SESSION sql_mode = '" + mysqlx.SQLMode + "'"}) {
		_, err := conn.ExecContext(w.t.Context(), s)
		require.NoError(w.t, err, s)
	}
}

// A zero date is never lost: where the planner sees one it refuses, with the
// reason; one that comes later goes to the quarantine, and the verification is
// not clean because of it, in particular not where the target holds NULL.
func TestZeroDatesAreNeverLost(t *testing.T) {
	t.Parallel()
	eachWorld(t, func(t *testing.T, s *servers.Server, kind migrate.Kind) {
		for _, z := range zeroDates {
			what := z.ddl + " " + z.value
			w := newWorld(t, s, kind, []Column{{Name: "v", DDL: z.ddl, Values: []string{"'2024-01-01'"}}})
			w.lenient("UPDATE src SET v = " + z.value + " WHERE id = 1")
			worker, err := backfill.New(backfill.Config{DB: w.db, Change: w.change, Job: backfill.Backfill, Run: w.epoch})
			require.NoError(t, err)
			r, err := worker.Run(t.Context())
			require.NoError(t, err, what)
			require.EqualValues(t, 1, r.Quarantined, "%s is quarantined", what)
			v := w.verify(w.change.Mapping)
			require.Equal(t, []string{"1"}, v.Examples, what)
			require.False(t, v.Clean())

			// The target with NULL for it, as a careless repair would leave it.
			if kind == migrate.TableChange {
				w.exec("INSERT INTO dst (id, v) VALUES (1, NULL)")
			}
			v = w.verify(w.change.Mapping)
			require.EqualValues(t, 1, v.Different, "%s is not NULL", what)
			require.False(t, v.Clean())

			// An application that takes such dates mirrors them.
			statements := []string{}
			for _, q := range w.mapper.Reconcile(shape.Forward, migrate.StepExact, shape.Range(nil, nil)) {
				require.Empty(t, q.Args)
				statements = append(statements, q.SQL)
			}
			w.lenient(statements...)
			require.Equal(t, w.sources(), w.targets(), what)
			v = w.verify(w.change.Mapping)
			require.Zero(t, v.Differ(), what)
		}
	})
}

// The planner refuses a mapping of rows that hold zero dates.
func TestZeroDatesArePlannedAgainst(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		w := &world{t: t, db: open(t, s)}
		for i, z := range zeroDates {
			w.exec(fmt.Sprintf("CREATE TABLE t%d (id INT NOT NULL PRIMARY KEY, v %s NULL)", i, z.ddl))
			w.lenient(fmt.Sprintf("INSERT INTO t%d VALUES (1, %s)", i, z.value))
			text := fmt.Sprintf("change: c\nservice: s\nsource: {table: t%d}\ntarget: {table: u%d}\nexpand: [CREATE TABLE u%d LIKE t%d]\nforward: {v: v}\nbackward: {v: v}\n", i, i, i, i)
			require.NotEmpty(t, refuse(t, w.db, text, plan.CodeForwardMisfit), z.value)
		}
	})
}

// What is no date at all is not taken for NULL either.
func TestTextThatIsNoDateIsNotNull(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := open(t, s)
		w := &world{t: t, db: db}
		for _, ddl := range []string{"DATE", "DATETIME(6)", "TIME(3)", "TIMESTAMP"} {
			w.exec("CREATE TABLE src (id INT NOT NULL PRIMARY KEY, v VARCHAR(20) NULL)")
			w.exec("CREATE TABLE dst (id INT NOT NULL PRIMARY KEY, v " + ddl + " NULL)")
			w.exec("INSERT INTO src VALUES (1, 'none'), (2, NULL), (3, '2024-02-30')")
			w.exec("INSERT INTO dst VALUES (1, NULL), (2, NULL), (3, NULL)")
			m, err := shape.New("c", migrate.Mapping{
				Source:  migrate.Table{Name: "src", Key: []migrate.Column{{Name: "id", DataType: "int", ColumnType: "int"}}},
				Target:  migrate.Table{Name: "dst", Key: []migrate.Column{{Name: "id", DataType: "int", ColumnType: "int"}}, Columns: []migrate.Column{info(t, db, "dst", "v")}},
				Forward: []migrate.Assignment{{Column: "v", Value: "$row.`v`"}},
			})
			require.NoError(t, err)
			var c shape.Counts
			q := m.Compare(migrate.StepExact, shape.Range(nil, nil))
			require.NoError(t, db.QueryRowContext(t.Context(), q.SQL, q.Args...).Scan(c.Dest()...), q.SQL)
			require.EqualValues(t, 2, c.Different, ddl)
			w.exec("DROP TABLE src")
			w.exec("DROP TABLE dst")
		}
	})
}

// info reads what a mapping has to know of a column.
func info(t testing.TB, db *sql.DB, table, name string) migrate.Column {
	t.Helper()
	c := migrate.Column{Name: name}
	require.NoError(t, db.QueryRowContext(t.Context(), `SELECT LOWER(DATA_TYPE), COLUMN_TYPE, COALESCE(CHARACTER_SET_NAME, ''), COALESCE(COLLATION_NAME, '')
		FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? AND COLUMN_NAME = ?`, table, name).
		Scan(&c.DataType, &c.ColumnType, &c.Charset, &c.Collation))
	return c
}

// fold is a zone that is two hours ahead of UTC up to 2024-10-27 01:00 UTC and
// one hour from then on, as in Central Europe: 02:30 comes twice that night.
var fold = []string{
	"INSERT INTO mysql.time_zone (Time_zone_id, Use_leap_seconds) VALUES (9001, 'N')",
	"INSERT INTO mysql.time_zone_name (Name, Time_zone_id) VALUES ('Test/Fold', 9001)",
	"INSERT INTO mysql.time_zone_transition_type (Time_zone_id, Transition_type_id, `Offset`, Is_DST, Abbreviation) VALUES (9001, 0, 7200, 1, 'TST'), (9001, 1, 3600, 0, 'TT')",
	"INSERT INTO mysql.time_zone_transition (Time_zone_id, Transition_time, Transition_type_id) VALUES (9001, -2000000000, 0), (9001, 1729990800, 1)",
}

// An application whose sessions are in a zone with summer time mirrors the
// instant, also in the hour that comes twice, whether the row changes or is
// new. MySQL itself moves a TIMESTAMP by the hour when it assigns one column to
// another in such a session; where that happens the verification has to see it
// and the repair, whose sessions are in UTC, to mend it.
func TestTheHourThatComesTwice(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, shared *servers.Server) {
		s := servers.Private(t, servers.Options{Engine: shared.Engine()})
		w := newWorld(t, s, migrate.TableChange, []Column{
			{Name: "a", DDL: "TIMESTAMP", Values: []string{"'2024-01-01'"}}, {Name: "b", DDL: "TIMESTAMP(6)", Values: []string{"'2024-01-01'"}},
		})
		for _, statement := range fold {
			w.exec(statement)
		}
		w.backfill(backfill.Backfill)
		const first, second = "'2024-10-27 00:30:00'", "'2024-10-27 01:30:00'"
		for _, at := range []string{first, second, first} {
			w.writeInFold(shape.Forward, fmt.Sprintf("UPDATE src SET a = %s, b = %s WHERE id = 1", at, at))
		}
		for _, at := range []string{second, first} {
			w.writeInFold(shape.Forward, "DELETE FROM src WHERE id = 1")
			w.writeInFold(shape.Forward, fmt.Sprintf("INSERT INTO src (id, a, b) VALUES (1, %s, %s)", at, at))
		}
		w.phase(migrate.ReadingNew)
		for _, at := range []string{second, first, second} {
			w.writeInFold(shape.Backward, fmt.Sprintf("UPDATE dst SET a = %s, b = %s WHERE id = 1", at, at))
		}
	})
}

// writeInFold writes row 1 and mirrors it in a session of that zone.
func (w *world) writeInFold(d shape.Direction, write string) {
	w.t.Helper()
	session, err := mysqlx.NewSession(w.t.Context(), w.db)
	require.NoError(w.t, err)
	defer session.Close()
	require.NoError(w.t, w.mirror(context.WithoutCancel(w.t.Context()), session, d, shape.Key{int64(1)},
		"SET time_zone = '+00:00'", write, "SET time_zone = 'Test/Fold'"))
	_, err = session.Exec(w.t.Context(), "SET time_zone = '+00:00'")
	require.NoError(w.t, err)
	require.Equal(w.t, w.sources(), w.targets(), "%s, mirrored %s", write, d)
	w.requireClean(len(w.sources()))
}
