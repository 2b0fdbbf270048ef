package backfill

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
)

func TestTableChangeIsCopiedAndInStep(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, copyOf)
		f.fillSource(100)
		f.exec("INSERT INTO dst (id, x, y) VALUES (1, 'stale', 0), (2, 'orphan', 0), (9999, 'orphan', 0)")
		r := f.backfill(f.config())
		require.True(t, r.Complete())
		require.EqualValues(t, 15, r.Spans)
		require.EqualValues(t, 100, r.Rows)
		require.EqualValues(t, 102, r.Changed, "99 rows inserted, 1 updated, 2 deleted")
		f.requireInStep(100)
		require.Equal(t, "100", f.one("SELECT COUNT(*) FROM src JOIN dst ON dst.id = src.id AND dst.x = UPPER(a) AND y = b + 1"))

		again := f.backfill(f.config())
		require.Equal(t, r, again, "a second run of the same run has nothing to do")
	})
}
