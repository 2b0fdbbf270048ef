package rules

import (
	"fmt"
	"slices"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/review"
)

func notRerunnable() review.Rule {
	return review.Rule{
		Code: "RS502", Name: "not-rerunnable", Category: review.History, Severity: review.Note, Reach: review.AsWritten,
		Summary: "a file of several statements that cannot be run again when one in the middle fails",
		Check:   checkNotRerunnable,
	}
}

func checkNotRerunnable(p *review.Pass) {
	for m := range p.Migrations() {
		up := slices.DeleteFunc(slices.Clone(m.Statements), func(s *review.Statement) bool { return s.Direction != review.Up })
		var once []*review.Statement
		for _, s := range up[:max(0, len(up)-1)] { // behind the last one nothing can fail
			if s.Node != nil && runsOnce(s) {
				once = append(once, s)
			}
		}
		if len(once) == 0 {
			continue
		}
		f := review.Finding{
			Message: fmt.Sprintf("%d of the %d statements of this file commit by themselves and fail when they are run again: a failure behind them has to be mended by hand", len(once), len(up)),
			Advice:  "write one statement a file; or have each say IF EXISTS or IF NOT EXISTS, where it can",
		}
		if edits := conditional(once); len(edits) > 0 {
			f.Fixes = []review.Fix{{Description: "say it where it can be said", Edits: edits}}
		}
		p.Report(once[0], f)
	}
}

// runsOnce reports whether DDL fails when it is run a second time.
func runsOnce(s *review.Statement) bool {
	switch n := s.Node.(type) {
	case *ast.CreateTableStmt:
		return !n.IfNotExists && n.TemporaryKeyword == ast.TemporaryNone && !replacesTable(s)
	case *ast.DropTableStmt:
		return !n.IfExists && n.TemporaryKeyword == ast.TemporaryNone
	case *ast.CreateViewStmt:
		return !n.OrReplace
	case *ast.CreateIndexStmt:
		return !n.IfNotExists
	case *ast.DropIndexStmt:
		return !n.IfExists
	case *ast.RenameTableStmt:
		return true
	case *ast.AlterTableStmt:
		return slices.ContainsFunc(n.Specs, func(spec *ast.AlterTableSpec) bool {
			conditional := spec.IfExists || spec.IfNotExists || spec.Constraint != nil && spec.Constraint.IfNotExists
			return slices.Contains(onceOnly, spec.Tp) && !conditional
		})
	}
	return false
}

// onceOnly are the clauses of ALTER TABLE that add or take away a name. The
// others say how something is to be, as often as one likes.
var onceOnly = []ast.AlterTableType{
	ast.AlterTableAddColumns, ast.AlterTableAddConstraint, ast.AlterTableDropColumn, ast.AlterTableDropIndex,
	ast.AlterTableDropForeignKey, ast.AlterTableDropCheck, ast.AlterTableDropPrimaryKey, ast.AlterTableRenameColumn,
	ast.AlterTableChangeColumn, ast.AlterTableRenameIndex, ast.AlterTableRenameTable,
}

// conditional returns the edits that put IF EXISTS or IF NOT EXISTS where both
// servers take it.
func conditional(list []*review.Statement) []review.Edit {
	var out []review.Edit
	for _, s := range list {
		switch n := s.Node.(type) {
		case *ast.CreateTableStmt:
			out = append(out, s.Insert(s.Where("TABLE").End, " IF NOT EXISTS"))
		case *ast.DropTableStmt:
			word := "TABLE"
			if n.IsView {
				word = "VIEW"
			}
			out = append(out, s.Insert(s.Where(word).End, " IF EXISTS"))
		}
	}
	return out
}
