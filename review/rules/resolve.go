package rules

import (
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/review"
)

// unresolved returns the first table or column of a statement on data that is
// not there, as far as that is known for certain; empty where nothing is wrong
// or not everything is known. Subqueries, WITH and tables of other databases are
// left to the server.
func unresolved(p *review.Pass, s *review.Statement) string {
	v := &namesUsed{}
	review.Walk(s.Node, v.visit)
	if v.complex {
		return ""
	}
	tables := map[string]*review.Table{} // by the name that columns are qualified with
	for _, src := range v.sources {
		t := s.Table(src.table)
		if !t.Complete {
			if gone(p, t) {
				return src.table
			}
			return ""
		}
		tables[strings.ToLower(src.alias)] = t
	}
	for _, c := range v.columns {
		if !known(tables, v.aliases, c) {
			if c.Table.O == "" && len(v.sources) == 1 {
				return dot(v.sources[0].table, c.Name.O)
			}
			return strings.TrimPrefix(dot(c.Table.O, c.Name.O), ".")
		}
	}
	return ""
}

// gone reports whether a table is not there: the server's tables are known, and
// it is not one of them, nor made since.
func gone(p *review.Pass, t *review.Table) bool {
	if p.Facts == nil || len(p.Facts.Tables) == 0 || len(t.Columns) > 0 {
		return false
	}
	_, there := p.Facts.Table(t.Name)
	return !there
}

// known reports whether a column is one of the tables', or the name of a field.
func known(tables map[string]*review.Table, fields []string, c *ast.ColumnName) bool {
	if c.Table.O == "" && hasFold(fields, c.Name.O) {
		return true
	}
	for alias, t := range tables {
		if c.Table.O != "" && !strings.EqualFold(c.Table.O, alias) {
			continue
		}
		if _, ok := t.Column(c.Name.O); ok {
			return true
		}
	}
	return false
}

// namesUsed are the names in a statement.
type namesUsed struct {
	sources []source
	columns []*ast.ColumnName
	aliases []string
	// complex is whether names hang on more than the tables of one query.
	complex bool
}

// visit collects a name.
func (v *namesUsed) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.SubqueryExpr, *ast.WithClause, *ast.SetOprStmt, *ast.SelectIntoOption:
		v.complex = true
	case *ast.TableSource:
		t, ok := n.Source.(*ast.TableName)
		if !ok || t.Schema.O != "" {
			v.complex = true
			break
		}
		src := source{t.Name.O, n.AsName.O}
		if src.alias == "" {
			src.alias = src.table
		}
		v.sources = append(v.sources, src)
	case *ast.SelectField:
		v.aliases = append(v.aliases, n.AsName.O)
	case *ast.InsertStmt:
		// Columns of the SELECT are not those of the target, and VALUES()
		// and row aliases are other names again.
		v.complex = v.complex || n.Select != nil || len(n.OnDuplicate) > 0
	case *ast.ColumnName:
		v.columns = append(v.columns, n)
	}
	return !v.complex
}
