package sqlstore_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/flags"
	"github.com/underpin-db/underpin/flags/sqlstore"
	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/internal/mysqlx"
)

// eachPrivate runs fn on a server of each engine that may be killed.
func eachPrivate(t *testing.T, fn func(t *testing.T, s *servers.Server)) {
	t.Helper()
	servers.Each(t, func(t *testing.T, shared *servers.Server) {
		fn(t, servers.Private(t, servers.Options{Engine: shared.Engine()}))
	})
}

// The database goes down under a client, stays down over a restart of the
// client, comes back, and is read-only at the end: at every moment there is a
// clear answer.
func TestTheDatabaseIsDown(t *testing.T) {
	eachPrivate(t, func(t *testing.T, s *servers.Server) {
		db, _ := database(t, s)
		store := sqlstore.New(db, sqlstore.Config{})
		short := toggle("f", "on")
		short.StaleAfter = flags.Duration(time.Second)
		short = put(t, store, short)
		put(t, store, toggle("usual", "on"))
		path := filepath.Join(t.TempDir(), "snapshot")
		cfg := flags.Config{Source: store, Snapshot: path, Poll: 50 * time.Millisecond, StartTimeout: 5 * time.Second}
		c := client(t, cfg)
		require.True(t, isOn(t, c, "f")())

		require.NoError(t, s.Kill(t.Context()))
		reason := func() flags.Reason { return c.BoolDetail(t.Context(), "f", flags.Nobody(), true).Reason }
		require.Eventually(t, func() bool { return reason() == flags.StaleReason }, patience, time.Millisecond)
		require.False(t, isOn(t, c, "f")(), "its safe value")
		require.True(t, isOn(t, c, "usual")(), "within its bound")
		_, err := store.Put(t.Context(), toggle("g", "on"), ann)
		require.Error(t, err, "a change that cannot be made is an error")

		_, err = flags.Open(t.Context(), flags.Config{Source: store, StartTimeout: time.Second})
		require.Error(t, err, "nothing to start with")
		second := cfg
		second.Snapshot = filepath.Join(t.TempDir(), "copy")
		copyFile(t, path, second.Snapshot)
		restarted := client(t, second)
		require.True(t, isOn(t, restarted, "usual")(), "from the snapshot")

		require.NoError(t, s.Restart(t.Context()))
		require.Eventually(t, isOn(t, c, "f"), patience, time.Millisecond)
		require.Eventually(t, isOn(t, restarted, "f"), patience, time.Millisecond)

		_, err = s.Admin().ExecContext(t.Context(), "SET GLOBAL read_only = 1")
		require.NoError(t, err)
		if s.Engine() == servers.MySQL { // a superuser is let through otherwise
			_, err = s.Admin().ExecContext(t.Context(), "SET GLOBAL super_read_only = 1")
			require.NoError(t, err)
			_, err = store.Put(t.Context(), short, ann)
			require.Equal(t, mysqlx.ClassUnavailable, mysqlx.Classify(err), "%v", err)
		}
		require.NoError(t, c.Status().Err, "reading goes on")
		require.Eventually(t, isOn(t, c, "f"), patience, time.Millisecond)      // stale for a moment if polls had to wait
		_, err = s.Admin().ExecContext(t.Context(), "SET GLOBAL read_only = 0") // the other one goes with it
		require.NoError(t, err)
	})
}

// A store that answers late holds nobody up, and what it says still counts.
func TestTheDatabaseIsSlow(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db, d := database(t, s)
		store := sqlstore.New(db, sqlstore.Config{})
		f := toggle("f", "on")
		f.StaleAfter = flags.Duration(time.Second)
		put(t, store, f)
		reader := sqlstore.New(openDSN(t, d.DSN), sqlstore.Config{})
		c := client(t, flags.Config{Source: reader, Poll: 20 * time.Millisecond})
		lock := lockTables(t, d.DB)
		began := time.Now()
		require.True(t, isOn(t, c, "f")())
		require.Less(t, time.Since(began), time.Second, "an evaluation waits for nobody")
		require.Eventually(t, func() bool {
			return c.BoolDetail(t.Context(), "f", flags.Nobody(), true).Reason == flags.StaleReason
		}, patience, time.Millisecond)
		lock()
		require.Eventually(t, isOn(t, c, "f"), patience, time.Millisecond)
	})
}

// lockTables makes every read of the flags wait until the returned function is
// called.
func lockTables(t *testing.T, db *sql.DB) (unlock func()) {
	t.Helper()
	conn, err := db.Conn(t.Context())
	require.NoError(t, err)
	_, err = conn.ExecContext(t.Context(), "LOCK TABLES _underpin_flag_head WRITE")
	require.NoError(t, err)
	return func() {
		_, err := conn.ExecContext(t.Context(), "UNLOCK TABLES")
		require.NoError(t, err)
		require.NoError(t, conn.Close())
	}
}

func TestWhatTheApplicationMayDo(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db, d := database(t, s)
		put(t, sqlstore.New(db, sqlstore.Config{}), toggle("f", "on"))
		reader := sqlstore.New(openDSN(t, d.User(t, "SELECT")), sqlstore.Config{})
		c := client(t, flags.Config{Source: reader})
		require.True(t, isOn(t, c, "f")())
		_, err := reader.Put(t.Context(), toggle("g", "on"), ann)
		require.Equal(t, mysqlx.ClassPrivilege, mysqlx.Classify(err), "%v", err)
		require.Equal(t, mysqlx.ClassPrivilege, mysqlx.Classify(reader.RecordUse(t.Context(), []string{"f"})))
	})
}

func TestTablesThatAreNotThere(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		store := sqlstore.New(openDSN(t, s.Database(t).DSN), sqlstore.Config{})
		_, err := flags.Open(t.Context(), flags.Config{Source: store})
		require.Equal(t, mysqlx.ClassSchema, mysqlx.Classify(err), "%v", err)
		require.Error(t, control.Check(t.Context(), openDSN(t, s.Database(t).DSN)))
	})
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	text, err := os.ReadFile(from)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(to, text, 0o600))
}
