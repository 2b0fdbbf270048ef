package shape

import "fmt"

// If returns a mapper whose updates and insertions do nothing unless the
// condition holds: it is how a statement of the application's library takes the
// fence in passing. Deletions and queries stay as they are. The condition has to
// be SQL of our own.
func (m *Mapper) If(condition string) *Mapper {
	guarded := *m
	guarded.only = condition
	return &guarded
}

// Overwrite returns a statement that assigns every mapped column of pairs of
// which both rows are there, in step or not. Where the authority explains every
// value of the follower, which is what [migrate.StepExact] says of the way
// forward, it comes to the same as [Mapper.Update] and costs the server half:
// assigning a value that is there already changes no row.
func (m *Mapper) Overwrite(d Direction, scope Scope) Statement {
	authority, follower := m.sides(d)
	var follows []assigned
	for _, p := range m.parts {
		follows = append(follows, p.follower(d)...)
	}
	var args []any
	from, cond := m.pairs(authority, follower, scope, &args)
	return m.statement("mirror", fmt.Sprintf("UPDATE %s\nSET %s\nWHERE %s%s%s%s",
		from, m.setList(follower, follows), cond, and(m.source.where), and(m.target.where), and(m.only)), args)
}
