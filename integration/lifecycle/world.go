package lifecycle

import (
	"context"
	"database/sql"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/engine"
	"github.com/underpin-db/underpin/migrate/plan"
)

// world is one database with a case in it.
type world struct {
	c      Case
	db     *sql.DB
	appDSN string
	engine *engine.Engine
	schema string // as it was before anything
}

// newWorld makes the schema and submits the plan.
func newWorld(t *testing.T, s *servers.Server, c Case) *world {
	t.Helper()
	d := s.Database(t)
	require.NoError(t, d.DB.Close()) // an untagged connection would be a stranger
	db, err := mysqlx.Open(t.Context(), d.DSN, mysqlx.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	w := &world{c: c, db: db, appDSN: d.User(t, "SELECT", "INSERT", "UPDATE", "DELETE")}
	for _, statement := range append(c.Schema, c.Rows...) {
		_, err := db.ExecContext(t.Context(), statement)
		require.NoError(t, err, statement)
	}
	_, err = control.Init(t.Context(), db)
	require.NoError(t, err)
	w.schema = w.dump(t)
	w.engine, err = engine.New(engine.Config{
		DB: db, Actor: "lifecycle@test", Poll: 10 * time.Millisecond, EvidenceWindow: time.Millisecond,
		Report: func(e engine.Event) { t.Logf("%s %s %s %s", e.Change, e.Phase, e.What, e.Message) },
	})
	require.NoError(t, err)
	w.submit(t)
	return w
}

// file is the change file of the case: as it is written, or as it is derived.
func (w *world) file(t *testing.T) *plan.File {
	t.Helper()
	text := w.c.Change
	if w.c.DDL != "" {
		list, err := plan.Derive(t.Context(), w.db, plan.DDL{Name: "ddl", Text: w.c.DDL, Service: w.c.Service}, plan.Options{})
		require.NoError(t, err)
		text, err = list[0].YAML()
		require.NoError(t, err)
		text += reads
	}
	file, err := plan.ParseFile("change.yaml", strings.NewReader(text))
	require.NoError(t, err)
	return file
}

func (w *world) submit(t *testing.T) {
	t.Helper()
	file := w.file(t)
	p, err := plan.Build(t.Context(), w.db, file, plan.Options{})
	require.NoError(t, err)
	require.NoError(t, w.engine.Submit(t.Context(), p))
}

// apply leads the change on to a phase and insists on getting there.
func (w *world) apply(t *testing.T, to migrate.Phase) {
	t.Helper()
	out, err := w.engine.Apply(t.Context(), w.c.ChangeName, engine.WalkOptions{To: to, Wait: 20 * time.Second})
	require.NoError(t, err)
	require.True(t, out.Reached, "apply to %s: %+v", to, out)
}

// rollback leads the change back to a phase and insists on getting there.
func (w *world) rollback(t *testing.T, to migrate.Phase) {
	t.Helper()
	out, err := w.engine.Rollback(t.Context(), w.c.ChangeName, engine.WalkOptions{To: to, Wait: 20 * time.Second})
	require.NoError(t, err)
	require.True(t, out.Reached, "rollback to %s: %+v", to, out)
}

// dump is the schema of everything that is not a control table.
func (w *world) dump(t *testing.T) string {
	t.Helper()
	rows, err := w.db.QueryContext(t.Context(), `SELECT TABLE_NAME
FROM information_schema.TABLES
WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME NOT LIKE '\_underpin\_%'
ORDER BY TABLE_NAME`)
	require.NoError(t, err)
	var tables []string
	for rows.Next() {
		var name string
		require.NoError(t, rows.Scan(&name))
		tables = append(tables, name)
	}
	require.NoError(t, rows.Err())
	var out strings.Builder
	for _, name := range tables {
		var text string
		require.NoError(t, w.db.QueryRowContext(t.Context(), "SHOW CREATE TABLE "+mysqlx.Quote(name)).Scan(&name, &text))
		out.WriteString(withoutCounter(text) + "\n")
	}
	return out.String()
}

// withoutCounter leaves the AUTO_INCREMENT counter out, which moves by itself.
func withoutCounter(create string) string {
	before, after, ok := strings.Cut(create, " AUTO_INCREMENT=")
	if !ok {
		return create
	}
	_, after, _ = strings.Cut(after, " ")
	return before + " " + after
}

// settle waits until an application has taken up the present setting.
func (w *world) settle(ctx context.Context, t *testing.T, apps ...*running) {
	t.Helper()
	want, err := control.Setting(ctx, w.db, w.c.ChangeName)
	require.NoError(t, err)
	for _, app := range apps {
		require.Eventually(t, func() bool { return app.change.Setting().Epoch == want.Epoch }, 10*time.Second, 5*time.Millisecond)
	}
}
