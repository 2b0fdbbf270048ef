package engine_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/engine"
	"github.com/underpin-db/underpin/migrate/plan"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(servers.Tests{M: m},
		goleak.IgnoreTopFunction("database/sql.(*DB).connectionOpener"),
		// OpenFeature's SDK has one for the life of the process, after its Shutdown too.
		goleak.IgnoreAnyFunction("github.com/open-feature/go-sdk/openfeature.(*eventExecutor).startEventListener.func1.1"),
		goleak.IgnoreAnyFunction("github.com/open-feature/go-sdk/openfeature.(*eventExecutor).startListeningAndShutdownOld."+
			"(*eventExecutor).startEventListener.func3.1"), // as the race detector's build inlines it
	)
}

const name = "split-user-name"

const changeFile = `
change: split-user-name
service: accounts
source: {table: users}
target: {table: users}
expand:
  - ALTER TABLE users ADD COLUMN first_name VARCHAR(200) NULL, ADD COLUMN last_name VARCHAR(200) NULL
forward:
  first_name: SUBSTRING_INDEX(name, ' ', 1)
  last_name: TRIM(SUBSTRING(name, CHAR_LENGTH(SUBSTRING_INDEX(name, ' ', 1)) + 1))
backward:
  name: TRIM(CONCAT_WS(' ', first_name, last_name))
contract:
  - ALTER TABLE users DROP COLUMN name
reads: {ramp: [10, 100], soak: 0s, shadow: {sample: 0}}
`

const usersTable = `CREATE TABLE users (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name VARCHAR(200) NULL
) DEFAULT CHARSET utf8mb4`

// stage is one database with the change submitted.
type stage struct {
	*engine.Engine
	db       *sql.DB
	database *servers.Database
	dsn      string
	cfg      engine.Config

	mu     sync.Mutex
	events []engine.Event
}

// newStage makes users, submits the change and returns an engine.
func newStage(t *testing.T, s *servers.Server) *stage {
	t.Helper()
	d := s.Database(t)
	require.NoError(t, d.DB.Close()) // an untagged connection would be a stranger
	st := &stage{database: d, dsn: d.DSN}
	var err error
	st.db, err = mysqlx.Open(t.Context(), d.DSN, mysqlx.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.db.Close()) })
	st.exec(t, usersTable)
	st.exec(t, "INSERT INTO users (name) VALUES ('Ada Lovelace'), (NULL), ('Cher'), ('Mary Ann Lee')")
	_, err = control.Init(t.Context(), st.db)
	require.NoError(t, err)
	st.cfg = engine.Config{
		DB: st.db, Actor: "test@engine", Poll: 10 * time.Millisecond, EvidenceWindow: time.Millisecond,
		DDLLockWait: time.Second, Lease: 3 * time.Second, Report: st.hear,
	}
	st.Engine = st.another(t, func(*engine.Config) {})
	require.NoError(t, st.Submit(t.Context(), st.plan(t, changeFile)))
	return st
}

// another is a second engine on the same database, configured differently.
func (st *stage) another(t *testing.T, change func(*engine.Config)) *engine.Engine {
	t.Helper()
	cfg := st.cfg
	change(&cfg)
	e, err := engine.New(cfg)
	require.NoError(t, err)
	return e
}

func (st *stage) plan(t *testing.T, text string) *plan.Plan {
	t.Helper()
	file, err := plan.ParseFile("change.yaml", strings.NewReader(text))
	require.NoError(t, err)
	p, err := plan.Build(t.Context(), st.db, file, plan.Options{})
	require.NoError(t, err)
	return p
}

func (st *stage) exec(t *testing.T, query string, args ...any) {
	t.Helper()
	_, err := st.db.ExecContext(t.Context(), query, args...)
	require.NoError(t, err, query)
}

func (st *stage) hear(e engine.Event) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.events = append(st.events, e)
}

// heard returns the messages of a kind of event so far.
func (st *stage) heard(what string) []string {
	st.mu.Lock()
	defer st.mu.Unlock()
	var out []string
	for _, e := range st.events {
		if e.What == what {
			out = append(out, e.Message)
		}
	}
	return out
}

func (st *stage) phase(t *testing.T) migrate.Phase {
	t.Helper()
	s, err := control.Setting(t.Context(), st.db, name)
	require.NoError(t, err)
	return s.Phase
}

// to leads the change on to a phase and insists on getting there.
func (st *stage) to(t *testing.T, phase migrate.Phase) {
	t.Helper()
	out, err := st.Apply(t.Context(), name, engine.WalkOptions{To: phase, Wait: 20 * time.Second})
	require.NoError(t, err)
	require.True(t, out.Reached, "%+v", out)
}

// audit checks the audit's chain and returns its actions.
func (st *stage) audit(t *testing.T) []string {
	t.Helper()
	entries, err := control.AuditAfter(t.Context(), st.db, 0)
	require.NoError(t, err)
	_, err = control.CheckChain(control.Entry{}, entries)
	require.NoError(t, err)
	var out []string
	for _, e := range entries {
		out = append(out, e.Action)
	}
	return out
}

// renamed is a plan under the change's old name for what contracting left.
func (st *stage) renamed(t *testing.T) *plan.Plan {
	t.Helper()
	return st.plan(t, strings.NewReplacer(
		"first_name", "given", "last_name", "family",
		"SUBSTRING_INDEX(name", "SUBSTRING_INDEX(first_name", "SUBSTRING(name", "SUBSTRING(first_name",
		"  name:", "  first_name:", "DROP COLUMN name", "DROP COLUMN first_name",
	).Replace(changeFile))
}

// stranger is a connection of code without the library, under its own user.
func (st *stage) stranger(t *testing.T, s *servers.Server) *sql.Conn {
	t.Helper()
	user := "old_app_" + fmt.Sprint(time.Now().UnixNano()%1_000_000)
	cfg, err := mysql.ParseDSN(st.dsn)
	require.NoError(t, err)
	admin := s.Admin()
	for _, statement := range []string{
		"CREATE USER " + user + "@'%' IDENTIFIED BY 'old'",
		"GRANT SELECT, INSERT, UPDATE, DELETE ON " + mysqlx.Quote(cfg.DBName) + ".* TO " + user + "@'%'",
	} {
		_, err := admin.ExecContext(t.Context(), statement)
		require.NoError(t, err, statement)
	}
	cfg.User, cfg.Passwd = user, "old"
	db, err := sql.Open("mysql", cfg.FormatDSN())
	require.NoError(t, err)
	db.SetMaxIdleConns(0)
	t.Cleanup(func() {
		require.NoError(t, db.Close())
		_, err := admin.ExecContext(context.WithoutCancel(t.Context()), "DROP USER "+user+"@'%'")
		require.NoError(t, err)
	})
	conn, err := db.Conn(t.Context())
	require.NoError(t, err)
	return conn
}
