package rules

import (
	"fmt"
	"iter"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/review"
)

func dropDatabase() review.Rule {
	return review.Rule{
		Code: "RS105", Name: "drop-database", Category: review.Breaks, Severity: review.Error,
		Summary: "a whole database is dropped",
		Check:   checkDropDatabase,
	}
}

func checkDropDatabase(p *review.Pass) {
	for s, name := range droppedDatabases(p) {
		p.Report(s, review.Finding{
			Object:  name,
			Message: fmt.Sprintf("database %s is dropped with everything in it: no statement does more harm when it reaches the wrong server", name),
			Advice:  "drop its tables one by one, each held before, and the empty database by hand",
		})
	}
}

// droppedDatabases yields the databases that are dropped and that the same set
// of changes did not create.
func droppedDatabases(p *review.Pass) iter.Seq2[*review.Statement, string] {
	return func(yield func(*review.Statement, string) bool) {
		created := map[inSet]bool{}
		for s := range p.Statements() {
			switch n := s.Node.(type) {
			case *ast.CreateDatabaseStmt:
				created[within(s, n.Name.O)] = true
			case *ast.DropDatabaseStmt:
				if !created[within(s, n.Name.O)] && !yield(s, n.Name.O) {
					return
				}
			}
		}
	}
}
