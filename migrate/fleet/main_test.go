package fleet_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/fleet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(servers.Tests{M: m}) }

const (
	change  = "split-user-name"
	service = "accounts"
)

// world is a database with control tables, an account of Underpin's own and
// one of the application's.
type world struct {
	s      *servers.Server
	d      *servers.Database
	own    *sql.DB // Underpin's
	appDSN string
}

func newWorld(t *testing.T, s *servers.Server) *world {
	t.Helper()
	d := s.Database(t)
	_, err := control.Init(t.Context(), d.DB)
	require.NoError(t, err)
	require.NoError(t, control.Register(t.Context(), d.DB, change, service))
	w := &world{s: s, d: d, appDSN: d.User(t, "SELECT", "INSERT", "UPDATE", "DELETE")}
	ownDSN := d.User(t, "ALL")
	w.grant(t, ownDSN, "PROCESS ON *.*")
	w.grant(t, ownDSN, "SELECT ON performance_schema.*")
	if s.Engine() == servers.MySQL {
		w.grant(t, ownDSN, "XA_RECOVER_ADMIN ON *.*")
	}
	w.own = openOwn(t, ownDSN)
	return w
}

func userOf(t *testing.T, dsn string) string {
	t.Helper()
	cfg, err := mysql.ParseDSN(dsn)
	require.NoError(t, err)
	return cfg.User
}

func (w *world) grant(t *testing.T, dsn, what string) {
	t.Helper()
	_, err := w.s.Admin().ExecContext(t.Context(), fmt.Sprintf("GRANT %s TO '%s'@'%%'", what, userOf(t, dsn)))
	require.NoError(t, err)
}

func openOwn(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	db, err := mysqlx.Open(t.Context(), dsn, mysqlx.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// openApp opens a pool as an application would: its session settings are not
// Underpin's. Without attributes it is code that knows nothing of Underpin.
func openApp(t *testing.T, dsn string, attributes map[string]string) *sql.DB {
	t.Helper()
	cfg, err := mysql.ParseDSN(dsn)
	require.NoError(t, err)
	cfg.ParseTime, cfg.ClientFoundRows, cfg.InterpolateParams = false, false, false
	cfg.Params = map[string]string{"time_zone": "'+05:30'", "sql_mode": "'ANSI_QUOTES'"}
	if attributes != nil {
		cfg.ConnectionAttributes = mysqlx.Attributes("app", attributes)
	}
	connector, err := mysql.NewConnector(cfg)
	require.NoError(t, err)
	db := sql.OpenDB(connector)
	t.Cleanup(func() { _ = db.Close() })
	require.NoError(t, db.PingContext(t.Context()))
	return db
}

func throughAll() map[string]migrate.Capability {
	return map[string]migrate.Capability{change: migrate.CapabilityThrough(migrate.SourceShape, migrate.ReadNew)}
}

func instance(release string, supports map[string]migrate.Capability) fleet.Instance {
	return fleet.Instance{
		ID: fleet.NewID(), Service: service, Release: release, Host: "web-1", PID: 4711, Supports: supports,
	}
}

// announceTagged opens the instance's own pool and announces it.
func (w *world) announceTagged(t *testing.T, in fleet.Instance, lease time.Duration) (*fleet.Member, *sql.DB) {
	t.Helper()
	in.Tagged = migrate.Yes
	db := openApp(t, w.appDSN, map[string]string{mysqlx.AttributeInstance: in.ID, mysqlx.AttributeRelease: in.Release})
	m, err := fleet.Announce(t.Context(), db, in, lease, nil)
	require.NoError(t, err)
	return m, db
}

// enter moves the change to a phase, whatever lies between.
func (w *world) enter(t *testing.T, phase migrate.Phase) migrate.Setting {
	t.Helper()
	from, err := control.Setting(t.Context(), w.own, change)
	require.NoError(t, err)
	next := from
	next.Phase, next.Mode, next.Epoch = phase, phase.Mode(), from.Epoch+1
	require.NoError(t, control.Transit(t.Context(), w.own, change, from, next))
	return next
}

// hasPerformanceSchema reports whether the server keeps connection attributes.
func (w *world) hasPerformanceSchema(t *testing.T) bool {
	t.Helper()
	var on bool
	require.NoError(t, w.own.QueryRowContext(t.Context(), "SELECT @@performance_schema").Scan(&on))
	return on
}

func reasons(blockers []fleet.Blocker) string {
	var out []string
	for _, b := range blockers {
		out = append(out, b.String())
	}
	return strings.Join(out, "\n")
}

// waiting polls until n statements that contain text wait for a lock or run.
func (w *world) waiting(t *testing.T, text string, n int) {
	t.Helper()
	require.Eventually(t, func() bool {
		var have int
		err := w.s.Admin().QueryRowContext(context.WithoutCancel(t.Context()),
			"SELECT COUNT(*) FROM "+w.s.Engine().Processlist()+" WHERE info LIKE ? AND db = ? AND id <> CONNECTION_ID()",
			"%"+text+"%", w.d.Name).Scan(&have)
		return err == nil && have >= n
	}, 20*time.Second, 10*time.Millisecond, "%d statements like %q", n, text)
}
