package rules

import (
	"fmt"
	"slices"
	"time"

	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/review"
)

func largeTableBlocking() review.Rule {
	return review.Rule{
		Code: "RS225", Name: "large-table-blocking", Category: review.Locks, Severity: review.Error,
		Summary: "writers wait while a large table is worked through",
		Check:   checkLargeTableBlocking,
	}
}

func checkLargeTableBlocking(p *review.Pass) {
	for s := range p.Statements() {
		cost, ok := largeWork(p, s)
		if !ok || cost.Verdict.Class.Waits() == ddl.Nobody {
			continue
		}
		table := s.Tables()[0]
		p.Report(s, review.Finding{
			Severity: p.BySize(cost.Size), Object: table, Cost: cost,
			Message: fmt.Sprintf("table %s has %d rows, %s; %s", table, cost.Size.Rows, cost.Verdict.Words(), estimate(cost)),
			Advice:  "derive the change that does the same while writers go on: underpin plan",
			Fixes:   []review.Fix{review.CommandFix(s.Text)},
		})
	}
}

// largeWork returns what DDL costs that works through all rows of a table that
// is not small; what is not known of the table goes on the list of what was not
// checked.
func largeWork(p *review.Pass, s *review.Statement) (*review.Cost, bool) {
	if _, ok := clausesOf(s); !ok || s.New(s.Tables()[0]) {
		return nil, false
	}
	table := s.Tables()[0]
	if size := p.Size(s, table); size.Class == review.Unknown || size.Class == review.Small {
		if size.Class == review.Unknown {
			unknown(p, "the size of tables", table)
		}
		return nil, false
	}
	cost, err := p.Cost(s)
	if err != nil {
		p.NotChecked("what a statement on table %s costs is not known: %v", table, err)
		return nil, false
	}
	return cost, slices.ContainsFunc(cost.Verdict.Parts, ddl.Part.Grows)
}

// estimate says how long work on a table takes.
func estimate(c *review.Cost) string {
	if c.High < time.Minute {
		return "this takes less than a minute"
	}
	if c.High < 3*time.Hour {
		return fmt.Sprintf("this takes from %.0f to %.0f minutes", c.Low.Minutes(), c.High.Minutes())
	}
	return fmt.Sprintf("this takes from %.1f to %.1f hours", c.Low.Hours(), c.High.Hours())
}
