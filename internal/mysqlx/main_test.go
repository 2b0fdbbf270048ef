package mysqlx_test

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/mysqlx"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(servers.Tests{M: m}) }

func open(t *testing.T, d *servers.Database, opts mysqlx.Options) *sql.DB {
	t.Helper()
	db, err := mysqlx.Open(t.Context(), d.DSN, opts)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func session(t *testing.T, db *sql.DB) *mysqlx.Session {
	t.Helper()
	s, err := mysqlx.NewSession(t.Context(), db)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func mustExec(t *testing.T, q interface {
	ExecContext(context.Context, string, ...any) (sql.Result, error)
}, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		_, err := q.ExecContext(t.Context(), statement)
		require.NoError(t, err, statement)
	}
}

const patience = 20 * time.Second

// statement returns what a connection runs now, empty if nothing; ok is false
// if the server does not know it any more.
func statement(t *testing.T, s *servers.Server, id uint64) (text string, ok bool) {
	t.Helper()
	err := s.Admin().QueryRowContext(context.WithoutCancel(t.Context()),
		"SELECT COALESCE(info, '') FROM "+s.Engine().Processlist()+" WHERE id = ?", id).Scan(&text)
	if err == sql.ErrNoRows {
		return "", false
	}
	require.NoError(t, err)
	return text, true
}
