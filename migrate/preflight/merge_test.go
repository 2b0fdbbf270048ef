package preflight_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/migrate/plan"
	"github.com/underpin-db/underpin/migrate/preflight"
)

const mergeFile = `change: merge-profiles
service: accounts
source: {table: profiles}
target: {table: users}
expand:
  - ALTER TABLE users ADD COLUMN bio VARCHAR(200) NULL, ADD COLUMN stars INT NOT NULL DEFAULT 0
forward: {bio: bio, stars: stars}
backward: {bio: "COALESCE(bio, '')", stars: stars}
contract:
  - DROP TABLE profiles
`

// A merge is measured on scratches of both tables, while somebody holds every
// row of them, and the time is that for all rows of the target.
func TestMerge(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s)
		f.fill("users", 6_000)
		f.exec("CREATE TABLE profiles (id BIGINT NOT NULL PRIMARY KEY, bio VARCHAR(200) NOT NULL, stars INT NOT NULL) DEFAULT CHARSET utf8mb4",
			"INSERT INTO profiles SELECT id, RPAD(name, 100, 'y'), 3 FROM users WHERE id % 3 = 0", "ANALYZE TABLE profiles")
		file, err := plan.ParseFile("change.yaml", strings.NewReader(mergeFile))
		require.NoError(t, err)
		p, err := plan.Build(t.Context(), f.db, file, plan.Options{})
		require.NoError(t, err)
		sums := f.checksum("users") + f.checksum("profiles")
		f.session("START TRANSACTION", "SELECT COUNT(*) FROM users FOR UPDATE", "SELECT COUNT(*) FROM profiles FOR UPDATE")

		r := f.run(f.quick(preflight.FromPlan(p)...))
		require.Equal(t, sums, f.checksum("users")+f.checksum("profiles"))
		require.Len(t, r.Tables, 2)
		require.Len(t, r.Steps, 4)
		for i, want := range []ddl.Class{ddl.Instant, preflight.Chunks, preflight.Reading, ddl.Metadata} {
			require.Equal(t, want, r.Steps[i].Class)
			require.NotNil(t, r.Steps[i].Time, "%s: %s", r.Steps[i].What, r.Steps[i].Why)
		}
		merged := r.Steps[1]
		require.Equal(t, "merge the rows of profiles into those of users", merged.What)
		require.Equal(t, "users", merged.Table)
		require.EqualValues(t, 4000, merged.Sample.Rows)
		require.Greater(t, merged.Time.Expected, merged.Sample.Seconds, "6,000 rows take longer than 4,000")
		require.Greater(t, merged.Bytes, uint64(2_000*100), "what is merged has 100 characters each")
		require.Less(t, merged.Binlog, uint64(6_000*300), "rows without a profile are not written")
	})
}
