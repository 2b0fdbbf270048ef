package querykiller

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
)

// undone is a statement that works for long, and whose last row is a duplicate,
// so that the server undoes it by itself; of so many times 100 000 rows.
const undone = `INSERT INTO big
SELECT n, CRC32(n), CRC32(n + 1), CRC32(n + 2), CRC32(n + 3)
FROM (
  SELECT 1 + a.i + 10 * b.i + 100 * c.i + 1000 * d.i + 10000 * e.i + 100000 * f.i AS n
  FROM digits AS a, digits AS b, digits AS c, digits AS d, digits AS e, digits AS f
  WHERE f.i < %d) AS numbers
UNION ALL
SELECT 1, 1, 1, 1, 1`

func createUndone(w *watched) {
	w.t.Helper()
	w.exec("CREATE TABLE digits (i INT PRIMARY KEY)")
	w.exec("INSERT INTO digits VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)")
	w.exec("CREATE TABLE big (id INT PRIMARY KEY, a BIGINT, b BIGINT, c BIGINT, d BIGINT, KEY (a), KEY (b), KEY (c), KEY (d))")
}

// TestRollingBackIsLeftAlone: a write past its budget is due while it writes, and
// is left alone while the server undoes it.
func TestRollingBackIsLeftAlone(t *testing.T) {
	const yaml = "rules:\n  - {name: all, match: {kind: dml}, action: kill_query, budget: 150ms, force_rollback: true}\n"
	rules, err := ParseRules("rules.yaml", strings.NewReader(yaml))
	require.NoError(t, err)
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		// Nobody else may read the transactions, or some polls know nothing of them.
		w := watch(t, servers.Private(t, servers.Options{Engine: s.Engine()}), Options{Killers: 1})
		createUndone(w)
		c := w.client()
		done := c.start(fmt.Sprintf(undone, 1))
		var due, spared int
		for len(done) == 0 {
			snapshot := w.poll()
			for i, v := range rules.Judge(snapshot, State{}) {
				switch p := snapshot.Sessions[i]; {
				case p.ID != c.id || p.Statement.Idle:
				case p.RollingBack == Yes:
					require.Equal(t, ClassRollingBack, v.Class, "%v", v)
					require.Empty(t, v.Act)
					spared++
				case v.Act == ActQuery:
					due++
				}
			}
		}
		require.EqualValues(t, 1062, errNumber(<-done), "it ends as it would have")
		require.Positive(t, due)
		require.Positive(t, spared)
	})
}
