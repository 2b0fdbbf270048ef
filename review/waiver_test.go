package review_test

import (
	"strings"
	"testing"

	"github.com/underpin-db/underpin/review"
)

// A waiver is for one statement, also where several stand in a line, and not for
// any where it cannot be read.
func TestWaiverIsForOneStatement(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ text, waived string }{
		{"-- underpin:waive RS999 reason=\"r\"\nDROP TABLE a; DROP TABLE b;\nDROP TABLE c;", "a"},
		{"DROP TABLE a; DROP TABLE b; -- underpin:waive RS999 reason=\"r\"\nDROP TABLE c;", "b"},
		{"DROP TABLE a; DROP /* underpin:waive RS999 reason=\"r\" */ TABLE b;\nDROP TABLE c;", "b"},
		{"DROP TABLE a;\nDROP TABLE b;\n-- underpin:waive RS999 reason=r\n\n-- the archive\nDROP TABLE c;", "c"},
		{"-- underpin:waive RS999 reason=\"open\nDROP TABLE a;", ""},
		{"-- underpin:waive RS999 reason=open\" owner=ann\nDROP TABLE a;", ""},
		{"DROP TABLE a;\n-- underpin:waive RS999 reason=\"r\"\n", ""},
	} {
		report := collect(t, review.Input{Migrations: []*review.Migration{migration("1.sql", tc.text)}}, func(p *review.Pass) {
			for s := range p.Statements() {
				p.Report(s, review.Finding{Object: s.Tables()[0], Message: "m"})
			}
		})
		var waived []string
		for _, f := range report.Waived {
			waived = append(waived, f.Object)
		}
		if got := strings.Join(waived, " "); got != tc.waived {
			t.Errorf("%s\nwaives %q, want %q", tc.text, got, tc.waived)
		}
	}
}
