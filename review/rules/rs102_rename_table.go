package rules

import (
	"fmt"
	"slices"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/review"
)

func renameTable() review.Rule {
	return review.Rule{
		Code: "RS102", Name: "rename-table", Category: review.Breaks, Severity: review.Error,
		Summary: "a table gets another name while running code uses the old one",
		Check:   checkRenameTable,
	}
}

func checkRenameTable(p *review.Pass) {
	names := newAliases()
	for s := range p.Statements() {
		pairs := tableRenames(s.Node)
		for _, pair := range pairs {
			exchanged := slices.ContainsFunc(pairs, func(other rename) bool { return other.to == pair.from || other.from == pair.to })
			if _, unknown := names.of(s, pair.from); unknown || exchanged || s.New(pair.from) {
				continue
			}
			f := review.Finding{
				Object: pair.from,
				Span:   s.Where(pair.from, "TO", pair.to),
				Message: fmt.Sprintf("table %s becomes %s: every statement of running code that names it fails from that moment on",
					pair.from, pair.to),
				Advice: "make the new name a view on the old one first, and exchange them once nothing names the old one",
				Fixes:  []review.Fix{p.PlanDDL(pair.from, "RENAME TABLE "+mysqlx.Quote(pair.from)+" TO "+mysqlx.Quote(pair.to))},
			}
			if held(p, pair.to) {
				f.Severity = review.Warning
				f.Message = fmt.Sprintf("table %s is held as %s: code that still uses it fails, until somebody renames it back", pair.from, pair.to)
				f.Advice = "look first who uses it, and hold it for longer than the rarest job of the application takes"
				f.Fixes = []review.Fix{p.PlanDDL(pair.from, "DROP TABLE "+mysqlx.Quote(pair.from))}
			}
			p.Report(s, f)
		}
		names.see(s)
	}
}

// rename is a table that gets another name.
type rename struct{ from, to string }

// tableRenames returns the tables that a statement gives another name, in its
// order.
func tableRenames(n ast.StmtNode) []rename {
	var out []rename
	switch n := n.(type) {
	case *ast.RenameTableStmt:
		for _, t := range n.TableToTables {
			out = append(out, rename{t.OldTable.Name.O, t.NewTable.Name.O})
		}
	case *ast.AlterTableStmt:
		for _, spec := range specsOf(n, ast.AlterTableRenameTable) {
			out = append(out, rename{n.Table.Name.O, spec.NewTable.Name.O})
		}
	}
	return out
}
