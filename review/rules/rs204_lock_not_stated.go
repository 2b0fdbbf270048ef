package rules

import (
	"fmt"

	"github.com/underpin-db/underpin/review"
)

func lockNotStated() review.Rule {
	return review.Rule{
		Code: "RS204", Name: "lock-not-stated", Category: review.Locks, Severity: review.Note, Reach: review.AsWritten,
		Summary: "DDL that runs in place and does not state its LOCK may make writers wait",
		Check:   checkLockNotStated,
	}
}

func checkLockNotStated(p *review.Pass) {
	for s := range p.Statements() {
		c, ok := clausesOf(s)
		// Without ALGORITHM, RS203 asks for both.
		if !ok || c.lock != "" || c.algorithm != "INPLACE" && c.algorithm != "NOCOPY" ||
			s.New(s.Tables()[0]) || p.Size(s, s.Tables()[0]).Class == review.Small {
			continue
		}
		table := s.Tables()[0]
		f := review.Finding{
			Object:  table,
			Message: fmt.Sprintf("nothing keeps the server from locking %s against writers if it cannot do this without", table),
			Advice:  "state LOCK=NONE: the server then refuses instead",
		}
		if cost, err := p.Cost(s); err == nil {
			if cost.Verdict.Lock != "NONE" {
				continue // an instant change takes no LOCK; one that blocks is RS225's
			}
			f.Cost, f.Fixes = cost, stating(s, p.Server, "LOCK=NONE")
		}
		p.Report(s, f)
	}
}
