package backfill

import (
	"context"
	"database/sql"
	"time"

	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/internal/shape"
	"github.com/underpin-db/underpin/migrate"
)

// Progress is how far a run has come, read from the database: it is the same
// from whichever process one asks.
type Progress struct {
	Change string `json:"change"`
	Job    Job    `json:"job"`
	Run    uint64 `json:"run"`
	// Spans is 0 until somebody has made them.
	Spans     uint64 `json:"spans"`
	SpansDone uint64 `json:"spans_done"`
	// Rows counts rows of the authority that were looked at; Expected is how
	// many there will be, about: it was counted in spans when they were made.
	Rows     uint64 `json:"rows"`
	Expected uint64 `json:"rows_expected"`
	// Changed counts rows of the follower written; a row of which several
	// independent columns were out of step counts as often.
	Changed uint64 `json:"changed"`
	// Rate is in rows a second, over the whole run, waits included.
	Rate float64 `json:"rate"`
	// Running is how long the run has been or was under way, and ETA how long
	// it will still be at that rate; 0 where that cannot be told.
	Running     time.Duration `json:"running_ns"`
	ETA         time.Duration `json:"eta_ns"`
	Owners      []Owner       `json:"owners,omitempty"`
	Quarantined uint64        `json:"quarantined"`
	// Waiting is why the workers wait; empty if they do not.
	Waiting string `json:"waiting,omitempty"`
}

// Owner is who works on a span, or did when its lease ran out.
type Owner struct {
	Span uint32        `json:"span"`
	Name string        `json:"name"`
	Left time.Duration `json:"lease_left_ns"` // negative once it has run out
}

// Complete reports whether every span is done and nothing is quarantined.
func (p Progress) Complete() bool { return p.Spans > 0 && p.SpansDone == p.Spans && p.Quarantined == 0 }

// planNote is what is stored when the spans are made.
type planNote struct {
	Spans    uint64 `json:"spans"`
	SpanRows uint64 `json:"span_rows"`
}

func planStep(j Job) string { return string(j) + " spans" }

// recordPlan stores with the spans what Status reckons from.
func (w *Worker) recordPlan(ctx context.Context, tx mysqlx.Querier, spans int) error {
	note := planNote{uint64(spans), uint64(w.cfg.SpanRows)}
	return control.StepDone(ctx, tx, w.cfg.Change.Name, planStep(w.cfg.Job), w.cfg.Run, note)
}

// Status reads how far a run has come. db has to be a pool that mysqlx.Open
// made. A run that nobody has begun has no spans and is no error.
func Status(ctx context.Context, db *sql.DB, change string, job Job, run uint64) (Progress, error) {
	p := Progress{Change: change, Job: job, Run: run}
	r := control.JobRun{Change: change, Job: string(job), Run: run}
	totals, err := control.CountSpans(ctx, db, r)
	if err != nil {
		return p, err
	}
	p.Spans, p.SpansDone, p.Rows, p.Changed = totals.Spans, totals.Done, totals.Seen, totals.Changed
	if p.Quarantined, err = control.CountQuarantined(ctx, db, r); err != nil {
		return p, err
	}
	if p.Spans == 0 {
		return p, nil
	}
	owners, err := control.SpanOwners(ctx, db, r)
	if err != nil {
		return p, err
	}
	for _, o := range owners {
		p.Owners = append(p.Owners, Owner{o.Span, o.Owner, o.Left})
	}
	var plan planNote
	began, ok, err := control.Step(ctx, db, change, planStep(job), run, &plan)
	if err != nil {
		return p, err
	}
	if ok {
		p.reckon(totals, plan, began)
	}
	p.Waiting, err = waiting(ctx, db, change, job, run, totals.Now)
	return p, err
}

// reckon works out rate and ETA.
func (p *Progress) reckon(t control.SpanTotals, plan planNote, began time.Time) {
	end := t.Now
	// The last span is about half full.
	p.Expected = max(plan.Spans*plan.SpanRows-plan.SpanRows/2, p.Rows)
	if p.SpansDone == p.Spans {
		end, p.Expected = t.Moved, p.Rows
	}
	if p.Running = end.Sub(began); p.Running <= 0 {
		return
	}
	p.Rate = float64(p.Rows) / p.Running.Seconds()
	if left := p.Expected - p.Rows; left > 0 && p.Rate > 0 {
		p.ETA = time.Duration(float64(left) / p.Rate * float64(time.Second))
	}
}

// waiting is why workers wait: the change is paused, or what a worker noted
// lately.
func waiting(ctx context.Context, db *sql.DB, change string, job Job, run uint64, now time.Time) (string, error) {
	c, err := control.GetController(ctx, db, change)
	if err != nil {
		return "", err
	}
	if c.Paused {
		return "paused: " + c.PausedWhy, nil
	}
	var note waitNote
	at, ok, err := control.Step(ctx, db, change, waitStep(job), run, &note)
	if err != nil || !ok || now.Sub(at) > waitFresh {
		return "", err
	}
	return note.Why, nil
}

// Misfit is a quarantined row.
type Misfit struct {
	Key    string    `json:"key"`
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
}

// Quarantined returns up to limit rows of a run that do not fit, with their
// reasons. None may be left before the change can go on.
func Quarantined(ctx context.Context, db *sql.DB, change migrate.Change, job Job, run uint64, limit int) ([]Misfit, error) {
	r := control.JobRun{Change: change.Name, Job: string(job), Run: run}
	rows, err := control.ListQuarantined(ctx, db, r, nil, limit)
	if err != nil {
		return nil, err
	}
	out := make([]Misfit, len(rows))
	for i, q := range rows {
		key, err := shape.DecodeKey(q.Key)
		if err != nil {
			return nil, err
		}
		out[i] = Misfit{key.String(), q.Reason, q.At}
	}
	return out, nil
}
