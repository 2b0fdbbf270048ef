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
	"pgregory.net/rapid"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/mysqlx"
)

// unquote reads an identifier as the servers do; ok is false if text is not
// exactly one.
func unquote(text string) (identifier string, ok bool) {
	if len(text) < 2 || text[0] != '`' || text[len(text)-1] != '`' {
		return "", false
	}
	inner := text[1 : len(text)-1]
	return strings.ReplaceAll(inner, "``", "`"), !strings.Contains(strings.ReplaceAll(inner, "``", ""), "`")
}

func FuzzQuoteIsOneIdentifier(f *testing.F) {
	for _, seed := range []string{"", "a", "`", "``", "a`b", "`; DROP TABLE x; -- ", "\\`", "\x00", "😀"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		got, ok := unquote(mysqlx.Quote(name))
		require.True(t, ok)
		require.Equal(t, name, got)
		require.Equal(t, "x."+mysqlx.Quote(name)+", x."+mysqlx.Quote(name), mysqlx.QuoteList("x", []string{name, name}))
	})
}

// Odd names through a real server: whatever it takes for a column's name comes
// back as it was. A name that is all signs is limited by the file system.
func TestQuoteRoundTrip(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := open(t, s.Database(t), mysqlx.Options{})
		names := []string{
			"a`b", "`", "``", "```", `\`, "\\`", `"`, "'", "a b", "a;b", "-- x", "/* x */", "a.b", "a,b", "ключ", "名前", "%s", "?", "$1",
			"select", strings.Repeat("n", 64), strings.Repeat("ü", 64), strings.Repeat("`", 30),
		}
		for _, name := range names {
			mustExec(t, db, "CREATE TABLE "+mysqlx.Quote(name)+" ("+mysqlx.Quote(name)+" INT)")
			var column string
			err := db.QueryRowContext(t.Context(), "SELECT column_name FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = ?", name).Scan(&column)
			require.NoError(t, err, name)
			require.Equal(t, name, column)
			mustExec(t, db, "INSERT INTO "+mysqlx.Quote(name)+" ("+mysqlx.QuoteList("", []string{name})+") VALUES (1)", "DROP TABLE "+mysqlx.Quote(name))
		}
		for _, name := range []string{strings.Repeat("n", 65), "", "ends with a space "} {
			_, err := db.ExecContext(t.Context(), "CREATE TABLE t ("+mysqlx.Quote(name)+" INT)")
			require.Error(t, err, "%q is refused, never turned into something else", name)
		}
		// Characters beyond the basic plane: MariaDB refuses them, MySQL takes
		// them for a question mark. Quoting cannot help; whoever takes a name
		// from people has to refuse it.
		_, err := db.ExecContext(t.Context(), "CREATE TABLE t ("+mysqlx.Quote("a😀b")+" INT)")
		if s.Engine() == servers.MariaDB {
			require.Equal(t, uint16(1300), mysqlx.Number(err))
			return
		}
		require.NoError(t, err)
		mustExec(t, db, "SELECT "+mysqlx.Quote("a?b")+" FROM t")
	})
}

func TestBackoffStaysWithinItsBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := mysqlx.Backoff{
			Base: time.Duration(rapid.Int64Range(1, int64(time.Minute)).Draw(t, "base")),
			Max:  time.Duration(rapid.Int64Range(1, int64(time.Hour)).Draw(t, "max")),
		}
		n := rapid.IntRange(1, 1000).Draw(t, "n")
		d := b.Delay(n)
		require.GreaterOrEqual(t, d, time.Duration(0))
		require.LessOrEqual(t, d, b.Max)
		if n < 20 {
			require.LessOrEqual(t, d, max(b.Base<<(n-1), 0))
		}
		require.LessOrEqual(t, mysqlx.Backoff{}.Delay(1), 10*time.Millisecond)
		require.LessOrEqual(t, mysqlx.Backoff{}.Delay(n), time.Second)
	})
}

func TestRetryStops(t *testing.T) {
	quick := mysqlx.Backoff{Attempts: 3, Base: 1, Max: 1}
	deadlock := fmt.Errorf("wrapped: %w", &mysql.MySQLError{Number: 1213})
	tries := 0
	run := func(ctx context.Context, b mysqlx.Backoff, results ...error) error {
		tries = 0
		return b.Retry(ctx, mysqlx.RetryUnit, func(context.Context) error {
			tries++
			return results[min(tries, len(results))-1]
		})
	}
	require.NoError(t, run(t.Context(), quick, deadlock, nil))
	require.Equal(t, 2, tries)
	require.ErrorIs(t, run(t.Context(), quick, deadlock), deadlock)
	require.Equal(t, 3, tries)
	other := errors.New("other")
	require.Equal(t, other, run(t.Context(), quick, other))
	require.Equal(t, 1, tries)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, run(ctx, mysqlx.Backoff{Base: time.Hour, Max: time.Hour}, deadlock), deadlock)
	require.Equal(t, 1, tries)
}

func FuzzRedactHidesThePassword(f *testing.F) {
	f.Add("app", "hunter2", "127.0.0.1:3306", "shop")
	f.Add("app", "a:b@c/d?e=f", "h:1", "x")
	f.Add("", "p@ss)(word", "[::1]:3306", "d")
	f.Fuzz(func(t *testing.T, user, password, addr, database string) {
		if len(password) < 4 || strings.Contains(user+addr+database+"***tcp", password) {
			return // cannot be told from the rest
		}
		cfg := mysql.NewConfig()
		cfg.User, cfg.Passwd, cfg.Net, cfg.Addr, cfg.DBName = user, password, "tcp", addr, database
		dsn := cfg.FormatDSN()
		if back, err := mysql.ParseDSN(dsn); err == nil && back.Passwd != password {
			return // the name or the password has the DSN's own signs in it: nobody's reading is right
		}
		require.NotContains(t, mysqlx.Redact(dsn), password)
		_, err := mysqlx.Config(dsn+"?no=%zz", mysqlx.Options{})
		if err != nil {
			require.NotContains(t, err.Error(), password)
		}
	})
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	_, err := mysqlx.Open(t.Context(), "u:secret@tcp(127.0.0.1:1)/", mysqlx.Options{})
	require.ErrorIs(t, err, mysqlx.ErrNoDatabase)
	_, err = mysqlx.Open(t.Context(), "u:secret@tcp(127.0.0.1:1)/d", mysqlx.Options{})
	require.Equal(t, mysqlx.ClassConnection, mysqlx.Classify(err))
	require.NotContains(t, err.Error(), "secret")
	_, err = mysqlx.Open(t.Context(), "u:secret@", mysqlx.Options{})
	require.ErrorContains(t, err, "cannot be parsed")
	require.NotContains(t, err.Error(), "secret")
}

func TestSessionSettings(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := open(t, s.Database(t), mysqlx.Options{})
		var mode, zone, charset string
		require.NoError(t, db.QueryRowContext(t.Context(), "SELECT @@sql_mode, @@time_zone, @@character_set_client").Scan(&mode, &zone, &charset))
		for want := range strings.SplitSeq(mysqlx.SQLMode, ",") {
			require.Contains(t, strings.Split(mode, ","), want)
		}
		require.Equal(t, "+00:00", zone)
		require.Equal(t, "utf8mb4", charset)
		mustExec(t, db, "CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1)")
		res, err := db.ExecContext(t.Context(), "UPDATE t SET id = ? WHERE id = 1", 1)
		require.NoError(t, err)
		n, err := res.RowsAffected()
		require.NoError(t, err)
		require.Equal(t, int64(1), n, "matched rows count")
	})
}

// MySQL remembers for a day what it has once said of a table's size.
func TestSizesAreOfNow(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		d := s.Database(t)
		db := open(t, d, mysqlx.Options{})
		rows := func(q *sql.DB) (n int) {
			require.NoError(t, q.QueryRowContext(t.Context(), "SELECT TABLE_ROWS FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_NAME = 't'", d.Name).Scan(&n))
			return n
		}
		mustExec(t, db, "CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, v INT)")
		require.Zero(t, rows(s.Admin()), "whoever asks first makes the copy")
		mustExec(t, db, "INSERT INTO t (v) VALUES (1), (2), (3), (4)", "INSERT INTO t (v) SELECT a.v FROM t a, t b, t c")
		if s.Engine() == servers.MySQL {
			require.Zero(t, rows(s.Admin()), "the copy")
		}
		require.Greater(t, rows(db), 30)
	})
}
