package experiment_test

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/flags/experiment"
	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/mysqlx"
)

// While another session locks the tables, Expose and Track return at once; what
// does not fit is dropped and counted, and the rest arrives.
func TestNoCallerWaitsForTheDatabase(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		const calls = 2000
		f := newFixture(t, s)
		f.start(button())
		c := f.open(experiment.Config{Exposures: 50, Events: 60, Batch: 20, Poll: time.Hour, Flush: time.Millisecond})
		lock, err := f.db.Conn(t.Context())
		require.NoError(t, err)
		defer lock.Close()
		_, err = lock.ExecContext(t.Context(), "LOCK TABLES _underpin_assignment WRITE, _underpin_event WRITE")
		require.NoError(t, err)
		var longest time.Duration
		for i := range calls {
			begun := time.Now()
			a := c.Expose("checkout-button", experiment.Unit{Key: fmt.Sprint(i)})
			c.Track("purchase", fmt.Sprint(i), 1)
			longest = max(longest, time.Since(begun))
			require.NotEmpty(t, a.Branch, "a branch, whatever the database does")
		}
		t.Logf("the longest of %d calls took %s", calls, longest)
		require.Less(t, longest, time.Second, "the tables are locked for longer than that")
		stats := c.Stats()
		require.Positive(t, stats.DroppedExposures)
		require.Positive(t, stats.DroppedEvents)
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		a, err := c.Assign(ctx, "checkout-button", experiment.Unit{Key: "patient"})
		require.ErrorIs(t, err, experiment.ErrNotStored)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, experiment.Drawn, a.Standing)
		require.NotEmpty(t, a.Branch)

		_, err = lock.ExecContext(t.Context(), "UNLOCK TABLES")
		require.NoError(t, err)
		f.close(c)
		stats = c.Stats()
		require.EqualValues(t, calls-stats.DroppedEvents, stats.StoredEvents, "every event is stored or counted")
		require.EqualValues(t, stats.StoredEvents, f.number("SELECT COUNT(*) FROM _underpin_event"))
		stored := f.number("SELECT COUNT(*) FROM _underpin_assignment WHERE unit <> 'patient'")
		require.GreaterOrEqual(t, stored, 50)
		require.GreaterOrEqual(t, uint64(stored), calls-stats.DroppedExposures)
		c.Track("purchase", "1", 1)
		require.Equal(t, stats.DroppedEvents+1, c.Stats().DroppedEvents, "a closed client takes nothing")
		_, err = c.Assign(t.Context(), "checkout-button", experiment.Unit{Key: "late"})
		require.ErrorIs(t, err, experiment.ErrClosed)
	})
}

// Close gives up when its context does, and says what is lost.
func TestCloseSaysWhatItLost(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s)
		f.start(button())
		c, err := experiment.Open(t.Context(), f.db, experiment.Config{Poll: time.Hour})
		require.NoError(t, err)
		lock, err := f.db.Conn(t.Context())
		require.NoError(t, err)
		defer lock.Close()
		_, err = lock.ExecContext(t.Context(), "LOCK TABLES _underpin_assignment WRITE, _underpin_event WRITE")
		require.NoError(t, err)
		for i := range 7 {
			c.Track("purchase", fmt.Sprint(i), 1)
		}
		c.Expose("checkout-button", experiment.Unit{Key: "1"})
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		err = c.Close(ctx)
		require.EqualError(t, err, "closed with 1 exposures and 7 events that could not be stored")
		require.Equal(t, err, c.Close(t.Context()))
		_, err = lock.ExecContext(t.Context(), "UNLOCK TABLES")
		require.NoError(t, err)
	})
}

// Connections break all the time while units are assigned and events stored.
// Nothing is lost, and nothing counts twice.
func TestBrokenConnectionsLoseNothing(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		const callers, units, kills = 8, 400, 25
		f := newFixture(t, s)
		f.start(button())
		killer, err := f.db.Conn(t.Context())
		require.NoError(t, err)
		defer killer.Close()
		own, err := mysqlx.Open(t.Context(), f.dsn, mysqlx.Options{})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, own.Close()) })
		c, err := experiment.Open(t.Context(), own, experiment.Config{Flush: time.Millisecond, Batch: 10})
		require.NoError(t, err)
		t.Cleanup(func() { f.close(c) })
		said, errs := make([]map[string]string, callers), make([]error, callers)
		var wait sync.WaitGroup
		for k := range callers {
			said[k] = map[string]string{}
			wait.Go(func() {
				for i := k; i < units; i += callers {
					key := fmt.Sprint(i)
					a, err := c.Assign(t.Context(), "checkout-button", experiment.Unit{Key: key})
					errs[k] = errors.Join(errs[k], err)
					said[k][key] = a.Branch
					c.Track("purchase", key, 1)
				}
			})
		}
		done := make(chan struct{})
		go func() { defer close(done); wait.Wait() }()
		killed := f.killConnections(killer, s.Engine().Processlist(), kills, done)
		require.NoError(t, errors.Join(errs...))
		f.close(c)
		require.Positive(t, killed)
		require.Empty(t, f.wrong(said))
		require.Equal(t, units, f.number("SELECT COUNT(*) FROM _underpin_assignment"))
		require.Equal(t, units, f.number("SELECT COUNT(*) FROM _underpin_event"))
		require.EqualValues(t, units, c.Stats().StoredEvents)
	})
}

// killConnections kills one of the database's other connections every few
// milliseconds, until done, and returns how many. It kills at most so many, so
// that no statement is hit as often as it is tried.
func (f *fixture) killConnections(conn *sql.Conn, list string, most int, done <-chan struct{}) (killed int) {
	f.Helper()
	pause := time.NewTicker(10 * time.Millisecond)
	defer pause.Stop()
	for {
		select {
		case <-done:
			return killed
		case <-pause.C:
		}
		if killed == most {
			continue
		}
		var id uint64
		err := conn.QueryRowContext(f.Context(),
			"SELECT id FROM "+list+" WHERE db = DATABASE() AND id <> CONNECTION_ID() ORDER BY RAND() LIMIT 1").Scan(&id)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		require.NoError(f, err)
		if _, err := conn.ExecContext(f.Context(), fmt.Sprintf("KILL %d", id)); err == nil {
			killed++
		}
	}
}

const envWriter = "EXPERIMENT_WRITER_DSN"

// writeUntilKilled assigns unit after unit with eight callers, and prints what
// has been acknowledged, a line at a time.
func writeUntilKilled(dsn string) {
	ctx := context.Background()
	db, err := sql.Open("mysql", dsn)
	if err != nil {
		panic(err)
	}
	c, err := experiment.Open(ctx, db, experiment.Config{})
	if err != nil {
		panic(err)
	}
	for caller := range 8 {
		go func() {
			for i := caller; ; i += 8 {
				unit := experiment.Unit{Key: fmt.Sprint(i)}
				if a, err := c.Assign(ctx, "checkout-button", unit); err == nil {
					fmt.Printf("%s %s\n", unit.Key, a.Branch)
				}
			}
		}()
	}
	select {}
}

// A process is killed among eight writers. What it had acknowledged is there, as
// are the others' assignments, and nobody is ever told otherwise.
func TestAKilledProcessLosesNothing(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		const acknowledged, writers = 1500, 8
		f := newFixture(t, s)
		f.start(button())
		said := make([]map[string]string, writers+1)
		stop := make(chan struct{})
		var wait sync.WaitGroup
		for w := range writers {
			c := f.open(experiment.Config{})
			said[w] = map[string]string{}
			wait.Go(func() { // every second unit is one of the process's
				for i := w; ; i += writers {
					key := fmt.Sprint(i)
					if i%2 == 1 {
						key = "mine " + key
					}
					if a, err := c.Assign(t.Context(), "checkout-button", experiment.Unit{Key: key}); err == nil {
						said[w][key] = a.Branch
					}
					select {
					case <-stop:
						return
					default:
					}
				}
			})
		}
		said[writers] = f.killedAfter(acknowledged)
		close(stop)
		wait.Wait()
		require.GreaterOrEqual(t, len(said[writers]), acknowledged)
		require.Empty(t, f.wrong(said))

		// The check would notice one that is lost and one that is changed.
		f.exec("DELETE FROM _underpin_assignment WHERE unit = '8'")
		f.exec("UPDATE _underpin_assignment SET branch = IF(branch = 'grey', 'green', 'grey') WHERE unit = '16'")
		require.Subset(t, f.wrong(said[writers:]), []string{"8", "16"})
		require.Len(t, f.wrong(said[writers:]), 2)
	})
}

// killedAfter runs the writing process, kills it once it has acknowledged so
// many units, and returns them.
func (f *fixture) killedAfter(n int) map[string]string {
	f.Helper()
	cmd := exec.CommandContext(f.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), envWriter+"="+f.dsn)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(f, err)
	require.NoError(f, cmd.Start())
	said := map[string]string{}
	lines := bufio.NewScanner(out)
	for lines.Scan() { // what is in the pipe when it dies was acknowledged too
		unit, branch, ok := strings.Cut(lines.Text(), " ")
		if !ok || branch != "grey" && branch != "green" {
			continue // the line it died in
		}
		said[unit] = branch
		if len(said) == n {
			require.NoError(f, cmd.Process.Kill())
		}
	}
	var killed *exec.ExitError
	require.True(f, errors.As(cmd.Wait(), &killed))
	return said
}

// wrong lists the units whose stored branch is not what somebody was told.
func (f *fixture) wrong(said []map[string]string) (units []string) {
	f.Helper()
	rows, err := f.db.QueryContext(f.Context(), "SELECT unit, branch FROM _underpin_assignment")
	require.NoError(f, err)
	defer rows.Close()
	stored := map[string]string{}
	for rows.Next() {
		var unit, branch string
		require.NoError(f, rows.Scan(&unit, &branch))
		stored[unit] = branch
	}
	require.NoError(f, rows.Err())
	for _, one := range said {
		require.NotEmpty(f, one)
		for unit, branch := range one {
			if stored[unit] != branch {
				units = append(units, unit)
			}
		}
	}
	return units
}
