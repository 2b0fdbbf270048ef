package preflight

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate/plan"
)

// prefix begins the names of our scratch tables.
const prefix = plan.ScratchPrefix + "preflight_"

// cleanupTimeout bounds the dropping of the scratch tables.
const cleanupTimeout = 30 * time.Second

const queryLeftovers = `/* underpin preflight */ SELECT TABLE_NAME
FROM information_schema.TABLES
WHERE TABLE_SCHEMA = DATABASE()
  AND LEFT(TABLE_NAME, CHAR_LENGTH(?)) = ?
ORDER BY TABLE_NAME`

// Reasons for which there is nothing to measure.
var (
	errNoTable  = fmt.Errorf("%w: the table does not exist", errUntried)
	errReadOnly = fmt.Errorf("%w: the server takes no writes", errUntried)
)

// scratch are tables that stand for a live one: full has a sample of its rows,
// part has some of them, and twin none.
type scratch struct {
	live             *table
	full, part, twin string
	rows, partRows   uint64
	complete         bool // the sample is every row
	copied           Sample
	// fillRows and fillBytes are what the sample was before any statement.
	fillRows, fillBytes uint64
	bytes               uint64 // of full, data and indexes
	err                 error  // why there is none; nil where there is
}

// withScratches calls fn while it may make scratch tables, and drops them
// however fn ended. Leftovers of a killed run are dropped first: the lock says
// that nobody uses them.
func (e *examiner) withScratches(ctx context.Context, fn func(context.Context) error) (err error) {
	var got sql.NullInt64
	lock := lockName(e.r.Database)
	if err := e.s.QueryRow(ctx, takeLock, []any{lock, int(e.in.LockWait.Seconds())}, &got); err != nil {
		return fmt.Errorf("take the lock of the preflight: %w", err)
	}
	if got.Int64 != 1 {
		return ErrBusy
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
		defer cancel()
		err = errors.Join(err, e.dropAll(ctx))
		// A lock that cannot be given back went with its connection.
		_ = e.s.QueryRow(ctx, giveLock, []any{lock}, &got)
	}()
	if err := e.dropAll(ctx); err != nil {
		return err
	}
	return fn(ctx)
}

// dropAll drops every scratch table of ours in the database, if need be over
// another connection.
func (e *examiner) dropAll(ctx context.Context) error {
	var q mysqlx.Querier = e.s
	if _, err := e.s.Exec(ctx, "/* underpin preflight */ DO 1"); err != nil {
		q = e.db
	}
	names, err := leftovers(ctx, q)
	if err != nil {
		return fmt.Errorf("look for scratch tables: %w", err)
	}
	for _, name := range names {
		if _, err := q.ExecContext(ctx, "/* underpin preflight */ DROP TABLE IF EXISTS "+mysqlx.Quote(name)); err != nil {
			e.check(Check{Code: CodeSampleCleanup, Object: name, What: "the scratch table cannot be dropped: " + err.Error(), Status: Care,
				Remedy: "drop it by hand"})
		}
	}
	return nil
}

func leftovers(ctx context.Context, q mysqlx.Querier) (names []string, err error) {
	rows, err := q.QueryContext(ctx, queryLeftovers, prefix, prefix)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, rows.Err()
}

// scratch returns the tables that stand for a live table, made at the first call
// and filled with a sample.
func (e *examiner) scratch(ctx context.Context, live *table) *scratch {
	if s := e.scratches[key(live.Table.Table)]; s != nil {
		return s
	}
	s := e.newScratch(live)
	e.scratches[key(live.Table.Table)] = s
	if !live.there {
		s.err = errNoTable
		return s
	}
	if s.err = live.blind; s.err != nil {
		return s
	}
	for _, name := range []string{s.full, s.part, s.twin} {
		if s.err = e.like(ctx, name, live.Table.Table); s.err != nil {
			return s
		}
	}
	s.err = e.fill(ctx, s)
	return s
}

func (e *examiner) newScratch(live *table) *scratch {
	name := prefix + digest(e.r.Database+"\x00"+key(live.Table.Table))
	return &scratch{live: live, full: name + "_f", part: name + "_p", twin: name + "_t"}
}

// like makes an empty table of the shape of another.
func (e *examiner) like(ctx context.Context, name, of string) error {
	return e.limited(ctx, fmt.Sprintf("/* underpin preflight */ CREATE TABLE %s LIKE %s", mysqlx.Quote(name), mysqlx.Quote(of)))
}

// drop drops tables that were made for a while.
func (e *examiner) drop(ctx context.Context, made []string) (err error) {
	for _, name := range made {
		err = errors.Join(err, e.limited(ctx, "/* underpin preflight */ DROP TABLE IF EXISTS "+mysqlx.Quote(name)))
	}
	return err
}

// lockName names the lock under which the scratch tables of a database are used.
func lockName(database string) string { return "underpin preflight " + digest(database) }

// digest is a short name for a long one.
func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:6])
}

// limited runs a statement for as long as a sample's statement may take. One
// that takes longer is killed at the server.
func (e *examiner) limited(ctx context.Context, statement string) error {
	ctx, cancel := context.WithTimeout(ctx, 4*e.in.SampleFor)
	defer cancel()
	_, err := e.s.Exec(ctx, statement)
	return err
}

// trouble says in words why something could not be measured; empty if nothing
// is wrong. A privilege that is missing is a check of its own.
func (e *examiner) trouble(err error) string {
	switch mysqlx.Classify(err) {
	case mysqlx.ClassNone:
		return ""
	case mysqlx.ClassCanceled:
		return "the sample took longer than it may"
	case mysqlx.ClassLockWait:
		return fmt.Sprintf("a lock on the table could not be had within %s", e.in.LockWait)
	case mysqlx.ClassPrivilege:
		return "a privilege is missing: " + e.unscratch(err.Error())
	}
	return e.unscratch(err.Error())
}

// unscratch puts the live tables' names into words of the server.
func (e *examiner) unscratch(words string) string {
	for _, s := range e.scratches {
		name := s.live.Table.Table
		words = strings.NewReplacer(s.full, name, s.part, name, s.twin, name).Replace(words)
	}
	return words
}

// analyze brings the statistics of a sample up to date and reads its size.
func (e *examiner) analyze(ctx context.Context, name string) (uint64, error) {
	analyze := "/* underpin preflight */ ANALYZE NO_WRITE_TO_BINLOG TABLE " + mysqlx.Quote(name)
	if err := e.s.Query(ctx, analyze, nil, func(*sql.Rows) error { return nil }); err != nil {
		return 0, fmt.Errorf("analyze the sample: %w", err)
	}
	var data, index uint64
	query := "/* underpin preflight */ SELECT DATA_LENGTH, INDEX_LENGTH\nFROM information_schema.TABLES\nWHERE TABLE_SCHEMA = DATABASE()\n  AND TABLE_NAME = ?"
	if err := e.s.QueryRow(ctx, query, []any{name}, &data, &index); err != nil {
		return 0, fmt.Errorf("read the size of the sample: %w", err)
	}
	return data + index, nil
}
