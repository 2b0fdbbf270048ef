package dualwrite

import (
	"errors"
	"fmt"
	"strings"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
)

// Errors that ask something of the caller.
var (
	// ErrNotAllowed says that this release may not work under the present
	// setting of a change. It is what a [*NotAllowedError] wraps.
	ErrNotAllowed = errors.New("the release may not run now")
	// ErrLeaseLost says that this process was silent for longer than its lease,
	// so that the fleet may have moved on without it. Nothing was done. The
	// client joins again by itself; until then fail the request or let another
	// instance serve it.
	ErrLeaseLost = errors.New("the instance has lost its lease and is joining again")
	// ErrUnknownOutcome says that the connection broke while the COMMIT was
	// under way: the write may have taken effect or not. It is never retried
	// by itself, see [WriteOptions.Resolve].
	ErrUnknownOutcome = mysqlx.ErrUnknownOutcome
	// ErrNothingTouched says that the unit changed rows and named no key, so
	// that nothing could follow. It was rolled back.
	ErrNothingTouched = errors.New("rows were changed but no key was touched: call Tx.Touch for every row of the change, or Tx.TouchNothing if there is none")
	// ErrNotStrict says that the session would cut values that do not fit, so
	// that a mirror could lose data without a word.
	ErrNotStrict = errors.New("the session's sql_mode is not strict: add STRICT_TRANS_TABLES, for instance sql_mode=%27STRICT_TRANS_TABLES%27 in the DSN")
	// ErrNoPlan says that a change is in a phase that mirrors but its row holds
	// no plan that could say how.
	ErrNoPlan = errors.New("the change's row holds no usable plan")
	// ErrNoReader says that the shape to be read has no reader.
	ErrNoReader = errors.New("there is no reader for the shape that has to be read now")
	// ErrNotDeclared says that a change was not named in [Config.Changes].
	ErrNotDeclared = errors.New("the change is not declared: name it in Config.Changes")
	// ErrClosed says that the client has been closed.
	ErrClosed = errors.New("the client has been closed")
	// ErrFinished says that a transaction handle was used after its end.
	ErrFinished = errors.New("the unit of work is finished")
	// ErrStatement says that a statement was not sent because it would end the
	// transaction, or could.
	ErrStatement = errors.New("the statement is refused inside a unit of work, because it could commit it")
	// ErrInvalidConfig says what is wrong with a [Config].
	ErrInvalidConfig = errors.New("invalid configuration")
)

// NotAllowedError says that a release may not work under the present setting of
// a change. It wraps [ErrNotAllowed].
type NotAllowedError struct {
	Change  string
	Release string
	Phase   migrate.Phase
	Mode    migrate.Mode
	Why     string
}

func (e *NotAllowedError) Error() string {
	return fmt.Sprintf("release %s may not run now: change %s is in phase %s (mode %s) and %s: "+
		"run a release that supports it, or step the change back first",
		e.Release, e.Change, e.Phase, e.Mode, e.Why)
}

// Unwrap returns ErrNotAllowed.
func (e *NotAllowedError) Unwrap() error { return ErrNotAllowed }

// ConflictError says that the row which the mirror had to write collides with
// another row on a unique key other than the table's own. The unit was rolled
// back; nobody's row was touched.
type ConflictError struct {
	Change string
	Table  string // in which the rows collide
	Index  string
	// Key is the row that was written, OtherKey the row it collides with;
	// empty where that row could not be found again.
	Key, OtherKey string
	Err           error // the server's word
}

func (e *ConflictError) Error() string {
	other := "another row"
	if e.OtherKey != "" {
		other = "row " + e.OtherKey
	}
	return fmt.Sprintf("change %s: row %s cannot be mirrored to table `%s`: %s holds the same value in unique key `%s`: "+
		"give one of the two another value: %v", e.Change, e.Key, e.Table, other, e.Index, e.Err)
}

// Unwrap returns the server's error.
func (e *ConflictError) Unwrap() error { return e.Err }

// UnrepresentableError says that a value has no place in the other shape. The
// unit was rolled back.
type UnrepresentableError struct {
	Change string
	Table  string // that cannot hold it
	Key    string // of the row; of all candidates if several were touched
	Column string // empty where the server does not name it
	Reason string
	Err    error // the server's word; nil if a comparison found it
}

func (e *UnrepresentableError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "change %s: row %s cannot be represented in table `%s`", e.Change, e.Key, e.Table)
	if e.Column != "" {
		fmt.Fprintf(&b, ", column `%s`", e.Column)
	}
	return b.String() + ": " + e.Reason
}

// Unwrap returns the server's error, if there is one.
func (e *UnrepresentableError) Unwrap() error { return e.Err }
