package querykiller

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
)

const conformanceBudget = time.Second

// TestConformance: what a killer must never hit runs past the budget beside a
// statement that it must. Where percona-toolkit is installed pt-kill is run on
// the same list; the table is in the log.
func TestConformance(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		private := servers.Private(t, servers.Options{Engine: s.Engine(), ExtraArgs: []string{"--event-scheduler=ON"}})
		w := &watched{t: t, d: private.Database(t)}
		w.exec("CREATE TABLE t (id INT PRIMARY KEY)")
		createUndone(w)
		ours := conform(t, w, startOurs)
		theirs := map[string]string{}
		if ptKillInstalled() {
			theirs = conform(t, w, startPtKill)
		}
		t.Logf("\n%s", table(private.Version(), ours, theirs))
		for name, r := range ours {
			want := lived
			if name == rowOffender {
				want = died
			}
			require.Equal(t, want, r, name)
		}
	})
}

// What the table says.
const (
	lived        = "lives"
	died         = "killed"
	notLookedAt  = "not looked at in time"
	notInstalled = "not installed"
)

func table(server string, ours, theirs map[string]string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "| %s | underpin | pt-kill |\n|---|---|---|\n", server)
	for _, name := range slices.Sorted(maps.Keys(ours)) {
		other, ok := theirs[name]
		if !ok {
			other = notInstalled
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", name, ours[name], other)
	}
	return b.String()
}

// contender is a killer that was told to end everything past the budget.
type contender struct {
	stop func()
	// killed says, by the killer's own word, that it has gone for the session: a
	// statement that is being undone ends in the same way whether it did or not.
	killed func(session uint64) bool
	// spared says that it has found the session to be undone, and so leaves it
	// alone, or that it has been over the list.
	spared func(session uint64) bool
}

// conform runs the list under a killer and says of each whether it lives. Once an
// offender has died that was there from the beginning, and after it one that was
// not, the killer has been over the list at least once with all of it past the
// budget.
func conform(t *testing.T, w *watched, start func(*testing.T, *watched) contender) map[string]string {
	t.Helper()
	c := setScene(t, w)
	k := start(t, w)
	defer k.stop()
	results := map[string]string{rowOffender: lived, rowUndone: c.undoneLives(t, k), rowEvent: died}
	if dies(c.offends) && dies(w.client().start(offence)) {
		results[rowOffender] = died
	}
	for _, i := range c.innocents {
		results[i.name] = map[bool]string{true: lived, false: died}[i.lives()]
	}
	if c.eventLives() {
		results[rowEvent] = lived
	}
	c.clear()
	return results
}

// dies waits for a statement to be ended, for as long as any killer may take.
func dies(statement <-chan error) bool {
	limit := time.NewTimer(20 * time.Second)
	defer limit.Stop()
	select {
	case err := <-statement: // some are ended without one
		return err == nil || errNumber(err) != 0
	case <-limit.C:
		return false
	}
}

// undoneLives waits until the killer has looked at what is being undone.
func (c *scene) undoneLives(t *testing.T, k contender) string {
	t.Helper()
	result := notLookedAt
	require.Eventually(t, func() bool {
		switch over := len(c.undoing) > 0; {
		case k.killed(c.undone.id):
			result = died
		case over:
		case k.spared(c.undone.id):
			result = lived
		default:
			return false
		}
		return true
	}, time.Minute, 10*time.Millisecond)
	return result
}

// conformanceRules are as sharp as a rule can be without a word to unprotect what
// is protected.
const conformanceRules = `rules:
  - name: everything
    match: {kind: [select, dml, call, admin, tx, other]}
    action: kill_query
    budget: 1s
    rollback_limit: 1h
`

// startOurs starts this package's killer.
func startOurs(t *testing.T, w *watched) contender {
	t.Helper()
	rules, err := ParseRules("rules.yaml", strings.NewReader(conformanceRules))
	require.NoError(t, err)
	s, err := Connect(t.Context(), w.d.DSN, Options{})
	require.NoError(t, err)
	var went, spared sessionSet
	stop := run(t, Config{
		Server: overheard{s, &went}, Rules: rules, Logger: slog.New(slog.DiscardHandler),
		OnPoll: func(p Poll) {
			for i, v := range p.Verdicts {
				if v.Class == ClassRollingBack && p.Snapshot.Sessions[i].RollingBack == Yes {
					spared.add(v.Session)
				}
			}
		},
	})
	return contender{stop: stop, killed: went.has, spared: spared.has}
}

// startPtKill starts pt-kill. Idle sessions are left out: it would go for them too,
// and hit what the test runs there next.
func startPtKill(t *testing.T, w *watched) contender {
	t.Helper()
	p := runPtKill(t, w.d.DSN, conformanceBudget, "--match-all", "--ignore-command", "Sleep")
	return contender{
		stop:   p.stop,
		killed: func(session uint64) bool { return p.says(fmt.Sprintf("Killed %d\n", session)) },
		spared: func(uint64) bool { return p.says(ptKillLooked) },
	}
}

// overheard is a server that takes down whom the killer goes for.
type overheard struct {
	Server
	went *sessionSet
}

func (o overheard) Kill(ctx context.Context, victims []Victim) []Killing {
	for _, v := range victims {
		o.went.add(v.Statement.Session)
	}
	return o.Server.Kill(ctx, victims)
}

// sessionSet is a set of sessions that two goroutines share.
type sessionSet struct{ of sync.Map }

func (s *sessionSet) add(id uint64) { s.of.Store(id, true) }

func (s *sessionSet) has(id uint64) bool {
	_, ok := s.of.Load(id)
	return ok
}
