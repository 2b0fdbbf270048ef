package plan_test

import (
	"context"
	"database/sql"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate/plan"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestMain(m *testing.M) { goleak.VerifyTestMain(servers.Tests{M: m}) }

// open returns a pool on a fresh database in which the statements were run.
func open(t *testing.T, s *servers.Server, statements ...string) *sql.DB {
	t.Helper()
	db := connect(t, s.Database(t).DSN)
	run(t, db, statements...)
	return db
}

func connect(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	db, err := mysqlx.Open(t.Context(), dsn, mysqlx.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// run executes statements.
func run(t *testing.T, db *sql.DB, statements ...string) {
	t.Helper()
	for _, s := range statements {
		_, err := db.ExecContext(t.Context(), s)
		require.NoError(t, err, s)
	}
}

// parse parses a change file.
func parse(t *testing.T, text string) *plan.File {
	t.Helper()
	f, err := plan.ParseFile("change.yaml", strings.NewReader(text))
	require.NoError(t, err)
	return f
}

// golden compares text with a file under testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err, "run the test with -update")
	require.Equal(t, string(want), got)
}

// noScratch asserts that no scratch table is left.
func noScratch(t *testing.T, db *sql.DB) {
	t.Helper()
	var n int
	err := db.QueryRowContext(context.Background(),
		`SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME LIKE '\_underpin\_scratch\_%'`).Scan(&n)
	require.NoError(t, err)
	require.Zero(t, n, "scratch tables are left")
}
