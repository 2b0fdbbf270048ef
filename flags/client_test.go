package flags_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/flags"
)

// troubled is a store that can fail, be slow, or go back in time.
type troubled struct {
	*flags.Memory
	mu    sync.Mutex
	err   error
	slow  time.Duration
	fixed *flags.Update // answers in place of the store
	asked int
	used  [][]string
}

var errDown = errors.New("the store is down")

func (s *troubled) set(change func(*troubled)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

func (s *troubled) Fetch(ctx context.Context, after flags.Position) (flags.Update, error) {
	s.mu.Lock()
	err, slow, fixed := s.err, s.slow, s.fixed
	s.asked++
	s.mu.Unlock()
	select {
	case <-ctx.Done():
		return flags.Update{}, ctx.Err()
	case <-time.After(slow):
	}
	switch {
	case err != nil:
		return flags.Update{}, err
	case fixed != nil:
		return *fixed, nil
	}
	return s.Memory.Fetch(ctx, after)
}

func (s *troubled) RecordUse(_ context.Context, names []string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return s.err
	}
	s.used = append(s.used, slices.Sorted(slices.Values(names)))
	return nil
}

func (s *troubled) questions() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

func (s *troubled) reported() [][]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.used
}

// inBubble runs a test on a clock that moves when everybody waits.
func inBubble(t *testing.T, store *troubled, cfg flags.Config, fn func(t *testing.T, c *flags.Client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		cfg.Source, cfg.Logger = store, quiet(t)
		c, err := flags.Open(t.Context(), cfg)
		require.NoError(t, err)
		fn(t, c)
		require.NoError(t, c.Close())
	})
}

// pass lets time go by.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func (s *troubled) turn(t *testing.T, name, serve string) {
	t.Helper()
	for _, f := range s.List() {
		if f.Name == name {
			f.Serve = flags.Serve{Variant: serve}
			require.NoError(t, s.Put(f))
		}
	}
}

func TestAChangeIsSeenWithinOnePoll(t *testing.T) {
	store := &troubled{Memory: memory(t, toggle("f", "off"))}
	inBubble(t, store, flags.Config{}, func(t *testing.T, c *flags.Client) {
		for range 20 {
			for _, to := range []string{"on", "off"} {
				store.turn(t, "f", to)
				pass(time.Second)
				require.Equal(t, to == "on", c.Bool(t.Context(), "f", flags.Nobody(), false))
			}
		}
		asked := store.questions()
		pass(100 * time.Second)
		require.InDelta(t, 154, store.questions()-asked, 20, "polls in 100 s: a wait is 0.65 s on average")
	})
}

func TestAHintBringsThePollForward(t *testing.T) {
	store := &troubled{Memory: memory(t, toggle("f", "off"))}
	inBubble(t, store, flags.Config{Poll: time.Hour, Hints: []flags.Hinter{store.Memory}}, func(t *testing.T, c *flags.Client) {
		synctest.Wait() // until it watches
		store.turn(t, "f", "on")
		pass(25 * time.Millisecond)
		require.True(t, c.Bool(t.Context(), "f", flags.Nobody(), false))
	})
}

// Doubled, late, reordered and invented hints cost polls at most.
func TestHintsCanDoNoHarm(t *testing.T) {
	store := &troubled{Memory: memory(t, toggle("f", "on"))}
	synctest.Test(t, func(t *testing.T) {
		h := newHinter()
		c := openWith(t, flags.Config{Source: store, Poll: time.Hour, Hints: []flags.Hinter{h}})
		at, asked := c.Status().At, store.questions()
		for _, old := range []uint64{1, 1, 1} {
			h.say(flags.Hint{Version: old})
		}
		pass(time.Minute)
		require.Equal(t, asked, store.questions(), "a version that the copy has already")
		for _, v := range []uint64{1 << 63, 3, 2, 0, 1 << 63} {
			h.say(flags.Hint{Version: v})
		}
		pass(time.Minute)
		require.Greater(t, store.questions(), asked)
		require.LessOrEqual(t, store.questions(), asked+5)
		require.Equal(t, at, c.Status().At)
		require.True(t, c.Bool(t.Context(), "f", flags.Nobody(), false))
	})
}

// A copy that is not confirmed serves the safe value, and no earlier.
func TestAStaleCopyServesTheSafeValue(t *testing.T) {
	for name, harm := range map[string]func(*troubled){
		"down": func(s *troubled) { s.err = errDown },
		"slow": func(s *troubled) { s.slow = time.Hour },
	} {
		t.Run(name, func(t *testing.T) {
			store := &troubled{Memory: memory(t,
				toggle("fast", "on", func(f *flags.Flag) { f.StaleAfter = flags.Duration(10 * time.Second) }),
				toggle("usual", "on"), toggle("keeps", "on", func(f *flags.Flag) { f.Safe = "on" }),
				toggle("killed", "on", func(f *flags.Flag) { f.Safe, f.State = "on", flags.Off }))}
			inBubble(t, store, flags.Config{}, func(t *testing.T, c *flags.Client) {
				is := func(name string, want bool, reason flags.Reason) {
					t.Helper()
					d := c.BoolDetail(t.Context(), name, flags.Nobody(), !want)
					require.NoError(t, d.Err)
					require.Equal(t, want, d.Value, name)
					require.Equal(t, reason, d.Reason, name)
					require.Equal(t, want, c.Bool(t.Context(), name, flags.Nobody(), !want))
				}
				pass(10 * time.Second)
				var events []flags.EventKind
				c.Subscribe(func(e flags.Event) { events = append(events, e.Kind) })
				store.set(harm)
				pass(8 * time.Second)
				is("fast", true, flags.StaticReason)
				pass(3 * time.Second)
				is("fast", false, flags.StaleReason)
				is("usual", true, flags.StaticReason)
				require.False(t, c.Stale())
				pass(time.Minute)
				is("usual", false, flags.StaleReason)
				is("keeps", true, flags.StaleReason)
				is("killed", false, flags.DisabledReason)
				require.True(t, c.Stale())
				require.Error(t, c.Status().Err)
				store.set(func(s *troubled) { s.err, s.slow = nil, 0 })
				pass(11 * time.Second) // a poll that hangs, and the longest wait
				is("fast", true, flags.StaticReason)
				is("usual", true, flags.StaticReason)
				require.Equal(t, []flags.EventKind{flags.EventFailed, flags.EventStale, flags.EventFresh}, events)
			})
		})
	}
}

func TestWithoutAnyCopy(t *testing.T) {
	store := &troubled{Memory: memory(t, toggle("f", "on")), err: errDown}
	_, err := flags.Open(t.Context(), flags.Config{Source: store, Logger: quiet(t)})
	require.ErrorIs(t, err, errDown)
	_, err = flags.Open(t.Context(), flags.Config{})
	require.ErrorContains(t, err, "Source")
	_, err = flags.Open(t.Context(), flags.Config{Source: store, Start: "soon"})
	require.ErrorContains(t, err, "soon")

	inBubble(t, store, flags.Config{Start: flags.StartAnyway}, func(t *testing.T, c *flags.Client) {
		d := c.BoolDetail(t.Context(), "f", flags.Nobody(), false)
		require.ErrorIs(t, d.Err, flags.ErrNotReady)
		require.Equal(t, flags.CodeNotReady, d.Code())
		store.set(func(s *troubled) { s.err = nil })
		pass(5 * time.Second)
		require.True(t, c.Bool(t.Context(), "f", flags.Nobody(), false))
	})
}

// A store that is behind is a replica that lags, for a minute; then it is taken
// for the truth.
func TestAStoreThatGoesBack(t *testing.T) {
	store := &troubled{Memory: memory(t, toggle("f", "off"))}
	old, err := store.Memory.Fetch(t.Context(), flags.Position{})
	require.NoError(t, err)
	store.turn(t, "f", "on")
	inBubble(t, store, flags.Config{}, func(t *testing.T, c *flags.Client) {
		require.True(t, c.Bool(t.Context(), "f", flags.Nobody(), false))
		store.set(func(s *troubled) { s.fixed = &old })
		pass(30 * time.Second)
		require.True(t, c.Bool(t.Context(), "f", flags.Nobody(), false))
		require.ErrorIs(t, c.Status().Err, flags.ErrBehind)
		store.set(func(s *troubled) { s.fixed = nil })
		pass(5 * time.Second)
		require.NoError(t, c.Status().Err, "it had lagged, and has caught up")
		store.set(func(s *troubled) { s.fixed = &old })
		pass(55 * time.Second)
		require.ErrorIs(t, c.Status().Err, flags.ErrBehind)
		pass(15 * time.Second)
		require.NoError(t, c.Status().Err)
		require.Equal(t, old.At, c.Status().At)
		require.False(t, c.Bool(t.Context(), "f", flags.Nobody(), true))
	})
}

func TestAFlagThatIsRemovedWhileItIsAskedFor(t *testing.T) {
	store := &troubled{Memory: memory(t, toggle("f", "on"), toggle("g", "on", func(f *flags.Flag) { f.Requires = []flags.Requirement{{"f", "on"}} }))}
	inBubble(t, store, flags.Config{}, func(t *testing.T, c *flags.Client) {
		done, asked := make(chan struct{}), make(chan int)
		go func() {
			n := 0
			for ; ; n++ {
				select {
				case <-done:
					asked <- n
					return
				default:
				}
				d := c.BoolDetail(context.Background(), "f", flags.Nobody(), false)
				if d.Value != (d.Err == nil) || d.Err != nil && !errors.Is(d.Err, flags.ErrNotFound) {
					panic(d)
				}
				if n%50 == 0 {
					<-time.After(time.Millisecond)
				}
			}
		}()
		var changed []string
		c.Subscribe(func(e flags.Event) { changed = append(changed, e.Flags...) })
		require.NoError(t, store.Replace([]flags.Flag{toggle("other", "on")}))
		pass(2 * time.Second)
		close(done)
		require.Positive(t, <-asked)
		require.ErrorIs(t, c.BoolDetail(t.Context(), "f", flags.Nobody(), true).Err, flags.ErrNotFound)
		slices.Sort(changed)
		require.Equal(t, []string{"f", "g", "other"}, changed)
	})
}

// What another program wrote into the store must not take the good flags down.
func TestAFlagThatIsNotValidIsLeftAsItWas(t *testing.T) {
	store := &troubled{Memory: memory(t, toggle("f", "on"), toggle("g", "off"))}
	inBubble(t, store, flags.Config{}, func(t *testing.T, c *flags.Client) {
		bad, good := toggle("f", "maybe"), toggle("g", "on")
		lost := toggle("h", "on", func(f *flags.Flag) { f.Requires = []flags.Requirement{{"nothing", "on"}} })
		store.set(func(s *troubled) {
			s.fixed = &flags.Update{At: flags.Position{Version: 99, Token: "x"}, Scope: flags.Changed, Flags: []flags.Flag{bad, good, lost}}
		})
		pass(time.Second)
		require.True(t, c.Bool(t.Context(), "f", flags.Nobody(), false))
		require.True(t, c.Bool(t.Context(), "g", flags.Nobody(), false))
		require.ErrorIs(t, c.BoolDetail(t.Context(), "h", flags.Nobody(), false).Err, flags.ErrDepth)
	})
}

func TestUseIsReportedOnceADay(t *testing.T) {
	store := &troubled{Memory: memory(t, toggle("a", "on"), toggle("b", "on", func(f *flags.Flag) {
		f.Requires = []flags.Requirement{{"c", "on"}}
	}), toggle("c", "on"), toggle("never", "on"))}
	inBubble(t, store, flags.Config{}, func(t *testing.T, c *flags.Client) {
		ask := func(name string) { _ = c.Bool(t.Context(), name, flags.Nobody(), false) }
		ask("a")
		store.set(func(s *troubled) { s.err = errDown })
		pass(2 * time.Minute)
		store.set(func(s *troubled) { s.err = nil })
		pass(2 * time.Minute)
		require.Equal(t, [][]string{{"a"}}, store.reported(), "what could not be reported is not forgotten")
		ask("a")
		ask("b")
		pass(2 * time.Minute)
		require.Equal(t, [][]string{{"a"}, {"b", "c"}}, store.reported())
		pass(24 * time.Hour)
		ask("a")
		pass(2 * time.Minute)
		require.Equal(t, [][]string{{"a"}, {"b", "c"}, {"a"}}, store.reported())
	})
}

// told counts what the metrics are told.
type told struct {
	flags.NoMetrics
	mu    sync.Mutex
	polls map[flags.Outcome]int
	codes map[flags.Code]int
	age   time.Duration
}

func (m *told) Polled(o flags.Outcome, _ time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.polls[o]++
}

func (m *told) Failed(c flags.Code) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.codes[c]++
}

func (m *told) Aged(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.age = d
}

func (m *told) seen() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.age
}

func TestMetricsAreTold(t *testing.T) {
	store := &troubled{Memory: memory(t, toggle("f", "on"))}
	m := &told{polls: map[flags.Outcome]int{}, codes: map[flags.Code]int{}}
	inBubble(t, store, flags.Config{Metrics: m}, func(t *testing.T, c *flags.Client) {
		pass(10 * time.Second)
		_ = c.Bool(t.Context(), "g", flags.Nobody(), false)
		_ = c.String(t.Context(), "f", flags.Nobody(), "")
		require.LessOrEqual(t, m.seen(), time.Second)
		store.set(func(s *troubled) { s.err = errDown })
		pass(10 * time.Second)
		require.Greater(t, m.seen(), 9*time.Second)
		m.mu.Lock()
		defer m.mu.Unlock()
		require.Equal(t, 1, m.polls[flags.Applied])
		require.Positive(t, m.polls[flags.Unchanged])
		require.Positive(t, m.polls[flags.Failed])
		require.Equal(t, map[flags.Code]int{flags.CodeNotFound: 1, flags.CodeType: 1}, m.codes)
	})
}

func TestMemoryComparesAndSets(t *testing.T) {
	m := memory(t)
	require.NoError(t, m.Put(toggle("f", "on")))
	require.ErrorIs(t, m.Put(toggle("f", "off")), flags.ErrConflict)
	f := m.List()[0]
	f.Owner = ""
	require.ErrorIs(t, m.Put(f), flags.ErrField)
	_, err := flags.NewMemory(toggle("f", "perhaps"))
	require.ErrorIs(t, err, flags.ErrVariant)
}
