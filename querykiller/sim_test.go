package querykiller_test

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/querykiller"
)

// simSeed makes the schedules of a run that failed again.
var simSeed = flag.Uint64("sim.seed", 0, "seed of the simulated schedules; 0 takes a new one")

// simRules are what the clients of the simulated server are made for.
const simRules = `
rules:
  - name: reporting
    match: {user: reporting}
    action: leave
  - name: statements
    match: {kind: [select, dml, call]}
    budget: 600ms
    tag_budget: {min: 100ms, max: 600ms}
    action: kill_query
    escalate: {to: kill_connection, after: 300ms}
  - name: sleepers
    match: {idle_in_transaction: true, user: app}
    measure: idle
    budget: 900ms
    action: kill_connection
overload: {threads_running: 50, factor: 0.5, calm: 300ms}
`

// everythingGoes unprotects what can be, and names every kind and command.
const everythingGoes = `
rules:
  - name: everything
    match:
      kind: [select, dml, ddl, call, tx]
      command: [Query, Execute, Binlog Dump GTID, Daemon]
    unprotect: [replication, daemon, ddl, backup, lock_tables, own, system]
    budget: 600ms
    action: kill_query
`

// schedules is what many schedules came to.
type schedules struct {
	ran, kills, wrong, early, late, unrecorded int64
	worst                                      string
	afterBudget                                int64
}

// simulate runs schedules on every core and adds them up.
func simulate(t *testing.T, n int, yaml string, s slip) schedules {
	t.Helper()
	rules, err := querykiller.ParseRules("sim.yaml", strings.NewReader(yaml))
	require.NoError(t, err)
	seed := *simSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	defer debug.SetGCPercent(debug.SetGCPercent(800)) // the worlds are small and many
	var total schedules
	var mu sync.Mutex
	var next atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := next.Add(1); i <= int64(n); i = next.Add(1) {
				w, killed := runSchedule(seed, uint64(i), rules, s)
				mu.Lock()
				total.ran++
				total.kills += int64(w.kills)
				total.wrong += int64(w.wrong)
				total.early += int64(w.early)
				total.late += int64(w.late)
				total.afterBudget = max(total.afterBudget, int64(w.afterBudget))
				if killed < w.kills {
					total.unrecorded++
				}
				if len(w.violations) > 0 && total.worst == "" {
					total.worst = fmt.Sprintf("go test -run %s -sim.seed=%d: schedule %d: %s", t.Name(), seed, i, w.violations[0])
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return total
}

// runSchedule runs one schedule and returns its world, and how many kills were
// recorded.
func runSchedule(seed, n uint64, rules *querykiller.Rules, s slip) (w *world, recorded int) {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	w = newWorld(seed, n, s)
	w.stop = stop
	k, err := querykiller.New(querykiller.Config{
		Server: w, Rules: rules, Interval: simInterval, Clock: w, Logger: slog.New(slog.DiscardHandler),
		UndoRate: func() float64 { return 50_000 },
		Recorder: querykiller.RecorderFunc(func(_ context.Context, d querykiller.Decision) error {
			switch d.Outcome {
			case querykiller.OutcomeRefused, querykiller.OutcomeGone:
			default:
				recorded++
			}
			return nil
		}),
	})
	if err != nil {
		panic(err)
	}
	if err := k.Run(ctx); err != nil {
		panic(err)
	}
	for _, c := range w.clients {
		w.finish(c, w.clock)
	}
	return w, recorded
}

func TestSimulatedSchedules(t *testing.T) {
	got := simulate(t, simSchedules, simRules, slipNone)
	require.Empty(t, got.worst, "%d innocent, %d early, %d late", got.wrong, got.early, got.late)
	require.EqualValues(t, simSchedules, got.ran)
	require.Zero(t, got.unrecorded, "every kill is recorded")
	require.Greater(t, got.kills, got.ran, "the schedules give the killer something to do")
	t.Logf("%d schedules, %d kills, the latest %d ms past its budget", got.ran, got.kills, got.afterBudget/1e6)
}

// The harness has to see the faults that it is there for.
func TestSimulationSeesAKillerWithoutRecheck(t *testing.T) {
	got := simulate(t, 2000, simRules, slipNoRecheck)
	require.Positive(t, got.early+got.wrong, "an innocent next statement was killed")
}

func TestSimulationSeesAKillerWithoutProtection(t *testing.T) {
	require.Positive(t, simulate(t, 2000, everythingGoes, slipNone).wrong)
}

func TestSimulationSeesAnEarlyKill(t *testing.T) {
	require.Positive(t, simulate(t, 2000, simRules, slipEarly).early)
}

func TestSimulationSeesAServerThatDoesNotWait(t *testing.T) {
	require.Positive(t, simulate(t, 2000, simRules, slipImpatient).early)
}

func TestSimulationSeesASurvivor(t *testing.T) {
	require.Positive(t, simulate(t, 2000, simRules, slipDead).late)
}

func TestSimulationSeesAKillOnAPollFromBeforeARestart(t *testing.T) {
	got := simulate(t, 20_000, simRules, slipRestart)
	require.Positive(t, got.early+got.wrong)
}
