package rules

import (
	"fmt"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/review"
)

func enforceCheck() review.Rule {
	return review.Rule{
		Code: "RS120", Name: "enforce-check", Category: review.Breaks, Severity: review.Error,
		Summary: "a CHECK that was a remark becomes a rule: rows and running code may not meet it",
		Scope:   review.Scope{Flavour: ddl.MySQL, From: checksFrom()},
		Check:   checkEnforceCheck,
	}
}

func checkEnforceCheck(p *review.Pass) {
	for s, spec := range liveSpecs(p, ast.AlterTableAlterCheck) {
		if !spec.Constraint.Enforced {
			continue
		}
		table, name := s.Tables()[0], spec.Constraint.Name
		p.Report(s, review.Finding{
			Severity: bySize(p, s),
			Object:   dot(table, name),
			Span:     place(s, name, "ALTER CHECK", "ALTER CONSTRAINT"),
			Cost:     costOf(p, s),
			Message:  fmt.Sprintf("check %s of table %s is enforced: the statement fails at the first row that does not meet it, and so does running code that writes one", name, table),
			Advice:   "find and mend the rows first, and release code that keeps the rule",
		})
	}
}
