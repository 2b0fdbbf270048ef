package rules

import (
	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/review"
)

func truncate() review.Rule {
	return review.Rule{
		Code: "RS314", Name: "truncate", Category: review.Data, Severity: review.Error,
		Summary: "TRUNCATE: all rows of a table or partition are gone at once",
		Check:   checkTruncate,
	}
}

func checkTruncate(p *review.Pass) {
	for s, op := range p.Operations(ddl.TruncateOp, ddl.TruncatePartition) {
		table := s.Tables()[0]
		if s.New(table) || held(p, table) {
			continue
		}
		what := "all rows of " + table
		if op.Kind == ddl.TruncatePartition {
			what = "all rows of partitions of " + table
		}
		p.Report(s, review.Finding{
			Object: table, Span: s.Where("TRUNCATE"),
			Message: what + " are gone: it commits by itself, and nothing but a backup brings them back",
			Advice:  "rename the table away and put an empty one in its place; drop the old one when nobody has asked for it",
		})
	}
}
