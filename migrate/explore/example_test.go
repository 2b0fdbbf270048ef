package explore_test

import (
	"fmt"

	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/explore"
)

// Without the guard that waits for a full ramp, new_only is entered while reads
// still go to the source.
func ExampleRun() {
	result, err := explore.Run(explore.Config{
		Fleet:   explore.Fleet{explore.SourceNew, explore.TargetNew},
		Without: []explore.Switch{explore.WithoutGuard(migrate.GuardRampFull)},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	// The way to dual_write and on to read_new is left out.
	for _, line := range result.Violation.Trace[8:] {
		fmt.Println(line)
	}
	fmt.Println("→", result.Violation.Property)
	// Output:
	// controller: verified → read_new is recorded, read_new (ramp 0%)@5
	// r2 #2 joins under read_new (ramp 0%)@5
	// controller: read_new → new_only is recorded, new_only@6
	// r2 #2 commits upsert a1 under new_only@6: source=⊥ target=a1
	// r2 #2 reads ⊥ from the source
	// → a read returns a value that no write current during the read explains
}
