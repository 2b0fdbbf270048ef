package sign

import (
	"slices"

	"github.com/underpin-db/underpin/migrate/plan"
)

// Size is the class of a table's size. A signature holds for its class and
// those below: what was right for a thousand rows may not be for a billion.
type Size string

// The classes.
const (
	Small  Size = "small"
	Medium Size = "medium"
	Large  Size = "large"
	Huge   Size = "huge"
)

// sizes are the classes with their ends, the smallest first. A table is in the
// first class in which both its rows and its bytes have room. The ends are a
// convention: two orders of magnitude each, so that a table stays in its class
// for longer than a change takes.
var sizes = []struct {
	size        Size
	rows, bytes uint64 // below
}{
	{Small, 1_000_000, 1 << 30},
	{Medium, 100_000_000, 100 << 30},
	{Large, 10_000_000_000, 10 << 40},
}

// SizeOf returns the class of a table by the server's own estimates.
func SizeOf(rows, bytes uint64) Size {
	for _, s := range sizes {
		if rows < s.rows && bytes < s.bytes {
			return s.size
		}
	}
	return Huge
}

// Covers reports whether a signature for class s holds for a table in class now.
// A class that is not known covers nothing.
func (s Size) Covers(now Size) bool {
	order := []Size{Small, Medium, Large, Huge}
	signed, there := slices.Index(order, s), slices.Index(order, now)
	return signed >= 0 && there >= 0 && there <= signed
}

// SizeOfPlan returns the class of the largest table of a plan, as it was where
// the plan was made.
func SizeOfPlan(p *plan.Plan) Size {
	source, target := p.Facts.Source, p.Facts.Target
	return SizeOf(max(source.Rows, target.Rows), max(source.DataBytes+source.IndexBytes, target.DataBytes+target.IndexBytes))
}
