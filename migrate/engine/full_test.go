package engine_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/engine"
)

// An engine that finds the server without a free connection, at the start or in
// the middle of a walk, says so; afterwards it goes on where it was.
func TestServerThatIsFull(t *testing.T) {
	for _, kind := range servers.Engines() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			s := servers.Private(t, servers.Options{Engine: kind, ExtraArgs: []string{"--max-connections=20"}})
			st := newStage(t, s)
			st.db.SetMaxIdleConns(0) // every statement dials
			var release func()
			crowded := st.another(t, func(c *engine.Config) {
				c.Points = func(p engine.Point) {
					if p == engine.PointBeforeWork && release == nil {
						release = servers.Fill(t, st.dsn)
					}
				}
			})
			for _, to := range []migrate.Phase{migrate.Expanded, migrate.DualWriting, migrate.Backfilling, migrate.ReadingNew} {
				release = nil
				_, err := crowded.Apply(t.Context(), name, engine.WalkOptions{To: to})
				require.NotNil(t, release)
				require.Equal(t, mysqlx.ClassUnavailable, mysqlx.Classify(err), "%v", err)
				_, err = st.Apply(t.Context(), name, engine.WalkOptions{To: to})
				require.Equal(t, mysqlx.ClassUnavailable, mysqlx.Classify(err), "%v", err)
				release()
				require.Eventually(t, func() bool { // once the walk's lease has run out, if it could not be given up
					out, err := st.Apply(t.Context(), name, engine.WalkOptions{To: to})
					return err == nil && out.Reached
				}, 30*time.Second, 50*time.Millisecond)
			}
			st.audit(t)
		})
	}
}
