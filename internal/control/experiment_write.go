package control

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// Assignment is the first exposure of a unit to an experiment.
type Assignment struct {
	Unit       string // up to 255 bytes
	Branch     string
	Generation uint32
	Segments   string        // a JSON object of up to 4096 characters
	Age        time.Duration // how long ago it was; counts when it is stored only
}

// Event is something that a unit did.
type Event struct {
	Metric string
	Unit   string
	ID     [16]byte // tells it from every other event
	Value  float64
	Age    time.Duration // how long ago it was
}

// ErrNotReadBack says that rows which have just been stored are not seen: the
// reads of the pool go to another server than its writes.
var ErrNotReadBack = errors.New("rows that were stored are not there to be read: send the experiment's statements to one server")

// ErrNoAutocommit says that statements of the pool do not commit by themselves, so
// that nothing would be kept.
var ErrNoAutocommit = errors.New("autocommit is off on the pool's connections: give the experiment a pool that has it on")

const selectAutocommit = `/* underpin experiment */
SELECT @@SESSION.autocommit`

// CheckAutocommit returns [ErrNoAutocommit] unless a statement on a connection of
// db commits by itself.
func CheckAutocommit(ctx context.Context, db mysqlx.Querier) error {
	var on bool
	if err := db.QueryRowContext(ctx, selectAutocommit).Scan(&on); err != nil {
		return fmt.Errorf("read autocommit: %w", err)
	}
	if !on {
		return ErrNoAutocommit
	}
	return nil
}

const insertAssignments = `/* underpin experiment */
INSERT INTO _underpin_assignment
  (experiment, unit, branch, generation, segments, at)
VALUES
  `

// Bytes are sent as hexadecimal digits. On MySQL every query of
// information_schema.PROCESSLIST fails, with error 3854, while a statement is under way
// whose text is not valid UTF-8.
const (
	bytesParam    = "UNHEX(?)"
	assignmentRow = "(?, " + bytesParam + ", ?, ?, ?, UTC_TIMESTAMP(6) - INTERVAL ? MICROSECOND)"
	eventRow      = "(?, " + bytesParam + ", " + bytesParam + ", ?, UTC_TIMESTAMP(6) - INTERVAL ? MICROSECOND)"
)

// The first writer wins. An update that changes nothing rather than INSERT
// IGNORE, which would also ignore a value that does not fit.
const keepAssignment = `
ON DUPLICATE KEY UPDATE
  branch = branch`

const selectAssignments = `/* underpin experiment */
SELECT unit, branch, generation
FROM _underpin_assignment
WHERE experiment = ?
  AND unit IN `

const markCrossed = `/* underpin experiment */
UPDATE _underpin_assignment
SET crossed = 1
WHERE experiment = ?
  AND unit IN `

const insertEvents = `/* underpin experiment */
INSERT INTO _underpin_event
  (metric, unit, event, value, at)
VALUES
  `

const keepEvent = `
ON DUPLICATE KEY UPDATE
  value = value`

func hexOf[T string | []byte](b T) string { return hex.EncodeToString([]byte(b)) }

// placeholders returns n times row, separated by commas.
func placeholders(row string, n int) string {
	return strings.TrimSuffix(strings.Repeat(row+", ", n), ", ")
}

// Assign stores first exposures and returns what is stored for these units by
// then: the row that was first, by unit. db must not be in a transaction; when
// Assign returns, what it returns is as durable as the server makes a commit.
// Give the rows in the order of their units, so that two writers of the same
// units do not lock each other out, and no unit twice.
func Assign(ctx context.Context, db mysqlx.Querier, experiment uint32, rows []Assignment) (map[string]Assignment, error) {
	args := make([]any, 0, 6*len(rows))
	units := make([]any, 1, 1+len(rows))
	units[0] = experiment
	for _, r := range rows {
		unit := hexOf(r.Unit)
		args = append(args, experiment, unit, r.Branch, r.Generation, r.Segments, r.Age.Microseconds())
		units = append(units, unit)
	}
	query := insertAssignments + placeholders(assignmentRow, len(rows)) + keepAssignment
	if _, err := db.ExecContext(ctx, query, args...); err != nil {
		return nil, fmt.Errorf("store %d assignments: %w", len(rows), err)
	}
	stored, err := collect(ctx, db, "read back assignments", func(rows *sql.Rows) (Assignment, error) {
		var a Assignment
		var unit []byte
		err := rows.Scan(&unit, &a.Branch, &a.Generation)
		a.Unit = string(unit)
		return a, err
	}, selectAssignments+"("+placeholders(bytesParam, len(rows))+")", units...)
	if err != nil {
		return nil, err
	}
	out := make(map[string]Assignment, len(stored))
	for _, a := range stored {
		out[a.Unit] = a
	}
	if len(out) != len(rows) {
		return nil, fmt.Errorf("%w: %d of %d units", ErrNotReadBack, len(rows)-len(out), len(rows))
	}
	return out, nil
}

// MarkCrossed records that units were shown a branch that is not theirs.
func MarkCrossed(ctx context.Context, db mysqlx.Querier, experiment uint32, units []string) error {
	args := []any{experiment}
	for _, u := range units {
		args = append(args, hexOf(u))
	}
	if _, err := db.ExecContext(ctx, markCrossed+"("+placeholders(bytesParam, len(units))+")", args...); err != nil {
		return fmt.Errorf("mark %d units that saw two branches: %w", len(units), err)
	}
	return nil
}

// AddEvents stores events. Storing one again changes nothing, so the call may be
// repeated after any error.
func AddEvents(ctx context.Context, db mysqlx.Querier, events []Event) error {
	args := make([]any, 0, 5*len(events))
	for _, e := range events {
		args = append(args, e.Metric, hexOf(e.Unit), hexOf(e.ID[:]), e.Value, e.Age.Microseconds())
	}
	query := insertEvents + placeholders(eventRow, len(events)) + keepEvent
	if _, err := db.ExecContext(ctx, query, args...); err != nil {
		return fmt.Errorf("store %d events: %w", len(events), err)
	}
	return nil
}
