package ddl

import (
	"slices"
	"strings"
)

// Condition is what has to hold of the table, the session or the operation for
// a [Rule] to apply.
type Condition struct {
	name  string
	holds func(facts) bool
}

// String says what has to hold, in words.
func (c Condition) String() string { return c.name }

// facts is what conditions look at.
type facts struct {
	server Server
	table  *Table
	op     Operation
}

// The conditions.
var (
	uncompressed = Condition{"the row format is not compressed", func(f facts) bool {
		return f.table.RowFormat != "compressed"
	}}
	redundant = Condition{"the row format is redundant", func(f facts) bool {
		return f.table.RowFormat == "redundant"
	}}
	hasFulltext        = Condition{"the table has a fulltext index", func(f facts) bool { return f.table.has(Fulltext) }}
	noFulltext         = Condition{"the table has no fulltext index", func(f facts) bool { return !f.keepsFulltext() }}
	neverFulltext      = Condition{"the table has no fulltext index, nor loses one", func(f facts) bool { return !f.table.has(Fulltext) }}
	movesOverNoVirtual = Condition{"no column is moved over a virtual one", func(f facts) bool {
		return f.op.Kind != MoveColumn || !f.crossesVirtual()
	}}
	keepsNulls = Condition{"no column becomes NOT NULL in a table with a generated one", func(f facts) bool {
		return f.op.Kind != SetNotNull || !slices.ContainsFunc(f.table.Columns, func(c Column) bool { return c.Generation != Plain })
	}}
	noVirtualIndex = Condition{"no index has a virtual column", func(f facts) bool {
		return !slices.ContainsFunc(f.virtual(), func(name string) bool { return f.table.indexed(name) })
	}}
	noSpatial = Condition{"the table has no spatial index", func(f facts) bool { return !f.table.has(Spatial) }}
	indexed   = Condition{"an index has the column", func(f facts) bool { return f.table.indexed(f.op.Name) }}
	unindexed = Condition{"no index has the column", func(f facts) bool { return !f.table.indexed(f.op.Name) }}

	unindexedIfDropped = Condition{"no index has the column that is dropped", func(f facts) bool {
		return f.op.Kind != DropColumn || !f.table.indexed(f.op.Name)
	}}
	unreferenced = Condition{"no foreign key of another table points at the column", func(f facts) bool {
		return !contains(f.table.Referenced, f.op.Name)
	}}
	atEnd = Condition{"the column is added at the end", func(f facts) bool {
		return !f.op.First && f.op.After == ""
	}}
	versionsLeft = Condition{"the table has instant row versions left", func(f facts) bool {
		return f.table.RowVersions < rowVersions(f.server.Version)
	}}
	soundRebuild = Condition{"the server does not lose rows when it rebuilds in place", func(f facts) bool {
		return !slices.ContainsFunc(losesRows, func(r [2]Version) bool {
			return !f.server.Version.Below(r[0]) && f.server.Version.Below(r[1])
		})
	}}
	checksOff = Condition{"the session has foreign_key_checks off", func(f facts) bool {
		return f.server.ForeignKeyChecks == ChecksOff
	}}
	noCascades = Condition{"no foreign key of the table cascades", func(f facts) bool {
		return len(f.table.Cascading) == 0
	}}
	shortText = Condition{"the column holds 127 bytes at most, or the row format is redundant", func(f facts) bool {
		present, found := f.table.Column(f.op.Name)
		return found && (f.table.RowFormat == "redundant" || octets(present) <= shortBytes)
	}}
)

// virtual returns the names of the virtual columns.
func (f facts) virtual() []string {
	var out []string
	for _, c := range f.table.Columns {
		if c.Generation == Virtual {
			out = append(out, c.Name)
		}
	}
	return out
}

// crossesVirtual reports whether a column that is moved changes the place of a
// virtual one.
func (f facts) crossesVirtual() bool {
	moved, _ := f.table.Column(f.op.Name)
	behind, _ := f.table.Column(f.op.After) // position 0 when it becomes the first
	low, high := min(moved.Position, behind.Position+1), max(moved.Position, behind.Position)
	return slices.ContainsFunc(f.table.Columns, func(c Column) bool {
		return c.Generation == Virtual && c.Position >= low && c.Position <= high
	})
}

// keepsFulltext reports whether the table has a fulltext index that stays: one
// over nothing but the column that is dropped goes with it.
func (f facts) keepsFulltext() bool {
	for _, i := range f.table.Indexes {
		goes := f.op.Kind == DropColumn && len(i.Columns) == 1 && strings.EqualFold(i.Columns[0], f.op.Name)
		if i.Kind == Fulltext && !goes {
			return true
		}
	}
	return false
}

// losesRows are the versions of MySQL, from one on and below another, in which
// a rebuild in place can lose rows to a concurrent purge, and fail over
// duplicates that are none: bugs.mysql.com 115608 and 115511, closed with the
// releases of January 2025. Only a copy is safe there.
var losesRows = [][2]Version{
	{{8, 0, 27}, {8, 0, 41}},
	{{8, 4, 0}, {8, 4, 4}},
	{{9, 0, 0}, {9, 2, 0}},
}

// How many instant operations on columns MySQL allows between two rebuilds.
const (
	rowVersions80 = 64
	rowVersions91 = 255
)

func rowVersions(v Version) uint64 {
	if v.Below(Version{9, 1, 0}) {
		return rowVersions80
	}
	return rowVersions91
}
