package backfill

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/shape"
)

// Target rows that nothing stands behind are found where the keys of both
// tables follow the same rules, and the range is counted, and where they do not,
// and every row is looked up; whatever is missing beside them.
func TestExtraRowsAreFoundWhateverTheKeys(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		const text = "VARCHAR(20) CHARACTER SET utf8mb4 COLLATE "
		for name, key := range map[string][2]string{
			"same numbers":     {"BIGINT", "BIGINT"},
			"other numbers":    {"BIGINT", "INT"},
			"signed or not":    {"BIGINT UNSIGNED", "BIGINT"},
			"same text":        {text + "utf8mb4_general_ci", text + "utf8mb4_general_ci"},
			"other collations": {text + "utf8mb4_bin", text + "utf8mb4_general_ci"},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				f := newFixture(t, s, declared{
					ddl: []string{
						"CREATE TABLE src (id " + key[0] + " NOT NULL PRIMARY KEY, v INT NULL)",
						"CREATE TABLE dst (id " + key[1] + " NOT NULL PRIMARY KEY, v INT NULL)",
					},
					source: "src", target: "dst", key: []string{"id"}, forward: [][2]string{{"v", "{v}"}}, where: "{v} > 0",
				})
				for _, plant := range []struct {
					what, src, dst string
					want           shape.Counts
				}{
					{"in step", "(1, 1), (3, 1), (5, 1)", "(1, 1), (3, 1), (5, 1)", shape.Counts{Compared: 3}},
					{"one for another", "(1, 1), (3, 1), (5, 1)", "(1, 1), (4, 1), (5, 1)", shape.Counts{Compared: 4, Missing: 1, Extra: 1}},
					{"all for others", "(1, 1), (3, 1), (5, 1)", "(2, 1), (4, 1), (6, 1)", shape.Counts{Compared: 6, Missing: 3, Extra: 3}},
					{"nothing behind", "(9, 0)", "(1, 1), (2, 1)", shape.Counts{Compared: 2, Extra: 2}},
					{"one that does not take part", "(1, 1), (3, 0), (5, 1)", "(1, 1), (3, 0), (5, 1)", shape.Counts{Compared: 3, Extra: 1}},
					{"one that takes part no more", "(1, 1), (3, 0), (5, 1)", "(1, 1), (3, 1), (5, 2), (7, 1)", shape.Counts{Compared: 4, Extra: 2, Different: 1}},
				} {
					f.exec("DELETE FROM src")
					f.exec("DELETE FROM dst")
					f.exec("INSERT INTO src VALUES " + plant.src)
					f.exec("INSERT INTO dst VALUES " + plant.dst)
					for _, chunk := range []int{1, 2, 1000} {
						r := f.verify(VerifyConfig{ChunkMin: chunk, ChunkMax: chunk})
						got := shape.Counts{Compared: r.Compared, Missing: r.Missing, Extra: r.Extra, Different: r.Different, Finer: r.Finer}
						require.Equal(t, plant.want, got, "%s, %d at once", plant.what, chunk)
						require.Len(t, r.Examples, int(r.Differ()), plant.what)
					}
				}
			})
		}
	})
}
