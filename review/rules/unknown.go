package rules

import "github.com/underpin-db/underpin/review"

// unknown puts on the list of what was not checked that something is not known
// of a table or column: by its name where there are facts, and else once for all.
func unknown(p *review.Pass, what, name string) {
	if p.Facts == nil {
		p.NotChecked("%s: give --dsn or --stats", what)
		return
	}
	p.NotChecked("%s of %s: it is not in the facts", what, name)
}
