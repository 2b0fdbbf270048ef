package rules

import (
	"fmt"
	"strings"

	"github.com/underpin-db/underpin/review"
)

func dropNonEmptyDatabase() review.Rule {
	return review.Rule{
		Code: "RS106", Name: "drop-non-empty-database", Category: review.Breaks, Severity: review.Error,
		Summary: "a database is dropped that still has tables",
		Check:   checkDropNonEmptyDatabase,
	}
}

func checkDropNonEmptyDatabase(p *review.Pass) {
	for s, name := range droppedDatabases(p) {
		switch {
		case p.Facts == nil:
			p.NotChecked("whether a database that is dropped is empty: there are no facts of it, give --dsn or --stats")
		case !strings.EqualFold(p.Facts.Database, name):
			p.NotChecked("whether database %s is empty: the facts are those of %s", name, p.Facts.Database)
		case len(p.Facts.Tables) > 0:
			var rows uint64
			for _, t := range p.Facts.Tables {
				rows += t.Rows
			}
			p.Report(s, review.Finding{
				Object:  name,
				Message: fmt.Sprintf("database %s has %d tables with about %d rows", name, len(p.Facts.Tables), rows),
				Advice:  "only an empty database may go: find out who uses the tables, hold each, and drop it",
			})
		}
	}
}
