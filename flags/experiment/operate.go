package experiment

import (
	"bytes"
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

// Refusals. Each leaves everything as it was.
var (
	// ErrUnknown says that there is no experiment of that name.
	ErrUnknown = control.ErrNoExperiment
	// ErrOver says that the experiment has been stopped. It is not started again:
	// its users know the branches, and its data are complete.
	ErrOver = errors.New("the experiment is over: give a new one another name")
	// ErrFixed says that a running experiment cannot be changed in this way.
	ErrFixed = errors.New("this cannot be changed while the experiment runs: stop it, and start another")
	// ErrFlagBusy says that another experiment runs on the flag.
	ErrFlagBusy = errors.New("another experiment runs on the flag: stop it, or put both into one group")
	// ErrNoRoom says that the group's experiments would have more than 100% of the
	// units.
	ErrNoRoom = errors.New("the group has not as many units left")
	// ErrFlagClosed says that the flag serves one variant for good.
	ErrFlagClosed = errors.New("the flag is closed: everybody gets one variant for good, and its code has to go")
	// ErrFlagVariant says that a branch is no variant of the flag.
	ErrFlagVariant = errors.New("a branch is no variant of the flag")
	// ErrNoReason says that a change was asked for without saying why.
	ErrNoReason = errors.New("say why: it is kept in the audit")
)

// By says who changes something, and why, for the audit.
type By struct{ Actor, Why string }

// Outcome says what [Start] did.
type Outcome string

// The outcomes.
const (
	Started   Outcome = "started"
	Changed   Outcome = "changed"
	Unchanged Outcome = "unchanged" // it runs as defined already
)

// State is an experiment and where it stands.
type State struct {
	Experiment
	Version    uint64     `json:"version"`
	Generation uint32     `json:"generation"`
	Started    time.Time  `json:"started"`
	Stopped    *time.Time `json:"stopped,omitempty"` // nil while it runs
	Layout     Layout     `json:"layout"`

	id      uint32
	settled *settled
}

// Running says whether new units are taken.
func (s State) Running() bool { return s.Stopped == nil }

func stateOf(row control.Experiment) (State, error) {
	var r record
	if err := json.Unmarshal(row.Spec, &r); err != nil {
		return State{}, fmt.Errorf("read the definition of experiment %s: %w", row.Name, err)
	}
	return State{
		Experiment: r.Definition, Version: row.Version, Generation: row.Generation, Started: row.Started, Stopped: row.Stopped,
		Layout: r.Layout, id: row.ID, settled: r.Settled,
	}, nil
}

// Get returns an experiment, or [ErrUnknown]. The pool has to parse times.
func Get(ctx context.Context, db mysqlx.Querier, name string) (State, error) {
	row, err := control.GetExperiment(ctx, db, name)
	if err != nil {
		return State{}, err
	}
	return stateOf(row)
}

// List returns all experiments by name. The pool has to parse times.
func List(ctx context.Context, db mysqlx.Querier) ([]State, error) {
	rows, err := control.ListExperiments(ctx, db)
	if err != nil {
		return nil, err
	}
	return statesOf(rows)
}

func statesOf(rows []control.Experiment) ([]State, error) {
	out := make([]State, len(rows))
	for i, row := range rows {
		var err error
		if out[i], err = stateOf(row); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Start starts an experiment, or changes one that runs to the new definition. Of
// a running one may change: the shares of the branches (a new generation), a
// larger share of all units, hypothesis, metrics, segments and Before. It is
// refused with one of the errors above, or an [*Invalid].
func Start(ctx context.Context, db *sql.DB, by By, e Experiment) (Outcome, error) {
	if err := e.Validate(); err != nil {
		return "", err
	}
	out := Unchanged
	err := transact(ctx, db, by, func(tx *sql.Tx, all []State) (err error) {
		out, err = start(ctx, tx, by, e.normalised(), all)
		return err
	})
	return out, err
}

// Stop stops an experiment for good: no unit is taken any more, and what
// happens from now on does not count.
func Stop(ctx context.Context, db *sql.DB, by By, name string) error {
	return transact(ctx, db, by, func(tx *sql.Tx, all []State) error {
		i := slices.IndexFunc(all, func(s State) bool { return s.Name == name })
		switch {
		case i < 0:
			return fmt.Errorf("%w: %s", ErrUnknown, name)
		case !all[i].Running():
			return fmt.Errorf("%w: %s was stopped at %s", ErrOver, name, all[i].Stopped.UTC().Format(time.RFC3339))
		}
		s := all[i]
		if err := control.StopExperiment(ctx, tx, control.Experiment{ID: s.id, Name: name, Version: s.Version}); err != nil {
			return err
		}
		return control.Audit(ctx, tx, by.Actor, name, "experiment stop", audited{Why: by.Why, Before: &s.Experiment})
	})
}

// audited is the detail of an audit entry.
type audited struct {
	Why        string      `json:"why"`
	Before     *Experiment `json:"before,omitempty"`
	After      *Experiment `json:"after,omitempty"`
	Generation uint32      `json:"generation,omitempty"`
}

// transact runs fn with all experiments locked, and again after a deadlock.
func transact(ctx context.Context, db *sql.DB, by By, fn func(tx *sql.Tx, all []State) error) error {
	if by.Why == "" {
		return ErrNoReason
	}
	return mysqlx.Backoff{}.Retry(ctx, mysqlx.RetryUnit, func(ctx context.Context) error {
		tx, err := db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead})
		if err != nil {
			return fmt.Errorf("begin: %w", err)
		}
		defer tx.Rollback()
		rows, err := control.LockExperiments(ctx, tx)
		if err != nil {
			return err
		}
		all, err := statesOf(rows)
		if err != nil {
			return err
		}
		if err := fn(tx, all); err != nil {
			return err
		}
		return mysqlx.Commit(tx)
	})
}

func start(ctx context.Context, tx *sql.Tx, by By, e Experiment, all []State) (Outcome, error) {
	old, err := mayStart(e, all)
	if err != nil {
		return "", err
	}
	r := record{Definition: e}
	if old != nil {
		r.Layout = old.Layout
	}
	if r.Layout, err = layOut(e, r.Layout, all); err != nil {
		return "", err
	}
	spec, err := json.Marshal(r)
	if err != nil {
		return "", fmt.Errorf("write the definition of experiment %s: %w", e.Name, err)
	}
	if old == nil {
		if err := control.AddExperiment(ctx, tx, control.Experiment{Name: e.Name, Flag: e.Flag, Spec: spec}); err != nil {
			return "", err
		}
		return Started, control.Audit(ctx, tx, by.Actor, e.Name, "experiment start", audited{Why: by.Why, After: &e, Generation: 1})
	}
	if before, err := json.Marshal(record{Definition: old.Experiment, Layout: old.Layout}); err != nil || bytes.Equal(before, spec) {
		return Unchanged, err
	}
	row := control.Experiment{ID: old.id, Name: e.Name, Version: old.Version, Generation: old.Generation, Spec: spec}
	if !slices.Equal(old.Branches, e.Branches) {
		row.Generation++
	}
	if err := control.UpdateExperiment(ctx, tx, row); err != nil {
		return "", err
	}
	return Changed, control.Audit(ctx, tx, by.Actor, e.Name, "experiment change",
		audited{Why: by.Why, Before: &old.Experiment, After: &e, Generation: row.Generation})
}

// mayStart returns the running experiment that e changes, or nil for a new one,
// or why it may not be.
func mayStart(e Experiment, all []State) (old *State, err error) {
	for i := range all {
		s := &all[i]
		switch {
		case s.Name == e.Name:
			old = s
		case s.Running() && s.Flag == e.Flag && (e.Group == "" || s.Group != e.Group):
			return nil, fmt.Errorf("%w: %s runs on %s", ErrFlagBusy, s.Name, s.Flag)
		}
	}
	if old == nil {
		return nil, nil
	}
	if !old.Running() {
		return nil, fmt.Errorf("%w: %s", ErrOver, e.Name)
	}
	for _, c := range []struct {
		field string
		same  bool
	}{
		{"flag", e.Flag == old.Flag},
		{"group", e.Group == old.Group},
		{"the branches' names or order", slices.Equal(e.branchNames(), old.branchNames())},
		{"a smaller share", e.Share >= old.Share},
		{"units", e.Units == old.Units},
		{"alpha", e.Alpha == old.Alpha},
	} {
		if !c.same {
			return nil, fmt.Errorf("%w: %s", ErrFixed, c.field)
		}
	}
	return old, nil
}

// layOut gives the experiment its places in its group and the branches theirs.
func layOut(e Experiment, now Layout, all []State) (Layout, error) {
	taken := slices.Clone(now.Part)
	for _, s := range all {
		if e.Group != "" && s.Group == e.Group && s.Name != e.Name && s.Running() {
			taken = append(taken, s.Layout.Part...)
		}
	}
	part, ok := allot(taken, []Branch{{e.Name, e.Share}})
	if !ok {
		return Layout{}, fmt.Errorf("%w: %s of group %s for %s", ErrNoRoom, e.Share, e.Group, e.Name)
	}
	branches, ok := allot(now.Branches, e.Branches)
	if !ok {
		return Layout{}, fmt.Errorf("%w: the branches of %s", ErrNoRoom, e.Name) // Validate has summed them
	}
	return Layout{slices.DeleteFunc(part, func(r Run) bool { return r.Owner != e.Name }), branches}, nil
}
