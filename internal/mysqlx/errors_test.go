package mysqlx_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/mysqlx"
)

var classSetup = []string{
	"CREATE TABLE parent (id INT PRIMARY KEY)",
	"CREATE TABLE t (id INT PRIMARY KEY, name VARCHAR(3) NOT NULL, tiny TINYINT, day DATE, doc JSON, parent INT, " +
		"CONSTRAINT small CHECK (tiny < 100), CONSTRAINT has_parent FOREIGN KEY (parent) REFERENCES parent (id))",
	"INSERT INTO parent VALUES (1)",
	"INSERT INTO t (id, name, parent) VALUES (1, 'a', 1), (2, 'b', NULL)",
}

// Errors that one statement provokes. The second number is MariaDB's where it
// differs.
var classCases = []struct {
	statement string
	numbers   [2]uint16
	class     mysqlx.Class
}{
	{"INSERT INTO t (id, name) VALUES (1, 'a')", [2]uint16{1062}, mysqlx.ClassDuplicate},
	{"INSERT INTO t (id, name) VALUES (3, 'four')", [2]uint16{1406}, mysqlx.ClassValue},
	{"INSERT INTO t (id, name) VALUES (3, NULL)", [2]uint16{1048}, mysqlx.ClassValue},
	{"INSERT INTO t (id) VALUES (3)", [2]uint16{1364}, mysqlx.ClassValue},
	{"INSERT INTO t (id, name, tiny) VALUES (3, 'a', 300)", [2]uint16{1264}, mysqlx.ClassValue},
	{"INSERT INTO t (id, name, tiny) VALUES (3, 'a', 'x')", [2]uint16{1366}, mysqlx.ClassValue},
	{"INSERT INTO t (id, name, tiny) VALUES (3, 'a', '1x')", [2]uint16{1265}, mysqlx.ClassValue},
	{"INSERT INTO t (id, name, day) VALUES (3, 'a', 'today')", [2]uint16{1292}, mysqlx.ClassValue},
	{"INSERT INTO t (id, name, tiny) VALUES (3, 'a', 100)", [2]uint16{3819, 4025}, mysqlx.ClassValue},
	{"INSERT INTO t (id, name, doc) VALUES (3, 'a', '{')", [2]uint16{3140, 4025}, mysqlx.ClassValue},
	{"INSERT INTO t (id, name, parent) VALUES (3, 'a', 7)", [2]uint16{1452}, mysqlx.ClassValue},
	{"DELETE FROM parent", [2]uint16{1451}, mysqlx.ClassValue},
	{"INSERT INTO t (id, name) VALUES (9223372036854775807 + 1, 'a')", [2]uint16{1690}, mysqlx.ClassValue},
	{"SELECT * FROM nowhere", [2]uint16{1146}, mysqlx.ClassSchema},
	{"SELECT nothing FROM t", [2]uint16{1054}, mysqlx.ClassSchema},
	{"DROP TABLE nowhere", [2]uint16{1051}, mysqlx.ClassSchema},
	{"USE no_such_database", [2]uint16{1049}, mysqlx.ClassSchema},
	{"SELEC", [2]uint16{1064}, mysqlx.ClassOther},
}

func TestClassifyOfOneStatement(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := open(t, s.Database(t), mysqlx.Options{})
		mustExec(t, db, classSetup...)
		for _, c := range classCases {
			_, err := db.ExecContext(t.Context(), c.statement)
			expectClass(t, s, err, c.numbers, c.class)
			require.Equal(t, c.class == mysqlx.ClassNone, mysqlx.RetryUnit(err), c.statement)
		}
		require.Equal(t, mysqlx.ClassNone, mysqlx.Classify(nil))
		require.Zero(t, mysqlx.Number(errors.New("not the server's")))
		require.Equal(t, mysqlx.ClassOther, mysqlx.Classify(errors.New("not the server's")))
	})
}

func expectClass(t *testing.T, s *servers.Server, err error, numbers [2]uint16, class mysqlx.Class) {
	t.Helper()
	want := numbers[0]
	if s.Engine() == servers.MariaDB && numbers[1] != 0 {
		want = numbers[1]
	}
	require.Equal(t, want, mysqlx.Number(err), "%v", err)
	require.Equal(t, class, mysqlx.Classify(fmt.Errorf("wrapped: %w", err)), "%v", err)
}

func begin(t *testing.T, db *sql.DB) *sql.Tx {
	t.Helper()
	tx, err := db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	t.Cleanup(func() { _ = tx.Rollback() })
	return tx
}

func TestClassifyOfLocks(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := open(t, s.Database(t), mysqlx.Options{})
		mustExec(t, db, classSetup...)
		one, two := begin(t, db), begin(t, db)
		mustExec(t, one, "UPDATE t SET name = 'x' WHERE id = 1")
		mustExec(t, two, "SET SESSION innodb_lock_wait_timeout = 1", "UPDATE t SET name = 'y' WHERE id = 2")
		_, err := two.ExecContext(t.Context(), "SELECT id FROM t WHERE id = 1 FOR UPDATE NOWAIT")
		expectClass(t, s, err, [2]uint16{3572, 1205}, mysqlx.ClassLockWait)
		_, err = two.ExecContext(t.Context(), "UPDATE t SET name = 'y' WHERE id = 1")
		expectClass(t, s, err, [2]uint16{1205}, mysqlx.ClassLockWait)
		require.True(t, mysqlx.RetryUnit(err))
		require.NoError(t, two.Rollback())

		two = begin(t, db)
		mustExec(t, two, "SET SESSION innodb_lock_wait_timeout = 50", "UPDATE t SET name = 'y' WHERE id = 2")
		done := make(chan error, 1)
		go func() {
			_, err := two.ExecContext(t.Context(), "UPDATE t SET name = 'y' WHERE id = 1")
			done <- err
		}()
		_, err = one.ExecContext(t.Context(), "UPDATE t SET name = 'x' WHERE id = 2")
		err = errors.Join(err, <-done)
		expectClass(t, s, err, [2]uint16{1213}, mysqlx.ClassDeadlock)
		require.True(t, mysqlx.RetryUnit(err))
		require.NoError(t, errors.Join(one.Rollback(), two.Rollback()))

		one = begin(t, db)
		_, err = one.ExecContext(t.Context(), "SET TRANSACTION READ ONLY")
		require.Error(t, err)
		require.NoError(t, one.Rollback())
		one, err = db.BeginTx(t.Context(), &sql.TxOptions{ReadOnly: true})
		require.NoError(t, err)
		_, err = one.ExecContext(t.Context(), "DELETE FROM t")
		expectClass(t, s, err, [2]uint16{1792}, mysqlx.ClassUnavailable)
		require.NoError(t, one.Rollback())
	})
}

// MariaDB can refuse to lock a row that has changed since the snapshot.
func TestClassifyOfAChangedSnapshot(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := open(t, s.Database(t), mysqlx.Options{})
		mustExec(t, db, classSetup...)
		mustExec(t, db, "CREATE TABLE other (id INT PRIMARY KEY)")
		tx := begin(t, db)
		if s.Engine() == servers.MariaDB {
			mustExec(t, tx, "SET SESSION innodb_snapshot_isolation = ON")
		}
		mustExec(t, tx, "SELECT * FROM t")
		mustExec(t, db, "UPDATE t SET name = 'z' WHERE id = 1", "ALTER TABLE other ADD COLUMN more INT, ALGORITHM = COPY")
		_, err := tx.ExecContext(t.Context(), "SELECT * FROM other")
		expectClass(t, s, err, [2]uint16{1412}, mysqlx.ClassSchema)
		if s.Engine() == servers.MariaDB {
			_, err = tx.ExecContext(t.Context(), "UPDATE t SET name = 'w' WHERE id = 1")
			expectClass(t, s, err, [2]uint16{1020}, mysqlx.ClassDeadlock)
			mustExec(t, tx, "SET SESSION innodb_snapshot_isolation = OFF")
		}
	})
}

func TestClassifyOfKills(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := open(t, s.Database(t), mysqlx.Options{})
		mustExec(t, db, classSetup...)
		limit := "SELECT /*+ MAX_EXECUTION_TIME(50) */ COUNT(*) FROM t WHERE SLEEP(5) = 7"
		if s.Engine() == servers.MariaDB {
			limit = "SET STATEMENT max_statement_time = 0.05 FOR SELECT COUNT(*) FROM t WHERE SLEEP(5) = 7"
		}
		err := db.QueryRowContext(t.Context(), limit).Scan(new(int))
		expectClass(t, s, err, [2]uint16{3024, 1969}, mysqlx.ClassKilled)
		for _, how := range []string{"KILL QUERY %d", "KILL %d"} {
			conn, err := db.Conn(t.Context())
			require.NoError(t, err)
			var id uint64
			require.NoError(t, conn.QueryRowContext(t.Context(), "SELECT CONNECTION_ID()").Scan(&id))
			done := make(chan error, 1)
			go func() {
				_, err := conn.ExecContext(t.Context(), "DELETE FROM t WHERE SLEEP(30) = 7")
				done <- err
			}()
			// The statement before it may be shown for a moment still.
			require.Eventually(t, func() bool { text, _ := statement(t, s, id); return strings.Contains(text, "SLEEP") }, patience, 5*time.Millisecond)
			mustExec(t, db, fmt.Sprintf(how, id))
			err = <-done
			class := mysqlx.Classify(err)
			if how == "KILL QUERY %d" {
				require.Equal(t, uint16(1317), mysqlx.Number(err))
				require.Equal(t, mysqlx.ClassKilled, class)
			} else { // the server may or may not get its answer out
				require.Contains(t, []mysqlx.Class{mysqlx.ClassKilled, mysqlx.ClassConnection}, class, "%v", err)
			}
			_ = conn.Close()
		}
	})
}

// Errors that take a group of servers or a broken network to provoke: the table
// is all there is to test.
func TestClassifyOfNumbers(t *testing.T) {
	for number, want := range map[uint16]mysqlx.Class{
		3101: mysqlx.ClassDeadlock, // group replication's certification
		1158: mysqlx.ClassConnection, 1159: mysqlx.ClassConnection, 1160: mysqlx.ClassConnection, 1161: mysqlx.ClassConnection,
	} {
		err := fmt.Errorf("wrapped: %w", &mysql.MySQLError{Number: number})
		require.Equal(t, want, mysqlx.Classify(err), number)
		require.True(t, mysqlx.RetryUnit(err), number)
	}
}

// A COMMIT that certification refused has a known outcome: nothing of the
// transaction is there. One whose answer the network ate has not.
func TestCommitThatWasRolledBackIsKnown(t *testing.T) {
	refused := func(number uint16) error { return mysqlx.Commit(answer{&mysql.MySQLError{Number: number}}) }
	require.NotErrorIs(t, refused(3101), mysqlx.ErrUnknownOutcome)
	require.True(t, mysqlx.RetryUnit(refused(3101)))
	require.ErrorIs(t, refused(1160), mysqlx.ErrUnknownOutcome)
	require.False(t, mysqlx.RetryUnit(refused(1160)))
}

// answer is a transaction whose COMMIT is answered with an error.
type answer struct{ err error }

func (a answer) Commit() error { return a.err }

// A connection that broke is closed, and says so to whoever goes on using it.
func TestClassifyOfAClosedConnection(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := open(t, s.Database(t), mysqlx.Options{})
		conn, err := db.Conn(t.Context())
		require.NoError(t, err)
		defer conn.Close()
		var id uint64
		require.NoError(t, conn.QueryRowContext(t.Context(), "SELECT CONNECTION_ID()").Scan(&id))
		mustExec(t, db, fmt.Sprintf("KILL %d", id))
		for range 3 { // the first attempt finds it dead, the later ones closed
			_, err = conn.ExecContext(t.Context(), "DO 1")
			require.Error(t, err)
		}
		require.ErrorIs(t, err, sql.ErrConnDone)
		require.Equal(t, mysqlx.ClassConnection, mysqlx.Classify(fmt.Errorf("wrapped: %w", err)))
		require.True(t, mysqlx.RetryUnit(err))
	})
}

func TestClassifyOfPrivileges(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		d := s.Database(t)
		mustExec(t, d.DB, classSetup...)
		mustExec(t, d.DB, "CREATE FUNCTION seven() RETURNS INT DETERMINISTIC NO SQL RETURN 1")
		dsn := d.User(t)
		cfg, err := mysql.ParseDSN(dsn)
		require.NoError(t, err)
		_, err = mysqlx.Open(t.Context(), dsn, mysqlx.Options{})
		expectClass(t, s, err, [2]uint16{1044}, mysqlx.ClassPrivilege)
		mustExec(t, d.DB, fmt.Sprintf("GRANT SELECT (id) ON t TO '%s'@'%%'", cfg.User), fmt.Sprintf("GRANT INSERT ON parent TO '%s'@'%%'", cfg.User))
		db, err := mysqlx.Open(t.Context(), dsn, mysqlx.Options{})
		require.NoError(t, err)
		for statement, number := range map[string]uint16{
			"SELECT name FROM t": 1143, "SELECT * FROM parent": 1142, "SELECT seven()": 1370, "SELECT COUNT(*) FROM information_schema.innodb_trx": 1227,
		} {
			_, err := db.ExecContext(t.Context(), statement)
			expectClass(t, s, err, [2]uint16{number}, mysqlx.ClassPrivilege)
		}
		cfg.Passwd = "wrong"
		_, err = mysqlx.Open(t.Context(), cfg.FormatDSN(), mysqlx.Options{})
		expectClass(t, s, err, [2]uint16{1045}, mysqlx.ClassPrivilege)
		require.NotContains(t, err.Error(), "wrong")

		mustExec(t, s.Admin(), fmt.Sprintf("ALTER USER '%s'@'%%' WITH MAX_USER_CONNECTIONS 1", cfg.User))
		require.NoError(t, db.Close())      // MariaDB does not count a connection made before there was a limit
		require.Eventually(t, func() bool { // and one that is closed counts for a moment
			var n int
			err := s.Admin().QueryRowContext(context.WithoutCancel(t.Context()), "SELECT COUNT(*) FROM "+s.Engine().Processlist()+" WHERE user = ?", cfg.User).Scan(&n)
			return err == nil && n == 0
		}, patience, 5*time.Millisecond)
		db, err = mysqlx.Open(t.Context(), dsn, mysqlx.Options{})
		require.NoError(t, err)
		defer db.Close()
		_, err = mysqlx.Open(t.Context(), dsn, mysqlx.Options{})
		expectClass(t, s, err, [2]uint16{1226}, mysqlx.ClassUnavailable)
	})
}

// A server that is full, read-only, and then gone.
func TestClassifyOfAServerThatCannot(t *testing.T) {
	for _, engine := range servers.Engines() {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			s := servers.Private(t, servers.Options{Engine: engine, ExtraArgs: []string{"--max-connections=10"}})
			cfg, err := mysql.ParseDSN(s.AdminDSN())
			require.NoError(t, err)
			mustExec(t, s.Admin(), "CREATE DATABASE d", "CREATE TABLE d.t (id INT)", "CREATE USER u@'%' IDENTIFIED BY 'p'", "GRANT ALL ON d.* TO u@'%'")
			cfg.User, cfg.Passwd, cfg.DBName = "u", "p", "d"
			db, err := mysqlx.Open(t.Context(), cfg.FormatDSN(), mysqlx.Options{MaxOpen: 50})
			require.NoError(t, err)
			defer db.Close()

			mustExec(t, s.Admin(), "SET GLOBAL read_only = 1")
			_, err = db.ExecContext(t.Context(), "INSERT INTO t VALUES (1)")
			expectClass(t, s, err, [2]uint16{1290}, mysqlx.ClassUnavailable)

			var full error
			for range 20 {
				conn, err := db.Conn(t.Context())
				if err != nil {
					full = err
					break
				}
				defer conn.Close()
			}
			expectClass(t, s, full, [2]uint16{1040}, mysqlx.ClassUnavailable)

			require.NoError(t, s.Kill(t.Context()))
			_, err = db.ExecContext(t.Context(), "INSERT INTO t VALUES (1)")
			require.Equal(t, mysqlx.ClassConnection, mysqlx.Classify(err), "%v", err)
			require.True(t, mysqlx.RetryUnit(err))
		})
	}
}

func TestLostCommitIsAnUnknownOutcome(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		d := s.Database(t)
		mustExec(t, d.DB, "CREATE TABLE t (id INT PRIMARY KEY)")
		p := newProxy(t, s.Addr())
		db := openThrough(t, d, p, mysqlx.Options{})
		has := func(id int) bool {
			var n int
			require.NoError(t, d.DB.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM t WHERE id = ?", id).Scan(&n))
			return n == 1
		}
		for id, c := range map[int]struct {
			when    fault
			durable bool
		}{1: {cutBefore, false}, 2: {cutAfter, true}} {
			tx, err := db.BeginTx(t.Context(), nil)
			require.NoError(t, err)
			_, err = tx.ExecContext(t.Context(), "INSERT INTO t VALUES (?)", id)
			require.NoError(t, err)
			p.cut("COMMIT", c.when)
			err = mysqlx.Commit(tx)
			require.ErrorIs(t, err, mysqlx.ErrUnknownOutcome)
			require.False(t, mysqlx.RetryUnit(err))
			require.False(t, mysqlx.RetryUnit(fmt.Errorf("wrapped: %w", err)))
			if c.durable {
				require.Eventually(t, func() bool { return has(id) }, patience, 10*time.Millisecond)
			} else {
				require.False(t, has(id))
			}

			sess := session(t, db)
			id += 10
			p.cut("COMMIT", c.when)
			err = sess.Tx(t.Context(), func(ctx context.Context) error {
				_, err := sess.Exec(ctx, "INSERT INTO t VALUES (?)", id)
				return err
			})
			require.ErrorIs(t, err, mysqlx.ErrUnknownOutcome)
			if c.durable {
				require.Eventually(t, func() bool { return has(id) }, patience, 10*time.Millisecond)
			}
		}
	})
}

func TestOtherBrokenCommits(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		d := s.Database(t)
		mustExec(t, d.DB, "CREATE TABLE t (id INT PRIMARY KEY)")
		p := newProxy(t, s.Addr())
		db := openThrough(t, d, p, mysqlx.Options{})
		// A COMMIT that was killed may have been durable already.
		tx, err := db.BeginTx(t.Context(), nil)
		require.NoError(t, err)
		p.refuse("COMMIT")
		require.ErrorIs(t, mysqlx.Commit(tx), mysqlx.ErrUnknownOutcome)
		// A connection that breaks before the COMMIT is none.
		tx, err = db.BeginTx(t.Context(), nil)
		require.NoError(t, err)
		p.cut("INSERT", cutBefore)
		_, err = tx.ExecContext(t.Context(), "INSERT INTO t VALUES (99)")
		require.Equal(t, mysqlx.ClassConnection, mysqlx.Classify(err))
		require.True(t, mysqlx.RetryUnit(err))
		_ = tx.Rollback()
	})
}
