package rules

import "github.com/underpin-db/underpin/review"

func waiverUnused() review.Rule {
	return review.Rule{
		Code: "RS803", Name: "waiver-unused", Category: review.Waivers, Severity: review.Warning,
		Summary: "a waiver that lets nothing through",
		Reach:   review.Everything,
		Check:   checkWaiverUnused,
	}
}

func checkWaiverUnused(p *review.Pass) {
	for w := range p.Waivers() {
		switch {
		case w.Problem != "" || w.Reason == "" || w.Expired || w.Used > 0:
		case w.Unsigned > 0:
			reportWaiver(p, w, "the waiver lets nothing through: what it is for takes signatures, and one person's word is none",
				"take it out, and have the change signed")
		default:
			reportWaiver(p, w, "the waiver lets nothing through: there is no such finding in the statement that it stands before",
				"take it out; a waiver that waits for a finding would hide the next one")
		}
	}
}
