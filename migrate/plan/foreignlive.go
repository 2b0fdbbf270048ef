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

// ErrForeignMoved says that the foreign keys of source and target are not what
// the plan knows of: what they do to rows would be seen by nobody.
var ErrForeignMoved = errors.New("the foreign keys are not what was planned for")

const (
	// queryOutgoing lists the foreign keys of a table, with the rule that the
	// server has by default as none. Parents in other databases are shown.
	queryOutgoing = `/* underpin plan */ SELECT k.CONSTRAINT_NAME, k.COLUMN_NAME, k.REFERENCED_TABLE_NAME, k.REFERENCED_COLUMN_NAME,
  IF(k.REFERENCED_TABLE_SCHEMA = DATABASE(), '', k.REFERENCED_TABLE_SCHEMA),
  IF(r.MATCH_OPTION = 'NONE', '', r.MATCH_OPTION),
  IF(r.DELETE_RULE = d.RULE, '', r.DELETE_RULE), IF(r.UPDATE_RULE = d.RULE, '', r.UPDATE_RULE)
FROM information_schema.KEY_COLUMN_USAGE AS k
JOIN information_schema.REFERENTIAL_CONSTRAINTS AS r
  ON r.CONSTRAINT_NAME = k.CONSTRAINT_NAME
JOIN (SELECT IF(VERSION() LIKE '%MariaDB%', 'RESTRICT', 'NO ACTION') AS RULE) AS d
WHERE k.TABLE_SCHEMA = DATABASE()
  AND k.TABLE_NAME = ?
  AND k.REFERENCED_TABLE_NAME IS NOT NULL
  AND r.CONSTRAINT_SCHEMA = DATABASE()
  AND r.TABLE_NAME = ?
ORDER BY k.CONSTRAINT_NAME, k.ORDINAL_POSITION`

	// queryForeignNames lists the names that foreign keys have taken.
	queryForeignNames = `/* underpin plan */ SELECT CONSTRAINT_NAME, TABLE_NAME
FROM information_schema.REFERENTIAL_CONSTRAINTS
WHERE CONSTRAINT_SCHEMA = DATABASE()`
)

// readOutgoing returns the foreign keys of a table, with their rules.
func readOutgoing(ctx context.Context, q mysqlx.Querier, table string) (out []foreignKey, err error) {
	err = mysqlx.EachRow(ctx, q, queryOutgoing, []any{table, table}, func(rows *sql.Rows) error {
		f := foreignKey{table: table}
		var column, refers string
		if err := rows.Scan(&f.name, &column, &f.parent, &refers, &f.elsewhere, &f.match, &f.onDelete, &f.onUpdate); err != nil {
			return err
		}
		if n := len(out); n == 0 || out[n-1].name != f.name {
			out = append(out, f)
		}
		last := &out[len(out)-1]
		last.columns, last.refers = append(last.columns, column), append(last.refers, refers)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the foreign keys of %s: %w", table, explain(err))
	}
	return out, nil
}

// Toward returns the statements that bring the foreign keys of the live schema to
// where they belong in a phase of the change; none where nothing is to be done.
// They are to be executed before the phase is recorded: until then both tables
// are in step, or the one that is not is in nobody's way. On the way on it
// returns [ErrForeignMoved] where a key of the plan is gone or another, and where
// one that the plan does not know changes rows; on the way back, which has to
// stay open, such keys are left alone.
func (f *Foreign) Toward(ctx context.Context, q mysqlx.Querier, to migrate.Phase, d migrate.Direction) ([]Statement, error) {
	if to == migrate.Planned || to == migrate.Contracted || to == migrate.Closed {
		return nil, nil
	}
	st := standing{}
	for _, table := range []string{f.Source, f.Target} {
		live, err := readOutgoing(ctx, q, table)
		if err != nil {
			return nil, err
		}
		for _, c := range live {
			st.add(c)
		}
	}
	var moved []string
	for _, k := range f.Keys {
		if why := f.moved(k, st, to); why != "" {
			moved = append(moved, why)
		}
	}
	moved = append(moved, f.unknown(st)...)
	if len(moved) > 0 && d == migrate.Forward {
		slices.Sort(moved)
		return nil, fmt.Errorf("%w: %s; put back what was changed, or go back to planned and plan the change again", ErrForeignMoved, strings.Join(moved, "; "))
	}
	return f.statements(st, holder(to), func(k CarriedKey) bool { return f.moved(k, st, to) != "" }), nil
}

// moved says why a key is no longer what the plan knows; empty is: it is. On the
// way to expanded the target is only just there.
func (f *Foreign) moved(k CarriedKey, st standing, to migrate.Phase) string {
	someone := false
	for _, side := range []migrate.Shape{migrate.SourceShape, migrate.TargetShape} {
		declared := f.declared(k, side)
		forms := []foreignKey{declared}
		if c, ok := f.follower(k, side); ok {
			forms = append(forms, c)
		}
		for _, c := range forms {
			if live, there := st[st.key(c)]; there && !c.same(live) {
				return fmt.Sprintf("foreign key %s of table %s is another: it was to be %s", c.name, c.table, c.definition())
			}
		}
		fresh := side == migrate.TargetShape && to == migrate.Expanded
		if k.Acts() && !fresh && !slices.ContainsFunc(forms, st.has) {
			return fmt.Sprintf("foreign key %s of table %s is gone", declared.name, declared.table)
		}
		someone = someone || st.has(declared)
	}
	if !someone {
		return fmt.Sprintf("foreign key %s of table %s is gone", k.Name, f.Source)
	}
	return ""
}

// unknown names the keys that change rows and that the plan does not know.
func (f *Foreign) unknown(st standing) []string {
	ours := standing{}
	for _, k := range f.Keys {
		for _, side := range []migrate.Shape{migrate.SourceShape, migrate.TargetShape} {
			ours.add(f.declared(k, side))
			if c, ok := f.follower(k, side); ok {
				ours.add(c)
			}
		}
	}
	var out []string
	for _, c := range st {
		if c.acts() && !ours.has(c) {
			out = append(out, fmt.Sprintf("foreign key %s of table %s changes its rows, and the plan does not know it", c.name, c.table))
		}
	}
	return out
}

// acts reports whether the key ever changes rows by itself.
func (f foreignKey) acts() bool {
	harmless := []ForeignRule{"", RuleRestrict, RuleNoAction}
	return !slices.Contains(harmless, f.onDelete) || !slices.Contains(harmless, f.onUpdate)
}

// words is the key for people: "fk to shops".
func (f foreignKey) words() string { return f.name + " to " + f.parent }

// takenNames returns which table has each foreign key of the database, by the
// key's name in lower case.
func takenNames(ctx context.Context, q mysqlx.Querier) (out map[string]string, err error) {
	out = map[string]string{}
	err = mysqlx.EachRow(ctx, q, queryForeignNames, nil, func(rows *sql.Rows) error {
		var name, table string
		if err := rows.Scan(&name, &table); err != nil {
			return err
		}
		out[strings.ToLower(name)] = table
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the names of foreign keys: %w", explain(err))
	}
	return out, nil
}
