package rules

import (
	"fmt"
	"iter"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/review"
)

func dropTable() review.Rule {
	return review.Rule{
		Code: "RS104", Name: "drop-table", Category: review.Breaks, Severity: review.Error,
		Summary: "a table is dropped that was not held under another name before",
		Check:   checkDropTable,
	}
}

func checkDropTable(p *review.Pass) {
	again := createdAgain(p)
	for s, table := range droppedTables(p) {
		if held(p, table) || again[dropped{s, strings.ToLower(table)}] != nil {
			continue
		}
		size := p.Size(s, table)
		rows := ""
		if size.Class != review.Unknown {
			rows = fmt.Sprintf(" of about %d rows", size.Rows)
		}
		p.Report(s, review.Finding{
			Object:  table,
			Span:    place(s, table),
			Message: fmt.Sprintf("table %s%s is dropped: only a backup brings it back, and every statement of running code that names it fails", table, rows),
			Advice:  "rename it first, hold it, and drop it when nobody has missed it",
			Fixes:   []review.Fix{p.PlanDDL(table, "DROP TABLE "+mysqlx.Quote(table))},
		})
	}
}

// droppedTables yields the live tables that are dropped, views and temporary
// tables apart. Those that got their name in the same set are RS107's.
func droppedTables(p *review.Pass) iter.Seq2[*review.Statement, string] {
	return func(yield func(*review.Statement, string) bool) {
		names := newAliases()
		for s := range p.Statements() {
			names.see(s)
			n, drops := s.Node.(*ast.DropTableStmt)
			if !drops || n.IsView || n.TemporaryKeyword != ast.TemporaryNone {
				continue
			}
			for _, t := range n.Tables {
				if _, unknown := names.of(s, t.Name.O); !unknown && !s.New(t.Name.O) && !yield(s, t.Name.O) {
					return
				}
			}
		}
	}
}

// dropped is a table and the statement that drops it.
type dropped struct {
	statement *review.Statement
	table     string // in lower case
}

// createdAgain returns the statements that create a table which one before, in
// the same set, has dropped.
func createdAgain(p *review.Pass) map[dropped]*review.Statement {
	out := map[dropped]*review.Statement{}
	open := map[inSet]*review.Statement{}
	for s := range p.Statements() {
		switch n := s.Node.(type) {
		case *ast.DropTableStmt:
			for _, t := range n.Tables {
				open[within(s, t.Name.L)] = s
			}
		case *ast.CreateTableStmt:
			if drop := open[within(s, n.Table.Name.L)]; drop != nil {
				out[dropped{drop, n.Table.Name.L}] = s
			}
		}
	}
	return out
}
