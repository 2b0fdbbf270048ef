package dualwrite_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/dualwrite"
	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/migrate"
)

// shapeSQL is what a release that writes one shape of one change sends.
type shapeSQL struct{ insert, update, remove, rekey, value string }

var shapesOf = map[string]map[migrate.Shape]shapeSQL{
	splitName: {
		migrate.SourceShape: {
			`INSERT INTO users (name) VALUES ('Ada Byron')`, `UPDATE users SET name = 'Ada Lovelace' WHERE id = ?`,
			`DELETE FROM users WHERE id = ?`, `UPDATE users SET id = id + 100 WHERE id = ?`, `SELECT name FROM users WHERE id = ?`,
		},
		migrate.TargetShape: {
			`INSERT INTO users (first_name, last_name) VALUES ('Ada', 'Byron')`, `UPDATE users SET last_name = 'Lovelace' WHERE id = ?`,
			`DELETE FROM users WHERE id = ?`, `UPDATE users SET id = id + 100 WHERE id = ?`, `SELECT CONCAT_WS(' ', first_name, last_name) FROM users WHERE id = ?`,
		},
	},
	movePeople: {
		migrate.SourceShape: {
			`INSERT INTO people (email, age) VALUES ('Ada Byron', 1)`, `UPDATE people SET email = 'ada lovelace' WHERE id = ?`,
			`DELETE FROM people WHERE id = ?`, `UPDATE people SET id = id + 100 WHERE id = ?`, `SELECT LOWER(email) FROM people WHERE id = ?`,
		},
		migrate.TargetShape: {
			`INSERT INTO accounts (mail, age) VALUES ('ada byron', 1)`, `UPDATE accounts SET mail = 'ada lovelace' WHERE id = ?`,
			`DELETE FROM accounts WHERE id = ?`, `UPDATE accounts SET id = id + 100 WHERE id = ?`, `SELECT mail FROM accounts WHERE id = ?`,
		},
	},
}

// Every mode, both shapes, both kinds of change: the other shape has the value
// exactly when the mode writes both, and a release whose shape the phase does
// not take is refused and leaves nothing behind.
func TestEveryModeAndShape(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		for _, column := range []bool{true, false} {
			for _, phase := range migrate.Phases() {
				modes := []migrate.Mode{phase.Mode()}
				if phase == migrate.Backfilling {
					modes = append(modes, migrate.CopyOnRead)
				}
				for _, mode := range modes {
					for _, writes := range []migrate.Shape{migrate.SourceShape, migrate.TargetShape} {
						t.Run(fmt.Sprintf("column=%v/%s/%s/%s", column, phase, mode, writes), func(t *testing.T) {
							f := fixtureOf(t, s, column)
							f.oneMode(phase, mode, writes)
						})
					}
				}
			}
		}
	})
}

func (f *fixture) oneMode(phase migrate.Phase, mode migrate.Mode, writes migrate.Shape) {
	t, ctx := f.t, f.t.Context()
	f.to(phase, func(s *migrate.Setting) { s.Mode = mode })
	client, err := dualwrite.Join(ctx, f.db, f.config(writes, migrate.NewOnly))
	if !phase.Writers().Has(writes) {
		var refused *dualwrite.NotAllowedError
		require.ErrorAs(t, err, &refused)
		require.Equal(t, phase, refused.Phase)
		return
	}
	require.NoError(t, err)
	f.closeAtEnd(client)
	c := client.Change(f.change.Name)
	mine, other := shapesOf[f.change.Name][writes], shapesOf[f.change.Name][otherShape(writes)]
	both := mode.Writes().Source && mode.Writes().Target
	expect := func(id int64, value string) {
		t.Helper()
		require.Equal(t, []string{value}, f.lower(mine.value, id))
		if both {
			require.Equal(t, []string{value}, f.lower(other.value, id), "the other shape follows")
			require.Zero(t, f.counts(setting(phase, 0).Rule).Differ())
		}
	}
	id, err := insert(ctx, c, mine.insert)
	require.NoError(t, err)
	expect(id, "ada byron")
	require.NoError(t, exec1(ctx, c, []any{id}, mine.update, id))
	expect(id, "ada lovelace")
	require.NoError(t, exec1(ctx, c, []any{id, id + 100}, mine.rekey, id))
	expect(id+100, "ada lovelace")
	require.Nil(t, f.row(mine.value, id))
	require.NoError(t, exec1(ctx, c, []any{id + 100}, mine.remove, id+100))
	require.Nil(t, f.row(mine.value, id+100))
	if both {
		require.Nil(t, f.row(other.value, id+100), "the deletion follows")
	}
	require.NoError(t, f.mixedUnit(ctx, c, mine))
	if both {
		require.Zero(t, f.counts(setting(phase, 0).Rule).Differ())
	}
}

// mixedUnit inserts, updates and deletes in one transaction.
func (f *fixture) mixedUnit(ctx context.Context, c *dualwrite.Change, sql shapeSQL) error {
	return c.Write(ctx, func(ctx context.Context, tx *dualwrite.Tx) error {
		var id int64
		for range 3 {
			// The next row takes the value that the last one had.
			if _, err := tx.ExecContext(ctx, sql.remove, id); err != nil {
				return err
			}
			res, err := tx.ExecContext(ctx, sql.insert)
			if err != nil {
				return err
			}
			if id, err = res.LastInsertId(); err != nil {
				return err
			}
			tx.Touch(id)
		}
		_, err := tx.ExecContext(ctx, sql.update, id)
		return err
	})
}

func otherShape(s migrate.Shape) migrate.Shape {
	if s == migrate.SourceShape {
		return migrate.TargetShape
	}
	return migrate.SourceShape
}

func (f *fixture) lower(query string, args ...any) []string {
	f.t.Helper()
	out := f.row(query, args...)
	for i := range out {
		out[i] = strings.ToLower(out[i])
	}
	return out
}

func TestJoinRefuses(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, nameSplit(), nameSplitDDL)
		ctx := t.Context()
		refused := func(cfg dualwrite.Config) error {
			client, err := dualwrite.Join(ctx, f.db, cfg)
			if err == nil {
				f.closeAtEnd(client)
			}
			return err
		}
		f.to(migrate.DualWriting)
		err := refused(f.config(migrate.SourceShape, migrate.Off))
		var not *dualwrite.NotAllowedError
		require.ErrorAs(t, err, &not)
		require.ErrorIs(t, err, dualwrite.ErrNotAllowed)
		require.Equal(t, splitName, not.Change)
		require.Contains(t, err.Error(), "does not support mode dual_write")

		f.exec(`ALTER TABLE users DROP COLUMN last_name`)
		err = refused(f.config(migrate.SourceShape, migrate.ReadNew))
		require.ErrorContains(t, err, "last_name", "the self test has the server look at the mirror's statements")
		f.exec(`ALTER TABLE users ADD COLUMN last_name VARCHAR(100)`)

		bad := f.config(migrate.SourceShape, migrate.ReadNew)
		bad.Release = ""
		require.ErrorIs(t, refused(bad), dualwrite.ErrInvalidConfig)

		f.exec(`UPDATE _underpin_meta SET value = '999' WHERE name = 'schema_version'`)
		require.ErrorContains(t, refused(f.config(migrate.SourceShape, migrate.ReadNew)), "newer")
		f.exec(`DROP TABLE _underpin_meta`)
		require.ErrorContains(t, refused(f.config(migrate.SourceShape, migrate.ReadNew)), "underpin init")
	})
}

func TestChangeThatIsNotDeclared(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, nameSplit(), nameSplitDDL)
		client := f.join(f.config(migrate.SourceShape, migrate.ReadNew))
		other := client.Change("no-such-change")
		require.ErrorIs(t, other.Write(t.Context(), nil), dualwrite.ErrNotDeclared)
		_, err := dualwrite.Read(t.Context(), other, 1, answer("a"), answer("b"))
		require.ErrorIs(t, err, dualwrite.ErrNotDeclared)
		tx, err := f.db.BeginTx(t.Context(), nil)
		require.NoError(t, err)
		_, err = other.Enlist(t.Context(), tx)
		require.ErrorIs(t, err, dualwrite.ErrNotDeclared)
		require.NoError(t, tx.Rollback())
	})
}

// A change that nobody has planned gets a row, so that the fence locks
// something, and works in Off until a plan comes and moves on.
func TestChangeBeforeItsPlan(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, nameSplit(), nameSplitDDL)
		f.exec(`DELETE FROM _underpin_change`)
		names := f.old()
		require.Equal(t, migrate.Initial(), names.Setting())
		id, err := insert(t.Context(), names, `INSERT INTO users (name) VALUES ('Ada Lovelace')`)
		require.NoError(t, err)
		f.record()
		f.to(migrate.DualWriting)
		require.NoError(t, exec1(t.Context(), names, []any{id}, `UPDATE users SET city = 'x' WHERE id = ?`, id))
		require.Equal(t, []string{"Ada"}, f.row(`SELECT first_name FROM users WHERE id = ?`, id))
	})
}

func TestUnitIsRolledBackOnItsError(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, nameSplit(), nameSplitDDL)
		names := f.old()
		f.to(migrate.DualWriting)
		mine := errors.New("changed my mind")
		calls := 0
		err := names.Write(t.Context(), func(ctx context.Context, tx *dualwrite.Tx) error {
			calls++
			_, err := tx.ExecContext(ctx, `INSERT INTO users (name) VALUES ('x')`)
			require.NoError(t, err)
			return mine
		})
		require.Equal(t, mine, err, "as it is")
		require.Equal(t, 1, calls)
		require.Panics(t, func() {
			_ = names.Write(t.Context(), func(ctx context.Context, tx *dualwrite.Tx) error {
				_, err := tx.ExecContext(ctx, `INSERT INTO users (name) VALUES ('x')`)
				require.NoError(t, err)
				panic("in the unit")
			})
		})
		require.Nil(t, f.row(`SELECT 1 FROM users`))
	})
}
