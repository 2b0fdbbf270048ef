package rules

import (
	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/review"
)

func addColumnInMiddle() review.Rule {
	return review.Rule{
		Code: "RS210", Name: "add-column-in-middle", Category: review.Locks, Severity: review.Warning,
		Summary: "a column is added at a place where this server cannot do it instantly",
		Check:   checkAddColumnInMiddle,
	}
}

func checkAddColumnInMiddle(p *review.Pass) {
	rule := costly{
		kinds:  []ddl.Kind{ddl.AddColumnFirst, ddl.AddColumnAfter},
		says:   "column %s is added at a position",
		advice: "leave FIRST or AFTER out: at the end this server adds it instantly",
	}
	for s := range p.Statements() {
		for _, op := range rule.of(s) {
			b := burdenOf(p, s, []ddl.Operation{op})
			if b.rows && atEndInstant(p, s, op) {
				p.Report(s, b.finding(s, []ddl.Operation{op}, rule.says, rule.advice))
			}
		}
	}
}

// atEndInstant reports whether the column would be added instantly at the end.
func atEndInstant(p *review.Pass, s *review.Statement, op ddl.Operation) bool {
	table := s.Tables()[0]
	known := ordinary(table, op)
	if t := s.Table(table); t.Complete {
		known = &t.Table
	}
	op.Kind, op.First, op.After = ddl.AddColumn, false, ""
	v, err := ddl.Classify(p.Server, known, op)
	return err == nil && v.Class == ddl.Instant
}
