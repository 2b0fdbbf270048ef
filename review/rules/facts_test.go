package rules_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/review"
	"github.com/underpin-db/underpin/review/rules"
)

// Orders of a fixture that say more of a database:
//
//	-- @versions orders 60             instant row versions that a table has used
//	-- @auto orders 4000000000         its next AUTO_INCREMENT value
//	-- @growth orders 100000           how many rows more it gets in a day
//
// fact obeys one of them; it reports whether it was one.
func (c *fixture) fact(t *testing.T, words []string) bool {
	t.Helper()
	if len(words) != 3 {
		return false
	}
	n, err := strconv.ParseUint(words[2], 10, 64)
	if err != nil {
		return false
	}
	if c.facts == nil {
		c.facts = &review.Facts{Settings: map[string]string{}}
	}
	table := c.tableFacts(words[1])
	switch words[0] {
	case "versions":
		table.RowVersions = n
	case "auto":
		table.NextAuto = n
	case "growth":
		rows := float64(n)
		table.RowsPerDay = &rows
	default:
		return false
	}
	return true
}

func (c *fixture) tableFacts(name string) *review.TableFacts {
	for i := range c.facts.Tables {
		if c.facts.Tables[i].Name == name {
			return &c.facts.Tables[i]
		}
	}
	c.facts.Tables = append(c.facts.Tables, review.TableFacts{Table: ddl.Table{Name: name}})
	return &c.facts.Tables[len(c.facts.Tables)-1]
}

// The server's clock is read before its digests are, so that one may be younger
// than the facts.
func TestNoStatementIsSeenAfterTheFacts(t *testing.T) {
	t.Parallel()
	taken := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	report, err := review.Run(t.Context(), review.Input{
		Rules:      rules.All(),
		Migrations: []*review.Migration{migrationOf("ALTER TABLE users DROP COLUMN age;", review.Reviewed)},
		Facts: &review.Facts{Taken: taken, Digests: []review.Digest{
			{Text: "SELECT `age` FROM `users`", Count: 1, LastSeen: taken.Add(700 * time.Millisecond)},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if found := messages(report); !strings.Contains(found, "the last 0s before the facts were taken") {
		t.Errorf("the age of the statement is wrong:\n%s", found)
	}
}
