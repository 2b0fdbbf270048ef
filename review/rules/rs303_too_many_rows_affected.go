package rules

import (
	"fmt"

	"github.com/underpin-db/underpin/review"
)

func tooManyRowsAffected() review.Rule {
	return review.Rule{
		Code: "RS303", Name: "too-many-rows-affected", Category: review.Data, Severity: review.Warning,
		Summary: "UPDATE or DELETE that may touch more rows than one transaction should",
		Options: []review.Option{
			{Name: "rows", Default: 1000, Says: "as many rows as one statement may touch"},
		},
		Check: checkTooManyRowsAffected,
	}
}

func checkTooManyRowsAffected(p *review.Pass) {
	for s := range p.Statements() {
		q, ok := queryOf(s.Node)
		if !ok || !q.writes || q.limit == nil && alwaysTrue(q.where) { // then RS301 speaks
			continue
		}
		table, single := q.single()
		if !single || s.New(table) {
			continue
		}
		rows, limited, known := rowsOf(p, s, q, table)
		if !known {
			unknown(p, "how many rows are touched", table)
			continue
		}
		if rows > p.Int("rows") {
			upTo := "up to"
			if limited {
				upTo = "as many as"
			}
			p.Report(s, review.Finding{
				Object: table,
				Message: fmt.Sprintf("%s %d rows of %s are %s in one transaction, and locked until it ends; the limit is %d",
					upTo, rows, table, done(s), p.Int("rows")),
				Advice: "do it in chunks of a key's range, each a transaction of its own: underpin backfill",
			})
		}
	}
}

// rowsOf returns how many rows a query may match: what its condition or LIMIT
// leaves, else all of the table. Limited says which.
func rowsOf(p *review.Pass, s *review.Statement, q query, table string) (rows int, limited, known bool) {
	size := p.Size(s, table)
	if n, ok := q.atMost(s.Table(table)); ok {
		if size.Class != review.Unknown {
			n = min(n, int(min(size.Rows, mostRows)))
		}
		return n, true, true
	}
	if size.Class == review.Unknown {
		return 0, false, false
	}
	return int(min(size.Rows, mostRows)), false, true
}
