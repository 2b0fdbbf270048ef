package plan_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/plan"
)

const usersTable = `CREATE TABLE users (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name VARCHAR(200) NOT NULL,
  seen TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  KEY by_name (name)
) DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_bin`

const tenantUsers = `CREATE TABLE users (
  tenant_id INT NOT NULL,
  id BIGINT UNSIGNED NOT NULL,
  name VARCHAR(100) NOT NULL,
  email VARCHAR(200) NOT NULL,
  balance DECIMAL(12,2) NOT NULL,
  joined DATETIME(3) NULL,
  active TINYINT NOT NULL DEFAULT 1,
  PRIMARY KEY (tenant_id, id)
) DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_bin`

// load reads a change file under testdata.
func load(t *testing.T, name string) *plan.File {
	t.Helper()
	r, err := os.Open("testdata/" + name)
	require.NoError(t, err)
	defer r.Close()
	f, err := plan.ParseFile(name, r)
	require.NoError(t, err)
	return f
}

// withoutPlace takes out of a plan what depends on the server at hand.
func withoutPlace(p *plan.Plan) *plan.Plan {
	q := *p
	q.Facts.Server = plan.Server{Flavour: "server", Version: "1.0"}
	q.Facts.Source.Rows, q.Facts.Source.DataBytes, q.Facts.Source.IndexBytes = 1234567, 987654321, 54321
	return &q
}

func TestColumnChange(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := open(t, s, usersTable,
			`INSERT INTO users (name) VALUES ('Ada Lovelace'), ('Mary Ann Lee'), ('Cher'), (''), ('  two  blanks'), ('Jörg Müß')`)
		p, err := plan.Build(t.Context(), db, load(t, "split-user-name.yaml"), plan.Options{})
		require.NoError(t, err)
		noScratch(t, db)

		m := p.Change.Mapping
		assert.Equal(t, migrate.ColumnChange, m.Kind())
		assert.Equal(t, []string{"seen"}, m.Source.Preserve)
		assert.Equal(t, migrate.Expression("SUBSTRING_INDEX($row.`name`, ' ', 1)"), m.Forward[0].Value)
		name, _ := m.Source.Column("name")
		assert.Equal(t, migrate.Column{
			Name: "name", DataType: "varchar", ColumnType: "varchar(200)",
			Charset: "utf8mb4", Collation: "utf8mb4_bin", Null: migrate.NotNull,
		}, name)
		assert.Equal(t, "bigint unsigned", m.Source.Key[0].ColumnType)
		assert.Equal(t, 6, p.Sample.Rows)
		assert.Equal(t, plan.Complete, p.Sample.Coverage)
		assert.Equal(t, 1, p.Sample.Source.Changed, "%+v", p.Sample.Source)
		assert.Equal(t, []string{"ALTER TABLE `users` DROP COLUMN `first_name`, DROP COLUMN `last_name`"}, sqlOf(p.Undo))

		// The golden file holds the hash, which is the same on both engines.
		golden(t, "split-user-name."+string(p.Facts.Server.Flavour)+".md", withoutPlace(p).Render())
	})
}

// sqlOf returns the texts of statements.
func sqlOf(list []plan.Statement) []string {
	var out []string
	for _, s := range list {
		out = append(out, s.SQL)
	}
	return out
}

func TestTableChange(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := open(t, s, tenantUsers, `INSERT INTO users VALUES
  (1, 1, 'Ada', 'ADA@example.org', 12.34, '2020-02-29 12:00:00.125', 1),
  (1, 2, 'Bob', 'bob@example.org', 0.10, NULL, 1),
  (2, 1, 'Çelik', 'c@example.org', 99.99, '1999-12-31 23:59:59', 0),
  (2, 9, 'Dörte', 'd@example.org', 7, '2024-01-01', 1)`)
		p, err := plan.Build(t.Context(), db, load(t, "users-to-accounts.yaml"), plan.Options{})
		require.NoError(t, err)
		noScratch(t, db)

		m := p.Change.Mapping
		assert.Equal(t, migrate.TableChange, m.Kind())
		assert.Equal(t, migrate.Expression("($row.`active` = 1)"), m.Where)
		assert.Equal(t, []string{"touched"}, m.Target.Preserve)
		assert.Equal(t, []string{"tenant", "user_id"}, []string{m.Target.Key[0].Name, m.Target.Key[1].Name})
		assert.Equal(t, 3, p.Sample.Rows)
		assert.Equal(t, 1, p.Sample.Source.Changed, "%+v", p.Sample.Source)
		assert.Equal(t, []uint16{50, 1000, 10000}, p.Reads.Ramp)
		assert.Equal(t, []string{"DROP TABLE `accounts`"}, sqlOf(p.Undo))

		golden(t, "users-to-accounts."+string(p.Facts.Server.Flavour)+".md", withoutPlace(p).Render())
	})
}

// Once expand is done, wholly or for some statements, the plan is the same.
func TestPlanIsTheSameAfterExpand(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := open(t, s, tenantUsers)
		file := load(t, "users-to-accounts.yaml")
		p, err := plan.Build(t.Context(), db, file, plan.Options{})
		require.NoError(t, err)
		for _, st := range p.Expand {
			progress, err := plan.Taken(t.Context(), db, st)
			require.NoError(t, err)
			require.Equal(t, plan.NotTaken, progress)
			cost, err := plan.CostOf(t.Context(), db, st)
			require.NoError(t, err)
			planned, ok := p.Cost(st)
			require.True(t, ok)
			require.Equal(t, planned.Asserted, cost.Asserted, "what was planned is what it costs now")
			run(t, db, cost.Asserted)
			progress, err = plan.Taken(t.Context(), db, st)
			require.NoError(t, err)
			require.Equal(t, plan.AllTaken, progress)
			again, err := plan.Build(t.Context(), db, file, plan.Options{})
			require.NoError(t, err)
			require.Equal(t, p.Hash(), again.Hash())
		}
		drift, err := plan.Drift(t.Context(), db, p)
		require.NoError(t, err)
		require.Empty(t, drift)
		run(t, db, "ALTER TABLE accounts MODIFY full_name VARCHAR(80) NOT NULL")
		drift, err = plan.Drift(t.Context(), db, p)
		require.NoError(t, err)
		require.Len(t, drift, 1)
		assert.Equal(t, "accounts.full_name", drift[0].Object)
		_, err = plan.Build(t.Context(), db, file, plan.Options{})
		requireCode(t, err, plan.CodeExpandDiffers)

		for _, st := range p.Undo {
			run(t, db, st.SQL)
		}
		drift, err = plan.Drift(t.Context(), db, p)
		require.NoError(t, err)
		require.Len(t, drift, 1)
	})
}

// Every statement of a plan, on and back, is carried out as the plan says.
func TestStatementsCostWhatThePlanSays(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := open(t, s, usersTable)
		file := load(t, "split-user-name.yaml")
		p, err := plan.Build(t.Context(), db, file, plan.Options{})
		require.NoError(t, err)
		for _, st := range slices.Concat(p.Expand, p.Undo, p.Expand, p.Contract) {
			planned, ok := p.Cost(st)
			require.True(t, ok, st.SQL)
			assert.Contains(t, planned.Asserted, "ALGORITHM=")
			assert.NotEmpty(t, planned.Words)
			cost, err := plan.CostOf(t.Context(), db, st)
			require.NoError(t, err)
			assert.Equal(t, planned.Asserted, cost.Asserted)
			if !strings.Contains(st.SQL, "DROP COLUMN name") { // which an index has
				assert.Equal(t, "instant", string(cost.Class))
			}
			run(t, db, cost.Asserted)
		}
	})
}

// A sample of a large table looks at the first, the last and rows between, and
// survives keys of many types.
func TestSampleSpreads(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		for key, values := range map[string]string{
			"INT NOT NULL": "n * 1000 - 3000000",
			"VARCHAR(20) COLLATE utf8mb4_bin NOT NULL": "CONCAT('user-', LPAD(n, 8, '0'))",
			"BINARY(16) NOT NULL":                      "UNHEX(LEFT(SHA2(n, 256), 32))",
			"DATETIME NOT NULL":                        "TIMESTAMPADD(SECOND, n, '2020-01-01')",
		} {
			t.Run(strings.Fields(key)[0], func(t *testing.T) {
				db := open(t, s,
					fmt.Sprintf("CREATE TABLE users (id %s, name VARCHAR(200) NOT NULL, PRIMARY KEY (id)) DEFAULT CHARSET utf8mb4", key),
					"CREATE TABLE digits (d INT PRIMARY KEY)", "INSERT INTO digits VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)",
					fmt.Sprintf(`INSERT INTO users SELECT %s, CONCAT('first last', n)
FROM (SELECT a.d + 10*b.d + 100*c.d + 1000*e.d AS n FROM digits a, digits b, digits c, digits e) x`, values),
					"ANALYZE TABLE users")
				p, err := plan.Build(t.Context(), db, load(t, "split-user-name.yaml"), plan.Options{SampleRows: 400})
				require.NoError(t, err)
				assert.Equal(t, plan.Sampled, p.Sample.Coverage)
				want := 200
				if strings.HasPrefix(key, "DATETIME") {
					want = 40
				}
				assert.GreaterOrEqual(t, p.Sample.Rows, want)
				assert.LessOrEqual(t, p.Sample.Rows, 400)
				assert.Zero(t, p.Sample.Source.Changed)
			})
		}
	})
}

// However early Build is cancelled, nothing is left behind, and a scratch
// table that a killed process left is in nobody's way.
func TestCancelled(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := open(t, s, tenantUsers)
		file := load(t, "users-to-accounts.yaml")
		for wait := time.Millisecond; ; wait = wait * 5 / 4 {
			ctx, cancel := context.WithTimeout(t.Context(), wait)
			_, err := plan.Build(ctx, db, file, plan.Options{})
			cancel()
			noScratch(t, db)
			if err == nil {
				break
			}
			require.ErrorIs(t, err, context.DeadlineExceeded)
		}
	})
}

// Two processes that plan the same change take turns; those of different
// changes do not wait.
func TestConcurrentPlanning(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := open(t, s, tenantUsers)
		file := load(t, "users-to-accounts.yaml")
		hashes := make(chan string, 4)
		var group sync.WaitGroup
		for range cap(hashes) {
			group.Go(func() {
				p, err := plan.Build(t.Context(), db, file, plan.Options{})
				if assert.NoError(t, err) {
					hashes <- p.Hash()
				}
			})
		}
		group.Wait()
		close(hashes)
		first := <-hashes
		for h := range hashes {
			assert.Equal(t, first, h)
		}
		noScratch(t, db)
	})
}
