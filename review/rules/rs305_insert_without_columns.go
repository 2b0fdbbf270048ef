package rules

import (
	"fmt"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/review"
)

func insertWithoutColumns() review.Rule {
	return review.Rule{
		Code: "RS305", Name: "insert-without-columns", Category: review.Data, Severity: review.Warning,
		Summary: "INSERT that does not name its columns",
		Check:   checkInsertWithoutColumns,
	}
}

func checkInsertWithoutColumns(p *review.Pass) {
	for s, n := range review.Nodes[*ast.InsertStmt](p) {
		if len(n.Columns) > 0 || n.Setlist || n.Select == nil && (len(n.Lists) == 0 || len(n.Lists[0]) == 0) {
			continue
		}
		table := s.Tables()[0]
		if s.New(table) {
			continue
		}
		f := review.Finding{
			Object:  table,
			Message: fmt.Sprintf("the values for %s stand in the order of its columns: the next column that is added breaks the statement", table),
			Advice:  "name the columns",
		}
		if t := s.Table(table); t.Complete {
			f.Fixes = nameColumns(s, n, t)
		}
		p.Report(s, f)
	}
}

// nameColumns returns the fix that writes the columns of the table behind its
// name, if there are as many as values.
func nameColumns(s *review.Statement, n *ast.InsertStmt, t *review.Table) []review.Fix {
	var columns []string
	for _, c := range t.Columns {
		if !c.Invisible {
			columns = append(columns, mysqlx.Quote(c.Name))
		}
	}
	at, found := s.Find(t.Name)
	if !found || n.Select == nil && len(n.Lists[0]) != len(columns) || len(n.PartitionNames) > 0 {
		return nil
	}
	return []review.Fix{{
		Description: "name the columns as the table has them now",
		Edits:       []review.Edit{s.Insert(at.End, " ("+strings.Join(columns, ", ")+")")},
	}}
}
