package fleet_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/fleet"
)

func TestGatesNameWhoIsInTheWay(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		w := newWorld(t, s)
		w.enter(t, migrate.Expanded)
		ready := instance("v7", throughAll())
		m, _ := w.announceTagged(t, ready, time.Minute)
		w.announceTagged(t, instance("v6", map[string]migrate.Capability{change: migrate.CapabilityThrough(migrate.SourceShape, migrate.Off)}), time.Minute)
		w.announceTagged(t, instance("v5", nil), time.Minute)
		stranger := instance("b1", nil)
		stranger.Service = "billing"
		w.announceTagged(t, stranger, time.Minute)

		live, err := fleet.Live(t.Context(), w.own, change)
		require.NoError(t, err)
		require.Len(t, live, 3, "billing does not matter to the change")
		next := migrate.Setting{Phase: migrate.DualWriting, Mode: migrate.DualWrite}
		blockers := fleet.Unsupported(live, next)
		require.Len(t, blockers, 2)
		text := reasons(blockers)
		require.Contains(t, text, "release v6 on web-1 (pid 4711): it does not support mode dual_write")
		require.Contains(t, text, "release v5 on web-1 (pid 4711): it does not declare the change")
		require.Positive(t, blockers[0].Left)
		require.Empty(t, fleet.Unsupported(live, migrate.Setting{Phase: migrate.Planned, Mode: migrate.Off}))

		require.NoError(t, m.Renew(t.Context(), map[string]fleet.Applied{change: {Epoch: 1}}))
		live, err = fleet.Live(t.Context(), w.own, change)
		require.NoError(t, err)
		require.Len(t, fleet.Behind(live, 1), 1)
		require.Equal(t, "v6", fleet.Behind(live, 1)[0].Release)
		require.Contains(t, fleet.Behind(live, 2)[0].Reason, "of 2")
		require.Len(t, fleet.Declaring(live), 2)

		_, err = fleet.Live(t.Context(), w.own, "no-such-change")
		require.ErrorIs(t, err, control.ErrNoChange)
	})
}

func TestExpireKeepsTheDeadForADay(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		w := newWorld(t, s)
		dead := instance("v6", throughAll())
		w.announceTagged(t, dead, time.Minute)
		w.announceTagged(t, instance("v7", throughAll()), time.Minute)
		age := func(text string) {
			_, err := w.d.DB.ExecContext(t.Context(), "UPDATE _underpin_instance SET lease_until = UTC_TIMESTAMP(6) - INTERVAL "+text+" WHERE id = ?", dead.ID)
			require.NoError(t, err)
		}
		age("23 HOUR")
		n, err := fleet.Expire(t.Context(), w.own, 0)
		require.NoError(t, err)
		require.Zero(t, n)
		all, err := fleet.All(t.Context(), w.own)
		require.NoError(t, err)
		require.Len(t, all, 2)
		live, err := fleet.Live(t.Context(), w.own, change)
		require.NoError(t, err)
		require.Len(t, live, 1, "remembered, not live")
		age("25 HOUR")
		n, err = fleet.Expire(t.Context(), w.own, 0)
		require.NoError(t, err)
		require.Equal(t, 1, n)
		supports, err := control.Supports(t.Context(), w.own)
		require.NoError(t, err)
		require.Len(t, supports, 1)
		_, err = fleet.Expire(t.Context(), w.own, -1)
		require.Error(t, err)
	})
}

func TestCanRun(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		w := newWorld(t, s)
		db := openApp(t, w.appDSN, nil)
		for release, supports := range map[string]map[string]migrate.Capability{
			"v5": nil,
			"v6": {change: migrate.CapabilityThrough(migrate.SourceShape, migrate.Off)},
			"v7": throughAll(),
		} {
			m, err := fleet.Announce(t.Context(), db, instance(release, supports), time.Minute, nil)
			require.NoError(t, err)
			require.NoError(t, m.Leave(t.Context()))
		}
		ask := func(release string) fleet.Verdict {
			verdicts, err := fleet.CanRun(t.Context(), w.own, service, release)
			require.NoError(t, err)
			require.Len(t, verdicts, 1)
			v := verdicts[0]
			require.Equal(t, v.Allowed == migrate.Yes, fleet.AllAllow(verdicts))
			require.Equal(t, release != "v9", v.Known == migrate.Yes)
			require.NotEmpty(t, v.Why)
			return v
		}
		for _, c := range []struct {
			phase migrate.Phase
			may   map[string]migrate.Choice
		}{
			{migrate.Expanded, map[string]migrate.Choice{"v5": migrate.Yes, "v6": migrate.Yes, "v7": migrate.Yes, "v9": migrate.Yes}},
			{migrate.DualWriting, map[string]migrate.Choice{"v5": migrate.No, "v6": migrate.No, "v7": migrate.Yes, "v9": migrate.No}},
			{migrate.OnlyNew, map[string]migrate.Choice{"v5": migrate.No, "v7": migrate.No}},
			{migrate.Contracted, map[string]migrate.Choice{"v5": migrate.No, "v7": migrate.No, "v9": migrate.No}},
		} {
			w.enter(t, c.phase)
			for release, want := range c.may {
				v := ask(release)
				require.Equal(t, want, v.Allowed, "%s in %s: %s", release, c.phase, v.Why)
			}
		}
		// v5 again, now that the source is gone: it has been seen to run.
		_, err := fleet.Announce(t.Context(), db, instance("v5", nil), time.Minute, nil)
		require.NoError(t, err)
		require.Equal(t, migrate.Yes, ask("v5").Allowed)
		none, err := fleet.CanRun(t.Context(), w.own, "billing", "b1")
		require.NoError(t, err)
		require.Empty(t, none)
		require.True(t, fleet.AllAllow(none))
	})
}

// A release that is built again under the same name with less in it.
func TestReleaseForgetsWhatItNoLongerDeclares(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		w := newWorld(t, s)
		db := openApp(t, w.appDSN, nil)
		in := instance("dev", throughAll())
		_, err := fleet.Announce(t.Context(), db, in, time.Minute, nil)
		require.NoError(t, err)
		in.Supports = nil
		_, err = fleet.Announce(t.Context(), db, in, time.Minute, nil)
		require.NoError(t, err)
		r, ok, err := control.GetRelease(t.Context(), w.own, service, "dev")
		require.NoError(t, err)
		require.True(t, ok)
		require.Empty(t, r.Declares)
		supports, err := control.Supports(t.Context(), w.own)
		require.NoError(t, err)
		require.Empty(t, supports)
	})
}

// A change of the schema alone judges releases by the names it gives, from the
// moment the schema is another until it is closed.
func TestCanRunUnderASchemaChange(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		w := newWorld(t, s)
		record := func(spec string) {
			c, err := control.Get(t.Context(), w.own, change)
			require.NoError(t, err)
			c.PlanHash, c.Spec = "a hash", []byte(spec)
			require.NoError(t, control.RecordPlan(t.Context(), w.own, c))
		}
		enter := func(phase migrate.Phase) {
			from, err := control.Setting(t.Context(), w.own, change)
			require.NoError(t, err)
			require.NoError(t, control.Transit(t.Context(), w.own, change, from, from.Along(migrate.Edge{To: phase})))
		}
		may := func(release string) migrate.Choice {
			verdicts, err := fleet.CanRun(t.Context(), w.own, service, release)
			require.NoError(t, err)
			require.Len(t, verdicts, 1)
			require.NotEmpty(t, verdicts[0].Why)
			return verdicts[0].Allowed
		}
		record(`{"change": {"name": "c", "service": "s", "course": "retired", "releases": ["v7", "v8"]}}`)
		require.Equal(t, migrate.Yes, may("v6"), "nothing has been done yet")
		for _, phase := range []migrate.Phase{migrate.Expanded, migrate.Contracted} {
			enter(phase)
			require.Equal(t, migrate.No, may("v6"))
			require.Equal(t, migrate.Yes, may("v7"))
		}
		enter(migrate.Closed)
		require.Equal(t, migrate.Yes, may("v9"))
		enter(migrate.Planned)
		record(`{"change": {"name": "c", "service": "s", "course": "sideways"}}`)
		_, err := fleet.CanRun(t.Context(), w.own, service, "v7")
		require.ErrorIs(t, err, migrate.ErrUnknownCourse, "a newer release of the tool may have written it")
	})
}
