package querykiller

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
)

// race is sessions on each of which a short innocent statement follows a longer
// one at once, while a killer goes for the longer ones at about the time when
// they end by themselves.
type race struct {
	unit time.Duration // how long the longer ones take: once to three times that; raceUnit if zero

	offenders, ended, innocents, died atomic.Int64

	killed, gone, uncertain int
	windows                 []time.Duration
}

const (
	raceSessions = 16
	raceUnit     = 3 * time.Millisecond
	raceMark     = "/* offender */"
)

// run keeps it up until so many longer statements have run.
func (r *race) run(t testing.TB, w *watched, offenders int64, kill func(p Session) (Killing, error)) {
	t.Helper()
	r.unit = cmp.Or(r.unit, raceUnit)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var sessions sync.WaitGroup
	for range raceSessions {
		c := w.client()
		sessions.Go(func() { r.session(ctx, c.conn) })
	}
	for r.offenders.Load() < offenders {
		for _, p := range w.poll().Sessions {
			if p.Statement.Idle || !strings.HasSuffix(p.Text, raceMark) || p.Age < r.unit {
				continue
			}
			k, err := kill(p)
			if k.Result != Uncertain {
				require.NoError(t, err)
			}
			switch k.Result {
			case Killed:
				r.killed++
				r.windows = append(r.windows, k.Window)
			case Gone:
				r.gone++
			default:
				r.uncertain++
			}
		}
	}
	cancel()
	sessions.Wait()
}

// session runs pairs until the context ends. An interrupted SLEEP is an error
// or the answer 1.
func (r *race) session(ctx context.Context, conn *sql.Conn) {
	random := rand.New(rand.NewPCG(rand.Uint64(), 1)) //nolint:gosec // timing only
	for ctx.Err() == nil {
		r.offenders.Add(1)
		if sleep(conn, r.unit.Seconds()*(1+2*random.Float64()), raceMark) {
			r.ended.Add(1)
		}
		for range 2 {
			r.innocents.Add(1)
			if sleep(conn, 0.002*random.Float64(), "") {
				r.died.Add(1)
			}
		}
	}
}

// sleep reports whether it was interrupted.
func sleep(conn *sql.Conn, seconds float64, mark string) bool {
	var cut int
	err := conn.QueryRowContext(context.Background(), fmt.Sprintf("SELECT SLEEP(%.6f) %s", seconds, mark)).Scan(&cut)
	return err != nil || cut != 0
}

func (r *race) String() string {
	return fmt.Sprintf("%d offenders, %d of them ended early; kills: %d killed, %d gone, %d expired; %d innocent statements, %d died; window p50 %v p99 %v max %v",
		r.offenders.Load(), r.ended.Load(), r.killed, r.gone, r.uncertain, r.innocents.Load(), r.died.Load(),
		quantile(r.windows, 0.5), quantile(r.windows, 0.99), quantile(r.windows, 1))
}

// blindly kills by session, as a killer does that does not look again.
func blindly(t testing.TB, w *watched) func(Session) (Killing, error) {
	return func(p Session) (Killing, error) {
		_, err := w.d.Server.Admin().ExecContext(t.Context(), fmt.Sprintf("KILL QUERY %d", p.ID))
		return answer(err, "")
	}
}

// raceOffenders is how many longer statements a test runs; the benchmark runs
// more.
const raceOffenders = 1000

// TestNextStatement: the statement that follows the judged one dies only within
// the window that each server leaves, which the benchmark measures: rarely on
// MySQL, hardly ever on MariaDB. A killer that does not look again hits it all
// the time in the same harness, which aims at the very end of statements.
func TestNextStatement(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		w := watch(t, s, Options{})
		var ours, blind race
		for range 10 {
			ours.run(t, w, ours.offenders.Load()+raceOffenders, func(p Session) (Killing, error) {
				return killOne(t.Context(), w.s, p.Statement, ActQuery)
			})
			if ours.killed > 3 && ours.gone > 20 {
				break
			}
			if ours.killed <= 3 { // on a busy machine kills come too late for statements as short as that
				ours.unit += ours.unit / 2
			}
		}
		blind.unit = ours.unit
		blind.run(t, w, raceOffenders, blindly(t, w))
		t.Logf("ours:  %v", &ours)
		t.Logf("blind: %v", &blind)
		require.Greater(t, ours.killed, 3, "too little was killed to say anything")
		require.Greater(t, ours.gone, 20, "too few statements ended before the kill")
		require.Greater(t, blind.died.Load(), int64(5), "the harness does not notice a killer that does not look again")
		if s.Engine() == servers.MariaDB {
			require.LessOrEqual(t, ours.died.Load(), blind.died.Load()/100)
			return
		}
		require.LessOrEqual(t, ours.died.Load(), blind.died.Load()/5)
	})
}
