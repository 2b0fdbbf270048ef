package engine_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/kinds"
	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/engine"
	"github.com/underpin-db/underpin/migrate/fleet"
)

// shop is a stage with the tables of the fixtures and a submitted change.
func shop(t *testing.T, s *servers.Server, file string) *stage {
	t.Helper()
	st := newStage(t, s)
	for _, statement := range kinds.Tables {
		st.exec(t, statement)
	}
	require.NoError(t, st.Submit(t.Context(), st.plan(t, file)))
	return st
}

// Killed at any point, on, back, on again and to the end, a change of several
// statements is taken up where it stands.
func TestASchemaChangeCrashedAtEveryPoint(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		for _, alter := range []string{
			"ALTER TABLE items ADD CONSTRAINT in_shop FOREIGN KEY (shop_id) REFERENCES shops (id)",
			"ALTER TABLE items DROP INDEX by_sku, DROP COLUMN sku",
			"DROP TABLE items",
			"RENAME TABLE items TO goods",
		} {
			for _, p := range []engine.Point{
				engine.PointBeforeWork, engine.PointAfterDDL, engine.PointAfterRecord,
				engine.PointAfterWork, engine.PointBeforeCommit, engine.PointAfterCommit,
			} {
				t.Run(alter+" "+string(p), func(t *testing.T) {
					t.Parallel()
					st := shop(t, s, schemaFile(alter))
					to := func(phase migrate.Phase) func(*engine.Engine) (engine.Outcome, error) {
						return func(e *engine.Engine) (engine.Outcome, error) {
							return e.Apply(t.Context(), "the-change", engine.WalkOptions{To: phase})
						}
					}
					crashes := crashAt(t, st, p, to(migrate.Expanded))
					crashes += crashAt(t, st, p, func(e *engine.Engine) (engine.Outcome, error) {
						return e.Rollback(t.Context(), "the-change", engine.WalkOptions{To: migrate.Planned})
					})
					crashes += crashAt(t, st, p, to(migrate.Expanded))
					crashes += crashAt(t, st, p, to(migrate.Closed))
					require.Greater(t, crashes, 1, "the point was never reached")
					st.noneHeld(t)
				})
			}
		}
	})
}

// Between the look at the rows and the DDL a row comes in that does not fit. The
// DDL does not look at rows, so the engine does, and takes it back.
func TestARowThatSlipsInBeforeTheForeignKey(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		st := shop(t, s, schemaFile("ALTER TABLE items ADD CONSTRAINT in_shop FOREIGN KEY (shop_id) REFERENCES shops (id)"))
		before := st.schema(t)
		slip := st.another(t, func(c *engine.Config) {
			c.Points = func(p engine.Point) {
				if p == engine.PointBeforeWork {
					st.exec(t, "INSERT INTO items (sku, shop_id) VALUES ('orphan', 99)")
				}
			}
		})
		out, err := slip.Apply(t.Context(), "the-change", engine.WalkOptions{})
		require.NoError(t, err)
		require.False(t, out.Reached)
		require.Equal(t, migrate.GuardRowsFit, out.Waiting[0].Guard)
		require.Contains(t, out.Waiting[0].Reason, "there is no row of shops that it refers to: id=4")
		require.Equal(t, before, st.schema(t))
		st.exec(t, "DELETE FROM items WHERE shop_id = 99")
		st.walk(t, st.Apply, migrate.Expanded)
		_, err = st.db.ExecContext(t.Context(), "INSERT INTO items (sku, shop_id) VALUES ('orphan', 99)")
		require.Error(t, err, "no connection of the pool is left with its checks off")
	})
}

// Somebody alters the table between the plan and its application.
func TestASchemaChangeOfATableThatIsAnotherByNow(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		st := shop(t, s, schemaFile("ALTER TABLE items MODIFY COLUMN sku VARCHAR(60) NOT NULL"))
		st.exec(t, "ALTER TABLE items MODIFY COLUMN sku VARCHAR(400) NOT NULL")
		_, err := st.Apply(t.Context(), "the-change", engine.WalkOptions{})
		require.ErrorIs(t, err, engine.ErrSchemaMoved)
		require.ErrorContains(t, err, "plan the change again")
		require.Equal(t, migrate.Planned, st.phaseOf(t, "the-change"))
	})
}

// What is dropped is held for as long as the file says, and a release that the
// change does not name keeps it from being hidden.
func TestRetiringWaitsForReleasesAndHolds(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		st := shop(t, s, "change: the-change\nservice: shop\nhold: 1h\nreleases: [r7]\nalter:\n  - ALTER TABLE items DROP COLUMN note\n")
		m, err := fleet.Announce(t.Context(), st.db, fleet.Instance{ID: fleet.NewID(), Service: "shop", Release: "r6", Host: "web-1", PID: 7}, time.Minute, nil)
		require.NoError(t, err)
		out, err := st.Apply(t.Context(), "the-change", engine.WalkOptions{})
		require.NoError(t, err)
		require.Equal(t, migrate.GuardReleases, out.Waiting[0].Guard)
		require.Contains(t, out.Waiting[0].String(), "release r6 on web-1 (pid 7)")
		require.NoError(t, m.Leave(t.Context()))
		st.walk(t, st.Apply, migrate.Expanded)
		out, err = st.Apply(t.Context(), "the-change", engine.WalkOptions{To: migrate.Contracted})
		require.NoError(t, err)
		require.Equal(t, migrate.GuardHeld, out.Waiting[0].Guard)
		st.exec(t, "UPDATE _underpin_change SET since = since - INTERVAL 2 HOUR WHERE name = 'the-change'")
		st.exec(t, "CREATE VIEW notes AS SELECT note FROM items")
		out, err = st.Apply(t.Context(), "the-change", engine.WalkOptions{To: migrate.Contracted})
		require.NoError(t, err)
		require.Equal(t, migrate.GuardUnnamed, out.Waiting[0].Guard)
		st.exec(t, "DROP VIEW notes")
		st.walk(t, st.Apply, migrate.Contracted)
	})
}

// phaseOf returns where a change stands.
func (st *stage) phaseOf(t *testing.T, change string) migrate.Phase {
	t.Helper()
	status, err := st.Status(t.Context(), change)
	require.NoError(t, err)
	return status.Phase
}

// A statement that still names what goes keeps it from being dropped, as far as
// the server remembers statements. The server is one of its own, whose memory
// is not full.
func TestRetiringWaitsForStatements(t *testing.T) {
	t.Parallel()
	s := servers.Private(t, servers.Options{Engine: servers.MySQL})
	st := shop(t, s, schemaFile("ALTER TABLE items DROP COLUMN note"))
	st.walk(t, st.Apply, migrate.Expanded)
	st.exec(t, "UPDATE items SET note = 'secret' WHERE id = 1")
	// Reading all statements takes long: not while something else is in the way,
	// and not for a status.
	st.exec(t, "CREATE VIEW notes AS SELECT note FROM items")
	out, err := st.Apply(t.Context(), "the-change", engine.WalkOptions{To: migrate.Contracted})
	require.NoError(t, err)
	require.Len(t, out.Waiting, 1)
	require.Equal(t, migrate.GuardUnnamed, out.Waiting[0].Guard)
	st.exec(t, "DROP VIEW notes")
	status, err := st.Status(t.Context(), "the-change")
	require.NoError(t, err)
	require.Equal(t, []migrate.Guard{migrate.GuardUnused}, status.Next.Unmeasured)
	for _, v := range status.Next.Guards {
		require.True(t, v.Holds, "%s", v)
	}

	out, err = st.Apply(t.Context(), "the-change", engine.WalkOptions{To: migrate.Contracted})
	require.NoError(t, err)
	require.False(t, out.Reached)
	require.Equal(t, migrate.GuardUnused, out.Waiting[0].Guard)
	require.Contains(t, out.Waiting[0].String(), "note")
	require.NotContains(t, out.Waiting[0].String(), "secret", "no value of anybody's is shown")
}

// Where the server remembers no statements, the gate says what was not looked
// at and leaves the decision to whoever asked for the step by name.
func TestRetiringWhereStatementsAreNotRemembered(t *testing.T) {
	st := shop(t, servers.ForTest(t, servers.MariaDB), schemaFile("ALTER TABLE items DROP COLUMN note"))
	st.walk(t, st.Apply, migrate.Expanded)
	st.walk(t, st.Apply, migrate.Contracted)
	require.Contains(t, strings.Join(st.heard("note"), "\n"), "unused holds: no statement was seen to use it; not looked at: ")
}
