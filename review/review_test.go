package review_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/review"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// migration is a file of statements that lead up.
func migration(path, text string) *review.Migration {
	return &review.Migration{Path: path, Text: text, Sections: []review.Section{{Direction: review.Up, To: len(text)}}}
}

// collect runs one rule that does what the test says.
func collect(t *testing.T, in review.Input, check func(*review.Pass)) *review.Report {
	t.Helper()
	in.Rules = append(in.Rules, review.Rule{Code: "RS999", Name: "test", Category: review.Breaks, Severity: review.Warning, Check: check})
	report, err := review.Run(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestStatementsAreCut(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, text string
		want       []string // line:column head
	}{
		{"plain", "SELECT 1; SELECT 2;\n\n  SELECT 3", []string{"1:1 SELECT", "1:11 SELECT", "3:3 SELECT"}},
		{"comments", "-- a; b\n# c;\n/* d; */ SELECT ';' /* ; */, \"a;\"\"b\", `c;``d`; -- e\n", []string{"3:10 SELECT"}},
		{"characters", "SELECT 'ü'; SELECT 2;", []string{"1:1 SELECT", "1:13 SELECT"}},
		{"delimiter", "DELIMITER //\nSELECT 1; //\nSELECT 2//\ndelimiter ;\nSELECT 3;", []string{"2:1 SELECT", "3:1 SELECT", "5:1 SELECT"}},
		{"a statement that the DELIMITER line ends", "delimiter //\nSELECT 1;\ndelimiter ;\nCREATE TABLE a (b INT,\ndelimiter INT);", []string{"2:1 SELECT", "4:1 CREATE TABLE"}},
		{"a comment before the delimiter", "SELECT 1 -- x\n; -- y\nDELIMITER $$\nSELECT 2 $$", []string{"1:1 SELECT", "4:1 SELECT"}},
		{
			"a routine without DELIMITER",
			"CREATE TRIGGER a BEFORE INSERT ON t FOR EACH ROW BEGIN IF 1 THEN SET @a = CASE 1 WHEN 1 THEN 2 END; END IF; END; SELECT 1;",
			[]string{"1:1 CREATE TRIGGER", "1:114 SELECT"},
		},
		{"a routine of one statement", "CREATE DEFINER=`a`@`b` PROCEDURE p() SELECT 1; SELECT 2;", []string{"1:1 CREATE PROCEDURE", "1:48 SELECT"}},
		{"executable comments", "/*!40101 SET NAMES utf8 */;\n/*M!999999 - sandbox */;\nSELECT 1", []string{"1:1 ", "3:1 SELECT"}},
		{"nothing", " \n;; -- x\n", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			collect(t, review.Input{Migrations: []*review.Migration{migration("a.sql", tc.text)}}, func(p *review.Pass) {
				for s := range p.Statements() {
					at := s.Span().Start
					got = append(got, fmt.Sprintf("%d:%d %s", at.Line, at.Column, s.Head))
				}
			})
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("statements (-want +got):\n%s", diff)
			}
		})
	}
}

// What cannot be read is reported with its place, and the rest is still read.
func TestTroublesHaveTheirPlace(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, text, want string }{
		{"a word", "SELECT 1;\nALTER TABLE t\n  FROBNICATE x;", "3:3 the parser does not know what begins here: FROBNICATE x"},
		{"an end", "ALTER TABLE t ADD COLUMN", "1:24 the statement ends too early"},
		{"a quote", "SELECT 1;\nSELECT 'x", "2:8 a quote is opened here and never closed"},
		{"a comment", "SELECT 1; /* x", "1:11 a comment is opened here and never closed"},
		{"binary", "SELECT 1;\x00", "1:10 there is a NUL byte"},
		{"latin1", "SELECT 'gr\xfcn';", "1:11 a byte here is not UTF-8"},
		{"a body without its end", "CREATE TABLE a (b INT);\nCREATE TABLE", "2:12 the statement ends too early"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := ""
			collect(t, review.Input{Migrations: []*review.Migration{migration("a.sql", tc.text)}}, func(p *review.Pass) {
				for trouble := range p.Troubles() {
					at := trouble.Span.Start
					got += fmt.Sprintf("%d:%d %s\n", at.Line, at.Column, trouble.Problem)
				}
			})
			if !strings.HasPrefix(got, tc.want) || strings.Count(got, "\n") != 1 {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

// tables describes what is known of the tables when the last statement runs.
func tables(t *testing.T, names []string, in review.Input) string {
	t.Helper()
	var b strings.Builder
	collect(t, in, func(p *review.Pass) {
		var last *review.Statement
		for s := range p.Statements() {
			last = s
		}
		for _, name := range names {
			table := last.Table(name)
			fmt.Fprintf(&b, "%s complete=%t new=%t", table.Name, table.Complete, last.New(name))
			for _, c := range table.Columns {
				fmt.Fprintf(&b, "; %s %s %s null=%t new=%t", c.Name, c.Type, c.Collation, c.Nullable, last.NewColumn(name, c.Name))
			}
			for _, i := range table.Indexes {
				fmt.Fprintf(&b, "; %s(%s) unique=%t", i.Name, strings.Join(i.Columns, ","), i.Unique)
			}
			b.WriteString("\n")
		}
	})
	return b.String()
}

func TestTheSchemaIsReplayed(t *testing.T) {
	t.Parallel()
	past := migration("1.sql", `
CREATE TABLE users (
  id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
  name VARCHAR(50) CHARACTER SET latin1,
  age INT NOT NULL DEFAULT 0,
  UNIQUE KEY by_name (name, age)
);
CREATE TABLE gone (id INT);
DROP TABLE gone;`)
	past.Standing = review.Past
	now := migration("2.sql", `
ALTER TABLE users DROP COLUMN age, ADD COLUMN first_name VARCHAR(20) NOT NULL AFTER id, CHANGE name full_name VARCHAR(80);
RENAME TABLE users TO people;
CREATE TABLE orders (id INT NOT NULL, PRIMARY KEY (id));
CREATE INDEX by_user ON orders (user_id);
SELECT 1 FROM people, orders, gone`)
	now.Set = 1
	got := tables(t, []string{"people", "orders", "gone"}, review.Input{Migrations: []*review.Migration{past, now}})
	want := `people complete=true new=false` +
		`; id bigint(20) unsigned  null=false new=false; first_name varchar(20) utf8mb4_0900_ai_ci null=false new=true` +
		`; full_name varchar(80) utf8mb4_0900_ai_ci null=true new=false` +
		`; PRIMARY(id) unique=true; by_name(full_name) unique=true
orders complete=true new=true; id int(11)  null=false new=true; PRIMARY(id) unique=true; by_user(user_id) unique=false
gone complete=false new=false
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("tables (-want +got):\n%s", diff)
	}
}

// The cost is package ddl's, for the server at hand, with the size of the table.
func TestCost(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, sql string
		server    ddl.Server
		facts     *review.Facts
		want      string
	}{
		{"instant", "ALTER TABLE t ADD COLUMN b INT", ddl.Server{Flavour: ddl.MySQL, Version: ddl.Version{Major: 9, Minor: 7}}, nil, "instant unknown false 0s"},
		{"with clauses", "ALTER TABLE t ADD COLUMN b INT, ALGORITHM=INPLACE, LOCK=NONE", ddl.Server{Flavour: ddl.MySQL, Version: ddl.Version{Major: 9, Minor: 7}}, nil, "instant unknown false 0s"},
		{"assumed", "ALTER TABLE db.t MODIFY a BIGINT", ddl.Server{}, nil, "copy, blocking writes unknown true 0s"},
		{
			"sized", "ALTER TABLE t MODIFY a BIGINT", ddl.Server{Flavour: ddl.MariaDB, Version: ddl.Version{Major: 10, Minor: 11}},
			&review.Facts{Tables: []review.TableFacts{{Table: ddl.Table{Name: "t", Rows: 500_000_000, Bytes: 60 << 30}}}},
			"copy, blocking writes large false 51m12s",
		},
		{"unknown table", "ALTER TABLE u MODIFY a BIGINT", ddl.Server{}, nil, "read it first"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := ""
			past := migration("1.sql", "CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(10))")
			past.Standing = review.Past
			collect(t, review.Input{
				Migrations: []*review.Migration{past, migration("2.sql", tc.sql)}, Facts: tc.facts, Config: review.Config{Server: tc.server},
			}, func(p *review.Pass) {
				for s := range p.Statements() {
					cost, err := p.Cost(s)
					if err != nil {
						got = err.Error()
						continue
					}
					got = fmt.Sprint(cost.Verdict.Class, " ", cost.Size.Class, " ", cost.Assumed, " ", cost.High)
				}
			})
			if !strings.HasSuffix(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

// A finding keeps its name when lines move, and two of a kind have two names.
func TestNamesOfFindings(t *testing.T) {
	t.Parallel()
	ids := func(text string) []string {
		var out []string
		report := collect(t, review.Input{Migrations: []*review.Migration{migration("a.sql", text)}}, func(p *review.Pass) {
			for s := range p.Statements() {
				p.Report(s, review.Finding{Object: "t", Message: "m"})
			}
		})
		for _, f := range report.Findings {
			out = append(out, f.ID)
		}
		return out
	}
	one, moved := ids("SELECT 1; SELECT 1; SELECT 2;"), ids("\n-- new\nSELECT  1;\nSELECT 1 /* x */; SELECT 2;")
	if diff := cmp.Diff(one, moved); diff != "" {
		t.Errorf("names moved with the lines:\n%s", diff)
	}
	if one[0] == one[1] || one[1] == one[2] {
		t.Errorf("names are not unique: %v", one)
	}
}

func FuzzRun(f *testing.F) {
	for _, seed := range []string{
		"CREATE TABLE t (a INT); ALTER TABLE t DROP COLUMN a;", "DELIMITER //\nCREATE TRIGGER x BEGIN END//", "/*!50000 x */ /*M! y */",
		"ALTER TABLE t CHANGE a b INT, ADD INDEX (b), RENAME TO u;", "-- underpin:waive RS101 reason=\"x\"\nDROP TABLE t", "'", "`a``b` \\",
		"CREATE TABLE t LIKE u; ALTER TABLE t CONVERT TO CHARACTER SET latin1, DROP PRIMARY KEY, DROP CONSTRAINT c, PARTITION BY HASH(a);",
		"ALTER TABLE t ADD COLUMN (a INT, b INT), MODIFY a INT FIRST, RENAME INDEX a TO b, ALTER COLUMN a SET DEFAULT (1+1)",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, err := review.Run(t.Context(), review.Input{Migrations: []*review.Migration{migration("a.sql", text)}, Rules: []review.Rule{{
			Code: "RS999", Category: review.Breaks, Severity: review.Note, Check: func(p *review.Pass) {
				for trouble := range p.Troubles() {
					if trouble.Span.IsZero() {
						t.Errorf("no place: %+v", trouble)
					}
				}
				for s := range p.Statements() {
					_, _ = p.Cost(s)
					p.Report(s, review.Finding{Span: s.Where("*", "*")})
				}
			},
		}}})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// A waiver of the settings is for a file, or a line of it; one that has ended
// does not hold.
func TestWaiversOfTheSettings(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	day := func(d int) time.Time { return time.Date(2026, 11, d, 0, 0, 0, 0, time.UTC) }
	for _, tc := range []struct {
		name   string
		waiver review.Waiver
		waived int
	}{
		{"a file", review.Waiver{Path: "a.sql", Reason: "r"}, 2},
		{"a line", review.Waiver{Path: "a.sql", Line: 2, Reason: "r"}, 1},
		{"another file", review.Waiver{Path: "b.sql", Reason: "r"}, 0},
		{"no reason", review.Waiver{Path: "a.sql"}, 0},
		{"its last day", review.Waiver{Path: "a.sql", Reason: "r", Until: day(21)}, 2},
		{"it has ended", review.Waiver{Path: "a.sql", Reason: "r", Until: day(20)}, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tc.waiver.Codes = []review.Code{"RS999"}
			report := collect(t, review.Input{
				Migrations: []*review.Migration{migration("a.sql", "SELECT 1;\nSELECT 2;")},
				Config:     review.Config{Waivers: []review.Waiver{tc.waiver}, Now: now},
			}, func(p *review.Pass) {
				for s := range p.Statements() {
					p.Report(s, review.Finding{Message: "m"})
				}
			})
			if len(report.Waived) != tc.waived || len(report.Findings) != 2-tc.waived {
				t.Errorf("%d waived, %d count", len(report.Waived), len(report.Findings))
			}
		})
	}
}

// What was not seen is told: facts with gaps, old facts, code that does not parse.
func TestGaps(t *testing.T) {
	t.Parallel()
	report := collect(t, review.Input{
		Migrations: []*review.Migration{migration("a.sql", "SELECT 1")},
		Facts:      &review.Facts{Blind: []string{"statements: off"}, Taken: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)},
		Code:       &review.CodeIndex{Problems: []string{"x.go: broken"}},
		Config:     review.Config{Now: time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)},
	}, func(*review.Pass) {})
	var got []string
	for _, s := range report.NotChecked {
		got = append(got, s.Reason)
	}
	want := []string{
		"all of the code, because of x.go: broken",
		"what has changed in the database since 2026-01-01, when the facts were read: run underpin stats again",
		"what the database did not tell: statements: off",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("not checked (-want +got):\n%s", diff)
	}
}

func TestServers(t *testing.T) {
	t.Parallel()
	executed := func(server ddl.Server) int {
		n := 0
		collect(t, review.Input{
			Migrations: []*review.Migration{migration("a.sql", "SELECT 0; /*M!100100 SELECT 1 */; /*!80000 SELECT 2 */;")},
			Config:     review.Config{Server: server},
		}, func(p *review.Pass) {
			for range p.Statements() {
				n++
			}
		})
		return n
	}
	if my, maria := executed(ddl.Server{Flavour: ddl.MySQL}), executed(ddl.Server{Flavour: ddl.MariaDB}); my != 2 || maria != 3 {
		t.Errorf("%d statements on MySQL and %d on MariaDB, want 2 and 3", my, maria)
	}
	past := review.Rule{Code: "RS998", Category: review.Breaks, Severity: review.Note, Scope: review.Scope{Flavour: ddl.MySQL, Below: ddl.Version{Major: 8, Minor: 0, Patch: 29}}}
	for version, holds := range map[ddl.Version]bool{{Major: 8, Minor: 0, Patch: 28}: true, {Major: 8, Minor: 0, Patch: 29}: false} {
		if past.Scope.Holds(ddl.Server{Flavour: ddl.MySQL, Version: version}) != holds {
			t.Errorf("scope on %s", version)
		}
	}
}
