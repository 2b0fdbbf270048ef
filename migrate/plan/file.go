package plan

// File is a change file, parsed and checked for form. Names and expressions
// are as written; what they mean is Build's to find out.
type File struct {
	// Name is where the file was read from, for messages.
	Name string
	// Change is the change's name and Service the application's.
	Change  Scalar
	Service Scalar
	Source  TableRef
	Target  TableRef
	// Where chooses source rows; empty is all.
	Where Scalar
	// Alter is DDL on one table, in place of a mapping: a change of the schema
	// alone. Hold and Releases go with it.
	Alter    []Scalar
	Hold     Duration
	Releases []string
	Expand   []Scalar
	Forward  []Assign
	Backward []Assign
	Contract []Scalar

	Reads       Reads
	Backfill    Backfill
	Connections Connections
}

// Scalar is a text of the file and the place where it stands.
type Scalar struct {
	Text string
	Position
}

// TableRef names a table and, where it is not the primary key, the key.
type TableRef struct {
	Table Scalar
	Key   []Scalar
}

// Assign is one line under forward or backward.
type Assign struct {
	Column Scalar
	Value  Scalar
}
