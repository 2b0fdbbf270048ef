package mysqlx

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// The servers answer queries of information_schema.INNODB_TRX, and MariaDB those
// of INNODB_LOCKS and INNODB_LOCK_WAITS, from a copy. They renew it only if no
// session has read it for a tenth of a second (CACHE_MIN_IDLE in trx0i_s.cc of
// both): a monitor that asks more often than that freezes it, for everybody and
// without a word. What is read there proves nothing until the copy is known to
// be new.

// ErrStaleTransactions says that the server shows its transactions as they were
// some time ago, and goes on doing so.
var ErrStaleTransactions = errors.New("the server shows its transactions as they were a while ago: it renews information_schema.INNODB_TRX " +
	"only when nobody has read it for 0.1 s, and something reads it more often. Stop that monitor or have it ask less often, and try again")

const (
	beginLook = `START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY`
	endLook   = `COMMIT`
	// selectOwnLook finds the session's own transaction with the text of this very
	// statement: such a copy was made for it.
	selectOwnLook = `/* underpin look %s */
SELECT COUNT(*)
FROM information_schema.INNODB_TRX
WHERE trx_mysql_thread_id = CONNECTION_ID()
  AND trx_query LIKE '%%underpin look %s%%'`
)

// How often to look, and when again: late enough for the server to make a copy,
// and at no fixed pace, as two who retry in step would keep each other waiting.
const (
	lookAttempts = 20
	lookPause    = 110 * time.Millisecond
	lookJitter   = 300 * time.Millisecond
)

// FreshTransactions calls read when the server shows its InnoDB transactions as
// they were at this call or later. That takes three short round trips besides
// read's as a rule, and some seconds at most; then the error is
// [ErrStaleTransactions]. read is called again if MySQL cannot show a statement
// for a moment (error 3854); its other errors are returned. The connection must
// have no transaction open; it is a *sql.Conn or a [Session], not a pool. It
// takes the privilege PROCESS.
func FreshTransactions(ctx context.Context, conn Querier, read func(ctx context.Context) error) error {
	for n := 1; ; n++ {
		err := lookAfresh(ctx, conn, read)
		again := errors.Is(err, ErrStaleTransactions) || Number(err) == CannotConvert
		if !again || n == lookAttempts {
			return err
		}
		if err := Wait(ctx, lookPause+rand.N(lookJitter)); err != nil { //nolint:gosec // no secret
			return err
		}
	}
}

// CannotConvert is the number of the error that MySQL answers to any query of INNODB_TRX while some
// session runs a statement with a character outside the basic plane. It passes
// with that statement.
const CannotConvert = 3854

// lookAfresh reads if the server has made a new copy for it.
func lookAfresh(ctx context.Context, conn Querier, read func(ctx context.Context) error) (err error) {
	if _, err := conn.ExecContext(ctx, Marker("look")+beginLook); err != nil {
		return fmt.Errorf("begin to look at the transactions: %w", err)
	}
	defer func() { // an open snapshot would hold back the purge of old rows
		if _, end := conn.ExecContext(context.WithoutCancel(ctx), Marker("look")+endLook); end != nil {
			err = errors.Join(err, fmt.Errorf("end the look at the transactions: %w", end))
		}
	}()
	var fresh bool
	name := fmt.Sprintf("%016x", rand.Uint64()) //nolint:gosec // no secret
	if err := conn.QueryRowContext(ctx, fmt.Sprintf(selectOwnLook, name, name)).Scan(&fresh); err != nil {
		return fmt.Errorf("look at the transactions: %w", err)
	}
	if !fresh {
		return ErrStaleTransactions
	}
	return read(ctx)
}
