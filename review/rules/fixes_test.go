package rules_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/underpin-db/underpin/review"
	"github.com/underpin-db/underpin/review/rules"
)

// A fix that edits a file mends what it is offered for: with it, the rule finds
// one thing less, and the statement is still understood. Every fix in every
// fixture is tried.
func TestFixesMend(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/rs*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			code := review.Code(strings.ToUpper(strings.TrimSuffix(filepath.Base(file), ".sql")))
			for n, c := range readFixture(t, file, string(text), code) {
				before := findingsOf(t, c, code)
				for _, f := range before {
					for _, fix := range f.Fixes {
						if len(fix.Edits) > 0 {
							tryFix(t, readFixture(t, file, string(text), code)[n], code, f, fix, len(before))
						}
					}
				}
			}
		})
	}
}

// findingsOf reviews a case with one rule, and what is not understood.
func findingsOf(t *testing.T, c *fixture, code review.Code) []review.Finding {
	t.Helper()
	list := slices.DeleteFunc(rules.All(), func(r review.Rule) bool { return r.Code != code && r.Code != "RS001" })
	report, err := review.Run(t.Context(), review.Input{
		Migrations: c.migrations, Rules: list, Config: c.config, Facts: c.facts, Code: readCode(t, code),
	})
	if err != nil {
		t.Fatal(err)
	}
	return report.Findings
}

func tryFix(t *testing.T, c *fixture, code review.Code, f review.Finding, fix review.Fix, before int) {
	t.Helper()
	at := fix.Edits[0].Span.Start.Offset
	i := slices.IndexFunc(c.migrations, func(m *review.Migration) bool {
		return m.Standing != review.Past && m.Sections[0].From <= at && at <= m.Sections[0].To
	})
	if i < 0 {
		t.Fatalf("the fix %q is for no file under review", fix.Description)
	}
	m := c.migrations[i]
	edits := slices.Clone(fix.Edits)
	slices.SortFunc(edits, func(a, b review.Edit) int { return b.Span.Start.Offset - a.Span.Start.Offset })
	for _, e := range edits {
		m.Text = m.Text[:e.Span.Start.Offset] + e.Text + m.Text[e.Span.End.Offset:]
	}
	m.Sections[0].To = len(m.Text)
	after := findingsOf(t, c, code)
	if len(after) != before-1 {
		t.Errorf("%s: with the fix %q, there are %d findings, and %d were there before:\n%s", f.Message, fix.Description, len(after), before, m.Text)
	}
}
