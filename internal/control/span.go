package control

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// JobRun names one run of one job of a change. Spans and quarantined rows of
// another run are leftovers and mean nothing.
type JobRun struct {
	Change string
	Job    string
	Run    uint64 // the epoch of the visit to the phase
}

// SpanState says whether anything of a span is left to do.
type SpanState string

// The states of a span.
const (
	SpanOpen SpanState = "open"
	SpanDone SpanState = "done"
)

// Span is a range of keys, above Low and up to and including High, with the
// last key that was done. Keys are stored in their encoded form.
type Span struct {
	N     uint32
	Low   []byte // nil is the beginning
	High  []byte // nil is the end
	At    []byte // nil while nothing is done
	State SpanState
	Owner string
	Token uint64
	// Seen and Changed count rows over the whole life of the span.
	Seen    uint64
	Changed uint64
}

const insertSpans = `/* underpin span */
INSERT INTO _underpin_span
  (` + "`change`" + `, job, run, n, low, high, state, lease_until, updated_at)
VALUES
  `

const insertSpanRow = `(?, ?, ?, ?, ?, ?, 'open', '1970-01-02', UTC_TIMESTAMP(6))`

const countSpans = `/* underpin span */
SELECT COUNT(*), COALESCE(SUM(state = 'done'), 0), COALESCE(SUM(rows_seen), 0), COALESCE(SUM(rows_changed), 0),
  COALESCE(MAX(updated_at), UTC_TIMESTAMP(6)), UTC_TIMESTAMP(6)
FROM _underpin_span
WHERE ` + "`change`" + ` = ?
  AND job = ?
  AND run = ?`

const selectFreeSpan = `/* underpin span */
SELECT n, low, high, at, state, owner, token, rows_seen, rows_changed
FROM _underpin_span
WHERE ` + "`change`" + ` = ?
  AND job = ?
  AND run = ?
  AND state = 'open'
  AND lease_until < UTC_TIMESTAMP(6)
ORDER BY n
LIMIT 1`

const takeSpan = `/* underpin span */
UPDATE _underpin_span
SET owner = ?,
    token = token + 1,
    lease_until = UTC_TIMESTAMP(6) + INTERVAL ? MICROSECOND,
    updated_at = UTC_TIMESTAMP(6)
WHERE ` + "`change`" + ` = ?
  AND job = ?
  AND run = ?
  AND n = ?
  AND token = ?
  AND state = 'open'
  AND lease_until < UTC_TIMESTAMP(6)`

const selectSpan = `/* underpin span */
SELECT n, low, high, at, state, owner, token, rows_seen, rows_changed
FROM _underpin_span
WHERE ` + "`change`" + ` = ?
  AND job = ?
  AND run = ?
  AND n = ?`

const lockSpan = selectSpan + `
FOR UPDATE`

const advanceSpan = `/* underpin span */
UPDATE _underpin_span
SET at = ?,
    state = ?,
    rows_seen = ?,
    rows_changed = ?,
    lease_until = UTC_TIMESTAMP(6) + INTERVAL ? MICROSECOND,
    updated_at = UTC_TIMESTAMP(6)
WHERE ` + "`change`" + ` = ?
  AND job = ?
  AND run = ?
  AND n = ?
  AND token = ?`

const renewSpan = `/* underpin span */
UPDATE _underpin_span
SET lease_until = UTC_TIMESTAMP(6) + INTERVAL ? MICROSECOND
WHERE ` + "`change`" + ` = ?
  AND job = ?
  AND run = ?
  AND n = ?
  AND token = ?
  AND state = 'open'`

const releaseSpan = `/* underpin span */
UPDATE _underpin_span
SET lease_until = '1970-01-02',
    owner = ''
WHERE ` + "`change`" + ` = ?
  AND job = ?
  AND run = ?
  AND n = ?
  AND token = ?
  AND state = 'open'`

const selectSpanOwners = `/* underpin span */
SELECT n, owner, TIMESTAMPDIFF(MICROSECOND, UTC_TIMESTAMP(6), lease_until)
FROM _underpin_span
WHERE ` + "`change`" + ` = ?
  AND job = ?
  AND run = ?
  AND state = 'open'
  AND owner <> ''
ORDER BY n
LIMIT 100`

const deleteOldSpans = `/* underpin span */
DELETE FROM _underpin_span
WHERE ` + "`change`" + ` = ?
  AND job = ?
  AND run < ?
LIMIT 1000`

// spanBatch is how many spans one INSERT carries.
const spanBatch = 200

func (r JobRun) args(before ...any) []any { return append(before, r.Change, r.Job, r.Run) }

func (r JobRun) String() string { return fmt.Sprintf("%s of %s, run %d", r.Job, r.Change, r.Run) }

// InsertSpans makes the spans of a run. tx has to be a transaction: the first
// span is the marker, inserting it is a compare-and-set on the absence of the
// run's spans. Of several processes one comes through and the others wait for
// its commit and get [ErrLost]; no one ever sees a part of the spans.
func InsertSpans(ctx context.Context, tx mysqlx.Querier, r JobRun, spans []Span) error {
	// The first goes alone: whoever loses has inserted nothing then.
	for at, size := 0, 1; at < len(spans); at, size = at+size, spanBatch {
		batch := spans[at:min(at+size, len(spans))]
		rows, args := make([]string, len(batch)), make([]any, 0, 6*len(batch))
		for i, s := range batch {
			rows[i] = insertSpanRow
			args = append(append(args, r.args()...), s.N, nullable(s.Low), nullable(s.High))
		}
		_, err := tx.ExecContext(ctx, insertSpans+strings.Join(rows, ",\n  "), args...)
		if mysqlx.Classify(err) == mysqlx.ClassDuplicate {
			return fmt.Errorf("make the spans of the %s: %w", r, ErrLost)
		}
		if err != nil {
			return fmt.Errorf("make the spans of the %s: %w", r, err)
		}
	}
	return nil
}

// nullable keeps a nil []byte from becoming an empty one.
func nullable(b []byte) any {
	if b == nil {
		return nil
	}
	return b
}

// SpanTotals sums up the spans of a run.
type SpanTotals struct {
	Spans   uint64
	Done    uint64
	Seen    uint64
	Changed uint64
	// Moved is when a span moved last, and Now the present, both by the
	// server's clock.
	Moved time.Time
	Now   time.Time
}

// CountSpans sums up the spans of a run; Spans is 0 if nobody has made them.
func CountSpans(ctx context.Context, db mysqlx.Querier, r JobRun) (SpanTotals, error) {
	var t SpanTotals
	err := db.QueryRowContext(ctx, countSpans, r.args()...).Scan(&t.Spans, &t.Done, &t.Seen, &t.Changed, &t.Moved, &t.Now)
	if err != nil {
		return t, fmt.Errorf("count the spans of the %s: %w", r, err)
	}
	return t, nil
}

// TakeSpan gives owner an open span that nobody holds, for the length of a
// lease by the server's clock, and raises its token. ok is false if there is
// none: all are done or held.
func TakeSpan(ctx context.Context, db mysqlx.Querier, r JobRun, owner string, lease time.Duration) (s Span, ok bool, err error) {
	for {
		s, err := scanSpan(db.QueryRowContext(ctx, selectFreeSpan, r.args()...))
		if errors.Is(err, sql.ErrNoRows) {
			return s, false, nil
		}
		if err != nil {
			return s, false, fmt.Errorf("look for a span of the %s: %w", r, err)
		}
		res, err := db.ExecContext(ctx, takeSpan, append(r.args(owner, lease.Microseconds()), s.N, s.Token)...)
		if err != nil {
			return s, false, fmt.Errorf("take span %d of the %s: %w", s.N, r, err)
		}
		err = expectOne(res, "take span %d of the %s", s.N, r)
		if errors.Is(err, ErrLost) {
			continue // somebody took it; the next look does not find it
		}
		s.Owner, s.Token = owner, s.Token+1
		return s, err == nil, err
	}
}

func scanSpan(row scanner) (Span, error) {
	var s Span
	var state string
	err := row.Scan(&s.N, &s.Low, &s.High, &s.At, &state, &s.Owner, &s.Token, &s.Seen, &s.Changed)
	s.State = SpanState(state)
	return s, err
}

// GetSpan reads a span without a lock.
func GetSpan(ctx context.Context, db mysqlx.Querier, r JobRun, n uint32) (Span, error) {
	s, err := scanSpan(db.QueryRowContext(ctx, selectSpan, append(r.args(), n)...))
	if errors.Is(err, sql.ErrNoRows) {
		return s, fmt.Errorf("span %d of the %s is gone: %w", n, r, ErrLost)
	}
	if err != nil {
		return s, fmt.Errorf("read span %d of the %s: %w", n, r, err)
	}
	return s, nil
}

// LockSpan locks the row of a held span for the rest of the transaction tx and
// returns it, or [ErrLost] if the token is no longer the present one or the
// span is done.
func LockSpan(ctx context.Context, tx mysqlx.Querier, r JobRun, held Span) (Span, error) {
	s, err := scanSpan(tx.QueryRowContext(ctx, lockSpan, append(r.args(), held.N)...))
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return s, fmt.Errorf("span %d of the %s is gone: %w", held.N, r, ErrLost)
	case err != nil:
		return s, fmt.Errorf("lock span %d of the %s: %w", held.N, r, err)
	case s.Token != held.Token || s.State != SpanOpen:
		return s, fmt.Errorf("span %d of the %s has passed on to %q: %w", held.N, r, s.Owner, ErrLost)
	}
	return s, nil
}

// AdvanceSpan stores the cursor, the state and the counters of a span that tx
// has locked with [LockSpan], and renews its lease.
func AdvanceSpan(ctx context.Context, tx mysqlx.Querier, r JobRun, s Span, lease time.Duration) error {
	res, err := tx.ExecContext(ctx, advanceSpan,
		append(r.args(nullable(s.At), string(s.State), s.Seen, s.Changed, lease.Microseconds()), s.N, s.Token)...)
	if err != nil {
		return fmt.Errorf("advance span %d of the %s: %w", s.N, r, err)
	}
	return expectOne(res, "advance span %d of the %s", s.N, r)
}

// RenewSpan prolongs the lease of a held span, for a worker that waits;
// [ErrLost] says that somebody else has taken over.
func RenewSpan(ctx context.Context, db mysqlx.Querier, r JobRun, s Span, lease time.Duration) error {
	res, err := db.ExecContext(ctx, renewSpan, append(r.args(lease.Microseconds()), s.N, s.Token)...)
	if err != nil {
		return fmt.Errorf("renew span %d of the %s: %w", s.N, r, err)
	}
	return expectOne(res, "renew span %d of the %s", s.N, r)
}

// ReleaseSpan gives a held span back at once, if the token still holds it.
func ReleaseSpan(ctx context.Context, db mysqlx.Querier, r JobRun, s Span) error {
	if _, err := db.ExecContext(ctx, releaseSpan, append(r.args(), s.N, s.Token)...); err != nil {
		return fmt.Errorf("release span %d of the %s: %w", s.N, r, err)
	}
	return nil
}

// SpanOwner is who holds, or held until its lease ran out, an open span.
type SpanOwner struct {
	Span  uint32        `json:"span"`
	Owner string        `json:"owner"`
	Left  time.Duration `json:"left"` // of the lease; negative once it has run out
}

// SpanOwners returns who works on a run, span by span, up to 100.
func SpanOwners(ctx context.Context, db mysqlx.Querier, r JobRun) ([]SpanOwner, error) {
	return collect(ctx, db, "read who works on the "+r.String(), func(rows *sql.Rows) (SpanOwner, error) {
		var o SpanOwner
		var micros int64
		err := rows.Scan(&o.Span, &o.Owner, &micros)
		o.Left = time.Duration(micros) * time.Microsecond
		return o, err
	}, selectSpanOwners, r.args()...)
}

// DeleteOlderRuns removes spans and quarantined rows of earlier runs of the
// same job of the same change. A worker of an earlier run that is still about
// never removes those of a later one.
func DeleteOlderRuns(ctx context.Context, db mysqlx.Querier, r JobRun) error {
	for _, query := range []string{deleteOldSpans, deleteOldQuarantine} {
		for {
			res, err := db.ExecContext(ctx, query, r.args()...)
			if err != nil {
				return fmt.Errorf("remove the leftovers of runs before the %s: %w", r, err)
			}
			n, err := res.RowsAffected()
			if err != nil {
				return fmt.Errorf("remove the leftovers of runs before the %s: %w", r, err)
			}
			if n == 0 {
				break
			}
		}
	}
	return nil
}
