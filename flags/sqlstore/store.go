package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/underpin-db/underpin/flags"
	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/internal/mysqlx"
)

// Announcer tells the processes that poll of a change. Its failure is not that of
// the change: the poll finds it.
type Announcer interface {
	Announce(ctx context.Context, h flags.Hint) error
}

// Config says how a store works. The zero value is right.
type Config struct {
	// Announce is told of every change after its COMMIT; nil tells nobody.
	Announce Announcer
	// Unannounced is told why Announce failed; nil drops it.
	Unannounced func(error)
}

// Store keeps flags in the control tables. It is safe for concurrent use.
type Store struct {
	db  *sql.DB
	cfg Config
}

var (
	_ flags.Source      = (*Store)(nil)
	_ flags.UseRecorder = (*Store)(nil)
)

// New returns the store of a database whose control tables `underpin init` has
// made.
func New(db *sql.DB, cfg Config) *Store { return &Store{db: db, cfg: cfg} }

// Fetch implements [flags.Source].
func (s *Store) Fetch(ctx context.Context, after flags.Position) (flags.Update, error) {
	news, err := control.PollFlags(ctx, s.db, after.Version)
	if err != nil {
		return flags.Update{}, err
	}
	u := flags.Update{At: flags.Position(news.Head), Scope: flags.Changed}
	switch {
	case u.At == after || u.At.Version < after.Version:
		return u, nil // the caller sees the lower version
	case after == (flags.Position{}):
		u.Scope = flags.Whole
	case news.Base != after.Token: // another history
		u.Scope = flags.Whole
		if news.Flags, err = control.Flags(ctx, s.db); err != nil {
			return flags.Update{}, err
		}
	}
	slices.SortFunc(news.Flags, func(a, b control.Flag) int { return strings.Compare(a.Name, b.Name) })
	for _, row := range news.Flags {
		if row.Spec == nil && u.Scope == flags.Changed {
			u.Removed = append(u.Removed, row.Name)
		}
	}
	u.Flags, err = decodeAll(news.Flags)
	return u, err
}

// RecordUse implements [flags.UseRecorder].
func (s *Store) RecordUse(ctx context.Context, names []string) error {
	return control.RecordFlagUse(ctx, s.db, names)
}

// Uses returns the day, in UTC, on which each flag was last evaluated.
func (s *Store) Uses(ctx context.Context) (map[string]time.Time, error) {
	return control.FlagUses(ctx, s.db)
}

// List returns every flag, by name.
func (s *Store) List(ctx context.Context) ([]flags.Flag, error) {
	rows, err := control.Flags(ctx, s.db)
	if err != nil {
		return nil, err
	}
	return decodeAll(rows)
}

// Get returns a flag, or [flags.ErrNotFound].
func (s *Store) Get(ctx context.Context, name string) (flags.Flag, error) {
	return get(ctx, s.db, name)
}

func get(ctx context.Context, db mysqlx.Querier, name string) (flags.Flag, error) {
	row, err := control.GetFlag(ctx, db, name)
	if errors.Is(err, control.ErrNoFlag) {
		return flags.Flag{}, fmt.Errorf("flag %q: %w", name, flags.ErrNotFound)
	}
	if err != nil {
		return flags.Flag{}, err
	}
	return decode(row)
}

func decodeAll(rows []control.Flag) ([]flags.Flag, error) {
	out := make([]flags.Flag, 0, len(rows))
	for _, row := range rows {
		if row.Spec == nil {
			continue
		}
		f, err := decode(row)
		if err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, nil
}

// decode reads a row. The name and the version are the columns'.
func decode(row control.Flag) (flags.Flag, error) {
	var f flags.Flag
	if err := json.Unmarshal(row.Spec, &f); err != nil {
		return f, fmt.Errorf("read flag %s from _underpin_flag: %w", row.Name, err)
	}
	f.Name, f.Version = row.Name, row.Version
	return f, nil
}

func encode(f flags.Flag) (control.Flag, error) {
	f.Version = 0
	spec, err := json.Marshal(f)
	if err != nil {
		return control.Flag{}, fmt.Errorf("write flag %s: %w", f.Name, err)
	}
	return control.Flag{Name: f.Name, Spec: spec}, nil
}

// Change is one entry of a flag's history.
type Change struct {
	ID     uint64      `json:"id"` // of the entry in the audit
	At     time.Time   `json:"at"`
	Actor  string      `json:"actor"`
	Action string      `json:"action"`
	Why    string      `json:"why"`
	Before *flags.Flag `json:"before,omitempty"` // nil for a flag that was not there
	After  *flags.Flag `json:"after,omitempty"`  // nil for one that was removed
}

// History returns what was done to a flag, the oldest first. It is empty for a
// flag that never was.
func (s *Store) History(ctx context.Context, name string) ([]Change, error) {
	entries, err := control.FlagHistory(ctx, s.db, name)
	if err != nil {
		return nil, err
	}
	out := make([]Change, 0, len(entries))
	for _, e := range entries {
		var d record
		if err := json.Unmarshal(e.Detail, &d); err != nil {
			return nil, fmt.Errorf("read entry %d of the audit: %w", e.ID, err)
		}
		out = append(out, Change{e.ID, e.At, e.Actor, e.Action, d.Why, d.Before, d.After})
	}
	return out, nil
}
