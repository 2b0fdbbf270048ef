package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/review"
)

func noWayBack() review.Rule {
	return review.Rule{
		Code: "RS319", Name: "no-way-back", Category: review.Data, Severity: review.Note,
		Summary: "values are overwritten or deleted, and nothing keeps them",
		Check:   checkNoWayBack,
	}
}

func checkNoWayBack(p *review.Pass) {
	for m := range p.Migrations() {
		kept := keptTables(m)
		for _, s := range m.Statements {
			q, ok := queryOf(s.Node)
			if s.Direction != review.Up || !ok || !q.writes {
				continue
			}
			table, single := q.single()
			if !single || s.New(table) || kept[strings.ToLower(table)] || reversible(s, q, table) {
				continue
			}
			p.Report(s, review.Finding{
				Object:  table,
				Message: fmt.Sprintf("rows of %s are %s, and nothing keeps what they held: a wrong condition can be mended from a backup only", table, done(s)),
				Advice:  "copy what is overwritten to a table of its own first, and drop that one later",
			})
		}
	}
}

// keptTables returns the tables whose rows the file copies elsewhere, or writes
// in its down part; names are in lower case.
func keptTables(m *review.Migration) map[string]bool {
	out := map[string]bool{}
	for _, s := range m.Statements {
		if s.Direction == review.Down && writesRows(s) {
			out[strings.ToLower(s.Tables()[0])] = true
		}
		switch s.Node.(type) {
		case *ast.InsertStmt, *ast.CreateTableStmt:
			q, _ := queryOf(s.Node)
			list, _ := q.sources()
			for _, t := range list {
				out[strings.ToLower(t.table)] = true
			}
		}
	}
	return out
}

// reversible reports whether the statement itself says what the rows held: each
// column that is set is new, or compared with a constant or NULL.
func reversible(s *review.Statement, q query, table string) bool {
	update, ok := s.Node.(*ast.UpdateStmt)
	if !ok {
		return false
	}
	for _, a := range update.List {
		column := a.Column.Name.O
		fixed := slices.ContainsFunc(conjuncts(q.where), func(e ast.ExprNode) bool {
			c, ok := compares(e)
			_, isNull := inner(e).(*ast.IsNullExpr)
			return ok && strings.EqualFold(c.column.Name.O, column) && (c.values == 1 || isNull)
		})
		if !fixed && !s.NewColumn(table, column) {
			return false
		}
	}
	return true
}
