package rules_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/review"
	"github.com/underpin-db/underpin/review/rules"
)

// Whatever stands in a file, every rule gets through it, and what is found has a
// place in it.
func FuzzRules(f *testing.F) {
	files, err := filepath.Glob("testdata/*.sql")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text), string(text))
	}
	all := rules.All()
	servers := []ddl.Server{
		{Flavour: ddl.MySQL, Version: ddl.Version{Major: 9, Minor: 7}},
		{Flavour: ddl.MariaDB, Version: ddl.Version{Major: 10, Minor: 11}},
	}
	f.Fuzz(func(t *testing.T, past, text string) {
		for _, server := range servers {
			before, after := migrationOf(past, review.Past), migrationOf(text, review.Reviewed)
			after.Set = 1
			report, err := review.Run(t.Context(), review.Input{
				Migrations: []*review.Migration{before, after}, Rules: all,
				Config: review.Config{Server: server, Profiles: []review.Profile{review.SchemaDesign}},
			})
			if err != nil {
				t.Fatal(err)
			}
			for _, found := range report.Findings {
				if found.Span.IsZero() || found.Span.End.Offset > len(text) || found.Span.Start.Offset > found.Span.End.Offset {
					t.Errorf("%s has no place in the text: %+v", found.Code, found.Span)
				}
			}
		}
	})
}
