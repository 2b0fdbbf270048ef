package experiment

import (
	"fmt"
	"slices"
	"strings"

	"github.com/underpin-db/underpin/flags"
)

// Fits returns nil if the experiment can run on a flag: every branch is a variant
// of it, and it is not closed. Else it returns [ErrFlagVariant] or [ErrFlagClosed].
// A flag that is switched off fits: nobody is exposed until it is on.
func (e Experiment) Fits(f flags.Flag) error {
	f = f.Normalised()
	if f.State == flags.Closed {
		return fmt.Errorf("experiment %s: flag %s: %w", e.Name, f.Name, ErrFlagClosed)
	}
	names := make([]string, len(f.Variants))
	for i, v := range f.Variants {
		names[i] = v.Name
	}
	for _, branch := range e.branchNames() {
		if !slices.Contains(names, branch) {
			return fmt.Errorf("experiment %s: flag %s: %w: %q is none of %s", e.Name, f.Name, ErrFlagVariant, branch, strings.Join(names, ", "))
		}
	}
	return nil
}
