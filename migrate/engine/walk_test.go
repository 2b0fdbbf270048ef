package engine_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/engine"
	"github.com/underpin-db/underpin/migrate/fleet"
)

func TestEveryGuardHasAMeasureAndEveryWorkAHand(t *testing.T) {
	for _, e := range migrate.Mapped.Edges() {
		require.NoError(t, engine.Known(e), "edge %s → %s", e.From, e.To)
	}
}

func TestWithoutAFleetTheChangeGoesToTheEndAndEachTransitionIsInTheAudit(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		st := newStage(t, s)
		out, err := st.Apply(t.Context(), name, engine.WalkOptions{Wait: 20 * time.Second})
		require.NoError(t, err)
		require.Equal(t, migrate.OnlyNew, out.Phase, "contracting has to be asked for by name")
		st.to(t, migrate.Closed)
		require.Equal(t, 8, strings.Count(strings.Join(st.audit(t), " "), "transition"))
		require.Contains(t, st.audit(t), "ramp")
		require.Contains(t, st.audit(t), "verify")

		require.ErrorIs(t, st.Submit(t.Context(), st.renamed(t)), engine.ErrNameUsed)
		_, err = st.Rollback(t.Context(), name, engine.WalkOptions{To: migrate.OnlyNew})
		require.ErrorContains(t, err, "dropped the source")
	})
}

func TestContractIsNotReachedWithoutBeingNamed(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		st := newStage(t, s)
		st.to(t, migrate.OnlyNew)
		status, err := st.Status(t.Context(), name)
		require.NoError(t, err)
		require.Equal(t, migrate.Contracted, status.Next.To)
		require.Equal(t, migrate.Reversing, status.Back.To)
		require.Contains(t, status.Back.Note+string(status.Back.Loss), "lossless")
	})
}

func TestAPlanThatWasEditedAfterItWasAppliedInPart(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		st := newStage(t, s)
		edited := st.plan(t, strings.Replace(changeFile, "ramp: [10, 100]", "ramp: [20, 100]", 1))
		require.NoError(t, st.Submit(t.Context(), edited), "nothing is done yet")
		require.NoError(t, st.Submit(t.Context(), st.plan(t, changeFile)))
		st.to(t, migrate.Expanded)

		require.ErrorIs(t, st.Submit(t.Context(), edited), engine.ErrPlanChanged)
		require.Equal(t, migrate.Expanded, st.phase(t))

		st.exec(t, "UPDATE _underpin_change SET spec = REPLACE(spec, '\"soak\": \"0s\"', '\"soak\": \"9s\"')")
		_, err := st.Apply(t.Context(), name, engine.WalkOptions{})
		require.Error(t, err, "a spec that was edited in the table is not carried out")
		require.Equal(t, migrate.Expanded, st.phase(t))
	})
}

func TestPauseStopsTheWalkAndSaysWhy(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		st := newStage(t, s)
		require.NoError(t, st.Pause(t.Context(), name, "the quarter's close"))
		_, err := st.Apply(t.Context(), name, engine.WalkOptions{To: migrate.Expanded})
		require.ErrorIs(t, err, engine.ErrPaused)
		require.ErrorContains(t, err, "the quarter's close")
		require.NoError(t, st.Resume(t.Context(), name))
		st.to(t, migrate.Expanded)
	})
}

func TestOneControllerAtATime(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		st := newStage(t, s)
		inside, leave := make(chan struct{}), make(chan struct{})
		first := st.another(t, func(c *engine.Config) {
			c.Actor = "first@test"
			c.Points = func(p engine.Point) {
				if p == engine.PointBeforeWork {
					inside <- struct{}{}
					<-leave
				}
			}
		})
		done := make(chan error, 1)
		go func() {
			_, err := first.Apply(t.Context(), name, engine.WalkOptions{To: migrate.Expanded})
			done <- err
		}()
		<-inside
		_, err := st.Apply(t.Context(), name, engine.WalkOptions{To: migrate.Expanded})
		var held *control.HeldError
		require.ErrorAs(t, err, &held)
		require.Equal(t, "first@test", held.Owner)
		close(leave)
		require.NoError(t, <-done)
	})
}

// An engine that slept through the loss of its lease records nothing.
func TestAControllerThatWasReplacedRecordsNothing(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		st := newStage(t, s)
		st.to(t, migrate.Expanded)
		zombie := st.another(t, func(c *engine.Config) {
			c.Points = func(p engine.Point) {
				if p != engine.PointAfterWork {
					return
				}
				st.exec(t, "UPDATE _underpin_controller SET token = token + 1, owner = 'second'")
			}
		})
		_, err := zombie.Apply(t.Context(), name, engine.WalkOptions{To: migrate.DualWriting})
		require.ErrorIs(t, err, control.ErrLost)
		require.Equal(t, migrate.Expanded, st.phase(t))
	})
}

// errCrash ends a walk at a point without any of the engine's own clean-up.
var errCrash = errors.New("crash")

// Crash before and after every durable step, of the way on, of the way back and
// of the way on again: starting again continues, and the end is the same.
func TestCrashAtEveryPoint(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		for _, p := range []engine.Point{
			engine.PointBeforeWork, engine.PointAfterDDL, engine.PointAfterRecord,
			engine.PointAfterWork, engine.PointBeforeCommit, engine.PointAfterCommit,
		} {
			t.Run(string(p), func(t *testing.T) {
				t.Parallel()
				st := newStage(t, s)
				crashes := crashAt(t, st, p, func(e *engine.Engine) (engine.Outcome, error) {
					return e.Apply(t.Context(), name, engine.WalkOptions{To: migrate.ReadingNew})
				})
				crashes += crashAt(t, st, p, func(e *engine.Engine) (engine.Outcome, error) {
					return e.Rollback(t.Context(), name, engine.WalkOptions{To: migrate.Planned})
				})
				crashes += crashAt(t, st, p, func(e *engine.Engine) (engine.Outcome, error) {
					return e.Apply(t.Context(), name, engine.WalkOptions{To: migrate.Contracted})
				})
				require.Greater(t, crashes, 1, "the point was never reached")
				st.audit(t)
				var n int
				require.NoError(t, st.db.QueryRowContext(t.Context(),
					"SELECT COUNT(*) FROM users WHERE first_name = 'Mary' AND last_name = 'Ann Lee'").Scan(&n))
				require.Equal(t, 1, n)
			})
		}
	})
}

// walker is Apply or Rollback.
type walker func(context.Context, string, engine.WalkOptions) (engine.Outcome, error)

// crashAt runs a walk again and again, crashing it the first, second, third …
// time it comes to a point, until it comes through. It returns the crashes.
func crashAt(t *testing.T, st *stage, p engine.Point, walk func(*engine.Engine) (engine.Outcome, error)) int {
	t.Helper()
	for crashes := 0; ; crashes++ {
		require.Less(t, crashes, 60, "the walk does not come to an end")
		left := crashes
		e := st.another(t, func(c *engine.Config) {
			c.Points = func(at engine.Point) {
				if at == p {
					if left--; left < 0 {
						panic(errCrash)
					}
				}
			}
		})
		out, crashed, err := until(e, walk)
		if !crashed {
			require.NoError(t, err)
			require.True(t, out.Reached, "%+v", out)
			return crashes
		}
		st.endLease(t)
	}
}

// endLease takes the lease of an engine away, which in life runs out by itself. A
// renewal of it may be on its way to the server still.
func (st *stage) endLease(t *testing.T) {
	t.Helper()
	st.exec(t, "UPDATE _underpin_controller SET token = token + 1, lease_until = '1970-01-02'")
}

func until(e *engine.Engine, walk func(*engine.Engine) (engine.Outcome, error)) (out engine.Outcome, crashed bool, err error) {
	defer func() {
		if r := recover(); r != nil {
			if r != errCrash { //nolint:errorlint // the very value is panicked with
				panic(r)
			}
			crashed = true
		}
	}()
	out, err = walk(e)
	return out, false, err
}

func TestDDLDoesNotQueueBehindAnOpenTransactionAndNamesIt(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		st := newStage(t, s)
		conn, err := st.db.Conn(t.Context())
		require.NoError(t, err)
		defer conn.Close()
		tx, err := conn.BeginTx(t.Context(), nil)
		require.NoError(t, err)
		_, err = tx.ExecContext(t.Context(), "UPDATE users SET name = 'Ada King' WHERE id = 1")
		require.NoError(t, err)
		var id uint64
		require.NoError(t, tx.QueryRowContext(t.Context(), "SELECT CONNECTION_ID()").Scan(&id))

		impatient := st.another(t, func(c *engine.Config) { c.DDLAttempts = 1 })
		_, err = impatient.Apply(t.Context(), name, engine.WalkOptions{To: migrate.Expanded})
		require.Equal(t, mysqlx.ClassLockWait, mysqlx.Classify(err), "%v", err)
		require.ErrorContains(t, err, fmt.Sprintf("connection %d", id))
		require.Equal(t, migrate.Planned, st.phase(t))

		done := make(chan error, 1)
		go func() {
			_, err := st.Apply(t.Context(), name, engine.WalkOptions{To: migrate.Expanded})
			done <- err
		}()
		require.Eventually(t, func() bool { return len(st.heard("waiting")) > 0 }, 20*time.Second, 10*time.Millisecond)
		require.NoError(t, tx.Commit())
		require.NoError(t, <-done, "it tries again")
	})
}

func TestDDLThatWouldCopyIsRefusedUnlessAllowed(t *testing.T) {
	t.Parallel()
	copying := strings.Replace(changeFile, "expand:\n", "expand:\n  - ALTER TABLE users MODIFY name VARCHAR(300) NULL\n", 1)
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		st := newStage(t, s)
		st.exec(t, "ALTER TABLE users MODIFY name VARCHAR(60) NULL") // 60 → 300 characters needs a second length byte
		require.NoError(t, st.Submit(t.Context(), st.plan(t, copying)))
		_, err := st.Apply(t.Context(), name, engine.WalkOptions{To: migrate.Expanded})
		if err == nil {
			t.Logf("this server widens without copying: %v", st.heard("ddl"))
			return
		}
		require.ErrorIs(t, err, engine.ErrWouldCopy)
		allowed := st.another(t, func(c *engine.Config) { c.Copying = engine.AllowCopying })
		out, err := allowed.Apply(t.Context(), name, engine.WalkOptions{To: migrate.Expanded})
		require.NoError(t, err)
		require.True(t, out.Reached)
	})
}

func TestAWalkThatIsCancelledCanBeTakenUpAgain(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		st := newStage(t, s)
		ctx, cancel := context.WithCancel(t.Context())
		cancelled := st.another(t, func(c *engine.Config) {
			c.Points = func(p engine.Point) {
				if p == engine.PointAfterDDL {
					cancel()
				}
			}
		})
		_, err := cancelled.Apply(ctx, name, engine.WalkOptions{To: migrate.Expanded})
		require.ErrorIs(t, err, context.Canceled)
		st.to(t, migrate.Expanded) // at once: the lease was given up
	})
}

func TestStrangersAreNamed(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		st := newStage(t, s)
		old := st.stranger(t, s)
		st.to(t, migrate.Expanded)
		out, err := st.Apply(t.Context(), name, engine.WalkOptions{To: migrate.DualWriting})
		require.NoError(t, err)
		require.False(t, out.Reached)
		require.Len(t, out.Waiting, 1)
		require.Equal(t, migrate.GuardNoStrangers, out.Waiting[0].Guard)
		require.NotEmpty(t, out.Waiting[0].Blockers)
		require.Contains(t, out.Waiting[0].Blockers[0].User, "old_app")
		require.Contains(t, st.audit(t), "refused")
		require.NoError(t, old.Close())
		st.to(t, migrate.DualWriting)
	})
}

// Asking again and again for what is refused for the same reason leaves one
// entry in the audit; another reason, or another who asks, leaves one more.
func TestARefusalIsRecordedOnceAReason(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		st := newStage(t, s)
		st.to(t, migrate.Expanded)
		refusals := func() int { return strings.Count(strings.Join(st.audit(t), " "), "refused") }
		before := refusals()
		ask := func(e *engine.Engine, to migrate.Phase) {
			t.Helper()
			for range 3 {
				out, err := e.Apply(t.Context(), name, engine.WalkOptions{To: to})
				require.NoError(t, err)
				require.False(t, out.Reached)
			}
		}
		announce := func(release string) {
			t.Helper()
			_, err := fleet.Announce(t.Context(), st.db, fleet.Instance{
				ID: fleet.NewID(), Service: "accounts", Release: release, Host: "web-7", PID: 4711,
				Supports: map[string]migrate.Capability{name: migrate.CapabilityThrough(migrate.SourceShape, migrate.Off)},
			}, time.Minute, nil)
			require.NoError(t, err)
		}
		announce("r1") // it cannot follow
		ask(st.Engine, migrate.DualWriting)
		require.Equal(t, before+1, refusals())
		announce("r2")
		ask(st.Engine, migrate.DualWriting)
		require.Equal(t, before+2, refusals(), "somebody else is in the way, too")
		ask(st.another(t, func(c *engine.Config) { c.Actor = "somebody@else" }), migrate.DualWriting)
		require.Equal(t, before+3, refusals(), "somebody else has asked")
	})
}

func TestUnsupportedInstancesAreNamed(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		st := newStage(t, s)
		member, err := fleet.Announce(t.Context(), st.db, fleet.Instance{
			ID: fleet.NewID(), Service: "accounts", Release: "r1", Host: "web-7", PID: 4711, Tagged: migrate.Yes,
			Supports: map[string]migrate.Capability{name: migrate.CapabilityThrough(migrate.SourceShape, migrate.Off)},
		}, 0, nil)
		require.NoError(t, err)
		out, err := st.Apply(t.Context(), name, engine.WalkOptions{To: migrate.DualWriting})
		require.NoError(t, err)
		require.False(t, out.Reached)
		require.Equal(t, migrate.Expanded, out.Phase)
		require.Equal(t, migrate.GuardFleetSupports, out.Waiting[0].Guard)
		require.Equal(t, "web-7", out.Waiting[0].Blockers[0].Host)
		require.Equal(t, "r1", out.Waiting[0].Blockers[0].Release)
		require.NoError(t, member.Leave(t.Context()))
		st.to(t, migrate.DualWriting)
	})
}

func TestWhatNamesTheOldElementBlocks(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		st := newStage(t, s)
		st.to(t, migrate.ReadingNew)
		st.exec(t, "CREATE VIEW people AS SELECT id, name FROM users")
		out, err := st.Apply(t.Context(), name, engine.WalkOptions{To: migrate.OnlyNew})
		require.NoError(t, err)
		require.False(t, out.Reached)
		require.Equal(t, migrate.GuardUnnamed, out.Waiting[0].Guard)
		require.Contains(t, out.Waiting[0].Blockers[0].Object, "`people`")
		st.exec(t, "DROP VIEW people")
		st.to(t, migrate.OnlyNew)
	})
}

func TestSomebodyElseDropsTheTarget(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		st := newStage(t, s)
		st.to(t, migrate.Expanded)
		st.exec(t, "ALTER TABLE users DROP COLUMN first_name")
		out, err := st.Apply(t.Context(), name, engine.WalkOptions{To: migrate.DualWriting})
		require.NoError(t, err)
		require.False(t, out.Reached)
		require.Equal(t, migrate.GuardSchemaWhole, out.Waiting[0].Guard)
	})
}

func TestSoakIsWaitedFor(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		st := newStage(t, s)
		require.NoError(t, st.Submit(t.Context(), st.plan(t, strings.Replace(changeFile, "soak: 0s", "soak: 1h", 1))))
		st.to(t, migrate.ReadingNew)
		out, err := st.Apply(t.Context(), name, engine.WalkOptions{To: migrate.OnlyNew, Wait: 50 * time.Millisecond})
		require.NoError(t, err)
		require.True(t, out.TimedOut)
		require.Equal(t, migrate.GuardSoaked, out.Waiting[0].Guard)
		require.Contains(t, out.Waiting[0].Reason, "left")
	})
}

// A transition does not wait longer than its bound for a transaction that
// holds the fence, so that it holds up nobody else for longer either.
func TestATransitionDoesNotHoldUpWritersBehindALongOne(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		st := newStage(t, s)
		st.to(t, migrate.Expanded)
		tx, err := st.db.BeginTx(t.Context(), nil)
		require.NoError(t, err)
		_, err = control.Fence(t.Context(), tx, name)
		require.NoError(t, err)
		impatient := st.another(t, func(c *engine.Config) { c.DDLAttempts = 1 })
		_, err = impatient.Apply(t.Context(), name, engine.WalkOptions{To: migrate.DualWriting})
		require.Equal(t, mysqlx.ClassLockWait, mysqlx.Classify(err), "%v", err)
		require.ErrorContains(t, err, "in the way")
		require.NoError(t, tx.Commit())
		st.to(t, migrate.DualWriting)
	})
}

func TestARowThatDoesNotFitKeepsThePhaseFromBeingVerified(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		st := newStage(t, s)
		st.to(t, migrate.Backfilling)
		// A row that does not fit: the name is longer than the target takes.
		st.exec(t, "ALTER TABLE users MODIFY first_name VARCHAR(3) NULL")
		out, err := st.Apply(t.Context(), name, engine.WalkOptions{To: migrate.Verified})
		require.NoError(t, err)
		require.False(t, out.Reached)
		require.Equal(t, migrate.GuardBackfilled, out.Waiting[0].Guard)
		status, err := st.Status(t.Context(), name)
		require.NoError(t, err)
		require.NotEmpty(t, status.Quarantined)
		st.exec(t, "ALTER TABLE users MODIFY first_name VARCHAR(200) NULL")
		st.to(t, migrate.Verified)
	})
}
