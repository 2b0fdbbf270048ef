package plan

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
)

// DefaultDeferredFrom is how many rows the source has, by the server's estimate,
// from which on indexes are put off unless the change file says when they come.
const DefaultDeferredFrom = 50_000

// Indexes says when a target that expand creates gets its plain indexes.
type Indexes string

// The choices.
const (
	// IndexesBySize puts them off where that pays and nobody is in need of
	// them: see [Deferred].
	IndexesBySize Indexes = ""
	// IndexesWithRows has every row enter its indexes as it is copied.
	IndexesWithRows Indexes = "with_rows"
	// IndexesAfterRows has the server build them once the rows are there.
	IndexesAfterRows Indexes = "after_rows"
)

// Deferred is the plain indexes of a target that expand creates. They are
// dropped again while the new table is empty, and added when every row has
// been copied and before the rows are compared: an index that is built in one
// go costs a fraction of one that is kept up row by row. docs/benchmarks.md has
// both.
//
// Nobody is in need of them in between: mirrors and the copy go by the key,
// and reads come to the target once it is verified. Where that is not so they
// are put off only if the change file asks for it: with copy-on-read, which
// reads the target earlier, and with replicas whose lag counts, since a replica
// builds an index in one statement and falls behind meanwhile.
//
// Unique indexes stay: a conflict has to show at its row. So does what the key
// and the numbering of rows rest on, and every index that the server does not
// give back exactly as it was.
//
// Nothing is recorded: the live schema says which are there. An index that
// somebody else has added or dropped meanwhile is in nobody's way.
type Deferred struct {
	// Table is the target.
	Table string `json:"table"`
	// From is how many rows the source has to have when expand is carried out,
	// by the server's estimate, for them to be put off. The condition is part of
	// the plan and the estimate is not, so that a plan does not change because a
	// table grows.
	From uint64 `json:"from"`
	// Indexes are in the order of their names.
	Indexes []DeferredIndex `json:"indexes"`
}

// DeferredIndex is one index that is put off.
type DeferredIndex struct {
	Name string `json:"name"`
	// Parts is its columns as SQL: "`a`, `b`(10) DESC".
	Parts string `json:"parts"`
}

// Drop returns the statement that takes the given indexes out of the table, and
// Add the one that builds them.
func (d *Deferred) Drop(list []DeferredIndex) Statement {
	return d.alter(list, IndexAbsent, func(i DeferredIndex) string { return "DROP INDEX " + mysqlx.Quote(i.Name) })
}

// Add returns the statement that builds the given indexes, in one pass over the
// rows.
func (d *Deferred) Add(list []DeferredIndex) Statement {
	return d.alter(list, IndexExists, func(i DeferredIndex) string {
		return "ADD INDEX " + mysqlx.Quote(i.Name) + " (" + i.Parts + ")"
	})
}

func (d *Deferred) alter(list []DeferredIndex, shows EffectKind, clause func(DeferredIndex) string) Statement {
	s := Statement{Kind: AlterTable, Table: d.Table}
	var clauses []string
	for _, i := range list {
		clauses = append(clauses, clause(i))
		s.Effects = append(s.Effects, Effect{Kind: shows, Table: d.Table, Name: i.Name})
	}
	s.SQL = "ALTER TABLE " + mysqlx.Quote(d.Table) + " " + strings.Join(clauses, ", ")
	return s
}

// reread checks that the statements are what they are meant to be.
func (d *Deferred) reread() error {
	for _, want := range []Statement{d.Drop(d.Indexes), d.Add(d.Indexes)} {
		got, r := parseDDL(Scalar{Text: want.SQL})
		if r != nil || got.Kind != want.Kind || got.Table != want.Table || !slices.Equal(got.Effects, want.Effects) {
			return fmt.Errorf("%w: its deferred indexes are not just indexes: %q", ErrEdited, want.SQL)
		}
	}
	return nil
}

// deferredWords adds to the cell of a step what it has to do with indexes that
// are put off.
func (p *Plan) deferredWords(w migrate.Work) string {
	d := p.Deferred
	if d == nil {
		return ""
	}
	switch w {
	case migrate.WorkExpand:
		var large string
		if d.From > 0 {
			large = fmt.Sprintf(", and %s has about %s rows or more", code(p.Change.Mapping.Source.Name), count(d.From))
		}
		return fmt.Sprintf("<br>if the new table is empty%s, its indexes are put off: %s", large, p.sqlCell([]string{d.Drop(d.Indexes).SQL}))
	case migrate.WorkBackfill:
		return "<br>before they are compared, indexes that were put off are built; replicas build theirs later, and lag meanwhile: " + p.sqlCell([]string{d.Add(d.Indexes).SQL})
	}
	return ""
}

// Names returns the names of indexes, for people.
func (d *Deferred) Names(list []DeferredIndex) string {
	names := make([]string, len(list))
	for i, index := range list {
		names[i] = mysqlx.Quote(index.Name)
	}
	return strings.Join(names, ", ")
}

// Live divides the indexes into those that the live table has and those that it
// lacks.
func (d *Deferred) Live(ctx context.Context, q mysqlx.Querier) (has, lacks []DeferredIndex, err error) {
	for _, i := range d.Indexes {
		there, err := Shown(ctx, q, Effect{Kind: IndexExists, Table: d.Table, Name: i.Name})
		if err != nil {
			return nil, nil, err
		}
		if there {
			has = append(has, i)
		} else {
			lacks = append(lacks, i)
		}
	}
	return has, lacks, nil
}

const (
	queryEstimate = `/* underpin plan */ SELECT COALESCE(TABLE_ROWS, 0)
FROM information_schema.TABLES
WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = ?`

	queryAnyRow = `/* underpin plan */ SELECT 1
FROM %s
LIMIT 1`
)

// Due reports whether the indexes are to be put off: the source is large enough
// and the target holds no row. A table that somebody has filled already is left
// as it is.
func (d *Deferred) Due(ctx context.Context, q mysqlx.Querier, source string) (bool, error) {
	if d.From > 0 {
		var rows uint64
		if err := q.QueryRowContext(ctx, queryEstimate, source).Scan(&rows); err != nil {
			return false, fmt.Errorf("estimate the rows of %s: %w", source, err)
		}
		if rows < d.From {
			return false, nil
		}
	}
	var one int
	err := q.QueryRowContext(ctx, fmt.Sprintf(queryAnyRow, mysqlx.Quote(d.Table))).Scan(&one)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return false, fmt.Errorf("look whether table %s is empty: %w", d.Table, err)
	}
	return err != nil, nil
}
