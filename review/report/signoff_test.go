package report_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/underpin-db/underpin/review"
	"github.com/underpin-db/underpin/review/report"
)

// What people have signed stays in every form of the report, with who signed.
func TestSigned(t *testing.T) {
	t.Parallel()
	signed := review.Finding{
		ID: "RS602-44", Code: "RS602", Name: "cache-value-changed", Category: review.Cache, Severity: review.Error, Object: "users",
		Message: "values of cache users change", Path: "store/user.go", Span: review.Span{Start: at(0, 3, 1), End: at(0, 3, 1)},
		SignOff: &review.SignOff{By: []string{"bob@example.com as dba, until 2026-03-31", "carol@example.com as tech-lead, until 2026-03-30"}},
	}
	const by = "signed by bob@example.com as dba, until 2026-03-31, carol@example.com as tech-lead, until 2026-03-30"
	d := example()
	d.Waived = append(slices.Clone(d.Waived), signed)
	d.Rules = append(slices.Clone(d.Rules), review.Rule{Code: "RS602", Name: "cache-value-changed", Category: review.Cache, Severity: review.Error, Summary: "another value"})
	for format, holds := range map[report.Format][]string{
		report.Text:     {"WAIVED OR SIGNED", by, "2 waived or signed"},
		report.Markdown: {"<summary>2 waived or signed</summary>", strings.ReplaceAll(by, "@", "@\u200b")},
		report.SARIF:    {`"justification": "` + by + `"`},
		report.JUnit:    {`<skipped message="` + by + `">`, `<skipped message="waived: archived">`},
		report.JSON:     {`"signed_by": [`, `"carol@example.com as tech-lead, until 2026-03-30"`},
	} {
		got := write(t, format, d)
		if format == report.Text {
			got = strings.Join(strings.Fields(got), " ") // wrapped
		}
		for _, want := range holds {
			if !strings.Contains(got, want) {
				t.Errorf("%s lacks %q:\n%s", format, want, got)
			}
		}
	}
	if got := write(t, report.GitHub, d); strings.Contains(got, "RS602") {
		t.Errorf("what is signed is annotated:\n%s", got)
	}
	d.Waived = d.Waived[1:]
	if got := write(t, report.Text, d); !strings.Contains(got, "\nSIGNED\n") || !strings.Contains(got, "; 1 signed") {
		t.Errorf("only signed:\n%s", got)
	}
}

// What is not signed yet is a finding, and machines can tell what is missing.
func TestPartlySigned(t *testing.T) {
	t.Parallel()
	d := example()
	d.Findings[1].Severity = review.Error
	d.Findings[1].SignOff = &review.SignOff{Missing: "1 dba of 1 missing", Command: "underpin sign --cache users"}
	for _, format := range report.Formats() {
		if got := write(t, format, d); !strings.Contains(got, "1 dba of 1 missing") || !strings.Contains(got, "underpin sign --cache users") {
			t.Errorf("%s does not say what is missing:\n%s", format, got)
		}
	}
	var out struct {
		Findings []struct {
			SignOff *struct {
				SignedBy []string `json:"signed_by"`
				Missing  string   `json:"missing"`
			} `json:"sign_off"`
		} `json:"findings"`
	}
	if err := json.Unmarshal([]byte(write(t, report.JSON, d)), &out); err != nil {
		t.Fatal(err)
	}
	if s := out.Findings[1].SignOff; out.Findings[0].SignOff != nil || s == nil || s.SignedBy == nil || s.Missing != "1 dba of 1 missing" {
		t.Errorf("sign-off: %+v", out.Findings)
	}
}
