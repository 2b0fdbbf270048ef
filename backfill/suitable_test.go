package backfill

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/migrate"
)

// Where rows of the follower are numbered one statement at a time, one worker
// does as much as two.
func TestSuitableWorkers(t *testing.T) {
	numbered := migrate.Table{Name: "b", Key: []migrate.Column{{Name: "id", AutoIncrement: true}}}
	plain := migrate.Table{Name: "a", Key: []migrate.Column{{Name: "id"}}}
	for name, c := range map[string]struct {
		source, target migrate.Table
		job            Job
		serialised     bool
	}{
		"numbered target":         {plain, numbered, Backfill, true},
		"numbered source, back":   {numbered, plain, Reverse, true},
		"numbered source":         {numbered, plain, Backfill, false},
		"columns of the same row": {numbered, numbered, Backfill, false},
	} {
		t.Run(name, func(t *testing.T) {
			servers.Each(t, func(t *testing.T, s *servers.Server) {
				var mode int
				db := s.Database(t).DB
				require.NoError(t, db.QueryRowContext(t.Context(), "SELECT @@innodb_autoinc_lock_mode").Scan(&mode))
				want := 2
				if c.serialised && mode != interleaved {
					want = 1
				}
				got, err := SuitableWorkers(t.Context(), db, migrate.Change{Mapping: migrate.Mapping{Source: c.source, Target: c.target}}, c.job)
				require.NoError(t, err)
				require.Equal(t, want, got)
			})
		})
	}
}
