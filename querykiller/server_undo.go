package querykiller

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// UndoMeter measures how many rows a second the server undoes, from rollbacks
// that happen under its eyes: it is shown every snapshot. The zero value is
// ready. It is used by one goroutine.
//
// The rate is that of the slowest of the last rollbacks, as the estimate made
// from it decides whether a kill is worth its rollback.
type UndoMeter struct {
	under map[uint64]undoing
	rates []float64
}

// undoing is a rollback under way, since it was first seen.
type undoing struct {
	at   time.Time
	rows uint64
	rate float64
}

// undoKept is how many rollbacks are remembered, and undoTime how long one must
// have been watched to count: MySQL refreshes what it tells ten times a second.
const (
	undoKept = 10
	undoTime = 500 * time.Millisecond
)

// See takes a snapshot into account.
func (u *UndoMeter) See(s *Snapshot) {
	if u.under == nil {
		u.under = map[uint64]undoing{}
	}
	still := map[uint64]bool{}
	for _, p := range s.Sessions {
		if p.RollingBack != Yes {
			continue
		}
		still[p.ID] = true
		first, ok := u.under[p.ID]
		switch took := s.At.Sub(first.at); {
		case !ok || p.RowsModified > first.rows || took < 0:
			u.under[p.ID] = undoing{at: s.At, rows: p.RowsModified}
		case took >= undoTime:
			first.rate = float64(first.rows-p.RowsModified) / took.Seconds()
			u.under[p.ID] = first
		}
	}
	for id, r := range u.under {
		if still[id] {
			continue
		}
		delete(u.under, id)
		if r.rate > 0 {
			u.rates = append(u.rates, r.rate)
			u.rates = u.rates[max(len(u.rates)-undoKept, 0):]
		}
	}
}

// Rate is rows undone per second; zero if no rollback has been seen.
func (u *UndoMeter) Rate() float64 {
	var slowest float64
	for _, r := range u.rates {
		if slowest == 0 || r < slowest {
			slowest = r
		}
	}
	return slowest
}

// UndoRate is what a calibration found.
type UndoRate struct {
	// RowsPerSecond is how many rows the server undoes a second.
	RowsPerSecond float64 `json:"rows_per_second"`
	// Rows is how many it undid for this, and Took how long it took.
	Rows int           `json:"rows"`
	Took time.Duration `json:"took"`
}

const undoRow = `(
  id INT NOT NULL PRIMARY KEY,
  k INT NOT NULL,
  pad CHAR(180) NOT NULL,
  KEY k (k)) ENGINE=InnoDB`

const undoFill = `INSERT INTO %[1]s (id, k, pad)
SELECT n, (n * 7919) %% 1000003, REPEAT('x', 180)
FROM (
  SELECT 1 + a.i + 10 * b.i + 100 * c.i + 1000 * d.i + %[3]d AS n
  FROM %[2]s AS a, %[2]s AS b, %[2]s AS c, %[2]s AS d) AS numbers`

// MeasureUndo measures the rate on a scratch table of about 30 bytes of index
// and 200 of row, which it makes in the database that db uses, fills, updates
// in a transaction, rolls back, and drops. rows is rounded up to 10000; zero
// means 50000. Rows of the application's may be larger, and pages that have left
// the buffer pool have to be read again: a rollback of hours is slower than
// this, never faster.
func MeasureUndo(ctx context.Context, db *sql.DB, rows int) (rate UndoRate, err error) {
	const batch = 10_000
	rows = max((rows+batch-1)/batch*batch, 0)
	if rows == 0 {
		rows = 5 * batch
	}
	session, err := mysqlx.NewSession(ctx, db)
	if err != nil {
		return rate, fmt.Errorf("measure the undo rate: %w", err)
	}
	defer func() { err = errors.Join(err, session.Close()) }()
	name := "_underpin_scratch_" + rand.Text()[:12]
	scratch, digits := mysqlx.Quote(name), mysqlx.Quote(name+"_d")
	defer func() {
		_, dropped := session.Exec(context.WithoutCancel(ctx), mysqlx.Marker("undo")+"DROP TABLE IF EXISTS "+scratch+", "+digits)
		if dropped != nil {
			err = errors.Join(err, fmt.Errorf("drop the scratch tables %s and %s (drop them yourself): %w", scratch, digits, dropped))
		}
	}()
	prepare := []string{
		"CREATE TABLE " + digits + " (i INT NOT NULL PRIMARY KEY) ENGINE=InnoDB",
		"INSERT INTO " + digits + " VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)",
		"CREATE TABLE " + scratch + " " + undoRow,
	}
	for at := 0; at < rows; at += batch {
		prepare = append(prepare, fmt.Sprintf(undoFill, scratch, digits, at))
	}
	for _, statement := range prepare {
		if _, err := session.Exec(ctx, mysqlx.Marker("undo")+statement); err != nil {
			return rate, fmt.Errorf("measure the undo rate: make the scratch table %s: %w", scratch, err)
		}
	}
	took, err := timeUndo(ctx, session, scratch)
	if err != nil {
		return rate, fmt.Errorf("measure the undo rate: %w", err)
	}
	return UndoRate{RowsPerSecond: float64(rows) / took.Seconds(), Rows: rows, Took: took}, nil
}

// timeUndo updates every row and takes it back.
func timeUndo(ctx context.Context, session *mysqlx.Session, scratch string) (time.Duration, error) {
	for _, statement := range []string{"START TRANSACTION", "UPDATE " + scratch + " SET k = k + 1, pad = REPEAT('y', 180)"} {
		if _, err := session.Exec(ctx, mysqlx.Marker("undo")+statement); err != nil {
			return 0, err
		}
	}
	began := time.Now()
	_, err := session.Exec(ctx, mysqlx.Marker("undo")+"ROLLBACK")
	return max(time.Since(began), time.Microsecond), err
}
