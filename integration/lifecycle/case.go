package lifecycle

import (
	"context"

	"github.com/underpin-db/underpin/dualwrite"
	"github.com/underpin-db/underpin/migrate"
)

// Case is one kind of change.
type Case struct {
	// Name names the subtest.
	Name string
	// Schema and Rows are executed before anything else.
	Schema, Rows []string
	// Change is the change file; or DDL is what the planner derives it from.
	Change, DDL string
	// End is what the schema has to hold when the change is closed.
	End []string
	// Service and ChangeName are those of the change file.
	Service, ChangeName string
	// Old writes the source shape, New the target shape.
	Old, New App
}

// reads makes a change's ramp as short as a test can have it.
const reads = `reads: {ramp: [50, 100], soak: 0s, shadow: {sample: 0}}`

// Person is the value that the applications of all cases store. Last may hold
// blanks only if the new application wrote it.
type Person struct{ First, Last string }

// App is how an application of one shape writes and reads a person.
type App struct {
	Release string
	Writes  migrate.Shape
	Through migrate.Mode
	Insert  func(ctx context.Context, tx *dualwrite.Tx, p Person) (id int64, err error)
	Update  func(ctx context.Context, tx *dualwrite.Tx, id int64, p Person) error
	// Visit changes a column of the row that the mapping does not name.
	Visit  func(ctx context.Context, tx *dualwrite.Tx, id int64) error
	Delete func(ctx context.Context, tx *dualwrite.Tx, id int64) error
	// Clear takes the person away and leaves the row; nil where a row is a person.
	Clear func(ctx context.Context, tx *dualwrite.Tx, id int64) error
	// ReadOld and ReadNew read the full name from either shape; a target-shape
	// application has no ReadOld.
	ReadOld, ReadNew func(id int64) dualwrite.Reader[string]
	// ReadPerson reads the target shape as it is; nil for the old application.
	ReadPerson func(id int64) dualwrite.Reader[Person]
}
