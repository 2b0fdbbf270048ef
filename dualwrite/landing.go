package dualwrite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/go-sql-driver/mysql"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// Committing says how a unit's transaction is committed.
type Committing int

// The ways to commit.
const (
	// CommitApart sends a COMMIT of its own after the mirror.
	CommitApart Committing = iota
	// CommitWithMirror lets MariaDB run the mirror of one row and, if it took
	// the fence, the COMMIT in one compound statement, which saves the caller a
	// round trip. The price: if the connection breaks while the mirror runs, the
	// outcome is unknown ([ErrUnknownOutcome], [WriteOptions.Resolve]), where
	// otherwise it is known that nothing was committed and the unit is tried
	// again. See the package comment. It is used where the mirror is kept
	// prepared, see [PrepareUsual]. MySQL has no such statement and commits apart.
	CommitWithMirror
)

// landingState is the SQLSTATE by which a landing says that the mirror changed
// nothing and nothing was committed. A trigger of the application's own could
// raise any other.
const landingState = "45UNP"

// landing is the mirror and the COMMIT. The transaction is committed only if the
// mirror's statement has changed the row, and so has taken the fence. It waits
// for no lock: who waits for the answer could not be told apart from who waits
// for the COMMIT. The comment goes behind the first word: the process list shows
// the inner statement without what stands before it.
func landing(text string) string {
	comment, statement, _ := strings.Cut(text, "*/")
	return strings.Join([]string{
		"BEGIN NOT ATOMIC",
		"SET " + comment + "*/ STATEMENT innodb_lock_wait_timeout = 0, lock_wait_timeout = 0",
		"FOR " + strings.TrimSpace(statement) + ";",
		"IF ROW_COUNT() >= 1 THEN",
		"  COMMIT;",
		"ELSE",
		"  SIGNAL SQLSTATE '" + landingState + "';",
		"END IF;",
		"END",
	}, "\n")
}

// queryOpen asks MariaDB whether a transaction is open on the connection.
const queryOpen = `/* underpin dualwrite */
SELECT @@in_transaction`

// land runs a landing. tried is false if it cannot be run here or met a lock;
// then nothing has happened. If it changed nothing, so that nothing was
// committed, it reports 0 rows.
//
// Once it is sent it is not ended with ctx, as no COMMIT is: its end is short and
// better known.
func (m *mirror) land(ctx context.Context, s ridden) (affected int64, tried bool, err error) {
	stmt := m.tx.change.statements.of(m.plan.epoch, s.landing)
	if stmt == nil {
		return 0, false, nil
	}
	if err := ctx.Err(); err != nil {
		return 0, true, err
	}
	_, ran := m.tx.sql.run(context.WithoutCancel(ctx), stmt, s.Args)
	switch err := mysqlx.CommitOutcome(ran); {
	case err == nil:
		m.tx.sql.ending = landed
		return 1, true, nil
	case isStay(ran):
		return 0, true, nil
	case errors.Is(ran, sql.ErrTxDone): // ctx has ended just before, and nothing was sent
		return 0, true, errors.Join(ctx.Err(), ran)
	case mysqlx.Classify(ran) == mysqlx.ClassLockWait && m.stillOpen(ctx):
		return 0, false, nil
	case costsTransaction(ran) && !errors.Is(err, mysqlx.ErrUnknownOutcome):
		return 0, true, ran // rolled back, or to be
	case m.stillOpen(ctx):
		return 0, true, ran // it ended before it came to the COMMIT
	}
	// The COMMIT failed, or something did after it. Whatever is sent now would
	// be committed on its own.
	return 0, true, fmt.Errorf("%w (commit with the mirror): %w", mysqlx.ErrUnknownOutcome, ran)
}

// isStay recognises a landing's word that the mirror changed nothing.
func isStay(err error) bool {
	var server *mysql.MySQLError
	return errors.As(err, &server) && string(server.SQLState[:]) == landingState
}

// stillOpen reports whether the transaction is known to be open.
func (m *mirror) stillOpen(ctx context.Context) bool {
	var open bool
	err := m.tx.sql.QueryRowContext(ctx, queryOpen).Scan(&open)
	return err == nil && open
}
