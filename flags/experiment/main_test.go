package experiment_test

import (
	"context"
	"database/sql"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/underpin-db/underpin/flags/experiment"
	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/internal/mysqlx"
)

// TestMain is also the writer that a test kills. It stops the servers, and then
// looks for goroutines that nobody waited for.
func TestMain(m *testing.M) {
	if dsn := os.Getenv(envWriter); dsn != "" {
		writeUntilKilled(dsn)
	}
	goleak.VerifyTestMain(servers.Tests{M: m})
}

const patience = 30 * time.Second

var by = experiment.By{Actor: "ann@example", Why: "a test"}

// fixture is a database with control tables.
type fixture struct {
	testing.TB
	dsn string
	db  *sql.DB
}

func newFixture(t testing.TB, s *servers.Server) *fixture {
	t.Helper()
	f := &fixture{TB: t, dsn: s.Database(t).DSN}
	var err error
	f.db, err = mysqlx.Open(t.Context(), f.dsn, mysqlx.Options{MaxOpen: 40})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, f.db.Close()) })
	_, err = control.Init(t.Context(), f.db)
	require.NoError(t, err)
	return f
}

// button is an experiment that every unit takes part in.
func button() experiment.Experiment {
	return experiment.Experiment{
		Name: "checkout-button", Hypothesis: "green sells more", Flag: "button-colour",
		Branches: []experiment.Branch{{Name: "grey", Share: 5000}, {Name: "green", Share: 5000}},
		Metrics:  []experiment.Metric{{Name: "bought", Kind: experiment.Proportion, Event: "purchase"}},
		Segments: []string{"country"},
	}
}

func (f *fixture) start(e experiment.Experiment) experiment.Outcome {
	f.Helper()
	out, err := experiment.Start(f.Context(), f.db, by, e)
	require.NoError(f, err)
	return out
}

func (f *fixture) open(cfg experiment.Config) *experiment.Client {
	f.Helper()
	c, err := experiment.Open(f.Context(), f.db, cfg)
	require.NoError(f, err)
	f.Cleanup(func() { f.close(c) })
	return c
}

// close ends a client, which has nothing left to store.
func (f *fixture) close(c *experiment.Client) {
	f.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(f.Context()), patience)
	defer cancel()
	require.NoError(f, c.Close(ctx))
}

func (f *fixture) exec(statement string, args ...any) {
	f.Helper()
	_, err := f.db.ExecContext(f.Context(), statement, args...)
	require.NoError(f, err, statement)
}

func (f *fixture) number(query string, args ...any) (n int) {
	f.Helper()
	require.NoError(f, f.db.QueryRowContext(f.Context(), query, args...).Scan(&n), query)
	return n
}

func (f *fixture) assign(c *experiment.Client, unit string) string {
	f.Helper()
	a, err := c.Assign(f.Context(), "checkout-button", experiment.Unit{Key: unit})
	require.NoError(f, err)
	require.Equal(f, experiment.Stored, a.Standing)
	return a.Branch
}

// eventually waits for a condition.
func (f *fixture) eventually(what string, so func() bool) {
	f.Helper()
	require.Eventually(f, so, patience, 10*time.Millisecond, what)
}
