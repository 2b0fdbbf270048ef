package shape

import (
	"fmt"
	"strings"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
)

// Mapper renders the statements of one mapping. It is immutable and safe for
// concurrent use.
type Mapper struct {
	change  string
	mapping migrate.Mapping
	kind    migrate.Kind
	source  side
	target  side
	exact   string // target = f(source), over the two tables' names
	either  string // exact, or mapped and source = g(target)
}

// side is one shape, with everything about it rendered.
type side struct {
	table  migrate.Table
	name   string // quoted; also the alias in every statement
	assign []assigned
	where  string // what of this side takes part; "" is all
}

// assigned is a column of a side and the expression over the other side.
type assigned struct {
	column migrate.Column
	expr   string
}

// New checks that every column of the mapping can be compared and returns its
// renderer.
func New(change string, mapping migrate.Mapping) (*Mapper, error) {
	m := &Mapper{change: change, mapping: mapping, kind: mapping.Kind()}
	m.source = side{table: mapping.Source, name: mysqlx.Quote(mapping.Source.Name)}
	m.target = side{table: mapping.Target, name: mysqlx.Quote(mapping.Target.Name)}
	if len(mapping.Source.Key) == 0 || len(mapping.Source.Key) != len(mapping.Target.Key) {
		return nil, fmt.Errorf("change %s: source and target need the same key; they have %d and %d columns",
			change, len(mapping.Source.Key), len(mapping.Target.Key))
	}
	if mapping.Where != "" {
		m.source.where = mapping.Where.Over(m.source.name)
	}
	var err error
	if m.target.assign, err = assignments(mapping.Target, mapping.Forward, m.source.name); err != nil {
		return nil, fmt.Errorf("change %s, forward: %w", change, err)
	}
	if m.source.assign, err = assignments(mapping.Source, mapping.Backward, m.target.name); err != nil {
		return nil, fmt.Errorf("change %s, backward: %w", change, err)
	}
	if m.exact, err = m.target.equal(); err != nil {
		return nil, fmt.Errorf("change %s, forward: %w", change, err)
	}
	return m, m.renderEither()
}

func assignments(t migrate.Table, list []migrate.Assignment, other string) ([]assigned, error) {
	out := make([]assigned, len(list))
	for i, a := range list {
		c, ok := t.Column(a.Column)
		if !ok {
			return nil, fmt.Errorf("table `%s` has no mapped column `%s`", t.Name, a.Column)
		}
		out[i] = assigned{c, a.Value.Over(other)}
	}
	return out, nil
}

// equal is the condition that every assigned column of the side holds what its
// expression over the other side yields.
func (s side) equal() (string, error) {
	out := make([]string, len(s.assign))
	for i, a := range s.assign {
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

func (m *Mapper) renderEither() error {
	if len(m.source.assign) == 0 {
		m.either = m.exact // no way back declared: only f can explain a pair
		return nil
	}
	back, err := m.source.equal()
	if err != nil {
		return fmt.Errorf("change %s, backward: %w", m.change, err)
	}
	if m.kind == migrate.ColumnChange {
		back = m.mapped() + "\n    AND " + back
	}
	m.either = "(" + m.exact + ")\n    OR (" + back + ")"
	return nil
}

// mapped is the condition that a column target was ever written: a row that
// was inserted without it has NULL in all its columns.
func (m *Mapper) mapped() string {
	out := make([]string, len(m.target.assign))
	for i, a := range m.target.assign {
		out[i] = column(m.target.name, a.column) + " IS NOT NULL"
	}
	return "(" + strings.Join(out, " OR ") + ")"
}

// inStep is the condition, over one joined pair, that it is in step.
func (m *Mapper) inStep(rule migrate.StepRule) string {
	if rule == migrate.StepEither {
		return m.either
	}
	return m.exact
}

// Mapping returns the mapping that the mapper renders.
func (m *Mapper) Mapping() migrate.Mapping { return m.mapping }

// Change returns the name of the change.
func (m *Mapper) Change() string { return m.change }

// joined is the condition that rows of both sides have the same key.
func (m *Mapper) joined() string {
	out := make([]string, len(m.source.table.Key))
	for i := range out {
		out[i] = column(m.target.name, m.target.table.Key[i]) + " = " + column(m.source.name, m.source.table.Key[i])
	}
	return strings.Join(out, "\n  AND ")
}

// and adds a condition unless it is empty.
func and(condition string) string {
	if condition == "" {
		return ""
	}
	return "\n  AND (" + condition + ")"
}
