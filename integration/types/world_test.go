package types

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/underpin-db/underpin/backfill"
	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/internal/shape"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/plan"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(servers.Tests{M: m}) }

// world is a database in which every column of a list is mapped to a column of
// the same type: in another table, or beside it in the same one.
type world struct {
	t       testing.TB
	db      *sql.DB
	kind    migrate.Kind
	columns []Column
	change  migrate.Change
	mapper  *shape.Mapper
	epoch   uint64
	sample  plan.Sample
	// source and target are the tables.
	source, target string
}

// twin is the target's name of a column.
func (w *world) twin(name string) string {
	if w.kind == migrate.ColumnChange {
		return "x_" + name
	}
	return name
}

// newWorld makes the source with its rows, lets the planner plan, takes the
// expand and puts the change into the phase that copies.
func newWorld(t testing.TB, s *servers.Server, kind migrate.Kind, columns []Column) *world {
	t.Helper()
	db, err := mysqlx.Open(t.Context(), s.Database(t).DSN, mysqlx.Options{MaxOpen: 16})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	w := &world{t: t, db: db, kind: kind, columns: columns, epoch: 3, source: "src", target: "dst"}
	definitions := w.definitions(same)
	if kind == migrate.ColumnChange {
		w.target = w.source
		definitions += ", " + w.definitions(w.twin)
	}
	w.exec("CREATE TABLE src (id BIGINT NOT NULL PRIMARY KEY, " + definitions + ")")
	w.fillValues()
	w.plan()
	_, err = control.Init(t.Context(), db)
	require.NoError(t, err)
	require.NoError(t, control.Register(t.Context(), db, w.change.Name, w.change.Service))
	w.phase(migrate.Backfilling)
	return w
}

// definitions lists the columns as DDL.
func (w *world) definitions(name func(string) string) string {
	out := make([]string, len(w.columns))
	for i, c := range w.columns {
		out[i] = mysqlx.Quote(name(c.Name)) + " " + c.DDL + " NULL"
	}
	return strings.Join(out, ", ")
}

// fillValues inserts rows so that every column has each of its values and NULL
// in one.
func (w *world) fillValues() {
	w.t.Helper()
	rows := 0
	for _, c := range w.columns {
		rows = max(rows, len(c.Values)+1)
	}
	for i := range rows {
		columns, values := []string{"id"}, []string{fmt.Sprint(i + 1)}
		for _, c := range w.columns {
			columns, values = append(columns, c.Name), append(values, c.value(i))
		}
		w.exec("INSERT INTO src (" + mysqlx.QuoteList("", columns) + ") VALUES (" + strings.Join(values, ", ") + ")")
	}
}

// value returns the i-th value of a column, NULL among them, round and round.
func (c Column) value(i int) string {
	i %= len(c.Values) + 1
	if i == len(c.Values) {
		return "NULL"
	}
	return c.Values[i]
}

// plan asks the planner for the mapping and takes its expand.
func (w *world) plan() {
	w.t.Helper()
	// LIKE, and a column that is there already: the parser of change files does
	// not know every charset and collation that the servers have.
	expand := "CREATE TABLE dst LIKE src"
	if w.kind == migrate.ColumnChange {
		expand = "ALTER TABLE src ADD COLUMN note INT NULL"
	}
	var forward, backward strings.Builder
	for _, c := range w.columns {
		fmt.Fprintf(&forward, "  %s: \"`%s`\"\n", w.twin(c.Name), c.Name)
		fmt.Fprintf(&backward, "  %s: \"`%s`\"\n", c.Name, w.twin(c.Name))
	}
	file, err := plan.ParseFile("change.yaml", strings.NewReader(fmt.Sprintf(
		"change: all-types\nservice: s\nsource: {table: %s}\ntarget: {table: %s}\nexpand:\n  - %s\nforward:\n%sbackward:\n%s",
		w.source, w.target, expand, &forward, &backward)))
	require.NoError(w.t, err)
	p, err := plan.Build(w.t.Context(), w.db, file, plan.Options{})
	require.NoError(w.t, err)
	w.sample = p.Sample
	require.Empty(w.t, p.Sample.Misfits)
	for _, s := range p.Expand {
		w.exec(s.SQL)
	}
	w.change = p.Change
	w.mapper, err = shape.New(w.change.Name, w.change.Mapping)
	require.NoError(w.t, err)
}

// phase takes the change to a phase, on a new epoch.
func (w *world) phase(p migrate.Phase) {
	w.t.Helper()
	w.epoch++
	w.exec("UPDATE _underpin_change SET phase = ?, mode = ?, epoch = ?", string(p), p.Mode().String(), w.epoch)
}

func (w *world) exec(query string, args ...any) {
	w.t.Helper()
	_, err := w.db.ExecContext(w.t.Context(), query, args...)
	require.NoError(w.t, err, query)
}

// backfill runs a job to its end.
func (w *world) backfill(job backfill.Job) {
	w.t.Helper()
	worker, err := backfill.New(backfill.Config{DB: w.db, Change: w.change, Job: job, Run: w.epoch, SpanRows: 3000, ChunkTarget: time.Second})
	require.NoError(w.t, err)
	r, err := worker.Run(w.t.Context())
	require.NoError(w.t, err)
	require.True(w.t, r.Complete())
}

// verify verifies a mapping of the change, which is the change's own but in the
// tests of the harness.
func (w *world) verify(m migrate.Mapping) backfill.Report {
	w.t.Helper()
	change := w.change
	change.Mapping = m
	r, err := backfill.Verify(w.t.Context(), backfill.VerifyConfig{DB: w.db, Change: change, ChunkMin: 500, ChunkMax: 5000, Examples: 1_000_000})
	require.NoError(w.t, err)
	return r
}

// mirror writes rows of one shape and brings the other into step, the way the
// application's library does.
func (w *world) mirror(ctx context.Context, s *mysqlx.Session, d shape.Direction, key shape.Key, writes ...string) error {
	return s.Tx(ctx, func(ctx context.Context) error {
		fenced, err := control.Fence(ctx, s, w.change.Name)
		if err != nil {
			return err
		}
		for _, write := range writes {
			if _, err := s.Exec(ctx, write); err != nil {
				return fmt.Errorf("%s: %w", write, err)
			}
		}
		for _, q := range w.mapper.Reconcile(d, fenced.Setting.Rule, shape.Keys(key)) {
			if _, err := s.Exec(ctx, q.SQL, q.Args...); err != nil {
				return err
			}
		}
		return nil
	})
}

// fingerprint is what a column is compared by in the tests: the digits of the
// bytes of its text, which no collation and no comparison of the product has a
// part in.
func fingerprint(column string) string { return "HEX(CONCAT(" + column + "))" }

// fingerprint is that of a column's value.
func (c Column) fingerprint(value string) string {
	return fingerprint(of(cmp.Or(c.Shown, "{v}"), value))
}

// look reads the fingerprints of one shape, a row a key.
func (w *world) look(table string, name func(string) string) map[int64][]string {
	w.t.Helper()
	list := []string{"id"}
	for _, c := range w.columns {
		list = append(list, c.fingerprint(mysqlx.Quote(name(c.Name))))
	}
	rows, err := w.db.QueryContext(w.t.Context(), "SELECT "+strings.Join(list, ", ")+" FROM "+table)
	require.NoError(w.t, err)
	defer rows.Close()
	out := map[int64][]string{}
	for rows.Next() {
		var id int64
		cells := make([]sql.NullString, len(w.columns))
		dest := []any{&id}
		for i := range cells {
			dest = append(dest, &cells[i])
		}
		require.NoError(w.t, rows.Scan(dest...))
		for _, cell := range cells {
			text := "NULL"
			if cell.Valid {
				text = "x" + cell.String
			}
			out[id] = append(out[id], text)
		}
	}
	require.NoError(w.t, rows.Err())
	return out
}

func same(name string) string { return name }

func (w *world) sources() map[int64][]string { return w.look(w.source, same) }
func (w *world) targets() map[int64][]string { return w.look(w.target, w.twin) }

// requireSame compares fingerprints and names the columns that differ.
func (w *world) requireSame(want, got map[int64][]string, when string) {
	w.t.Helper()
	require.Len(w.t, got, len(want), when)
	for id, cells := range want {
		for i, c := range w.columns {
			require.Equal(w.t, cells[i], got[id][i], "%s: column %s of row %d (%s)", when, c.Name, id, c.DDL)
		}
	}
}
