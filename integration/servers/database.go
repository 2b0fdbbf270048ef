package servers

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
)

// Database is a database of one test.
type Database struct {
	Server *Server
	Name   string
	DSN    string  // of the superuser
	DB     *sql.DB // the same, opened; closed at cleanup
}

// cleanupTime bounds what a cleanup may wait for.
const cleanupTime = 30 * time.Second

// Database makes a fresh database and drops it at the test's end. Its sessions are in UTC; see the README for what the
// DSN sets.
func (s *Server) Database(t testing.TB) *Database {
	t.Helper()
	d := &Database{Server: s, Name: shortName("t")}
	if _, err := s.admin.ExecContext(t.Context(), "CREATE DATABASE "+d.Name); err != nil {
		t.Fatalf("create a database for the test: %v", err)
	}
	t.Cleanup(func() { d.drop(t) })
	d.DSN = d.dsn(s.config.User, s.config.Passwd)
	db, err := sql.Open("mysql", d.DSN)
	if err != nil {
		t.Fatalf("open the test's database: %v", err)
	}
	d.DB = db
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close the test's database: %v", err)
		}
	})
	return d
}

// User creates a user with the given privileges, such as "SELECT", on this database only, and returns its DSN.
// The user is dropped at the test's end.
func (d *Database) User(t testing.TB, grants ...string) (dsn string) {
	t.Helper()
	user, password := shortName("u"), newPassword()
	admin := d.Server.admin
	statements := []string{fmt.Sprintf("CREATE USER '%s'@'%%' IDENTIFIED BY '%s'", user, password)}
	if len(grants) > 0 {
		statements = append(statements, fmt.Sprintf("GRANT %s ON %s.* TO '%s'@'%%'", strings.Join(grants, ", "), d.Name, user))
	}
	for _, statement := range statements {
		if _, err := admin.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("create a user for the test: %v", err)
		}
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), cleanupTime)
		defer cancel()
		if _, err := admin.ExecContext(ctx, fmt.Sprintf("DROP USER '%s'@'%%'", user)); err != nil && d.Server.up() {
			t.Errorf("drop the test's user: %v", err)
		}
	})
	return d.dsn(user, password)
}

func (d *Database) dsn(user, password string) string {
	config := d.Server.config.Clone()
	config.User, config.Passwd, config.DBName = user, password, d.Name
	config.ParseTime, config.Loc = true, time.UTC
	config.InterpolateParams, config.ClientFoundRows = true, true
	config.Params = map[string]string{"time_zone": "'+00:00'"}
	if err := config.Apply(mysql.Charset("utf8mb4", "")); err != nil {
		panic(err) // the option has nothing that can fail
	}
	return config.FormatDSN()
}

// drop drops the database. A transaction that the test left open would block it: that is reported as the
// test's fault, and the connection is killed.
func (d *Database) drop(t testing.TB) {
	if !d.Server.up() {
		return // the data has gone, or goes, with the server
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), cleanupTime)
	defer cancel()
	conn, err := d.Server.admin.Conn(ctx)
	if err != nil {
		t.Errorf("drop the test's database: %v", err)
		return
	}
	defer conn.Close()
	_, err = conn.ExecContext(ctx, "SET SESSION lock_wait_timeout = 5")
	if err == nil {
		_, err = conn.ExecContext(ctx, "DROP DATABASE IF EXISTS "+d.Name)
	}
	if err == nil {
		return
	}
	t.Errorf("drop the test's database: %v; connections left open: %s", err, d.killConnections(ctx, conn))
	if _, err := conn.ExecContext(ctx, "DROP DATABASE IF EXISTS "+d.Name); err != nil {
		t.Logf("it could not be dropped after that either: %v", err)
	}
}

// killConnections kills every connection to the database and returns what they were.
func (d *Database) killConnections(ctx context.Context, conn *sql.Conn) string {
	rows, err := conn.QueryContext(ctx,
		"SELECT id, user, command, COALESCE(info, '') FROM "+d.Server.Engine().Processlist()+" WHERE db = ? AND id <> CONNECTION_ID()", d.Name)
	if err != nil {
		return err.Error()
	}
	var ids []int64
	var told []string
	for rows.Next() {
		var id int64
		var user, command, info string
		if err := rows.Scan(&id, &user, &command, &info); err != nil {
			return err.Error()
		}
		ids = append(ids, id)
		told = append(told, fmt.Sprintf("%d %s %s %s", id, user, command, info))
	}
	if err := rows.Err(); err != nil {
		return err.Error()
	}
	for _, id := range ids {
		_, _ = conn.ExecContext(ctx, fmt.Sprintf("KILL %d", id)) // it may have gone by itself
	}
	return strings.Join(told, "; ")
}

// shortName is unique among everything that ever ran against this server. It has no underscore, which GRANT takes
// for a pattern.
func shortName(prefix string) string {
	return prefix + strings.ToLower(rand.Text()[:10])
}
