package dualwrite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// pulse is the connection of the client's heart. It is kept from one beat to
// the next, because a pool hands out connections in the order in which they are
// asked for: behind an application whose requests queue there, a renewal would
// come too late just when the application is in trouble. The embedded connection
// is replaced when it broke, so the pulse is what a [fleet.Member] holds on to.
// It belongs to whoever beats.
type pulse struct {
	*sql.Conn
	db *sql.DB
}

// take makes sure that there is a connection.
func (p *pulse) take(ctx context.Context) error {
	if p.Conn != nil {
		return nil
	}
	conn, err := p.db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("take the connection that renews the lease: %w", err)
	}
	p.Conn = conn
	return nil
}

// rest is called after a beat with its context and what came of it. A connection
// that may be broken, or lead to a server that takes no writes any more, is closed,
// so that the next beat dials anew.
func (p *pulse) rest(ctx context.Context, err error) {
	if p.Conn == nil {
		return
	}
	if spent(ctx, err) {
		// Raw returns the error that it is given; it is how database/sql is told.
		_ = p.Raw(func(any) error { return driver.ErrBadConn })
		p.close()
		return
	}
	if p.db.Stats().MaxOpenConnections == 1 {
		p.close() // the application needs it, too
	}
}

// spent reports whether a connection is of no more use after a beat. If the beat's
// context ended, whatever the error says: database/sql rolls back in a goroutine of
// its own then, which the connection's next transaction would not wait for.
func spent(ctx context.Context, err error) bool {
	switch mysqlx.Classify(err) {
	case mysqlx.ClassNone:
		return false
	case mysqlx.ClassConnection, mysqlx.ClassUnavailable, mysqlx.ClassCanceled, mysqlx.ClassKilled:
		return true
	}
	return ctx.Err() != nil
}

// close gives the connection back.
func (p *pulse) close() {
	if p.Conn != nil {
		_ = p.Close() // a broken one is thrown away by the pool
		p.Conn = nil
	}
}
