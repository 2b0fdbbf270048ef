package rules

import (
	"fmt"

	"github.com/underpin-db/underpin/review"
)

func diskSpace() review.Rule {
	return review.Rule{
		Code: "RS230", Name: "disk-space", Category: review.Locks, Severity: review.Error,
		Summary: "a table is rewritten for which there may not be room",
		Options: []review.Option{
			{Name: "free-gib", Default: 0, Says: "free disk where the tables are, in GiB; 0 is not known"},
		},
		Check: checkDiskSpace,
	}
}

func checkDiskSpace(p *review.Pass) {
	for s := range p.Statements() {
		cost, ok := largeWork(p, s)
		if !ok || !cost.Verdict.Rebuild {
			continue
		}
		table := s.Tables()[0]
		free := uint64(max(0, p.Int("free-gib"))) << 30
		if free == 0 {
			p.NotChecked("how much disk is free is not known: set the option free-gib; underpin preflight measures it")
			continue
		}
		// The old and the new table are there at once, and the binary log
		// grows beside them by what is written meanwhile.
		if cost.Size.Bytes*2 > free {
			severity := review.Warning
			if cost.Size.Bytes > free {
				severity = review.Error
			}
			p.Report(s, review.Finding{
				Severity: severity, Object: table, Cost: cost,
				Message: fmt.Sprintf("%s is rewritten beside itself: it takes %d GiB, and %d GiB are free", table, cost.Size.Bytes>>30, free>>30),
				Advice:  "make room first, or move the rows in chunks with a change: a full disk stops the whole server",
			})
		}
	}
}
