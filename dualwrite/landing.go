package dualwrite

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/go-sql-driver/mysql"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/internal/shape"
)

// Committing says how a unit's transaction is committed.
type Committing int

// The ways to commit.
const (
	// CommitApart sends a COMMIT of its own after the mirror.
	CommitApart Committing = iota
	// CommitWithMirror lets MariaDB run the mirror of one row and, if it took
	// the fence, the COMMIT in one compound statement, which saves a round trip. The price: if the
	// connection breaks or ctx ends while the mirror runs, the outcome is
	// unknown ([ErrUnknownOutcome], [WriteOptions.Resolve]), where otherwise it is known
	// that nothing was committed. It is used where the mirror is kept
	// prepared, see [PrepareUsual]. MySQL has no such statement and commits
	// apart.
	CommitWithMirror
)

// landingState is the SQLSTATE by which a landing says that the mirror changed
// nothing and nothing was committed. A trigger of the application's own could
// raise any other.
const landingState = "45UNP"

// landing is the mirror and the COMMIT. The transaction is committed only if the
// mirror's statement has changed the row, and so has taken the fence. The
// comment goes behind the first word: the process list shows the inner statement
// without what stands before it.
func landing(s shape.Statement) shape.Statement {
	comment, statement, _ := strings.Cut(s.SQL, "*/")
	verb, rest, _ := strings.Cut(strings.TrimSpace(statement), " ")
	return shape.Statement{Args: s.Args, SQL: strings.Join([]string{
		"BEGIN NOT ATOMIC",
		verb + " " + comment + "*/ " + rest + ";",
		"IF ROW_COUNT() >= 1 THEN",
		"  COMMIT;",
		"ELSE",
		"  SIGNAL SQLSTATE '" + landingState + "';",
		"END IF;",
		"END",
	}, "\n")}
}

// queryOpen asks MariaDB whether a transaction is open on the connection.
const queryOpen = `/* underpin dualwrite */
SELECT @@in_transaction`

// land runs a landing. tried is false if it cannot be run here, and nothing was
// sent. If it changed nothing, so that nothing was committed, it reports 0 rows.
func (m *mirror) land(ctx context.Context, s shape.Statement) (affected int64, tried bool, err error) {
	home := landing(s)
	stmt := m.tx.change.statements.of(m.plan.epoch, home.SQL)
	if stmt == nil {
		return 0, false, nil
	}
	if err := ctx.Err(); err != nil {
		return 0, true, err
	}
	_, ran := m.tx.prepared(ctx, stmt, home.Args)
	switch err := mysqlx.CommitOutcome(ran); {
	case err == nil:
		m.tx.landed = true
		return 1, true, nil
	case isStay(ran):
		return 0, true, nil
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
