package migrate

import (
	"slices"
	"strings"
)

// Row is the alias that column references carry in the text of an
// [Expression] until [Expression.Over] gives them the alias of the statement
// at hand.
const Row = "$row."

// Expression is a deterministic SQL expression over the columns of one shape.
// Its column references are written $row.`column`; the planner puts them into
// that form, checks that the expression is deterministic, and refuses one
// whose literals contain the marker.
type Expression string

// Over returns the expression as SQL with its column references qualified by
// alias, which has to be quoted already.
func (e Expression) Over(alias string) string {
	return strings.ReplaceAll(string(e), Row, alias+".")
}

// Columns returns the names of the columns that the expression reads, in the
// order in which they first stand in it.
func (e Expression) Columns() []string {
	var out []string
	for _, rest := range strings.Split(string(e), Row)[1:] {
		if name, ok := quoted(rest); ok && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

// quoted reads the quoted identifier at the beginning of a text.
func quoted(text string) (name string, ok bool) {
	rest, ok := strings.CutPrefix(text, "`")
	if !ok {
		return "", false
	}
	var b strings.Builder
	for {
		before, after, found := strings.Cut(rest, "`")
		if !found {
			return "", false
		}
		b.WriteString(before)
		if rest, found = strings.CutPrefix(after, "`"); !found {
			return b.String(), true
		}
		b.WriteByte('`') // a doubled backtick is one inside the name
	}
}

// Assignment is one column of a shape and the expression over the other shape
// that yields its value.
type Assignment struct {
	Column string     `json:"column"`
	Value  Expression `json:"value"`
}

// Nullability says whether a column takes NULL.
type Nullability string

// The two kinds of column.
const (
	Nullable Nullability = "null"
	NotNull  Nullability = "not null"
)

// Column is a column as the live schema has it. The types of the columns
// decide how values are compared, so they are part of the plan.
type Column struct {
	Name string `json:"name"`
	// DataType is information_schema's DATA_TYPE in lower case: "varchar".
	DataType string `json:"data_type"`
	// ColumnType is information_schema's COLUMN_TYPE: "varchar(100)".
	ColumnType string `json:"column_type"`
	// Charset and Collation are empty for types that have none.
	Charset   string      `json:"charset,omitempty"`
	Collation string      `json:"collation,omitempty"`
	Null      Nullability `json:"null"`
	// AutoIncrement marks the column that the server numbers.
	AutoIncrement bool `json:"auto_increment,omitempty"`
	// Default is information_schema's COLUMN_DEFAULT, where the mapping hangs on
	// it: of the assigned columns of a merge. Empty stands for none as well.
	Default string `json:"default,omitempty"`
}

// Table is one shape: a table, the key that names its rows, and the columns
// that the mapping writes or reads in it.
type Table struct {
	Name    string   `json:"name"`
	Key     []Column `json:"key"`
	Columns []Column `json:"columns"`
	// Preserve names the columns that the server would set to the present
	// time on every UPDATE (ON UPDATE CURRENT_TIMESTAMP) and that the mapping
	// does not assign. A mirror or a backfill that updates the table sets each
	// to itself, so that only the application's own writes move it.
	Preserve []string `json:"preserve,omitempty"`
}

// Column returns the key or mapped column of that name.
func (t Table) Column(name string) (Column, bool) {
	for _, set := range [][]Column{t.Key, t.Columns} {
		for _, c := range set {
			if strings.EqualFold(c.Name, name) {
				return c, true
			}
		}
	}
	return Column{}, false
}

// Kind says how source and target lie to each other.
type Kind string

const (
	// ColumnChange is a change whose shapes are both columns of the same row.
	ColumnChange Kind = "column"
	// TableChange is a change whose target is another table with the same key.
	TableChange Kind = "table"
	// MergeChange is a change whose target is columns of another table with the
	// same key, which has rows of its own; see [Mapping.Merge].
	MergeChange Kind = "merge"
)

// Mapping is the declared relation between two shapes of the same data:
// target = f(source), where f is Forward, and source = g(target), where g is
// Backward. The i-th key column of the target corresponds to the i-th of the
// source and has the same type, or a longer one of the same kind. A Mapping is a value; it is safe for
// concurrent use as long as nobody writes to it.
type Mapping struct {
	Source   Table        `json:"source"`
	Target   Table        `json:"target"`
	Forward  []Assignment `json:"forward"`
	Backward []Assignment `json:"backward"`
	// Where chooses the source rows that have a target row; empty is all.
	// Table changes only.
	Where Expression `json:"where,omitempty"`
	// Merge says that the source's rows become columns of rows that the target
	// has anyway. A target row whose assigned columns all hold what an INSERT
	// without them leaves there (NULL, or the default of a column that takes
	// none) stands for no source row, and any other stands for one. So a mirror
	// inserts and deletes source rows, and of the target it writes the assigned
	// columns alone.
	Merge Choice `json:"merge,omitempty"`
}

// Kind returns how source and target lie to each other.
func (m Mapping) Kind() Kind {
	switch {
	case m.Source.Name == m.Target.Name:
		return ColumnChange
	case m.Merge == Yes:
		return MergeChange
	}
	return TableChange
}

// Change is a declared mapping and what is needed to carry it through. It is
// what the control table stores and the application's library reads.
type Change struct {
	// Name is unique for ever in its database: a finished change's name is
	// never used again.
	Name string `json:"name"`
	// Service is the application whose releases have to be ready.
	Service string `json:"service"`
	// Course is the way it takes. Only a Mapped change has a mapping.
	Course  Course  `json:"course,omitempty"`
	Mapping Mapping `json:"mapping"`
	// Releases are those that were written for a change of the schema alone;
	// empty is: nobody has said.
	Releases []string `json:"releases,omitempty"`
	// CopyOnRead asks for that mode while the backfill runs.
	CopyOnRead Choice `json:"copy_on_read,omitempty"`
}

// Choice is a yes or no with a name; its zero value is no.
type Choice string

// The choices.
const (
	No  Choice = ""
	Yes Choice = "yes"
)
