package querykiller

import (
	"context"
	"database/sql"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
)

// TestAtMaxConnections: when nobody else can connect, the held connections poll
// and kill; a lost one comes back over the administrative port, and without one
// that it is lost is said.
func TestAtMaxConnections(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		port := freePort(t)
		args := []string{"--max-connections=12", "--admin-address=127.0.0.1", "--admin-port=" + port}
		if s.Engine() == servers.MariaDB {
			args = []string{"--max-connections=12", "--extra-port=" + port, "--extra-max-connections=5"}
		}
		private := servers.Private(t, servers.Options{Engine: s.Engine(), ExtraArgs: args})
		admin, err := mysql.ParseDSN(private.AdminDSN())
		require.NoError(t, err)
		admin.Addr = "127.0.0.1:" + port
		// Not a superuser: those have a connection in reserve.
		w := watch(t, private, Options{Killers: 1})
		user := w.userWith("PROCESS ON *.*", "SELECT ON performance_schema.*", killGrant(s))
		plain := &watched{t: t, d: w.d, s: connectTo(t, user, Options{Killers: 1})}
		viaAdmin := &watched{t: t, d: w.d, s: connectTo(t, private.AdminDSN(), Options{AdminDSN: admin.FormatDSN(), Killers: 1})}
		require.NotContains(t, degraded(viaAdmin.poll()), "administrative")
		offender := openUser(t, user)
		t.Cleanup(servers.Fill(t, user))
		done := offender.start("SELECT SLEEP(60) + 1")
		p := plain.running(offender.id, 200*time.Millisecond)
		require.GreaterOrEqual(t, plain.poll().Load.Connections, 12)
		require.Equal(t, Killed, plain.kill(p.Statement, ActQuery).Result)
		requireEnded(t, done)

		// Both killing connections are lost; the freed places are taken.
		for _, lost := range []*watched{plain, viaAdmin} {
			id := lost.s.killers[0].id
			_, err = private.Admin().ExecContext(t.Context(), fmt.Sprintf("KILL %d", id))
			require.NoError(t, err)
			require.Eventually(t, func() bool {
				return !slices.ContainsFunc(w.poll().Sessions, func(p Session) bool { return p.ID == id })
			}, 10*time.Second, time.Millisecond)
		}
		t.Cleanup(servers.Fill(t, user))
		require.Eventually(t, func() bool {
			return strings.Contains(degraded(plain.poll()), "the connections that kill are lost")
		}, 10*time.Second, 20*time.Millisecond)
		done = offender.start("SELECT SLEEP(60) + 2")
		p = plain.running(offender.id, 200*time.Millisecond)
		k, err := killOne(t.Context(), plain.s, p.Statement, ActQuery)
		require.Error(t, err)
		require.Equal(t, Uncertain, k.Result)
		require.Eventually(t, func() bool {
			for _, p := range viaAdmin.poll().Sessions {
				if p.ID == offender.id && !p.Statement.Idle {
					k, err := killOne(t.Context(), viaAdmin.s, p.Statement, ActQuery)
					return err == nil && k.Result == Killed
				}
			}
			return false
		}, 10*time.Second, 20*time.Millisecond)
		requireEnded(t, done)
	})
}

func killGrant(s *servers.Server) string {
	if s.Engine() == servers.MariaDB {
		return "CONNECTION ADMIN ON *.*"
	}
	return "CONNECTION_ADMIN ON *.*"
}

func freePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	_, port, err := net.SplitHostPort(l.Addr().String())
	require.NoError(t, err)
	return port
}

// TestLostAndRestarted: a connection lost in mid-poll and a restart of the
// server are errors or said in words, nothing that was judged before is killed
// after, and the next polls work.
func TestLostAndRestarted(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		private := servers.Private(t, servers.Options{Engine: s.Engine()})
		s0 := connectTo(t, private.AdminDSN(), Options{Killers: 1})
		_, err := s0.Poll(t.Context())
		require.NoError(t, err)
		judged := anyTarget(t, s0)

		_, err = private.Admin().ExecContext(t.Context(), fmt.Sprintf("KILL %d", s0.poller.id))
		require.NoError(t, err)
		_, err = s0.Poll(t.Context())
		require.Error(t, err)
		_, err = killOne(t.Context(), s0, judged, ActConnection)
		require.ErrorIs(t, err, ErrStale)
		first := pollAgain(t, s0)

		_, err = private.Admin().ExecContext(t.Context(), fmt.Sprintf("KILL %d", s0.killers[0].id))
		require.NoError(t, err)
		_, err = killOne(t.Context(), s0, anyTarget(t, s0), ActConnection)
		require.Error(t, err, "the connection is dead, and found to be")
		_, err = killOne(t.Context(), s0, anyTarget(t, s0), ActConnection)
		require.ErrorIs(t, err, ErrStale, "it is back, and has not polled since")

		require.Equal(t, first.Boot, pollAgain(t, s0).Boot)
		require.Eventually(t, func() bool { // the uptime counts in seconds
			fresh := connectTo(t, private.AdminDSN(), Options{})
			defer func() { _ = fresh.Close() }()
			return time.Since(fresh.boot) > 4*time.Second
		}, 20*time.Second, 200*time.Millisecond)
		judged = anyTarget(t, s0)
		require.NoError(t, private.Restart(t.Context()))
		_, err = killOne(t.Context(), s0, judged, ActConnection)
		require.Error(t, err)
		_, err = s0.Poll(t.Context())
		require.Error(t, err)
		require.NotEqual(t, first.Boot, pollAgain(t, s0).Boot)

		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err = s0.Poll(ctx)
		require.ErrorIs(t, err, context.Canceled)
		pollAgain(t, s0)
	})
}

// anyTarget is a statement that the last poll saw.
func anyTarget(t testing.TB, s *server) StatementID {
	t.Helper()
	for id := range s.targets {
		if id.Known() {
			return id
		}
	}
	require.Fail(t, "the poll saw nothing")
	return StatementID{}
}

func pollAgain(t testing.TB, s *server) *Snapshot {
	t.Helper()
	var snapshot *Snapshot
	require.Eventually(t, func() bool {
		var err error
		snapshot, err = s.Poll(t.Context())
		return err == nil
	}, 20*time.Second, 20*time.Millisecond)
	return snapshot
}

// TestWithoutPerformanceSchema: MySQL then tells no statement from the next, so
// that nothing is killed; MariaDB does without.
func TestWithoutPerformanceSchema(t *testing.T) {
	private := servers.Private(t, servers.Options{Engine: servers.MySQL, ExtraArgs: []string{"--performance-schema=OFF"}})
	w := watch(t, private, Options{})
	require.Contains(t, degraded(w.poll()), "performance_schema is off")
	c := w.client()
	done := c.start("SELECT SLEEP(4)")
	p := w.running(c.id, time.Second)
	require.Equal(t, "SELECT SLEEP(4)", p.Text)
	require.Contains(t, p.Unknown, "rows_modified")
	require.LessOrEqual(t, p.Age, 4*time.Second)
	for _, act := range []Act{ActQuery, ActConnection} {
		k, err := killOne(t.Context(), w.s, p.Statement, act)
		require.ErrorIs(t, err, ErrNoIdentity)
		require.Equal(t, Denied, k.Result)
	}
	require.NoError(t, wait10(t, done))
}

// TestPrivileges: each that is missing is named, with what still works.
func TestPrivileges(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		w := watch(t, s, Options{})
		require.NotContains(t, degraded(w.poll()), "privilege")
		maria := s.Engine() == servers.MariaDB
		c := w.client()
		done := c.start("SELECT SLEEP(30)")

		// Seeing everything and killing nobody else.
		dsn := w.userWith("PROCESS ON *.*", "SELECT ON performance_schema.*")
		some := &watched{t: t, d: w.d, s: connectTo(t, dsn, Options{})}
		require.Contains(t, degraded(some.poll()), strings.TrimSuffix(killGrant(s), " ON *.*")+" is missing")
		p := some.running(c.id, 100*time.Millisecond)
		for _, act := range []Act{ActQuery, ActConnection} {
			k, err := killOne(t.Context(), some.s, p.Statement, act)
			require.ErrorIs(t, err, ErrDenied)
			require.ErrorContains(t, err, killGrant(s))
			require.Equal(t, Denied, k.Result)
		}

		// Its own sessions it can kill.
		own := openUser(t, dsn)
		mine := own.start("SELECT SLEEP(30)")
		p = some.running(own.id, 100*time.Millisecond)
		require.Equal(t, Killed, some.kill(p.Statement, ActQuery).Result)
		requireEnded(t, mine)

		// Nothing at all.
		none := &watched{t: t, d: w.d, s: connectTo(t, w.d.User(t, "SELECT"), Options{})}
		said := degraded(none.poll())
		require.Contains(t, said, "PROCESS is missing")
		require.Contains(t, said, strings.TrimSuffix(killGrant(s), " ON *.*")+" is missing")
		if !maria {
			require.Contains(t, said, "events_statements_current is not told")
		}

		p = w.running(c.id, 100*time.Millisecond)
		require.Equal(t, Killed, w.kill(p.Statement, ActQuery).Result)
		requireEnded(t, done)
	})
}

func openUser(t testing.TB, dsn string) *client {
	t.Helper()
	db, err := sql.Open("mysql", dsn)
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return newClient(t, db)
}

// TestReadOnlyServer: a replica is watched like any other server.
func TestReadOnlyServer(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		private := servers.Private(t, servers.Options{Engine: s.Engine()})
		w := watch(t, private, Options{Killers: 1})
		user := w.userWith("PROCESS ON *.*", "SELECT ON performance_schema.*", killGrant(s))
		on, off := "SET GLOBAL super_read_only = ON", "SET GLOBAL read_only = OFF"
		if s.Engine() == servers.MariaDB {
			on = "SET GLOBAL read_only = ON"
		}
		c := openUser(t, w.d.User(t, "SELECT")) // not a system user
		w.exec(on)
		defer w.exec(off)
		replica := &watched{t: t, d: w.d, s: connectTo(t, user, Options{})}
		require.True(t, replica.poll().ReadOnly)
		done := c.start("SELECT SLEEP(30)")
		p := replica.running(c.id, 100*time.Millisecond)
		require.Equal(t, Killed, replica.kill(p.Statement, ActQuery).Result)
		requireEnded(t, done)
	})
}

// TestTexts: of ten megabytes, of bytes that are no characters, and of
// characters that MySQL's information_schema stumbles over.
func TestTexts(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		private := servers.Private(t, servers.Options{Engine: s.Engine(), ExtraArgs: []string{"--max-allowed-packet=64M"}})
		w := watch(t, private, Options{})
		w.exec("CREATE TABLE t (id INT PRIMARY KEY, v INT)")
		w.exec("INSERT INTO t VALUES (1, 1), (2, 2)")
		for name, text := range map[string]string{
			"large":  "SELECT SLEEP(30), '" + strings.Repeat("x", 10<<20) + "'",
			"binary": "SELECT SLEEP(30), _binary'\xff\xfe\x80\x00'",
			"emoji":  "UPDATE t SET v = v + SLEEP(15) /* 😀 */",
		} {
			t.Run(name, func(t *testing.T) {
				w := &watched{t: t, d: w.d, s: w.s}
				c := w.client()
				done := c.start(text)
				p := w.find(c.id, "its text", func(s Session) bool { // which the server tells once it has parsed it
					return !s.Statement.Idle && s.Age >= 200*time.Millisecond && s.Text != ""
				})
				require.LessOrEqual(t, len(p.Text), 4*4096)
				require.True(t, strings.HasPrefix(p.Text, text[:16]), "%q", p.Text)
				require.Equal(t, Killed, w.kill(p.Statement, ActQuery).Result)
				requireEnded(t, done)
			})
		}
	})
}

// TestAgesGuard: a server's clock that is set forward makes no statement old.
func TestAgesGuard(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	a := newAges(func() time.Time { return now })
	poll := func(session, event uint64, age time.Duration) time.Duration {
		id := StatementID{Session: session, Thread: session, Event: event}
		l := serverLook{snapshot: Snapshot{Sessions: []Session{{ID: session, Statement: id, Age: age}}}, targets: map[StatementID]serverTarget{id: {id: id}}}
		a.bound(a.begin(), &l)
		return l.snapshot.Sessions[0].Age
	}
	require.Equal(t, 40*time.Second, poll(1, 1, 40*time.Second), "at the first poll the server is believed")
	now = now.Add(time.Second)
	require.Equal(t, time.Second, poll(1, 2, time.Hour), "it was not there a second ago")
	now = now.Add(time.Second)
	require.Equal(t, 2*time.Second, poll(1, 2, time.Hour))
	now = now.Add(time.Second)
	require.Equal(t, 1500*time.Millisecond, poll(1, 2, 1500*time.Millisecond), "an age that can be is left alone")
	require.Zero(t, poll(1, 2, -time.Hour))
}
