package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/underpin-db/underpin/migrate/plan"
)

// bind brings the foreign keys of source and target to where they belong in the
// phase that is about to be recorded. It comes after everything else that the edge
// asks for, so that a step which is refused leaves them as they were. An engine
// that dies between the two leaves a phase in which they stand where the next one
// has them: still on a side that is in step, so nothing is missed. Whichever edge
// is taken next, on or back, looks at them again.
func (s *step) bind(ctx context.Context) error {
	f := s.plan.Foreign
	if f == nil {
		return nil
	}
	list, err := f.Toward(ctx, s.e.cfg.DB, s.edge.To, s.edge.Direction)
	if errors.Is(err, plan.ErrForeignMoved) {
		return fmt.Errorf("%w: %w", ErrSchemaMoved, err)
	}
	if err != nil {
		return err
	}
	return s.statements(ctx, "foreign keys", list)
}
