package shape

import (
	"fmt"
	"strings"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
)

// Direction says which shape has to follow which.
type Direction string

const (
	// Forward brings the target into step with the source.
	Forward Direction = "forward"
	// Backward brings the source into step with the target.
	Backward Direction = "backward"
)

// Follows returns the direction in which the other shape follows a write in
// the given one.
func Follows(written migrate.Shape) Direction {
	if written == migrate.TargetShape {
		return Backward
	}
	return Forward
}

// Statement is SQL with its arguments.
type Statement struct {
	SQL  string
	Args []any
}

// sides returns the side that is right and the side that has to follow.
func (m *Mapper) sides(d Direction) (authority, follower side) {
	if d == Backward {
		return m.target, m.source
	}
	return m.source, m.target
}

// Reconcile returns the statements that bring the follower into step within
// the scope, deletes included: those of [Mapper.Remove], [Mapper.Update] and
// [Mapper.Insert]. They have to run in order, in one transaction in which the
// authority's rows are locked (see the package comment). A pair that is in step
// under the rule is not touched, so running them again changes nothing.
func (m *Mapper) Reconcile(d Direction, rule migrate.StepRule, scope Scope) []Statement {
	if m.kind == migrate.ColumnChange {
		return m.Update(d, rule, scope)
	}
	out := append([]Statement{m.Remove(d, scope)}, m.Update(d, rule, scope)...)
	return append(out, m.Insert(d, scope))
}

// Update returns the statements that bring pairs of which both rows are there
// into step, one for each part of the mapping that can be out of step by
// itself. Their WHERE is that the part is out of step, so a statement that
// matches a row has found its pair.
func (m *Mapper) Update(d Direction, rule migrate.StepRule, scope Scope) []Statement {
	var out []Statement
	for _, p := range m.parts {
		if follows := p.follower(d); len(follows) > 0 {
			out = append(out, m.update(d, p, follows, rule, scope))
		}
	}
	return out
}

// follower is the columns of the part that are assigned in a direction.
func (p part) follower(d Direction) []assigned {
	if d == Backward {
		return p.source
	}
	return p.target
}

// Fill returns the statement that copies a range of which the follower holds
// nothing yet; a row that is there after all is a duplicate-key error, upon
// which Reconcile is the thing to run. It returns false where the follower's rows
// are there already: for a column change, and for a merge forward.
func (m *Mapper) Fill(d Direction, scope Scope) (Statement, bool) {
	if m.kind == migrate.ColumnChange || m.joins(d) {
		return Statement{}, false
	}
	return m.insertFrom(d, scope, ""), true
}

// LockAndFill returns the statement that locks the authority's rows of a range
// and copies them in the same pass: [Mapper.Lock] and [Mapper.Fill] in one. NOWAIT
// may follow it. It affects one row for each row of the authority; where a
// condition chooses among them the two would differ, and it returns false, as it
// does for a column change.
//
// It protects what Lock before Fill protects. Both are locking reads of the same
// range at REPEATABLE READ: each row is locked for writing as it is read, in the
// version that is then the latest, with the gap before it, and stays so until
// the transaction ends. Lock takes all of them before the first is copied;
// here a row ahead may still change while those behind are copied. That is
// harmless: it is copied as it is when it is locked, so that at the commit every
// row of the range is locked and its copy is that of the locked version. A row
// that comes into the range ahead is either not committed, so its lock is met
// and refused, or has been mirrored as well, which is a duplicate; one that
// would come in behind waits at its gap. What does change is that a
// transaction that waits for a row ahead holds rows of the follower already: wait
// with Lock, and use this only where a lock that is taken is refused at once.
func (m *Mapper) LockAndFill(d Direction, scope Scope) (Statement, bool) {
	authority, _ := m.sides(d)
	fill, ok := m.Fill(d, scope)
	fill.SQL += "\nFOR UPDATE"
	return fill, ok && authority.where == ""
}

// FollowerAny returns a query that yields a row if the follower holds any row
// in the scope.
func (m *Mapper) FollowerAny(d Direction, scope Scope) Statement {
	_, follower := m.sides(d)
	var args []any
	cond := scope.condition(follower.name, follower.table.Key, &args)
	return m.statement("copy", fmt.Sprintf("SELECT 1\nFROM %s\nWHERE %s\nLIMIT 1", follower.name, cond), args)
}

// Lock returns a locking read of the authority's rows: what copy-on-read and
// repair begin with. It counts rows of the table that [Mapper.Boundary] walks;
// where that is the follower's, those are locked too.
func (m *Mapper) Lock(d Direction, scope Scope) Statement {
	if m.joins(d) {
		return m.lockMerged(scope)
	}
	authority, _ := m.sides(d)
	var args []any
	cond := scope.condition(authority.name, authority.table.Key, &args)
	return m.statement("lock", fmt.Sprintf("SELECT COUNT(*)\nFROM %s\nWHERE %s\nFOR UPDATE", authority.name, cond), args)
}

func (m *Mapper) statement(what, text string, args []any) Statement {
	return Statement{mysqlx.Marker(what+" "+m.change) + "\n" + text, args}
}

// inUTC keeps MySQL from moving a TIMESTAMP by an hour where the session's zone
// has summer time: it assigns by the time of day, of which one hour comes twice.
// To MariaDB, which assigns the instant, it is a comment.
const inUTC = "/*+ SET_VAR(time_zone='+00:00') */ "

// update brings one part into step.
func (m *Mapper) update(d Direction, p part, follows []assigned, rule migrate.StepRule, scope Scope) Statement {
	authority, follower := m.sides(d)
	var args []any
	from, cond := m.pairs(authority, follower, scope, &args)
	return m.statement("mirror", fmt.Sprintf("UPDATE "+inUTC+"%s\nSET %s\nWHERE %s%s%s\n  AND NOT (%s)%s",
		from, m.setList(follower, follows), cond, and(m.source.where), and(m.target.where), p.inStep(rule), and(m.only)), args)
}

// pairs is what an UPDATE reads and on what condition. Follower and authority of
// a column change are columns of the same row; those of a table change are
// joined by the key, and both are bounded, because the servers do not infer the
// second range.
//
// Both servers write rows of the table that they read first as they go, and put
// those of another into a temporary table before: a quarter of the price of one
// row. So the follower is read first where rows are named by their keys. Whoever
// names them holds the authority's rows already; a range is locked as it is read,
// and has to meet the authority's rows first, as everybody else does.
func (m *Mapper) pairs(authority, follower side, scope Scope, args *[]any) (from, cond string) {
	from = follower.name
	cond = scope.condition(follower.name, follower.table.Key, args)
	if m.kind == migrate.ColumnChange {
		return from, cond
	}
	first, join, second := authority.name, "JOIN", follower.name
	if scope.keys != nil {
		first, join, second = follower.name, "STRAIGHT_JOIN", authority.name
	}
	from = fmt.Sprintf("%s\n%s %s\n  ON %s", first, join, second, m.joined())
	return from, cond + "\n  AND " + scope.condition(authority.name, authority.table.Key, args)
}

// setList assigns columns of the follower and holds on to what the server
// would bump by itself.
func (m *Mapper) setList(follower side, follows []assigned) string {
	var out []string
	for _, a := range follows {
		out = append(out, column(follower.name, a.column)+" = "+a.expr)
	}
	return strings.Join(append(out, m.preserved(follower)...), ",\n    ")
}

// preserved sets to itself what the server would bump.
func (m *Mapper) preserved(follower side) []string {
	if m.kind == migrate.TableChange {
		return nil
	}
	var out []string
	for _, name := range follower.table.Preserve {
		c := follower.name + "." + mysqlx.Quote(name)
		out = append(out, c+" = "+c)
	}
	return out
}

// Remove returns the statement that deletes follower rows whose authority is
// gone, or in a merge forward clears their columns. On the way back only source
// rows that take part in the mapping are orphans. Not for a column change.
func (m *Mapper) Remove(d Direction, scope Scope) Statement {
	if m.joins(d) {
		return m.clear(scope)
	}
	authority, follower := m.sides(d)
	var args []any
	cond := scope.condition(follower.name, follower.table.Key, &args)
	return m.statement("mirror", fmt.Sprintf(
		"DELETE FROM %s\nWHERE %s%s\n  AND NOT EXISTS (\n    SELECT 1\n    FROM %s\n    WHERE %s%s)",
		follower.name, cond, and(follower.where), authority.name, m.joined(), and(authority.where)), args)
}

// Insert returns the statement that adds follower rows for authority rows that
// have none, or in a merge forward fills the columns of the rows that are there.
// Not for a column change.
func (m *Mapper) Insert(d Direction, scope Scope) Statement {
	if m.joins(d) {
		return m.fillIn(scope)
	}
	_, follower := m.sides(d)
	return m.insertFrom(d, scope, fmt.Sprintf(
		"\n  AND NOT EXISTS (\n    SELECT 1\n    FROM %s\n    WHERE %s)", follower.name, m.joined()))
}

func (m *Mapper) insertFrom(d Direction, scope Scope, missing string) Statement {
	authority, follower := m.sides(d)
	columns := names(follower.table.Key)
	values := make([]string, 0, len(columns)+len(follower.assign))
	for _, c := range authority.table.Key {
		values = append(values, column(authority.name, c))
	}
	for _, a := range follower.assign {
		columns = append(columns, a.column.Name)
		values = append(values, a.expr)
	}
	var args []any
	cond := scope.condition(authority.name, authority.table.Key, &args)
	return m.statement("mirror", fmt.Sprintf("INSERT "+inUTC+"INTO %s\n  (%s)\nSELECT %s\nFROM %s\nWHERE %s%s%s%s",
		follower.name, mysqlx.QuoteList("", columns), strings.Join(values, ", "),
		authority.name, cond, and(authority.where), missing, and(m.only)), args)
}

func names(columns []migrate.Column) []string {
	out := make([]string, len(columns))
	for i, c := range columns {
		out[i] = c.Name
	}
	return out
}
