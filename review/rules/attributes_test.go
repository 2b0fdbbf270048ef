package rules_test

import (
	"database/sql"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/review"
	"github.com/underpin-db/underpin/review/rules"
)

const jobs = `CREATE TABLE jobs (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  state VARCHAR(10) NOT NULL DEFAULT 'it''s \\ new' COMMENT 'see ''states.go''',
  tries INT NOT NULL DEFAULT 0,
  price DECIMAL(10,2) DEFAULT 9.50,
  changed TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  code VARCHAR(10) CHARACTER SET ascii COLLATE ascii_bin NULL DEFAULT 'x',
  note VARCHAR(10) NULL
) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin`

// What RS114 has a statement repeat is what the server has, as it says it
// itself: with it the column keeps every attribute.
func TestRepeatedAttributes(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db, err := mysqlx.Open(t.Context(), s.Database(t).DSN, mysqlx.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		execute(t, db, jobs)
		server, err := ddl.ReadServer(t.Context(), db)
		if err != nil {
			t.Fatal(err)
		}
		for column, definition := range map[string]string{
			"state": "VARCHAR(20)", "tries": "BIGINT", "price": "DECIMAL(12,2)", "changed": "TIMESTAMP", "code": "VARCHAR(20)", "id": "BIGINT",
		} {
			for _, history := range []string{"", jobs} { // known from the server, or from an earlier migration
				execute(t, db, "DROP TABLE IF EXISTS jobs")
				execute(t, db, jobs)
				before := readJobs(t, db, server)
				statement := "ALTER TABLE jobs MODIFY COLUMN " + column + " " + definition
				found := reviewJobs(t, server, before, history, statement, "RS114")
				if len(found) != 1 || len(found[0].Fixes) != 1 {
					t.Fatalf("%s: %d findings, not 1 with a fix", statement, len(found))
				}
				e := found[0].Fixes[0].Edits[0]
				mended := statement[:e.Span.Start.Offset] + e.Text + statement[e.Span.End.Offset:]
				for _, code := range []review.Code{"RS110", "RS111", "RS112", "RS114"} {
					if again := reviewJobs(t, server, before, history, mended, code); len(again) > 0 {
						t.Errorf("%s: %s: %s", mended, code, again[0].Message)
					}
				}
				execute(t, db, mended)
				was, _ := before.Column(column)
				is, _ := readJobs(t, db, server).Column(column)
				is.Type = was.Type // which was to change
				if diff := cmp.Diff(was, is); diff != "" {
					t.Errorf("%s (-before +after):\n%s", mended, diff)
				}
			}
		}
	})
}

func execute(t *testing.T, db *sql.DB, statement string) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func readJobs(t *testing.T, db *sql.DB, server ddl.Server) *ddl.Table {
	t.Helper()
	table, err := ddl.ReadTable(t.Context(), db, server, "jobs")
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// reviewJobs returns what a rule finds in a statement on the table as it is, or as
// a migration of the past has made it.
func reviewJobs(t *testing.T, server ddl.Server, table *ddl.Table, history, statement string, code review.Code) []review.Finding {
	t.Helper()
	in := review.Input{
		Rules:  slices.DeleteFunc(rules.All(), func(r review.Rule) bool { return r.Code != code }),
		Config: review.Config{Server: server},
	}
	if history == "" {
		in.Facts = &review.Facts{Server: server, Tables: []review.TableFacts{{Table: *table}}}
	} else {
		in.Migrations = append(in.Migrations, migrationOf(history, review.Past))
	}
	in.Migrations = append(in.Migrations, migrationOf(statement, review.Reviewed))
	report, err := review.Run(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return report.Findings
}
