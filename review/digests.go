package review

import (
	"slices"
	"strings"

	"github.com/underpin-db/underpin/migrate/plan"
)

// Uses returns the statements on rows that the server remembers and that name a
// column, or with an empty column a table. Names are compared as words: a digest
// that names both a table and a column of that name counts, whichever table the
// column is of. What Underpin tries out on scratch tables is nobody's use; what its
// library mirrors is.
func (f *Facts) Uses(table, column string) []Digest {
	if f == nil {
		return nil
	}
	var out []Digest
	for _, d := range f.Digests {
		if !administers(d.Text) && !triesOut(d.Text) && mentions(d.Text, table) && (column == "" || mentions(d.Text, column)) {
			out = append(out, d)
		}
	}
	return out
}

// administrative are the verbs of statements that somebody sends by hand, or a
// migration: the one that added a column does not use it.
var administrative = []string{
	"ALTER", "CREATE", "DROP", "RENAME", "TRUNCATE", "ANALYZE", "OPTIMIZE", "CHECK", "REPAIR", "SHOW", "DESC", "DESCRIBE", "EXPLAIN",
}

func administers(digest string) bool {
	verb, _, _ := strings.Cut(strings.TrimSpace(digest), " ")
	return slices.Contains(administrative, strings.ToUpper(verb))
}

// triesOut reports whether a statement names a scratch table, as those do by which a
// plan or a preflight copies rows to try something on.
func triesOut(digest string) bool {
	return strings.Contains(digest, plan.ScratchPrefix)
}
