package dualwrite_test

import (
	"database/sql"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/dualwrite"
	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/internal/shape"
	"github.com/underpin-db/underpin/migrate"
)

// A statement with the fence joined in has to hold up transitions exactly as the
// fence does by itself, at every isolation level, as text and prepared, however
// the server makes a plan of it: what it locks is decided by the server's
// optimizer, so the server is asked.
func TestRiddenFenceHoldsUpTransitions(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		for _, isolation := range []sql.IsolationLevel{
			sql.LevelReadUncommitted, sql.LevelReadCommitted, sql.LevelRepeatableRead, sql.LevelSerializable,
		} {
			for name, r := range ridden {
				t.Run(isolation.String()+"/"+name, func(t *testing.T) { holdsUpTransitions(t, s, isolation, r) })
			}
		}
	})
}

// rider is statements that may carry the fence, with rows for them to change.
type rider struct {
	fixture func(testing.TB, *servers.Server) *fixture
	rows    []string
	render  func(*shape.Mapper) []shape.Statement
}

var (
	oneRow  = shape.Keys(shape.Key{int64(1)})
	twoRows = shape.Keys(shape.Key{int64(1)}, shape.Key{int64(2)})

	names     = []string{`INSERT INTO users (id, name) VALUES (1, 'Ada Lovelace'), (2, 'Grace Hopper')`}
	parts     = []string{`INSERT INTO users (id, first_name) VALUES (1, 'Ada')`}
	people    = []string{`INSERT INTO people (id, email, age) VALUES (1, 'a', 1), (2, 'b', 2)`}
	outOfStep = slices.Concat(people, []string{`INSERT INTO accounts (id, mail, age) VALUES (1, 'c', 3), (2, 'd', 4)`})
	stories   = []string{`INSERT INTO users (id, story, marks) VALUES (1, 'a', 1)`}
	profiles  = slices.Concat(stories, []string{`INSERT INTO profiles (id, bio, n) VALUES (1, 'c', 3)`})
)

var ridden = map[string]rider{
	"column update":            {splitting, names, updates(shape.Forward, migrate.StepExact, oneRow)},
	"column update of rows":    {splitting, names, updates(shape.Forward, migrate.StepExact, twoRows)},
	"column update back":       {splitting, parts, updates(shape.Backward, migrate.StepEither, oneRow)},
	"column overwrite":         {splitting, names, overwrites(oneRow)},
	"column overwrite of rows": {splitting, names, overwrites(twoRows)},
	"table update":             {moving, outOfStep, updates(shape.Forward, migrate.StepExact, oneRow)},
	"table update of rows":     {moving, outOfStep, updates(shape.Forward, migrate.StepExact, twoRows)},
	"table update back":        {moving, outOfStep, updates(shape.Backward, migrate.StepEither, oneRow)},
	"table overwrite":          {moving, outOfStep, overwrites(oneRow)},
	"table overwrite of rows":  {moving, outOfStep, overwrites(twoRows)},
	"table insert":             {moving, people, fills(shape.Forward, oneRow)},
	"table insert of rows":     {moving, people, fills(shape.Forward, twoRows)},
	"merge overwrite":          {merging, profiles, overwrites(oneRow)},
	"merge update back":        {merging, profiles, updates(shape.Backward, migrate.StepExact, oneRow)},
	"merge insert back":        {merging, stories, fills(shape.Backward, oneRow)},
}

func updates(d shape.Direction, rule migrate.StepRule, scope shape.Scope) func(*shape.Mapper) []shape.Statement {
	return func(m *shape.Mapper) []shape.Statement { return m.Update(d, rule, scope) }
}

func overwrites(scope shape.Scope) func(*shape.Mapper) []shape.Statement {
	return func(m *shape.Mapper) []shape.Statement {
		return []shape.Statement{m.Overwrite(shape.Forward, scope)}
	}
}

func fills(d shape.Direction, scope shape.Scope) func(*shape.Mapper) []shape.Statement {
	return func(m *shape.Mapper) []shape.Statement {
		fill, _ := m.Fill(d, scope)
		return []shape.Statement{fill}
	}
}

// ride is a rider's statements on a connection of their own.
type ride struct {
	*fixture
	conn       *sql.Conn
	statements []shape.Statement
	prepared   []*sql.Stmt
}

// board inserts the rows, and renders and prepares the statements under the
// fence of an epoch, counted from that of the row.
func (r rider) board(f *fixture, after int) *ride {
	f.t.Helper()
	fencer, err := control.NewFencer(f.change.Name)
	require.NoError(f.t, err)
	mapper, err := shape.New(f.change.Name, f.change.Mapping)
	require.NoError(f.t, err)
	now, err := control.Setting(f.t.Context(), f.db, f.change.Name)
	require.NoError(f.t, err)
	conn, err := f.db.Conn(f.t.Context())
	require.NoError(f.t, err)
	f.t.Cleanup(func() { require.NoError(f.t, conn.Close()) })
	epoch := now.Epoch + uint64(after) //nolint:gosec // one less, the same, or one more
	return &ride{f, conn, r.render(mapper.If(fencer.Rider(epoch, f.change.Mapping.Kind()))), nil}
}

// set sets a variable of the session.
func (r *ride) set(variable, value string) {
	r.t.Helper()
	_, err := r.conn.ExecContext(r.t.Context(), `SET SESSION `+variable+` = '`+value+`'`)
	require.NoError(r.t, err)
}

func (r *ride) prepare() {
	r.t.Helper()
	r.prepared = nil
	for _, s := range r.statements {
		stmt, err := r.conn.PrepareContext(r.t.Context(), s.SQL)
		require.NoError(r.t, err, s.SQL)
		r.t.Cleanup(func() { require.NoError(r.t, stmt.Close()) })
		r.prepared = append(r.prepared, stmt)
	}
}

// sendings is how statements are sent.
var sendings = map[string]func(r *ride, tx *sql.Tx, i int) (sql.Result, error){
	"text": func(r *ride, tx *sql.Tx, i int) (sql.Result, error) {
		query, args := dualwrite.Inline(r.statements[i])
		return tx.ExecContext(r.t.Context(), query, args...)
	},
	"prepared": func(r *ride, _ *sql.Tx, i int) (sql.Result, error) { // the Tx would prepare it again
		return r.prepared[i].ExecContext(r.t.Context(), r.statements[i].Args...)
	},
}

// changes runs the statements, looks, and rolls back. It returns how many rows
// they changed.
func (r *ride) changes(sending string, isolation sql.IsolationLevel, look func()) (changed int64) {
	r.t.Helper()
	tx, err := r.conn.BeginTx(r.t.Context(), &sql.TxOptions{Isolation: isolation})
	require.NoError(r.t, err)
	defer func() { require.NoError(r.t, tx.Rollback()) }()
	for i := range r.statements {
		res, err := sendings[sending](r, tx, i)
		require.NoError(r.t, err, r.statements[i].SQL)
		n, err := res.RowsAffected()
		require.NoError(r.t, err)
		changed += n
	}
	look()
	return changed
}

// plans is how a server may go about a statement with a subquery.
var plans = []string{"semijoin=on,materialization=on", "semijoin=off,materialization=on", "semijoin=off,materialization=off"}

func holdsUpTransitions(t *testing.T, s *servers.Server, isolation sql.IsolationLevel, statements rider) {
	f := statements.fixture(t, s)
	f.to(migrate.DualWriting)
	for _, row := range statements.rows {
		f.exec(row)
	}
	r := statements.board(f, 0)
	for _, plan := range plans {
		r.set("optimizer_switch", plan)
		r.prepare()
		for sending := range sendings {
			for range 2 { // MariaDB rewrites what is prepared when it first runs it
				changed := r.changes(sending, isolation, func() {
					require.Equal(t, mysqlx.ClassLockWait, mysqlx.Classify(f.tryFence()), "%s, %s: a transition has to wait", plan, sending)
				})
				require.NotZero(t, changed)
			}
		}
	}
	require.NoError(t, f.tryFence())
	require.NoError(t, f.tryTransit())
}

// tryFence takes the lock that a transition takes, if it is to be had at once.
func (f *fixture) tryFence() error {
	rows, err := f.db.QueryContext(f.t.Context(), `SELECT 1 FROM _underpin_change WHERE name = ? FOR UPDATE NOWAIT`, f.change.Name)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
	}
	return rows.Err()
}

func splitting(t testing.TB, s *servers.Server) *fixture {
	return newFixture(t, s, nameSplit(), nameSplitDDL)
}

func moving(t testing.TB, s *servers.Server) *fixture {
	return newFixture(t, s, tableMove(), tableMoveDDL)
}

func merging(t testing.TB, s *servers.Server) *fixture {
	return newFixture(t, s, mergeProfiles(), mergeProfilesDDL)
}

func fixtureOf(t testing.TB, s *servers.Server, column bool) *fixture {
	if column {
		return splitting(t, s)
	}
	return moving(t, s)
}

// tryTransit makes a transition to the phase that the change is in already, and
// gives up after a second.
func (f *fixture) tryTransit() error {
	f.t.Helper()
	conn, err := f.db.Conn(f.t.Context())
	require.NoError(f.t, err)
	defer conn.Close()
	_, err = conn.ExecContext(f.t.Context(), `SET SESSION innodb_lock_wait_timeout = 1`)
	require.NoError(f.t, err)
	now, err := control.Setting(f.t.Context(), conn, f.change.Name)
	require.NoError(f.t, err)
	next := now
	next.Epoch++
	err = control.Transit(f.t.Context(), conn, f.change.Name, now, next)
	_, reset := conn.ExecContext(f.t.Context(), `SET SESSION innodb_lock_wait_timeout = DEFAULT`)
	require.NoError(f.t, reset)
	return err
}

// A statement that carries the fence of another epoch, or runs in a session that
// is not strict, changes nothing, also if it was prepared when the session was
// another one.
func TestRiddenFenceThatDoesNotHoldChangesNothing(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		for name, statements := range ridden {
			t.Run(name, func(t *testing.T) {
				f := statements.fixture(t, s)
				f.to(migrate.DualWriting)
				for _, row := range statements.rows {
					f.exec(row)
				}
				for after, holds := range map[int]bool{-1: false, 0: true, 1: false} {
					r := statements.board(f, after)
					r.prepare()
					for _, mode := range []string{"", "STRICT_TRANS_TABLES", "ANSI_QUOTES", "STRICT_ALL_TABLES,ANSI_QUOTES", "TRADITIONAL", ""} {
						r.set("sql_mode", mode)
						strict := strings.Contains(mode, "STRICT") || mode == "TRADITIONAL"
						for sending := range sendings {
							changed := r.changes(sending, sql.LevelDefault, func() {})
							require.Equal(t, holds && strict, changed > 0, "%s %d epochs after, under %q", sending, after, mode)
						}
					}
				}
			})
		}
	})
}

// While a client still believes in an older setting, its writes go by the one
// that the row holds.
func TestWriteGoesByTheRowNotByWhatTheClientBelieves(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		for name, column := range map[string]bool{"column": true, "table": false} {
			t.Run(name, func(t *testing.T) {
				f := fixtureOf(t, s, column)
				f.to(migrate.DualWriting)
				cfg := f.config(migrate.SourceShape, migrate.ReadNew)
				cfg.Poll, cfg.Lease = 1<<40, 1<<43 // it never hears of anything
				c := f.join(cfg).Change(f.change.Name)
				ctx := t.Context()
				insertOne := `INSERT INTO people (email, age) VALUES ('A', 1)`
				target := `SELECT mail FROM accounts WHERE id = ?`
				if column {
					insertOne, target = `INSERT INTO users (name) VALUES ('a b')`, `SELECT first_name FROM users WHERE id = ? AND first_name IS NOT NULL`
				}
				write := func() []string {
					id, err := insert(ctx, c, insertOne)
					require.NoError(t, err)
					got := f.row(target, id)
					f.exec(`DELETE FROM ` + f.change.Mapping.Source.Name)
					f.exec(`DELETE FROM ` + f.change.Mapping.Target.Name)
					return got
				}
				require.NotNil(t, write(), "mirrored in dual_write")
				f.to(migrate.Backfilling)
				require.NotNil(t, write(), "and in backfilling")
				f.to(migrate.Expanded)
				require.Nil(t, write(), "not when the row says off")
				f.to(migrate.ReadingNew)
				require.NotNil(t, write())
				f.to(migrate.OnlyNew)
				_, err := insert(ctx, c, insertOne)
				require.ErrorIs(t, err, dualwrite.ErrNotAllowed)
				require.Nil(t, f.row(`SELECT 1 FROM `+f.change.Mapping.Source.Name), "refused means rolled back")
			})
		}
	})
}
