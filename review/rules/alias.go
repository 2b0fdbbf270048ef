package rules

import "github.com/underpin-db/underpin/review"

// aliases are the names that live tables got within a set of changes, with the
// names that they had before it: running code does not know them.
type aliases struct {
	before map[inSet]string
	// left are names that live tables had and gave up: who gets one of them
	// takes the table's place.
	left map[inSet]bool
}

func newAliases() aliases {
	return aliases{map[inSet]string{}, map[inSet]bool{}}
}

// see heeds what a statement renames.
func (a aliases) see(s *review.Statement) {
	for _, pair := range tableRenames(s.Node) {
		from, to := within(s, pair.from), within(s, pair.to)
		was, again := a.before[from]
		if !again {
			was = pair.from
			a.left[from] = true
		}
		delete(a.before, from)
		if !s.New(pair.from) && !a.left[to] {
			a.before[to] = was
		}
	}
}

// of returns the name that a table had before the set; ok is false where that
// is the name it has.
func (a aliases) of(s *review.Statement, table string) (was string, ok bool) {
	was, ok = a.before[within(s, table)]
	return was, ok
}
