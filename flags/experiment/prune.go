package experiment

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/internal/mysqlx"
)

// ErrSettled says that the events of an experiment are pruned: what is left of its
// results is the report that was written down before.
var ErrSettled = errors.New("the experiment's events are pruned: only its last report, which is not split, is left")

// DefaultKeep is how long events are kept unless [PruneConfig] says otherwise.
const DefaultKeep = 180 * 24 * time.Hour

// minKeep is more than any event can be on its way.
const minKeep = 24 * time.Hour

// PruneMode says whether events are deleted.
type PruneMode string

// The modes.
const (
	// PruneEvents deletes. The zero value means it.
	PruneEvents PruneMode = "prune"
	// PruneNothing counts what would be deleted.
	PruneNothing PruneMode = "dry run"
)

// PruneConfig says what [Prune] may delete. The zero value is right.
type PruneConfig struct {
	Mode PruneMode
	// Keep is how long events are kept, and how long after its stop an experiment
	// keeps those of its results. Defaults to [DefaultKeep], is 24 h at least.
	Keep time.Duration
	// Chunk is how many events one transaction deletes at most. Defaults to 1000.
	Chunk int
	// Progress is told after each statement; nil tells nobody.
	Progress func(Pruned)
}

func (c PruneConfig) withDefaults() (PruneConfig, error) {
	if c.Keep == 0 {
		c.Keep = DefaultKeep
	}
	if c.Chunk == 0 {
		c.Chunk = 1000
	}
	if c.Mode == "" {
		c.Mode = PruneEvents
	}
	if c.Keep < minKeep || c.Chunk < 1 || c.Mode != PruneEvents && c.Mode != PruneNothing {
		return c, fmt.Errorf("prune events: keep %s, chunks of %d, mode %q: events are kept for %s at least", c.Keep, c.Chunk, c.Mode, minKeep)
	}
	return c, nil
}

// Pruned is what [Prune] has done, or would do.
type Pruned struct {
	Mode PruneMode `json:"mode"`
	// Before is the server's time before which events may go.
	Before time.Time `json:"before"`
	// Deleted are the events that are gone, or would be; Needed are as old, and an
	// experiment needs them.
	Deleted uint64 `json:"deleted"`
	Needed  uint64 `json:"needed"`
	// Settled are the experiments whose last report was written down before their
	// events went.
	Settled []string `json:"settled"`
	// Complete is false where it was interrupted: run it again.
	Complete bool `json:"complete"`
}

// Prune deletes events that are older than Keep and that no experiment needs: one
// that runs, or was stopped within Keep, needs the events of its metrics from its
// start, less Before, to its stop. An experiment that was stopped earlier is
// settled first: its report is written down, and [Results] returns that from
// then on. Assignments are permanent and not touched.
//
// It walks the events in the order of their time and rests after each statement for
// as long as it took. It can be interrupted at any moment and run
// again. Who did it, and why, is in the audit, before the first event goes and
// with the numbers at the end. The pool has to parse times.
func Prune(ctx context.Context, db *sql.DB, by By, cfg PruneConfig) (Pruned, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return Pruned{}, err
	}
	if by.Why == "" && cfg.Mode == PruneEvents {
		return Pruned{}, ErrNoReason
	}
	p := &pruning{db: db, by: by, cfg: cfg, done: Pruned{Mode: cfg.Mode, Settled: []string{}}}
	if p.done.Before, err = control.TimeBefore(ctx, db, cfg.Keep); err != nil {
		return p.done, err
	}
	all, err := List(ctx, db)
	if err != nil {
		return p.done, err
	}
	if cfg.Mode == PruneEvents {
		if err := p.note(ctx, "experiment prune"); err != nil {
			return p.done, err
		}
	}
	for _, s := range all {
		if err := p.provide(ctx, s); err != nil {
			return p.done, err
		}
	}
	err = p.walk(ctx)
	p.done.Complete = err == nil
	if cfg.Mode == PruneEvents {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		err = errors.Join(err, p.note(last, "experiment pruned"))
	}
	return p.done, err
}

// pruning is one run.
type pruning struct {
	db   *sql.DB
	by   By
	cfg  PruneConfig
	done Pruned
	keep []control.Window
}

// provide keeps what an experiment needs, or settles it.
func (p *pruning) provide(ctx context.Context, s State) error {
	until := time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)
	if !s.Running() {
		until = *s.Stopped
	}
	switch {
	case until.After(p.done.Before):
		p.keep = append(p.keep, control.Window{Metrics: s.events(), From: s.Started.Add(-time.Duration(s.Before)), To: until})
		return nil
	case s.settled != nil:
		return nil
	case p.cfg.Mode == PruneEvents:
		if err := p.settle(ctx, s); err != nil {
			return fmt.Errorf("write down the last report of %s: %w", s.Name, err)
		}
	}
	p.done.Settled = append(p.done.Settled, s.Name)
	return nil
}

// events are the names of the events that the metrics count.
func (e Experiment) events() []string {
	var names []string
	for _, m := range e.normalised().Metrics {
		names = append(names, m.Event)
		if m.Per != "" {
			names = append(names, m.Per)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// settle writes the report of an experiment that is over into its row.
func (p *pruning) settle(ctx context.Context, s State) error {
	r, err := Results(ctx, p.db, s.Name, "")
	if err != nil {
		return err
	}
	return transact(ctx, p.db, p.by, func(tx *sql.Tx, all []State) error {
		i := slices.IndexFunc(all, func(now State) bool { return now.Name == s.Name && now.Version == s.Version })
		if i < 0 {
			return fmt.Errorf("experiment %s: %w", s.Name, control.ErrLost)
		}
		spec, err := json.Marshal(record{Definition: s.Experiment, Layout: s.Layout, Settled: &settled{At: p.done.Before.Add(p.cfg.Keep), Parts: r.Parts}})
		if err != nil {
			return err
		}
		if err := control.SettleExperiment(ctx, tx, control.Experiment{ID: s.id, Name: s.Name, Version: s.Version, Spec: spec}); err != nil {
			return err
		}
		return control.Audit(ctx, tx, p.by.Actor, s.Name, "experiment settle", audited{Why: p.by.Why, Before: &s.Experiment})
	})
}

// settled is the last report of an experiment whose events may be gone.
type settled struct {
	At    time.Time `json:"at"`
	Parts []Part    `json:"parts"`
}

// walk goes through the events from the oldest on.
func (p *pruning) walk(ctx context.Context) error {
	after := time.Date(1000, 1, 1, 0, 0, 0, 0, time.UTC)
	for after.Before(p.done.Before) {
		began := time.Now()
		to, err := control.EndOfChunk(ctx, p.db, after, p.done.Before, p.cfg.Chunk)
		if err != nil {
			return err
		}
		n, err := control.CountEvents(ctx, p.db, after, to, p.keep)
		if err != nil {
			return err
		}
		p.done.Needed += n.All - n.Free
		if p.cfg.Mode == PruneNothing || n.Free == 0 {
			err = p.did(ctx, n.Free, began)
		} else {
			err = p.clear(ctx, after, to)
		}
		if err != nil {
			return err
		}
		after = to
	}
	return nil
}

// clear deletes what is free in a stretch of time. Any number of events may have
// happened at one moment, so it takes as many statements as are needed.
func (p *pruning) clear(ctx context.Context, after, to time.Time) error {
	for {
		began, gone := time.Now(), uint64(0)
		err := mysqlx.Backoff{}.Retry(ctx, mysqlx.RetryUnit, func(ctx context.Context) (err error) {
			gone, err = control.DeleteEvents(ctx, p.db, after, to, p.keep, p.cfg.Chunk)
			return err
		})
		if err != nil {
			return err
		}
		if err := p.did(ctx, gone, began); err != nil || gone < uint64(p.cfg.Chunk) {
			return err
		}
	}
}

// did notes how many events went in one statement, and rests.
func (p *pruning) did(ctx context.Context, events uint64, began time.Time) error {
	p.done.Deleted += events
	if p.cfg.Progress != nil {
		p.cfg.Progress(p.done)
	}
	return rest(ctx, time.Since(began))
}

// rest waits, so that a prune takes half of a connection's time at most.
func rest(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

// note writes an entry into the audit.
func (p *pruning) note(ctx context.Context, action string) error {
	return mysqlx.Backoff{}.Retry(ctx, mysqlx.RetryUnit, func(ctx context.Context) error {
		tx, err := p.db.BeginTx(ctx, nil)
		if err != nil {
			return fmt.Errorf("begin: %w", err)
		}
		defer tx.Rollback()
		detail := struct {
			Why string `json:"why"`
			Pruned
		}{p.by.Why, p.done}
		if err := control.Audit(ctx, tx, p.by.Actor, "", action, detail); err != nil {
			return err
		}
		return mysqlx.Commit(tx)
	})
}
