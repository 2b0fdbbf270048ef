package rules

import (
	"fmt"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/review"
)

func dropForeignKey() review.Rule {
	return review.Rule{
		Code: "RS122", Name: "drop-foreign-key", Category: review.Breaks, Severity: review.Warning,
		Summary: "a foreign key is dropped: nobody keeps running code from leaving orphans",
		Check:   checkDropForeignKey,
	}
}

func checkDropForeignKey(p *review.Pass) {
	for s, spec := range liveSpecs(p, ast.AlterTableDropForeignKey, ast.AlterTableDropCheck) {
		table, name := s.Tables()[0], spec.Name
		if spec.Tp == ast.AlterTableDropCheck { // DROP CONSTRAINT, of what kind the table says
			if name = spec.Constraint.Name; !hasFold(s.Table(table).ForeignKeys, name) {
				continue
			}
		}
		if addsForeignKey(s.Node) {
			continue
		}
		p.Report(s, review.Finding{
			Object:  dot(table, name),
			Span:    place(s, name, "DROP FOREIGN KEY", "DROP FOREIGN KEY IF EXISTS", "DROP CONSTRAINT"),
			Message: fmt.Sprintf("foreign key %s of table %s is dropped: running code that counts on it leaves orphans without an error, and the key cannot be added again over them", name, table),
			Advice:  "have the code do first what the key does now; where another key takes its place, add it in the same statement",
			Fixes:   []review.Fix{planned(p, dot(table, name), table, spec)},
		})
	}
}

func addsForeignKey(n ast.StmtNode) bool {
	for _, spec := range specsOf(n, ast.AlterTableAddConstraint) {
		if spec.Constraint.Tp == ast.ConstraintForeignKey {
			return true
		}
	}
	return false
}
