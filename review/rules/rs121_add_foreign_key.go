package rules

import (
	"fmt"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/review"
)

func addForeignKey() review.Rule {
	return review.Rule{
		Code: "RS121", Name: "add-foreign-key", Category: review.Breaks, Severity: review.Error,
		Summary: "a foreign key on a table with rows: orphans, and code that writes in another order, fail",
		Check:   checkAddForeignKey,
	}
}

func checkAddForeignKey(p *review.Pass) {
	for s, spec := range liveSpecs(p, ast.AlterTableAddConstraint, ast.AlterTableAddColumns) {
		for _, c := range constraintsOf(spec) {
			if c.Tp != ast.ConstraintForeignKey || c.Refer == nil || c.Refer.Table == nil {
				continue
			}
			table, parent := s.Tables()[0], c.Refer.Table.Name.O
			f := review.Finding{
				Severity: bySize(p, s),
				Object:   dot(table, c.Name),
				Span:     foreignKeyAt(s, c),
				Cost:     costOf(p, s),
				Message: fmt.Sprintf("(%s) of table %s has to be found in %s: the statement fails at the first orphan while writers wait, and running code that writes the child first, or deletes the parent first, fails from then on",
					strings.Join(partNames(c.Keys), ", "), table, parent),
				Advice: "have the code write the parent first and delete it last, mend the orphans, and add the key then",
				Fixes:  []review.Fix{planned(p, dot(table, c.Name), table, spec)},
			}
			if len(specsOf(s.Node, ast.AlterTableDropForeignKey)) > 0 { // which has kept the rows in order
				f.Severity = review.Warning
				f.Message = fmt.Sprintf("the foreign key on (%s) of table %s takes the place of another: every row is looked up in %s again while writers wait, and running code meets its new rules at once",
					strings.Join(partNames(c.Keys), ", "), table, parent)
			}
			if allNew(s, table, partNames(c.Keys)) {
				f.Severity = review.Warning
				f.Message = fmt.Sprintf("(%s) of table %s is new and has to be found in %s: running code that deletes a row there fails once newer code refers to it",
					strings.Join(partNames(c.Keys), ", "), table, parent)
				f.Advice = "have the code that runs now heed error 1451 when it deletes, or add the key when it is gone"
			}
			if c.Name == "" {
				f.Object, f.Fixes = table, nil // underpin plan asks for a name
			}
			p.Report(s, f)
		}
	}
}

// foreignKeyAt is where a foreign key is added: DROP FOREIGN KEY has the same
// words.
func foreignKeyAt(s *review.Statement, c *ast.Constraint) review.Span {
	if at, found := s.Find("CONSTRAINT", c.Name); found && c.Name != "" {
		return at
	}
	if columns := partNames(c.Keys); len(columns) > 0 {
		return s.Where("FOREIGN", "KEY", "(", columns[0])
	}
	return s.Span()
}
