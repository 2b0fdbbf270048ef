package backfill

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
)

// envChild holds what a child process has to do, as JSON.
const envChild = "BACKFILL_TEST_CHILD"

// childWork is a run in a process that dies at a point.
type childWork struct {
	DSN    string
	Change migrate.Change
	Run    uint64
	Point  Point
	Nth    int
}

// exitNotReached says that the child ended without coming to its point.
const exitNotReached = 3

// child is the main function of a process that is killed in the middle.
func child() int {
	var work childWork
	if err := json.Unmarshal([]byte(os.Getenv(envChild)), &work); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	db, err := mysqlx.Open(context.Background(), work.DSN, mysqlx.Options{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	cfg := crashConfig()
	cfg.DB, cfg.Change, cfg.Run, cfg.Owner = db, work.Change, work.Run, "child"
	reached := 0
	cfg.Points = func(p Point) error {
		if p == work.Point {
			if reached++; reached == work.Nth {
				return syscall.Kill(os.Getpid(), syscall.SIGKILL)
			}
		}
		return nil
	}
	w, err := New(cfg)
	if err == nil {
		_, err = w.Run(context.Background())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return exitNotReached
}

func crashConfig() Config {
	return Config{Job: Backfill, SpanRows: 7, ChunkMin: 1, ChunkMax: 3, Lease: 500 * time.Millisecond, RetryDelay: 50 * time.Millisecond, Attempts: 60}
}

// crashFixture is a table with a row that does not fit and some stale ones.
func crashFixture(t *testing.T, s *servers.Server) *fixture {
	f := misfits(t, s, "VARCHAR(12) NULL")
	f.fillSource(24)
	f.exec("UPDATE src SET a = 'longer than twelve' WHERE id = 31")
	f.exec("INSERT INTO dst (id, x, y) VALUES (1, 'stale', 0), (2, 'orphan', 0), (999, 'orphan', 0)")
	return f
}

// requireCrashFixtureDone checks the exact outcome, however it came about.
func (f *fixture) requireCrashFixtureDone(r Result) {
	f.t.Helper()
	require.EqualValues(f.t, 1, r.Quarantined)
	require.Equal(f.t, r.Spans, r.Done)
	require.EqualValues(f.t, 24, r.Rows, "every row is counted once")
	require.Equal(f.t, "23", f.one("SELECT COUNT(*) FROM dst"))
	v := f.verify(VerifyConfig{})
	require.EqualValues(f.t, 1, v.Missing)
	require.EqualValues(f.t, 1, v.Differ())
	require.Equal(f.t, []string{"31"}, v.Examples)
}

// cursors is how far the run's spans have come, in rows.
func (f *fixture) cursors() string {
	f.t.Helper()
	return f.one("SELECT COALESCE(SUM(rows_seen), 0) FROM _underpin_span WHERE run = ?", f.run)
}

// A process that is killed at any point leaves nothing that the next one does
// not put right.
func TestKilledAtEveryPoint(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		for _, point := range Points() {
			for _, nth := range []int{1, 2} {
				if nth == 2 && once(point) {
					continue
				}
				t.Run(fmt.Sprintf("%s %d", point, nth), func(t *testing.T) {
					t.Parallel()
					f := crashFixture(t, s)
					f.dieAt(point, nth)
					before := f.cursors()
					cfg := crashConfig()
					cfg.DB, cfg.Change, cfg.Run, cfg.Owner = f.db, f.change, f.run, "parent"
					cfg.Points = f.neverBack(before)
					f.requireCrashFixtureDone(f.backfill(cfg))
				})
			}
		}
	})
}

// once lists the points that a run of the crash fixture meets once.
func once(p Point) bool {
	switch p {
	case PointWalked, PointSpansMade, PointPlanned, PointRetried, PointRowFailed, PointRowNoted, PointRowCommitted:
		return true
	}
	return false
}

// dieAt runs a worker in another process that kills itself at a point.
func (f *fixture) dieAt(point Point, nth int) {
	f.t.Helper()
	work, err := json.Marshal(childWork{f.dsn, f.change, f.run, point, nth})
	require.NoError(f.t, err)
	cmd := exec.CommandContext(f.t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), envChild+"="+string(work))
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	require.ErrorAs(f.t, err, &exit, "the child was to be killed: %s", out)
	status, ok := exit.Sys().(syscall.WaitStatus)
	require.True(f.t, ok)
	require.True(f.t, status.Signaled(), "the child ended by itself with %d: %s", status.ExitStatus(), out)
}

// neverBack checks at every commit that the cursors only move on.
func (f *fixture) neverBack(from string) func(Point) error {
	last := from
	return func(p Point) error {
		if p != PointCommitted {
			return nil
		}
		var now string
		if err := f.db.QueryRow("SELECT SUM(rows_seen) FROM _underpin_span WHERE run = ?", f.run).Scan(&now); err != nil {
			return err
		}
		if len(now) < len(last) || len(now) == len(last) && now < last {
			return fmt.Errorf("the cursors went back from %s to %s", last, now)
		}
		last = now
		return nil
	}
}

// An error at any point ends the run with that error, never as complete, and
// the next run goes on.
func TestErrorAtEveryPoint(t *testing.T) {
	t.Parallel()
	errInjected := errors.New("injected")
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		for _, point := range Points() {
			t.Run(string(point), func(t *testing.T) {
				t.Parallel()
				f := crashFixture(t, s)
				cfg := f.config()
				nth := 0
				cfg.Points = func(p Point) error {
					if p != point {
						return nil
					}
					if nth++; nth > 1 {
						return nil
					}
					return errInjected
				}
				w, err := New(cfg)
				require.NoError(t, err)
				_, err = w.Run(t.Context())
				require.ErrorIs(t, err, errInjected)
				cfg.Points = nil
				f.requireCrashFixtureDone(f.backfill(cfg))
			})
		}
	})
}
