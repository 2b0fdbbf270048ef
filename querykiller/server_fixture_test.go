package querykiller

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
)

// watched is a server under watch, with a database of the test's own.
type watched struct {
	t testing.TB
	d *servers.Database
	s *server
}

func watch(t testing.TB, s *servers.Server, opts Options) *watched {
	t.Helper()
	w := &watched{t: t, d: s.Database(t)}
	w.s = connectTo(t, w.d.DSN, opts)
	return w
}

func connectTo(t testing.TB, dsn string, opts Options) *server {
	t.Helper()
	s, err := connect(t.Context(), dsn, opts)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func (w *watched) exec(query string, args ...any) {
	w.t.Helper()
	_, err := w.d.DB.ExecContext(w.t.Context(), query, args...)
	require.NoError(w.t, err, "%s", query)
}

// client is one connection whose statements run in the background.
type client struct {
	t    testing.TB
	conn *sql.Conn
	id   uint64
}

func (w *watched) client() *client { w.t.Helper(); return newClient(w.t, w.d.DB) }

func newClient(t testing.TB, db *sql.DB) *client {
	t.Helper()
	conn, err := db.Conn(t.Context())
	require.NoError(t, err)
	c := &client{t: t, conn: conn}
	require.NoError(t, conn.QueryRowContext(t.Context(), "SELECT CONNECTION_ID()").Scan(&c.id))
	t.Cleanup(func() {
		// Nothing that a test has started outlives it.
		_, _ = db.ExecContext(context.WithoutCancel(t.Context()), fmt.Sprintf("KILL %d", c.id))
		_ = conn.Close()
	})
	return c
}

func (c *client) exec(query string) {
	c.t.Helper()
	_, err := c.conn.ExecContext(c.t.Context(), query)
	require.NoError(c.t, err, "%s", query)
}

// start runs a statement and returns where its error will be.
func (c *client) start(query string) <-chan error {
	done := make(chan error, 1)
	ctx := context.WithoutCancel(c.t.Context())
	go func() {
		rows, err := c.conn.QueryContext(ctx, query)
		if err == nil {
			for rows.Next() {
			}
			err = rows.Err()
			_ = rows.Close()
		}
		done <- err
	}()
	return done
}

// latch keeps statements running for as long as a test needs them to.
type latch struct {
	holder *client
	name   string
}

// latch returns one that is closed.
func (w *watched) latch() latch {
	w.t.Helper()
	l := latch{w.client(), w.d.Name}
	l.close()
	return l
}

// waiting is what a statement selects to wait for the latch.
func (l latch) waiting() string {
	return fmt.Sprintf("GET_LOCK('%s', 600) + RELEASE_LOCK('%s')", l.name, l.name)
}

func (l latch) open()  { l.holder.t.Helper(); l.holder.exec("DO RELEASE_LOCK('" + l.name + "')") }
func (l latch) close() { l.holder.t.Helper(); l.holder.exec("DO GET_LOCK('" + l.name + "', 600)") }

// poll polls once.
func (w *watched) poll() *Snapshot {
	w.t.Helper()
	s, err := w.s.Poll(w.t.Context())
	require.NoError(w.t, err)
	return s
}

// find polls until the session of that id is as asked.
func (w *watched) find(id uint64, what string, as func(Session) bool) Session {
	w.t.Helper()
	var found Session
	var last string
	require.Eventually(w.t, func() bool {
		for _, s := range w.poll().Sessions {
			if s.ID == id {
				last = fmt.Sprintf("%+v", s)
				if as(s) {
					found = s
					return true
				}
			}
		}
		return false
	}, 20*time.Second, 5*time.Millisecond, "session %d: %s", id, what)
	_ = last
	return found
}

// running finds the session when its statement is at least that old.
func (w *watched) running(id uint64, age time.Duration) Session {
	w.t.Helper()
	return w.find(id, "a statement that runs", func(s Session) bool { return !s.Statement.Idle && s.Age >= age })
}

// killOne kills one victim.
func killOne(ctx context.Context, s Server, id StatementID, act Act) (Killing, error) {
	k := s.Kill(ctx, []Victim{{Statement: id, Act: act}})[0]
	return k, k.Err
}

func (w *watched) kill(id StatementID, act Act) Killing {
	w.t.Helper()
	k, err := killOne(w.t.Context(), w.s, id, act)
	require.NoError(w.t, err)
	return k
}

// number is the server's number of an error.
func errNumber(err error) uint16 {
	if my, ok := err.(*mysql.MySQLError); ok { //nolint:errorlint // the driver's own
		return my.Number
	}
	return 0
}

func requireKilled(t testing.TB, done <-chan error) {
	t.Helper()
	err := wait10(t, done)
	require.Error(t, err)
	require.Contains(t, []uint16{1317, 1927, 0}, errNumber(err), "%v", err)
}

func wait10(t testing.TB, done <-chan error) error {
	t.Helper()
	select {
	case err := <-done:
		return err
	case <-time.After(10 * time.Second):
		require.Fail(t, "the statement goes on")
		return nil
	}
}

// userWith makes a user with global privileges and returns a DSN of it.
func (w *watched) userWith(grants ...string) string {
	w.t.Helper()
	dsn := w.d.User(w.t, "ALL")
	cfg, err := mysql.ParseDSN(dsn)
	require.NoError(w.t, err)
	for _, g := range grants {
		_, err := w.d.Server.Admin().ExecContext(w.t.Context(), fmt.Sprintf("GRANT %s TO '%s'@'%%'", g, cfg.User))
		require.NoError(w.t, err)
	}
	return dsn
}

func degraded(s *Snapshot) string { return strings.Join(s.Degraded, "\n") }
