package report_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"

	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/review"
	"github.com/underpin-db/underpin/review/report"
)

var update = flag.Bool("update", false, "write the golden files")

func at(offset, line, column int) review.Position {
	return review.Position{Offset: offset, Line: line, Column: column}
}

// example is a report with everything in it.
func example() report.Document {
	text := "ALTER TABLE users\n\tRENAME COLUMN name TO full_name;\nDROP TABLE `old`;\n"
	cost := &review.Cost{
		Server:  ddl.Server{Flavour: ddl.MySQL, Version: ddl.Version{Major: 9, Minor: 7}},
		Verdict: ddl.Verdict{Class: ddl.Copy, Algorithm: "COPY", Lock: "SHARED", Rebuild: true},
		Size:    review.Size{Class: review.Large, Rows: 500_000_000, Bytes: 60 << 30}, Low: 5 * time.Minute, High: 51 * time.Minute,
	}
	waiver := review.Waiver{Reason: "archived", Owner: "ann", Until: time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC), Path: "db/2.sql", Line: 3}
	return report.Document{
		Version:    "v1.2.3",
		Migrations: []*review.Migration{{Path: "db/1.sql"}, {Path: "db/2.sql", Text: text}},
		Report: &review.Report{
			Server: cost.Server, Migrations: 2, Statements: 2,
			Rules: []review.Rule{
				{Code: "RS101", Name: "rename-column", Category: review.Breaks, Severity: review.Error, Summary: "a rename", Explanation: "# Why"},
				{Code: "RS104", Name: "drop-table", Category: review.Breaks, Severity: review.Error, Summary: "a drop", Explanation: "# Why"},
				{Code: "RS502", Name: "not-rerunnable", Category: review.History, Severity: review.Note, Summary: "not again"},
			},
			Findings: []review.Finding{
				{
					ID: "RS101-0011aa", Code: "RS101", Name: "rename-column", Category: review.Breaks, Severity: review.Error,
					Object: "users.name", Message: "column users.name becomes full_name: old code fails", Advice: "add it beside",
					Path: "db/2.sql", SQL: "ALTER …", Span: review.Span{Start: at(33, 2, 16), End: at(50, 2, 33)}, Cost: cost,
					Fixes: []review.Fix{{
						Description: "plan it: `now`",
						Edits:       []review.Edit{{Path: "db/2.sql", Span: review.Span{Start: at(0, 1, 1), End: at(5, 1, 6)}, Text: "-- "}},
						NewFiles:    []review.NewFile{{Path: "changes/x/change.yaml", Content: "change: x\n"}},
					}},
				},
				{ID: "RS502-22", Code: "RS502", Name: "not-rerunnable", Category: review.History, Severity: review.Note, Message: "it fails when it is run again", Path: "db/2.sql"},
			},
			Waived: []review.Finding{{
				ID: "RS104-33", Code: "RS104", Name: "drop-table", Category: review.Breaks, Severity: review.Error, Object: "old",
				Message: "table old is dropped", Path: "db/2.sql", Span: review.Span{Start: at(52, 3, 1), End: at(68, 3, 17)}, Waiver: &waiver,
			}},
			NotChecked: []review.Skip{{Code: "RS225", Reason: "the size of users is not known"}, {Code: "RS226", Reason: "the size of users is not known"}},
		},
	}
}

func write(t testing.TB, format report.Format, d report.Document) string {
	t.Helper()
	var b bytes.Buffer
	if err := report.Write(&b, format, d); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestGolden(t *testing.T) {
	t.Parallel()
	for _, format := range report.Formats() {
		t.Run(string(format), func(t *testing.T) {
			t.Parallel()
			got := write(t, format, example())
			name := filepath.Join("testdata", string(format)+".golden")
			if *update {
				if err := os.WriteFile(name, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("%s (-want +got; -update writes it):\n%s", format, diff)
			}
		})
	}
	if err := report.Write(&bytes.Buffer{}, "pdf", example()); !errors.Is(err, report.ErrUnknownFormat) {
		t.Errorf("a form that is none: %v", err)
	}
}

// hostile has the same odd text everywhere.
func hostile(text string) report.Document {
	d := example()
	for _, list := range [][]review.Finding{d.Findings, d.Waived} {
		for i := range list {
			f := &list[i]
			f.Object, f.Message, f.Advice, f.Path, f.SQL = text, "m"+text, text, "p"+text, text
			for j := range f.Fixes {
				f.Fixes[j].Description = text
				f.Fixes[j].NewFiles = []review.NewFile{{Path: "p" + text, Content: text}}
			}
			if f.Waiver != nil {
				f.Waiver.Reason, f.Waiver.Owner = text, text
			}
		}
	}
	d.NotChecked[0].Reason = text
	d.Migrations[1].Text = text
	return d
}

// Whatever stands in a migration, machines can read the report, and nothing of
// it becomes an order to the reader.
func TestHostileTexts(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../../internal/sarif/testdata/sarif-schema-2.1.0.json")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("sarif.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("sarif.json")
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{
			"\n::error::x", "%0A", "```\n# h", "<script>", "]]>", "\x00\x1b[31m", "@team `x` | y", "\xff", "--> <!-- ", "a,b:c",
		})).Draw(t, "text")
		d := hostile(text)
		var b bytes.Buffer
		for _, format := range report.Formats() {
			b.Reset()
			if err := report.Write(&b, format, d); err != nil {
				t.Fatalf("%s: %v", format, err)
			}
			switch format {
			case report.JSON:
				if !json.Valid(b.Bytes()) {
					t.Fatalf("not JSON: %s", b.String())
				}
			case report.SARIF:
				v, err := jsonschema.UnmarshalJSON(&b)
				if err == nil {
					err = schema.Validate(v)
				}
				if err != nil {
					t.Fatal(err)
				}
			case report.JUnit:
				if err := xml.Unmarshal(b.Bytes(), new(struct{ XMLName xml.Name })); err != nil {
					t.Fatalf("%v: %s", err, b.String())
				}
			case report.GitHub:
				if n := strings.Count(b.String(), "\n"); n != len(d.Findings) {
					t.Fatalf("%d lines for %d annotations: %q", n, len(d.Findings), b.String())
				}
			case report.Markdown:
				if strings.Contains(b.String(), "<script>") && !strings.Contains(b.String(), "    <script>") || strings.Count(b.String(), report.Marker) != 1 {
					t.Fatalf("%s", b.String())
				}
			case report.Text:
			}
		}
	})
}

// The forms with a limit say how many are left out.
func TestLimits(t *testing.T) {
	t.Parallel()
	d := example()
	f := d.Findings[0]
	d.Findings = nil
	for i := range 1000 {
		f.ID, f.Object = fmt.Sprint("RS101-", i), fmt.Sprint("t", i)
		d.Findings = append(d.Findings, f)
	}
	annotations := write(t, report.GitHub, d)
	lines := strings.Split(strings.TrimSpace(annotations), "\n")
	if len(lines) != 10 || !strings.Contains(lines[9], "990 more of this severity") {
		t.Errorf("%d annotations, the last is %s", len(lines), lines[len(lines)-1])
	}
	comment := write(t, report.Markdown, d)
	if len(comment) > 65536 || !strings.Contains(comment, "more findings are not shown here") {
		t.Errorf("a comment of %d bytes", len(comment))
	}
	d.Waived = slices.Repeat(example().Waived, 5000)
	d.Findings[1].Fixes = []review.Fix{{Description: "x", NewFiles: []review.NewFile{{Path: "changes/y/change.yaml", Content: strings.Repeat("ü\n", 50_000)}}}}
	if comment = write(t, report.Markdown, d); len(comment) > 65536 || !strings.Contains(comment, "more, in the full report") {
		t.Errorf("a comment of %d bytes with one long fix and many waivers", len(comment))
	}
	for _, line := range strings.Split(write(t, report.GitHub, d), "\n") {
		if len(line) > 4096+500 {
			t.Errorf("an annotation of %d bytes: the runner cuts it", len(line))
		}
	}
	if n := strings.Count(write(t, report.JSON, d), `"RS101-`); n != 1000 {
		t.Errorf("JSON has %d findings", n)
	}
}

// A suggestion holds whole lines, in which each edit of a fix is made.
func TestSuggestions(t *testing.T) {
	t.Parallel()
	d := example()
	d.Migrations[1].Text = "-- ü\r\nSELECT a,\r\n  b FROM t;\r\nSELECT 2;\r\n"
	edit := func(from, to, line, toLine int, text string) review.Edit {
		return review.Edit{Path: "db/2.sql", Span: review.Span{Start: at(from, line, 1), End: at(to, toLine, 1)}, Text: text}
	}
	d.Findings[0].Fixes = []review.Fix{{Description: "two", Edits: []review.Edit{edit(20, 21, 3, 3, "bb"), edit(14, 15, 2, 2, "aa")}}}
	text := write(t, report.Markdown, d)
	if want := "<summary>db/2.sql:2-3</summary>\n\n    ```suggestion\n    SELECT aa,\r\n      bb FROM t;\n    ```"; !strings.Contains(text, want) {
		t.Errorf("no suggestion of both lines:\n%q", text)
	}
	d.Findings[0].Fixes[0].Edits[0].Span.Start.Offset = 14 // they overlap: which counts?
	if text := write(t, report.Markdown, d); strings.Contains(text, "```suggestion") {
		t.Errorf("a guess between edits that overlap:\n%s", text)
	}
}

// What a schema folder comes down to is shown as the statement that it is, and a
// line as it is now and not as it was.
func TestTextOfSchemaFolders(t *testing.T) {
	t.Parallel()
	d := example()
	past := &review.Migration{Path: "db/2.sql", Text: "-- as it was\n-- as it was\n", Standing: review.Past}
	d.Migrations = append([]*review.Migration{past}, d.Migrations...)
	d.Findings[1].SQL, d.Findings[1].Span = "ALTER TABLE `a`\n  DROP COLUMN `x`", review.Span{Start: at(0, 1, 1), End: at(0, 1, 1)}
	text := write(t, report.Text, d)
	if strings.Contains(text, "as it was") || !strings.Contains(text, "│ ALTER TABLE `a` DROP COLUMN `x`\n") {
		t.Errorf("%s", text)
	}
}

// What is wrong is underlined where it stands, however wide the characters are.
func TestUnderlineOfWideCharacters(t *testing.T) {
	t.Parallel()
	d := example()
	d.Migrations[1].Text = "ALTER TABLE a COMMENT '日本', DROP COLUMN データ;\n"
	d.Findings[0].Span = review.Span{Start: at(32, 1, 29), End: at(53, 1, 44)}
	if text := write(t, report.Text, d); !strings.Contains(text, "\n      │ "+strings.Repeat(" ", 30)+strings.Repeat("~", 18)+"\n") {
		t.Errorf("%s", text)
	}
}
