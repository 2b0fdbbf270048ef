package rules

import (
	"iter"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/review"
)

// removal is a name that a statement takes away from running code: a column,
// or with an empty column a table.
type removal struct {
	*review.Statement
	table, column string
	at            review.Span
}

func (r removal) object() string {
	if r.column == "" {
		return r.table
	}
	return dot(r.table, r.column)
}

// what names it for people.
func (r removal) what() string {
	if r.column == "" {
		return "table " + r.table
	}
	return "column " + r.object()
}

// removals yields the names that are dropped or renamed. Names that came with
// the same set are not among them.
func removals(p *review.Pass) iter.Seq[removal] {
	return func(yield func(removal) bool) {
		names := newAliases()
		for s := range p.Statements() {
			for _, r := range removedBy(s) {
				if !r.isNew(names) && !yield(r) {
					return
				}
			}
			names.see(s)
		}
	}
}

// isNew reports whether running code does not know the name.
func (r removal) isNew(names aliases) bool {
	_, renamed := names.of(r.Statement, r.table)
	return renamed && r.column == "" || r.New(r.table) || r.column != "" && r.NewColumn(r.table, r.column)
}

// removedBy returns the names that one statement takes away.
func removedBy(s *review.Statement) []removal {
	var out []removal
	switch n := s.Node.(type) {
	case *ast.DropTableStmt:
		for _, t := range n.Tables {
			if n.TemporaryKeyword == ast.TemporaryNone {
				out = append(out, removal{s, t.Name.O, "", place(s, t.Name.O)})
			}
		}
	case *ast.AlterTableStmt:
		for _, spec := range specsOf(n, ast.AlterTableDropColumn, ast.AlterTableRenameColumn, ast.AlterTableChangeColumn) {
			name := spec.OldColumnName.Name.O
			if spec.Tp != ast.AlterTableChangeColumn || !strings.EqualFold(name, spec.NewColumns[0].Name.Name.O) {
				out = append(out, removal{s, n.Table.Name.O, name, place(s, name, "DROP COLUMN", "RENAME COLUMN", "CHANGE COLUMN", "DROP", "CHANGE")})
			}
		}
	}
	renames := tableRenames(s.Node)
	for _, pair := range renames {
		stays := false
		for _, other := range renames {
			stays = stays || other.to == pair.from
		}
		if !stays {
			out = append(out, removal{s, pair.from, "", place(s, pair.from)})
		}
	}
	return out
}
