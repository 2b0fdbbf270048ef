package ddl

// Class says what an operation costs.
type Class string

// The classes, the gentlest first.
const (
	// Metadata: nothing but names and definitions changes. The server takes no
	// clause, or heeds none.
	Metadata Class = "metadata"
	// Instant: nothing but the dictionary changes.
	Instant Class = "instant"
	// InPlace: rows are not rewritten; writers go on.
	InPlace Class = "in place"
	// InPlaceRebuild: the table is rewritten; writers go on.
	InPlaceRebuild Class = "in place, rebuilding"
	// InPlaceBlocking: rows are not rewritten; writers wait.
	InPlaceBlocking Class = "in place, blocking writes"
	// RebuildBlocking: the table is rewritten, in place; writers wait.
	RebuildBlocking Class = "in place, rebuilding, blocking writes"
	// CopyOnline: the table is copied; writers go on (MariaDB from 11.2).
	CopyOnline Class = "copy"
	// Copy: the table is copied; writers wait.
	Copy Class = "copy, blocking writes"
	// Exclusive: rows are rewritten, nobody gets at the table, and no clause
	// could have the server refuse.
	Exclusive Class = "blocking reads and writes"
	// Missing: the server does not have the operation.
	Missing Class = "not there"
)

// cost is what a class stands for. Rank orders classes by how much they
// disturb.
type cost struct {
	rank      int
	algorithm algorithm
	lock      string
	rebuild   bool
	words     string
}

// algorithm orders the ALGORITHM clauses: a server that is asked for one
// refuses what needs a later one.
type algorithm int

const (
	algorithmNone algorithm = iota
	algorithmInstant
	algorithmNoCopy
	algorithmInPlace
	algorithmCopy
	algorithmUnasserted
)

const moments = "the metadata lock is held for moments at the start and at the end"

// costs is what each class stands for. MySQL has no NOCOPY and asks for
// INPLACE in its place.
var costs = map[Class]cost{
	Metadata:        {0, algorithmNone, "", false, "the table is locked for a moment; no rows are touched"},
	Instant:         {1, algorithmInstant, "", false, "the metadata lock is held for a moment; no rows are touched"},
	InPlace:         {2, algorithmNoCopy, "NONE", false, "writers go on; " + moments},
	InPlaceRebuild:  {3, algorithmInPlace, "NONE", true, "writers go on while the whole table is rewritten; " + moments},
	CopyOnline:      {4, algorithmCopy, "NONE", true, "writers go on while the whole table is copied; " + moments},
	InPlaceBlocking: {5, algorithmNoCopy, "SHARED", false, "writers wait while the table is read; readers go on"},
	RebuildBlocking: {6, algorithmInPlace, "SHARED", true, "writers wait while the whole table is rewritten; readers go on"},
	Copy:            {7, algorithmCopy, "SHARED", true, "writers wait for the whole copy; readers go on"},
	Exclusive:       {8, algorithmUnasserted, "", true, "readers and writers wait until it is done, and the server cannot be asked to refuse"},
}

// Words says what is locked, and how long, for people.
func (c Class) Words() string { return costs[c].words }

// HarderThan reports whether a class disturbs more than another.
func (c Class) HarderThan(other Class) bool { return costs[c].rank > costs[other].rank }

// Gentle reports whether nobody waits for longer than a moment and the table
// is not copied: what may be done beside an application without being asked for.
func (c Class) Gentle() bool { return !c.HarderThan(InPlaceRebuild) }

// Rebuilds reports whether every row is rewritten: the time grows with the
// table, and it takes as much disk again.
func (c Class) Rebuilds() bool { return costs[c].rebuild }

// Waiters says who waits while a statement runs, its moments of metadata lock
// aside.
type Waiters string

// The answers of [Class.Waits].
const (
	Nobody    Waiters = ""
	Writers   Waiters = "writes"
	Everybody Waiters = "reads and writes"
)

// Waits says who waits for as long as a statement of the class takes.
func (c Class) Waits() Waiters {
	switch {
	case c == Exclusive:
		return Everybody
	case costs[c].lock == "SHARED":
		return Writers
	}
	return Nobody
}

// Checked says how a row was checked.
type Checked string

// The ways of checking.
const (
	// OnServer: a test executes it on the versions named in the package's
	// documentation. It is the zero value.
	OnServer Checked = ""
	// Documentation: the vendor's documentation says so, or, for versions
	// other than those tested, release notes.
	Documentation Checked = "documentation"
)

// Company says with what other operations in one statement an operation keeps
// its cost.
type Company string

// The kinds of company.
const (
	AnyCompany Company = ""
	// WithInstant: it is instant only when the whole statement is.
	WithInstant Company = "instant ones"
	// WithoutRebuild: not in a statement that rebuilds the table.
	WithoutRebuild Company = "ones that rebuild nothing"
	// Alone: in a statement of its own.
	Alone Company = "none"
)

// Rule is one row of the classification: on servers of a flavour, from one
// version on and below another, these operations have this cost as long as the
// conditions hold. Of the rows that apply, the gentlest counts.
type Rule struct {
	Flavour Flavour
	From    Version // zero: from the oldest that is supported
	Below   Version // zero: no end is known
	Kinds   []Kind
	Class   Class
	When    []Condition
	Company Company
	Checked Checked
	// Lax is whether the server also accepts gentler clauses and does as it
	// says here all the same.
	Lax bool
	// Source is where it is documented.
	Source string
}

// Where the vendors document what DDL costs.
const (
	sourceMySQL     = "dev.mysql.com/doc/refman/9.7/en/innodb-online-ddl-operations.html"
	sourcePartition = "dev.mysql.com/doc/refman/9.7/en/alter-table-partition-operations.html"
	sourceMariaDB   = "mariadb.com/docs/server/server-usage/storage-engines/innodb/innodb-online-ddl/innodb-online-ddl-operations-with-the-inplace-alter-algorithm"
	sourceInstant   = "mariadb.com/docs/server/server-usage/storage-engines/innodb/innodb-online-ddl/innodb-online-ddl-operations-with-the-instant-alter-algorithm"
	sourceOnline    = "mariadb.com/docs/server/reference/sql-statements/data-definition/alter/alter-table/online-schema-change"
	sourceMeasured  = "not documented; as the server answers"
)

// The first versions that are known; an older server gets no verdict.
var oldest = map[Flavour]Version{
	MySQL:   {8, 0, 12},
	MariaDB: {10, 6, 0},
}

// Rules returns the whole classification.
func Rules() []Rule { return append(append([]Rule(nil), mysqlRules...), mariadbRules...) }
