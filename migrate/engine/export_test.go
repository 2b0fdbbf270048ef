package engine

import (
	"fmt"

	"github.com/underpin-db/underpin/migrate"
)

// Known returns an error if an edge has a guard that cannot be measured or work
// that cannot be done.
func Known(e migrate.Edge) error {
	measures := guards()
	for _, g := range e.Guards {
		if measures[g] == nil {
			return fmt.Errorf("guard %s has no measure", g)
		}
	}
	if works[e.Work].run == nil {
		return fmt.Errorf("work %q has nobody to do it", e.Work)
	}
	return nil
}
