package dualwrite

import (
	"context"
	"database/sql"
	"time"
)

// session is a transaction of the pool's, or to the server several in turn on the
// same connection: database/sql knows of the first one's begin and the last one's
// end.
type session struct {
	*sql.Tx
	taken  time.Time               // when the connection left the pool
	cancel context.CancelFunc      // ends it, unless that is done
	detach func() bool             // makes it independent of the unit's context, if that has not ended
	own    map[*sql.Stmt]*sql.Stmt // what the pool has prepared, as this connection runs it
	ending ending
}

// ending is how a session's transaction ended.
type ending int

const (
	notEnded ending = iota // or so that database/sql knows
	chained                // the server has begun the next one
	landed                 // the server has committed it with the mirror
)

// attach binds the session to the context of a unit: when that ends, the server
// rolls back, whatever the unit is doing.
func (s *session) attach(ctx context.Context) *session {
	s.ending, s.detach = notEnded, context.AfterFunc(ctx, s.cancel)
	return s
}

// end gives the connection back, rolling back what is not committed.
func (s *session) end() {
	_ = s.Rollback() // the connection is closed if it fails, which rolls back
	s.cancel()
}

// run runs a statement of the pool's in the transaction.
func (s *session) run(ctx context.Context, stmt *sql.Stmt, args []any) (sql.Result, error) {
	own, known := s.own[stmt]
	if !known {
		own = s.StmtContext(ctx, stmt) //nolint:sqlclosecheck // closed with the transaction; it stays prepared on the connection
		s.own[stmt] = own
	}
	res, err := own.ExecContext(ctx, args...)
	if err != nil { // which may be that it is not prepared; the next unit asks again
		delete(s.own, stmt)
	}
	return res, err
}
