package rules

import (
	"fmt"
	"strings"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/review"
)

func addUnique() review.Rule {
	return review.Rule{
		Code: "RS116", Name: "add-unique", Category: review.Breaks, Severity: review.Error,
		Summary: "a unique index over columns that are there: rows and running code may have duplicates",
		Check:   checkAddUnique,
	}
}

func checkAddUnique(p *review.Pass) {
	for u := range uniques(p) {
		if u.replaces {
			continue // RS117's
		}
		p.Report(u.s, review.Finding{
			Severity: bySize(p, u.s),
			Object:   u.object(),
			Span:     u.where(),
			Cost:     costOf(p, u.s),
			Message: fmt.Sprintf("(%s) of table %s has to be unique: the statement fails at the first duplicate, and so does running code that writes one",
				u.list(), u.table),
			Advice: "have the code handle error 1062, find and mend the duplicates, and add the index then",
			Fixes:  u.fixes(p),
		})
	}
}

// list names the columns.
func (u uniqueness) list() string {
	names := make([]string, len(u.columns))
	for i, c := range u.columns {
		if names[i] = c; c == "" {
			names[i] = "an expression"
		}
	}
	return strings.Join(names, ", ")
}

// fixes returns the change that lists the duplicates and waits; none for an
// index over an expression.
func (u uniqueness) fixes(p *review.Pass) []review.Fix {
	if hasFold(u.columns, "") {
		return nil
	}
	key := mysqlx.QuoteList("", u.columns)
	if len(u.parts) > 0 { // with the lengths of prefixes
		texts := make([]string, len(u.parts))
		for i, part := range u.parts {
			texts[i] = review.Restore(part)
		}
		key = strings.Join(texts, ", ")
	}
	return []review.Fix{p.PlanDDL(u.object(), fmt.Sprintf("CREATE UNIQUE INDEX %s ON %s (%s)", mysqlx.Quote(u.name), mysqlx.Quote(u.table), key))}
}
