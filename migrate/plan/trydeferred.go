package plan

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
)

// queryParts lists the parts of indexes that could be put off. What one server
// knows and the other does not (visibility, expressions) is not asked for: an
// index that has any of it does not come back as it was.
const queryParts = `/* underpin plan */ SELECT INDEX_NAME, COLUMN_NAME, COALESCE(SUB_PART, 0), COALESCE(COLLATION, '')
FROM information_schema.STATISTICS
WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = ?
  AND NON_UNIQUE = 1
  AND INDEX_TYPE = 'BTREE'
  AND INDEX_COMMENT = ''
  AND COLUMN_NAME IS NOT NULL
ORDER BY INDEX_NAME, SEQ_IN_INDEX`

// readParts returns the indexes of a table that could be put off.
func readParts(ctx context.Context, q mysqlx.Querier, table string) (out []DeferredIndex, err error) {
	err = mysqlx.EachRow(ctx, q, queryParts, []any{table}, func(rows *sql.Rows) error {
		var name, column, collation string
		var prefix int
		if err := rows.Scan(&name, &column, &prefix, &collation); err != nil {
			return err
		}
		part := mysqlx.Quote(column)
		if prefix > 0 {
			part += fmt.Sprintf("(%d)", prefix)
		}
		if collation == "D" {
			part += " DESC"
		}
		if n := len(out); n > 0 && out[n-1].Name == name {
			out[n-1].Parts += ", " + part
			return nil
		}
		out = append(out, DeferredIndex{name, part})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read index parts of %s: %w", table, explain(err))
	}
	return out, nil
}

// tryDeferred finds out which indexes can be put off, by dropping them from the
// scratch of the target and adding them again.
func (b *builder) tryDeferred(ctx context.Context, s *scratch) error {
	if !slices.ContainsFunc(b.expand, func(d *ddl) bool { return d.Kind == CreateTable }) {
		return nil
	}
	d := &Deferred{Table: s.target, From: DefaultDeferredFrom}
	if b.file.Backfill.Indexes == IndexesAfterRows {
		d.From = 0
	}
	all, err := readParts(ctx, s.conn, s.target)
	if err != nil {
		return err
	}
	for _, i := range all {
		if b.addedByName(i) {
			continue
		}
		later := b.mayDefer() && !b.numbers(i) && !b.follows(i)
		if later {
			if later, err = comesBack(ctx, s, d, i); err != nil {
				return err
			}
		}
		if later {
			d.Indexes = append(d.Indexes, i)
		} else {
			b.checkIndexThere(i)
		}
	}
	if len(d.Indexes) > 0 {
		d.Table = s.live.target
		slices.SortFunc(d.Indexes, func(x, y DeferredIndex) int { return cmp.Compare(x.Name, y.Name) })
		b.deferred = d
		return b.judgeDeferred(ctx, s)
	}
	return nil
}

// judgeDeferred says what dropping and adding the indexes costs.
func (b *builder) judgeDeferred(ctx context.Context, s *scratch) error {
	for _, st := range []Statement{b.deferred.Drop(b.deferred.Indexes), b.deferred.Add(b.deferred.Indexes)} {
		c, ok, err := b.judge(ctx, s, st, b.positionOfTable(st.Table))
		if err != nil || !ok {
			return err
		}
		b.keepCost(c)
	}
	return nil
}

// checkIndexThere warns of a target that is there already without an index that
// this plan would not add: expand was cut short under a plan that put it off.
func (b *builder) checkIndexThere(i DeferredIndex) {
	live := b.live.target
	if live == nil || slices.ContainsFunc(live.indexes, func(x index) bool { return strings.EqualFold(x.name, i.Name) }) {
		return
	}
	b.warn(CodePartlyExpanded, live.name+"."+i.Name, b.positionOfTable(live.name),
		"the table is there already, without this index", "add it, or drop the table if it is empty and not in use")
}

// mayDefer reports whether the change file has indexes put off: because it says
// so, or because it says nothing that speaks against it.
func (b *builder) mayDefer() bool {
	switch b.file.Backfill.Indexes {
	case IndexesWithRows:
		return false
	case IndexesAfterRows:
		return true
	}
	return b.file.Reads.CopyOnRead != migrate.Yes && len(b.file.Backfill.Replicas) == 0
}

// addedByName reports whether a statement of its own adds the index in expand;
// it is then looked for by name.
func (b *builder) addedByName(i DeferredIndex) bool {
	return slices.ContainsFunc(b.expand, func(d *ddl) bool {
		return slices.ContainsFunc(d.Effects, func(e Effect) bool {
			return e.Kind == IndexExists && strings.EqualFold(e.Name, i.Name)
		})
	})
}

// numbers reports whether the numbering of rows may rest on the index.
func (b *builder) numbers(i DeferredIndex) bool {
	return slices.ContainsFunc(b.target.columns, func(c column) bool {
		return c.AutoIncrement && strings.HasPrefix(i.Parts+",", mysqlx.Quote(c.Name)+",")
	})
}

// comesBack reports whether an index that was dropped and added again, with
// nobody locked out, is the same to the letter.
func comesBack(ctx context.Context, s *scratch, d *Deferred, i DeferredIndex) (bool, error) {
	before, err := createLines(ctx, s)
	if err != nil {
		return false, err
	}
	one := []DeferredIndex{i}
	for _, st := range []Statement{d.Drop(one), d.Add(one)} {
		c, err := CostOf(ctx, s.conn, st) // of the scratch itself
		if err != nil {
			return false, err
		}
		if !c.Class.Gentle() {
			return false, nil
		}
		err = s.exec(ctx, "/* underpin plan */ "+c.Asserted)
		if _, no := rejected(err); no {
			return false, nil
		}
		if err != nil {
			return false, fmt.Errorf("try %q on a scratch table: %w", st.SQL, explain(err))
		}
	}
	after, err := createLines(ctx, s)
	return slices.Equal(before, after), err
}

// createLines returns the lines of the scratch target's CREATE TABLE, sorted: an
// index that was added again stands after the others.
func createLines(ctx context.Context, s *scratch) ([]string, error) {
	var name, text string
	err := s.conn.QueryRowContext(ctx, "/* underpin plan */ SHOW CREATE TABLE "+mysqlx.Quote(s.target)).Scan(&name, &text)
	if err != nil {
		return nil, fmt.Errorf("read what the scratch of table %s is: %w", s.live.target, explain(err))
	}
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimSuffix(lines[i], ",")
	}
	slices.Sort(lines)
	return lines, nil
}
