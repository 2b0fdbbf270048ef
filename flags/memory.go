package flags

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// ErrConflict says that somebody else changed the flag first: read it again.
var ErrConflict = errors.New("the flag was changed by somebody else")

// Memory is a store in memory, for tests and for programs that bring their
// flags along. It is a [Source] and a [Hinter], safe for concurrent use. The
// zero value is empty.
type Memory struct {
	mu       sync.Mutex
	at       Position
	flags    map[string]Flag
	watchers map[chan uint64]struct{}
}

var (
	_ Source = (*Memory)(nil)
	_ Hinter = (*Memory)(nil)
)

// NewMemory returns a store with these flags, which it validates as a set.
func NewMemory(all ...Flag) (*Memory, error) {
	m := &Memory{}
	return m, m.Replace(all)
}

// Replace makes these the flags of the store. A flag that is the same as before
// keeps its version.
func (m *Memory) Replace(all []Flag) error {
	if err := ValidateSet(all); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	next := make(map[string]Flag, len(all))
	for _, f := range all {
		f = f.Normalised()
		f.Version = m.at.Version + 1
		next[f.Name] = f
	}
	m.moved(next)
	return nil
}

// Put writes one flag, if its Version is the one that the store has: 0 for a
// flag that is not there. Else it returns [ErrConflict].
func (m *Memory) Put(f Flag) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if have := m.flags[f.Name].Version; have != f.Version {
		return fmt.Errorf("flag %q is at version %d, not %d: %w", f.Name, have, f.Version, ErrConflict)
	}
	next := maps.Clone(m.flags)
	if next == nil {
		next = map[string]Flag{}
	}
	f = f.Normalised()
	f.Version = m.at.Version + 1
	next[f.Name] = f
	if err := ValidateSet(slices.Collect(maps.Values(next))); err != nil {
		return err
	}
	m.moved(next)
	return nil
}

// moved makes next the flags and tells the watchers. The lock is held.
func (m *Memory) moved(next map[string]Flag) {
	m.at = Position{Version: m.at.Version + 1, Token: rand.Text()}
	m.flags = next
	for ch := range m.watchers {
		select {
		case <-ch: // an older hint that nobody has taken
		default:
		}
		ch <- m.at.Version
	}
}

// List returns the flags, by name.
func (m *Memory) List() []Flag {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.SortedFunc(maps.Values(m.flags), func(a, b Flag) int { return strings.Compare(a.Name, b.Name) })
}

// Fetch implements [Source].
func (m *Memory) Fetch(ctx context.Context, after Position) (Update, error) {
	if err := ctx.Err(); err != nil {
		return Update{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if after == m.at && after != (Position{}) {
		return Update{At: m.at, Scope: Changed}, nil
	}
	return Update{At: m.at, Scope: Whole, Flags: slices.Collect(maps.Values(m.flags))}, nil
}

// Watch implements [Hinter].
func (m *Memory) Watch(ctx context.Context, hint func(Hint), _ func(error)) {
	ch := make(chan uint64, 1)
	m.mu.Lock()
	if m.watchers == nil {
		m.watchers = map[chan uint64]struct{}{}
	}
	m.watchers[ch] = struct{}{}
	m.mu.Unlock()
	defer func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.watchers, ch)
	}()
	for {
		select {
		case <-ctx.Done():
			return
		case version := <-ch:
			hint(Hint{Version: version})
		}
	}
}
