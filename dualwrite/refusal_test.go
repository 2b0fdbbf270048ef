package dualwrite_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/dualwrite"
	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/shape"
	"github.com/underpin-db/underpin/migrate"
)

// A mirror that collides on another unique key is refused, naming both rows,
// and touches neither; never is a row written over.
func TestConflictNamesBothRows(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, tableMove(), tableMoveDDL)
		f.to(migrate.DualWriting)
		people := f.old()
		ctx := t.Context()
		first, err := insert(ctx, people, `INSERT INTO people (email, age) VALUES ('ada@x', 1)`)
		require.NoError(t, err)
		second, err := insert(ctx, people, `INSERT INTO people (email, age) VALUES ('bob@x', 2)`)
		require.NoError(t, err)
		conflict := func(err error, key string) {
			t.Helper()
			var c *dualwrite.ConflictError
			require.ErrorAs(t, err, &c)
			require.Equal(t, "accounts", c.Table)
			require.Equal(t, "mail", c.Index)
			require.Equal(t, itoa(uint64(first)), c.OtherKey)
			require.Equal(t, key, c.Key)
			require.ErrorContains(t, err, "row "+itoa(uint64(first))+" holds the same value")
		}
		_, err = insert(ctx, people, `INSERT INTO people (id, email, age) VALUES (77, 'ADA@X', 3)`)
		conflict(err, "77")
		err = exec1(ctx, people, []any{second}, `UPDATE people SET email = 'ADA@X' WHERE id = ?`, second)
		conflict(err, itoa(uint64(second)))
		require.Equal(t, []string{"bob@x"}, f.row(`SELECT email FROM people WHERE id = ?`, second), "rolled back")
		require.Nil(t, f.row(`SELECT 1 FROM people WHERE id = 77`))
		f.inStep(migrate.StepExact)
	})
}

// A value that moves from one row to another in one unit is no conflict.
func TestUniqueValueMovesWithinAUnit(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, tableMove(), tableMoveDDL)
		f.to(migrate.DualWriting)
		people := f.old()
		ctx := t.Context()
		id, err := insert(ctx, people, `INSERT INTO people (email, age) VALUES ('ada@x', 1)`)
		require.NoError(t, err)
		require.NoError(t, people.Write(ctx, func(ctx context.Context, tx *dualwrite.Tx) error {
			tx.Touch(id)
			tx.Touch(id + 50)
			if _, err := tx.ExecContext(ctx, `DELETE FROM people WHERE id = ?`, id); err != nil {
				return err
			}
			_, err := tx.ExecContext(ctx, `INSERT INTO people (id, email, age) VALUES (?, 'ada@x', 1)`, id+50)
			return err
		}))
		require.Equal(t, []string{"ada@x"}, f.row(`SELECT mail FROM accounts WHERE id = ?`, id+50))
		f.inStep(migrate.StepExact)
	})
}

func TestValueThatDoesNotFit(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, tableMove(), tableMoveDDL)
		f.to(migrate.DualWriting)
		people := f.old()
		for _, insertOne := range []string{
			`INSERT INTO people (id, age) VALUES (5, 500)`,
			`INSERT INTO people (id, age) VALUES (5, 1) ON DUPLICATE KEY UPDATE age = 500`,
		} {
			_, err := insert(t.Context(), people, insertOne)
			if err == nil {
				err = exec1(t.Context(), people, []any{5}, `UPDATE people SET age = 500 WHERE id = 5`)
			}
			var u *dualwrite.UnrepresentableError
			require.ErrorAs(t, err, &u)
			require.Equal(t, "accounts", u.Table)
			require.Equal(t, "age", u.Column)
			require.Contains(t, []string{"5", "0"}, u.Key)
		}
		require.NotEqual(t, []string{"500"}, f.row(`SELECT MAX(age) FROM people`))
		f.inStep(migrate.StepExact)
	})
}

// What a newer release writes has to fit the older shape as long as that is kept.
func TestTargetValueThatTheSourceCannotRepresent(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		change := nameSplit()
		// A way back that forgets what it is given.
		change.Mapping.Backward = []migrate.Assignment{assign("name", "UPPER($row.`first_name`)")}
		change.Mapping.Forward = []migrate.Assignment{assign("first_name", "$row.`name`"), assign("last_name", "''")}
		f := newFixture(t, s, change, nameSplitDDL)
		f.to(migrate.ReadingNew)
		r2 := f.new()
		_, err := insert(t.Context(), r2, `INSERT INTO users (first_name, last_name) VALUES (REPEAT('x', 9), '')`)
		require.NoError(t, err, "source = g(target)")
		f.exec(`ALTER TABLE users MODIFY name VARCHAR(10)`)
		_, err = insert(t.Context(), r2, `INSERT INTO users (first_name, last_name) VALUES (REPEAT('x', 11), '')`)
		var u *dualwrite.UnrepresentableError
		require.ErrorAs(t, err, &u)
		require.Equal(t, "name", u.Column)
		f.exec(`CREATE TRIGGER truncated BEFORE UPDATE ON users FOR EACH ROW SET NEW.name = LEFT(NEW.name, 3)`)
		_, err = insert(t.Context(), r2, `INSERT INTO users (first_name, last_name) VALUES ('abcd', '')`)
		require.ErrorAs(t, err, &u, "found by comparing, not by the server")
		require.NoError(t, u.Err)
		require.Equal(t, []string{"1"}, f.row(`SELECT COUNT(*) FROM users`))
	})
}

func TestForgottenTouch(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, nameSplit(), nameSplitDDL)
		f.exec(`CREATE TABLE log (entry VARCHAR(20))`)
		names := f.old()
		ctx := t.Context()
		forget := func(query string, after func(tx *dualwrite.Tx)) error {
			return names.Write(ctx, func(ctx context.Context, tx *dualwrite.Tx) error {
				_, err := tx.ExecContext(ctx, query)
				after(tx)
				return err
			})
		}
		nothing := func(*dualwrite.Tx) {}
		for _, phase := range []migrate.Phase{migrate.Expanded, migrate.DualWriting} {
			sees(t, names, f.to(phase))
			require.ErrorIs(t, forget(`INSERT INTO users (name) VALUES ('x')`, nothing), dualwrite.ErrNothingTouched, "in every phase, so that tests find it")
			require.Nil(t, f.row(`SELECT 1 FROM users`))
			require.NoError(t, forget(`UPDATE users SET name = 'x' WHERE id = 5`, nothing), "no row was changed")
			require.NoError(t, forget(`INSERT INTO log VALUES ('x')`, (*dualwrite.Tx).TouchNothing))
			require.ErrorIs(t, forget(`INSERT INTO users (name) VALUES ('x')`, func(tx *dualwrite.Tx) { tx.Touch() }), shape.ErrKeyParts)
		}
		require.ErrorIs(t, forget(`INSERT INTO users (name) VALUES ('x')`, func(tx *dualwrite.Tx) { tx.Touch(1, 2) }), shape.ErrKeyParts)
		require.Error(t, forget(`INSERT INTO users (name) VALUES ('x')`, func(tx *dualwrite.Tx) { tx.Touch(1.5) }))
		require.Nil(t, f.row(`SELECT 1 FROM users`))
	})
}

func TestStatementsThatWouldCommitAreRefused(t *testing.T) {
	for _, refused := range []string{
		"COMMIT", "rollback", "BEGIN", "START TRANSACTION", "CREATE TABLE t (a INT)", "ALTER TABLE t ADD b INT", "DROP TABLE t",
		"TRUNCATE t", "RENAME TABLE a TO b", "LOCK TABLES a WRITE", "UNLOCK TABLES", "SET autocommit = 1", "SET @@autocommit = 1",
		"SET SESSION sql_mode = ''", "SET @a = 1, autocommit = 1", "XA START 'x'", "GRANT SELECT ON a TO b", "/*!50000 COMMIT */", "/*M! COMMIT */",
		"/* a */ -- b\n COMMIT", "# c\nCOMMIT", "ROLLBACK WORK", "PREPARE s FROM 'COMMIT'", "EXECUTE s", "LOAD DATA INFILE 'x' INTO TABLE t", "",
	} {
		isRefused, _ := dualwrite.KindOf(refused)
		require.True(t, isRefused, refused)
	}
	for _, taken := range []string{
		"SELECT 1", "  select 1", "(SELECT 1)", "-- name: Get :one\nSELECT 1", "/* app */INSERT INTO t VALUES (1)", "WITH a AS (SELECT 1) SELECT * FROM a",
		"SAVEPOINT a", "ROLLBACK TO a", "ROLLBACK WORK TO SAVEPOINT a", "RELEASE SAVEPOINT a", "SET @a = 1", "CALL p()", "REPLACE INTO t VALUES (1)",
		"UPDATE t SET a = 1", "delete from t", "VALUES ROW(1)", "/*+ hint */ SELECT 1", "--\tx\nSELECT 1",
	} {
		isRefused, word := dualwrite.KindOf(taken)
		require.False(t, isRefused, "%s: %s", taken, word)
	}
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, nameSplit(), nameSplitDDL)
		err := f.old().Write(t.Context(), func(ctx context.Context, tx *dualwrite.Tx) error {
			_, err := tx.PrepareContext(ctx, `SELECT 1`)
			require.ErrorIs(t, err, dualwrite.ErrStatement)
			_, err = tx.ExecContext(ctx, `COMMIT`)
			return err
		})
		require.ErrorIs(t, err, dualwrite.ErrStatement)
	})
}

func TestErrorMessagesAreUnderstood(t *testing.T) {
	for message, want := range map[string]string{
		"Duplicate entry 'a' for key 'users.email'":                 "email",
		"Duplicate entry 'a' for key 'PRIMARY'":                     "PRIMARY",
		"Doppelter Eintrag 'it's' für Schlüssel 'accounts.PRIMARY'": "PRIMARY",
		"no quotes": "",
	} {
		require.Equal(t, want, dualwrite.IndexOf(&mysql.MySQLError{Number: 1062, Message: message}), message)
	}
	for message, want := range map[string]string{
		"Data too long for column 'name' at row 1":                             "name",
		"Incorrect integer value: 'x' for column `db`.`people`.`age` at row 1": "age",
		"Column 'last_name' cannot be null":                                    "last_name",
		"Out of range value for column 'age' at row 1":                         "age",
		"Check constraint 'c' is violated.":                                    "",
	} {
		require.Equal(t, want, dualwrite.ColumnOf(errors.New(message)), message)
	}
}

func TestInline(t *testing.T) {
	for _, c := range []struct {
		query string
		args  []any
		want  string
	}{
		{"a IN (?, ?)", []any{int64(-1), uint64(1 << 63)}, "a IN (-1, 9223372036854775808)"},
		{"a = ?", []any{"é'"}, "a = _utf8mb4 X'c3a927'"},
		{"a = ?", []any{[]byte{0, 255}}, "a = X'00ff'"},
		{"`?` = '?' AND \"?\" <> 'it''s ?' /* ? */ AND '\\'?' = ?", []any{int64(1)}, "`?` = '?' AND \"?\" <> 'it''s ?' /* ? */ AND '\\'?' = 1"},
	} {
		query, args := dualwrite.Inline(shape.Statement{SQL: c.query, Args: c.args})
		require.Equal(t, c.want, query)
		require.Empty(t, args)
	}
	for _, left := range []shape.Statement{
		{SQL: "a = ?", Args: []any{1.5}}, {SQL: "a = ? OR b = ?", Args: []any{int64(1)}}, {SQL: "a = 'open ?", Args: []any{int64(1)}},
	} {
		query, args := dualwrite.Inline(left)
		require.Equal(t, left, shape.Statement{SQL: query, Args: args}, "left as it came")
	}
}

func TestKeysAreSortedAndDeduplicated(t *testing.T) {
	m, err := shape.New(movePeople, tableMove().Mapping)
	require.NoError(t, err)
	keys, err := dualwrite.SortKeys(m, []dualwrite.Key{{3}, {uint8(2)}, {int64(3)}, {uint64(1 << 63)}, {"7"}, {-1}, {[]byte("7")}})
	require.NoError(t, err)
	require.Equal(t, "[-1 2 3 9223372036854775808 \"7\"]", fmt.Sprint(keys))
}
