package plan_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/plan"
)

const people = `CREATE TABLE people (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name VARCHAR(80) NOT NULL,
  age INT NULL,
  city VARCHAR(40) NULL,
  street VARCHAR(40) NULL,
  KEY by_name (name),
  KEY by_place (city, street)
) DEFAULT CHARSET utf8mb4`

// What is derived of a text: the names of the changes with their courses, and
// those that come after another.
func TestDerive(t *testing.T) {
	type want struct {
		name   string
		course migrate.Course
		after  string
	}
	for title, c := range map[string]struct {
		ddl  string
		want []want
	}{
		"rename a column": {
			ddl: "ALTER TABLE people RENAME COLUMN name TO full_name",
			want: []want{
				{"rename-people-name-to-full-name", migrate.Mapped, ""},
				{"require-people-full-name", migrate.Tightened, "rename-people-name-to-full-name"},
			},
		},
		"retype under a new name": {
			ddl:  "ALTER TABLE people CHANGE COLUMN age years BIGINT",
			want: []want{{"rename-people-age-to-years", migrate.Mapped, ""}},
		},
		"harmless things take one step": {
			ddl:  "ALTER TABLE people ADD COLUMN mail VARCHAR(99), ADD COLUMN born DATE NULL, ADD INDEX by_age (age)",
			want: []want{{"add-column-people-mail", migrate.Added, ""}},
		},
		"courses are kept apart": {
			ddl: "ALTER TABLE people ADD COLUMN born DATE NULL, DROP COLUMN age, MODIFY COLUMN street VARCHAR(40) NOT NULL",
			want: []want{
				{"add-column-people-born", migrate.Added, ""}, {"drop-column-people-age", migrate.Retired, ""}, {"set-not-null-people-street", migrate.Tightened, ""},
			},
		},
		"a required column": {
			ddl:  "ALTER TABLE people ADD COLUMN mail VARCHAR(99) NOT NULL",
			want: []want{{"add-people-mail", migrate.Added, ""}, {"require-people-mail", migrate.Tightened, "add-people-mail"}},
		},
		"several statements": {
			ddl:  "CREATE INDEX by_age ON people (age);\n-- and then\nCREATE TABLE pets (id INT PRIMARY KEY);",
			want: []want{{"add-index-people-by-age", migrate.Added, ""}, {"create-table-pets", migrate.Added, ""}},
		},
	} {
		t.Run(title, func(t *testing.T) {
			servers.Each(t, func(t *testing.T, s *servers.Server) {
				db := open(t, s, people)
				in := plan.DDL{Name: "argument", Text: c.ddl, Service: "crm"}
				list, err := plan.Derive(t.Context(), db, in, plan.Options{})
				require.NoError(t, err)
				var got []want
				for _, d := range list {
					text, err := d.YAML()
					require.NoError(t, err)
					file, err := plan.ParseFile("change.yaml", strings.NewReader(text))
					require.NoError(t, err, text)
					w := want{name: file.Change.Text, after: d.After, course: migrate.Tightened}
					if d.After == "" {
						p, err := plan.Build(t.Context(), db, file, plan.Options{})
						require.NoError(t, err, text)
						w.course = p.Change.Course
						direct, err := plan.Build(t.Context(), db, d.File, plan.Options{})
						require.NoError(t, err)
						require.Equal(t, p.Hash(), direct.Hash(), "through the file or not, the plan is the same")
					}
					got = append(got, w)
				}
				require.Equal(t, c.want, got)
				noScratch(t, db)
			})
		})
	}
}

// What has no safe derivation is refused by name, with its place, and nothing
// is changed.
func TestDeriveRefuses(t *testing.T) {
	for title, c := range map[string]struct {
		ddl  string
		want []string
	}{
		"no DDL":                    {"SELECT 1", []string{"underpin carries no statement of this kind"}},
		"a statement that is cut":   {"ALTER TABLE people ADD", []string{"does not parse"}},
		"the second of two":         {"CREATE INDEX i ON people (age);\n  DROP TABLE nothing", []string{"argument:2:3", "there is no table nothing"}},
		"executable comment":        {"ALTER TABLE people /*!80000 ADD COLUMN x INT */", []string{"not every server executes"}},
		"another database":          {"ALTER TABLE other.people ADD COLUMN x INT", []string{"leave the database's name out"}},
		"primary key":               {"ALTER TABLE people DROP PRIMARY KEY", []string{"rows are named by the primary key"}},
		"partitions":                {"ALTER TABLE people PARTITION BY HASH(id) PARTITIONS 4", []string{"copies the table while writers wait"}},
		"a column of several":       {"ALTER TABLE people DROP COLUMN city", []string{"index by_place stands on column city"}},
		"rename one of several":     {"ALTER TABLE people RENAME COLUMN city TO town", []string{"index by_place stands on column city"}},
		"rename the key":            {"ALTER TABLE people RENAME COLUMN id TO number", []string{"part of the key"}},
		"rename to what is there":   {"ALTER TABLE people RENAME COLUMN name TO age", []string{"has a column age already"}},
		"retype in place":           {"ALTER TABLE people MODIFY COLUMN age BIGINT", []string{"its type changes from int to bigint", "CHANGE COLUMN age NEW_NAME"}},
		"convert the character set": {"ALTER TABLE people CONVERT TO CHARACTER SET latin1", []string{"copy the table while writers wait"}},
		"truncate":                  {"TRUNCATE TABLE people", []string{"no statement of this kind"}},
		"nothing changes":           {"ALTER TABLE people MODIFY COLUMN age INT NULL", []string{"it changes nothing of column age"}},
		"no such column":            {"ALTER TABLE people DROP COLUMN nose", []string{"nose"}},
		"no such index":             {"DROP INDEX nose ON people", []string{"nose"}},
		"an index without a name":   {"ALTER TABLE people ADD INDEX (age)", []string{"it has no name"}},
		"algorithm":                 {"ALTER TABLE people ADD COLUMN x INT, ALGORITHM=COPY", []string{"underpin chooses the algorithm"}},
	} {
		t.Run(title, func(t *testing.T) {
			servers.Each(t, func(t *testing.T, s *servers.Server) {
				db := open(t, s, people)
				_, err := plan.Derive(t.Context(), db, plan.DDL{Name: "argument", Text: c.ddl, Service: "crm"}, plan.Options{})
				var refused *plan.RefusedError
				require.ErrorAs(t, err, &refused)
				for _, w := range c.want {
					require.ErrorContains(t, err, w)
				}
				require.Positive(t, refused.Findings[0].Position.Line)
				noScratch(t, db)
			})
		})
	}
}
