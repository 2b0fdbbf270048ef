package review_test

import (
	"strings"
	"testing"

	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/migrate/plan"
	"github.com/underpin-db/underpin/review"
)

// A change file that is proposed can be read as one, and says what it lacks.
func TestProposedChangeFiles(t *testing.T) {
	t.Parallel()
	past := migration("1.sql", "CREATE TABLE users (id INT PRIMARY KEY, name VARCHAR(50) NOT NULL, KEY (name))")
	past.Standing = review.Past
	now := migration("2.sql", "ALTER TABLE users RENAME COLUMN name TO `full name`; ALTER TABLE users DROP COLUMN id; ALTER TABLE other CHANGE a b INT;")
	report := collect(t, review.Input{Migrations: []*review.Migration{past, now}}, func(p *review.Pass) {
		for s, op := range p.Operations(ddl.RenameColumn, ddl.DropColumn) {
			p.Report(s, review.Finding{Message: "m", Fixes: []review.Fix{p.Plan(s, op)}})
		}
	})
	if len(report.Findings) != 3 {
		t.Fatalf("%d findings", len(report.Findings))
	}
	for i, path := range []string{"changes/rename-users-name/change.yaml", "changes/drop-users-id/change.yaml"} {
		file := report.Findings[i].Fixes[0].NewFiles[0]
		if file.Path != path {
			t.Errorf("path %s, want %s", file.Path, path)
		}
		if _, err := plan.ParseFile(file.Path, strings.NewReader(file.Content)); err != nil {
			t.Errorf("%v\n%s", err, file.Content)
		}
	}
	if text := report.Findings[0].Fixes[0].NewFiles[0].Content; !strings.Contains(text, "the indexes over name") {
		t.Errorf("it does not say what is missing:\n%s", text)
	}
	if unknown := report.Findings[2].Fixes[0]; len(unknown.NewFiles) != 0 || !strings.Contains(unknown.Description, "underpin plan 'ALTER TABLE `other`") {
		t.Errorf("a table that is not known: %+v", unknown)
	}
}
