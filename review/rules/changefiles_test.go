package rules_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/underpin-db/underpin/migrate/plan"
	"github.com/underpin-db/underpin/review"
)

// Every change file that is offered for a fixture is one that Underpin reads,
// under the name and in the folder of its change.
func TestChangeFiles(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/rs*.sql")
	if err != nil {
		t.Fatal(err)
	}
	offered := map[review.Code]int{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		code := review.Code(strings.ToUpper(strings.TrimSuffix(filepath.Base(file), ".sql")))
		for _, c := range readFixture(t, file, string(text), code) {
			for _, f := range findingsOf(t, c, code) {
				for _, fix := range f.Fixes {
					for _, nf := range fix.NewFiles {
						offered[code]++
						change, err := plan.ParseFile(nf.Path, strings.NewReader(nf.Content))
						if err != nil {
							t.Errorf("%s:%d: %v\n%s", file, f.Span.Start.Line, err, nf.Content)
						} else if want := "changes/" + change.Change.Text + "/change.yaml"; nf.Path != want {
							t.Errorf("%s:%d: %s is not %s", file, f.Span.Start.Line, nf.Path, want)
						}
					}
				}
			}
		}
	}
	if len(offered) < 10 {
		t.Errorf("few rules offer a change file: %v", offered)
	}
}
