package shape

import (
	"fmt"
	"strings"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
)

// Blank returns what an assigned column of a merge's target holds while there is
// no source row: what an INSERT that leaves it out stores. table is quoted.
func Blank(table string, c migrate.Column) string {
	if c.Null == migrate.Nullable {
		return "NULL"
	}
	return "DEFAULT(" + column(table, c) + ")"
}

// stands is the condition that a target row of a merge stands for a source row:
// that one of its assigned columns is not blank. It is TRUE or FALSE, never NULL.
func (s side) stands() (string, error) {
	out := make([]string, len(s.assign))
	for i, a := range s.assign {
		name := column(s.name, a.column)
		if out[i] = name + " IS NOT NULL"; a.column.Null == migrate.Nullable {
			continue
		}
		blank, err := same(a.column, name, Blank(s.name, a.column))
		if err != nil {
			return "", err
		}
		out[i] = "NOT (" + blank + ")"
	}
	return strings.Join(out, " OR "), nil
}

// joins reports whether the follower is columns of rows that are there anyway.
func (m *Mapper) joins(d Direction) bool { return m.kind == migrate.MergeChange && d == Forward }

// fillIn writes all columns of target rows that stand for no source row though
// there is one. All at once: with one of them filled the row stands for a source
// row, and those still blank would pass for values that a release chose.
func (m *Mapper) fillIn(scope Scope) Statement {
	var args []any
	from, cond := m.pairs(m.source, m.target, scope, &args)
	return m.statement("mirror", fmt.Sprintf("UPDATE "+inUTC+"%s\nSET %s\nWHERE %s\n  AND NOT (%s)%s",
		from, m.setList(m.target, m.target.assign), cond, m.target.where, and(m.only)), args)
}

// clear makes the columns blank of target rows whose source row is gone.
func (m *Mapper) clear(scope Scope) Statement {
	var set []string
	for _, a := range m.target.assign {
		set = append(set, column(m.target.name, a.column)+" = "+Blank(m.target.name, a.column))
	}
	set = append(set, m.preserved(m.target)...)
	var args []any
	cond := scope.condition(m.target.name, m.target.table.Key, &args)
	return m.statement("mirror", fmt.Sprintf(
		"UPDATE "+inUTC+"%s\nSET %s\nWHERE %s%s\n  AND NOT EXISTS (\n    SELECT 1\n    FROM %s\n    WHERE %s)",
		m.target.name, strings.Join(set, ",\n    "), cond, and(m.target.where), m.source.name, m.joined()), args)
}

// lockMerged locks and counts the target's rows, and locks what the source has
// of each, or the gap where it would be.
func (m *Mapper) lockMerged(scope Scope) Statement {
	var args []any
	cond := scope.condition(m.target.name, m.target.table.Key, &args)
	return m.statement("lock", fmt.Sprintf("SELECT COUNT(*)\nFROM %s\nLEFT JOIN %s\n  ON %s\nWHERE %s\nFOR UPDATE",
		m.target.name, m.source.name, m.joined(), cond), args)
}

// there is the condition that an outer join has found a row of the side.
func (s side) there() string { return column(s.name, s.table.Key[0]) + " IS NOT NULL" }

// compareMerged counts from the target's side: every row of it either stands for
// a source row that is there and in step with it, or for none and there is none.
func (m *Mapper) compareMerged(rule migrate.StepRule, scope Scope, args *[]any) string {
	pair := fmt.Sprintf("%s AND (%s)", m.source.there(), m.target.where)
	cond := scope.condition(m.target.name, m.target.table.Key, args)
	return fmt.Sprintf("SELECT COUNT(*) AS compared,\n  SUM(%[1]s AND NOT (%[2]s)) AS missing,\n  SUM(NOT (%[1]s) AND (%[2]s)) AS extra,\n"+
		"  SUM(%[3]s AND NOT (%[4]s)) AS different,\n  SUM(%[3]s AND %[5]s) AS finer\nFROM %[6]s\nLEFT JOIN %[7]s\n  ON %[8]s\nWHERE %[9]s",
		m.source.there(), m.target.where, pair, m.inStep(rule), m.finer(rule), m.target.name, m.source.name, m.joined(), cond)
}

// strays is what the queries about source rows without a target row of their key
// read, and on what condition.
func (m *Mapper) strays(scope Scope, args *[]any) string {
	return fmt.Sprintf("FROM %s\nLEFT JOIN %s\n  ON %s\nWHERE %s\n  AND %s IS NULL", m.source.name, m.target.name, m.joined(),
		scope.condition(m.source.name, m.source.table.Key, args), column(m.target.name, m.target.table.Key[0]))
}

func (m *Mapper) countStrays(scope Scope, args *[]any) string {
	return "SELECT COUNT(*), COUNT(*), 0, 0, 0\n" + m.strays(scope, args)
}

// Strays returns a query that yields the keys of up to limit source rows of a
// merge that have no target row to go to, for [Mapper.ScanKey]. ok is false for
// other changes, which have none. LOCK IN SHARE MODE may follow it.
func (m *Mapper) Strays(scope Scope, limit int) (s Statement, ok bool) {
	if m.kind != migrate.MergeChange {
		return Statement{}, false
	}
	var args []any
	from := m.strays(scope, &args)
	return m.statement("strays", fmt.Sprintf("SELECT %s\n%s\nLIMIT %d", keyList(m.source.name, m.source.table.Key), from, limit), args), true
}

func (m *Mapper) differingMerged(rule migrate.StepRule, scope Scope, limit int) Statement {
	var args []any
	cond := scope.condition(m.target.name, m.target.table.Key, &args)
	left := fmt.Sprintf("(SELECT %[1]s\nFROM %[2]s\nLEFT JOIN %[3]s\n  ON %[4]s\nWHERE %[5]s\n"+
		"  AND NOT (NOT (%[6]s) AND NOT (%[7]s) OR %[6]s AND (%[7]s) AND (%[8]s))\nLIMIT %[9]d)",
		keyList(m.target.name, m.target.table.Key), m.target.name, m.source.name, m.joined(), cond,
		m.source.there(), m.target.where, m.inStep(rule), limit)
	right := fmt.Sprintf("(SELECT %s\n%s\nLIMIT %d)", keyList(m.source.name, m.source.table.Key), m.strays(scope, &args), limit)
	return m.statement("verify", left+"\nUNION ALL\n"+right+fmt.Sprintf("\nLIMIT %d", limit), args)
}

// unmappedMerged yields a row if the source has one that the target row does not
// stand for, or that has no target row.
func (m *Mapper) unmappedMerged(scope Scope) Statement {
	var args []any
	cond := scope.condition(m.source.name, m.source.table.Key, &args)
	return m.statement("read", fmt.Sprintf("SELECT 1\nFROM %s\nLEFT JOIN %s\n  ON %s\nWHERE %s\n  AND NOT (%s AND (%s))",
		m.source.name, m.target.name, m.joined(), cond, m.target.there(), m.target.where), args)
}

// SourceValue returns a select expression that yields, of the target outer-joined
// with its source, what the target's column would hold: how code that reads the
// source shape has to read.
func SourceValue(m migrate.Mapping, a migrate.Assignment) string {
	source, target := mysqlx.Quote(m.Source.Name), mysqlx.Quote(m.Target.Name)
	c, _ := m.Target.Column(a.Column)
	return fmt.Sprintf("IF(%s IS NULL, %s, %s)", column(source, m.Source.Key[0]), Blank(target, c), a.Value.Over(source))
}
