package shape

import (
	"strings"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
)

// part is a group of columns of both sides that explain each other and nothing
// else. A pair is in step when every part of it is, and a part that is out of
// step is brought into step by itself: a release that counts a visit must not
// make the row's name be mapped again.
type part struct {
	target, source []assigned
	exact          string // target = f(source), over the two tables' names
	either         string // exact, or mapped and source = g(target)
}

// divide groups the mapping's columns: an expression ties the column that it is
// for to the columns that it reads, keys excepted, and what is tied to the same
// column is one part. Columns that are copied as they are, in both directions
// and between equal types, have no value that only one direction explains; they
// are put together into the first part, for the sake of fewer statements.
func (m *Mapper) divide() ([]part, error) {
	ties := newTies()
	for _, s := range []struct{ of, over side }{{m.target, m.source}, {m.source, m.target}} {
		for _, a := range s.of.assign {
			node := s.of.node(a.column.Name)
			ties.join(node, node)
			for _, read := range a.value.Columns() {
				if !s.over.isKey(read) {
					ties.join(node, s.over.node(read))
				}
			}
		}
	}
	var order []string
	groups := map[string]*part{}
	group := func(node string) *part {
		root := ties.root(node)
		if groups[root] == nil {
			groups[root] = &part{}
			order = append(order, root)
		}
		return groups[root]
	}
	for _, a := range m.target.assign {
		g := group(m.target.node(a.column.Name))
		g.target = append(g.target, a)
	}
	for _, a := range m.source.assign {
		g := group(m.source.node(a.column.Name))
		g.source = append(g.source, a)
	}
	plain := part{target: m.target.keys, source: m.source.keys}
	var parts []part
	for _, root := range order {
		if g := groups[root]; g.isPlain() {
			plain.target, plain.source = append(plain.target, g.target...), append(plain.source, g.source...)
		} else {
			parts = append(parts, *g)
		}
	}
	if len(plain.target) > 0 {
		parts = append([]part{plain}, parts...)
	}
	for i := range parts {
		if err := m.render(&parts[i]); err != nil {
			return nil, err
		}
	}
	return parts, nil
}

// isPlain reports whether a part is one column copied as it is, both ways.
func (p *part) isPlain() bool {
	if len(p.target) != 1 || len(p.source) != 1 {
		return false
	}
	t, s := p.target[0], p.source[0]
	return t.column.ColumnType == s.column.ColumnType && t.column.Collation == s.column.Collation &&
		isColumn(t.value, s.column.Name) && isColumn(s.value, t.column.Name)
}

// isColumn reports whether an expression is a column and nothing else.
func isColumn(e migrate.Expression, name string) bool {
	return strings.EqualFold(string(e), migrate.Row+mysqlx.Quote(name))
}

// render works out when the part is in step. A part that the source cannot
// give back is in step only if f explains it.
func (m *Mapper) render(p *part) error {
	var err error
	if p.exact, err = m.target.equal(p.target); err != nil {
		return err
	}
	p.either = p.exact
	if len(p.source) == 0 {
		return nil
	}
	back, err := m.source.equal(p.source)
	if err != nil {
		return err
	}
	if m.kind == migrate.ColumnChange {
		back = m.mapped(p.target) + "\n    AND " + back
	}
	p.either = "(" + p.exact + ")\n    OR (" + back + ")"
	return nil
}

// equal is the condition that columns of the side hold what their expressions
// over the other side yield.
func (s side) equal(list []assigned) (string, error) {
	out := make([]string, len(list))
	for i, a := range list {
		var err error
		if out[i], err = same(a.column, column(s.name, a.column), a.expr); err != nil {
			return "", err
		}
	}
	if len(out) == 0 {
		return "TRUE", nil
	}
	return strings.Join(out, "\n    AND "), nil
}

// mapped is the condition that columns of a column target were ever written: a
// row that was inserted without them has NULL in all.
func (m *Mapper) mapped(list []assigned) string {
	out := make([]string, len(list))
	for i, a := range list {
		out[i] = column(m.target.name, a.column) + " IS NOT NULL"
	}
	if len(out) == 0 {
		return "TRUE"
	}
	return "(" + strings.Join(out, " OR ") + ")"
}

// inStep is the condition, over one joined pair, that the part is in step.
func (p part) inStep(rule migrate.StepRule) string {
	if rule == migrate.StepEither {
		return p.either
	}
	return p.exact
}

// inStep is the condition that every part of a pair is in step.
func (m *Mapper) inStep(rule migrate.StepRule) string {
	out := make([]string, len(m.parts))
	for i, p := range m.parts {
		out[i] = "(" + p.inStep(rule) + ")"
	}
	return strings.Join(out, "\n    AND ")
}

// ties is a union-find over column names.
type ties struct{ parent map[string]string }

func newTies() ties { return ties{map[string]string{}} }

func (t ties) root(node string) string {
	for t.parent[node] != "" && t.parent[node] != node {
		node = t.parent[node]
	}
	return node
}

func (t ties) join(a, b string) {
	a, b = t.root(a), t.root(b)
	if t.parent[a] == "" {
		t.parent[a] = a
	}
	t.parent[b] = a
}

// node names a column of the side for ties; the servers do not tell the case of
// column names apart.
func (s side) node(name string) string { return s.role + "." + strings.ToLower(name) }

func (s side) isKey(name string) bool {
	for _, c := range s.table.Key {
		if strings.EqualFold(c.Name, name) {
			return true
		}
	}
	return false
}
