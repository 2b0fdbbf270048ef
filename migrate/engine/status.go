package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/underpin-db/underpin/backfill"
	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/fleet"
)

// Status answers, at any moment: where does the change stand, what blocks the
// next step, may I go back and what would I lose.
type Status struct {
	Change     string           `json:"change"`
	Service    string           `json:"service"`
	Course     migrate.Course   `json:"course,omitempty"`
	Phase      migrate.Phase    `json:"phase"`
	Mode       migrate.Mode     `json:"mode"`
	Epoch      uint64           `json:"epoch"`
	Ramp       uint16           `json:"ramp_basis_points"`
	Rule       migrate.StepRule `json:"rule"`
	PlanHash   string           `json:"plan_hash"`
	Since      time.Time        `json:"since"`
	Seconds    float64          `json:"seconds_in_phase"`
	Paused     string           `json:"paused,omitempty"` // the reason
	Controller string           `json:"controller,omitempty"`
	// BrokenGlass are steps that were taken without the signatures they needed,
	// in the whole life of the change.
	BrokenGlass []BrokenGlass `json:"break_glass,omitempty"`
	// Next and Back are the edges that leave the phase; nil where there is none.
	Next *EdgeStatus `json:"next,omitempty"`
	Back *EdgeStatus `json:"back,omitempty"`
	// Copy is how far the backfill or the reverse reconcile of this visit is.
	Copy *backfill.Progress `json:"copy,omitempty"`
	// Quarantined are rows that do not fit the other shape, the first few.
	Quarantined []string `json:"quarantined,omitempty"`
	// Verification is the last one of this visit.
	Verification *backfill.Report     `json:"verification,omitempty"`
	Instances    []fleet.LiveInstance `json:"instances"`
}

// EdgeStatus is an edge with its guards measured.
type EdgeStatus struct {
	To     migrate.Phase `json:"to"`
	Work   migrate.Work  `json:"work,omitempty"`
	Why    string        `json:"why"`
	Loss   migrate.Loss  `json:"loss,omitempty"`
	Note   string        `json:"note,omitempty"`
	Guards []Verdict     `json:"guards,omitempty"`
	// Unmeasured are guards of the edge that are measured only when the step is
	// asked for, because that takes long.
	Unmeasured []migrate.Guard `json:"unmeasured,omitempty"`
}

// copyJobs is which job works in a phase.
var copyJobs = map[migrate.Phase]backfill.Job{
	migrate.Backfilling: backfill.Backfill,
	migrate.Reversing:   backfill.Reverse,
}

// Status measures everything afresh, but for what takes long (see
// [EdgeStatus.Unmeasured]); the evidence about connections is a single look
// instead of a watch.
func (e *Engine) Status(ctx context.Context, change string) (Status, error) {
	c, err := control.Get(ctx, e.cfg.DB, change)
	if err != nil {
		return Status{}, err
	}
	st, err := e.summary(ctx, c)
	if err != nil {
		return st, err
	}
	if c.PlanHash == "" {
		return st, nil
	}
	_, p, err := e.load(ctx, e.cfg.DB, change)
	if err != nil {
		return st, err
	}
	if p.Change.Course == migrate.Mapped {
		if err := e.statusOfCopy(ctx, &st, p.Change); err != nil {
			return st, err
		}
	}
	return st, e.statusOfEdges(ctx, &st)
}

// statusOfEdges measures the guards of the edges that leave the phase.
func (e *Engine) statusOfEdges(ctx context.Context, st *Status) error {
	glance := *e
	glance.cfg.EvidenceWindow = time.Millisecond
	for d, dest := range map[migrate.Direction]**EdgeStatus{migrate.Forward: &st.Next, migrate.Back: &st.Back} {
		edge, ok := st.Course.Next(st.Phase, d)
		if !ok {
			continue
		}
		es, err := glance.edgeStatus(ctx, st.Change, edge)
		if err != nil {
			return err
		}
		*dest = es
	}
	return nil
}

func (e *Engine) edgeStatus(ctx context.Context, change string, edge migrate.Edge) (*EdgeStatus, error) {
	c, p, err := e.load(ctx, e.cfg.DB, change)
	if err != nil {
		return nil, err
	}
	s := &step{e: e, change: c, plan: p, edge: edge, options: WalkOptions{To: edge.To}}
	s.next = following(c, p, edge)
	es := &EdgeStatus{To: edge.To, Work: edge.Work, Why: edge.Why, Loss: edge.Loss}
	if edge.Direction == migrate.Back {
		es.Note = s.backNote()
	}
	cheap, expensive := split(edge.Guards, dear)
	es.Unmeasured = expensive
	if es.Guards, err = s.verdicts(ctx, e.cfg.DB, cheap); err != nil {
		return es, err
	}
	if e.cfg.Ramp != nil && edge.Work == migrate.WorkRamp {
		v, _, _ := s.rampHeld(ctx) // an error is in the verdict
		es.Guards = append(es.Guards, v)
	}
	if e.cfg.SignOff == nil || edge.Direction != migrate.Forward {
		return es, ctx.Err()
	}
	// What keeps it from being measured is in the verdict: status answers all the same.
	v, _, _ := s.signed(ctx)
	es.Guards = append(es.Guards, v)
	return es, ctx.Err()
}

// backNote says in a sentence what a step back means for finer values.
func (s *step) backNote() string {
	switch {
	case s.edge.Work == migrate.WorkReverse:
		return "every row of the source is rebuilt from the target first"
	case s.change.Setting.Rule == migrate.StepEither && s.edge.Work == migrate.WorkDrop:
		return "values that target-shape releases wrote and the source cannot tell apart are dropped with the target: underpin verify counts them as finer"
	case s.change.Setting.Rule == migrate.StepEither:
		return "values that target-shape releases wrote stay in the target"
	}
	return ""
}

// statusOfCopy fills in how far the copy is and what was compared.
func (e *Engine) statusOfCopy(ctx context.Context, st *Status, change migrate.Change) error {
	visit := st.Epoch
	if st.Phase == migrate.Verified {
		visit-- // it was compared in the visit to Backfilling that led here
	}
	var v verification
	if _, ok, err := control.Step(ctx, e.cfg.DB, st.Change, stepVerified, visit, &v); err != nil {
		return err
	} else if ok {
		st.Verification = &v.Report
	}
	job, ok := copyJobs[st.Phase]
	if !ok {
		return nil
	}
	p, err := backfill.Status(ctx, e.cfg.DB, st.Change, job, st.Epoch)
	if err != nil {
		return err
	}
	st.Copy = &p
	rows, err := backfill.Quarantined(ctx, e.cfg.DB, change, job, st.Epoch, 10)
	if err != nil {
		return err
	}
	for _, r := range rows {
		st.Quarantined = append(st.Quarantined, fmt.Sprintf("key %s: %s", r.Key, r.Reason))
	}
	return nil
}

// List returns where every change of the database stands.
func (e *Engine) List(ctx context.Context) ([]Status, error) {
	all, err := control.List(ctx, e.cfg.DB)
	if err != nil {
		return nil, err
	}
	out := make([]Status, len(all))
	for i, c := range all {
		if out[i], err = e.summary(ctx, c); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// summary is what the control tables alone say of a change.
func (e *Engine) summary(ctx context.Context, c control.Change) (Status, error) {
	ctl, err := control.GetController(ctx, e.cfg.DB, c.Name)
	if err != nil {
		return Status{}, err
	}
	s := c.Setting
	st := Status{
		Change: c.Name, Service: c.Service, Phase: s.Phase, Mode: s.Mode, Epoch: s.Epoch, Ramp: s.Ramp, Rule: s.Rule,
		PlanHash: c.PlanHash, Since: c.Since, Seconds: c.Age.Seconds(), Paused: ctl.PausedWhy,
	}
	if ctl.Left > 0 {
		st.Controller = ctl.Owner
	}
	if st.Course, err = c.Course(); err != nil {
		return st, err
	}
	if st.BrokenGlass, err = brokenGlass(ctx, e.cfg.DB, c.Name); err != nil {
		return st, err
	}
	st.Instances, err = fleet.Live(ctx, e.cfg.DB, c.Name)
	return st, err
}
