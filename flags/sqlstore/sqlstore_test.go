package sqlstore_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/underpin-db/underpin/flags"
	"github.com/underpin-db/underpin/flags/sqlstore"
	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/internal/mysqlx"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(servers.Tests{M: m}) }

const patience = 30 * time.Second

// ann is who changes flags in these tests.
var ann = sqlstore.By{Actor: "ann@example", Why: "a test", Action: sqlstore.ActionSet}

func openDSN(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	db, err := mysqlx.Open(t.Context(), dsn, mysqlx.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// database returns a database with control tables.
func database(t *testing.T, s *servers.Server) (*sql.DB, *servers.Database) {
	t.Helper()
	d := s.Database(t)
	db := openDSN(t, d.DSN)
	_, err := control.Init(t.Context(), db)
	require.NoError(t, err)
	return db, d
}

func toggle(name, serve string) flags.Flag {
	return flags.Flag{Name: name, Type: flags.Boolean, Kind: flags.Release, Owner: "shop", Off: "off", Safe: "off", Serve: flags.Serve{Variant: serve}}
}

func put(t *testing.T, s *sqlstore.Store, f flags.Flag) flags.Flag {
	t.Helper()
	done, err := s.Put(t.Context(), f, ann)
	require.NoError(t, err)
	return done
}

func client(t *testing.T, cfg flags.Config) *flags.Client {
	t.Helper()
	cfg.Logger = slog.New(slog.DiscardHandler)
	c, err := flags.Open(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}

func isOn(t *testing.T, c *flags.Client, name string) func() bool {
	return func() bool { return c.Bool(t.Context(), name, flags.Nobody(), false) }
}

func TestAFlagIsKeptAsItIs(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db, _ := database(t, s)
		store := sqlstore.New(db, sqlstore.Config{})
		large, err := flags.Document([]byte(`{"text":"` + strings.Repeat("ж🙂", 250_000) + `"}`))
		require.NoError(t, err)
		require.Greater(t, len(large.String()), 1_000_000)
		want := flags.Flag{
			Name: "größe-🙂", Type: flags.JSON, Kind: flags.Ops, Owner: "Łucja", Variants: []flags.Variant{{Name: "мал", Value: flags.ValueOf(1)}, {Name: "large", Value: large}},
			Off: "мал", Safe: "мал", Ramp: &flags.Ramp{Variant: "large", Share: 3333}, Serve: flags.Serve{Variant: "мал"},
			Created: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		}
		done := put(t, store, want)
		require.Equal(t, uint64(1), done.Version)
		got, err := store.Get(t.Context(), want.Name)
		require.NoError(t, err)
		require.Equal(t, done, got)
		want = want.Normalised()
		want.Version = 1
		require.Equal(t, want, got)
		c := client(t, flags.Config{Source: store})
		n := 0
		for i := range 1000 {
			if len(c.JSON(t.Context(), want.Name, flags.User(i), nil)) > 1_000_000 {
				n++
			}
		}
		require.InDelta(t, 333, n, 60)
		_, err = store.Get(t.Context(), "grösse")
		require.ErrorIs(t, err, flags.ErrNotFound)
	})
}

func TestTwoOperatorsAtOnce(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db, _ := database(t, s)
		store := sqlstore.New(db, sqlstore.Config{})
		f := put(t, store, toggle("f", "off"))
		const n = 8
		errs := make([]error, n)
		var wait sync.WaitGroup
		for i := range n {
			wait.Go(func() {
				mine := f
				mine.Description = fmt.Sprint(i)
				_, errs[i] = store.Put(t.Context(), mine, ann)
			})
		}
		wait.Wait()
		won := 0
		for i, err := range errs {
			if err == nil {
				won++
				have, err := store.Get(t.Context(), "f")
				require.NoError(t, err)
				require.Equal(t, fmt.Sprint(i), have.Description)
				continue
			}
			require.ErrorIs(t, err, flags.ErrConflict)
		}
		require.Equal(t, 1, won)

		// Turning it off is no edit of what somebody has seen: it always works.
		for i := range n {
			wait.Go(func() {
				_, errs[i] = store.Edit(t.Context(), "f", ann, func(f flags.Flag) (flags.Flag, error) {
					f.State, f.Description = flags.Off, f.Description+"!"
					return f, nil
				})
			})
		}
		wait.Wait()
		require.NoError(t, errors.Join(errs...))
		have, err := store.Get(t.Context(), "f")
		require.NoError(t, err)
		require.Len(t, have.Description, 1+n, "no edit is lost")

		history, err := store.History(t.Context(), "f")
		require.NoError(t, err)
		require.Len(t, history, 2+n)
		require.Nil(t, history[0].Before)
		for i, h := range history[1:] {
			require.Equal(t, history[i].After, h.Before)
			require.Equal(t, []string{"ann@example", "a test", "flag_set"}, []string{h.Actor, h.Why, h.Action})
		}
		entries, err := control.AuditAfter(t.Context(), db, 0)
		require.NoError(t, err)
		_, err = control.CheckChain(control.Entry{}, entries)
		require.NoError(t, err)
	})
}

func TestWhatIsRefused(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db, _ := database(t, s)
		store := sqlstore.New(db, sqlstore.Config{})
		gate := put(t, store, toggle("gate", "on"))
		needs := toggle("needs", "on")
		needs.Requires = []flags.Requirement{{Flag: "gate", Variant: "on"}}
		needs = put(t, store, needs)
		refused := func(f flags.Flag, want error) {
			t.Helper()
			_, err := store.Put(t.Context(), f, ann)
			require.ErrorIs(t, err, want)
		}
		refused(toggle("gate", "on"), flags.ErrConflict)
		refused(toggle("x", "maybe"), flags.ErrVariant)
		circle := gate
		circle.Requires = []flags.Requirement{{Flag: "needs", Variant: "on"}}
		refused(circle, flags.ErrRequirement)
		other := gate
		other.Variants = []flags.Variant{{Name: "off", Value: flags.ValueOf(false)}, {Name: "yes", Value: flags.ValueOf(true)}}
		other.Serve.Variant = "yes"
		refused(other, sqlstore.ErrNeeded)
		require.ErrorIs(t, store.Remove(t.Context(), "gate", gate.Version, ann), sqlstore.ErrNeeded)
		require.ErrorIs(t, store.Remove(t.Context(), "none", 0, ann), flags.ErrNotFound)
		require.ErrorIs(t, store.Remove(t.Context(), "needs", 1, ann), flags.ErrConflict)
		for _, by := range []sqlstore.By{{Why: "x", Action: "x"}, {Actor: "x", Action: "x"}, {Actor: "x", Why: " ", Action: "x"}} {
			_, err := store.Put(t.Context(), gate, by)
			require.ErrorIs(t, err, sqlstore.ErrNoReason)
		}
		news, err := control.PollFlags(t.Context(), db, 0)
		require.NoError(t, err)
		require.Equal(t, uint64(2), news.Head.Version, "what is refused leaves no trace")
		require.NoError(t, store.Remove(t.Context(), "needs", needs.Version, ann))
		require.NoError(t, store.Remove(t.Context(), "gate", gate.Version, ann))
		list, err := store.List(t.Context())
		require.NoError(t, err)
		require.Empty(t, list)
		put(t, store, toggle("gate", "on")) // a name may be used again
	})
}

func TestFetchTellsWhatHasChanged(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db, _ := database(t, s)
		store := sqlstore.New(db, sqlstore.Config{})
		empty, err := store.Fetch(t.Context(), flags.Position{})
		require.NoError(t, err)
		require.Equal(t, flags.Update{Scope: flags.Changed}, empty)
		a, b := put(t, store, toggle("a", "on")), put(t, store, toggle("b", "on"))
		all, err := store.Fetch(t.Context(), flags.Position{})
		require.NoError(t, err)
		require.Equal(t, flags.Whole, all.Scope)
		require.Equal(t, []flags.Flag{a, b}, all.Flags)
		same, err := store.Fetch(t.Context(), all.At)
		require.NoError(t, err)
		require.Equal(t, flags.Update{At: all.At, Scope: flags.Changed}, same)

		require.NoError(t, store.Remove(t.Context(), "a", a.Version, ann))
		b.Serve.Variant = "off"
		b = put(t, store, b)
		news, err := store.Fetch(t.Context(), all.At)
		require.NoError(t, err)
		require.Equal(t, flags.Update{At: news.At, Scope: flags.Changed, Flags: []flags.Flag{b}, Removed: []string{"a"}}, news)
		require.Equal(t, uint64(4), news.At.Version)

		stranger, err := store.Fetch(t.Context(), flags.Position{Version: 2, Token: "another history"})
		require.NoError(t, err)
		require.Equal(t, flags.Whole, stranger.Scope)
		ahead, err := store.Fetch(t.Context(), flags.Position{Version: 9, Token: "x"})
		require.NoError(t, err)
		require.Equal(t, uint64(4), ahead.At.Version)
		require.Empty(t, ahead.Flags)
	})
}

// A server that lost changes in a failover, and made others, has another
// history: the copy is read anew, not patched.
func TestAHistoryThatForked(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		lost, _ := database(t, s)
		kept, _ := database(t, s)
		before, after := sqlstore.New(lost, sqlstore.Config{}), sqlstore.New(kept, sqlstore.Config{})
		put(t, before, toggle("lost", "on"))
		put(t, before, toggle("f", "on"))
		put(t, after, toggle("f", "off"))
		put(t, after, toggle("new", "on"))
		put(t, after, toggle("newer", "on"))
		source := &failover{now: before}
		c := client(t, flags.Config{Source: source, Poll: 10 * time.Millisecond})
		require.True(t, isOn(t, c, "f")())
		source.to(after)
		require.Eventually(t, isOn(t, c, "new"), patience, time.Millisecond)
		require.False(t, isOn(t, c, "f")())
		require.ErrorIs(t, c.BoolDetail(t.Context(), "lost", flags.Nobody(), true).Err, flags.ErrNotFound)
	})
}

// failover is a source that moves to another server.
type failover struct {
	mu  sync.Mutex
	now flags.Source
}

func (f *failover) to(s flags.Source) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = s
}

func (f *failover) Fetch(ctx context.Context, after flags.Position) (flags.Update, error) {
	f.mu.Lock()
	now := f.now
	f.mu.Unlock()
	return now.Fetch(ctx, after)
}

// Changes made while copies poll: every copy ends where the store does, and on
// the way versions only rise.
func TestCopiesFollowManyWriters(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db, _ := database(t, s)
		store := sqlstore.New(db, sqlstore.Config{})
		for i := range 4 {
			put(t, store, toggle(fmt.Sprint("f", i), "off"))
		}
		seen := &rising{}
		c := client(t, flags.Config{Source: store, Poll: time.Millisecond, Metrics: seen})
		var wait sync.WaitGroup
		errs := make([]error, 4)
		for i := range errs {
			wait.Go(func() {
				for n := range 10 {
					_, err := store.Edit(t.Context(), fmt.Sprint("f", i), ann, func(f flags.Flag) (flags.Flag, error) {
						f.Serve.Variant = map[bool]string{true: "on", false: "off"}[n%2 == 1]
						return f, nil
					})
					errs[i] = errors.Join(errs[i], err)
				}
			})
		}
		wait.Wait()
		require.NoError(t, errors.Join(errs...))
		require.Eventually(t, func() bool { return c.Status().At.Version == 44 }, patience, time.Millisecond)
		for i := range errs {
			require.True(t, isOn(t, c, fmt.Sprint("f", i))())
		}
		seen.mu.Lock()
		defer seen.mu.Unlock()
		require.Zero(t, seen.fell)
	})
}

type rising struct {
	flags.NoMetrics
	mu         sync.Mutex
	last, fell uint64
}

func (r *rising) Applied(version uint64, _ int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if version < r.last {
		r.fell++
	}
	r.last = version
}

func TestUseIsKeptByDay(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db, d := database(t, s)
		require.NoError(t, sqlstore.New(db, sqlstore.Config{}).RecordUse(t.Context(), nil))
		app := openDSN(t, d.User(t, "SELECT", "INSERT", "UPDATE"))
		store := sqlstore.New(app, sqlstore.Config{})
		names := make([]string, 1200)
		for i := range names {
			names[i] = fmt.Sprint("f", i)
		}
		var wait sync.WaitGroup
		errs := make([]error, 4)
		for i := range errs {
			wait.Go(func() { errs[i] = store.RecordUse(t.Context(), names) })
		}
		wait.Wait()
		require.NoError(t, errors.Join(errs...))
		uses, err := store.Uses(t.Context())
		require.NoError(t, err)
		require.Len(t, uses, len(names))
		require.InDelta(t, 0, time.Since(uses["f7"]).Hours(), 25)
	})
}
