package review_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/underpin-db/underpin/review"
)

func TestSchemaChange(t *testing.T) {
	t.Parallel()
	before := []review.SchemaFile{
		{Path: "users.sql", Text: "CREATE TABLE users (\n  id INT NOT NULL,\n  name VARCHAR(20),\n  age INT,\n  PRIMARY KEY (id),\n  KEY by_age (age)\n);"},
		{Path: "gone.sql", Text: "CREATE TABLE gone (id INT);"},
		{Path: "same.sql", Text: "CREATE TABLE same (id INT);"},
	}
	after := []review.SchemaFile{
		{Path: "users.sql", Text: "-- users\nCREATE TABLE `users` (\n  id INT NOT NULL,\n  mail VARCHAR(50) NOT NULL,\n  name VARCHAR(40),\n  PRIMARY KEY (id),\n  UNIQUE KEY by_mail (mail)\n) ENGINE=InnoDB;"},
		{Path: "same.sql", Text: "create table same (id int) /* the same */;\nFROB;"},
		{Path: "new.sql", Text: "CREATE TABLE fresh (id INT)"},
	}
	var got []string
	troubles := 0
	collect(t, review.Input{Migrations: review.SchemaChange(before, after)}, func(p *review.Pass) {
		for s := range p.Statements() {
			at := s.Span().Start
			got = append(got, strings.Join([]string{s.Migration.Path, s.Text}, ": "))
			if s.Migration.Path == "users.sql" && at.Line != 2 {
				t.Errorf("it stands in line %d", at.Line)
			}
		}
		for range p.Troubles() {
			troubles++
		}
	})
	want := []string{
		"users.sql: ALTER TABLE `users`\n  DROP COLUMN `age`,\n  ADD COLUMN `mail` VARCHAR(50) NOT NULL AFTER `id`,\n  MODIFY COLUMN `name` VARCHAR(40),\n" +
			"  DROP INDEX `by_age`,\n  ADD UNIQUE `by_mail`(`mail`),\n  ENGINE = InnoDB",
		"new.sql: CREATE TABLE fresh (id INT)",
		"gone.sql: DROP TABLE `gone`",
	}
	if diff := cmp.Diff(slices.Sorted(slices.Values(want)), slices.Sorted(slices.Values(got))); diff != "" {
		t.Errorf("statements (-want +got):\n%s", diff)
	}
	if troubles != 1 {
		t.Errorf("%d statements were not understood, want 1", troubles)
	}
}

// A schema that stays as it is changes nothing, and what changes one into
// another makes the other of it: nothing is left to change.
func TestSchemaChangeLeadsThere(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		from, to := drawTable(t, "from"), drawTable(t, "to")
		if same := review.SchemaChange(from, from); len(same) != 1 {
			t.Fatalf("a schema differs from itself: %+v", same)
		}
		changes := review.SchemaChange(from, to)
		last := ""
		columns := ""
		report, err := review.Run(t.Context(), review.Input{
			Migrations: append(changes, migration("z.sql", "SELECT 1 FROM t")),
			Rules: []review.Rule{{Code: "RS999", Category: review.Breaks, Severity: review.Note, Check: func(p *review.Pass) {
				for s := range p.Statements() {
					last = s.Text
					columns = ""
					for _, c := range s.Table("t").Columns {
						columns += c.Name + " " + c.Type + "\n"
					}
				}
			}}},
		})
		if err != nil || report.Statements == 0 || last != "SELECT 1 FROM t" {
			t.Fatalf("%v, %+v", err, report)
		}
		want := ""
		for _, line := range strings.Split(strings.TrimPrefix(to[0].Text, "CREATE TABLE t (\n"), "\n") {
			if line = strings.TrimSuffix(strings.TrimSuffix(line, ")"), ","); line != "" {
				want += line + "\n"
			}
		}
		if columns != want {
			t.Fatalf("the table has\n%s, want\n%s", columns, want)
		}
	})
}

// drawTable makes a schema of one table whose columns keep one order.
func drawTable(t *rapid.T, label string) []review.SchemaFile {
	var lines []string
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		if tp := rapid.SampledFrom([]string{"", "int(11)", "varchar(20)", "bigint(20)"}).Draw(t, label+name); tp != "" {
			lines = append(lines, name+" "+tp)
		}
	}
	if len(lines) == 0 {
		lines = []string{"a int(11)"}
	}
	return []review.SchemaFile{{Path: "t.sql", Text: "CREATE TABLE t (\n" + strings.Join(lines, ",\n") + ")"}}
}

// What is derived cannot be edited where it does not stand.
func TestNoEditsOfDerivedText(t *testing.T) {
	t.Parallel()
	before := []review.SchemaFile{{Path: "a.sql", Text: "CREATE TABLE a (id INT PRIMARY KEY, x INT);"}}
	after := []review.SchemaFile{{Path: "a.sql", Text: "CREATE TABLE a (id INT PRIMARY KEY);"}}
	report := collect(t, review.Input{Migrations: review.SchemaChange(before, after)}, func(p *review.Pass) {
		for s := range p.Statements() {
			fixes := []review.Fix{{Description: "edit", Edits: []review.Edit{s.Insert(s.Span().End, ", LOCK=NONE")}}, {Description: "plan"}}
			p.Report(s, review.Finding{Message: "m", Fixes: fixes})
		}
	})
	if len(report.Findings) != 1 || len(report.Findings[0].Fixes) != 1 || report.Findings[0].Fixes[0].Description != "plan" {
		t.Errorf("%+v", report.Findings)
	}
}
