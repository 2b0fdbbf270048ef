package preflight

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/migrate/plan"
)

// Input is what is to be looked at. The zero value of everything but Steps is
// right.
type Input struct {
	// Steps is the plan's work in order; [FromPlan] makes them.
	Steps []Step
	// Replicas are the servers that follow this one.
	Replicas []Replica
	// Privileges yields what the user may do on the database: one entry for
	// every privilege that was looked for. It is called once. Without it the
	// privileges are unknown, other than what the scratch tables show.
	Privileges func(context.Context) ([]Privilege, error)
	// FreeBytes is the free disk below the server's data directory, as the
	// operator knows it. Zero asks the server, which can tell only where it runs
	// on this machine or has the DISKS plugin.
	FreeBytes uint64
	// SampleFor bounds the time in which rows of one table are copied, that in
	// which this is repeated, and that in which pairs are compared; and four times
	// as long any one statement on the copy. Defaults to 5 s.
	SampleFor time.Duration
	// SampleRows bounds the rows copied of one table. Defaults to 250,000.
	SampleRows int
	// SampleBytes bounds them as well, by the average row, and what repetitions of
	// a copy come to. Defaults to 256 MiB.
	SampleBytes uint64
	// ChunkTarget is the backfill's. Defaults to 100 ms.
	ChunkTarget time.Duration
	// LockWait bounds every wait for a lock, in whole seconds. Defaults to 2 s.
	LockWait time.Duration
	// MaxLag is the lag of a replica up to which all is fine. Defaults to 5 s.
	MaxLag time.Duration
	// MaxWritesWait is how long the application's writes may be kept waiting
	// by a statement. Defaults to 5 s.
	MaxWritesWait time.Duration
}

// Step is a statement or a rewrite of rows.
type Step struct {
	Phase migrate.Phase
	// SQL is one DDL statement on Table; Class is what the plan says of how the
	// server carries it out, and empty where it says nothing.
	SQL   string
	Table string
	Class ddl.Class
	// Rewrite is a mapping by which the backfill copies or updates every row,
	// and by which every pair is compared afterwards.
	Rewrite *migrate.Mapping
}

// The classes of what is no statement; those of statements are package ddl's.
const (
	// Chunks: row by row in short transactions, by the backfill.
	Chunks ddl.Class = "chunks"
	// Reading: every pair is read and compared, chunk by chunk.
	Reading ddl.Class = "reading"
)

// Replica is a server that follows the one at hand. The DSN names a database.
type Replica struct{ Name, DSN string }

// Privilege is one privilege and whether the user has it.
type Privilege struct {
	Name    string // "ALTER"
	Granted bool
	Remedy  string // the GRANT to run
}

// FromPlan returns the steps of a plan.
func FromPlan(p *plan.Plan) []Step {
	var out []Step
	statements := func(phase migrate.Phase, list ...plan.Statement) {
		for _, s := range list {
			c, _ := p.Cost(s)
			out = append(out, Step{Phase: phase, SQL: s.SQL, Table: s.Table, Class: c.Class})
		}
	}
	later := p.Deferred
	if later != nil && p.Facts.Source.Rows < later.From {
		later = nil
	}
	statements(migrate.Expanded, p.Expand...)
	if later != nil {
		statements(migrate.Expanded, later.Drop(later.Indexes))
	}
	if p.Foreign != nil {
		statements(migrate.Expanded, p.Foreign.Following()...)
	}
	if m := p.Change.Mapping; m.Source.Name != "" {
		out = append(out, Step{Phase: migrate.Backfilling, Rewrite: &m})
	}
	if later != nil {
		statements(migrate.Verified, later.Add(later.Indexes))
	}
	if p.Foreign != nil {
		statements(migrate.OnlyNew, p.Foreign.Passing()...)
	}
	statements(migrate.Contracted, p.Contract...)
	return out
}

// Ahead returns the steps that a change in a phase still has before it: statements
// are done when their phase is recorded, a rewrite when its phase is left.
func Ahead(steps []Step, course migrate.Course, in migrate.Phase) ([]Step, error) {
	way, err := course.Path(in, migrate.Closed, migrate.Forward)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(steps), func(s Step) bool {
		return !slices.ContainsFunc(way, func(e migrate.Edge) bool {
			done := e.To
			if s.Rewrite != nil {
				done = e.From
			}
			return done == s.Phase
		})
	}), nil
}

func (in Input) withDefaults() Input {
	in.SampleFor = cmp.Or(in.SampleFor, 5*time.Second)
	in.SampleRows = cmp.Or(in.SampleRows, 250_000)
	in.SampleBytes = cmp.Or(in.SampleBytes, 256<<20)
	in.ChunkTarget = cmp.Or(in.ChunkTarget, 100*time.Millisecond)
	in.LockWait = cmp.Or(in.LockWait, 2*time.Second)
	in.MaxLag = cmp.Or(in.MaxLag, 5*time.Second)
	in.MaxWritesWait = cmp.Or(in.MaxWritesWait, 5*time.Second)
	return in
}

func (in Input) validate() error {
	if in.SampleFor < 0 || in.SampleRows < 0 || in.ChunkTarget < 0 || in.LockWait < time.Second || in.MaxLag < 0 || in.MaxWritesWait < 0 {
		return errors.New("preflight: times and rows of the input have to be positive, and LockWait a second at least")
	}
	for i, s := range in.Steps {
		if (s.SQL == "") == (s.Rewrite == nil) {
			return fmt.Errorf("preflight: step %d has to be a statement or a rewrite, one of the two", i+1)
		}
		if s.SQL != "" && s.Table == "" {
			return fmt.Errorf("preflight: step %d names no table: %s", i+1, s.SQL)
		}
	}
	return nil
}
