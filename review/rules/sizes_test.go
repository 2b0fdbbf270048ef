package rules_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/review"
	"github.com/underpin-db/underpin/review/rules"
)

// One statement on tables of four sizes: what is said, how gravely, with which
// class, and in how much time.
func TestVerdictsHangOnTheSize(t *testing.T) {
	t.Parallel()
	const schema = "CREATE TABLE %s (id BIGINT PRIMARY KEY, total INT, state ENUM('a','b'));"
	const change = "ALTER TABLE %[1]s MODIFY total BIGINT;\nALTER TABLE %[1]s ADD INDEX by_total (total);\nALTER TABLE %[1]s ADD COLUMN n INT, ALGORITHM=COPY;"
	sizes := map[string]*review.TableFacts{
		"small":   {Table: ddl.Table{Name: "small", Rows: 1000, Bytes: 1 << 20}},
		"medium":  {Table: ddl.Table{Name: "medium", Rows: 2_000_000, Bytes: 1 << 30}},
		"large":   {Table: ddl.Table{Name: "large", Rows: 500_000_000, Bytes: 60 << 30}},
		"unknown": nil,
	}
	want := map[string][]string{
		"small":   {"RS201 note"},
		"medium":  {"RS225 warning copy, blocking writes 5s-51s", "RS201 warning"},
		"large":   {"RS225 error copy, blocking writes 5m-51m", "RS201 error", "RS226 warning in place 5m-51m"},
		"unknown": {"RS201 error"},
	}
	for name, facts := range sizes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := review.Input{Rules: rules.All(), Migrations: []*review.Migration{
				migrationOf(fmt.Sprintf(schema, name), review.Past), migrationOf(fmt.Sprintf(change, name), review.Reviewed),
			}}
			if facts != nil {
				in.Facts = &review.Facts{Tables: []review.TableFacts{*facts}}
			}
			report, err := review.Run(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range report.Findings {
				switch {
				case f.Code == "RS201":
					got = append(got, fmt.Sprint(f.Code, " ", f.Severity))
				case (f.Code == "RS225" || f.Code == "RS226") && !strings.Contains(f.SQL, "ALGORITHM"):
					got = append(got, fmt.Sprint(f.Code, " ", f.Severity, " ", f.Cost.Verdict.Class, " ", short(f.Cost.Low), "-", short(f.Cost.High)))
				}
			}
			if diff := cmp.Diff(want[name], got); diff != "" {
				t.Errorf("(-want +got):\n%s%s", diff, messages(report))
			}
		})
	}
}

// short writes a time in whole minutes, or below one in seconds.
func short(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%.0fs", d.Seconds())
	}
	return fmt.Sprintf("%.0fm", d.Minutes())
}

func migrationOf(text string, standing review.Standing) *review.Migration {
	m := &review.Migration{
		Path: "m.sql", Text: text, Standing: standing,
		Sections: []review.Section{{Direction: review.Up, To: len(text)}},
	}
	if standing != review.Past {
		m.Set = 1
	}
	return m
}
