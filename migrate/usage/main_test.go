package usage_test

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate/usage"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(servers.Tests{M: m}) }

// openOwn opens a pool as Underpin does.
func openOwn(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	db, err := mysqlx.Open(t.Context(), dsn, mysqlx.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// openApp opens a pool as an application of a release would.
func openApp(t *testing.T, dsn, release string) *sql.DB {
	t.Helper()
	cfg, err := mysql.ParseDSN(dsn)
	require.NoError(t, err)
	cfg.InterpolateParams = true
	cfg.ConnectionAttributes = mysqlx.Attributes("app", map[string]string{mysqlx.AttributeRelease: release})
	connector, err := mysql.NewConnector(cfg)
	require.NoError(t, err)
	db := sql.OpenDB(connector)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func exec(t *testing.T, db mysqlx.Querier, statements ...string) {
	t.Helper()
	for _, s := range statements {
		_, err := db.ExecContext(t.Context(), s)
		require.NoError(t, err, s)
	}
}

func look(t *testing.T, db *sql.DB, opts usage.Options, elements ...usage.Element) usage.Report {
	t.Helper()
	r, err := usage.Look(t.Context(), db, opts, elements...)
	require.NoError(t, err)
	return r
}

// lines are the uses of some kinds as "kind name, how", sorted; schema is left
// out.
func lines(uses []usage.Use, schema string, kinds ...usage.Kind) []string {
	var out []string
	for _, u := range uses {
		if slices.Contains(kinds, u.Kind) {
			name := strings.ReplaceAll(strings.ReplaceAll(u.Name, "`"+schema+"`.", ""), "`", "")
			out = append(out, fmt.Sprintf("%s %s, %s", u.Kind, name, u.How))
		}
	}
	slices.Sort(out)
	return out
}

func column(name string) usage.Element { return usage.Element{Table: "users", Column: name} }

// brief looks at the process list no longer than it takes.
var brief = usage.Options{Window: 1, Every: 1}

// userOf is the account of a DSN, quoted.
func userOf(t *testing.T, dsn string) string {
	t.Helper()
	cfg, err := mysql.ParseDSN(dsn)
	require.NoError(t, err)
	return "'" + cfg.User + "'@'%'"
}
