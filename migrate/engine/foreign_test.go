package engine_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/engine"
	"github.com/underpin-db/underpin/migrate/plan"
)

// boughtFile moves a table that foreign keys stand on.
const boughtFile = `
change: the-change
service: shop
source: {table: bought}
target: {table: orders}
expand:
  - CREATE TABLE orders (id INT NOT NULL PRIMARY KEY, shop INT NULL, item BIGINT NULL, KEY (shop), KEY (item))
forward: {shop: shop, item: item}
backward: {shop: shop, item: item}
contract:
  - DROP TABLE bought
reads: {ramp: [100], soak: 0s, shadow: {sample: 0}}
`

// bought is a shop with the change submitted.
func bought(t *testing.T, s *servers.Server) *stage {
	t.Helper()
	st := shop(t, s, schemaFile("ALTER TABLE items COMMENT 'unused'"))
	st.exec(t, `CREATE TABLE bought (id INT NOT NULL PRIMARY KEY, shop INT NULL, item BIGINT NULL, KEY by_shop (shop), KEY by_item (item),
  CONSTRAINT in_shop FOREIGN KEY (shop) REFERENCES shops (id),
  CONSTRAINT of_item FOREIGN KEY (item) REFERENCES items (id) ON DELETE CASCADE)`)
	st.exec(t, "INSERT INTO bought VALUES (1, 1, 1), (2, NULL, 2)")
	require.NoError(t, st.Submit(t.Context(), st.plan(t, boughtFile)))
	return st
}

// Killed at any point of the way on and back, the foreign keys come to where they
// belong, and on the way back to where they came from.
func TestForeignKeysCrashedAtEveryPoint(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		for _, p := range []engine.Point{engine.PointAfterDDL, engine.PointBeforeCommit} {
			t.Run(string(p), func(t *testing.T) {
				t.Parallel()
				st := bought(t, s)
				before := st.schema(t)
				to := func(walk func(*engine.Engine) walker, phase migrate.Phase) func(*engine.Engine) (engine.Outcome, error) {
					return func(e *engine.Engine) (engine.Outcome, error) {
						return walk(e)(t.Context(), "the-change", engine.WalkOptions{To: phase})
					}
				}
				on := func(e *engine.Engine) walker { return e.Apply }
				back := func(e *engine.Engine) walker { return e.Rollback }
				crashes := crashAt(t, st, p, to(on, migrate.OnlyNew))
				require.Contains(t, st.schema(t), "CONSTRAINT `of_item_following` FOREIGN KEY (`item`) REFERENCES `items` (`id`) ON DELETE CASCADE ON UPDATE CASCADE")
				require.NotContains(t, st.schema(t), "CONSTRAINT `in_shop` ", "rows that go stale keep no parent")
				crashes += crashAt(t, st, p, to(back, migrate.Planned))
				require.Equal(t, before, st.schema(t))
				crashes += crashAt(t, st, p, to(on, migrate.Contracted))
				require.Greater(t, crashes, 4, "the point was never reached")
				require.Contains(t, st.schema(t), "CONSTRAINT `in_shop_orders` FOREIGN KEY (`shop`) REFERENCES `shops` (`id`)")
				require.Contains(t, st.schema(t), "CONSTRAINT `of_item_orders` FOREIGN KEY (`item`) REFERENCES `items` (`id`) ON DELETE CASCADE\n")
			})
		}
	})
}

// A step that died while the foreign keys passed over is given up: the way back
// returns them.
func TestForeignKeysThatPassedHalfWay(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		for statements := range 2 {
			st := bought(t, s)
			before := st.schema(t)
			st.walk(t, st.Apply, migrate.ReadingNew)
			left := statements
			dying := st.another(t, func(c *engine.Config) {
				c.Points = func(at engine.Point) {
					if at == engine.PointAfterDDL {
						if left--; left < 0 {
							panic(errCrash)
						}
					}
				}
			})
			_, crashed, _ := until(dying, func(e *engine.Engine) (engine.Outcome, error) {
				return e.Apply(t.Context(), "the-change", engine.WalkOptions{To: migrate.OnlyNew})
			})
			require.True(t, crashed)
			require.Contains(t, st.schema(t), "in_shop_orders")
			st.endLease(t)
			st.walk(t, st.Rollback, migrate.Verified)
			require.NotContains(t, st.schema(t), "in_shop_orders")
			require.Contains(t, st.schema(t), "CONSTRAINT `in_shop` ")
			st.walk(t, st.Rollback, migrate.Planned)
			require.Equal(t, before, st.schema(t))
		}
	})
}

// Foreign keys that somebody changes meanwhile stop the way on, by name; the way
// back stays open.
func TestForeignKeysThatAreOthersByNow(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		for _, c := range []struct{ does, says string }{
			{"ALTER TABLE bought DROP FOREIGN KEY in_shop", "foreign key in_shop of table bought is gone"},
			{"ALTER TABLE orders DROP FOREIGN KEY of_item_orders_following", "foreign key of_item_orders of table orders is gone"},
			{"ALTER TABLE bought ADD CONSTRAINT more FOREIGN KEY (shop) REFERENCES shops (id) ON DELETE SET NULL", "foreign key more of table bought changes its rows"},
			{"ALTER TABLE bought DROP FOREIGN KEY of_item, ADD CONSTRAINT of_item2 FOREIGN KEY (item) REFERENCES items (id)", "foreign key of_item of table bought is gone"},
		} {
			st := bought(t, s)
			st.walk(t, st.Apply, migrate.Expanded)
			st.exec(t, c.does)
			_, err := st.Apply(t.Context(), "the-change", engine.WalkOptions{To: migrate.DualWriting})
			require.ErrorIs(t, err, plan.ErrForeignMoved)
			require.ErrorIs(t, err, engine.ErrSchemaMoved)
			require.ErrorContains(t, err, c.says)
			require.Equal(t, migrate.Expanded, st.phaseOf(t, "the-change"))
			st.walk(t, st.Rollback, migrate.Planned)
		}
	})
}

// A row that came in without a parent after the plan was made is not copied to where
// the cascading key stands, and says why.
func TestARowWithoutAParentIsQuarantined(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		st := bought(t, s)
		conn, err := st.db.Conn(t.Context())
		require.NoError(t, err)
		for _, query := range []string{"SET SESSION foreign_key_checks = 0", "INSERT INTO bought VALUES (7, 1, 99)", "SET SESSION foreign_key_checks = 1"} {
			_, err := conn.ExecContext(t.Context(), query)
			require.NoError(t, err)
		}
		require.NoError(t, conn.Close())
		out, err := st.Apply(t.Context(), "the-change", engine.WalkOptions{To: migrate.Verified})
		require.NoError(t, err)
		require.False(t, out.Reached)
		require.Equal(t, migrate.GuardBackfilled, out.Waiting[0].Guard)
		var reason string
		require.NoError(t, st.db.QueryRowContext(t.Context(), "SELECT reason FROM _underpin_quarantine WHERE `change` = 'the-change'").Scan(&reason))
		require.Contains(t, reason, "row 7: ")
		require.Contains(t, reason, "of_item_orders_following")
		st.exec(t, "DELETE FROM bought WHERE id = 7")
		st.walk(t, st.Apply, migrate.Verified)
	})
}

// Keys that pass over wait for the parents' metadata as well, never for long, and
// name who is in the way.
func TestForeignKeysWaitForTheirParents(t *testing.T) {
	st := bought(t, servers.ForTest(t, servers.MySQL))
	st.walk(t, st.Apply, migrate.ReadingNew)
	conn, err := st.db.Conn(t.Context())
	require.NoError(t, err)
	defer conn.Close()
	tx, err := conn.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	_, err = tx.ExecContext(t.Context(), "UPDATE shops SET name = 'two' WHERE id = 1")
	require.NoError(t, err)
	var id uint64
	require.NoError(t, tx.QueryRowContext(t.Context(), "SELECT CONNECTION_ID()").Scan(&id))
	impatient := st.another(t, func(c *engine.Config) { c.DDLAttempts = 1 })
	_, err = impatient.Apply(t.Context(), "the-change", engine.WalkOptions{To: migrate.OnlyNew})
	require.Equal(t, mysqlx.ClassLockWait, mysqlx.Classify(err), "%v", err)
	require.ErrorContains(t, err, fmt.Sprintf("connection %d", id))
	require.Equal(t, migrate.ReadingNew, st.phaseOf(t, "the-change"))
	require.NoError(t, tx.Commit())
	st.walk(t, st.Apply, migrate.OnlyNew)
}

// A table that foreign keys of others point at cannot be left, and its own ones, or
// a generated column, are in nobody's way.
func TestATableGoesWithItsOwnForeignKeys(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		st := shop(t, s, schemaFile("DROP TABLE items"))
		st.exec(t, "ALTER TABLE items ADD COLUMN twice INT AS (price * 2) VIRTUAL, ADD CONSTRAINT in_shop FOREIGN KEY (shop_id) REFERENCES shops (id)")
		st.exec(t, "ALTER TABLE items ADD COLUMN instead BIGINT NULL, ADD CONSTRAINT itself FOREIGN KEY (instead) REFERENCES items (id)")
		require.NoError(t, st.Submit(t.Context(), st.plan(t, "change: again\nservice: shop\nhold: 0s\nalter:\n  - DROP TABLE items\n")))
		st.exec(t, "CREATE TABLE sold (item BIGINT, CONSTRAINT of_item FOREIGN KEY (item) REFERENCES items (id))")
		out, err := st.Apply(t.Context(), "again", engine.WalkOptions{To: migrate.Expanded})
		require.NoError(t, err)
		require.Len(t, out.Waiting, 1)
		require.Equal(t, migrate.GuardUnnamed, out.Waiting[0].Guard)
		require.Len(t, out.Waiting[0].Blockers, 1)
		require.Equal(t, "foreign key `of_item`", out.Waiting[0].Blockers[0].Object)
		st.exec(t, "DROP TABLE sold")
		out, err = st.Apply(t.Context(), "again", engine.WalkOptions{To: migrate.Contracted})
		require.NoError(t, err)
		require.True(t, out.Reached, "%+v", out)
	})
}
