package querykiller_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/querykiller"
)

func TestKillerKillsAtTheBudgetAndVerifies(t *testing.T) {
	play(t, killAt2, &stage{}, func(t *testing.T, w *watched) {
		w.run(7, func(s *querykiller.Session) { s.Text, s.Digest = "/* owner=search */ SELECT 'geheim'", "" })
		pass(1999 * time.Millisecond)
		require.Empty(t, w.seen().killed)
		pass(10 * time.Millisecond)
		require.Equal(t, []string{"kill_query 7"}, w.seen().killed, "10 ms past its budget")
		require.Equal(t, 1, w.Status().Victims)
		pass(time.Second)
		require.Equal(t, "7 kill_query dead", w.outcomes())
		d := w.seen().decisions[0]
		require.Equal(t, []any{"db1", "r", "search", "SELECT ?", querykiller.KindSelect}, []any{d.Server, d.Rule, d.Owner, d.Text, d.Kind})
		require.Len(t, d.Digest, 64)
		require.GreaterOrEqual(t, d.Age, 2*time.Second)
		require.NotNil(t, d.DeadAfter)
		require.LessOrEqual(t, *d.DeadAfter, querykiller.DefaultInterval/4)
		require.Equal(t, time.Microsecond, d.Window)
		st := w.Status()
		require.Equal(t, []any{uint64(1), 0, []string{"something"}}, []any{st.Kills, st.Victims, st.Degraded})
	})
}

func TestKillerPollsNoOftenerThanItHasTo(t *testing.T) {
	play(t, killAt2, &stage{}, func(t *testing.T, w *watched) {
		pass(10 * time.Second)
		require.InDelta(t, 51, w.seen().polls, 1)
		require.EqualValues(t, w.seen().polls, w.Status().Polls)
	})
}

func TestKillerDryRun(t *testing.T) {
	play(t, killAt2, &stage{}, func(t *testing.T, w *watched) {
		w.run(7)
		pass(10 * time.Second)
		require.Empty(t, w.seen().killed)
		require.Equal(t, "7 kill_query dry_run", w.outcomes())
	}, func(c *querykiller.Config) { c.Mode = querykiller.ModeDryRun })
}

func TestKillerWarnsOnceAStatement(t *testing.T) {
	play(t, "rules:\n  - {name: r, action: warn, budget: 2s}\n", &stage{}, func(t *testing.T, w *watched) {
		w.run(7)
		pass(5 * time.Second)
		require.Equal(t, "7 warn warned", w.outcomes())
		w.leave(7)
		pass(time.Second)
		w.run(7)
		pass(5 * time.Second)
		require.Equal(t, "7 warn warned, 7 warn warned", w.outcomes())
	})
}

func TestKillerEscalates(t *testing.T) {
	s := &stage{}
	s.kill = func(id querykiller.StatementID, act querykiller.Act) (querykiller.Killing, error) {
		if act == querykiller.ActConnection {
			s.end(id.Session)
		}
		return querykiller.Killing{Result: querykiller.Killed}, nil
	}
	play(t, "rules:\n  - {name: r, action: kill_query, budget: 2s, escalate: {to: kill_connection, after: 3s}}\n", s, func(t *testing.T, w *watched) {
		w.run(7)
		pass(4900 * time.Millisecond)
		repeated := slices.Repeat([]string{"kill_query 7"}, 3)
		require.Equal(t, repeated, w.seen().killed)
		pass(time.Second)
		require.Equal(t, append(repeated, "kill_connection 7"), w.seen().killed)
		require.Equal(t, "7 kill_query escalated, 7 kill_connection dead", w.outcomes())
		require.True(t, w.seen().decisions[1].Escalation)
		require.Contains(t, w.seen().decisions[1].Reason, "it outlived kill_query for 3s")
	})
}

// A second kill that was too late for what the server runs is tried again.
func TestKillerEscalatesAgain(t *testing.T) {
	s := &stage{}
	stale := 2
	s.kill = func(id querykiller.StatementID, act querykiller.Act) (querykiller.Killing, error) {
		if act != querykiller.ActConnection {
			return querykiller.Killing{Result: querykiller.Killed}, nil
		}
		if stale--; stale >= 0 {
			return querykiller.Killing{Result: querykiller.Uncertain}, querykiller.ErrStale
		}
		s.end(id.Session)
		return querykiller.Killing{Result: querykiller.Killed}, nil
	}
	play(t, "rules:\n  - {name: r, action: kill_query, budget: 2s, escalate: {to: kill_connection, after: 3s}}\n", s, func(t *testing.T, w *watched) {
		w.run(7)
		pass(8 * time.Second)
		require.Equal(t, append(slices.Repeat([]string{"kill_query 7"}, 3), slices.Repeat([]string{"kill_connection 7"}, 3)...), w.seen().killed)
		require.Equal(t, "7 kill_query escalated, 7 kill_connection dead", w.outcomes())
	})
}

func TestKillerDoesNotEscalateWhatMayHoldTables(t *testing.T) {
	play(t, "rules:\n  - {name: r, action: kill_query, budget: 2s, escalate: {to: kill_connection, after: 3s}}\n", &stage{kill: deaf}, func(t *testing.T, w *watched) {
		w.run(7, func(s *querykiller.Session) { s.HoldsTables = querykiller.Unknown })
		pass(20 * time.Second)
		require.Equal(t, "7 kill_query survived", w.outcomes())
		require.Contains(t, w.seen().decisions[0].Reason, "not escalated: whether it holds LOCK TABLES is not known")
	})
}

func TestKillerRaisesAnAlarmForASurvivor(t *testing.T) {
	play(t, killAt2, &stage{kill: deaf}, func(t *testing.T, w *watched) {
		w.run(7)
		pass(20 * time.Second)
		require.Equal(t, slices.Repeat([]string{"kill_query 7"}, 5), w.seen().killed, "every second until the alarm")
		require.EqualValues(t, 1, w.Status().Kills)
		require.Equal(t, "7 kill_query survived", w.outcomes())
		require.True(t, w.seen().decisions[0].Outcome.Alarm())
		w.leave(7)
		pass(time.Second)
		require.Equal(t, "7 kill_query survived", w.outcomes())
		require.Zero(t, w.Status().Victims)
	})
}

// A kill that the server took and lost is repeated, and counts once. One that shows
// in the list is not.
func TestKillerRepeatsALostKill(t *testing.T) {
	s := &stage{}
	kills := 0
	s.kill = func(id querykiller.StatementID, _ querykiller.Act) (querykiller.Killing, error) {
		if kills++; kills > 1 {
			s.end(id.Session)
		}
		return querykiller.Killing{Result: querykiller.Killed}, nil
	}
	play(t, killAt2, s, func(t *testing.T, w *watched) {
		w.run(7)
		pass(4 * time.Second)
		require.Equal(t, []string{"kill_query 7", "kill_query 7"}, w.seen().killed)
		require.Equal(t, "7 kill_query dead", w.outcomes())
		require.InDelta(t, time.Second, *w.seen().decisions[0].DeadAfter, float64(200*time.Millisecond))
		require.Contains(t, w.seen().decisions[0].Reason, "s of 2s; it did not react, and was killed again")
		require.EqualValues(t, 1, w.Status().Kills)
	})
	s = &stage{}
	s.kill = func(querykiller.StatementID, querykiller.Act) (querykiller.Killing, error) {
		s.sessions[0].Command = "Killed"
		return querykiller.Killing{Result: querykiller.Killed}, nil
	}
	play(t, killAt2, s, func(t *testing.T, w *watched) {
		w.run(7)
		pass(20 * time.Second)
		require.Equal(t, []string{"kill_query 7"}, w.seen().killed)
		require.Equal(t, "7 kill_query survived", w.outcomes())
	})
}

// A repeat that kills nothing says nothing of the kill that it repeats: that was
// taken, and what becomes of it is seen.
func TestKillerRepeatsInVain(t *testing.T) {
	for _, err := range []error{querykiller.ErrStale, querykiller.ErrExpired} {
		s := &stage{}
		taken := false
		s.kill = func(querykiller.StatementID, querykiller.Act) (querykiller.Killing, error) {
			if !taken {
				taken = true
				return querykiller.Killing{Result: querykiller.Killed}, nil
			}
			return querykiller.Killing{Result: querykiller.Uncertain}, err
		}
		play(t, killAt2, s, func(t *testing.T, w *watched) {
			w.run(7)
			pass(5 * time.Second)
			require.Greater(t, len(w.seen().killed), 4, "each look tries again")
			require.Empty(t, w.outcomes())
			if errors.Is(err, querykiller.ErrStale) {
				w.leave(7)
				pass(time.Second)
				require.Equal(t, "7 kill_query dead", w.outcomes())
				require.NotContains(t, w.seen().decisions[0].Reason, "killed again")
				return
			}
			pass(5 * time.Second)
			require.Equal(t, "7 kill_query survived", w.outcomes())
		})
	}
}

func TestKillerLeavesARollbackAlone(t *testing.T) {
	s := &stage{}
	s.kill = func(querykiller.StatementID, querykiller.Act) (querykiller.Killing, error) {
		s.sessions[0].RollingBack = querykiller.Yes
		return querykiller.Killing{Result: querykiller.Killed}, nil
	}
	play(t, "rules:\n  - {name: r, action: kill_query, budget: 2s, escalate: {to: kill_connection, after: 3s}}\n", s, func(t *testing.T, w *watched) {
		w.run(7, func(s *querykiller.Session) { s.Kind, s.RowsModified = querykiller.KindDML, 1000 })
		pass(20 * time.Second)
		require.Equal(t, []string{"kill_query 7"}, w.seen().killed)
		require.Equal(t, "7 kill_query rolling_back", w.outcomes())
		require.Equal(t, 100*time.Millisecond, *w.seen().decisions[0].Rollback)
	})
}

func TestKillerResults(t *testing.T) {
	for _, c := range []struct {
		killing querykiller.Killing
		err     error
		want    string
		kills   int
	}{
		{querykiller.Killing{Result: querykiller.Gone}, nil, "7 kill_query gone", 0},
		{querykiller.Killing{Result: querykiller.Denied}, errors.New("needs CONNECTION_ADMIN"), "7 kill_query failed", 0},
		{querykiller.Killing{Result: querykiller.Uncertain}, errors.New("invalid connection"), "7 kill_query failed", 1},
		{querykiller.Killing{}, errors.New("invalid connection"), "7 kill_query failed", 1},
		{querykiller.Killing{Result: querykiller.Uncertain}, querykiller.ErrExpired, "7 kill_query failed", 0},
	} {
		s := &stage{kill: func(querykiller.StatementID, querykiller.Act) (querykiller.Killing, error) { return c.killing, c.err }}
		play(t, killAt2, s, func(t *testing.T, w *watched) {
			w.run(7)
			pass(4 * time.Second)
			require.Equal(t, c.want, w.outcomes())
			require.EqualValues(t, c.kills, w.Status().Kills, "a kill is counted once, however often its answer is lost")
			if c.err != nil {
				require.Equal(t, c.err.Error(), w.seen().decisions[0].Error)
			}
			if c.killing.Result == querykiller.Denied {
				require.Len(t, w.seen().killed, 1, "what is denied is not tried again")
			}
		})
	}
}

func TestKillerFindsOutWhetherALostKillWorked(t *testing.T) {
	s := &stage{}
	s.kill = func(id querykiller.StatementID, _ querykiller.Act) (querykiller.Killing, error) {
		s.end(id.Session)
		return querykiller.Killing{Result: querykiller.Uncertain}, errors.New("invalid connection")
	}
	play(t, killAt2, s, func(t *testing.T, w *watched) {
		w.run(7)
		pass(4 * time.Second)
		require.Equal(t, "7 kill_query dead", w.outcomes())
	})
}

// A server's clock that jumps, forward or back, makes no statement older and hides
// none.
func TestKillerClockJump(t *testing.T) {
	for _, jump := range []time.Duration{time.Hour, -time.Hour} {
		s := &stage{}
		play(t, killAt2, s, func(t *testing.T, w *watched) {
			w.run(7)
			pass(1500 * time.Millisecond)
			s.mu.Lock()
			s.skew = jump
			s.mu.Unlock()
			pass(490 * time.Millisecond)
			require.Empty(t, w.seen().killed, "early")
			pass(100 * time.Millisecond)
			require.Len(t, w.seen().killed, 1)
		})
	}
}

func TestKillerRefusesWithoutIdentity(t *testing.T) {
	play(t, killAt2, &stage{}, func(t *testing.T, w *watched) {
		w.run(7, func(s *querykiller.Session) { s.Statement = querykiller.StatementID{Session: 7} })
		pass(4 * time.Second)
		require.Empty(t, w.seen().killed)
		require.Equal(t, "7 kill_query refused", w.outcomes())
		require.Contains(t, w.seen().decisions[0].Reason, "does not tell this statement from the next one")
	})
}

func TestKillerRateLimit(t *testing.T) {
	play(t, "rules:\n  - {name: r, action: kill_query, budget: 2s, rate: {kills: 2, per: 10s}}\n", &stage{}, func(t *testing.T, w *watched) {
		for id := range uint64(4) {
			w.run(id + 1)
		}
		pass(3 * time.Second)
		require.Len(t, w.seen().killed, 2)
		require.Equal(t, "1 kill_query dead, 2 kill_query dead, 3 kill_query limited, 4 kill_query limited", w.outcomes())
		pass(10 * time.Second)
		require.Len(t, w.seen().killed, 4, "when the window has passed")
	})
}

// The kills of a poll are carried out together, and a limit counts them as if
// they came one after the other: those that came to nothing do not count.
func TestKillerLimitsCountWhatWasKilled(t *testing.T) {
	s := &stage{}
	s.kill = func(id querykiller.StatementID, _ querykiller.Act) (querykiller.Killing, error) {
		s.end(id.Session)
		if id.Session <= 2 {
			return querykiller.Killing{Result: querykiller.Gone}, nil
		}
		return querykiller.Killing{Result: querykiller.Killed}, nil
	}
	play(t, killAt2+"breaker: {kills: 2, per: 1m}\n", s, func(t *testing.T, w *watched) {
		for id := range uint64(5) {
			w.run(id + 1)
		}
		pass(2010 * time.Millisecond)
		require.Equal(t, []string{"kill_query 1", "kill_query 2", "kill_query 3", "kill_query 4"}, w.seen().killed)
		pass(time.Second)
		require.Equal(t, "5 kill_query stopped, 3 kill_query dead, 4 kill_query dead", w.outcomes(), "what ended within its budget is nobody's business")
	})
}

func TestKillerBreaker(t *testing.T) {
	play(t, killAt2+"breaker: {kills: 2, per: 1m}\n", &stage{}, func(t *testing.T, w *watched) {
		for id := range uint64(4) {
			w.run(id + 1)
		}
		pass(5 * time.Minute)
		require.Len(t, w.seen().killed, 2, "it stays stopped when the window has passed")
		require.Equal(t, "1 kill_query dead, 2 kill_query dead, 3 kill_query stopped, 4 kill_query stopped", w.outcomes())
		require.Contains(t, w.Status().Stopped, "there were 2 kills in 1m0s")
		require.Equal(t, 1, strings.Count(w.seen().log, "the breaker has stopped the killer"))
		w.ResetBreaker()
		pass(time.Second)
		require.Len(t, w.seen().killed, 4)
		require.Empty(t, w.Status().Stopped)
	})
}

func TestKillerSurvivesLostPolls(t *testing.T) {
	play(t, killAt2, &stage{broken: errors.New("connection refused")}, func(t *testing.T, w *watched) {
		w.run(7)
		pass(time.Minute)
		require.Empty(t, w.seen().killed)
		require.Equal(t, 1, strings.Count(w.seen().log, "the server cannot be polled"), "told once")
		require.ErrorContains(t, w.Status().LastError, "connection refused")
		require.Equal(t, w.Status().Polls, w.Status().Failed)
		w.mu.Lock()
		w.broken = nil
		w.mu.Unlock()
		pass(2 * time.Second)
		require.Equal(t, "7 kill_query dead", w.outcomes())
		require.NoError(t, w.Status().LastError)
	})
}

func TestKillerForgetsARestartedServer(t *testing.T) {
	play(t, killAt2, &stage{kill: deaf, boot: "a"}, func(t *testing.T, w *watched) {
		w.run(7)
		pass(2500 * time.Millisecond)
		w.mu.Lock()
		w.boot = "b"
		w.began[7] = time.Now() // another statement, and the ids are the same
		w.mu.Unlock()
		pass(time.Second)
		require.Equal(t, "7 kill_query unverified", w.outcomes())
		require.Contains(t, w.seen().decisions[0].Reason, "the server restarted")
		require.Len(t, w.seen().killed, 1)
	})
}

func TestKillerRecordsWhatItLeavesBehind(t *testing.T) {
	play(t, killAt2, &stage{kill: deaf}, func(t *testing.T, w *watched) {
		w.run(7)
		pass(2500 * time.Millisecond)
		w.stop()
		require.Equal(t, "7 kill_query unverified", w.outcomes())
		require.Contains(t, w.seen().decisions[0].Reason, "the killer was stopped")
	})
}

func TestKillerDoesNotActOnAnOldPoll(t *testing.T) {
	s := &stage{}
	s.kill = func(id querykiller.StatementID, _ querykiller.Act) (querykiller.Killing, error) {
		time.Sleep(1500 * time.Millisecond) //nolint:forbidigo // the time of the bubble
		s.end(id.Session)
		if id.Session == 1 {
			s.sessions[0].RollingBack = querykiller.Yes // session 2, meanwhile
		}
		return querykiller.Killing{Result: querykiller.Killed}, nil
	}
	play(t, killAt2, s, func(t *testing.T, w *watched) {
		w.run(1)
		w.run(2)
		pass(10 * time.Second)
		require.Equal(t, []string{"kill_query 1"}, w.seen().killed)
	})
}

func TestKillerOverload(t *testing.T) {
	play(t, killAt2+"overload: {threads_running: 10, factor: 0.5, calm: 5s}\n", &stage{}, func(t *testing.T, w *watched) {
		load := func(n int) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.load.ThreadsRunning = n
		}
		load(10)
		w.run(1)
		pass(1100 * time.Millisecond)
		require.Len(t, w.seen().killed, 1)
		require.Contains(t, w.Status().Overload, "10 threads are running, the threshold is 10")
		load(9) // above 80 % of the threshold: still overloaded
		pass(10 * time.Second)
		require.NotEmpty(t, w.Status().Overload)
		load(7)
		pass(4 * time.Second)
		require.NotEmpty(t, w.Status().Overload, "not for long enough")
		pass(2 * time.Second)
		require.Empty(t, w.Status().Overload)
		require.True(t, w.seen().decisions[0].Overload)
		require.Equal(t, 2, strings.Count(w.seen().log, "msg=overload"))
	})
}

func TestKillerOverloadByConnections(t *testing.T) {
	s := &stage{load: querykiller.Load{Connections: 85, MaxConnections: 100}}
	play(t, killAt2+"overload: {connections: 85, factor: 0.25}\n", s, func(t *testing.T, w *watched) {
		w.run(1)
		pass(600 * time.Millisecond)
		require.Len(t, w.seen().killed, 1)
		require.Contains(t, w.Status().Overload, "85 of 100 connections are in use, the threshold is 85%")
	})
}

func TestKillerTakesNewRules(t *testing.T) {
	play(t, "rules:\n  - {name: r, action: leave}\n", &stage{}, func(t *testing.T, w *watched) {
		w.run(7)
		pass(10 * time.Second)
		require.Empty(t, w.seen().killed)
		w.SetRules(parse(t, killAt2))
		pass(time.Second)
		require.Equal(t, "7 kill_query dead", w.outcomes())
	})
}

func TestKillerGoesOnWhenRecordingFails(t *testing.T) {
	play(t, killAt2, &stage{}, func(t *testing.T, w *watched) {
		w.run(7)
		pass(3 * time.Second)
		w.run(8)
		pass(3 * time.Second)
		require.Len(t, w.seen().killed, 2)
		require.Equal(t, 2, strings.Count(w.seen().log, "could not be recorded"))
		require.Contains(t, w.seen().log, "disk full")
	}, func(c *querykiller.Config) {
		c.Recorder = querykiller.RecorderFunc(func(context.Context, querykiller.Decision) error { return errors.New("disk full") })
	})
}

// While kills wait on the server for their time there is no poll. What begins
// meanwhile is seen as soon as ever: the interval goes on, and a wait is no longer
// than half of the least that a statement may ask for, or than the interval.
func TestKillerSeesWhatBeginsWhileKillsWait(t *testing.T) {
	const rules = `
rules:
  - {name: r, match: {kind: [select]}, action: kill_query, budget: 2s, tag_budget: {min: 300ms, max: 2s}}
`
	s := &stage{}
	s.kill = func(id querykiller.StatementID, _ querykiller.Act) (querykiller.Killing, error) {
		s.end(id.Session)
		if id.Session == 3 {
			return querykiller.Killing{Result: querykiller.Killed}, nil
		}
		return querykiller.Killing{Result: querykiller.Gone}, nil // at the last moment, by itself
	}
	play(t, rules, s, func(t *testing.T, w *watched) {
		w.run(1)
		pass(250 * time.Millisecond)
		w.run(2)
		pass(1660 * time.Millisecond)
		w.run(3, func(one *querykiller.Session) { one.Text = "/* budget=300ms */ SELECT 1 FROM t" })
		pass(320 * time.Millisecond)
		require.Equal(t, []string{"kill_query 1", "kill_query 3"}, w.seen().killed, "20 ms past the budget of the third")
		pass(time.Second)
		require.Equal(t, []string{"kill_query 1", "kill_query 3", "kill_query 2"}, w.seen().killed)
	})
}

// What is due by what is remembered of it is read again before anything is decided.
func TestKillerDecidesOnWhatIsSeen(t *testing.T) {
	const rules = "rules:\n  - {name: r, match: {user: app}, measure: idle, action: kill_connection, budget: 2s}\n"
	play(t, rules, &stage{}, func(t *testing.T, w *watched) {
		w.run(7, func(one *querykiller.Session) {
			one.Statement.Idle, one.Command, one.Text, one.Kind, one.Remembered = true, "Sleep", "", "", time.Second
		})
		pass(1990 * time.Millisecond)
		require.Zero(t, w.seen().renewed)
		pass(15 * time.Millisecond)
		require.Empty(t, w.seen().killed)
		require.Empty(t, w.outcomes())
		require.Equal(t, 1, w.seen().renewed)
		w.mu.Lock()
		w.sessions[0].Remembered = 0
		w.mu.Unlock()
		pass(15 * time.Millisecond)
		require.Equal(t, []string{"kill_connection 7"}, w.seen().killed)
	})
}

func TestKillerTellsOfPolls(t *testing.T) {
	var polls []querykiller.Poll
	play(t, killAt2, &stage{}, func(t *testing.T, w *watched) {
		w.run(7)
		pass(time.Second)
		w.stop()
		require.Greater(t, len(polls), 4)
		last := polls[len(polls)-1]
		require.Equal(t, "leave r", last.Verdicts[0].Brief())
		require.NoError(t, last.Err)
	}, func(c *querykiller.Config) { c.OnPoll = func(p querykiller.Poll) { polls = append(polls, p) } })
}

func TestNewRefuses(t *testing.T) {
	_, err := querykiller.New(querykiller.Config{Rules: parse(t, killAt2)})
	require.ErrorContains(t, err, "no server")
	_, err = querykiller.New(querykiller.Config{Server: &stage{}})
	require.ErrorContains(t, err, "no rules")
}

func TestRollbackEstimate(t *testing.T) {
	require.Equal(t, time.Second, querykiller.RollbackEstimate(5, 5))
	require.Equal(t, time.Nanosecond, querykiller.RollbackEstimate(1, 1e12))
	require.Equal(t, 100*time.Millisecond, querykiller.RollbackEstimate(1000, 0))
	require.Equal(t, time.Duration(1<<63-1), querykiller.RollbackEstimate(1<<63, 1e-9))
}
