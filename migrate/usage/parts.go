package usage

import (
	"context"
	"fmt"
	"strings"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// part is a kind of expression or list that a table is made of: a query that
// yields its name and text for one table.
type part struct {
	kind  Kind
	query string
	// asSQL makes SQL of the text where the server does not.
	asSQL func(string) string
}

// partsBoth are the same on both servers. KEY partitions list names, the
// others have an expression; both parse as a select list.
var partsBoth = []part{
	{GeneratedColumn, `/* underpin usage */
SELECT COLUMN_NAME, GENERATION_EXPRESSION
FROM information_schema.COLUMNS
WHERE TABLE_SCHEMA = ?
  AND TABLE_NAME = ?
  AND GENERATION_EXPRESSION <> ''`, nil},
	{Partition, `/* underpin usage */
SELECT DISTINCT 'partition', PARTITION_EXPRESSION
FROM information_schema.PARTITIONS
WHERE TABLE_SCHEMA = ?
  AND TABLE_NAME = ?
  AND PARTITION_EXPRESSION <> ''`, nil},
	{Partition, `/* underpin usage */
SELECT DISTINCT 'subpartition', SUBPARTITION_EXPRESSION
FROM information_schema.PARTITIONS
WHERE TABLE_SCHEMA = ?
  AND TABLE_NAME = ?
  AND SUBPARTITION_EXPRESSION <> ''`, nil},
	{IndexPart, `/* underpin usage */
SELECT INDEX_NAME, COLUMN_NAME
FROM information_schema.STATISTICS
WHERE TABLE_SCHEMA = ?
  AND TABLE_NAME = ?
  AND COLUMN_NAME IS NOT NULL`, mysqlx.Quote},
}

// partsOf are those that each server has in its own way.
var partsOf = [2][]part{
	mySQL: {
		{Default, `/* underpin usage */
SELECT COLUMN_NAME, COLUMN_DEFAULT
FROM information_schema.COLUMNS
WHERE TABLE_SCHEMA = ?
  AND TABLE_NAME = ?
  AND EXTRA LIKE '%DEFAULT_GENERATED%'
  AND COLUMN_DEFAULT <> ''`, nil},
		{CheckConstraint, `/* underpin usage */
SELECT t.CONSTRAINT_NAME, c.CHECK_CLAUSE
FROM information_schema.TABLE_CONSTRAINTS AS t
JOIN information_schema.CHECK_CONSTRAINTS AS c
  ON c.CONSTRAINT_SCHEMA = t.CONSTRAINT_SCHEMA
 AND c.CONSTRAINT_NAME = t.CONSTRAINT_NAME
WHERE t.TABLE_SCHEMA = ?
  AND t.TABLE_NAME = ?
  AND t.CONSTRAINT_TYPE = 'CHECK'`, nil},
		{IndexPart, `/* underpin usage */
SELECT INDEX_NAME, EXPRESSION
FROM information_schema.STATISTICS
WHERE TABLE_SCHEMA = ?
  AND TABLE_NAME = ?
  AND EXPRESSION IS NOT NULL`, nil},
	},
	mariaDB: {
		{Default, `/* underpin usage */
SELECT COLUMN_NAME, COLUMN_DEFAULT
FROM information_schema.COLUMNS
WHERE TABLE_SCHEMA = ?
  AND TABLE_NAME = ?
  AND COLUMN_DEFAULT <> ''`, nil},
		{CheckConstraint, `/* underpin usage */
SELECT CONSTRAINT_NAME, CHECK_CLAUSE
FROM information_schema.CHECK_CONSTRAINTS
WHERE CONSTRAINT_SCHEMA = ?
  AND TABLE_NAME = ?`, nil},
	},
}

// selectForeignKeys lists foreign keys on either side of a table.
const selectForeignKeys = `/* underpin usage */
SELECT TABLE_SCHEMA, TABLE_NAME, CONSTRAINT_NAME, COLUMN_NAME, REFERENCED_TABLE_SCHEMA, REFERENCED_TABLE_NAME, REFERENCED_COLUMN_NAME
FROM information_schema.KEY_COLUMN_USAGE
WHERE REFERENCED_TABLE_NAME IS NOT NULL
  AND ((TABLE_SCHEMA = ? AND TABLE_NAME = ?)
    OR (REFERENCED_TABLE_SCHEMA = ? AND REFERENCED_TABLE_NAME = ?))`

// readParts looks at what the elements' own tables are made of. A table takes
// its own parts with it, so these are uses of columns; foreign keys of other
// tables are uses of the table as well.
func (l *look) readParts(ctx context.Context, _ []Element) error {
	for _, t := range l.targets {
		if err := l.readForeignKeys(ctx, t); err != nil {
			return fmt.Errorf("read the foreign keys of %s: %w", t.Table, err)
		}
		if t.Column == "" {
			continue
		}
		var items []item
		for _, p := range append(partsBoth, partsOf[l.flavour]...) {
			err := l.each(ctx, p.query, []any{t.Schema, t.Table}, func(r row) error {
				expression := r.text(1)
				if p.asSQL != nil {
					expression = p.asSQL(expression)
				}
				items = append(items, l.part(p.kind, t, r.text(0), expression))
				return nil
			})
			if err != nil {
				return fmt.Errorf("read each %s of %s: %w", p.kind, t.Table, err)
			}
		}
		uses, err := l.judge(ctx, items)
		if err != nil {
			return err
		}
		for _, u := range uses {
			if u.Element == t.Element { // each target has a turn of its own
				l.report.Uses = append(l.report.Uses, u)
			}
		}
	}
	return nil
}

// unescaped undoes what MySQL does to the text of an expression.
var unescaped = strings.NewReplacer(`\\`, `\`, `\'`, `'`)

// part is an expression over a table's columns.
func (l *look) part(kind Kind, t target, name, expression string) item {
	if l.flavour == mySQL {
		expression = unescaped.Replace(expression)
	}
	tokens := lex("SELECT "+expression, plainText)
	return item{
		use:    Use{Kind: kind, Name: mysqlx.Quote(name), Text: display(tokens[1:])},
		schema: t.Schema, raw: expression, pieces: [][]token{tokens}, outer: map[string]tableKey{fold(t.Table): t.key()},
	}
}

// readForeignKeys records the foreign keys that a target takes part in.
func (l *look) readForeignKeys(ctx context.Context, t target) error {
	if t.Index != "" {
		return nil // the server itself refuses to drop an index that one needs
	}
	args := []any{t.Schema, t.Table, t.Schema, t.Table}
	seen := map[string]bool{}
	return l.each(ctx, selectForeignKeys, args, func(r row) error {
		child, parent := tableKey{fold(r.text(0)), fold(r.text(1))}, tableKey{fold(r.text(4)), fold(r.text(5))}
		name := mysqlx.Quote(r.text(0)) + "." + mysqlx.Quote(r.text(1)) + "." + mysqlx.Quote(r.text(2))
		uses := child != t.key() // the table's own keys go with it
		if t.Column != "" {
			column := fold(t.Column)
			uses = child == t.key() && fold(r.text(3)) == column || parent == t.key() && fold(r.text(6)) == column
		}
		if !uses || seen[name] {
			return nil
		}
		seen[name] = true
		l.report.Uses = append(l.report.Uses, Use{
			Element: t.Element, Kind: ForeignKey, How: Names, Name: name,
			Text: fmt.Sprintf("%s.%s references %s.%s", mysqlx.Quote(r.text(1)), mysqlx.Quote(r.text(3)), mysqlx.Quote(r.text(5)), mysqlx.Quote(r.text(6))),
		})
		return nil
	})
}
