package fleet_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/fleet"
)

// quick is a window that is long enough for sessions that stay.
func quick() fleet.EvidenceConfig {
	return fleet.EvidenceConfig{Change: change, Window: 200 * time.Millisecond, Every: 50 * time.Millisecond}
}

func (w *world) evidence(t *testing.T, cfg fleet.EvidenceConfig) fleet.Evidence {
	t.Helper()
	e, err := fleet.Strangers(t.Context(), w.own, cfg)
	require.NoError(t, err)
	require.GreaterOrEqual(t, e.Looks, 2)
	return e
}

// drain closes the pool that made the database: it is nobody's.
func (w *world) drain(t *testing.T) {
	t.Helper()
	w.d.DB.SetMaxIdleConns(0)
	w.gone(t, w.d.DSN)
}

// gone waits until the server has ended the sessions that an account had here: a
// closed connection is listed for a moment.
func (w *world) gone(t *testing.T, dsn string) {
	t.Helper()
	require.Eventually(t, func() bool {
		var n int
		err := w.s.Admin().QueryRowContext(t.Context(), "SELECT COUNT(*) FROM "+w.s.Engine().Processlist()+" WHERE DB = ? AND USER = ?",
			w.d.Name, userOf(t, dsn)).Scan(&n)
		return err == nil && n == 0
	}, 20*time.Second, 10*time.Millisecond)
}

// hold keeps a session open until the test's end or until closed.
func hold(t *testing.T, db *sql.DB) *sql.Conn {
	t.Helper()
	conn, err := db.Conn(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func TestEvidenceKnowsTheFleet(t *testing.T) { servers.Each(t, evidenceKnowsTheFleet) }

func evidenceKnowsTheFleet(t *testing.T, s *servers.Server) {
	w := newWorld(t, s)
	w.drain(t)
	_, db := w.announceTagged(t, instance("v7", throughAll()), time.Minute)
	hold(t, db)
	hold(t, w.own) // another session of Underpin's own
	e := w.evidence(t, quick())
	require.Empty(t, e.Strangers, reasons(e.Strangers))
	require.Empty(t, e.CannotTell)
	require.NotZero(t, e.Sessions)
	ok, why := e.Clear(fleet.ByInstance)
	if w.hasPerformanceSchema(t) {
		require.True(t, ok, why)
		require.Equal(t, fleet.MethodAttributes, e.Method)
		require.NotZero(t, e.Known)
		return
	}
	require.Equal(t, fleet.MethodAccounts, e.Method)
	require.Equal(t, fleet.ByAccount, e.Certainty)
	require.False(t, ok)
	require.Contains(t, why, "known by their account only")
	ok, _ = e.Clear(fleet.ByAccount)
	require.True(t, ok)
	require.NotEmpty(t, e.Notes)
}

func TestEvidenceFindsAnOlderReleaseOfTheSameAccount(t *testing.T) {
	servers.Each(t, evidenceFindsAnOlderReleaseOfTheSameAccount)
}

func evidenceFindsAnOlderReleaseOfTheSameAccount(t *testing.T, s *servers.Server) {
	w := newWorld(t, s)
	w.drain(t)
	_, db := w.announceTagged(t, instance("v7", throughAll()), time.Minute)
	hold(t, db)
	old := openApp(t, w.appDSN, nil)
	conn := hold(t, old)
	var id uint64
	require.NoError(t, conn.QueryRowContext(t.Context(), "SELECT CONNECTION_ID()").Scan(&id))
	e := w.evidence(t, quick())
	found := e.Strangers
	if !w.hasPerformanceSchema(t) {
		found = e.Indistinct // it says that it cannot tell
	}
	var ids []uint64
	for _, b := range found {
		ids = append(ids, b.Connection)
		require.Equal(t, userOf(t, w.appDSN)+"@127.0.0.1", b.User)
		require.Equal(t, w.d.Name, b.Database)
	}
	require.Contains(t, ids, id)
	ok, _ := e.Clear(fleet.ByInstance)
	require.False(t, ok)

	require.NoError(t, fleet.Vouch(t.Context(), w.own, fleet.Word{
		Change: change, User: userOf(t, w.appDSN) + "@%", Who: "ann", Why: "the reporting job, which only reads",
	}))
	e = w.evidence(t, quick())
	ok, why := e.Clear(fleet.ByInstance)
	require.True(t, ok, why)
	require.NotEmpty(t, e.Vouched)
	require.Contains(t, e.Vouched[0].Reason, "ann: the reporting job")
	audit, err := control.AuditAfter(t.Context(), w.own, 0)
	require.NoError(t, err)
	require.Equal(t, "vouch", audit[len(audit)-1].Action)
}

func TestEvidenceFindsOtherAccounts(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		w := newWorld(t, s)
		w.drain(t)
		dsn := w.d.User(t, "SELECT")
		hold(t, openApp(t, dsn, nil))
		e := w.evidence(t, quick())
		require.Len(t, e.Strangers, 1, reasons(e.Strangers))
		require.Contains(t, e.Strangers[0].Reason, "no live instance")
		require.Positive(t, e.Strangers[0].Connection)

		// A session of the account elsewhere counts when the account is named.
		elsewhere := quick()
		elsewhere.Schema = "some_other_database"
		require.Empty(t, w.evidence(t, elsewhere).Strangers)
		elsewhere.Users = []string{userOf(t, dsn)}
		require.Len(t, w.evidence(t, elsewhere).Strangers, 1)
	})
}

// Dead instances, instances of a service that does not declare the change, and
// instances that nobody has heard of are strangers by name.
func TestEvidenceJudgesTaggedSessions(t *testing.T) { servers.Each(t, evidenceJudgesTaggedSessions) }

func evidenceJudgesTaggedSessions(t *testing.T, s *servers.Server) {
	w := newWorld(t, s)
	if !w.hasPerformanceSchema(t) {
		return // judged by account, see the other tests
	}
	w.drain(t)
	billing := instance("b1", nil)
	billing.Service = "billing"
	_, db := w.announceTagged(t, billing, time.Minute)
	hold(t, db)
	e := w.evidence(t, quick())
	require.Len(t, e.Strangers, 1)
	require.Contains(t, e.Strangers[0].Reason, "release b1 of billing on web-1, which does not declare the change")

	dead, db := w.announceTagged(t, instance("v7", throughAll()), time.Minute)
	hold(t, db)
	require.Len(t, w.evidence(t, quick()).Strangers, 1)
	require.NoError(t, dead.Leave(t.Context()))
	e = w.evidence(t, quick())
	require.Contains(t, reasons(e.Strangers), "is not live")
	require.Equal(t, []string{"v7"}, releasesOf(e.Strangers, dead.Instance().ID))
}

// MariaDB keeps attributes when it is told to.
func TestEvidenceOnMariaDBWithPerformanceSchema(t *testing.T) {
	s := servers.Private(t, servers.Options{Engine: servers.MariaDB, ExtraArgs: []string{"--performance-schema=ON"}})
	w := newWorld(t, s)
	require.True(t, w.hasPerformanceSchema(t))
	t.Run("fleet", func(t *testing.T) { evidenceKnowsTheFleet(t, s) })
	t.Run("older release", func(t *testing.T) { evidenceFindsAnOlderReleaseOfTheSameAccount(t, s) })
	t.Run("tagged", func(t *testing.T) { evidenceJudgesTaggedSessions(t, s) })
}

func releasesOf(blockers []fleet.Blocker, instance string) []string {
	seen := map[string]bool{}
	var out []string
	for _, b := range blockers {
		if b.Instance == instance && !seen[b.Release] {
			seen[b.Release] = true
			out = append(out, b.Release)
		}
	}
	return out
}

func TestEvidenceTakesAnUntaggedInstanceByItsAccount(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		w := newWorld(t, s)
		w.drain(t)
		db := openApp(t, w.appDSN, nil)
		_, err := fleet.Announce(t.Context(), db, instance("v7", throughAll()), time.Minute, nil)
		require.NoError(t, err)
		hold(t, db)
		e := w.evidence(t, quick())
		require.Empty(t, e.Strangers, reasons(e.Strangers))
		require.NotEmpty(t, e.Indistinct)
		require.Equal(t, fleet.ByAccount, e.Certainty)
	})
}

func TestEvidenceWithoutThePrivilegeCannotTell(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		w := newWorld(t, s)
		w.drain(t)
		w.own = openOwn(t, w.d.User(t, "ALL"))
		hold(t, openApp(t, w.appDSN, nil)) // invisible
		e := w.evidence(t, quick())
		require.Equal(t, fleet.MethodNone, e.Method)
		require.Contains(t, e.CannotTell, "GRANT PROCESS")
		ok, why := e.Clear(fleet.ByAccount)
		require.False(t, ok)
		require.Contains(t, why, "underpin fleet vouch")
		require.NoError(t, fleet.Vouch(t.Context(), w.own, fleet.Word{Change: change, User: "%@%", Who: "ann", Why: "the application is stopped"}))
		e = w.evidence(t, quick())
		ok, why = e.Clear(fleet.ByInstance)
		require.True(t, ok, why)
		require.Len(t, e.Vouched, 1)
	})
}

func TestEvidenceWithoutPerformanceSchemaGrant(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		w := newWorld(t, s)
		w.drain(t)
		dsn := w.d.User(t, "ALL")
		w.grant(t, dsn, "PROCESS ON *.*")
		require.NoError(t, w.own.Close())
		w.own = openOwn(t, dsn)
		e := w.evidence(t, quick())
		require.Equal(t, fleet.MethodAccounts, e.Method)
		require.Contains(t, e.Notes[0], "SELECT on performance_schema")
		require.Empty(t, e.Strangers, reasons(e.Strangers))
	})
}

// On a server of its own: a prepared transaction keeps every gate on its server
// shut, whichever database it is of.
func TestEvidenceFindsPreparedTransactions(t *testing.T) {
	servers.Each(t, func(t *testing.T, shared *servers.Server) {
		w := newWorld(t, servers.Private(t, servers.Options{Engine: shared.Engine()}))
		w.drain(t)
		w.prepare(t)
		e := w.evidence(t, quick())
		require.Len(t, e.Strangers, 1, reasons(e.Strangers))
		require.Equal(t, "xa@prepared", e.Strangers[0].User)
		require.Contains(t, e.Strangers[0].Reason, fmt.Sprintf("transaction X'%X',X'',1 is prepared", w.d.Name))
	})
}

// The server has a copy of its transactions from before one was prepared, and
// somebody reads it so often that it stays.
func TestEvidenceDoesNotTrustOldTransactions(t *testing.T) {
	s := servers.Private(t, servers.Options{Engine: servers.MySQL}) // XA RECOVER is everybody's on MariaDB
	w := newWorld(t, s)
	w.drain(t)
	const read = "SELECT COUNT(*) FROM information_schema.INNODB_TRX"
	ctx, cancel := context.WithCancel(t.Context())
	_, err := s.Admin().ExecContext(ctx, read)
	require.NoError(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for mysqlx.Wait(ctx, 10*time.Millisecond) == nil {
			_, _ = s.Admin().ExecContext(ctx, read)
		}
	}()
	thaw := func() { cancel(); <-done }
	t.Cleanup(thaw)
	w.prepare(t)
	require.Contains(t, reasons(w.evidence(t, quick()).Strangers), "is prepared", "who may ask for them directly is told")

	dsn := w.d.User(t, "ALL")
	w.grant(t, dsn, "PROCESS ON *.*")
	require.NoError(t, w.own.Close())
	w.own = openOwn(t, dsn)
	// On a machine that is slow the server may get to renew its copy all the same: then what is told is true.
	var e fleet.Evidence
	for try := 1; !strings.Contains(reasons(e.Strangers), "cannot be told"); try++ {
		require.LessOrEqual(t, try, 5, "it never says that it saw what is old")
		e = w.evidence(t, quick())
		require.Len(t, e.Strangers, 1, reasons(e.Strangers))
		require.Regexp(t, "cannot be told|is prepared", e.Strangers[0].Reason)
		ok, _ := e.Clear(fleet.ByAccount)
		require.False(t, ok)
	}
	require.Contains(t, e.Strangers[0].Reason, "XA_RECOVER_ADMIN")

	thaw()
	e = w.evidence(t, quick())
	require.Len(t, e.Strangers, 1, reasons(e.Strangers))
	require.Contains(t, e.Strangers[0].Reason, "is prepared")
}

// prepare leaves a prepared transaction without a session.
func (w *world) prepare(t *testing.T) {
	t.Helper()
	_, err := w.d.DB.ExecContext(t.Context(), "CREATE TABLE users (id INT PRIMARY KEY)")
	require.NoError(t, err)
	old := openApp(t, w.appDSN, nil)
	conn := hold(t, old)
	xid := "'" + w.d.Name + "'"
	for _, statement := range []string{"XA START " + xid, "INSERT INTO users VALUES (1)", "XA END " + xid, "XA PREPARE " + xid} {
		_, err := conn.ExecContext(t.Context(), statement)
		require.NoError(t, err)
	}
	t.Cleanup(func() {
		_, err := w.s.Admin().ExecContext(context.WithoutCancel(t.Context()), "XA ROLLBACK "+xid)
		require.NoError(t, err)
	})
	require.NoError(t, conn.Close())
	require.NoError(t, old.Close()) // the session ends, its transaction does not
	w.gone(t, w.appDSN)
	w.gone(t, w.d.DSN)
}

// Connections that are gone before anybody looks: MySQL counts them.
func TestEvidenceCountsConnectionsThatNoLookCaught(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		w := newWorld(t, s)
		w.drain(t)
		dsn := w.d.User(t, "SELECT")
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		db := openApp(t, dsn, nil)
		db.SetMaxIdleConns(0)
		go func() {
			defer close(done)
			for ctx.Err() == nil {
				_ = db.PingContext(ctx)
			}
		}()
		cfg := quick()
		cfg.Window, cfg.Every = time.Second, time.Second // two looks only
		e := w.evidence(t, cfg)
		cfg.Users = []string{userOf(t, dsn)}
		named := w.evidence(t, cfg)
		cancel()
		<-done
		if w.hasPerformanceSchema(t) {
			require.Contains(t, strings.Join(e.Notes, "\n"), userOf(t, dsn)+"@127.0.0.1 opened")
			require.Contains(t, reasons(named.Strangers), "connections within 1s that had gone")
		}
	})
}

func TestVouchChecksWhatItIsGiven(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		w := newWorld(t, s)
		good := fleet.Word{Change: change, User: "monitoring@%", Who: "ann", Why: "reads only"}
		for name, spoil := range map[string]func(*fleet.Word){
			"user":  func(v *fleet.Word) { v.User = "monitoring" },
			"who":   func(v *fleet.Word) { v.Who = "" },
			"why":   func(v *fleet.Word) { v.Why = "" },
			"until": func(v *fleet.Word) { v.Until = time.Now().Add(-time.Second) },
		} {
			word := good
			spoil(&word)
			require.ErrorIs(t, fleet.Vouch(t.Context(), w.own, word), fleet.ErrInvalidWord, name)
		}
		word := good
		word.Change = "no-such-change"
		require.ErrorIs(t, fleet.Vouch(t.Context(), w.own, word), control.ErrNoChange)

		good.Until = time.Now().Add(time.Second)
		require.NoError(t, fleet.Vouch(t.Context(), w.own, good))
		words, err := control.Vouches(t.Context(), w.own, change)
		require.NoError(t, err)
		require.Len(t, words, 1)
		require.Eventually(t, func() bool {
			words, err := control.Vouches(t.Context(), w.own, change)
			return err == nil && len(words) == 0
		}, 10*time.Second, 50*time.Millisecond, "a word lapses")
		_, err = fleet.Strangers(t.Context(), w.own, fleet.EvidenceConfig{})
		require.ErrorContains(t, err, "no change is named")
		require.Equal(t, migrate.Planned, w.setting(t).Phase)
	})
}

func (w *world) setting(t *testing.T) migrate.Setting {
	t.Helper()
	set, err := control.Setting(t.Context(), w.own, change)
	require.NoError(t, err)
	return set
}
