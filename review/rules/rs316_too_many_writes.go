package rules

import (
	"fmt"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/review"
)

func tooManyWrites() review.Rule {
	return review.Rule{
		Code: "RS316", Name: "too-many-writes", Category: review.Data, Severity: review.Warning,
		Summary: "more writing statements than one transaction should hold",
		Options: []review.Option{
			{Name: "statements", Default: 10, Says: "as many writing statements as one transaction may have"},
		},
		Check: checkTooManyWrites,
	}
}

func checkTooManyWrites(p *review.Pass) {
	for m := range p.Migrations() {
		writes := 0
		for _, s := range m.Statements {
			if s.Direction != review.Up || s.Node == nil {
				continue
			}
			if endsTransaction(s) {
				writes = 0
			}
			if !writesRows(s) || p.Size(s, s.Tables()[0]).Class == review.Small {
				continue
			}
			if writes++; writes == p.Int("statements")+1 {
				p.Report(s, review.Finding{
					Object: s.Tables()[0],
					Message: fmt.Sprintf("this is the %dth writing statement in a row: in one transaction, the rows of all of them stay locked until the last one ends",
						writes),
					Advice: "write several files, or one statement over a list of keys",
				})
			}
		}
	}
}

// writesRows reports whether a statement writes rows of a table that it names.
func writesRows(s *review.Statement) bool {
	switch s.Node.(type) {
	case *ast.InsertStmt, *ast.UpdateStmt, *ast.DeleteStmt:
		return len(s.Tables()) > 0
	}
	return false
}

// endsTransaction reports whether a statement commits or rolls back, as DDL
// does too.
func endsTransaction(s *review.Statement) bool {
	switch s.Node.(type) {
	case *ast.CommitStmt, *ast.RollbackStmt, *ast.BeginStmt:
		return true
	}
	return isDDL(s)
}

// isDDL reports whether a statement changes the schema, and so commits.
func isDDL(s *review.Statement) bool {
	_, ok := s.Node.(ast.DDLNode)
	return ok
}
