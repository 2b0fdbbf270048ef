package rules

import (
	"fmt"
	"strings"

	"github.com/underpin-db/underpin/review"
)

func algorithmNotStated() review.Rule {
	return review.Rule{
		Code: "RS203", Name: "algorithm-not-stated", Category: review.Locks, Severity: review.Note, Reach: review.AsWritten,
		Summary: "DDL that does not state its ALGORITHM may fall back to a copy without a word",
		Check:   checkAlgorithmNotStated,
	}
}

func checkAlgorithmNotStated(p *review.Pass) {
	for s := range p.Statements() {
		c, ok := clausesOf(s)
		if !ok || c.algorithm != "" || s.New(s.Tables()[0]) || p.Size(s, s.Tables()[0]).Class == review.Small {
			continue
		}
		table := s.Tables()[0]
		f := review.Finding{
			Object:  table,
			Message: fmt.Sprintf("nothing keeps the server from copying %s if it cannot do this more gently", table),
			Advice:  "state ALGORITHM=INSTANT or ALGORITHM=INPLACE: the server then refuses instead",
		}
		if cost, err := p.Cost(s); err == nil {
			v := cost.Verdict
			if v.Algorithm == "" || v.Algorithm == "COPY" {
				continue // it takes no clause, or other rules say what it costs
			}
			clauses := []string{"ALGORITHM=" + v.Algorithm}
			if v.Lock != "" {
				clauses = append(clauses, "LOCK="+v.Lock)
			}
			f.Cost, f.Fixes = cost, stating(s, p.Server, clauses...)
			f.Advice = "state what this server can do: " + strings.Join(clauses, ", ")
		}
		p.Report(s, f)
	}
}
