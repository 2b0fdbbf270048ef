package rules

import "github.com/underpin-db/underpin/review"

func waiverUnexplained() review.Rule {
	return review.Rule{
		Code: "RS802", Name: "waiver-unexplained", Category: review.Waivers, Severity: review.Error,
		Summary: "a waiver without a reason, or one that cannot be read",
		Reach:   review.Everything,
		Check:   checkWaiverUnexplained,
	}
}

func checkWaiverUnexplained(p *review.Pass) {
	for w := range p.Waivers() {
		switch {
		case w.Problem != "":
			reportWaiver(p, w, "the waiver cannot be read, and lets nothing through: "+w.Problem, `write: -- underpin:waive RS104 reason="archived in S3" owner=ann until=2026-12-31`)
		case w.Reason == "":
			reportWaiver(p, w, "the waiver gives no reason, and lets nothing through", `say why it is safe here: reason="…"`)
		}
	}
}
