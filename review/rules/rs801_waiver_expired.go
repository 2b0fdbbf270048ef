package rules

import (
	"fmt"
	"strings"
	"time"

	"github.com/underpin-db/underpin/review"
)

// waiverRules are the rules about waivers.
func waiverRules() []review.Rule {
	return []review.Rule{waiverExpired(), waiverUnexplained(), waiverUnused()}
}

func waiverExpired() review.Rule {
	return review.Rule{
		Code: "RS801", Name: "waiver-expired", Category: review.Waivers, Severity: review.Error,
		Summary: "a waiver whose last day is over",
		Reach:   review.Everything,
		Check:   checkWaiverExpired,
	}
}

func checkWaiverExpired(p *review.Pass) {
	for w := range p.Waivers() {
		if w.Expired {
			reportWaiver(p, w, fmt.Sprintf("the waiver ended with %s and lets nothing through any more", w.Until.Format(time.DateOnly)),
				"do what it put off, or decide anew with a new day")
		}
	}
}

// reportWaiver reports a finding where a waiver stands.
func reportWaiver(p *review.Pass, w *review.JudgedWaiver, message, advice string) {
	f := review.Finding{Object: strings.Trim(fmt.Sprint(w.Codes), "[]"), Span: w.Span(), Message: message, Advice: advice}
	if w.Migration != nil {
		p.ReportFile(w.Migration, f)
		return
	}
	p.ReportPath(w.Path, f)
}
