package dualwrite_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/dualwrite"
	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
)

// holdRow locks rows in a transaction of its own until release is called.
func (f *fixture) holdRow(query string, args ...any) (release func()) {
	f.t.Helper()
	// The test's own context ends before its cleanups run.
	tx, err := f.db.BeginTx(context.WithoutCancel(f.t.Context()), nil)
	require.NoError(f.t, err)
	rows, err := tx.QueryContext(f.t.Context(), query, args...)
	require.NoError(f.t, err)
	require.NoError(f.t, rows.Close())
	done := false
	release = func() {
		if !done {
			done = true
			require.NoError(f.t, tx.Rollback())
		}
	}
	f.t.Cleanup(release)
	return release
}

// shortWaits makes every connection of the fixture's pool give up on locks after
// a second.
func (f *fixture) shortWaits() {
	f.t.Helper()
	f.db = f.pool(f.database.DSN + "&innodb_lock_wait_timeout=1")
}

// A lock wait timeout rolls back the statement alone. A unit that swallows it
// must not commit the rest: it is run again as a whole.
func TestSwallowedLockWaitCannotCommitHalf(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, nameSplit(), nameSplitDDL)
		f.exec(`INSERT INTO users (id, name) VALUES (1, 'a'), (2, 'b')`)
		f.shortWaits()
		names := f.old()
		f.to(migrate.DualWriting)
		release := f.holdRow(`SELECT 1 FROM users WHERE id = 2 FOR UPDATE`)
		attempts := 0
		err := names.Write(t.Context(), func(ctx context.Context, tx *dualwrite.Tx) error {
			attempts++
			_, err := tx.ExecContext(ctx, `UPDATE users SET name = 'A A' WHERE id = 1`)
			require.NoError(t, err)
			tx.Touch(1)
			if _, err := tx.ExecContext(ctx, `UPDATE users SET name = 'B B' WHERE id = 2`); err != nil {
				require.Equal(t, mysqlx.ClassLockWait, mysqlx.Classify(err))
				_, again := tx.ExecContext(ctx, `SELECT 1`)
				require.Equal(t, err, again, "nothing more is sent")
				release()
			}
			tx.Touch(2)
			return nil // swallowed
		})
		require.NoError(t, err)
		require.Equal(t, 2, attempts)
		require.Equal(t, []string{"A A", "A"}, f.row(`SELECT name, first_name FROM users WHERE id = 1`))
		require.Equal(t, []string{"B B", "B"}, f.row(`SELECT name, first_name FROM users WHERE id = 2`))
	})
}

// A deadlock rolls back everything, and what follows would be committed
// statement by statement. The unit here swallows it wherever it may come from:
// an Exec, a Query, a QueryRow whose error nobody looks at.
func TestSwallowedDeadlockCannotCommitHalf(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		for name, second := range map[string]func(ctx context.Context, tx *dualwrite.Tx){
			"exec": func(ctx context.Context, tx *dualwrite.Tx) {
				_, _ = tx.ExecContext(ctx, `UPDATE users SET city = 'mine' WHERE id = 2`)
			},
			"query row": func(ctx context.Context, tx *dualwrite.Tx) {
				_ = tx.QueryRowContext(ctx, `SELECT id FROM users WHERE id > 1 AND name <> '' ORDER BY name FOR UPDATE`)
			},
			"query": func(ctx context.Context, tx *dualwrite.Tx) {
				if rows, err := tx.QueryContext(ctx, `SELECT id FROM users WHERE id > 1 FOR UPDATE`); err == nil {
					for rows.Next() {
					}
					_ = rows.Close()
				}
			},
		} {
			t.Run(name, func(t *testing.T) { swallowDeadlock(t, s, second) })
		}
	})
}

func swallowDeadlock(t *testing.T, s *servers.Server, second func(ctx context.Context, tx *dualwrite.Tx)) {
	f := newFixture(t, s, nameSplit(), nameSplitDDL)
	f.exec(`INSERT INTO users (id, name) VALUES (1, 'a'), (2, 'b'), (3, 'c')`)
	names := f.old()
	f.to(migrate.DualWriting)
	attempts := 0
	err := names.Write(t.Context(), func(ctx context.Context, tx *dualwrite.Tx) error {
		attempts++
		if _, err := tx.ExecContext(ctx, `UPDATE users SET name = CONCAT(name, ' x') WHERE id = 1`); err != nil {
			return err
		}
		tx.Touch(1)
		if attempts == 1 {
			f.crossLock(ctx)
		}
		second(ctx, tx)
		if attempts == 1 {
			_, err := tx.ExecContext(ctx, `UPDATE users SET name = 'committed on its own' WHERE id = 3`)
			require.Equal(t, mysqlx.ClassDeadlock, mysqlx.Classify(err), "refused: %v", err)
		}
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, 2, attempts)
	require.Equal(t, []string{"a x", "a"}, f.row(`SELECT name, first_name FROM users WHERE id = 1`), "once, and both halves")
	require.Equal(t, []string{"c"}, f.row(`SELECT name FROM users WHERE id = 3`))
}

// crossLock starts a transaction that holds row 2 and waits for row 1, so that
// whoever holds row 1 and goes for row 2 deadlocks. It has changed more rows
// than they, so it is not the victim.
func (f *fixture) crossLock(ctx context.Context) {
	t := f.t
	tx, err := f.db.BeginTx(ctx, nil)
	require.NoError(t, err)
	var id int64
	require.NoError(t, tx.QueryRowContext(ctx, `SELECT CONNECTION_ID()`).Scan(&id))
	_, err = tx.ExecContext(ctx, `UPDATE users SET city = 'x' WHERE id = 2`)
	require.NoError(t, err)
	f.heavy(ctx, tx)
	done := make(chan error, 1)
	go func() {
		_, err := tx.ExecContext(ctx, `UPDATE users SET city = 'z' WHERE id = 1`)
		done <- errors.Join(err, tx.Rollback())
	}()
	t.Cleanup(func() { require.NoError(t, <-done) })
	f.waitsForLock("p.ID = ?", id)
}

// heavy makes a transaction the heavier one of a deadlock.
func (f *fixture) heavy(ctx context.Context, tx *sql.Tx) {
	for i := range 50 {
		_, err := tx.ExecContext(ctx, `INSERT INTO users (id, name) VALUES (?, 'ballast')`, 1000+i)
		require.NoError(f.t, err)
	}
}

// MariaDB with innodb_snapshot_isolation rolls back with error 1020 when a row
// has changed since the transaction's snapshot.
func TestSnapshotConflictIsRetried(t *testing.T) {
	s := servers.ForTest(t, servers.MariaDB)
	f := newFixture(t, s, nameSplit(), nameSplitDDL)
	f.exec(`INSERT INTO users (id, name) VALUES (1, 'a')`)
	client := f.joinOver(f.pool(f.database.DSN+"&innodb_snapshot_isolation=ON"), f.config(migrate.SourceShape, migrate.ReadNew))
	f.to(migrate.DualWriting)
	var numbers []uint16
	err := client.Change(splitName).Write(t.Context(), func(ctx context.Context, tx *dualwrite.Tx) error {
		var name string
		if err := tx.QueryRowContext(ctx, `SELECT name FROM users WHERE id = 1`).Scan(&name); err != nil {
			return err
		}
		if len(numbers) == 0 {
			f.exec(`UPDATE users SET name = 'b' WHERE id = 1`) // somebody else, after the snapshot
		}
		_, err := tx.ExecContext(ctx, `UPDATE users SET name = ? WHERE id = 1`, name+" c")
		numbers = append(numbers, mysqlx.Number(err))
		tx.Touch(1)
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, []uint16{1020, 0}, numbers)
	require.Equal(t, []string{"b c", "b"}, f.row(`SELECT name, first_name FROM users WHERE id = 1`))
}

func TestContextEndsTheUnit(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, nameSplit(), nameSplitDDL)
		f.exec(`INSERT INTO users (id, name) VALUES (1, 'a')`)
		names := f.old()
		f.to(migrate.DualWriting)
		f.holdRow(`SELECT 1 FROM users WHERE id = 1 FOR UPDATE`)
		ctx, cancel := context.WithCancel(t.Context())
		var attempts atomic.Int32
		done := make(chan error, 1)
		go func() {
			done <- names.Write(ctx, func(ctx context.Context, tx *dualwrite.Tx) error {
				attempts.Add(1)
				tx.Touch(1)
				if _, err := tx.ExecContext(ctx, `INSERT INTO users (id, name) VALUES (5, 'gone')`); err != nil {
					return err
				}
				cancelSoon(cancel)
				_, err := tx.ExecContext(ctx, `UPDATE users SET name = 'mine' WHERE id = 1`)
				return err
			})
		}()
		require.ErrorIs(t, <-done, context.Canceled)
		require.EqualValues(t, 1, attempts.Load())
		require.Nil(t, f.row(`SELECT 1 FROM users WHERE id = 5`))
	})
}

// cancelSoon cancels once the caller has gone on to its next statement, most
// likely; before or after makes no difference to what has to hold.
func cancelSoon(cancel context.CancelFunc) { time.AfterFunc(50*time.Millisecond, cancel) }

// No connection to be had is an error like any other, and goes away.
func TestServerWithoutConnections(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, nameSplit(), nameSplitDDL)
		user := f.database.User(t, "SELECT", "INSERT", "UPDATE", "DELETE")
		db := f.pool(user)
		db.SetMaxIdleConns(0)
		client := f.joinOver(db, f.config(migrate.SourceShape, migrate.ReadNew))
		f.to(migrate.DualWriting)
		f.limitUser(user, 1) // connections from before it was set do not count
		var hold *sql.Conn
		require.Eventually(t, func() bool {
			var err error
			hold, err = db.Conn(t.Context())
			return err == nil
		}, 10*time.Second, time.Millisecond)
		_, err := insert(t.Context(), client.Change(splitName), `INSERT INTO users (name) VALUES ('a b')`)
		require.Equal(t, mysqlx.ClassUnavailable, mysqlx.Classify(err), "%v", err)
		require.ErrorContains(t, err, "gave up after 8 attempts")
		require.NoError(t, hold.Close())
		f.limitUser(user, 0)
		_, err = insert(t.Context(), client.Change(splitName), `INSERT INTO users (name) VALUES ('a b')`)
		require.NoError(t, err)
	})
}

// limitUser sets how many connections an account may have; 0 is any number.
func (f *fixture) limitUser(dsn string, most int) {
	f.t.Helper()
	cfg, err := mysql.ParseDSN(dsn)
	require.NoError(f.t, err)
	_, err = f.database.Server.Admin().ExecContext(f.t.Context(), fmt.Sprintf("ALTER USER '%s'@'%%' WITH MAX_USER_CONNECTIONS %d", cfg.User, most))
	require.NoError(f.t, err)
}

func TestSessionThatIsNotStrict(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, nameSplit(), nameSplitDDL)
		lax := f.pool(f.database.DSN + "&sql_mode=%27%27")
		_, err := dualwrite.Join(t.Context(), lax, f.config(migrate.SourceShape, migrate.ReadNew))
		require.ErrorIs(t, err, dualwrite.ErrNotStrict)
		f.joinOver(lax, f.config(migrate.SourceShape, migrate.Off)) // one that never mirrors may do as it likes

		// A session that was made lax after joining.
		db := f.pool(f.database.DSN)
		db.SetMaxOpenConns(1)
		names := f.joinOver(db, f.config(migrate.SourceShape, migrate.ReadNew)).Change(splitName)
		_, err = db.ExecContext(t.Context(), `SET SESSION sql_mode = ''`)
		require.NoError(t, err)
		for range 2 { // with and without the client's knowing the setting
			sees(t, names, f.to(migrate.DualWriting))
			_, err = insert(t.Context(), names, `INSERT INTO users (name) VALUES ('a b')`)
			require.ErrorIs(t, err, dualwrite.ErrNotStrict)
		}
		require.Nil(t, f.row(`SELECT 1 FROM users`))
	})
}
