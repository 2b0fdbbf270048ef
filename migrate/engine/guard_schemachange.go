package engine

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/fleet"
	"github.com/underpin-db/underpin/migrate/plan"
)

// The guards of changes of the schema alone; see migrate.Course.

// rowsFit: no row is there that the server would refuse. Rows that come in
// after the look are refused by the DDL itself, which then changes nothing.
func (s *step) rowsFit(ctx context.Context, q mysqlx.Querier) (Verdict, error) {
	var found []string
	for _, f := range s.plan.Schema.Fits {
		rows, err := plan.Unfit(ctx, q, f)
		if err != nil {
			return Verdict{}, err
		}
		if len(rows) > 0 {
			found = append(found, fmt.Sprintf("%s: %s", f.What, strings.Join(rows, "; ")))
		}
	}
	if len(found) > 0 {
		return refuses("rows are there that the server would refuse: %s", strings.Join(found, ", and ")), nil
	}
	return holds("the server refuses no row that is there"), nil
}

// releases: every live instance runs a release that was written for the change.
func (s *step) releases(ctx context.Context, q mysqlx.Querier) (Verdict, error) {
	ready := s.plan.Change.Releases
	if len(ready) == 0 {
		return holds("the change names no releases"), nil
	}
	live, err := fleet.Live(ctx, q, s.change.Name)
	if err != nil {
		return Verdict{}, err
	}
	old := fleet.NotAmong(live, s.change.Service, ready)
	if len(old) > 0 {
		v := refuses("%s not run %s", do(uint64(len(old)), "live instance"), strings.Join(ready, " or "))
		v.Blockers = old
		return v, nil
	}
	return holds("every live instance of %s runs %s", s.change.Service, strings.Join(ready, " or ")), nil
}

// held: what is to be dropped has been hidden long enough.
func (s *step) held(context.Context, mysqlx.Querier) (Verdict, error) {
	hold := time.Duration(s.plan.Schema.Hold)
	if left := hold - s.change.Age; left > 0 {
		return refuses("it has been hidden for %s of %s; %s left", short(s.change.Age), hold, short(left)), nil
	}
	return holds("it has been hidden for %s", short(s.change.Age)), nil
}

// tightened looks once more, now that the server refuses them, for rows that do
// not fit: some may have come in between the look before and the DDL, and not
// every DDL looks at rows. If there are any, the DDL is taken back.
func (s *step) tightened(ctx context.Context) ([]Verdict, error) {
	if s.plan.Schema == nil || len(s.plan.Schema.Fits) == 0 {
		return nil, nil
	}
	v, err := s.rowsFit(ctx, s.e.cfg.DB)
	if err != nil || v.Holds {
		return nil, err
	}
	v.Guard = migrate.GuardRowsFit
	return []Verdict{v}, s.statements(ctx, "undo", s.plan.Undo)
}

// unmoved refuses to begin on a table that is not the one that was planned for.
// Once a statement has taken effect the table is another by our own doing.
func (s *step) unmoved(ctx context.Context) error {
	if s.plan.Schema == nil || s.edge.From != migrate.Planned {
		return nil
	}
	for _, statement := range s.plan.Expand {
		progress, err := plan.Taken(ctx, s.e.cfg.DB, statement)
		if err != nil || progress != plan.NotTaken {
			return err
		}
	}
	moved, err := plan.Moved(ctx, s.e.cfg.DB, s.plan)
	if err != nil {
		return err
	}
	if moved {
		return fmt.Errorf("%w: somebody has altered table %s since the plan was made: plan the change again", ErrSchemaMoved, s.plan.Schema.Table)
	}
	return nil
}
