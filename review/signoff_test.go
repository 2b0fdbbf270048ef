package review_test

import (
	"strings"
	"testing"

	"github.com/underpin-db/underpin/review"
)

// cacheRule reports a warning about each of some caches.
func cacheRule(caches ...string) review.Rule {
	return review.Rule{
		Code: "RS602", Category: review.Cache, Severity: review.Warning,
		Check: func(p *review.Pass) {
			for _, c := range caches {
				p.ReportPath("store/user.go", review.Finding{Object: c, Message: "m", Advice: "a"})
			}
		},
	}
}

// A change that is signed is let through, one that is not is an error whatever it
// was, and where nobody is asked it stays what it was.
func TestSignOff(t *testing.T) {
	t.Parallel()
	other := review.Rule{Code: "RS999", Category: review.Breaks, Severity: review.Warning, Check: func(p *review.Pass) {
		p.ReportPath("1.sql", review.Finding{Object: "signed", Message: "a table of that name", Advice: "a"})
	}}
	report, err := review.Run(t.Context(), review.Input{
		Rules: []review.Rule{cacheRule("signed", "partly", "unasked"), other},
		SignOffs: map[string]review.SignOff{
			"signed": {By: []string{"bob", "carol"}},
			"partly": {By: []string{"bob"}, Missing: "1 person of any role of 2 missing"},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Waived) != 1 || report.Waived[0].Object != "signed" || report.Waived[0].Category != review.Cache {
		t.Fatalf("let through: %+v", report.Waived)
	}
	if reason, by := report.Waived[0].LetThrough(); reason != "signed by bob, carol" || by != "" {
		t.Errorf("reason %q by %q", reason, by)
	}
	want := map[string]struct {
		severity review.Severity
		advice   string
	}{
		"signed":  {review.Warning, "a"},
		"partly":  {review.Error, "a"},
		"unasked": {review.Warning, "underpin sign --cache unasked"},
	}
	if len(report.Findings) != len(want) {
		t.Fatalf("findings: %+v", report.Findings)
	}
	for _, f := range report.Findings {
		if w := want[f.Object]; f.Severity != w.severity || !strings.Contains(f.Advice, w.advice) {
			t.Errorf("%s: %s, %q", f.Object, f.Severity, f.Advice)
		}
		if asked := f.SignOff != nil; asked != (f.Object == "partly") {
			t.Errorf("%s: sign-off %+v", f.Object, f.SignOff)
		}
		if reason, _ := f.LetThrough(); reason != "" {
			t.Errorf("%s counts, and is let through: %q", f.Object, reason)
		}
	}
}

// What takes signatures is not let through by a waiver, and the waiver is told so.
func TestWaiverIsNoSignature(t *testing.T) {
	t.Parallel()
	waiver := review.Waiver{Codes: []review.Code{"RS602"}, Path: "store/user.go", Reason: "I know"}
	var unsigned, used int
	watch := review.Rule{Code: "RS803", Category: review.Waivers, Severity: review.Warning, Check: func(p *review.Pass) {
		for w := range p.Waivers() {
			unsigned, used = w.Unsigned, w.Used
		}
	}}
	in := review.Input{Rules: []review.Rule{cacheRule("users"), watch}, Config: review.Config{Waivers: []review.Waiver{waiver}}}
	report, err := review.Run(t.Context(), in)
	if err != nil || len(report.Waived) != 1 || used != 1 || unsigned != 0 {
		t.Fatalf("nobody is asked, so a waiver does: %+v, %v", report, err)
	}
	in.SignOffs = map[string]review.SignOff{"users": {Missing: "2 people"}}
	report, err = review.Run(t.Context(), in)
	if err != nil || len(report.Waived) != 0 || len(report.Findings) != 1 || used != 0 || unsigned != 1 {
		t.Errorf("a waiver stands for signatures: %+v, %v", report, err)
	}
}
