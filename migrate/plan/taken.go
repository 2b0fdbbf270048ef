package plan

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

const (
	queryTableShown = `/* underpin plan */ SELECT COUNT(*)
FROM information_schema.TABLES
WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = ?`

	queryColumnShown = `/* underpin plan */ SELECT COUNT(*)
FROM information_schema.COLUMNS
WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = ?
  AND COLUMN_NAME = ?`

	queryIndexShown = `/* underpin plan */ SELECT COUNT(*)
FROM information_schema.STATISTICS
WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = ?
  AND INDEX_NAME = ?`

	queryDefaultShown = `/* underpin plan */ SELECT COUNT(*)
FROM information_schema.COLUMNS
WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = ?
  AND COLUMN_NAME = ?
  AND COLUMN_DEFAULT IS NOT NULL`

	queryConstraintShown = `/* underpin plan */ SELECT COUNT(*)
FROM information_schema.TABLE_CONSTRAINTS
WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = ?
  AND CONSTRAINT_NAME = ?`
)

// shownBy is how each effect is looked up; want is whether a row has to show.
var shownBy = map[EffectKind]struct {
	query string
	want  wanted
}{
	TableExists:  {queryTableShown, present},
	TableAbsent:  {queryTableShown, absent},
	ColumnExists: {queryColumnShown, present},
	ColumnAbsent: {queryColumnShown, absent},
	IndexExists:  {queryIndexShown, present},
	IndexAbsent:  {queryIndexShown, absent},
	DefaultSet:   {queryDefaultShown, present},

	ConstraintExists: {queryConstraintShown, present},
	ConstraintAbsent: {queryConstraintShown, absent},
}

type wanted string

const (
	present wanted = "present"
	absent  wanted = "absent"
)

// Shown reports whether the live schema of q's database shows an effect.
func Shown(ctx context.Context, q mysqlx.Querier, e Effect) (bool, error) {
	switch e.Kind {
	case ColumnIs:
		return columnIs(ctx, q, e)
	case IndexHidden, IndexShown:
		hidden, err := indexHidden(ctx, q, e)
		return hidden == (e.Kind == IndexHidden), err
	}
	by, ok := shownBy[e.Kind]
	if !ok {
		return false, fmt.Errorf("look for effect %q of table %s: a newer release of underpin wrote this plan", e.Kind, e.Table)
	}
	args := []any{e.Table}
	if e.Name != "" {
		args = append(args, e.Name)
	}
	var n int
	if err := q.QueryRowContext(ctx, by.query, args...).Scan(&n); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return false, fmt.Errorf("look whether %s %s.%s: %w", e.Kind, e.Table, e.Name, err)
	}
	return (n > 0) == (by.want == present), nil
}

// Taken reports how far a statement has taken effect in the live schema of
// q's database. A statement whose effects cannot tell it apart from none
// (defaults only, or none at all) is reported as [NotTaken]: executing it
// again does no harm.
func Taken(ctx context.Context, q mysqlx.Querier, s Statement) (Progress, error) {
	var shown, told int
	for _, e := range s.Effects {
		if e.Kind == DefaultSet {
			continue
		}
		told++
		ok, err := Shown(ctx, q, e)
		if err != nil {
			return "", err
		}
		if ok {
			shown++
		}
	}
	switch {
	case told == 0 || shown == 0:
		return NotTaken, nil
	case shown == told:
		return AllTaken, nil
	}
	return PartlyTaken, nil
}
