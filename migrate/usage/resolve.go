package usage

import (
	"fmt"
	"maps"

	"github.com/pingcap/tidb/pkg/parser/ast"
)

// target is an element looked for. A view over an element is a target of its
// own, on behalf of the element.
type target struct {
	Element        // what is looked for
	via     string // the view, if it is one
	of      *Element
}

// element is what the target was asked for.
func (t target) element() Element {
	if t.of != nil {
		return *t.of
	}
	return t.Element
}

// tableKey is a table's folded schema and name.
type tableKey struct{ schema, name string }

func (t target) key() tableKey { return tableKey{fold(t.Schema), fold(t.Table)} }

// catalog holds the folded names of the columns that tables have now. A table
// that is not in it is a temporary one, or has gone, or is hidden.
type catalog map[tableKey]map[string]bool

// found is one way in which a target is used.
type found struct {
	target int
	how    How
	why    string
}

// source is one thing in a FROM clause.
type source struct {
	alias   string
	table   tableKey // of a base table
	columns map[string]bool
	derived bool
}

// scope is what names of one query may mean.
type scope struct {
	sources []source
	aliases map[string]bool // of the select list
	ctes    map[string]map[string]bool
	ordered int // within ORDER BY
}

// resolver walks a statement and resolves its names.
type resolver struct {
	targets []target
	catalog catalog
	schema  string // the default one, folded
	scopes  []*scope
	pushed  map[ast.Node]bool
	changes bool // a statement that defines something
	out     map[found]bool
}

// resolve returns how a statement uses the targets. outer are sources that are
// visible from outside: the row of a trigger, the table of an expression.
func resolve(n ast.Node, targets []target, c catalog, schema string, outer ...source) []found {
	r := &resolver{targets: targets, catalog: c, schema: fold(schema), pushed: map[ast.Node]bool{}, out: map[found]bool{}}
	r.scopes = []*scope{{sources: outer}}
	_, isDDL := n.(ast.DDLNode)
	r.changes = isDDL
	n.Accept(r)
	var out []found
	for f := range maps.Keys(r.out) {
		out = append(out, f)
	}
	return out
}

// hit records that every target for which match holds is used.
func (r *resolver) hit(how How, why string, match func(target) bool) {
	if r.changes && how != Hint {
		how = Changes
	}
	for i, t := range r.targets {
		if match(t) {
			r.out[found{i, how, why}] = true
		}
	}
}

func (r *resolver) hitColumn(table tableKey, column string, how How, why string) {
	r.hit(how, why, func(t target) bool { return t.Column != "" && t.key() == table && fold(t.Column) == column })
}

func (r *resolver) hitStar(s source, why string) {
	if !s.derived {
		r.hit(Star, why, func(t target) bool { return t.Column != "" && t.key() == s.table })
	}
}

func (r *resolver) hitTable(table tableKey) {
	r.hit(Names, "", func(t target) bool { return t.Column == "" && t.Index == "" && t.key() == table })
}

func (r *resolver) hitIndex(table tableKey, index string, how How) {
	r.hit(how, "", func(t target) bool { return t.Index != "" && t.key() == table && fold(t.Index) == fold(index) })
}

// tableKey is what a table's name in a statement means.
func (r *resolver) tableKey(n *ast.TableName) tableKey {
	schema := r.schema
	if n.Schema.O != "" {
		schema = fold(n.Schema.O)
	}
	return tableKey{schema, fold(n.Name.O)}
}

// columnsOf are the columns of a base table, nil if they are not known. Those
// that are looked for count as there.
func (r *resolver) columnsOf(table tableKey) map[string]bool {
	columns := r.catalog[table]
	for _, t := range r.targets {
		if t.Column != "" && t.key() == table && !columns[fold(t.Column)] {
			columns = maps.Clone(columns)
			if columns == nil {
				columns = map[string]bool{}
			}
			columns[fold(t.Column)] = true
		}
	}
	return columns
}

// cte returns the columns of a common table expression that is in scope.
func (r *resolver) cte(name string) (columns map[string]bool, ok bool) {
	for i := len(r.scopes) - 1; i >= 0; i-- {
		if columns, ok = r.scopes[i].ctes[name]; ok {
			return columns, true
		}
	}
	return nil, false
}

// inner is the innermost scope.
func (r *resolver) inner() *scope { return r.scopes[len(r.scopes)-1] }

// push opens the scope of a node.
func (r *resolver) push(n ast.Node, s *scope) {
	r.pushed[n] = true
	r.scopes = append(r.scopes, s)
}

// column resolves the name of a column.
func (r *resolver) column(n *ast.ColumnName) {
	name := fold(n.Name.O)
	if n.Table.O != "" {
		r.qualified(fold(n.Schema.O), fold(n.Table.O), name)
		return
	}
	if s := r.inner(); s.ordered > 0 && s.aliases[name] {
		return // ORDER BY means the select list first
	}
	for i := len(r.scopes) - 1; i >= 0; i-- {
		known := false
		for _, s := range r.scopes[i].sources {
			if s.columns[name] {
				known = true
				if !s.derived {
					r.hitColumn(s.table, name, Names, "")
				}
			}
		}
		if known {
			return
		}
	}
}

// qualified resolves the name of a column behind that of a table.
func (r *resolver) qualified(schema, table, name string) {
	for i := len(r.scopes) - 1; i >= 0; i-- {
		for _, s := range r.scopes[i].sources {
			if s.alias != table || (schema != "" && s.table.schema != "" && schema != s.table.schema) {
				continue
			}
			if !s.derived {
				r.hitColumn(s.table, name, Names, "")
			}
			return
		}
	}
	if schema == "" {
		schema = r.schema
	}
	why := fmt.Sprintf("%s is no table of the statement", table)
	r.hitColumn(tableKey{schema, table}, name, Unresolved, why)
}
