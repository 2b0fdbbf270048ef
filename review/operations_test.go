package review_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/underpin-db/underpin/review"
)

// What DDL does is told by package ddl, whatever clauses say how; a clause that
// it does not know hides neither the others nor itself.
func TestOperations(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, sql string
		want      []string
		says      string
	}{
		{"plain", "ALTER TABLE t ADD COLUMN b INT, DROP COLUMN a", []string{"add column b", "drop column a"}, ""},
		{"resolved", "ALTER TABLE t MODIFY a BIGINT NOT NULL", []string{"change column type a", "set not null a"}, ""},
		{"a change that renames", "ALTER TABLE t CHANGE a b VARCHAR(10)", []string{"rename column a"}, ""},
		{"unknown table", "ALTER TABLE u CHANGE a b INT", []string{"modify column a", "rename column a"}, ""},
		{"how", "ALTER ONLINE TABLE IF EXISTS db.t DROP COLUMN IF EXISTS a, ALGORITHM=COPY, LOCK NONE", []string{"drop column a"}, ""},
		{"how long", "ALTER TABLE t WAIT 5 DROP COLUMN a", []string{"drop column a"}, ""},
		{"for one statement", "SET STATEMENT a = 'FOR', b = 2 FOR ALTER TABLE t DROP COLUMN a", []string{"drop column a"}, ""},
		{"hidden", "ALTER TABLE t ALTER COLUMN a SET INVISIBLE, DROP COLUMN id", []string{"set column visibility a", "drop column id"}, ""},
		{"computed", "ALTER TABLE t ADD COLUMN b INT DEFAULT (1 + 1)", []string{"add column with computed default b"}, "the parser does not know"},
		{"index", "CREATE UNIQUE INDEX IF NOT EXISTS x ON t (a) ALGORITHM=INPLACE LOCK=NONE", []string{"add unique index x"}, ""},
		{"several", "DROP TABLE IF EXISTS t, u", []string{"drop table t", "drop table u"}, ""},
		{"a comment that is executed", "ALTER TABLE t /*!80000 ADD COLUMN c INT, */ DROP COLUMN a", []string{"drop column a"}, ""},
		{
			"a clause that ddl does not know", "ALTER TABLE t ADD COLUMN c INT REFERENCES u (id), DROP COLUMN a",
			[]string{"drop column a"}, "begins at a.sql:1: column c has REFERENCES",
		},
		{"no DDL", "UPDATE t SET a = 1", nil, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			past := migration("0.sql", "CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(10))")
			past.Standing = review.Past
			var got []string
			report := collect(t, review.Input{Migrations: []*review.Migration{past, migration("a.sql", tc.sql)}}, func(p *review.Pass) {
				for s := range p.Statements() {
					for _, op := range s.Operations() {
						got = append(got, fmt.Sprint(op))
					}
				}
			})
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("operations (-want +got):\n%s", diff)
			}
			told := slices.ContainsFunc(report.NotChecked, func(s review.Skip) bool { return strings.Contains(s.Reason, tc.says) })
			if tc.says != "" && !told || tc.says == "" && len(report.NotChecked) > 0 {
				t.Errorf("not checked: %v, want %q", report.NotChecked, tc.says)
			}
		})
	}
}

// Where finds words in any case, quoted or not, and the whole statement where
// they are not there; edits are made of what it finds.
func TestWhere(t *testing.T) {
	t.Parallel()
	const sql = "SELECT 'ü';\nALTER TABLE t\n  rename /* x */ COLUMN `na``me`\n  TO b;"
	collect(t, review.Input{Migrations: []*review.Migration{migration("a.sql", sql)}}, func(p *review.Pass) {
		for s := range p.Statements() {
			if s.Head != "ALTER TABLE" {
				continue
			}
			for want, at := range map[string]review.Span{
				"3:3-3:33": s.Where("RENAME", "column", "na`me"),
				"3:18-4:5": s.Where("COLUMN", "*", "to"),
				"2:1-4:7":  s.Where("nowhere"),
			} {
				if got := fmt.Sprintf("%d:%d-%d:%d", at.Start.Line, at.Start.Column, at.End.Line, at.End.Column); got != want {
					t.Errorf("got %s, want %s", got, want)
				}
			}
			e := s.Replace(s.Where("to"), "AS")
			if sql[e.Span.Start.Offset:e.Span.End.Offset] != "TO" {
				t.Errorf("the edit replaces %q", sql[e.Span.Start.Offset:e.Span.End.Offset])
			}
			if i := s.Insert(s.Span().Start, "x"); i.Span.Start != i.Span.End || i.Span.Start.Line != 2 {
				t.Errorf("the insertion is at %+v", i.Span)
			}
		}
	})
}
