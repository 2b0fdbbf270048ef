package ddl

import (
	"slices"
	"strings"
)

// Generation says whether a column is generated, and how.
type Generation string

// The kinds of column.
const (
	Plain   Generation = ""
	Virtual Generation = "virtual"
	Stored  Generation = "stored"
)

// Column is a column, as a table has it or as a statement defines it.
type Column struct {
	Name string
	// Type is the type in full and in lower case, such as varchar(20) or
	// int unsigned, without character set.
	Type               string
	Charset, Collation string
	Nullable           bool
	// HasDefault is whether there is a default other than none at all; in a
	// definition, Computed is whether an expression makes it.
	HasDefault, Computed bool
	Default              string
	AutoIncrement        bool
	OnUpdate             bool
	Invisible            bool
	Comment              string
	Generation           Generation
	Expression           string
	// Position counts from 1; 0 in a definition.
	Position int
}

// Index is an index of a table. Columns holds an empty name for an expression.
type Index struct {
	Name    string
	Kind    IndexKind
	Unique  bool
	Columns []string
}

// IndexKind is the structure of an index.
type IndexKind string

// The structures of an index.
const (
	BTree    IndexKind = "BTREE"
	Fulltext IndexKind = "FULLTEXT"
	Spatial  IndexKind = "SPATIAL"
)

// Table is what the costs of DDL hang on. [ReadTable] fills it.
type Table struct {
	Name, Engine string
	// RowFormat is in lower case: dynamic, compact, compressed, redundant.
	RowFormat          string
	Charset, Collation string
	// Rows and Bytes are the server's estimates.
	Rows, Bytes uint64
	Columns     []Column
	Indexes     []Index
	// ForeignKeys and Checks are the names of constraints; Referenced are the
	// columns that foreign keys of other tables point at.
	ForeignKeys, Checks, Referenced []string
	// Cascading are those of ForeignKeys by which a change of the parent
	// changes rows here.
	Cascading []string
	// DefaultCollations is the collation of each character set that a
	// definition gets when it names none.
	DefaultCollations map[string]string
	// Partitioning is the method, such as RANGE or HASH; empty for none.
	Partitioning string
	// RowVersions is how many instant operations on columns the table has
	// gone through since it was last rebuilt (MySQL; of its partitions the
	// most); zero where the user may not see it.
	RowVersions uint64
	Versioning  Versioning
}

// Versioning says whether a table keeps its history.
type Versioning string

// The kinds of versioning.
const (
	Unversioned     Versioning = ""
	SystemVersioned Versioning = "system versioned"
)

// Column returns the column of that name, in any case.
func (t *Table) Column(name string) (Column, bool) {
	i := slices.IndexFunc(t.Columns, func(c Column) bool { return strings.EqualFold(c.Name, name) })
	if i < 0 {
		return Column{}, false
	}
	return t.Columns[i], true
}

// indexed reports whether an index has the column.
func (t *Table) indexed(column string) bool {
	return slices.ContainsFunc(t.Indexes, func(i Index) bool { return contains(i.Columns, column) })
}

// has reports whether there is an index of the kind.
func (t *Table) has(kind IndexKind) bool {
	return slices.ContainsFunc(t.Indexes, func(i Index) bool { return i.Kind == kind })
}

// contains reports whether a list holds a name, in any case.
func contains(list []string, name string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return strings.EqualFold(s, name) })
}
