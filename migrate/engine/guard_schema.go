package engine

import (
	"context"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/fleet"
	"github.com/underpin-db/underpin/migrate/plan"
)

// schemaWhole: what expand added is there, and what contract drops is there
// still. An engine that died between a DROP and its record leaves a schema that
// the phase does not tell of.
// Of indexes that come after the rows nothing is asked: they are missing while
// the rows are copied, and a step back must not fail for want of one.
func (s *step) schemaWhole(ctx context.Context, q mysqlx.Querier) (Verdict, error) {
	if back, err := s.takenBack(ctx, q); err != nil || back {
		return holds("what expand did has been taken back already"), err
	}
	for _, want := range []struct {
		list     []plan.Statement
		progress plan.Progress
		refusal  string
	}{
		{s.plan.Expand, plan.AllTaken, "is not in the live schema: %s; a step back was cut short, or somebody else dropped it: roll back to planned, then apply again"},
		{s.plan.Contract, plan.NotTaken, "has taken effect already: %s; contracting was cut short: the only way is on, to contracted"},
	} {
		for _, statement := range want.list {
			// A step back may have been cut short, and goes on from where it was.
			if !telling(statement) || s.edge.Work == migrate.WorkDrop && want.progress == plan.AllTaken {
				continue
			}
			progress, err := plan.Taken(ctx, q, statement)
			if err != nil {
				return Verdict{}, err
			}
			if progress != want.progress {
				return refuses("what the plan says about table `"+statement.Table+"` "+want.refusal, statement.SQL), nil
			}
		}
	}
	if s.plan.Schema != nil {
		return holds("the live schema shows what the plan did"), nil
	}
	drift, err := plan.Drift(ctx, q, s.plan)
	if err != nil {
		return Verdict{}, err
	}
	if len(drift) > 0 {
		v := refuses("the live schema is not what was planned for: %s", drift[0].Remedy)
		for _, f := range drift {
			v.Blockers = append(v.Blockers, fleet.Blocker{Object: f.Object, Reason: f.Reason})
		}
		return v, nil
	}
	return holds("source and target are in the live schema as planned"), nil
}

// takenBack reports whether a step back has done all of its work already. Then
// what contract would drop may be gone under the name that it had meanwhile.
func (s *step) takenBack(ctx context.Context, q mysqlx.Querier) (bool, error) {
	if s.edge.Work != migrate.WorkDrop || len(s.plan.Undo) == 0 {
		return false, nil
	}
	for _, statement := range s.plan.Undo {
		if progress, err := plan.Taken(ctx, q, statement); err != nil || progress != plan.AllTaken {
			return false, err
		}
	}
	return true, nil
}

// telling reports whether the schema can show that a statement has taken effect.
func telling(s plan.Statement) bool {
	for _, e := range s.Effects {
		if e.Kind != plan.DefaultSet {
			return true
		}
	}
	return false
}
