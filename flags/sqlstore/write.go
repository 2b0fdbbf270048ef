package sqlstore

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/underpin-db/underpin/flags"
	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/internal/mysqlx"
)

// Action is what was done to a flag, as the audit names it.
type Action string

// The actions.
const (
	ActionSet    Action = "flag_set"
	ActionRamp   Action = "flag_ramp"
	ActionKill   Action = "flag_kill"
	ActionRevive Action = "flag_revive"
	ActionClose  Action = "flag_close"
	ActionRemove Action = "flag_remove"
	ActionImport Action = "flag_import"
)

// By says who changes a flag, and why.
type By struct {
	Actor, Why string
	Action     Action
}

// ErrNoReason says that a change came without who or why.
var ErrNoReason = errors.New("a change of a flag needs who does it and why")

// ErrNeeded says that other flags require this one, or a variant of it.
var ErrNeeded = errors.New("other flags require it")

// record is what the audit keeps of a change.
type record struct {
	Flag   string      `json:"flag"`
	Why    string      `json:"why"`
	Before *flags.Flag `json:"before,omitempty"`
	After  *flags.Flag `json:"after,omitempty"`
}

// Put writes a flag whole, if its Version is still the one in the store: 0 for a
// flag that is not there. Else it returns [flags.ErrConflict]. What is wrong with
// the flag comes as a [*flags.Invalid].
func (s *Store) Put(ctx context.Context, f flags.Flag, by By) (flags.Flag, error) {
	return s.change(ctx, f.Name, by, func(have *flags.Flag) (*flags.Flag, error) {
		if version := versionOf(have); version != f.Version {
			return nil, fmt.Errorf("flag %q is at version %d, not %d: %w", f.Name, version, f.Version, flags.ErrConflict)
		}
		next := f
		return &next, nil
	})
}

// Edit changes the present state of a flag, whatever its version: edit gets the
// flag and returns it as it shall be. It may run more than once. It is for
// changes that hold whatever somebody else has done, such as turning it off.
func (s *Store) Edit(ctx context.Context, name string, by By, edit func(flags.Flag) (flags.Flag, error)) (flags.Flag, error) {
	return s.change(ctx, name, by, func(have *flags.Flag) (*flags.Flag, error) {
		if have == nil {
			return nil, fmt.Errorf("flag %q: %w", name, flags.ErrNotFound)
		}
		next, err := edit(*have)
		return &next, err
	})
}

// Remove takes a flag out of the store, if it is at this version still. Its
// history stays.
func (s *Store) Remove(ctx context.Context, name string, version uint64, by By) error {
	_, err := s.change(ctx, name, by, func(have *flags.Flag) (*flags.Flag, error) {
		if have == nil {
			return nil, fmt.Errorf("flag %q: %w", name, flags.ErrNotFound)
		}
		if have.Version != version {
			return nil, fmt.Errorf("flag %q is at version %d, not %d: %w", name, have.Version, version, flags.ErrConflict)
		}
		return nil, nil
	})
	return err
}

func versionOf(f *flags.Flag) uint64 {
	if f == nil {
		return 0
	}
	return f.Version
}

// change makes one change in one transaction. to gets the flag, nil where there
// is none, and returns what it shall be, nil for a removal.
func (s *Store) change(ctx context.Context, name string, by By, to func(*flags.Flag) (*flags.Flag, error)) (flags.Flag, error) {
	if strings.TrimSpace(by.Actor) == "" || strings.TrimSpace(by.Why) == "" || by.Action == "" {
		return flags.Flag{}, ErrNoReason
	}
	var done written
	err := mysqlx.Backoff{}.Retry(ctx, mysqlx.RetryUnit, func(ctx context.Context) (err error) {
		done, err = s.try(ctx, name, by, to)
		return err
	})
	if err != nil {
		return flags.Flag{}, err
	}
	if s.cfg.Announce != nil {
		if err := s.cfg.Announce.Announce(ctx, done.hint()); err != nil && s.cfg.Unannounced != nil {
			s.cfg.Unannounced(err)
		}
	}
	return done.flag, nil
}

// written is a change that was made. The flag is the zero one where it was
// removed.
type written struct {
	name       string
	flag       flags.Flag
	before, at control.FlagHead
}

func (w written) hint() flags.Hint {
	u := flags.Update{At: flags.Position(w.at), Scope: flags.Changed}
	if w.flag.Name == "" {
		u.Removed = []string{w.name}
	} else {
		u.Flags = []flags.Flag{w.flag}
	}
	return flags.NewHint(flags.Position(w.before), u)
}

func (s *Store) try(ctx context.Context, name string, by By, to func(*flags.Flag) (*flags.Flag, error)) (done written, err error) {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return done, fmt.Errorf("change flag %s: %w", name, err)
	}
	defer tx.Rollback()
	done.name = name
	if done.before, err = control.LockFlagHead(ctx, tx); err != nil {
		return done, err
	}
	var have *flags.Flag
	switch old, err := get(ctx, tx, name); {
	case err == nil:
		have = &old
	case !errors.Is(err, flags.ErrNotFound):
		return done, err
	}
	next, err := to(have)
	if err != nil {
		return done, err
	}
	if err := check(ctx, tx, have, next); err != nil {
		return done, err
	}
	row := control.Flag{Name: name}
	if next != nil {
		done.flag = next.Normalised()
		done.flag.Version = done.before.Version + 1
		next = &done.flag
		if row, err = encode(done.flag); err != nil {
			return done, err
		}
	}
	done.at, err = control.WriteFlag(ctx, tx, done.before, row, rand.Text(), by.Actor, string(by.Action), record{name, by.Why, have, next})
	if err != nil {
		return done, err
	}
	if err := mysqlx.Commit(tx); err != nil {
		return done, fmt.Errorf("change flag %s: %w", name, err)
	}
	return done, nil
}

// check refuses a flag that is not valid, requires what is not there, or takes
// away what others require.
func check(ctx context.Context, tx mysqlx.Querier, have, next *flags.Flag) error {
	if next != nil {
		if err := next.Validate(); err != nil {
			return err
		}
	}
	if (next == nil || len(next.Requires) == 0) && !losesVariants(have, next) {
		return nil
	}
	rows, err := control.Flags(ctx, tx)
	if err != nil {
		return err
	}
	all, err := decodeAll(rows)
	if err != nil {
		return err
	}
	set := make(map[string]*flags.Flag, len(all))
	for i := range all {
		set[all[i].Name] = &all[i]
	}
	if next != nil {
		set[next.Name] = next
		if err := flags.CheckRequirements(*next, func(name string) *flags.Flag { return set[name] }); err != nil {
			return err
		}
	}
	return needed(have, next, all)
}

// losesVariants says whether a variant that was there no longer is.
func losesVariants(have, next *flags.Flag) bool {
	if have == nil {
		return false
	}
	return next == nil || slices.ContainsFunc(have.Normalised().Variants, func(v flags.Variant) bool { return !has(next, v.Name) })
}

func has(f *flags.Flag, variant string) bool {
	return slices.ContainsFunc(f.Normalised().Variants, func(v flags.Variant) bool { return v.Name == variant })
}

// needed returns [ErrNeeded] where a flag requires what would be gone.
func needed(have, next *flags.Flag, all []flags.Flag) error {
	if have == nil {
		return nil
	}
	var by []string
	for _, other := range all {
		for _, r := range other.Requires {
			if r.Flag == have.Name && other.Name != have.Name && (next == nil || !has(next, r.Variant)) {
				by = append(by, fmt.Sprintf("%s requires its variant %q", other.Name, r.Variant))
			}
		}
	}
	if len(by) > 0 {
		return fmt.Errorf("flag %q: %w: %s", have.Name, ErrNeeded, strings.Join(by, ", "))
	}
	return nil
}
