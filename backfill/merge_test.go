package backfill

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/internal/shape"
	"github.com/underpin-db/underpin/migrate"
)

// mergeOf is a merge of rows that not every target row has, with a key that is
// longer in the target.
var mergeOf = declared{
	ddl: []string{
		"CREATE TABLE src (id INT NOT NULL PRIMARY KEY, a VARCHAR(40) NOT NULL, b INT NULL)",
		"CREATE TABLE dst (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, visits INT NOT NULL DEFAULT 0, x VARCHAR(12) NULL, y INT NOT NULL DEFAULT 0)",
	},
	source: "src", target: "dst", key: []string{"id"}, merge: migrate.Yes,
	forward:  [][2]string{{"x", "UPPER({a})"}, {"y", "COALESCE({b}, 0)"}},
	backward: [][2]string{{"a", "LOWER(COALESCE({x}, ''))"}, {"b", "{y}"}},
}

// fillMerge inserts n target rows, and a source row for every third.
func (f *fixture) fillMerge(n int) {
	f.t.Helper()
	f.exec("CREATE TABLE digits (i INT)")
	f.exec("INSERT INTO digits VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)")
	f.exec("INSERT INTO dst (id) SELECT 1 + a.i + 10 * b.i FROM digits a, digits b WHERE a.i + 10 * b.i < ?", n)
	f.exec("INSERT INTO src (id, a, b) SELECT id, CONCAT('row ', id), NULLIF(id, 9) FROM dst WHERE id % 3 = 0")
}

func TestMergeIsCopiedAndTakenBack(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, mergeOf)
		f.fillMerge(60)
		f.exec("UPDATE dst SET x = 'LEFT OVER', y = 5 WHERE id IN (1, 59, 60)") // by an earlier round
		r := f.backfill(f.config())
		require.True(t, r.Complete())
		require.EqualValues(t, 60, r.Rows, "every row of the target was looked at")
		require.Equal(t, "20", f.one("SELECT COUNT(*) FROM dst JOIN src USING (id) WHERE x = UPPER(a) AND y = COALESCE(b, 0)"))
		require.Equal(t, "40", f.one("SELECT COUNT(*) FROM dst WHERE x IS NULL AND y = 0"))
		f.requireInStep(60)

		before := f.one("SELECT GROUP_CONCAT(id, a, COALESCE(b, '-') ORDER BY id) FROM src WHERE id <> 9")
		f.exec("UPDATE dst SET x = NULL, y = 0 WHERE id = 9")        // was there
		f.exec("UPDATE dst SET x = 'TEN', y = 10 WHERE id = 10")     // was not
		f.exec("DELETE FROM dst WHERE id = 60")                      // with its source row
		f.exec("INSERT INTO src (id, a) VALUES (70, 'left behind')") // nobody keeps it
		f.phase(migrate.Reversing, 4)
		cfg := f.config()
		cfg.Job, cfg.Run = Reverse, 4
		require.True(t, f.backfill(cfg).Complete())
		require.Equal(t, "ten10", f.one("SELECT CONCAT(a, b) FROM src WHERE id = 10"))
		f.exec("DELETE FROM src WHERE id = 10")
		f.exec("INSERT INTO src VALUES (60, 'row 60', 60)")
		require.Equal(t, before, f.one("SELECT GROUP_CONCAT(id, a, COALESCE(b, '-') ORDER BY id) FROM src"), "and nothing else")
	})
}

// A source row that has no target row is quarantined with its reason, wherever
// it lies, until one of the two is mended.
func TestMergeOfStraysAndValuesThatDoNotFit(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, mergeOf)
		f.fillMerge(60)
		f.exec("DELETE FROM dst WHERE id IN (3, 33)")
		f.exec("INSERT INTO src (id, a) VALUES (-5, 'first'), (99, 'last')")
		f.exec("UPDATE src SET a = 'longer than twelve' WHERE id = 30")
		require.EqualValues(t, 5, f.backfill(f.config()).Quarantined)
		reasons := map[string]string{}
		for _, m := range f.quarantined() {
			reasons[m.Key] = m.Reason
		}
		for _, key := range []string{"-5", "3", "33", "99"} {
			require.Contains(t, reasons[key], "table dst has no row "+key)
		}
		require.Contains(t, reasons["30"], "for column 'x'")
		v := f.verify(VerifyConfig{})
		require.False(t, v.Clean())
		require.EqualValues(t, 5, v.Missing)

		f.exec("DELETE FROM src WHERE id IN (-5, 99)")
		f.exec("INSERT INTO dst (id) VALUES (3), (33)")
		f.exec("UPDATE src SET a = 'short' WHERE id = 30")
		require.True(t, f.backfill(f.config()).Complete())
		f.requireInStep(60)
	})
}

// The application writes while a merge is copied: rows come and go on both
// sides of it, and all are in step in the end.
func TestMergeUnderWrites(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, mergeOf)
		f.fillMerge(90)
		writes := []string{
			"DELETE FROM src WHERE id = ?", "INSERT INTO src (id, a) VALUES (?, 'anew') ON DUPLICATE KEY UPDATE a = 'again'",
			"UPDATE src SET b = 5 WHERE id = ?", "UPDATE dst SET visits = visits + 1 WHERE id = ?",
		}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() {
			session, err := mysqlx.NewSession(t.Context(), f.db)
			for n := 0; err == nil && ctx.Err() == nil; n++ {
				id := int64(1 + n*7%90)
				err = f.mirror(t.Context(), session, shape.Key{id}, writes[n%len(writes)], id)
				if mysqlx.RetryUnit(err) {
					err = nil
				}
			}
			if session != nil {
				_ = session.Close()
			}
			done <- err
		}()
		r := f.backfill(f.config())
		stop()
		require.NoError(t, <-done)
		require.True(t, r.Complete())
		f.requireInStep(90)
	})
}

func TestMergeIsRepaired(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, mergeOf)
		f.fillMerge(30)
		f.backfill(f.config())
		f.exec("UPDATE dst SET x = 'PLANTED' WHERE id IN (1, 3)")
		f.exec("UPDATE dst SET x = NULL, y = 0 WHERE id = 6")
		f.exec("DELETE FROM src WHERE id = 9")
		v := f.verify(VerifyConfig{})
		require.EqualValues(t, []uint64{1, 2, 1}, []uint64{v.Missing, v.Extra, v.Different})
		require.ElementsMatch(t, []string{"1", "3", "6", "9"}, v.Examples)
		require.EqualValues(t, 4, f.verify(VerifyConfig{Repair: migrate.Yes}).Repaired)
		f.requireInStep(30)
	})
}
