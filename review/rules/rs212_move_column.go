package rules

import (
	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/review"
)

func moveColumn() review.Rule {
	return review.Rule{
		Code: "RS212", Name: "move-column", Category: review.Locks, Severity: review.Warning,
		Summary: "a column moves to another place in the table",
		Check:   checkMoveColumn,
	}
}

func checkMoveColumn(p *review.Pass) {
	rule := costly{
		kinds:  []ddl.Kind{ddl.MoveColumn, ddl.MoveStored, ddl.MoveVirtual, ddl.ModifyColumn},
		says:   "column %s moves",
		advice: "leave FIRST or AFTER out: no query should depend on the order of columns",
	}
	for s := range p.Statements() {
		for _, op := range rule.of(s) {
			if op.Kind == ddl.ModifyColumn {
				if !op.First && op.After == "" {
					continue
				}
				op.Kind = ddl.MoveColumn // the table is not known: take it that the place is another
			}
			if b := burdenOf(p, s, []ddl.Operation{op}); b.rows {
				p.Report(s, b.finding(s, []ddl.Operation{op}, rule.says, rule.advice))
			}
		}
	}
}
