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
	parts   []part
	only    string // what If makes updates and insertions depend on
}

// side is one shape, with everything about it rendered.
type side struct {
	role   string // "source" or "target"
	table  migrate.Table
	name   string     // quoted; also the alias in every statement
	keys   []assigned // key columns that a collation may call equal when their bytes are not
	assign []assigned
	where  string // what of this side takes part; "" is all
}

// textKeys is the text columns of a table's key, each assigned the other
// table's: a collation calls keys equal whose bytes are not, and a key that is
// rewritten as such in one table has to be rewritten in the other.
func textKeys(key, other []migrate.Column, otherName string) []assigned {
	var out []assigned
	for i, c := range key {
		if classOfKey(c) == keyText {
			out = append(out, assigned{column: c, expr: column(otherName, other[i])})
		}
	}
	return out
}

// assigned is a column of a side and the expression over the other side.
type assigned struct {
	column migrate.Column
	expr   string // over the other side's name
	value  migrate.Expression
}

// New checks that every column of the mapping can be compared and returns its
// renderer.
func New(change string, mapping migrate.Mapping) (*Mapper, error) {
	m := &Mapper{change: change, mapping: mapping, kind: mapping.Kind()}
	m.source = side{role: "source", table: mapping.Source, name: mysqlx.Quote(mapping.Source.Name)}
	m.target = side{role: "target", table: mapping.Target, name: mysqlx.Quote(mapping.Target.Name)}
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
	if m.kind == migrate.TableChange {
		m.target.keys = textKeys(mapping.Target.Key, mapping.Source.Key, m.source.name)
		m.source.keys = textKeys(mapping.Source.Key, mapping.Target.Key, m.target.name)
	}
	if m.kind == migrate.MergeChange {
		if m.target.where, err = m.target.stands(); err != nil {
			return nil, fmt.Errorf("change %s: %w", change, err)
		}
	}
	if m.parts, err = m.divide(); err != nil {
		return nil, fmt.Errorf("change %s: %w", change, err)
	}
	return m, nil
}

func assignments(t migrate.Table, list []migrate.Assignment, other string) ([]assigned, error) {
	out := make([]assigned, len(list))
	for i, a := range list {
		c, ok := t.Column(a.Column)
		if !ok {
			return nil, fmt.Errorf("table `%s` has no mapped column `%s`", t.Name, a.Column)
		}
		out[i] = assigned{c, a.Value.Over(other), a.Value}
	}
	return out, nil
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
