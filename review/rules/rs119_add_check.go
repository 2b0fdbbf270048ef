package rules

import (
	"fmt"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/review"
)

func addCheck() review.Rule {
	return review.Rule{
		Code: "RS119", Name: "add-check", Category: review.Breaks, Severity: review.Error,
		Summary: "a CHECK on a table with rows: rows and running code may not meet it",
		Check:   checkAddCheck,
	}
}

// checksFrom is the version from which MySQL heeds a CHECK:
// dev.mysql.com/doc/refman/8.0/en/create-table-check-constraints.html.
func checksFrom() ddl.Version { return ddl.Version{Major: 8, Minor: 0, Patch: 16} }

func checkAddCheck(p *review.Pass) {
	if p.Server.Flavour == ddl.MySQL && p.Server.Version.Below(checksFrom()) {
		return
	}
	for s, spec := range liveSpecs(p, ast.AlterTableAddConstraint, ast.AlterTableAddColumns, ast.AlterTableModifyColumn, ast.AlterTableChangeColumn) {
		table := s.Tables()[0]
		for _, c := range checksOf(spec) {
			if aboutNewOnly(s, table, c.expr) {
				continue
			}
			object := table
			if c.name != "" {
				object = dot(table, c.name)
			}
			p.Report(s, review.Finding{
				Severity: bySize(p, s),
				Object:   object,
				Span:     place(s, "CHECK", "CONSTRAINT "+c.name),
				Cost:     costOf(p, s),
				Message:  fmt.Sprintf("every row of table %s has to meet %s: the statement fails at the first that does not, and so does running code that writes one", table, review.Restore(c.expr)),
				Advice:   "have the code keep the rule, mend the rows, and add the check then",
				Fixes:    []review.Fix{p.PlanDDL(object, "ALTER TABLE "+mysqlx.Quote(table)+" ADD "+c.sql())},
			})
		}
	}
}

// check is a CHECK that a clause adds.
type check struct {
	name string
	expr ast.ExprNode
}

// sql returns the check as both servers write it.
func (c check) sql() string {
	name := ""
	if c.name != "" {
		name = "CONSTRAINT " + mysqlx.Quote(c.name) + " "
	}
	return name + "CHECK (" + review.Restore(c.expr) + ")"
}

// checksOf returns the checks of a clause that are enforced.
func checksOf(spec *ast.AlterTableSpec) []check {
	var out []check
	for _, c := range constraintsOf(spec) {
		if c.Tp == ast.ConstraintCheck && c.Enforced {
			out = append(out, check{c.Name, c.Expr})
		}
	}
	for _, def := range spec.NewColumns {
		for _, o := range def.Options {
			if o.Tp == ast.ColumnOptionCheck && o.Enforced {
				out = append(out, check{o.ConstraintName, o.Expr})
			}
		}
	}
	return out
}

// aboutNewOnly reports whether an expression names nothing but columns that are
// NULL in every row: NULL meets a check.
func aboutNewOnly(s *review.Statement, table string, expr ast.ExprNode) bool {
	return allNew(s, table, columnsIn(expr))
}
