package control_test

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/internal/mysqlx"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(servers.Tests{M: m}) }

const (
	change   = "split-user-name"
	patience = 20 * time.Second
)

// open returns an empty database.
func open(t *testing.T, s *servers.Server) *sql.DB {
	t.Helper()
	db, err := mysqlx.Open(t.Context(), s.Database(t).DSN, mysqlx.Options{MaxOpen: 40})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// initialised returns a database with control tables and one change.
func initialised(t *testing.T, s *servers.Server) *sql.DB {
	t.Helper()
	db := open(t, s)
	_, err := control.Init(t.Context(), db)
	require.NoError(t, err)
	require.NoError(t, control.Register(t.Context(), db, change, "accounts"))
	return db
}

func exec(t *testing.T, db mysqlx.Querier, statement string, args ...any) {
	t.Helper()
	_, err := db.ExecContext(t.Context(), statement, args...)
	require.NoError(t, err, statement)
}

// inTx runs fn in a transaction and commits.
func inTx(ctx context.Context, db *sql.DB, fn func(tx *sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := fn(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// waiting polls until a statement that contains text runs in db's database.
func waiting(t *testing.T, s *servers.Server, db *sql.DB, text string) {
	t.Helper()
	require.Eventually(t, func() bool {
		var n int
		err := db.QueryRowContext(context.WithoutCancel(t.Context()),
			"SELECT COUNT(*) FROM "+s.Engine().Processlist()+" WHERE db = DATABASE() AND info LIKE ? AND id <> CONNECTION_ID()",
			"%"+text+"%").Scan(&n)
		return err == nil && n > 0
	}, patience, 5*time.Millisecond, "a statement like %q", text)
}
