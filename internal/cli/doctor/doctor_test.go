package doctor_test

import (
	"database/sql"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/cli/doctor"
	"github.com/underpin-db/underpin/internal/mysqlx"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(servers.Tests{M: m}) }

// basic is DDL and DML on the application's own database.
var basic = []string{"SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "ALTER", "DROP", "INDEX"}

// What a user lacks is found by trying, and what that means is said: without
// REFERENCES MySQL makes no foreign keys, and MariaDB does.
func TestPrivileges(t *testing.T) {
	references := map[servers.Engine]doctor.Level{servers.MySQL: doctor.Costs, servers.MariaDB: doctor.Fine}
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		d := s.Database(t)
		for _, c := range []struct {
			name    string
			grants  []string
			healthy bool
			want    map[string]doctor.Level
		}{
			{"basic", basic, true, map[string]doctor.Level{
				"CREATE": doctor.Fine, "DELETE": doctor.Fine, "REFERENCES": references[s.Engine()], "CREATE TEMPORARY TABLES": doctor.Costs}},
			{"with REFERENCES", append(slices.Clone(basic), "REFERENCES", "CREATE TEMPORARY TABLES"), true, map[string]doctor.Level{
				"REFERENCES": doctor.Fine, "CREATE TEMPORARY TABLES": doctor.Fine}},
			{"everything", []string{"ALL PRIVILEGES"}, true, map[string]doctor.Level{
				"REFERENCES": doctor.Fine, "CREATE TEMPORARY TABLES": doctor.Fine}},
			{"no DDL", basic[:3], false, map[string]doctor.Level{"DELETE": doctor.Missing, "REFERENCES": doctor.Costs}},
		} {
			t.Run(c.name, func(t *testing.T) {
				report := examine(t, d.User(t, c.grants...))
				for name, level := range c.want {
					f := found(t, report, name)
					require.Equal(t, level, f.Level, name)
					require.Equal(t, level == doctor.Fine, f.Remedy == "", name)
					if level != doctor.Fine {
						require.Contains(t, f.Remedy, "GRANT "+name+" ON `"+d.Name+"`.* TO ")
						require.NotEmpty(t, f.Cost)
					}
				}
				require.Equal(t, c.healthy, !slices.ContainsFunc(report.Privileges, func(f doctor.Finding) bool { return f.Level == doctor.Missing }))
				noScratch(t, d.DB)
			})
		}
	})
}

// What doctor says to grant can be granted as it stands, and then nothing is
// lacking any more.
func TestRemediesHelp(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		d := s.Database(t)
		dsn := d.User(t, basic[:3]...)
		granted := 0
		for _, f := range examine(t, dsn).Privileges {
			if f.Level == doctor.Fine {
				continue
			}
			_, err := s.Admin().ExecContext(t.Context(), f.Remedy)
			require.NoError(t, err, "%s: %s", f.Name, f.Remedy)
			granted++
		}
		require.Greater(t, granted, 5)
		for _, f := range examine(t, dsn).Privileges {
			require.Equal(t, doctor.Fine, f.Level, "%s: %s", f.Name, f.Found)
		}
	})
}

// A privilege that takes in what is asked for does as well.
func TestWiderPrivilegesServe(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		d := s.Database(t)
		dsn := d.User(t, basic...)
		name := map[servers.Engine]string{servers.MySQL: "FLUSH_TABLES", servers.MariaDB: "RELOAD"}[s.Engine()]
		level := func() doctor.Level {
			report := examine(t, dsn)
			f := found(t, report, name)
			if f.Level != doctor.Fine {
				require.Equal(t, doctor.Costs, found(t, report, "LOCK TABLES").Level)
				_, err := s.Admin().ExecContext(t.Context(), strings.Replace(f.Remedy, name, "RELOAD", 1))
				require.NoError(t, err)
			}
			return f.Level
		}
		require.Equal(t, doctor.Costs, level())
		require.Equal(t, doctor.Fine, level())
	})
}

// examine is what doctor says of a user.
func examine(t *testing.T, dsn string) doctor.Report {
	t.Helper()
	db, err := mysqlx.Open(t.Context(), dsn, mysqlx.Options{})
	require.NoError(t, err)
	defer db.Close()
	report, err := doctor.Examine(t.Context(), db)
	require.NoError(t, err)
	return report
}

func found(t *testing.T, r doctor.Report, name string) doctor.Finding {
	t.Helper()
	i := slices.IndexFunc(r.Privileges, func(f doctor.Finding) bool { return f.Name == name })
	require.GreaterOrEqual(t, i, 0, name)
	return r.Privileges[i]
}

// noScratch demands that no scratch table is left.
func noScratch(t *testing.T, db *sql.DB) {
	t.Helper()
	var n int
	require.NoError(t, db.QueryRowContext(t.Context(), `SELECT COUNT(*)
FROM information_schema.TABLES
WHERE TABLE_SCHEMA = DATABASE()`).Scan(&n))
	require.Zero(t, n)
}
