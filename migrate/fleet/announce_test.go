package fleet_test

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/fleet"
)

func TestAnnounceIsSeenAndLeaves(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		w := newWorld(t, s)
		in := instance("v7", throughAll())
		m, db := w.announceTagged(t, in, time.Minute)

		live, err := fleet.Live(t.Context(), w.own, change)
		require.NoError(t, err)
		require.Len(t, live, 1)
		l := live[0]
		require.Equal(t, []any{in.ID, service, "v7", "web-1", uint64(4711), migrate.Yes, migrate.Yes},
			[]any{l.ID, l.Service, l.Release, l.Host, l.PID, l.Tagged, l.Declared})
		require.Equal(t, in.Supports[change], l.Capability)
		require.Equal(t, userOf(t, w.appDSN)+"@127.0.0.1", l.User)
		require.InDelta(t, time.Minute, l.Left, float64(10*time.Second))
		require.Equal(t, migrate.Planned, m.Settings()[change].Phase)
		require.WithinDuration(t, time.Now().Add(time.Minute), m.Until(), 10*time.Second)

		applied := fleet.Applied{Epoch: 3, ShadowEpoch: 3, ShadowReads: 100, ShadowDiffs: 1, ShadowSample: strings.Repeat("ü", 300) + "\xff"}
		require.NoError(t, m.Renew(t.Context(), map[string]fleet.Applied{change: applied}))
		require.NoError(t, m.Renew(t.Context(), map[string]fleet.Applied{change: {Epoch: 2}}), "an acknowledgement is never taken back")
		all, err := fleet.All(t.Context(), w.own)
		require.NoError(t, err)
		require.Len(t, all, 1)
		require.Equal(t, uint64(3), all[0].Changes[change].Applied.Epoch)

		require.NoError(t, m.Leave(t.Context()))
		require.ErrorIs(t, m.Renew(t.Context(), nil), fleet.ErrExpired)
		require.True(t, m.Until().IsZero())
		live, err = fleet.Live(t.Context(), w.own, change)
		require.NoError(t, err)
		require.Empty(t, live)
		require.NoError(t, db.Close())
	})
}

func TestAnnounceRegistersAnUnplannedChange(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		w := newWorld(t, s)
		in := instance("v7", map[string]migrate.Capability{"not-planned-yet": migrate.CapabilityThrough(migrate.SourceShape, migrate.NewOnly)})
		w.announceTagged(t, in, 0)
		got, err := control.Get(t.Context(), w.own, "not-planned-yet")
		require.NoError(t, err)
		require.Equal(t, migrate.Initial(), got.Setting)
		require.Equal(t, service, got.Service)
	})
}

func TestAnnounceRefusesAReleaseThatMayNotRun(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		w := newWorld(t, s)
		db := openApp(t, w.appDSN, nil)
		source := func(through migrate.Mode) map[string]migrate.Capability {
			return map[string]migrate.Capability{change: migrate.CapabilityThrough(migrate.SourceShape, through)}
		}
		target := map[string]migrate.Capability{change: migrate.CapabilityThrough(migrate.TargetShape, migrate.NewOnly)}
		for _, c := range []struct {
			phase    migrate.Phase
			supports map[string]migrate.Capability
			refused  string // empty: allowed
		}{
			{migrate.Expanded, nil, ""},
			{migrate.Expanded, source(migrate.Off), ""},
			{migrate.Expanded, target, "writes the target shape"},
			{migrate.DualWriting, nil, "does not declare"},
			{migrate.DualWriting, source(migrate.Off), "does not support mode dual_write"},
			{migrate.DualWriting, source(migrate.DualWrite), ""},
			{migrate.ReadingNew, target, ""},
			{migrate.OnlyNew, source(migrate.NewOnly), "writes the source shape"},
			{migrate.OnlyNew, nil, "does not declare"},
			{migrate.Contracted, nil, ""},
			{migrate.Contracted, target, ""},
		} {
			set := w.enter(t, c.phase)
			m, err := fleet.Announce(t.Context(), db, instance("v7", c.supports), time.Minute, nil)
			if c.refused == "" {
				require.NoError(t, err, c.phase)
				require.NoError(t, m.Leave(t.Context()))
				continue
			}
			var refusal *fleet.NotAllowedError
			require.ErrorAs(t, err, &refusal, "%s %v", c.phase, c.supports)
			require.Contains(t, refusal.Why, c.refused)
			require.Equal(t, []any{change, "v7", set.Phase, set.Mode}, []any{refusal.Change, refusal.Release, refusal.Phase, refusal.Mode})
			all, err := fleet.All(t.Context(), w.own)
			require.NoError(t, err)
			require.Empty(t, all, "nothing is recorded")
		}
	})
}

// A transition that is under way when an instance announces itself: the
// announcement waits, and is judged by what the transition wrote.
func TestAnnounceWaitsForATransition(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		w := newWorld(t, s)
		w.enter(t, migrate.Expanded)
		tx, err := w.own.BeginTx(t.Context(), nil)
		require.NoError(t, err)
		defer tx.Rollback()
		from, err := control.Setting(t.Context(), tx, change) // takes the snapshot
		require.NoError(t, err)
		next := from
		next.Phase, next.Mode, next.Epoch = migrate.DualWriting, migrate.DualWrite, from.Epoch+1
		require.NoError(t, control.Transit(t.Context(), tx, change, from, next))
		live, err := fleet.Live(t.Context(), tx, change)
		require.NoError(t, err)
		require.Empty(t, live)

		old := map[string]migrate.Capability{change: migrate.CapabilityThrough(migrate.SourceShape, migrate.Off)}
		db := openApp(t, w.appDSN, nil)
		done := make(chan error, 1)
		go func() {
			_, err := fleet.Announce(t.Context(), db, instance("v6", old), time.Minute, nil)
			done <- err
		}()
		w.waiting(t, "underpin announce", 1)
		require.NoError(t, tx.Commit())
		var refusal *fleet.NotAllowedError
		require.ErrorAs(t, <-done, &refusal)
		require.Equal(t, migrate.DualWriting, refusal.Phase)
	})
}

// An announcement that commits after the transition's transaction took its
// snapshot and before it locked the change is seen by Live.
func TestLiveReadsWhatIsCommittedNotTheSnapshot(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		w := newWorld(t, s)
		tx, err := w.own.BeginTx(t.Context(), &sql.TxOptions{Isolation: sql.LevelRepeatableRead})
		require.NoError(t, err)
		defer tx.Rollback()
		_, err = fleet.All(t.Context(), tx) // takes the snapshot
		require.NoError(t, err)
		m, _ := w.announceTagged(t, instance("v7", throughAll()), time.Minute)
		stale, err := fleet.All(t.Context(), tx)
		require.NoError(t, err)
		require.Empty(t, stale, "the snapshot is old, or this test shows nothing")
		live, err := fleet.Live(t.Context(), tx, change)
		require.NoError(t, err)
		require.Len(t, live, 1)

		// The locks are kept: a renewal waits and then counts.
		done := make(chan error, 1)
		go func() { done <- m.Renew(t.Context(), map[string]fleet.Applied{change: {Epoch: 9}}) }()
		w.waiting(t, "underpin lease", 1)
		require.NoError(t, tx.Commit())
		require.NoError(t, <-done)
		live, err = fleet.Live(t.Context(), w.own, change)
		require.NoError(t, err)
		require.Equal(t, uint64(9), live[0].Applied.Epoch)
	})
}

// A renewal that began in time and had to wait until its lease was over must
// not revive it: who held the lock may have judged the instance dead.
func TestRenewalThatWaitedTooLongDoesNotRevive(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		w := newWorld(t, s)
		const lease = time.Second
		tx, err := w.own.BeginTx(t.Context(), nil)
		require.NoError(t, err)
		defer tx.Rollback()
		m, _ := w.announceTagged(t, instance("v7", throughAll()), lease)
		live, err := fleet.Live(t.Context(), tx, change)
		require.NoError(t, err)
		require.Len(t, live, 1)
		done := make(chan error, 1)
		go func() { done <- m.Renew(t.Context(), nil) }()
		w.waiting(t, "underpin lease", 1)
		require.Eventually(t, func() bool {
			all, err := fleet.All(t.Context(), w.own)
			return err == nil && all[0].Left < 0
		}, 10*time.Second, 20*time.Millisecond)
		require.NoError(t, tx.Commit())
		require.ErrorIs(t, <-done, fleet.ErrExpired)
		live, err = fleet.Live(t.Context(), w.own, change)
		require.NoError(t, err)
		require.Empty(t, live)

		// Announced again under the same id, it is live again.
		again, err := fleet.Announce(t.Context(), openApp(t, w.appDSN, nil), m.Instance(), time.Minute, map[string]fleet.Applied{change: {Epoch: 1}})
		require.NoError(t, err)
		require.NoError(t, again.Renew(t.Context(), nil))
		live, err = fleet.Live(t.Context(), w.own, change)
		require.NoError(t, err)
		require.Len(t, live, 1)
		require.Equal(t, uint64(1), live[0].Applied.Epoch)
	})
}

// Many processes that start at once, while a change makes transitions and its
// engine reads the fleet: nobody is refused for anything but a setting, and no
// transition to a setting happens over a live instance that lacks it.
func TestAnnouncementsAndTransitionsAtOnce(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		w := newWorld(t, s)
		w.enter(t, migrate.Expanded)
		ctx := t.Context()
		var wait sync.WaitGroup
		results := make(chan error, 17)
		for n := range 16 {
			through := migrate.Off
			if n%2 == 0 {
				through = migrate.DualWrite
			}
			db := openApp(t, w.appDSN, nil)
			wait.Go(func() {
				in := instance([]string{"v1", "v2", "v3", "v4"}[n%4], map[string]migrate.Capability{
					change: migrate.CapabilityThrough(migrate.SourceShape, through), "another": migrate.CapabilityThrough(migrate.SourceShape, through),
				})
				m, err := fleet.Announce(ctx, db, in, time.Minute, nil)
				if err == nil {
					err = m.Renew(ctx, map[string]fleet.Applied{change: {Epoch: 1}, "another": {Epoch: 1}})
				}
				results <- err
			})
		}
		wait.Go(func() { results <- w.transitOverFleet(ctx, migrate.DualWriting) })
		wait.Wait()
		close(results)
		refused := 0
		for err := range results {
			var refusal *fleet.NotAllowedError
			if errors.As(err, &refusal) {
				refused++
				continue
			}
			require.NoError(t, err)
		}
		set, err := control.Setting(ctx, w.own, change)
		require.NoError(t, err)
		live, err := fleet.Live(ctx, w.own, change)
		require.NoError(t, err)
		require.Len(t, live, 16-refused)
		if set.Mode == migrate.DualWrite {
			require.Empty(t, fleet.Unsupported(live, set))
		} else {
			require.Zero(t, refused)
		}
	})
}

// transitOverFleet is what the engine does: lock, look, write.
func (w *world) transitOverFleet(ctx context.Context, to migrate.Phase) error {
	tx, err := w.own.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	from, err := control.Setting(ctx, tx, change)
	if err != nil {
		return err
	}
	next := from
	next.Phase, next.Mode, next.Epoch = to, to.Mode(), from.Epoch+1
	if err := control.Transit(ctx, tx, change, from, next); err != nil {
		return err
	}
	live, err := fleet.Live(ctx, tx, change)
	if err != nil || len(fleet.Unsupported(live, next)) > 0 {
		return err
	}
	return tx.Commit()
}

func TestAnnounceChecksWhatItIsGiven(t *testing.T) {
	for name, spoil := range map[string]func(*fleet.Instance){
		"id":       func(in *fleet.Instance) { in.ID = "short" },
		"service":  func(in *fleet.Instance) { in.Service = "" },
		"release":  func(in *fleet.Instance) { in.Release = strings.Repeat("x", 129) },
		"host":     func(in *fleet.Instance) { in.Host = "\xff" },
		"pid":      func(in *fleet.Instance) { in.PID = -1 },
		"change":   func(in *fleet.Instance) { in.Supports = map[string]migrate.Capability{"": {}} },
		"no shape": func(in *fleet.Instance) { in.Supports = map[string]migrate.Capability{change: {}} },
	} {
		in := instance("v7", throughAll())
		spoil(&in)
		_, err := fleet.Announce(t.Context(), nil, in, 0, nil)
		require.ErrorIs(t, err, fleet.ErrInvalidInstance, name)
	}
}
