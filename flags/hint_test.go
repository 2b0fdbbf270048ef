package flags_test

import (
	"bytes"
	"context"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/flags"
)

// hinter hints whatever a test says.
type hinter struct{ hints chan flags.Hint }

// newHinter has to be called in the bubble: a channel of somewhere else stops
// its clock.
func newHinter() hinter { return hinter{make(chan flags.Hint)} }

func (h hinter) say(hint flags.Hint) { h.hints <- hint }

func (h hinter) Watch(ctx context.Context, hint func(flags.Hint), _ func(error)) {
	for {
		select {
		case <-ctx.Done():
			return
		case said := <-h.hints:
			hint(said)
		}
	}
}

func (s *troubled) now(t *testing.T) flags.Update {
	t.Helper()
	u, err := s.Memory.Fetch(t.Context(), flags.Position{})
	require.NoError(t, err)
	return u
}

func (s *troubled) at(t *testing.T) flags.Position { return s.now(t).At }

func (s *troubled) flag(t *testing.T, name string) flags.Flag {
	t.Helper()
	i := slices.IndexFunc(s.List(), func(f flags.Flag) bool { return f.Name == name })
	require.GreaterOrEqual(t, i, 0)
	return s.List()[i]
}

// turnAndTell changes a flag and returns the hint of it.
func (s *troubled) turnAndTell(t *testing.T, name, serve string) flags.Hint {
	t.Helper()
	before := s.at(t)
	s.turn(t, name, serve)
	return flags.NewHint(before, flags.Update{At: s.at(t), Scope: flags.Changed, Flags: []flags.Flag{s.flag(t, name)}})
}

// watching is a client that hears hints, and what it has said of changes.
type watching struct {
	*flags.Client
	hinter
	mu   sync.Mutex
	said []string
}

// changes returns the flags that were told to have changed since the last call.
func (w *watching) changes() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	said := w.said
	w.said = nil
	return said
}

// hinted runs a test with a client that hears hints and hardly ever polls by itself.
func hinted(t *testing.T, store *troubled, cfg flags.Config, fn func(t *testing.T, w *watching)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &watching{hinter: newHinter()}
		if cfg.Poll == 0 {
			cfg.Poll = time.Hour
		}
		cfg.Source, cfg.Logger, cfg.Hints = store, quiet(t), []flags.Hinter{w.hinter}
		c, err := flags.Open(t.Context(), cfg)
		require.NoError(t, err)
		w.Client = c
		defer func() { require.NoError(t, c.Close()) }()
		c.Subscribe(func(e flags.Event) {
			if e.Kind == flags.EventChanged {
				w.mu.Lock()
				defer w.mu.Unlock()
				w.said = append(w.said, e.Flags...)
			}
		})
		fn(t, w)
	})
}

func (w *watching) is(t *testing.T, name string) bool {
	t.Helper()
	d := w.BoolDetail(t.Context(), name, flags.Nobody(), false)
	require.NoError(t, d.Err)
	return d.Value
}

// tell says a hint and waits until it was heard.
func (w *watching) tell(hints ...flags.Hint) {
	for _, h := range hints {
		w.say(h)
	}
	synctest.Wait()
}

// A change that comes with its hint is served at once, without a question, and is
// not taken for the store's own word before the poll.
func TestAHintBringsTheChange(t *testing.T) {
	store := &troubled{Memory: memory(t, toggle("f", "off"), toggle("g", "off"))}
	hinted(t, store, flags.Config{}, func(t *testing.T, w *watching) {
		asked := store.questions()
		pass(time.Minute)
		w.tell(store.turnAndTell(t, "f", "on"), store.turnAndTell(t, "g", "on"), store.turnAndTell(t, "g", "off"))
		require.True(t, w.is(t, "f"))
		require.False(t, w.is(t, "g"))
		require.Equal(t, []string{"f", "g", "g"}, w.changes())
		require.Equal(t, asked, store.questions())
		require.Equal(t, store.at(t), w.Status().At)
		require.Equal(t, time.Minute, w.Status().Age, "the store has not confirmed it")
		w.tell(flags.Hint{})
		pass(time.Second)
		require.Equal(t, asked+1, store.questions())
		require.Less(t, w.Status().Age, 2*time.Second)
		require.Equal(t, store.at(t), w.Status().At)
		require.True(t, w.is(t, "f"))
		require.Empty(t, w.changes(), "what the store confirms is no change")
	})
}

// A hint that the store has confirmed is history: what the store says later is not
// held against it.
func TestAConfirmedHintIsForgotten(t *testing.T) {
	store := &troubled{Memory: memory(t, toggle("f", "off"), toggle("g", "off"))}
	hinted(t, store, flags.Config{Poll: time.Second}, func(t *testing.T, w *watching) {
		w.tell(store.turnAndTell(t, "f", "on"))
		pass(2 * time.Second)
		require.Equal(t, []string{"f"}, w.changes())
		store.turn(t, "g", "on") // and the hint is lost
		pass(2 * time.Second)
		require.Equal(t, []string{"g"}, w.changes())
	})
}

// Whatever a hint is, the copy never serves what the store has not said, and a
// poll brings what it has.
func TestHintsThatCannotBeTaken(t *testing.T) {
	for name, said := range map[string]func(t *testing.T, s *troubled) []flags.Hint{
		"a gap": func(t *testing.T, s *troubled) []flags.Hint {
			s.turn(t, "g", "on")
			return []flags.Hint{s.turnAndTell(t, "f", "on")}
		},
		"out of order": func(t *testing.T, s *troubled) []flags.Hint {
			first := s.turnAndTell(t, "g", "on")
			return []flags.Hint{s.turnAndTell(t, "f", "on"), first}
		},
		"twice, and late": func(t *testing.T, s *troubled) []flags.Hint {
			first, second, third := s.turnAndTell(t, "f", "on"), s.turnAndTell(t, "f", "off"), s.turnAndTell(t, "f", "on")
			return []flags.Hint{first, first, second, first, third, second, third, first}
		},
		"too large": func(t *testing.T, s *troubled) []flags.Hint {
			before, f := s.at(t), s.flag(t, "f")
			f.Serve.Variant, f.Description = "on", strings.Repeat("ж", flags.MaxHint/2)
			require.NoError(t, s.Put(f))
			h := flags.NewHint(before, flags.Update{At: s.at(t), Scope: flags.Changed, Flags: []flags.Flag{s.flag(t, "f")}})
			require.Empty(t, h.Sealed)
			return []flags.Hint{h}
		},
		"of another format": func(t *testing.T, s *troubled) []flags.Hint {
			h := s.turnAndTell(t, "f", "on")
			h.Sealed[0]++
			return []flags.Hint{h}
		},
		"damaged": func(t *testing.T, s *troubled) []flags.Hint {
			h := s.turnAndTell(t, "f", "on")
			h.Sealed[len(h.Sealed)/2] ^= 1
			return []flags.Hint{h}
		},
		"cut off": func(t *testing.T, s *troubled) []flags.Hint {
			h := s.turnAndTell(t, "f", "on")
			h.Sealed = h.Sealed[:2]
			return []flags.Hint{h}
		},
		"endless": func(t *testing.T, s *troubled) []flags.Hint {
			h := s.turnAndTell(t, "f", "on")
			h.Sealed = append(h.Sealed, make([]byte, 10*flags.MaxHint)...)
			return []flags.Hint{h}
		},
		"of another history": func(t *testing.T, s *troubled) []flags.Hint {
			other := &troubled{Memory: memory(t, toggle("f", "off"), toggle("g", "on"))}
			s.turn(t, "f", "on")
			return []flags.Hint{other.turnAndTell(t, "g", "off")}
		},
		"under another version": func(t *testing.T, s *troubled) []flags.Hint {
			h := s.turnAndTell(t, "g", "on")
			s.turn(t, "f", "on")
			h.Version++
			return []flags.Hint{h}
		},
		"a flag that is not valid": func(t *testing.T, s *troubled) []flags.Hint {
			before, bad := s.at(t), toggle("f", "maybe")
			s.turn(t, "f", "on")
			bad.Version = s.at(t).Version
			return []flags.Hint{flags.NewHint(before, flags.Update{At: s.at(t), Scope: flags.Changed, Flags: []flags.Flag{bad}})}
		},
	} {
		t.Run(name, func(t *testing.T) {
			store := &troubled{Memory: memory(t, toggle("f", "off"), toggle("g", "off"))}
			hinted(t, store, flags.Config{}, func(t *testing.T, w *watching) {
				for _, h := range said(t, store) {
					version := w.Status().At.Version
					w.tell(h)
					require.GreaterOrEqual(t, w.Status().At.Version, version, "versions only rise")
				}
				pass(time.Second)
				require.True(t, w.is(t, "f"))
				require.Equal(t, store.flag(t, "g").Serve.Variant == "on", w.is(t, "g"))
				require.Equal(t, store.at(t), w.Status().At)
				require.NoError(t, w.Status().Err)
			})
		})
	}
}

// Who reads the store's tokens could make up a hint. The next poll asks for what is
// new since the store's own last word, and finds out.
func TestAWrongHintIsUndoneByTheNextPoll(t *testing.T) {
	store := &troubled{Memory: memory(t, toggle("f", "off"), toggle("g", "off"), toggle("h", "off"))}
	hinted(t, store, flags.Config{Poll: time.Second}, func(t *testing.T, w *watching) {
		before := store.at(t)
		store.turn(t, "g", "on")
		forged, extra := toggle("g", "off"), toggle("f", "on")
		forged.Version, extra.Version = store.at(t).Version, store.at(t).Version
		w.tell(flags.NewHint(before, flags.Update{At: store.at(t), Scope: flags.Changed, Flags: []flags.Flag{forged, extra}, Removed: []string{"h"}}))
		require.True(t, w.is(t, "f"))
		require.False(t, w.is(t, "g"))
		w.changes()
		pass(time.Second)
		require.Equal(t, store.at(t), w.Status().At)
		require.False(t, w.is(t, "f"))
		require.True(t, w.is(t, "g"))
		require.False(t, w.is(t, "h"), "it is there again")
		require.ElementsMatch(t, []string{"f", "g", "h"}, w.changes())
	})
}

// A hint of a version that the store does not have is what a replica that lags
// looks like: it is served, unconfirmed, until Rewind.
func TestAHintThatTheStoreNeverConfirms(t *testing.T) {
	store := &troubled{Memory: memory(t, toggle("f", "off"))}
	hinted(t, store, flags.Config{Poll: time.Second, Rewind: 20 * time.Second}, func(t *testing.T, w *watching) {
		pass(10 * time.Second)
		at := store.at(t)
		forged := toggle("f", "on")
		forged.Version = at.Version + 1
		w.tell(flags.NewHint(at, flags.Update{At: flags.Position{Version: at.Version + 1, Token: "made up"}, Scope: flags.Changed, Flags: []flags.Flag{forged}}))
		require.True(t, w.is(t, "f"))
		pass(10 * time.Second)
		require.True(t, w.is(t, "f"))
		require.ErrorIs(t, w.Status().Err, flags.ErrBehind)
		require.Greater(t, w.Status().Age, 9*time.Second, "the store does not confirm it")
		pass(20 * time.Second)
		require.False(t, w.is(t, "f"))
		require.Equal(t, at, w.Status().At)
		require.NoError(t, w.Status().Err)
		require.Equal(t, []string{"f", "f"}, w.changes())
	})
}

// A poll that was under way when hints came says what the store had before them:
// that undoes nothing.
func TestAnAnswerOlderThanAHint(t *testing.T) {
	for _, answered := range []int{0, 1, 2} { // how many of the changes the answer has
		store := &troubled{Memory: memory(t, toggle("f", "off"), toggle("g", "off"))}
		m := &told{polls: map[flags.Outcome]int{}, codes: map[flags.Code]int{}}
		hinted(t, store, flags.Config{Timeout: time.Hour, Metrics: m}, func(t *testing.T, w *watching) {
			var answers []flags.Update
			var hints []flags.Hint
			for _, name := range []string{"g", "f"} {
				answers = append(answers, store.now(t))
				hints = append(hints, store.turnAndTell(t, name, "on"))
			}
			answers = append(answers, store.now(t))
			store.set(func(s *troubled) { s.fixed, s.slow = &answers[answered], 20*time.Second })
			w.tell(flags.Hint{})
			pass(time.Second) // the poll is under way
			w.tell(hints...)
			for range 2 { // before the answer and after it
				require.True(t, w.is(t, "f"))
				require.True(t, w.is(t, "g"))
				require.NoError(t, w.Status().Err)
				require.Equal(t, store.at(t), w.Status().At)
				pass(20 * time.Second)
			}
			require.Equal(t, answered == 0, m.polls[flags.Unchanged] == 1, "the store has said nothing new: %v", m.polls)
			store.set(func(s *troubled) { s.fixed, s.slow = nil, 0 })
			w.tell(flags.Hint{})
			pass(time.Second)
			w.tell(store.turnAndTell(t, "f", "off"))
			require.False(t, w.is(t, "f"))
			require.NoError(t, w.Status().Err)
			require.Equal(t, []string{"g", "f", "f"}, w.changes())
		})
	}
}

// The snapshot on disk has what the store said, and nothing that a hint did.
func TestHintsDoNotGoToDisk(t *testing.T) {
	store := &troubled{Memory: memory(t, toggle("f", "off"))}
	path := filepath.Join(t.TempDir(), "snapshot")
	hinted(t, store, flags.Config{Snapshot: path}, func(t *testing.T, w *watching) {
		w.tell(store.turnAndTell(t, "f", "on"))
		require.True(t, w.is(t, "f"))
	})
	store.set(func(s *troubled) { s.err = errDown })
	hinted(t, store, flags.Config{Snapshot: path}, func(t *testing.T, w *watching) {
		require.False(t, w.is(t, "f"))
	})
}

// Nobody but those who know the position before can read a hint or make one.
func TestHintsAreSealed(t *testing.T) {
	f := toggle("a-telling-name", "on")
	f.Version = 8
	u := flags.Update{At: flags.Position{Version: 8, Token: "the new token"}, Scope: flags.Changed, Flags: []flags.Flag{f}}
	h := flags.NewHint(flags.Position{Version: 7, Token: "the old token"}, u)
	require.Equal(t, uint64(8), h.Version)
	require.NotEmpty(t, h.Sealed)
	for _, secret := range []string{"a-telling-name", "token"} {
		require.False(t, bytes.Contains(h.Sealed, []byte(secret)), secret)
	}
	require.NotEqual(t, h.Sealed, flags.NewHint(flags.Position{Version: 7, Token: "the old token"}, u).Sealed)
	whole := u
	whole.Scope = flags.Whole
	for name, h := range map[string]flags.Hint{
		"the first change of a store": flags.NewHint(flags.Position{}, flags.Update{At: flags.Position{Version: 1, Token: "t"}, Scope: flags.Changed, Flags: []flags.Flag{f}}),
		"more than one change":        flags.NewHint(flags.Position{Version: 6, Token: "t"}, u),
		"all flags":                   flags.NewHint(flags.Position{Version: 7, Token: "t"}, whole),
	} {
		require.Empty(t, h.Sealed, name)
		require.NotZero(t, h.Version, name)
	}
}
