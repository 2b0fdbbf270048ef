package rules

import (
	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/review"
)

func ddlInTransaction() review.Rule {
	return review.Rule{
		Code: "RS504", Name: "ddl-in-transaction", Category: review.History, Severity: review.Warning,
		Summary: "DDL in a transaction, which it commits: ROLLBACK takes nothing back",
		Check:   checkDDLInTransaction,
	}
}

func checkDDLInTransaction(p *review.Pass) {
	for m := range p.Migrations() {
		var open *transaction
		for _, s := range m.Statements {
			if s.Direction != review.Up {
				continue
			}
			switch s.Node.(type) {
			case *ast.BeginStmt:
				open = &transaction{begin: s}
			case *ast.CommitStmt, *ast.RollbackStmt:
				open.report(p, s)
				open = nil
			default:
				open.add(s)
			}
		}
		open.report(p, nil)
	}
}

// transaction is one that a file begins.
type transaction struct {
	begin *review.Statement
	// ddl is the first statement in it that commits; others says that there
	// are statements that do not.
	ddl    *review.Statement
	others bool
}

func (t *transaction) add(s *review.Statement) {
	switch {
	case t == nil:
	case !commits(s):
		t.others = true
	case t.ddl == nil:
		t.ddl = s
	}
}

// report says what is wrong with a transaction that ends with a statement, or
// that the file leaves open.
func (t *transaction) report(p *review.Pass, end *review.Statement) {
	if t == nil || t.ddl == nil {
		return
	}
	f := review.Finding{
		Message: "this statement commits the transaction that it stands in: what follows runs without one, and ROLLBACK takes nothing back",
		Advice:  "leave the transaction out, and put DDL and data into files of their own",
	}
	if end != nil && !t.others {
		f.Fixes = []review.Fix{{
			Description: "leave the transaction out",
			Edits:       []review.Edit{t.begin.Replace(t.begin.WithDelimiter(), ""), end.Replace(end.WithDelimiter(), "")},
		}}
	}
	p.Report(t.ddl, f)
}

// commits reports whether a statement ends the transaction it stands in:
// dev.mysql.com/doc/refman/9.7/en/implicit-commit.html.
func commits(s *review.Statement) bool {
	switch n := s.Node.(type) {
	case *ast.CreateTableStmt:
		return n.TemporaryKeyword == ast.TemporaryNone
	case *ast.DropTableStmt:
		return n.TemporaryKeyword == ast.TemporaryNone
	case ast.DDLNode:
		return true
	}
	return false
}
