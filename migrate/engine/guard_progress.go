package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/underpin-db/underpin/backfill"
	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
)

// rampFull: every key is read from the target.
func (s *step) rampFull(context.Context, mysqlx.Querier) (Verdict, error) {
	ramp := s.change.Setting.Ramp
	if ramp != migrate.RampFull {
		return refuses("%s of the reads are on the target", percent(ramp)), nil
	}
	return holds("all reads are on the target"), nil
}

// soaked: the present ramp step has stood long enough.
func (s *step) soaked(context.Context, mysqlx.Querier) (Verdict, error) {
	soak := time.Duration(s.plan.Reads.Soak)
	if left := soak - s.change.Age; left > 0 {
		return refuses("the ramp has stood at %s for %s of %s; %s left",
			percent(s.change.Setting.Ramp), short(s.change.Age), soak, short(left)), nil
	}
	return holds("the ramp has stood at %s for %s", percent(s.change.Setting.Ramp), short(s.change.Age)), nil
}

// backfilled: this visit's backfill is complete and quarantined nothing.
func (s *step) backfilled(ctx context.Context, q mysqlx.Querier) (Verdict, error) {
	return s.copied(ctx, backfill.Backfill)
}

// reversed: this visit's reverse reconcile is complete and quarantined nothing.
func (s *step) reversed(ctx context.Context, q mysqlx.Querier) (Verdict, error) {
	return s.copied(ctx, backfill.Reverse)
}

func (s *step) copied(ctx context.Context, job backfill.Job) (Verdict, error) {
	p, err := backfill.Status(ctx, s.e.cfg.DB, s.change.Name, job, s.change.Setting.Epoch)
	if err != nil {
		return Verdict{}, err
	}
	switch {
	case p.Spans == 0:
		return refuses("the %s has not begun", job), nil
	case p.SpansDone < p.Spans:
		return refuses("the %s has done %d of %s", job, p.SpansDone, plural(p.Spans, "span")), nil
	case p.Quarantined > 0:
		return refuses("%s not fit the other shape: underpin status %s lists them; mend them, then go on",
			do(p.Quarantined, "row"), s.change.Name), nil
	}
	return holds("the %s has passed over %s", job, plural(p.Rows, "row")), nil
}

// verification is what the verify step records.
type verification struct {
	Clean  bool            `json:"clean"`
	Report backfill.Report `json:"report"`
}

// stepVerified is the name under which a verification is recorded.
const stepVerified = "verified"

// verified: the recorded verification of this visit found every pair in step.
func (s *step) verified(ctx context.Context, q mysqlx.Querier) (Verdict, error) {
	var v verification
	_, ok, err := control.Step(ctx, q, s.change.Name, stepVerified, s.change.Setting.Epoch, &v)
	switch {
	case err != nil:
		return Verdict{}, err
	case !ok:
		return refuses("nothing has been compared since the phase was entered"), nil
	case !v.Clean:
		return refuses("of %s compared, %d differ: underpin verify %s lists them",
			plural(v.Report.Compared, "row"), v.Report.Differ(), s.change.Name), nil
	}
	return holds("%s compared, none differs", plural(v.Report.Compared, "row")), nil
}

// signedOff: somebody asked for exactly this phase.
func (s *step) signedOff(context.Context, mysqlx.Querier) (Verdict, error) {
	if s.options.To != s.edge.To && s.options.To != migrate.Closed {
		return refuses("there is no way back from %s; say --to %s to go there", s.edge.To, s.edge.To), nil
	}
	return holds("%s asked for %s", s.e.cfg.Actor, s.options.To), nil
}

func percent(ramp uint16) string {
	return fmt.Sprintf("%g %%", float64(ramp)/100)
}

func short(d time.Duration) string {
	if d > 10*time.Second {
		return d.Round(time.Second).String()
	}
	return d.Round(10 * time.Millisecond).String()
}

// do is "1 row does" or "2 rows do".
func do(n uint64, noun string) string {
	if n == 1 {
		return "1 " + noun + " does"
	}
	return plural(n, noun) + " do"
}
