package rules

import (
	"fmt"
	"strings"

	"github.com/underpin-db/underpin/review"
)

func indexRepeatsColumn() review.Rule {
	return review.Rule{
		Code: "RS408", Name: "index-repeats-column", Category: review.Design, Severity: review.Warning,
		Summary: "an index that names a column twice, or ends in the primary key",
		Profile: review.SchemaDesign, Reach: review.Everything,
		Check: indexRule("name each column once, and leave the primary key to InnoDB", func(_ *review.Pass, x indexDef) string {
			seen := map[string]bool{}
			for _, c := range x.columns {
				if c != "" && seen[strings.ToLower(c)] {
					return fmt.Sprintf("index %s of %s names %s twice", x.name, x.table, c)
				}
				seen[strings.ToLower(c)] = true
			}
			key := primaryKey(x.s, x.table)
			if x.unique || x.words || len(key) == 0 || len(x.columns) <= len(key) || !begins(x.columns[len(x.columns)-len(key):], key) {
				return ""
			}
			return fmt.Sprintf("index %s of %s ends in the primary key, which InnoDB appends to every index", x.name, x.table)
		}),
	}
}

// primaryKey returns the columns of a table's primary key, as the statement
// defines it or finds it.
func primaryKey(s *review.Statement, table string) []string {
	for _, x := range indexesOf(s) {
		if x.primary() && strings.EqualFold(x.table, table) {
			return x.columns
		}
	}
	for _, x := range s.Table(table).Indexes {
		if x.Name == "PRIMARY" {
			return x.Columns
		}
	}
	return nil
}
