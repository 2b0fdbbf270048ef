package mysqlx_test

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/mysqlx"
)

func TestSessionKillsItsStatementWhenCancelled(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := open(t, s.Database(t), mysqlx.Options{})
		mustExec(t, db, "CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1)")
		sess := session(t, db)
		why := errors.New("the operator pressed a key")
		for name, run := range map[string]func(context.Context) error{
			"exec": func(ctx context.Context) error {
				_, err := sess.Exec(ctx, "DELETE FROM t WHERE SLEEP(30) = 7")
				return err
			},
			"row": func(ctx context.Context) error {
				return sess.QueryRow(ctx, "SELECT COUNT(*) FROM t WHERE SLEEP(30) = 7", nil, new(int))
			},
			"rows": func(ctx context.Context) error {
				return sess.Query(ctx, "SELECT id FROM t WHERE SLEEP(30) = 7", nil, func(*sql.Rows) error { return nil })
			},
		} {
			ctx, cancel := context.WithCancelCause(t.Context())
			done := make(chan error, 1)
			go func() { done <- run(ctx) }()
			require.Eventually(t, func() bool { text, _ := statement(t, s, sess.ID()); return strings.Contains(text, "SLEEP") },
				patience, 5*time.Millisecond)
			began := time.Now()
			cancel(why)
			err := <-done
			require.Less(t, time.Since(began), 10*time.Second, name)
			require.ErrorIs(t, err, context.Canceled, name)
			require.ErrorIs(t, err, why, name)
			require.Equal(t, mysqlx.ClassCanceled, mysqlx.Classify(err), name)
			require.Eventually(t, func() bool { // a server answers before it shows that
				text, ok := statement(t, s, sess.ID())
				return ok && !strings.Contains(text, "SLEEP")
			}, patience, 5*time.Millisecond, "%s: the connection lives, and the statement does not", name)
			_, err = sess.Exec(t.Context(), "DO 1")
			require.NoError(t, err, "%s: the session is usable afterwards", name)
		}
	})
}

// A SLEEP on its own answers a KILL with success, and success it is.
func TestSessionReportsSuccessInSpiteOfTheKill(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		sess := session(t, open(t, s.Database(t), mysqlx.Options{}))
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		began := time.Now()
		_, err := sess.Exec(ctx, "DO SLEEP(30)")
		require.Less(t, time.Since(began), 10*time.Second)
		if err != nil {
			require.ErrorIs(t, err, context.DeadlineExceeded)
		}
		require.NoError(t, sess.QueryRow(t.Context(), "SELECT 1", nil, new(int)))
	})
}

func TestSessionRefusesAContextThatHasEnded(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		sess := session(t, open(t, s.Database(t), mysqlx.Options{}))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := sess.Exec(ctx, "DO 1")
		require.ErrorIs(t, err, context.Canceled)
		require.NoError(t, sess.QueryRow(t.Context(), "SELECT 1", nil, new(int)))
	})
}

func TestSessionTxCommitsAndRollsBack(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		d := s.Database(t)
		db := open(t, d, mysqlx.Options{})
		mustExec(t, db, "CREATE TABLE t (id INT PRIMARY KEY)")
		sess := session(t, db)
		insert := func(id int) func(context.Context) error {
			return func(ctx context.Context) error { _, err := sess.Exec(ctx, "INSERT INTO t VALUES (?)", id); return err }
		}
		count := func() (n int) {
			require.NoError(t, d.DB.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM t").Scan(&n))
			return n
		}
		require.NoError(t, sess.Tx(t.Context(), insert(1)))
		require.Equal(t, 1, count())

		no := errors.New("no")
		err := sess.Tx(t.Context(), func(ctx context.Context) error { return errors.Join(insert(2)(ctx), no) })
		require.ErrorIs(t, err, no)
		require.Equal(t, 1, count())

		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() {
			done <- sess.Tx(ctx, func(ctx context.Context) error {
				if err := insert(3)(ctx); err != nil {
					return err
				}
				_, err := sess.Exec(ctx, "DELETE FROM t WHERE SLEEP(30) = 7")
				return err
			})
		}()
		require.Eventually(t, func() bool { text, _ := statement(t, s, sess.ID()); return strings.Contains(text, "SLEEP") },
			patience, 5*time.Millisecond)
		cancel()
		require.ErrorIs(t, <-done, context.Canceled)
		require.NoError(t, sess.Tx(t.Context(), insert(3)), "nothing of the cancelled transaction is left, its locks neither")
		require.Equal(t, 2, count())

		require.Panics(t, func() {
			_ = sess.Tx(t.Context(), func(ctx context.Context) error { _ = insert(4)(ctx); panic("a bug") })
		})
		_, err = sess.Exec(t.Context(), "COMMIT")
		require.ErrorIs(t, err, sql.ErrConnDone, "a panic leaves no transaction open")
		require.Equal(t, 2, count())
	})
}

// Cancelling again and again at the moment the statement ends: whatever the
// KILL QUERY hits, it must not be the next statement, of this session or of
// whoever gets the connection from the pool.
func TestLateKillHitsNobody(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		d := s.Database(t)
		db := open(t, d, mysqlx.Options{MaxOpen: 3})
		mustExec(t, db, "CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1)")
		for n := range 300 {
			sess, err := mysqlx.NewSession(t.Context(), db)
			require.NoError(t, err)
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(n%30)*100*time.Microsecond)
			_ = sess.Tx(ctx, func(ctx context.Context) error {
				_, err := sess.Exec(ctx, "UPDATE t SET id = id + 1 WHERE SLEEP(0.001) = 0")
				return errors.Join(err, errors.New("roll back"))
			})
			cancel()
			require.NoError(t, sess.QueryRow(t.Context(), "SELECT id FROM t WHERE SLEEP(0.001) = 0 FOR UPDATE", nil, new(int)), "try %d", n)
			require.NoError(t, sess.Close())
			var id int
			require.NoError(t, db.QueryRowContext(t.Context(), "SELECT id FROM t FOR UPDATE").Scan(&id), "try %d", n)
			require.Equal(t, 1, id)
		}
	})
}

// A rollback that fails leaves a transaction open; the pool must not hand that
// connection to anybody.
func TestConnectionIsDiscardedWhenTheRollbackFails(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		d := s.Database(t)
		proxy := newProxy(t, s.Addr())
		db := openThrough(t, d, proxy, mysqlx.Options{MaxOpen: 2})
		mustExec(t, db, "CREATE TABLE t (id INT PRIMARY KEY)")
		sess := session(t, db)
		no := errors.New("no")
		proxy.refuse("ROLLBACK") // answered with error 1317, as by a kill
		err := sess.Tx(t.Context(), func(ctx context.Context) error {
			_, err := sess.Exec(ctx, "INSERT INTO t VALUES (1)")
			return errors.Join(err, no)
		})
		require.ErrorIs(t, err, no)
		require.NoError(t, sess.Close())
		require.Eventually(t, func() bool { _, ok := statement(t, s, sess.ID()); return !ok },
			patience, 5*time.Millisecond, "the server has lost the connection and with it the transaction")
		mustExec(t, db, "SET innodb_lock_wait_timeout = 5", "INSERT INTO t VALUES (1)")
	})
}

// A KILL whose answer never came may still arrive, whenever it likes.
func TestConnectionIsDiscardedWhenTheKillFailed(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		d := s.Database(t)
		proxy := newProxy(t, s.Addr())
		db := openThrough(t, d, proxy, mysqlx.Options{})
		sess, holder := session(t, db), session(t, db)
		lock := "GET_LOCK('" + d.Name + "', 60)" // so that the statement ends after the KILL, however late that is
		_, err := holder.Exec(t.Context(), "DO "+lock)
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		done := make(chan error, 1)
		go func() { _, err := sess.Exec(ctx, "DO "+lock); done <- err }()
		require.Eventually(t, func() bool { text, _ := statement(t, s, sess.ID()); return strings.Contains(text, "GET_LOCK") },
			patience, 5*time.Millisecond)
		proxy.refuse("KILL QUERY")
		cancel()
		require.Eventually(t, proxy.met, patience, 5*time.Millisecond)
		_, err = holder.Exec(t.Context(), "DO RELEASE_LOCK('"+d.Name+"')")
		require.NoError(t, err)
		require.NoError(t, <-done, "nothing stopped the statement, so it succeeded")
		require.NoError(t, sess.Close())
		require.Eventually(t, func() bool { _, ok := statement(t, s, sess.ID()); return !ok }, patience, 5*time.Millisecond)
	})
}

func TestSessionReportsAStatementThatFailedByItself(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := open(t, s.Database(t), mysqlx.Options{})
		mustExec(t, db, "CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1)")
		err := session(t, db).Tx(t.Context(), func(ctx context.Context) error {
			_, err := db.ExecContext(ctx, "INSERT INTO t VALUES (1)")
			return err
		})
		require.Equal(t, mysqlx.ClassDuplicate, mysqlx.Classify(err))
	})
}
