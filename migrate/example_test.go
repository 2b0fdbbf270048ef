package migrate_test

import (
	"fmt"

	"github.com/underpin-db/underpin/migrate"
)

// The way of a change that is never rolled back, and what each step waits for.
func ExampleCourse_Path() {
	path, err := migrate.Mapped.Path(migrate.Planned, migrate.Closed, migrate.Forward)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, e := range path {
		fmt.Printf("%s → %s %v\n", e.From, e.To, e.Guards)
	}
	// Output:
	// planned → expanded []
	// expanded → dual_write [schema_whole fleet_supports no_strangers]
	// dual_write → backfilling [fleet_supports no_strangers]
	// backfilling → verified [backfilled verified]
	// verified → read_new [fleet_supports no_strangers shadow_clean]
	// read_new → new_only [fleet_supports no_strangers unnamed ramp_full soaked readers_drained]
	// new_only → contracted [fleet_supports no_strangers readers_drained unnamed unused signed_off]
	// contracted → closed [forgotten]
}

// The way back from new_only, and what it gives up.
func ExampleCourse_Path_back() {
	path, err := migrate.Mapped.Path(migrate.OnlyNew, migrate.Planned, migrate.Back)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, e := range path {
		fmt.Printf("%s → %s: %s\n", e.From, e.To, e.Loss)
	}
	_, err = migrate.Mapped.Path(migrate.Contracted, migrate.Planned, migrate.Back)
	fmt.Println(err)
	// Output:
	// new_only → reversing: lossless
	// reversing → read_new: lossless
	// read_new → verified: lossless
	// verified → backfilling: lossless
	// backfilling → dual_write: lossless
	// dual_write → expanded: lossless
	// expanded → planned: what the change added is dropped
	// no way back from phase contracted to planned: contracted has dropped the source; the way back is a new change
}

// A release says once what it can do; whether it may run follows.
func ExampleCapability_Supports() {
	old := migrate.CapabilityThrough(migrate.SourceShape, migrate.ReadNew)
	for _, phase := range []migrate.Phase{migrate.Backfilling, migrate.OnlyNew} {
		if ok, why := old.Supports(migrate.Setting{Phase: phase, Mode: phase.Mode()}); !ok {
			fmt.Printf("release 1 cannot run: %s\n", why)
			continue
		}
		fmt.Printf("release 1 runs in %s\n", phase)
	}
	// Output:
	// release 1 runs in backfilling
	// release 1 cannot run: it writes the source shape, and phase new_only takes writes in the target shape only
}

// An expression is kept with a marker for the row, and takes the alias of the
// statement that it is used in.
func ExampleExpression_Over() {
	first := migrate.Expression("SUBSTRING_INDEX($row.`name`, ' ', 1)")
	fmt.Println(first.Over("`s`"))
	// Output: SUBSTRING_INDEX(`s`.`name`, ' ', 1)
}
