package rules

import (
	"iter"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/review"
)

// tableOptions are the options that a statement gives to a table.
type tableOptions struct {
	s       *review.Statement
	table   string
	options []*ast.TableOption
	// create is the statement where it is CREATE TABLE, else nil.
	create *ast.CreateTableStmt
}

// optionsDefined yields the options that statements under review give to
// tables that stay.
func optionsDefined(p *review.Pass) iter.Seq[tableOptions] {
	return func(yield func(tableOptions) bool) {
		for s := range p.Statements() {
			t := tableOptions{s: s}
			switch n := s.Node.(type) {
			case *ast.CreateTableStmt:
				if n.TemporaryKeyword != ast.TemporaryNone {
					continue
				}
				t.table, t.options, t.create = n.Table.Name.O, n.Options, n
			case *ast.AlterTableStmt:
				t.table = n.Table.Name.O
				for _, spec := range n.Specs {
					if spec.Tp == ast.AlterTableOption {
						t.options = append(t.options, spec.Options...)
					}
				}
				if len(t.options) == 0 {
					continue
				}
			default:
				continue
			}
			if !yield(t) {
				return
			}
		}
	}
}
