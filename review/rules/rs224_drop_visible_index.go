package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/review"
)

func dropVisibleIndex() review.Rule {
	return review.Rule{
		Code: "RS224", Name: "drop-visible-index", Category: review.Locks, Severity: review.Note,
		Summary: "an index is dropped that was not made invisible before",
		Check:   checkDropVisibleIndex,
	}
}

func checkDropVisibleIndex(p *review.Pass) {
	hidden := hiddenBefore(p)
	for s, op := range p.Operations(ddl.DropAnyIndex) {
		table := s.Tables()[0]
		if s.New(table) || hidden[strings.ToLower(table+"."+op.Name)] || covered(s.Table(table), op.Name) {
			continue
		}
		hide := fmt.Sprintf("ALTER TABLE %s ALTER INDEX %s INVISIBLE", mysqlx.Quote(table), mysqlx.Quote(op.Name))
		if p.Server.Flavour == ddl.MariaDB {
			hide = fmt.Sprintf("ALTER TABLE %s ALTER INDEX %s IGNORED", mysqlx.Quote(table), mysqlx.Quote(op.Name))
		}
		p.Report(s, review.Finding{
			Object: table + "." + op.Name, Span: s.Where(op.Name),
			Message: fmt.Sprintf("index %s of %s is dropped without having been hidden: if a query needs it, it is slow until the index is built again", op.Name, table),
			Advice:  "hide it first, wait a business cycle, then drop it: " + hide,
			Fixes: []review.Fix{{
				Description: "hide it in this release, and drop it in a later one",
				Edits:       []review.Edit{s.Replace(s.Span(), hide)},
			}},
		})
	}
}

// hiddenBefore returns the indexes that migrations of the past, or earlier sets
// under review, made invisible: by table.index in lower case.
func hiddenBefore(p *review.Pass) map[string]bool {
	out := map[string]bool{}
	see := func(m *review.Migration) {
		for _, s := range m.Statements {
			alter, ok := s.Node.(*ast.AlterTableStmt)
			if !ok || s.Direction != review.Up {
				continue
			}
			for _, spec := range alter.Specs {
				if spec.Tp == ast.AlterTableIndexInvisible {
					out[alter.Table.Name.L+"."+spec.IndexName.L] = spec.Visibility == ast.IndexVisibilityInvisible
				}
			}
		}
	}
	for m := range p.Past() {
		see(m)
	}
	return out
}

// covered reports whether another index begins with all columns of an index
// that promises nothing by itself.
func covered(t *review.Table, name string) bool {
	i := slices.IndexFunc(t.Indexes, func(x ddl.Index) bool { return strings.EqualFold(x.Name, name) })
	if i < 0 || t.Indexes[i].Unique {
		return false
	}
	return slices.ContainsFunc(t.Indexes, func(x ddl.Index) bool {
		return !strings.EqualFold(x.Name, name) && begins(x.Columns, t.Indexes[i].Columns)
	})
}
