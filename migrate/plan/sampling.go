package plan

// Sample is what became of sampled rows on the way through the mapping.
type Sample struct {
	// Rows is how many rows were read. Zero on an empty table.
	Rows int `json:"rows"`
	// Complete is whether the sample was the whole table: "complete" or
	// "sampled".
	Coverage Coverage `json:"coverage"`
	// Source counts source rows s with g(f(s)) ≠ s, byte for byte.
	Source RoundTrip `json:"source"`
	// Target counts target rows t = f(s) with f(g(t)) ≠ t, byte for byte.
	Target RoundTrip `json:"target"`
	// Misfits counts, per target column, values that it does not take.
	Misfits []Misfit `json:"misfits,omitempty"`
}

// Coverage says how much of a table a sample saw.
type Coverage string

// The coverages.
const (
	Sampled  Coverage = "sampled"
	Complete Coverage = "complete"
)

// RoundTrip counts rows that do not come back as they were.
type RoundTrip struct {
	Changed  int       `json:"changed"`
	Examples []Example `json:"examples,omitempty"`
}

// Example is one row before and after. Values are in the order of the
// mapping's assignments; a nil is NULL.
type Example struct {
	Key    []string `json:"key"`
	Before []Value  `json:"before"`
	After  []Value  `json:"after"`
}

// Value is one column's value as text; nil Text is NULL.
type Value struct {
	Column string  `json:"column"`
	Text   *string `json:"text"`
}

// Misfit is a target column that some sampled rows do not fit.
type Misfit struct {
	Column string `json:"column"`
	// Nulls counts NULLs for a NOT NULL column, Values those of the wrong
	// type, length, range or character set.
	Nulls  int        `json:"nulls"`
	Values int        `json:"values"`
	Keys   [][]string `json:"keys,omitempty"`
}
