package engine

import (
	"context"
	"fmt"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate/fleet"
)

// fleetSupports: every live instance can work under the next setting.
func (s *step) fleetSupports(ctx context.Context, q mysqlx.Querier) (Verdict, error) {
	live, err := fleet.Live(ctx, q, s.change.Name)
	if err != nil {
		return Verdict{}, err
	}
	blockers := fleet.Unsupported(live, s.next)
	if len(blockers) > 0 {
		v := refuses("%s cannot work in phase %s", plural(uint64(len(blockers)), "live instance"), s.next.Phase)
		v.Blockers = blockers
		return v, nil
	}
	return holds("%s can work in phase %s", plural(uint64(len(live)), "live instance"), s.next.Phase), nil
}

// readersDrained: every live instance has acknowledged the present epoch.
func (s *step) readersDrained(ctx context.Context, q mysqlx.Querier) (Verdict, error) {
	live, err := fleet.Live(ctx, q, s.change.Name)
	if err != nil {
		return Verdict{}, err
	}
	if behind := fleet.Behind(live, s.change.Setting.Epoch); len(behind) > 0 {
		v := refuses("%s not acknowledged epoch %d yet", has(len(behind)), s.change.Setting.Epoch)
		v.Blockers = behind
		return v, nil
	}
	return holds("%s acknowledged epoch %d", has(len(live)), s.change.Setting.Epoch), nil
}

// noStrangers: no connection of code without the library is left.
func (s *step) noStrangers(ctx context.Context, _ mysqlx.Querier) (Verdict, error) {
	ev, err := fleet.Strangers(ctx, s.e.cfg.DB, fleet.EvidenceConfig{
		Change: s.change.Name, Users: s.plan.Connections.Users, Window: s.e.cfg.EvidenceWindow,
	})
	if err != nil {
		return Verdict{}, err
	}
	// Known by account is as much as a process list gives; the failure model
	// says what it cannot tell apart.
	if ok, why := ev.Clear(fleet.ByAccount); !ok {
		v := refuses("%s", why)
		if n := len(ev.Strangers); n > 0 {
			v = refuses("%s not belong to the fleet", do(uint64(n), "connection"))
			v.Blockers = ev.Strangers
		}
		return v, nil
	}
	return holds("no connection without the library, by %s", ev.Method), nil
}

// shadowClean: reads of both shapes were compared in this phase and none
// differed.
func (s *step) shadowClean(ctx context.Context, q mysqlx.Querier) (Verdict, error) {
	want := s.plan.Reads.Shadow
	if want.Sample == 0 || want.Min == 0 {
		return holds("the plan asks for no shadow reads"), nil
	}
	live, err := fleet.Live(ctx, q, s.change.Name)
	if err != nil {
		return Verdict{}, err
	}
	var reads, diffs uint64
	var sample string
	for _, l := range live {
		if l.Applied.ShadowEpoch == s.change.Setting.Epoch {
			reads += l.Applied.ShadowReads
			diffs += l.Applied.ShadowDiffs
			if l.Applied.ShadowSample != "" {
				sample = l.Applied.ShadowSample
			}
		}
	}
	switch {
	case diffs > 0:
		return refuses("%d of %d shadow reads differ, for example of key %s: the application's two readers do not agree; step back, mend, and verify again",
			diffs, reads, sample), nil
	case reads < want.Min:
		return refuses("%d of %d shadow reads made since phase %s was entered; reads.shadow.min in the change file sets how many are wanted",
			reads, want.Min, s.change.Setting.Phase), nil
	}
	return holds("%d shadow reads, none differs", reads), nil
}

// forgotten: no live instance declares the change any more.
func (s *step) forgotten(ctx context.Context, q mysqlx.Querier) (Verdict, error) {
	live, err := fleet.Live(ctx, q, s.change.Name)
	if err != nil {
		return Verdict{}, err
	}
	if still := fleet.Declaring(live); len(still) > 0 {
		v := refuses("the application's code still knows the change")
		v.Blockers = still
		return v, nil
	}
	return holds("no live instance declares the change"), nil
}

// has is "1 live instance has" or "2 live instances have".
func has(n int) string {
	if n == 1 {
		return "1 live instance has"
	}
	return fmt.Sprintf("%d live instances have", n)
}
