package backfill

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/mysqlx"
)

// fault is what happens to the n-th statement.
type fault string

const (
	lostBefore fault = "connection lost before the statement"
	lostAfter  fault = "connection lost after the statement, before its answer"
	deadlock   fault = "deadlock"
)

// faulty is a connector whose connections fail at the n-th statement, counted
// over all of them.
type faulty struct {
	driver.Connector
	fault fault
	nth   int64
	count atomic.Int64
	mu    sync.Mutex
	hit   string // the statement
}

func (c *faulty) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &faultyConn{Conn: conn, c: c}, nil
}

type faultyConn struct {
	driver.Conn
	c    *faulty
	dead bool
}

// during runs one statement, with the fault if it is its turn.
func (f *faultyConn) during(ctx context.Context, query string, run func() error) error {
	if f.dead {
		return driver.ErrBadConn
	}
	if f.c.count.Add(1) != f.c.nth {
		return run()
	}
	f.c.mu.Lock()
	f.c.hit = query
	f.c.mu.Unlock()
	switch f.c.fault {
	case deadlock:
		// The server would have rolled the transaction back.
		if _, err := f.Conn.(driver.ExecerContext).ExecContext(ctx, "ROLLBACK", nil); err != nil {
			return err
		}
		return &mysql.MySQLError{Number: 1213, Message: "Deadlock found when trying to get lock"}
	case lostAfter:
		if err := run(); err != nil {
			return err
		}
	}
	f.dead = true
	return fmt.Errorf("%w", mysql.ErrInvalidConn)
}

func (f *faultyConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (res driver.Result, err error) {
	err = f.during(ctx, query, func() (err error) {
		res, err = f.Conn.(driver.ExecerContext).ExecContext(ctx, query, args)
		return err
	})
	return res, err
}

func (f *faultyConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (rows driver.Rows, err error) {
	err = f.during(ctx, query, func() (err error) {
		rows, err = f.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
		return err
	})
	if err != nil && rows != nil {
		_ = rows.Close()
		rows = nil
	}
	return rows, err
}

func (f *faultyConn) CheckNamedValue(v *driver.NamedValue) error {
	return f.Conn.(driver.NamedValueChecker).CheckNamedValue(v)
}

func (f *faultyConn) ResetSession(ctx context.Context) error {
	if f.dead {
		return driver.ErrBadConn
	}
	return f.Conn.(driver.SessionResetter).ResetSession(ctx)
}

func (f *faultyConn) IsValid() bool { return !f.dead && f.Conn.(driver.Validator).IsValid() }

// openFaulty opens a pool whose n-th statement has a fault.
func (f *fixture) openFaulty(kind fault, nth int64) (*sql.DB, *faulty) {
	f.t.Helper()
	cfg, err := mysqlx.Config(f.dsn, mysqlx.Options{})
	require.NoError(f.t, err)
	connector, err := mysql.NewConnector(cfg)
	require.NoError(f.t, err)
	c := &faulty{Connector: connector, fault: kind, nth: nth}
	db := sql.OpenDB(c)
	f.t.Cleanup(func() { require.NoError(f.t, db.Close()) })
	return db, c
}

// The n-th statement fails, for every n of a small run: it comes to the same
// end without anybody's help.
func TestEveryStatementFailsOnce(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		for _, kind := range []fault{lostBefore, lostAfter, deadlock} {
			t.Run(string(kind), func(t *testing.T) {
				t.Parallel()
				f := misfits(t, s, "VARCHAR(12) NULL")
				f.fillSource(8)
				f.exec("UPDATE src SET a = 'longer than twelve' WHERE id = 10")
				statements := 0
				for n := int64(1); ; n++ {
					f.exec("DELETE FROM dst")
					f.exec("INSERT INTO dst (id, x, y) VALUES (1, 'stale', 0), (2, 'orphan', 0), (999, 'orphan', 0)")
					f.run++
					f.phase("backfilling", f.run)
					db, c := f.openFaulty(kind, n)
					cfg := f.config()
					cfg.DB, cfg.SpanRows, cfg.Lease = db, 5, 100*time.Millisecond
					w, err := New(cfg)
					require.NoError(t, err)
					r, err := w.Run(t.Context())
					require.NoError(t, err, "statement %d: %s", n, c.hit)
					require.Equal(t, r.Spans, r.Done, "statement %d: %s", n, c.hit)
					require.EqualValues(t, 1, r.Quarantined, "statement %d: %s", n, c.hit)
					require.EqualValues(t, 8, r.Rows, "statement %d: %s", n, c.hit)
					require.Equal(t, "7", f.one("SELECT COUNT(*) FROM src JOIN dst ON dst.id = src.id AND x = UPPER(a) AND y = b + 1"), "statement %d: %s", n, c.hit)
					require.Equal(t, "7", f.one("SELECT COUNT(*) FROM dst"), "statement %d: %s", n, c.hit)
					if c.hit == "" {
						break
					}
					statements++
				}
				require.Greater(t, statements, 50, "the test has to see every statement of a run")
			})
		}
	})
}

func TestEveryStatementOfAVerificationFailsOnce(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		for _, kind := range []fault{lostBefore, lostAfter, deadlock} {
			t.Run(string(kind), func(t *testing.T) {
				t.Parallel()
				f := newFixture(t, s, copyOf)
				f.fillSource(20)
				f.backfill(f.config())
				f.exec("DELETE FROM dst WHERE id = 4")
				for n := int64(1); ; n++ {
					db, c := f.openFaulty(kind, n)
					r, err := Verify(t.Context(), VerifyConfig{DB: db, Change: f.change, ChunkMin: 2, ChunkMax: 5, RetryDelay: time.Millisecond})
					require.NoError(t, err, "statement %d: %s", n, c.hit)
					require.EqualValues(t, 20, r.Compared, c.hit)
					require.EqualValues(t, 1, r.Missing, c.hit)
					if c.hit == "" {
						require.Greater(t, n, int64(20))
						break
					}
				}
			})
		}
	})
}
