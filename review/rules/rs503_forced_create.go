package rules

import (
	"fmt"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/review"
)

func forcedCreate() review.Rule {
	return review.Rule{
		Code: "RS503", Name: "forced-create", Category: review.History, Severity: review.Error,
		Summary: "a table is dropped so that it can be created: its rows are deleted",
		Check:   checkForcedCreate,
	}
}

func checkForcedCreate(p *review.Pass) {
	again := createdAgain(p)
	for s, table := range droppedTables(p) {
		create := again[dropped{s, strings.ToLower(table)}]
		if create == nil {
			continue
		}
		f := forced(s, table)
		f.Span = place(s, table)
		if drop, ok := s.Node.(*ast.DropTableStmt); ok && len(drop.Tables) == 1 {
			edits := []review.Edit{s.Replace(s.WithDelimiter(), "")}
			if n, ok := create.Node.(*ast.CreateTableStmt); ok && !n.IfNotExists {
				edits = append(edits, create.Insert(create.Where("TABLE").End, " IF NOT EXISTS"))
			}
			f.Fixes = []review.Fix{{Description: "create it where it is missing, and leave it alone where it is there", Edits: edits}}
		}
		p.Report(s, f)
	}
	for s, n := range review.Nodes[*ast.CreateTableStmt](p) {
		if !replacesTable(s) || s.New(n.Table.Name.O) {
			continue
		}
		f := forced(s, n.Table.Name.O)
		f.Span = s.Where("OR", "REPLACE", "TABLE")
		f.Fixes = []review.Fix{{
			Description: "create it where it is missing, and leave it alone where it is there",
			Edits:       []review.Edit{s.Replace(f.Span, "TABLE IF NOT EXISTS")},
		}}
		p.Report(s, f)
	}
}

// forced is the finding about a table, which weighs less where nobody knows
// whether it is there.
func forced(s *review.Statement, table string) review.Finding {
	f := review.Finding{
		Object:  table,
		Message: fmt.Sprintf("table %s is dropped and created again: every row in it is gone, and code that runs in between fails", table),
		Advice:  "say CREATE TABLE IF NOT EXISTS; for another shape create it under a new name, and copy",
	}
	if len(s.Table(table).Columns) == 0 {
		f.Severity = review.Warning
		f.Message = fmt.Sprintf("table %s is dropped and created again: if it is there, every row in it is gone", table)
	}
	return f
}

// replacesTable reports whether a statement is MariaDB's CREATE OR REPLACE
// TABLE, of which the parser keeps no trace.
func replacesTable(s *review.Statement) bool {
	if !strings.HasPrefix(strings.ToUpper(s.Text), "CREATE") || !strings.Contains(strings.ToUpper(s.Text[:min(len(s.Text), 80)]), "REPLACE") {
		return false // words are cut for few statements only
	}
	words := s.Words()
	return len(words) > 3 && strings.EqualFold(words[1], "OR") && strings.EqualFold(words[2], "REPLACE")
}
