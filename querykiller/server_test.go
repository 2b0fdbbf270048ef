package querykiller

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
)

// TestPollTells: what a poll says of a statement, of an idle session and of
// itself.
func TestPollTells(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		w := watch(t, s, Options{})
		c, latch := w.client(), w.latch()
		statement := "SELECT 'café 😀 ' AS x, " + latch.waiting()
		done := c.start(statement)
		p := w.running(c.id, 300*time.Millisecond)
		require.Equal(t, c.id, p.Statement.Session)
		require.True(t, p.Statement.Known())
		require.Equal(t, statement, p.Text)
		require.Equal(t, KindSelect, p.Kind)
		require.Equal(t, w.d.Name, p.Database)
		require.Equal(t, "root", p.User)
		require.NotContains(t, p.Host, ":")
		require.Equal(t, "Query", p.Command)
		require.False(t, p.Own)
		require.False(t, p.System)
		require.NotEqual(t, Yes, p.RollingBack) // others read the transactions of this server too
		ending := time.Now()
		latch.open()
		require.NoError(t, wait10(t, done))
		idle := w.find(c.id, "idle", func(s Session) bool { return s.Statement.Idle && s.Age > 0 })
		require.LessOrEqual(t, idle.Age, time.Since(ending), "idle time does not count from the beginning of the statement")
		snapshot := w.poll()
		require.Positive(t, snapshot.Work)
		require.NotZero(t, snapshot.Load.MaxConnections)
		require.GreaterOrEqual(t, snapshot.Load.Connections, 3)
		require.NotEmpty(t, snapshot.Boot)
		require.WithinDuration(t, time.Now(), snapshot.At, 10*time.Second)
		own := 0
		for _, p := range snapshot.Sessions {
			if p.ID == w.s.poller.id || p.ID == w.s.killers[0].id || p.ID == w.s.killers[7].id {
				require.True(t, p.Own)
				own++
			}
		}
		require.Equal(t, 3, own)
	})
}

// TestAgesAreNeverEarly: an age is never more than the time since the statement
// was sent, and not much less either.
func TestAgesAreNeverEarly(t *testing.T) {
	const asleep = 400 * time.Millisecond
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		w := watch(t, s, Options{})
		c := w.client()
		seen := 0
		for n := 0; n < 5 || seen <= 10; n++ {
			require.Less(t, n, 50, "it is hardly ever seen")
			var seenBy time.Time // it was there then
			// Its number tells it from the one before, which the server may show as
			// running for a moment after its client has the answer.
			statement := fmt.Sprintf("SELECT SLEEP(%v), %d", asleep.Seconds(), n)
			sent := time.Now()
			done := c.start(statement)
			for len(done) == 0 {
				polled := time.Now()
				for _, p := range w.poll().Sessions {
					if p.ID != c.id || p.Statement.Idle || p.Text != statement {
						continue
					}
					if seenBy.IsZero() {
						seenBy = time.Now()
					}
					seen++
					age := time.Since(sent)
					require.LessOrEqual(t, p.Age, age)
					if age < asleep { // while one ends, MariaDB counts from its end for a moment
						require.GreaterOrEqual(t, p.Age, polled.Sub(seenBy)-time.Millisecond)
					}
				}
			}
			require.NoError(t, wait10(t, done))
		}
	})
}

// TestKillQuery: of many ways to run, every one ends.
func TestKillQuery(t *testing.T) {
	statements := map[string]string{
		"select": "SELECT COUNT(*) FROM information_schema.COLUMNS a, information_schema.COLUMNS b, information_schema.COLUMNS c",
		"sleep":  "SELECT 1 FROM (SELECT SLEEP(30)) x WHERE SLEEP(30) = 0",
		"update": "UPDATE t SET v = v + 1 WHERE SLEEP(0.01) = 0",
		"insert": "INSERT INTO t (v) SELECT a.v FROM t a, t b, t c, t d",
		"lock":   "SELECT * FROM locked FOR UPDATE",
	}
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		w := watch(t, s, Options{})
		w.exec("CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, v INT)")
		w.exec("INSERT INTO t (v) SELECT 1 FROM information_schema.COLUMNS LIMIT 500")
		w.exec("CREATE TABLE locked (id INT PRIMARY KEY)")
		w.exec("INSERT INTO locked VALUES (1)")
		holder := w.client()
		holder.exec("BEGIN")
		holder.exec("SELECT * FROM locked FOR UPDATE")
		for name, statement := range statements {
			t.Run(name, func(t *testing.T) {
				w := &watched{t: t, d: w.d, s: w.s}
				c := w.client()
				done := c.start(statement)
				p := w.running(c.id, 150*time.Millisecond)
				require.Equal(t, Killed, w.kill(p.Statement, ActQuery).Result)
				requireEnded(t, done)
				c.exec("DO 1") // the connection lives
				require.Equal(t, Gone, w.kill(p.Statement, ActQuery).Result, "a second time there is nothing to kill")
			})
		}
		holder.exec("ROLLBACK")
	})
}

// requireEnded: killed, or ended early without an error as SLEEP does.
func requireEnded(t testing.TB, done <-chan error) {
	t.Helper()
	if err := wait10(t, done); err != nil {
		require.Contains(t, []uint16{1317}, errNumber(err), "%v", err)
	}
}

// TestKillConnection: of a statement that runs, and of a session that is idle
// after the very statement that was judged.
func TestKillConnection(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		w := watch(t, s, Options{})
		c := w.client()
		done := c.start("SELECT SLEEP(30)")
		p := w.running(c.id, 100*time.Millisecond)
		require.Equal(t, Killed, w.kill(p.Statement, ActConnection).Result)
		require.Error(t, wait10(t, done))

		idle := w.client()
		idle.exec("BEGIN")
		idle.exec("DO 1")
		p = w.find(idle.id, "idle", func(s Session) bool { return s.Statement.Idle && s.Statement.Known() && s.Age > 0 })
		require.Equal(t, Gone, w.kill(p.Statement, ActQuery).Result, "an idle session runs no query")
		idle.exec("DO 2")
		require.Equal(t, Gone, w.kill(p.Statement, ActConnection).Result, "it has gone on since")
		idle.exec("DO 3")
		was := p.Statement
		p = w.find(idle.id, "idle after the next", func(s Session) bool {
			return s.Statement.Idle && s.Statement.Known() && s.Statement != was && s.Age > 0
		})
		require.Equal(t, Killed, w.kill(p.Statement, ActConnection).Result)
		require.Eventually(t, func() bool {
			return idle.conn.PingContext(t.Context()) != nil
		}, 10*time.Second, 10*time.Millisecond)
	})
}

// TestKillManyAtOnce: more victims than connections to kill with, one of which is
// lost. Each dies, the one that has ended is told to be gone, and who runs beside
// them lives.
func TestKillManyAtOnce(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		w := watch(t, s, Options{Killers: 3})
		ended, beside, latch := w.client(), w.client(), w.latch()
		first := ended.start("SELECT " + latch.waiting())
		victims := []Victim{{Statement: w.running(ended.id, 0).Statement, Act: ActQuery}}
		living := beside.start("SELECT SLEEP(30)")
		latch.open()
		require.NoError(t, wait10(t, first))
		ids := map[uint64]bool{}
		var dying []<-chan error
		for range 10 {
			c := w.client()
			ids[c.id] = true
			dying = append(dying, c.start("SELECT 1 FROM (SELECT SLEEP(30)) AS x WHERE SLEEP(30) = 0"))
		}
		w.exec(fmt.Sprintf("KILL %d", w.s.killers[1].id))
		require.Eventually(t, func() bool {
			found := []Victim{}
			for _, p := range w.poll().Sessions {
				if ids[p.ID] && !p.Statement.Idle && p.Age > 50*time.Millisecond {
					found = append(found, Victim{Statement: p.Statement, Act: ActQuery, Before: time.Now().Add(time.Minute)})
				}
			}
			if len(found) == len(ids) {
				victims = append(victims, found...)
			}
			return len(victims) > 1
		}, 20*time.Second, 10*time.Millisecond)
		late := victims[1]
		late.Before = time.Now()
		require.ErrorIs(t, w.s.Kill(t.Context(), []Victim{late})[0].Err, ErrStale)
		for i, k := range w.s.Kill(t.Context(), victims) {
			if i > 0 {
				requireTaken(t, k)
				continue
			}
			require.NoError(t, k.Err)
			require.Equal(t, Gone, k.Result)
		}
		for _, done := range dying {
			requireEnded(t, done)
		}
		require.Empty(t, living)
	})
}

// requireTaken: the server has taken the kill.
func requireTaken(t testing.TB, k Killing) {
	t.Helper()
	require.NoError(t, k.Err)
	require.Equal(t, Killed, k.Result)
}

// TestKillIsForWhatWasJudged: a statement that has ended, one on a session that
// went on, one that never was, and one of another poll.
func TestKillIsForWhatWasJudged(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		w := watch(t, s, Options{})
		other := &watched{t: t, d: w.d, s: connectTo(t, w.d.DSN, Options{})}
		c, latch := w.client(), w.latch()
		done := c.start("SELECT " + latch.waiting())
		p := w.running(c.id, 100*time.Millisecond)
		latch.open()
		require.NoError(t, wait10(t, done))
		latch.close()
		next := c.start("SELECT 1 + " + latch.waiting())
		other.find(c.id, "the next statement", func(s Session) bool {
			return !s.Statement.Idle && s.Age >= 10*time.Millisecond && strings.HasPrefix(s.Text, "SELECT 1 +")
		})
		for _, act := range []Act{ActQuery, ActConnection} {
			require.Equal(t, Gone, w.kill(p.Statement, act).Result)
		}
		latch.open()
		require.NoError(t, wait10(t, next), "the next statement is innocent")

		_, err := killOne(t.Context(), w.s, StatementID{Session: c.id}, ActQuery)
		require.ErrorIs(t, err, ErrNoIdentity)
		_, err = killOne(t.Context(), w.s, p.Statement, ActWarn)
		require.Error(t, err)

		latch.close()
		done = c.start("SELECT 2 + " + latch.waiting())
		w.find(c.id, "the one after that", func(s Session) bool {
			return !s.Statement.Idle && s.Age >= 50*time.Millisecond && strings.HasPrefix(s.Text, "SELECT 2 +")
		})
		require.Equal(t, Gone, w.kill(p.Statement, ActQuery).Result, "the last poll did not list it")
		latch.open()
		require.NoError(t, wait10(t, done))
	})
}

// TestKillInsideProcedure: a CALL is one statement, whichever of its own
// statements has been reached, and however short these are.
func TestKillInsideProcedure(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		w := watch(t, s, Options{})
		w.exec("CREATE PROCEDURE spin() BEGIN DECLARE i INT DEFAULT 0; WHILE i < 60000 DO SET i = i + 1; SELECT COUNT(*) INTO @spun FROM information_schema.COLLATIONS; END WHILE; END")
		c := w.client()
		done := c.start("CALL spin()")
		first := w.running(c.id, 300*time.Millisecond)
		second := w.running(c.id, first.Age+200*time.Millisecond)
		require.Equal(t, first.Statement, second.Statement, "the identity of a CALL stays")
		// performance_schema may leave the row out, and MariaDB may lose a kill
		// between two statements of the procedure: the next poll tells.
		require.Eventually(t, func() bool {
			for _, p := range w.poll().Sessions {
				if p.ID == c.id && !p.Statement.Idle {
					w.kill(p.Statement, ActQuery)
				}
			}
			return len(done) > 0
		}, 10*time.Second, 5*time.Millisecond)
		requireKilled(t, done)
		c.exec("DO 1")
	})
}

// TestKillAhead: kills that are sent before their time, together: each statement
// lives until it has the age, by the server's word and by ours; one that ended
// within it is gone, and one that is too young at the end of the wait lives.
func TestKillAhead(t *testing.T) {
	const age = 900 * time.Millisecond
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		w := watch(t, s, Options{Killers: 2})
		short, young := w.client(), w.client()
		type dying struct {
			*client
			sent time.Time
			done <-chan error
			took time.Duration
		}
		var all []*dying
		for range 5 {
			d := &dying{client: w.client(), sent: time.Now()}
			done, ended := d.start("SELECT 1 FROM (SELECT SLEEP(30)) AS x WHERE SLEEP(30) = 0"), make(chan error, 1)
			go func() {
				err := <-done
				d.took = time.Since(d.sent)
				ended <- err
			}()
			d.done = ended
			all = append(all, d)
		}
		ending := short.start("SELECT SLEEP(0.4)")
		living := young.start("SELECT SLEEP(20)")
		victims := map[uint64]Victim{}
		for _, d := range all {
			w.running(d.id, 0)
		}
		w.running(young.id, 0)
		for _, p := range w.poll().Sessions {
			v := Victim{Statement: p.Statement, Act: ActQuery, Age: age, Wait: age - p.Age}
			if p.ID == young.id {
				v.Age = time.Minute
			}
			victims[p.ID] = v
		}
		list := []Victim{victims[short.id], victims[young.id]}
		for _, d := range all {
			list = append(list, victims[d.id])
		}
		got := w.s.Kill(t.Context(), list)
		require.NoError(t, wait10(t, ending))
		require.Equal(t, Gone, got[0].Result)
		require.ErrorIs(t, got[1].Err, ErrExpired)
		for i, d := range all {
			requireTaken(t, got[2+i])
			require.GreaterOrEqual(t, got[2+i].Age, age)
			requireEnded(t, d.done)
			require.GreaterOrEqual(t, d.took, age)
		}
		p := w.running(young.id, age) // lives, and we poll still
		require.Equal(t, Killed, w.kill(p.Statement, ActQuery).Result)
		requireEnded(t, living)
	})
}

// TestKillTogetherDenied: that one of several may not be killed is told of that
// one, and the others die.
func TestKillTogetherDenied(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		w := watch(t, s, Options{})
		user := w.userWith("PROCESS ON *.*", "SELECT ON performance_schema.*")
		some := &watched{t: t, d: w.d, s: connectTo(t, user, Options{Killers: 1})}
		other, own := w.client(), openUser(t, user)
		before, after := other.start("SELECT SLEEP(30)"), own.start("SELECT SLEEP(30)")
		some.running(own.id, 50*time.Millisecond)
		denied := some.running(other.id, 50*time.Millisecond).Statement
		mine := some.running(own.id, 50*time.Millisecond).Statement
		got := some.s.Kill(t.Context(), []Victim{{Statement: denied, Act: ActQuery}, {Statement: mine, Act: ActQuery}})
		require.ErrorIs(t, got[0].Err, ErrDenied)
		require.Equal(t, Denied, got[0].Result)
		requireTaken(t, got[1])
		requireEnded(t, after)
		require.Empty(t, before)
	})
}
