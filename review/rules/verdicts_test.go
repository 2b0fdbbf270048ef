package rules_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/review"
	"github.com/underpin-db/underpin/review/rules"
)

// How grave it is that a statement may fail at the end of a scan hangs on how
// long the scan is; that it may fail at all is never less than a warning.
func TestConstraintsBySize(t *testing.T) {
	t.Parallel()
	const schema = "CREATE TABLE t (id BIGINT PRIMARY KEY, a INT NOT NULL, CONSTRAINT c CHECK (a > 0) NOT ENFORCED);"
	sizes := []struct {
		name        string
		rows, bytes uint64
	}{{"small", 1000, 1 << 20}, {"medium", 2_000_000, 1 << 30}, {"large", 500_000_000, 60 << 30}, {"unknown", 0, 0}}
	tests := []struct {
		code review.Code
		sql  string
		want []string
	}{
		{"RS116", "CREATE UNIQUE INDEX one ON t (a)", []string{"warning in place 0s-0s", "warning in place 5s-51s", "error in place 5m-51m", "error in place 0s-0s"}},
		{"RS119", "ALTER TABLE t ADD CONSTRAINT d CHECK (a < 9)", []string{
			"warning copy, blocking writes 0s-0s", "warning copy, blocking writes 5s-51s", "error copy, blocking writes 5m-51m", "error copy, blocking writes 0s-0s",
		}},
		{"RS121", "ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES p (id)", []string{
			"warning copy, blocking writes 0s-0s", "warning copy, blocking writes 5s-51s", "error copy, blocking writes 5m-51m", "error copy, blocking writes 0s-0s",
		}},
		{"RS120", "ALTER TABLE t ALTER CHECK c ENFORCED", []string{
			"warning copy, blocking writes 0s-0s", "warning copy, blocking writes 5s-51s", "error copy, blocking writes 5m-51m", "error copy, blocking writes 0s-0s",
		}},
	}
	for _, test := range tests {
		t.Run(string(test.code), func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, size := range sizes {
				in := review.Input{
					Migrations: []*review.Migration{migrationOf(schema, review.Past), migrationOf(test.sql, review.Reviewed)},
					Rules:      slices.DeleteFunc(rules.All(), func(r review.Rule) bool { return r.Code != test.code }),
				}
				if size.rows > 0 {
					in.Facts = &review.Facts{Tables: []review.TableFacts{{Table: ddl.Table{
						Name: "t", Engine: "InnoDB", RowFormat: "dynamic", Rows: size.rows, Bytes: size.bytes, Checks: []string{"c"},
						Columns: []ddl.Column{{Name: "id", Type: "bigint", Position: 1}, {Name: "a", Type: "int", Position: 2}},
						Indexes: []ddl.Index{{Name: "PRIMARY", Unique: true, Columns: []string{"id"}}},
					}}}}
				}
				report, err := review.Run(t.Context(), in)
				if err != nil {
					t.Fatal(err)
				}
				for _, f := range report.Findings {
					got = append(got, fmt.Sprint(f.Severity, " ", f.Cost.Verdict.Class, " ", short(f.Cost.Low), "-", short(f.Cost.High)))
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// How a statement is written is no matter where a tool makes it of a schema
// folder, or carries out a change file; what it does is.
func TestOnlyWhatIsWrittenIsToBeWrittenOtherwise(t *testing.T) {
	t.Parallel()
	const before, after = "CREATE TABLE t (id BIGINT PRIMARY KEY, a INT);", "CREATE TABLE t (id BIGINT PRIMARY KEY, b INT);\nCREATE TABLE u (id INT);\nCREATE TABLE v (id INT);"
	for name, test := range map[string]struct {
		migrations []*review.Migration
		want       []review.Code
	}{
		"schema": {
			review.SchemaChange([]review.SchemaFile{{Path: "t.sql", Text: before}}, []review.SchemaFile{{Path: "t.sql", Text: after}}),
			[]review.Code{"RS103"},
		},
		"written": {
			[]*review.Migration{
				migrationOf(before, review.Past), migrationOf("ALTER TABLE t DROP COLUMN a, ADD COLUMN b INT;\nCREATE TABLE u (id INT);", review.Reviewed),
			},
			[]review.Code{"RS103", "RS203", "RS227", "RS502"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report, err := review.Run(t.Context(), review.Input{Migrations: test.migrations, Rules: rules.All(), Config: review.Config{Server: review.AssumedServer}})
			if err != nil {
				t.Fatal(err)
			}
			asked := []review.Code{"RS103", "RS203", "RS204", "RS227", "RS228", "RS502"}
			var got []review.Code
			for _, f := range report.Findings {
				if slices.Contains(asked, f.Code) && !slices.Contains(got, f.Code) {
					got = append(got, f.Code)
				}
			}
			slices.Sort(got)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("codes (-want +got):\n%s", diff)
			}
		})
	}
}
