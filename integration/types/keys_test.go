package types

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/backfill"
	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/internal/shape"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/plan"
)

// insert is the statement that inserts a row into a table.
func (k Key) insert(table string, row int) string {
	return fmt.Sprintf("INSERT INTO %s VALUES (%s, %d, %d)", table, k.Rows[row], row, 100*row)
}

// newKeyed makes a table change whose rows are named by a key. Column n numbers
// the rows for the test; v is mapped.
func newKeyed(t testing.TB, s *servers.Server, k Key) *world {
	t.Helper()
	db := open(t, s)
	w := &world{t: t, db: db, kind: migrate.TableChange, epoch: 3, source: "src", target: "dst"}
	var definitions, names []string
	for i, c := range k.Columns {
		names = append(names, fmt.Sprintf("k%d", i))
		definitions = append(definitions, names[i]+" "+c+" NOT NULL")
	}
	w.exec("CREATE TABLE src (" + strings.Join(definitions, ", ") + ", n INT NULL, v INT NULL, PRIMARY KEY (" + strings.Join(names, ", ") + "))")
	for i := range k.Rows {
		w.exec(k.insert("src", i))
	}
	file, err := plan.ParseFile("change.yaml", strings.NewReader("change: keyed\nservice: s\nsource: {table: src}\ntarget: {table: dst}\n"+
		"expand: [CREATE TABLE dst LIKE src]\nforward: {n: n, v: v}\nbackward: {n: n, v: v}\n"))
	require.NoError(t, err)
	p, err := plan.Build(t.Context(), db, file, plan.Options{})
	require.NoError(t, err, k.Name)
	for _, statement := range p.Expand {
		w.exec(statement.SQL)
	}
	w.change = p.Change
	w.mapper, err = shape.New(w.change.Name, w.change.Mapping)
	require.NoError(t, err)
	_, err = control.Init(t.Context(), db)
	require.NoError(t, err)
	require.NoError(t, control.Register(t.Context(), db, w.change.Name, w.change.Service))
	w.phase(migrate.Backfilling)
	return w
}

// Rows named by any type of key are walked over once each, copied in spans of
// two rows and chunks of one, verified in ranges of one, named in reports, and
// found again by that name.
func TestEveryTypeAsKey(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		for _, k := range Keys {
			if !k.Engine.On(string(s.Engine())) {
				continue
			}
			t.Run(k.Name, func(t *testing.T) {
				t.Parallel()
				w := newKeyed(t, s, k)
				keys := w.walk()
				require.Len(t, keys, len(k.Rows), "each row once")
				w.copySmall()
				w.requireKeys(k)
				w.requireSmall(nil, len(k.Rows))
				for i := range k.Rows {
					w.misplace(k, keys, i)
				}
				w.respell(k)
			})
		}
	})
}

// walk goes over the source's key a row at a time and returns the rows' numbers
// by key.
func (w *world) walk() map[string]int {
	w.t.Helper()
	out := map[string]int{}
	var low shape.Key
	for {
		q := w.mapper.Boundary(shape.Forward, shape.Range(low, nil), 1)
		key, ok := w.key(q)
		if !ok {
			return out
		}
		require.NotContains(w.t, out, key.String(), "a row is visited again")
		encoded, err := key.Encode()
		require.NoError(w.t, err)
		low, err = shape.DecodeKey(encoded)
		require.NoError(w.t, err)
		require.Equal(w.t, key, low)
		out[key.String()] = w.number(low)
	}
}

// key reads a key, if the query has one.
func (w *world) key(q shape.Statement) (shape.Key, bool) {
	w.t.Helper()
	rows, err := w.db.QueryContext(w.t.Context(), q.SQL, q.Args...)
	require.NoError(w.t, err, q.SQL)
	defer rows.Close()
	if !rows.Next() {
		require.NoError(w.t, rows.Err())
		return nil, false
	}
	key, err := w.mapper.ScanKey(rows)
	require.NoError(w.t, err)
	return key, true
}

// number returns the number of the one source row that a key names.
func (w *world) number(key shape.Key) int {
	w.t.Helper()
	q := w.mapper.Lock(shape.Forward, shape.Keys(key))
	query := strings.Replace(strings.Replace(q.SQL, "COUNT(*)", "MIN(n), COUNT(*)", 1), "FOR UPDATE", "", 1)
	var n, count int
	require.NoError(w.t, w.db.QueryRowContext(w.t.Context(), query, q.Args...).Scan(&n, &count), query)
	require.Equal(w.t, 1, count, "rows named by %s", key)
	return n
}

func (w *world) copySmall() {
	w.t.Helper()
	worker, err := backfill.New(backfill.Config{DB: w.db, Change: w.change, Job: backfill.Backfill, Run: w.epoch, SpanRows: 2, ChunkMin: 1, ChunkMax: 1, Lease: 5 * time.Second})
	require.NoError(w.t, err)
	r, err := worker.Run(w.t.Context())
	require.NoError(w.t, err)
	require.True(w.t, r.Complete())
}

// requireKeys compares both tables by their fingerprints.
func (w *world) requireKeys(k Key) {
	w.t.Helper()
	list := []string{"n", "v"}
	for i := range k.Columns {
		list = append(list, fingerprint(fmt.Sprintf("k%d", i)))
	}
	query := "SELECT GROUP_CONCAT(" + strings.Join(list, ", ',', ") + " ORDER BY n) FROM "
	require.Equal(w.t, w.one(query+"src"), w.one(query+"dst"))
}

// requireSmall verifies in ranges of one row and asserts the rows that are
// reported.
func (w *world) requireSmall(keys []string, compared int) {
	w.t.Helper()
	r, err := backfill.Verify(w.t.Context(), backfill.VerifyConfig{DB: w.db, Change: w.change, ChunkMin: 1, ChunkMax: 1, Examples: 100})
	require.NoError(w.t, err)
	require.EqualValues(w.t, compared, r.Compared)
	require.ElementsMatch(w.t, keys, r.Examples)
	require.EqualValues(w.t, len(keys), r.Differ())
}

// misplace makes one row different, missing and extra in turn; each time that
// row is reported and no other, and its key is enough to mend it.
func (w *world) misplace(k Key, keys map[string]int, row int) {
	w.t.Helper()
	name, rows := "", len(k.Rows)
	for key, n := range keys {
		if n == row {
			name = key
		}
	}
	where := fmt.Sprintf(" WHERE n = %d", row)
	for _, plant := range []string{"UPDATE dst SET v = v + 1" + where, "DELETE FROM dst" + where, "DELETE FROM src" + where} {
		w.exec(plant)
		w.requireSmall([]string{name}, rows)
		key, ok := w.key(w.mapper.Differing(migrate.StepExact, shape.Range(nil, nil), 1))
		require.True(w.t, ok)
		for _, q := range w.mapper.Reconcile(shape.Forward, migrate.StepExact, shape.Keys(key)) {
			w.exec(q.SQL, q.Args...)
		}
		if strings.Contains(plant, "src") {
			w.requireSmall(nil, rows-1)
			w.exec(k.insert("src", row))
			w.exec(k.insert("dst", row))
		}
		w.requireSmall(nil, rows)
	}
}

// respell writes the first key the other way its collation allows: in the
// target that is a difference, in the source it is mirrored.
func (w *world) respell(k Key) {
	w.t.Helper()
	if k.Equal[0] == "" {
		return
	}
	w.exec("UPDATE dst SET k0 = " + k.Equal[1] + " WHERE n = 0")
	name := w.one("SELECT k0 FROM src WHERE n = 0")
	w.requireSmall([]string{fmt.Sprintf("%q", name)}, len(k.Rows))
	key, err := w.mapper.NewKey(name)
	require.NoError(w.t, err)
	for _, spelling := range k.Equal {
		w.exec("UPDATE src SET k0 = " + spelling + " WHERE n = 0")
		for _, q := range w.mapper.Reconcile(shape.Forward, migrate.StepExact, shape.Keys(key)) {
			w.exec(q.SQL, q.Args...)
		}
		w.requireKeys(k)
		w.requireSmall(nil, len(k.Rows))
	}
}

// A key of another type is refused by the planner, with its name.
func TestRefusedKeys(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := open(t, s)
		for _, r := range KeyRefusals {
			if !r.Engine.On(string(s.Engine())) {
				continue
			}
			table := "k_" + r.Name
			_, err := db.ExecContext(t.Context(), fmt.Sprintf("CREATE TABLE %s (id %s NOT NULL PRIMARY KEY, v INT NULL, w INT NULL)", table, r.DDL))
			require.NoError(t, err, r.DDL)
			found := refuse(t, db, "change: c\nservice: s\nsource: {table: "+table+"}\ntarget: {table: "+table+
				"}\nexpand: [ALTER TABLE "+table+" ADD COLUMN note INT NULL]\nforward: {w: v}\nbackward: {v: w}\n", plan.CodeKeyType)
			require.Len(t, found, 1, r.DDL)
			require.Contains(t, found[0].Reason, r.DataType)
			require.False(t, shape.SupportsKey(migrate.Column{DataType: r.DataType, ColumnType: r.DDL}), r.DDL)
		}
	})
}
