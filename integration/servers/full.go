package servers

import (
	"database/sql"
	"errors"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
)

// Fill takes every connection that a server has left for an account, and returns how to give them back. It is for
// a server of the test's own with a small max_connections. That it is full is believed after twenty refusals in a
// row: the server takes a moment to end connections that were closed.
func Fill(t testing.TB, dsn string) (release func()) {
	t.Helper()
	const (
		tooManyConnections = 1040
		refusals           = 20
		pause              = 10 * time.Millisecond // after each
		patience           = 20 * time.Second
	)
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		t.Fatalf("fill the server: %v", err)
	}
	var held []*sql.Conn
	for refused, deadline := 0, time.Now().Add(patience); refused < refusals; {
		conn, err := db.Conn(t.Context())
		var my *mysql.MySQLError
		switch {
		case err == nil:
			held, refused = append(held, conn), 0
		case errors.As(err, &my) && my.Number == tooManyConnections:
			refused++
			<-time.After(pause)
		default:
			t.Fatalf("fill the server: %v", err)
		}
		if time.Now().After(deadline) {
			t.Fatalf("fill the server: it still takes connections after %s and %d of them", patience, len(held))
		}
	}
	return func() {
		t.Helper()
		for _, c := range held {
			err = errors.Join(err, c.Close())
		}
		if err = errors.Join(err, db.Close()); err != nil {
			t.Errorf("give the server's connections back: %v", err)
		}
	}
}
