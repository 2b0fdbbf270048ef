package rules_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/review"
	"github.com/underpin-db/underpin/review/rules"
)

var (
	sqlBlock = regexp.MustCompile("(?s)```sql\n(.*?)```")
	planned  = regexp.MustCompile(`underpin plan "([A-Z][^"]*)"`)
)

// The SQL that explanations show and have people run is SQL: the gate itself
// understands it, for one of the servers at least.
func TestExplanationsAreSQL(t *testing.T) {
	t.Parallel()
	servers := []ddl.Server{
		{Flavour: ddl.MySQL, Version: ddl.Version{Major: 9, Minor: 7}},
		{Flavour: ddl.MariaDB, Version: ddl.Version{Major: 10, Minor: 11}},
	}
	understood := slices.DeleteFunc(rules.All(), func(r review.Rule) bool { return r.Code != "RS001" })
	tried := 0
	for _, r := range rules.All() {
		for _, m := range append(sqlBlock.FindAllStringSubmatch(r.Explanation, -1), planned.FindAllStringSubmatch(r.Explanation, -1)...) {
			tried++
			var problems []string
			for _, server := range servers {
				report, err := review.Run(t.Context(), review.Input{
					Migrations: []*review.Migration{migrationOf(m[1], review.Reviewed)}, Rules: understood, Config: review.Config{Server: server},
				})
				if err != nil {
					t.Fatal(err)
				}
				for _, f := range report.Findings {
					problems = append(problems, f.Message)
				}
			}
			if len(problems) >= len(servers) {
				t.Errorf("%s: %s\n%s", r.Code, strings.TrimSpace(m[1]), strings.Join(problems, "\n"))
			}
		}
	}
	if tried < 50 {
		t.Errorf("only %d pieces of SQL were found", tried)
	}
}
