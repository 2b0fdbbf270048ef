package types

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/backfill"
	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/shape"
	"github.com/underpin-db/underpin/migrate"
)

// The longest values are copied, mirrored and told apart by their last byte, up
// to what one packet takes. The servers have a small one for the test's sake.
func TestTheLongestValues(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, shared *servers.Server) {
		s := servers.Private(t, servers.Options{Engine: shared.Engine(), ExtraArgs: []string{"--max-allowed-packet=4M"}})
		for _, l := range LargeColumns {
			w := newWorld(t, s, migrate.TableChange, []Column{{Name: "v", DDL: l.DDL, Values: []string{"'x'"}}})
			fill := func(last string) string { return fmt.Sprintf("CONCAT(REPEAT('x', %s - 1), '%s')", l.Length, last) }
			w.exec("UPDATE src SET v = " + fill("a") + " WHERE id = 1")
			w.backfill(backfill.Backfill)
			same := "SELECT src.v = dst.v AND LENGTH(dst.v) = " + l.Length + " AND BINARY RIGHT(dst.v, 1) = '%s' FROM src JOIN dst ON dst.id = src.id WHERE src.id = 1"
			require.Equal(t, "1", w.one(fmt.Sprintf(same, "a")), l.DDL)
			w.requireClean(2)

			w.exec("UPDATE src SET v = " + fill("A") + " WHERE id = 1")
			r := w.verify(w.change.Mapping)
			require.Equal(t, []string{"1"}, r.Examples, l.DDL)
			for _, q := range w.mapper.Reconcile(shape.Forward, migrate.StepExact, shape.Keys(shape.Key{int64(1)})) {
				w.exec(q.SQL, q.Args...)
			}
			require.Equal(t, "1", w.one(fmt.Sprintf(same, "A")), l.DDL)
			w.requireClean(2)
		}
	})
}
