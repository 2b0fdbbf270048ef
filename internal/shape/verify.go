package shape

import (
	"fmt"
	"strings"

	"github.com/underpin-db/underpin/migrate"
)

// Counts is what a comparison of a scope found. All are numbers of rows.
type Counts struct {
	Compared  uint64 `json:"compared"`  // source rows, and target rows without one
	Missing   uint64 `json:"missing"`   // source rows without a target row; in a merge, without one that stands for them
	Extra     uint64 `json:"extra"`     // target rows without a source row; in a merge, that stand for one
	Different uint64 `json:"different"` // pairs out of step
	// Finer counts pairs in step because source = g(target) although target
	// ≠ f(source): a target-shape release wrote them, and a copy forward would
	// give their finer value up.
	Finer uint64 `json:"finer"`
}

// Differ is the number of pairs that are not in step, whichever way.
func (c Counts) Differ() uint64 { return c.Missing + c.Extra + c.Different }

// Add returns the sum of two counts.
func (c Counts) Add(o Counts) Counts {
	return Counts{c.Compared + o.Compared, c.Missing + o.Missing, c.Extra + o.Extra, c.Different + o.Different, c.Finer + o.Finer}
}

// Dest returns where to scan the row of [Mapper.Compare].
func (c *Counts) Dest() []any {
	return []any{&c.Compared, &c.Missing, &c.Extra, &c.Different, &c.Finer}
}

// Compare returns a query that yields one row of [Counts] for a range. It is a
// single non-locking statement, so both shapes are read from one snapshot: as
// every transaction writes both, every snapshot has to show them in step, and
// live writes make no false alarm.
func (m *Mapper) Compare(rule migrate.StepRule, scope Scope) Statement {
	if m.kind == migrate.ColumnChange {
		return m.compareColumns(rule, scope)
	}
	var args []any
	var left, right string
	if m.kind == migrate.MergeChange {
		left, right = m.compareMerged(rule, scope, &args), m.countStrays(scope, &args)
	} else {
		left, right = m.compareFrom(rule, scope, &args), m.extraRows(scope, &args)
	}
	return m.statement("verify", fmt.Sprintf(
		"SELECT COALESCE(SUM(compared), 0), COALESCE(SUM(missing), 0), COALESCE(SUM(extra), 0),"+
			" COALESCE(SUM(different), 0), COALESCE(SUM(finer), 0)\nFROM (\n%s\nUNION ALL\n%s\n) AS counts", left, right), args)
}

// sameKeys reports whether keys are equal, and in order, by the same rules in
// both tables. The pairs that are found from the source's side then are as many
// rows of the same range of the target, for both keys are unique, and whatever
// else there is in that range is extra: to count the range is enough, and no row
// is looked up a second time. Should there ever be fewer than pairs, the count is
// negative, which [Counts] does not take: the comparison fails.
func (m *Mapper) sameKeys() bool {
	for i, s := range m.source.table.Key {
		t := m.target.table.Key[i]
		if s.DataType != t.DataType || s.ColumnType != t.ColumnType || s.Collation != t.Collation {
			return false
		}
	}
	return true
}

func (m *Mapper) compareColumns(rule migrate.StepRule, scope Scope) Statement {
	var args []any
	cond := scope.condition(m.source.name, m.source.table.Key, &args)
	return m.statement("verify", fmt.Sprintf(
		"SELECT COUNT(*), 0, 0, COALESCE(SUM(NOT (%s)), 0), COALESCE(SUM(%s), 0)\nFROM %s\nWHERE %s%s",
		m.inStep(rule), m.finer(rule), m.source.name, cond, and(m.source.where)), args)
}

// finer is the condition that a pair is in step and f does not explain it. Under
// StepExact there is no such pair, and asking would double the work.
func (m *Mapper) finer(rule migrate.StepRule) string {
	if rule == migrate.StepExact {
		return "FALSE"
	}
	return fmt.Sprintf("(%s) AND NOT (%s)", m.inStep(rule), m.inStep(migrate.StepExact))
}

// compareFrom counts from the source's side. Where the target's rows are all
// counted by extraRows, it takes off those that belong to a pair.
func (m *Mapper) compareFrom(rule migrate.StepRule, scope Scope, args *[]any) string {
	there := column(m.target.name, m.target.table.Key[0]) + " IS NOT NULL"
	missing := fmt.Sprintf("SUM(NOT (%s))", there)
	compared, extra := "COUNT(*)", "0"
	if m.sameKeys() {
		compared, extra = missing, fmt.Sprintf("-SUM(%s)", there)
	}
	cond := scope.condition(m.source.name, m.source.table.Key, args)
	return fmt.Sprintf("SELECT %s AS compared, %s AS missing, %s AS extra,\n"+
		"  SUM(%s AND NOT (%s)) AS different,\n  SUM(%s AND %s) AS finer\nFROM %s\nLEFT JOIN %s\n  ON %s\nWHERE %s%s",
		compared, missing, extra, there, m.inStep(rule), there, m.finer(rule),
		m.source.name, m.target.name, m.joined(), cond, and(m.source.where))
}

// extraRows counts target rows that no source row stands behind, or all where
// sameKeys allows it.
func (m *Mapper) extraRows(scope Scope, args *[]any) string {
	cond := scope.condition(m.target.name, m.target.table.Key, args)
	if m.sameKeys() {
		return fmt.Sprintf("SELECT COUNT(*), 0, COUNT(*), 0, 0\nFROM %s\nWHERE %s", m.target.name, cond)
	}
	return fmt.Sprintf("SELECT COUNT(*), 0, COUNT(*), 0, 0\nFROM %s\nLEFT JOIN %s\n  ON %s%s\nWHERE %s\n  AND %s IS NULL",
		m.target.name, m.source.name, m.joined(), and(m.source.where), cond,
		column(m.source.name, m.source.table.Key[0]))
}

// Differing returns a query that yields the keys of up to limit pairs of a
// range that are not in step, for [Mapper.ScanKey].
func (m *Mapper) Differing(rule migrate.StepRule, scope Scope, limit int) Statement {
	if m.kind == migrate.MergeChange {
		return m.differingMerged(rule, scope, limit)
	}
	var args []any
	cond := scope.condition(m.source.name, m.source.table.Key, &args)
	if m.kind == migrate.ColumnChange {
		return m.statement("verify", fmt.Sprintf("SELECT %s\nFROM %s\nWHERE %s%s\n  AND NOT (%s)\nLIMIT %d",
			keyList(m.source.name, m.source.table.Key), m.source.name, cond, and(m.source.where), m.inStep(rule), limit), args)
	}
	there := column(m.target.name, m.target.table.Key[0]) + " IS NOT NULL"
	left := fmt.Sprintf("(SELECT %s\nFROM %s\nLEFT JOIN %s\n  ON %s\nWHERE %s%s\n  AND NOT (%s AND (%s))\nLIMIT %d)",
		keyList(m.source.name, m.source.table.Key), m.source.name, m.target.name, m.joined(), cond, and(m.source.where),
		there, m.inStep(rule), limit)
	cond = scope.condition(m.target.name, m.target.table.Key, &args)
	right := fmt.Sprintf("(SELECT %s\nFROM %s\nLEFT JOIN %s\n  ON %s%s\nWHERE %s\n  AND %s IS NULL\nLIMIT %d)",
		keyList(m.target.name, m.target.table.Key), m.target.name, m.source.name, m.joined(), and(m.source.where), cond,
		column(m.source.name, m.source.table.Key[0]), limit)
	return m.statement("verify", left+"\nUNION ALL\n"+right+fmt.Sprintf("\nLIMIT %d", limit), args)
}

// Boundary returns a query that yields the key of the n-th row of the authority
// in a range, counted from 1, for [Mapper.ScanKey]; no row if there are fewer. In
// a merge it walks the target either way: between two source rows there may be
// any number of target rows, all of which have to be looked at.
func (m *Mapper) Boundary(d Direction, scope Scope, n int) Statement {
	authority, _ := m.sides(d)
	if m.kind == migrate.MergeChange {
		authority = m.target
	}
	var args []any
	cond := scope.condition(authority.name, authority.table.Key, &args)
	order := make([]string, len(authority.table.Key))
	for i, c := range authority.table.Key {
		order[i] = column(authority.name, c)
	}
	return m.statement("walk", fmt.Sprintf("SELECT %s\nFROM %s\nWHERE %s\nORDER BY %s\nLIMIT 1 OFFSET %d",
		keyList(authority.name, authority.table.Key), authority.name, cond, strings.Join(order, ", "), n-1), args)
}

// Unmapped returns a query that yields a row if the target holds nothing for
// the one key in the scope: what a miss of copy-on-read is.
func (m *Mapper) Unmapped(scope Scope) Statement {
	var args []any
	cond := scope.condition(m.target.name, m.target.table.Key, &args)
	switch m.kind {
	case migrate.ColumnChange:
		return m.statement("read", fmt.Sprintf("SELECT 1\nFROM %s\nWHERE %s\n  AND NOT %s", m.target.name, cond, m.mapped(m.target.assign)), args)
	case migrate.MergeChange:
		return m.unmappedMerged(scope)
	}
	return m.statement("read", fmt.Sprintf(
		"SELECT 1\nFROM DUAL\nWHERE NOT EXISTS (\n    SELECT 1\n    FROM %s\n    WHERE %s)", m.target.name, cond), args)
}
