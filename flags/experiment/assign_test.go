package experiment_test

import (
	"database/sql"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/flags"
	"github.com/underpin-db/underpin/flags/experiment"
	"github.com/underpin-db/underpin/integration/servers"
)

// A change of shares moves nobody who is stored, in no process; with the table
// lost as well, the hash moves only as many as the shares have changed by.
func TestAssignmentsArePermanent(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		const units = 400
		f := newFixture(t, s)
		f.start(button())
		first := f.open(experiment.Config{})
		had := map[string]string{}
		for i := range units {
			had[fmt.Sprint(i)] = f.assign(first, fmt.Sprint(i))
		}
		e := button()
		e.Branches[0].Share, e.Branches[1].Share = 4000, 6000
		f.start(e)
		for _, c := range []*experiment.Client{first, f.open(experiment.Config{})} {
			for unit, branch := range had {
				require.Equal(t, branch, f.assign(c, unit))
			}
		}
		require.Equal(t, units, f.number("SELECT COUNT(*) FROM _underpin_assignment WHERE generation = 1"))

		f.exec("DELETE FROM _underpin_assignment")
		third, moved := f.open(experiment.Config{}), 0
		for unit, branch := range had {
			if f.assign(third, unit) != branch {
				require.Equal(t, "grey", branch, "only who has to go goes")
				moved++
			}
		}
		require.InDelta(t, 0.1*units, moved, 4*math.Sqrt(0.09*units))
	})
}

// With the table lost and the shares unchanged nobody moves.
func TestALostTableMovesNobody(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s)
		f.start(button())
		c := f.open(experiment.Config{})
		had := map[string]string{}
		for i := range 200 {
			had[fmt.Sprint(i)] = f.assign(c, fmt.Sprint(i))
		}
		f.exec("TRUNCATE TABLE _underpin_assignment")
		c = f.open(experiment.Config{})
		for unit, branch := range had {
			require.Equal(t, branch, f.assign(c, unit))
		}
	})
}

// Eight clients, half of them with a definition that is out of date, ask for the
// same units at once. All get the same branch: whoever was first wins.
func TestTheFirstWriterWins(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		const writers, units = 8, 300
		f := newFixture(t, s)
		f.start(button())
		clients := make([]*experiment.Client, writers)
		for w := range clients {
			if w == writers/2 { // the first half does not look again
				e := button()
				e.Branches[0].Share, e.Branches[1].Share = 0, 10000
				f.start(e)
			}
			clients[w] = f.open(experiment.Config{Poll: time.Hour})
		}
		got := make([][]string, writers)
		var wait sync.WaitGroup
		for w, c := range clients {
			got[w] = make([]string, units)
			for part := range 4 {
				wait.Go(func() {
					for i := part; i < units; i += 4 {
						a, err := c.Assign(t.Context(), "checkout-button", experiment.Unit{Key: fmt.Sprint(i)})
						if err == nil {
							got[w][i] = a.Branch
						}
					}
				})
			}
		}
		wait.Wait()
		stale := 0
		for i := range units {
			require.NotEmpty(t, got[0][i])
			for w := range writers {
				require.Equal(t, got[0][i], got[w][i], "unit %d of writer %d", i, w)
			}
			if got[0][i] == "grey" {
				stale++
			}
		}
		require.Equal(t, units, f.number("SELECT COUNT(*) FROM _underpin_assignment"))
		require.Positive(t, stale, "no stale writer was ever first: the test shows nothing")
		require.Zero(t, f.number("SELECT COUNT(*) FROM _underpin_assignment WHERE crossed <> 0"))
	})
}

// Expose goes by the hash where it knows nothing. A unit that it shows another
// branch than the stored one is marked, and gets the stored one from then on.
func TestAUnitThatSawTwoBranchesIsMarked(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s)
		f.start(button())
		c := f.open(experiment.Config{})
		had := map[string]string{}
		for i := range 100 {
			had[fmt.Sprint(i)] = f.assign(c, fmt.Sprint(i))
		}
		e := button()
		e.Branches[0].Share, e.Branches[1].Share = 0, 10000
		f.start(e)
		late, crossed := f.open(experiment.Config{}), 0
		for unit, branch := range had {
			if late.Expose(e.Name, experiment.Unit{Key: unit}).Branch != branch {
				crossed++
			}
		}
		require.Positive(t, crossed)
		f.eventually("the exposures are stored", func() bool { return late.Stats().StoredExposures == 100 })
		for unit, branch := range had {
			a := late.Expose(e.Name, experiment.Unit{Key: unit})
			require.Equal(t, experiment.Assignment{Experiment: e.Name, Branch: branch, Standing: experiment.Stored}, a)
		}
		f.close(late)
		require.EqualValues(t, crossed, late.Stats().Crossed)
		require.Equal(t, crossed, f.number("SELECT COUNT(*) FROM _underpin_assignment WHERE crossed = 1"))
	})
}

func TestWhatIsNoUnitOrEventIsRefused(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s)
		f.start(button())
		c := f.open(experiment.Config{})
		for _, key := range []string{"", strings.Repeat("x", 256)} {
			_, err := c.Assign(t.Context(), "checkout-button", experiment.Unit{Key: key})
			require.ErrorIs(t, err, experiment.ErrUnit)
			require.Empty(t, c.Expose("checkout-button", experiment.Unit{Key: key}).Branch)
			c.Track("purchase", key, 1)
		}
		c.Track("pur chase", "1", 1)
		c.Track("purchase", "1", math.NaN())
		c.Track("purchase", "1", math.Inf(1))
		require.EqualValues(t, 5, c.Stats().RefusedEvents)
		a, err := c.Assign(t.Context(), "nothing", experiment.Unit{Key: "1"})
		require.NoError(t, err)
		require.Equal(t, experiment.NotRunning, a.Standing)

		// Any bytes are a key; attributes are made to fit.
		odd := map[string]string{"country": strings.Repeat("\x00<ł\xff", 100), "unknown": "x"}
		for _, key := range []string{"\xff\x00'\\", "Ann", "ann", strings.Repeat("ż", 127)} {
			_, err := c.Assign(t.Context(), "checkout-button", experiment.Unit{Key: key, Attributes: odd})
			require.NoError(t, err)
		}
		require.Equal(t, 4, f.number("SELECT COUNT(*) FROM _underpin_assignment"), "bytes are compared, not letters")
		require.Equal(t, 4, f.number("SELECT COUNT(*) FROM _underpin_assignment WHERE JSON_VALID(segments) AND segments NOT LIKE '%unknown%'"))
	})
}

// A pool whose statements do not commit would keep nothing, and is refused.
func TestAPoolWithoutAutocommitIsRefused(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s)
		db, err := sql.Open("mysql", f.dsn+"&autocommit=0")
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, db.Close()) })
		_, err = experiment.Open(t.Context(), db, experiment.Config{})
		require.ErrorIs(t, err, experiment.ErrNoAutocommit)
	})
}

// A client that runs sees what others start and stop.
func TestAClientFollowsTheDefinitions(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s)
		c := f.open(experiment.Config{Poll: 10 * time.Millisecond})
		unit := experiment.Unit{Key: "1"}
		require.Equal(t, experiment.NotRunning, c.Expose("checkout-button", unit).Standing)
		f.start(button())
		f.eventually("it is seen to run", func() bool { return c.Expose("checkout-button", unit).Branch != "" })
		require.NoError(t, experiment.Stop(t.Context(), f.db, by, "checkout-button"))
		f.eventually("it is seen to stop", func() bool { return c.Expose("checkout-button", unit).Standing == experiment.NotRunning })
		_, ok := c.Variant("button-colour", flags.User(unit.Key))
		require.False(t, ok)
	})
}
