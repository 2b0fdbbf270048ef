package engine_test

import (
	"context"
	"database/sql"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/engine"
)

// chatter keeps a statement with a character of four bytes running, which makes
// MySQL refuse to show information_schema.INNODB_TRX, until end is called.
func (st *stage) chatter(t *testing.T, s *servers.Server) (end func()) {
	t.Helper()
	waiting := "SELECT COUNT(*) FROM " + s.Engine().Processlist() + " WHERE STATE = 'User lock' AND DB = DATABASE()"
	holder, err := st.db.Conn(t.Context())
	require.NoError(t, err)
	lock := fmt.Sprintf("chatter-%d", time.Now().UnixNano())
	require.NoError(t, holder.QueryRowContext(t.Context(), "SELECT GET_LOCK(?, 10)", lock).Scan(new(int)))
	done := make(chan error, 1)
	go func() {
		done <- st.db.QueryRowContext(context.WithoutCancel(t.Context()), "SELECT GET_LOCK(?, 60), '🙂'", lock).Scan(new(int), new(string))
	}()
	require.Eventually(t, func() bool {
		var n int
		err := st.db.QueryRowContext(t.Context(), waiting).Scan(&n)
		return err == nil && n > 0
	}, 10*time.Second, 5*time.Millisecond)
	return func() {
		require.NoError(t, holder.QueryRowContext(context.WithoutCancel(t.Context()), "SELECT RELEASE_LOCK(?)", lock).Scan(new(int)))
		require.NoError(t, <-done)
		require.NoError(t, holder.Close())
	}
}

// held opens a transaction that runs a query, and returns its connection's name in
// messages.
func (st *stage) held(t *testing.T, query string, args ...any) (tx *sql.Tx, name string) {
	t.Helper()
	tx, err := st.db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	var id uint64
	require.NoError(t, tx.QueryRowContext(t.Context(), "SELECT CONNECTION_ID()").Scan(&id))
	rows, err := tx.QueryContext(t.Context(), query, args...)
	require.NoError(t, err)
	require.NoError(t, rows.Close())
	return tx, fmt.Sprintf("connection %d of ", id)
}

// Who holds up a transition, or DDL, is named whatever others are talking about.
func TestBlockersAreNamedWhileSomebodySendsFourByteCharacters(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		st := newStage(t, s)
		hasty := st.another(t, func(c *engine.Config) { c.DDLAttempts = 1 })
		end := st.chatter(t, s)
		defer end()

		tx, who := st.held(t, "SELECT 1 FROM users FOR UPDATE")
		_, err := hasty.Apply(t.Context(), name, engine.WalkOptions{To: migrate.Expanded})
		require.ErrorContains(t, err, who)
		require.Regexp(t, who+`\S+, \w+ for \d{1,2} s`, err.Error(), "an age of seconds, whatever the time zones")
		require.NoError(t, tx.Rollback())
		st.to(t, migrate.Expanded)

		tx, who = st.held(t, "SELECT 1 FROM _underpin_change WHERE name = ? LOCK IN SHARE MODE", name)
		_, err = hasty.Apply(t.Context(), name, engine.WalkOptions{To: migrate.DualWriting, Wait: time.Minute})
		require.ErrorContains(t, err, who)
		require.Regexp(t, who+`\S+, \w+ for \d{1,2} s`, err.Error())
		require.NoError(t, tx.Rollback())
		st.to(t, migrate.DualWriting)
	})
}
