package kinds_test

import (
	"context"
	"database/sql"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/kinds"
	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/engine"
	"github.com/underpin-db/underpin/migrate/plan"
)

// Every kind of change with a mapping is carried on until it is verified, back
// to the very schema that it came from, and on to the end, with every value.
// Code that reads and writes meanwhile is in integration/lifecycle.
func TestEveryMappedKind(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		for _, c := range kinds.AllMapped {
			t.Run(c.Name, func(t *testing.T) {
				t.Parallel()
				db := open(t, s.Engine(), c.Beside...)
				_, err := control.Init(t.Context(), db)
				require.NoError(t, err)
				w := &walked{db: db, t: t}
				w.engine, err = engine.New(engine.Config{DB: db, Actor: "kinds@test", Poll: 10 * time.Millisecond, EvidenceWindow: time.Millisecond})
				require.NoError(t, err)
				require.Equal(t, c.Want, w.one(c.Query))
				before := w.schema()

				p := w.submit(c)
				require.Equal(t, migrate.Mapped, p.Change.Course)
				w.walk(w.engine.Apply, p, migrate.Verified)
				w.walk(w.engine.Rollback, p, migrate.Planned)
				if c.Loose == migrate.No {
					require.Equal(t, before, w.schema(), "the way back leads to where it came from")
				}
				require.Equal(t, c.Want, w.one(c.Query))
				w.walk(w.engine.Apply, p, migrate.Contracted)
				require.Equal(t, c.Want, w.one(c.After))
				require.Contains(t, w.schema(), c.End)
			})
		}
	})
}

// What is no change is refused by name.
func TestWhatIsRefused(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		plain := open(t, s.Engine())
		for _, c := range kinds.AllRefused {
			db := plain
			if len(c.Beside) > 0 {
				db = open(t, s.Engine(), c.Beside...)
			}
			var err error
			if c.DDL != "" {
				_, err = plan.Derive(t.Context(), db, plan.DDL{Name: "ddl", Text: c.DDL, Service: "shop"}, plan.Options{})
			} else {
				f, parsed := plan.ParseFile("change.yaml", strings.NewReader(c.File))
				require.NoError(t, parsed)
				_, err = plan.Build(t.Context(), db, f, plan.Options{})
			}
			var refused *plan.RefusedError
			require.ErrorAs(t, err, &refused, c.Name)
			require.ErrorContains(t, err, c.Says)
		}
	})
}

// walked is a database with a change on its way.
type walked struct {
	t      *testing.T
	db     *sql.DB
	engine *engine.Engine
}

// submit plans a case. Nobody reads beside the test, so nothing is compared in
// the shadow and nothing soaks.
func (w *walked) submit(c kinds.Mapped) *plan.Plan {
	w.t.Helper()
	f := fileOf(w.t, w.db, c)
	f.Reads.Shadow.Sample, f.Reads.Soak = 0, 0
	p, err := plan.Build(w.t.Context(), w.db, f, plan.Options{})
	require.NoError(w.t, err)
	require.NoError(w.t, w.engine.Submit(w.t.Context(), p))
	return p
}

func (w *walked) walk(walk func(context.Context, string, engine.WalkOptions) (engine.Outcome, error), p *plan.Plan, to migrate.Phase) {
	w.t.Helper()
	// The server is shared: for a moment a killed session's transaction may be
	// nobody's, which keeps the gate for strangers shut.
	out, err := walk(w.t.Context(), p.Change.Name, engine.WalkOptions{To: to, Wait: 30 * time.Second})
	require.NoError(w.t, err)
	require.True(w.t, out.Reached, "%+v", out)
}

func (w *walked) one(query string) string {
	w.t.Helper()
	var v string
	require.NoError(w.t, w.db.QueryRowContext(w.t.Context(), query).Scan(&v), query)
	return v
}

// counter is what moves by itself.
var counter = regexp.MustCompile(` AUTO_INCREMENT=\d+`)

// schema is the definition of every table that is no control table.
func (w *walked) schema() string {
	w.t.Helper()
	rows, err := w.db.QueryContext(w.t.Context(), `SELECT TABLE_NAME
FROM information_schema.TABLES
WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME NOT LIKE '\_underpin\_%'
ORDER BY TABLE_NAME`)
	require.NoError(w.t, err)
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name string
		require.NoError(w.t, rows.Scan(&name))
		names = append(names, name)
	}
	require.NoError(w.t, rows.Err())
	var out strings.Builder
	for _, name := range names {
		var text string
		require.NoError(w.t, w.db.QueryRowContext(w.t.Context(), "SHOW CREATE TABLE "+mysqlx.Quote(name)).Scan(&name, &text))
		out.WriteString(counter.ReplaceAllString(text, "") + "\n")
	}
	return out.String()
}
