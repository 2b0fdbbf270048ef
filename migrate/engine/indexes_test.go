package engine_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/engine"
)

const moved = "members-moved"

// movedFile is a change whose target has indexes that come after the rows.
const movedFile = `
change: members-moved
service: accounts
source: {table: members}
target: {table: people}
expand:
  - CREATE TABLE people LIKE members
forward: {name: name, town: town}
backward: {name: name, town: town}
contract:
  - DROP TABLE members
reads: {ramp: [10, 100], soak: 0s, shadow: {sample: 0}}
backfill: {indexes: after_rows}
`

// newMove is a stage with the move submitted.
func newMove(t *testing.T, s *servers.Server, file string) *stage {
	t.Helper()
	st := newStage(t, s)
	st.exec(t, `CREATE TABLE members (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name VARCHAR(50) NULL,
  town VARCHAR(50) NULL,
  KEY by_name (name),
  KEY by_town (town, name),
  UNIQUE KEY both_unique (name, town)
) DEFAULT CHARSET utf8mb4`)
	st.exec(t, "INSERT INTO members (name, town) VALUES ('Ada', 'London'), ('Grace', 'New York'), ('Mary', 'Rome')")
	require.NoError(t, st.Submit(t.Context(), st.plan(t, file)))
	return st
}

// move leads the change on to a phase and insists on getting there.
func (st *stage) move(t *testing.T, phase migrate.Phase) {
	t.Helper()
	out, err := st.Apply(t.Context(), moved, engine.WalkOptions{To: phase, Wait: 20 * time.Second})
	require.NoError(t, err)
	require.True(t, out.Reached, "%+v", out)
}

// indexes returns the secondary indexes of the target.
func (st *stage) indexes(t *testing.T) string {
	t.Helper()
	var list string
	require.NoError(t, st.db.QueryRowContext(t.Context(), `SELECT COALESCE(GROUP_CONCAT(DISTINCT INDEX_NAME ORDER BY INDEX_NAME), '')
FROM information_schema.STATISTICS
WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'people' AND INDEX_NAME <> 'PRIMARY'`).Scan(&list))
	return list
}

const (
	withoutIndexes = "both_unique"
	withIndexes    = "both_unique,by_name,by_town"
)

func TestIndexesComeAfterTheRowsAndBeforeTheComparison(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		st := newMove(t, s, movedFile)
		for _, phase := range []migrate.Phase{migrate.Expanded, migrate.DualWriting, migrate.Backfilling} {
			st.move(t, phase)
			require.Equal(t, withoutIndexes, st.indexes(t), phase)
		}
		st.move(t, migrate.Verified)
		require.Equal(t, withIndexes, st.indexes(t))
		st.mu.Lock()
		at := func(message string) int {
			return slices.IndexFunc(st.events, func(e engine.Event) bool { return strings.Contains(e.Message, message) })
		}
		order := []int{at("backfill"), at("index `by_name`, `by_town`"), at("ADD INDEX `by_name` (`name`), ADD INDEX `by_town` (`town`, `name`)"), at("3 rows compared")}
		st.mu.Unlock()
		require.True(t, slices.IsSorted(order) && order[0] >= 0, "%v", order)

		// The way back and on again finds them there, and the way back to the
		// beginning leaves nothing.
		before := len(st.heard("ddl"))
		_, err := st.Rollback(t.Context(), moved, engine.WalkOptions{To: migrate.DualWriting})
		require.NoError(t, err)
		st.move(t, migrate.ReadingNew)
		require.Len(t, st.heard("ddl"), before)
		_, err = st.Rollback(t.Context(), moved, engine.WalkOptions{To: migrate.Planned, Wait: 20 * time.Second})
		require.NoError(t, err)
		require.Empty(t, st.indexes(t))
		st.move(t, migrate.Backfilling)
		require.Equal(t, withoutIndexes, st.indexes(t))
		st.move(t, migrate.Contracted)
		require.Equal(t, withIndexes, st.indexes(t))
	})
}

// A change file that says nothing: the source's size decides.
func TestALargeTableHasItsIndexesPutOff(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		st := newMove(t, s, strings.Replace(movedFile, "{indexes: after_rows}", "{}", 1))
		st.exec(t, "CREATE TABLE digits (d INT PRIMARY KEY)")
		st.exec(t, "INSERT INTO digits VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)")
		st.exec(t, `INSERT INTO members (name, town)
SELECT CONCAT(a.d, b.d, c.d), CONCAT(d.d, e.d)
FROM digits a, digits b, digits c, digits d, digits e`)
		st.exec(t, "ANALYZE TABLE members")
		st.move(t, migrate.Backfilling)
		require.Equal(t, withoutIndexes, st.indexes(t))
		st.move(t, migrate.Verified)
		require.Equal(t, withIndexes, st.indexes(t))
		require.Contains(t, strings.Join(st.heard("note"), " "), "100003 rows compared")
	})
}

// A source that is small by the server's estimate, a target that somebody has
// filled, and a change file that says so: the indexes stay.
func TestIndexesStayWithTheRows(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		for name, c := range map[string]struct{ file, before string }{
			"small":     {strings.Replace(movedFile, "{indexes: after_rows}", "{}", 1), "SELECT 1"},
			"with rows": {strings.Replace(movedFile, "after_rows", "with_rows", 1), "SELECT 1"},
			"filled":    {movedFile, "CREATE TABLE people AS SELECT * FROM members WHERE id = 1"},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				st := newMove(t, s, c.file)
				st.exec(t, c.before)
				if name == "filled" {
					st.exec(t, "ALTER TABLE people ADD PRIMARY KEY (id), MODIFY id BIGINT NOT NULL AUTO_INCREMENT, ADD KEY by_name (name), ADD KEY by_town (town, name), ADD UNIQUE both_unique (name, town)")
				}
				st.move(t, migrate.Backfilling)
				require.Equal(t, withIndexes, st.indexes(t))
				st.move(t, migrate.Verified)
				require.Equal(t, withIndexes, st.indexes(t))
			})
		}
	})
}

// Somebody has built one of them by hand while the rows were copied.
func TestAnIndexThatIsThereAlreadyIsInNobodysWay(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		st := newMove(t, s, movedFile)
		st.move(t, migrate.Backfilling)
		st.exec(t, "ALTER TABLE people ADD KEY by_town (town, name)")
		st.move(t, migrate.Verified)
		require.Equal(t, withIndexes, st.indexes(t))
	})
}

func TestCrashAtEveryPointWithIndexesPutOff(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		for _, p := range []engine.Point{
			engine.PointBeforeWork, engine.PointAfterDDL, engine.PointAfterRecord,
			engine.PointAfterWork, engine.PointBeforeCommit, engine.PointAfterCommit,
		} {
			t.Run(string(p), func(t *testing.T) {
				t.Parallel()
				st := newMove(t, s, movedFile)
				crashAt(t, st, p, func(e *engine.Engine) (engine.Outcome, error) {
					return e.Apply(t.Context(), moved, engine.WalkOptions{To: migrate.Backfilling})
				})
				require.Equal(t, withoutIndexes, st.indexes(t))
				crashAt(t, st, p, func(e *engine.Engine) (engine.Outcome, error) {
					return e.Apply(t.Context(), moved, engine.WalkOptions{To: migrate.Verified})
				})
				require.Equal(t, withIndexes, st.indexes(t))
				crashAt(t, st, p, func(e *engine.Engine) (engine.Outcome, error) {
					return e.Rollback(t.Context(), moved, engine.WalkOptions{To: migrate.Planned})
				})
				require.Empty(t, st.indexes(t))
				st.move(t, migrate.Contracted)
				require.Equal(t, withIndexes, st.indexes(t))
				st.audit(t)
			})
		}
	})
}

// A controller that is replaced while its index waits for the table's lock and
// the one that replaced it come to one set of indexes and one record.
func TestTwoControllersBuildTheIndexesOnce(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		st := newMove(t, s, movedFile)
		st.move(t, migrate.Backfilling)
		tx, err := st.db.BeginTx(t.Context(), nil)
		require.NoError(t, err)
		_, err = tx.ExecContext(t.Context(), "SELECT * FROM people") // holds the metadata lock, and no row
		require.NoError(t, err)
		first := make(chan error, 1)
		go func() {
			_, err := st.Apply(t.Context(), moved, engine.WalkOptions{To: migrate.Verified, Wait: time.Minute})
			first <- err
		}()
		require.Eventually(t, func() bool { return len(st.heard("waiting")) > 0 || len(first) > 0 }, time.Minute, 10*time.Millisecond)
		require.Empty(t, first, "it was to wait for the table")
		require.Contains(t, strings.Join(st.heard("waiting"), " "), "table people")
		st.endLease(t)
		second := make(chan error, 1)
		heir := st.another(t, func(c *engine.Config) { c.Actor = "heir@test" })
		go func() {
			out, err := heir.Apply(t.Context(), moved, engine.WalkOptions{To: migrate.Verified})
			if err == nil && !out.Reached {
				err = fmt.Errorf("not reached: %+v", out)
			}
			second <- err
		}()
		require.ErrorIs(t, <-first, engine.ErrLeaseLost)
		require.NoError(t, tx.Commit())
		require.NoError(t, <-second)
		require.Equal(t, withIndexes, st.indexes(t))
		setting, err := control.Setting(t.Context(), st.db, moved)
		require.NoError(t, err)
		require.Equal(t, migrate.Verified, setting.Phase)
	})
}
