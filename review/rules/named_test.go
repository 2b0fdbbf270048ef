package rules_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/underpin-db/underpin/review"
	"github.com/underpin-db/underpin/review/rules"
)

// The fixtures of the rules about named queries are archives: orders as in the
// other fixtures, schema.sql with the tables, and queries.sql with the named
// queries, where the codes that are wanted stand behind a query's name.
func TestNamedQueries(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/rs7*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no fixtures: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			code := review.Code(strings.ToUpper(strings.TrimSuffix(filepath.Base(file), ".txtar")))
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			c := newFixture(review.Config{})
			for line := range strings.Lines(string(archive.Comment)) {
				if words := strings.Fields(strings.TrimPrefix(line, "-- @")); len(words) > 0 {
					c.order(t, code, words)
				}
			}
			compareQueries(t, c, code, string(archive.Files[0].Data), string(archive.Files[1].Data))
		})
	}
}

func compareQueries(t *testing.T, c *fixture, code review.Code, schema, queries string) {
	t.Helper()
	report, err := review.Run(t.Context(), review.Input{
		Migrations: []*review.Migration{{
			Path: "schema.sql", Text: schema, Standing: review.Past,
			Sections: []review.Section{{Direction: review.Up, To: len(schema)}},
		}},
		Rules: rules.All(), Config: c.config, Facts: c.facts,
		Code: &review.CodeIndex{Queries: review.ParseQueries("queries.sql", queries)},
	})
	if err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for i, line := range strings.Split(queries, "\n") {
		if _, codes, found := strings.Cut(line, wantMark); found {
			want = append(want, fmt.Sprint(i+1, " ", codes))
		}
	}
	for _, f := range report.Findings {
		if f.Code == code {
			got = append(got, fmt.Sprint(f.Span.Start.Line, " ", f.Code))
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" || len(want) == 0 {
		t.Errorf("findings by line (-want +got):\n%s%s", diff, messages(report))
	}
}
