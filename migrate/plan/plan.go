package plan

import (
	"github.com/underpin-db/underpin/migrate"
)

// Plan is everything that carrying out one change takes. It is a value: Build
// makes it, Unmarshal restores it, and nothing changes it afterwards.
type Plan struct {
	// Change is the resolved mapping, as the control table stores it and the
	// application's library reads it. Its column facts are those after Expand.
	Change migrate.Change `json:"change"`
	// Schema is there in place of a mapping if the change is one of the schema
	// alone: if Change.Course is not Mapped.
	Schema *Schema `json:"schema,omitempty"`
	// Expand is the DDL that adds the target, in order.
	Expand []Statement `json:"expand"`
	// Undo takes back what Expand adds, in order. What Expand only loosened (a
	// default, a NOT NULL) stays loosened.
	Undo []Statement `json:"undo"`
	// Contract is the DDL that drops the source, in order; it may be empty.
	Contract []Statement `json:"contract"`
	// Deferred is the indexes that come after the rows; nil where none do.
	Deferred *Deferred `json:"deferred,omitempty"`
	// Foreign is the foreign keys that the target takes over; nil where none are.
	Foreign     *Foreign    `json:"foreign,omitempty"`
	Reads       Reads       `json:"reads"`
	Backfill    Backfill    `json:"backfill"`
	Connections Connections `json:"connections"`
	// Steps are the edges from planned to closed with what each asks for.
	Steps []Step `json:"steps"`
	// Facts, Sample and Findings describe the place the plan was made in. They
	// are not part of the hash.
	Facts    Facts     `json:"facts"`
	Sample   Sample    `json:"sample"`
	Findings []Finding `json:"findings,omitempty"`
}

// Step is one edge of the way from planned to closed.
type Step struct {
	From migrate.Phase `json:"from"`
	To   migrate.Phase `json:"to"`
	// Work is what the engine does before it records the edge.
	Work migrate.Work `json:"work,omitempty"`
	// SQL is the DDL of the step, as written in the change file.
	SQL []string `json:"sql,omitempty"`
	// Gates have to hold before the edge is taken.
	Gates []Gate `json:"gates,omitempty"`
	// Flag is what every instance sees once the edge is taken:
	// "split-user-name = dual_write".
	Flag string `json:"flag"`
	// Release says which release has to be live and what its code must do.
	Release string `json:"release"`
	// WayBack leads out of To again.
	WayBack WayBack `json:"way_back"`
	// Why says what the gates are for.
	Why string `json:"why"`
}

// Gate is a guard with words for people.
type Gate struct {
	Guard migrate.Guard `json:"guard"`
	Words string        `json:"words"`
}

// WayBack is the edge back from a phase. To is empty where there is none.
type WayBack struct {
	To    migrate.Phase `json:"to,omitempty"`
	Loss  migrate.Loss  `json:"loss,omitempty"`
	Words string        `json:"words"`
	// SQL is the DDL that the way back takes.
	SQL []string `json:"sql,omitempty"`
}

// Facts is where and on what the plan was made.
type Facts struct {
	Server Server     `json:"server"`
	Source TableFacts `json:"source"`
	// Target is empty where the target does not exist yet.
	Target TableFacts `json:"target"`
	// Costs say how this server carries each statement out; see [Plan.Cost].
	Costs []Cost `json:"costs,omitempty"`
}

// Server is the flavour and version that the plan was made on.
type Server struct {
	Flavour Flavour `json:"flavour"`
	Version string  `json:"version"`
}

// Flavour is the kind of server.
type Flavour string

// The flavours.
const (
	MySQL   Flavour = "mysql"
	MariaDB Flavour = "mariadb"
)

// TableFacts are the server's own estimates of a table's size.
type TableFacts struct {
	Table      string `json:"table,omitempty"`
	Rows       uint64 `json:"rows"`        // estimate
	DataBytes  uint64 `json:"data_bytes"`  // estimate
	IndexBytes uint64 `json:"index_bytes"` // estimate
}
