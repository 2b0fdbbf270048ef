package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/migrate/plan"
)

// ErrSchemaMoved says that a statement of the plan shows some of its effects
// and not others: somebody else has changed the schema.
var ErrSchemaMoved = errors.New("the schema is not what the plan left it as")

// expand adds the target beside the source.
func (s *step) expand(ctx context.Context) ([]Verdict, error) {
	if err := s.unmoved(ctx); err != nil {
		return nil, err
	}
	if err := s.statements(ctx, "expand", s.plan.Expand); err != nil {
		return nil, err
	}
	if refused, err := s.tightened(ctx); err != nil || len(refused) > 0 {
		return refused, err
	}
	return nil, s.putOffIndexes(ctx)
}

// drop takes the target away again.
func (s *step) drop(ctx context.Context) ([]Verdict, error) {
	return nil, s.statements(ctx, "undo", s.plan.Undo)
}

// contract drops the source.
func (s *step) contract(ctx context.Context) ([]Verdict, error) {
	return nil, s.statements(ctx, "contract", s.plan.Contract)
}

// statements executes DDL in order. The schema itself says what has been done:
// a record could be ahead of it or behind it after a crash. The record is kept
// for people.
func (s *step) statements(ctx context.Context, name string, list []plan.Statement) error {
	for i, statement := range list {
		progress, err := plan.Taken(ctx, s.e.cfg.DB, statement)
		if err != nil {
			return err
		}
		switch progress {
		case plan.AllTaken:
		case plan.NotTaken:
			if err := s.executeDDL(ctx, statement); err != nil {
				return err
			}
			s.e.point(PointAfterDDL)
		default:
			return fmt.Errorf("%w: statement %d of %s shows some of its effects and not others: %s; compare SHOW CREATE TABLE %s with the plan and mend it by hand",
				ErrSchemaMoved, i+1, name, statement.SQL, statement.Table)
		}
		detail := map[string]string{"sql": statement.SQL, "found": string(progress)}
		if err := control.StepDone(ctx, s.e.cfg.DB, s.change.Name, fmt.Sprintf("%s %d", name, i+1), s.change.Setting.Epoch, detail); err != nil {
			return err
		}
		s.e.point(PointAfterRecord)
	}
	return nil
}
