package dualwrite_test

import (
	"database/sql"
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
// fence does by itself, at every isolation level: what it locks is decided by
// the server's optimizer, so the server is asked.
func TestRiddenFenceHoldsUpTransitions(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		for _, isolation := range []sql.IsolationLevel{
			sql.LevelReadUncommitted, sql.LevelReadCommitted, sql.LevelRepeatableRead, sql.LevelSerializable,
		} {
			for name, prepare := range ridden {
				t.Run(isolation.String()+"/"+name, func(t *testing.T) { holdsUpTransitions(t, s, isolation, name, prepare) })
			}
		}
	})
}

// ridden is the statements that may carry the fence, each with rows for it to
// change.
var ridden = map[string]func(*fixture, *shape.Mapper) []shape.Statement{
	"column update": func(f *fixture, m *shape.Mapper) []shape.Statement {
		f.exec(`INSERT INTO users (id, name) VALUES (1, 'Ada Lovelace')`)
		return m.Update(shape.Forward, migrate.StepExact, shape.Keys(shape.Key{int64(1)}))
	},
	"column overwrite": func(f *fixture, m *shape.Mapper) []shape.Statement {
		f.exec(`INSERT INTO users (id, name) VALUES (1, 'Ada Lovelace')`)
		return []shape.Statement{m.Overwrite(shape.Forward, shape.Keys(shape.Key{int64(1)}))}
	},
	"table overwrite": func(f *fixture, m *shape.Mapper) []shape.Statement {
		f.exec(`INSERT INTO people (id, email, age) VALUES (1, 'a', 1)`)
		f.exec(`INSERT INTO accounts (id, mail, age) VALUES (1, 'b', 2)`)
		return []shape.Statement{m.Overwrite(shape.Forward, shape.Keys(shape.Key{int64(1)}))}
	},
	"table update": func(f *fixture, m *shape.Mapper) []shape.Statement {
		f.exec(`INSERT INTO people (id, email, age) VALUES (1, 'a', 1)`)
		f.exec(`INSERT INTO accounts (id, mail, age) VALUES (1, 'b', 2)`)
		return m.Update(shape.Forward, migrate.StepExact, shape.Keys(shape.Key{int64(1)}))
	},
	"table insert": func(f *fixture, m *shape.Mapper) []shape.Statement {
		f.exec(`INSERT INTO people (id, email, age) VALUES (1, 'a', 1)`)
		fill, _ := m.Fill(shape.Forward, shape.Keys(shape.Key{int64(1)}))
		return []shape.Statement{fill}
	},
}

func holdsUpTransitions(t *testing.T, s *servers.Server, isolation sql.IsolationLevel, name string, prepare func(*fixture, *shape.Mapper) []shape.Statement) {
	f := fixtureOf(t, s, strings.HasPrefix(name, "column"))
	now := f.to(migrate.DualWriting)
	fencer, err := control.NewFencer(f.change.Name)
	require.NoError(t, err)
	mapper, err := shape.New(f.change.Name, f.change.Mapping)
	require.NoError(t, err)
	statements := prepare(f, mapper.If(fencer.Rider(now.Epoch)))

	tx, err := f.db.BeginTx(t.Context(), &sql.TxOptions{Isolation: isolation})
	require.NoError(t, err)
	defer func() { _ = tx.Rollback() }()
	changed := int64(0)
	for _, statement := range statements {
		query, args := dualwrite.Inline(statement)
		require.Empty(t, args)
		res, err := tx.ExecContext(t.Context(), query)
		require.NoError(t, err, query)
		n, err := res.RowsAffected()
		require.NoError(t, err)
		changed += n
	}
	require.NotZero(t, changed)
	require.Equal(t, mysqlx.ClassLockWait, mysqlx.Classify(f.tryTransit()), "the transition has to wait")
	require.NoError(t, tx.Rollback())
	require.NoError(t, f.tryTransit())
}

func fixtureOf(t testing.TB, s *servers.Server, column bool) *fixture {
	if column {
		return newFixture(t, s, nameSplit(), nameSplitDDL)
	}
	return newFixture(t, s, tableMove(), tableMoveDDL)
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

// A statement that carries the fence of an epoch gone by changes nothing.
func TestRiddenFenceOfAnotherEpochChangesNothing(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, nameSplit(), nameSplitDDL)
		now := f.to(migrate.DualWriting)
		f.exec(`INSERT INTO users (id, name) VALUES (1, 'Ada Lovelace')`)
		fencer, err := control.NewFencer(f.change.Name)
		require.NoError(t, err)
		mapper, err := shape.New(f.change.Name, f.change.Mapping)
		require.NoError(t, err)
		try := func(epoch uint64, mode string) int64 {
			conn, err := f.db.Conn(t.Context())
			require.NoError(t, err)
			defer conn.Close()
			_, err = conn.ExecContext(t.Context(), `SET SESSION sql_mode = '`+mode+`'`)
			require.NoError(t, err)
			changed := int64(0)
			for _, statement := range mapper.If(fencer.Rider(epoch)).Update(shape.Forward, migrate.StepExact, shape.Keys(shape.Key{int64(1)})) {
				query, _ := dualwrite.Inline(statement)
				res, err := conn.ExecContext(t.Context(), query)
				require.NoError(t, err, query)
				n, err := res.RowsAffected()
				require.NoError(t, err)
				changed += n
			}
			return changed
		}
		require.Zero(t, try(now.Epoch-1, "STRICT_ALL_TABLES"))
		require.Zero(t, try(now.Epoch+1, "STRICT_ALL_TABLES"))
		require.Zero(t, try(now.Epoch, ""), "not in a session that is not strict")
		require.NotZero(t, try(now.Epoch, "STRICT_ALL_TABLES"))
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
