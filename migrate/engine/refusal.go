package engine

import (
	"cmp"
	"context"
	"database/sql"
	"slices"

	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/fleet"
)

// stepRefused is the name under which the last refusal is recorded, for the
// whole life of the change.
const stepRefused = "refused"

// refusal is what makes one refusal the same as another: who asked for what, at
// which phase, and what was in the way. How far a soak is, and which of its
// connections a process had open, is not part of it.
type refusal struct {
	Actor string        `json:"actor"`
	Phase migrate.Phase `json:"phase"`
	Next  migrate.Phase `json:"next"`
	Why   []obstacle    `json:"why"`
}

// obstacle is a guard, and one of those who keep it from holding.
type obstacle struct {
	Guard    migrate.Guard `json:"guard"`
	Instance string        `json:"instance,omitempty"`
	Release  string        `json:"release,omitempty"`
	Account  string        `json:"account,omitempty"`
	Object   string        `json:"object,omitempty"`
}

func (e *Engine) refusalOf(out Outcome) refusal {
	r := refusal{Actor: e.cfg.Actor, Phase: out.Phase, Next: out.Next}
	for _, v := range out.Waiting {
		if len(v.Blockers) == 0 {
			r.Why = append(r.Why, obstacle{Guard: v.Guard})
		}
		for _, b := range v.Blockers {
			r.Why = append(r.Why, obstacleOf(v.Guard, b))
		}
	}
	slices.SortFunc(r.Why, func(a, b obstacle) int {
		return cmp.Or(cmp.Compare(a.Guard, b.Guard), cmp.Compare(a.Instance, b.Instance), cmp.Compare(a.Release, b.Release),
			cmp.Compare(a.Account, b.Account), cmp.Compare(a.Object, b.Object))
	})
	r.Why = slices.Compact(r.Why)
	return r
}

func obstacleOf(g migrate.Guard, b fleet.Blocker) obstacle {
	return obstacle{Guard: g, Instance: b.Instance, Release: b.Release, Account: b.User, Object: b.Object}
}

func (r refusal) same(other refusal) bool {
	return r.Actor == other.Actor && r.Phase == other.Phase && r.Next == other.Next && slices.Equal(r.Why, other.Why)
}

// recordRefusal puts what stopped a walk into the audit, unless it is what
// stopped the last one: a script that asks every minute while a ramp soaks
// fills no audit.
func (e *Engine) recordRefusal(ctx context.Context, out Outcome) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	now := e.refusalOf(out)
	return e.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var last refusal
		_, known, err := control.Step(ctx, tx, out.Change, stepRefused, 0, &last)
		if err != nil || known && now.same(last) {
			return err
		}
		if err := control.StepDone(ctx, tx, out.Change, stepRefused, 0, now); err != nil {
			return err
		}
		return control.Audit(ctx, tx, e.cfg.Actor, out.Change, "refused", out)
	})
}
