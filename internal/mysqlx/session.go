package mysqlx

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"
)

// Session is one connection whose statements end when their context does: the
// statement is killed at the server and its answer awaited, so that when a call
// returns nothing of it is still running. The KILL needs a second connection of
// the pool; without one the statement runs to its end. It is for Underpin's own
// work; it is not safe for concurrent use.
//
// A statement that has its effect in spite of the KILL is a success, also where
// its context has ended.
//
// A connection that may hold an open transaction, or that a KILL may yet reach,
// is closed instead of going back to the pool; the session is then of no more
// use and its calls return sql.ErrConnDone.
type Session struct {
	conn *sql.Conn
	db   *sql.DB
	id   uint64
}

// killTimeout bounds the side connection that carries a KILL QUERY.
const killTimeout = 5 * time.Second

// NewSession takes a connection out of the pool. Close gives it back.
func NewSession(ctx context.Context, db *sql.DB) (*Session, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("take a connection: %w", err)
	}
	s := &Session{conn: conn, db: db}
	if err := conn.QueryRowContext(ctx, Marker("session")+"SELECT CONNECTION_ID()").Scan(&s.id); err != nil {
		return nil, errors.Join(fmt.Errorf("ask for the connection's id: %w", err), conn.Close())
	}
	return s, nil
}

// ID returns the server's id of the connection.
func (s *Session) ID() uint64 { return s.id }

// Close gives the connection back to the pool.
func (s *Session) Close() error {
	if err := s.conn.Close(); err != nil && !errors.Is(err, sql.ErrConnDone) { // that one: discarded
		return fmt.Errorf("give the connection back: %w", err)
	}
	return nil
}

// discard closes the connection, so that the pool cannot hand it to anybody.
// The server rolls back what it had open and frees its locks.
func (s *Session) discard() {
	// Raw returns the error that it is given; it is how database/sql is told.
	_ = s.conn.Raw(func(any) error { return driver.ErrBadConn })
}

// Exec runs a statement that returns no rows. If ctx ends first, the statement
// is killed and its outcome awaited; the error then wraps ctx's.
func (s *Session) Exec(ctx context.Context, query string, args ...any) (sql.Result, error) {
	var res sql.Result
	err := s.during(ctx, func(ctx context.Context) (err error) {
		res, err = s.conn.ExecContext(ctx, query, args...)
		return err
	})
	return res, err
}

// QueryRow runs a query that returns one row and scans it.
func (s *Session) QueryRow(ctx context.Context, query string, args []any, dest ...any) error {
	return s.during(ctx, func(ctx context.Context) error {
		return s.conn.QueryRowContext(ctx, query, args...).Scan(dest...)
	})
}

// Query runs a query and hands each row to scan.
func (s *Session) Query(ctx context.Context, query string, args []any, scan func(*sql.Rows) error) error {
	return s.during(ctx, func(ctx context.Context) error {
		return EachRow(ctx, s.conn, query, args, scan)
	})
}

// EachRow calls scan for each row of a query, until it returns an error.
func EachRow(ctx context.Context, q Querier, query string, args []any, scan func(*sql.Rows) error) (err error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Tx runs fn inside one REPEATABLE READ transaction and commits, or rolls back
// if fn fails. The transaction is the session's: fn uses the session.
// A COMMIT whose answer was lost is [ErrUnknownOutcome].
func (s *Session) Tx(ctx context.Context, fn func(ctx context.Context) error) error {
	if _, err := s.Exec(ctx, Marker("session")+"SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"); err != nil {
		return fmt.Errorf("set the isolation level: %w", err)
	}
	over := false
	defer func() {
		if !over { // fn panicked
			s.discard()
		}
	}()
	_, err := s.Exec(ctx, "START TRANSACTION")
	if err != nil {
		err = fmt.Errorf("start a transaction: %w", err)
	} else {
		err = fn(ctx)
	}
	over = true
	if err != nil {
		return s.rollback(ctx, err)
	}
	if err := Commit(sessionTx{s, ctx}); err != nil {
		s.discard() // it may still be open
		return err
	}
	return nil
}

// rollback ends the transaction that err has made useless, even though ctx may
// have ended, and returns err. If it fails the connection goes, and with it the
// transaction.
func (s *Session) rollback(ctx context.Context, err error) error {
	_, failed := s.conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
	if failed == nil {
		return err
	}
	s.discard()
	if Classify(failed) == ClassConnection {
		return err // the server has rolled it back
	}
	return errors.Join(err, fmt.Errorf("roll back (its connection was closed instead): %w", failed))
}

// sessionTx lets Commit judge a COMMIT sent as a statement.
type sessionTx struct {
	s   *Session
	ctx context.Context
}

// Commit implements committer. Once the work is done a cancelled context no
// longer stops it: the commit is short and its outcome better known.
func (t sessionTx) Commit() error {
	_, err := t.s.conn.ExecContext(context.WithoutCancel(t.ctx), "COMMIT")
	return err
}

// during runs one call that does not heed ctx, and kills its statement at the
// server if ctx ends meanwhile.
func (s *Session) during(ctx context.Context, call func(context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	done, watched := make(chan struct{}), make(chan error, 1)
	go func() {
		select {
		case <-done:
			watched <- nil
		case <-ctx.Done():
			watched <- s.kill(context.WithoutCancel(ctx))
		}
	}()
	err := call(context.WithoutCancel(ctx))
	close(done)
	killed := <-watched
	if killed != nil {
		// Nobody knows whether the KILL is still on its way.
		s.discard()
	}
	if ctx.Err() == nil || err == nil {
		return err
	}
	ended := ctx.Err()
	if cause := context.Cause(ctx); !errors.Is(cause, ended) {
		ended = fmt.Errorf("%w: %w", ended, cause)
	}
	if Classify(err) == ClassKilled {
		return errors.Join(fmt.Errorf("%w: the statement was killed at the server", ended), killed)
	}
	return errors.Join(fmt.Errorf("%w: the statement ended with: %w", ended, err), killed)
}

// kill ends the session's statement from another connection. A statement that
// has just ended by itself makes it a no-op: the session runs nothing else
// until the watcher has returned, and both servers forget a KILL QUERY for a
// connection that is idle.
func (s *Session) kill(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, killTimeout)
	defer cancel()
	if _, err := s.db.ExecContext(ctx, Marker("cancel")+fmt.Sprintf("KILL QUERY %d", s.id)); err != nil {
		return fmt.Errorf("kill the cancelled statement of connection %d: %w", s.id, err)
	}
	return nil
}
