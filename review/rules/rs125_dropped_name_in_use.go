package rules

import (
	"fmt"
	"time"

	"github.com/underpin-db/underpin/review"
)

func droppedNameInUse() review.Rule {
	return review.Rule{
		Code: "RS125", Name: "dropped-name-in-use", Category: review.Breaks, Severity: review.Error,
		Summary: "a column or table is dropped or renamed that statements on the server have used lately",
		Options: []review.Option{{
			Name: "hours", Default: 168, Says: "how long ago a statement may have been seen, counted from when the facts were taken",
		}},
		Check: checkDroppedNameInUse,
	}
}

func checkDroppedNameInUse(p *review.Pass) {
	for r := range removals(p) {
		if p.Facts == nil || len(p.Facts.Digests) == 0 {
			p.NotChecked("whether the server has lately run statements that name what is dropped or renamed: there are no statement digests, give --dsn or --stats")
			return
		}
		since := p.Facts.Taken.Add(-time.Duration(p.Int("hours")) * time.Hour)
		var last review.Digest
		found := 0
		for _, d := range p.Facts.Uses(r.table, r.column) {
			if d.LastSeen.Before(since) {
				continue
			}
			if found++; d.LastSeen.After(last.LastSeen) {
				last = d
			}
		}
		if found == 0 {
			continue
		}
		p.Report(r.Statement, review.Finding{
			Object: r.object(),
			Span:   r.at,
			Message: fmt.Sprintf("%s goes, and %d kinds of statement on the server name it, the last %s before the facts were taken: %s",
				r.what(), found, age(p.Facts.Taken, last.LastSeen), shortened(last.Text)),
			Advice: "find who sends them, and wait until they are gone; underpin does that before it drops anything",
		})
	}
}

// age is how long before the facts were taken a statement was seen. The digests
// are read after the clock, so that one may be seen in between.
func age(taken, seen time.Time) time.Duration { return max(0, taken.Sub(seen).Round(time.Second)) }

// shortened is the beginning of a text.
func shortened(text string) string {
	const most = 120
	if r := []rune(text); len(r) > most {
		return string(r[:most]) + "…"
	}
	return text
}
