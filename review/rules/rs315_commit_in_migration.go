package rules

import (
	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/review"
)

func commitInMigration() review.Rule {
	return review.Rule{
		Code: "RS315", Name: "commit-in-migration", Category: review.Data, Severity: review.Warning,
		Summary: "COMMIT, ROLLBACK or autocommit in a migration",
		Check:   checkCommitInMigration,
	}
}

func checkCommitInMigration(p *review.Pass) {
	begun := map[*review.Migration]bool{} // by a statement of the file itself
	for s := range p.Statements() {
		what := ""
		switch s.Node.(type) {
		case *ast.BeginStmt:
			begun[s.Migration] = true
		case *ast.CommitStmt, *ast.RollbackStmt:
			if !begun[s.Migration] {
				what = s.Head
			}
			begun[s.Migration] = false
		case *ast.SetStmt:
			if sets(s, "autocommit") {
				what = "autocommit"
			}
		}
		if what != "" {
			p.Report(s, review.Finding{
				Message: what + " ends the transaction of the tool that runs the migration: if a later statement fails, half of the file stays, and a second run does it again",
				Advice:  "write one file for each unit of work, and leave the transaction to the tool",
			})
		}
	}
}
