package plan_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate/plan"
)

// counted is a connection that counts the commands sent to the server.
type counted struct {
	net.Conn
	commands *atomic.Int64
}

// Write counts packets that begin a command: their sequence number is 0.
func (c counted) Write(b []byte) (int, error) {
	if len(b) > 4 && b[3] == 0 {
		c.commands.Add(1)
	}
	return c.Conn.Write(b)
}

// One ALTER of many operations is planned with so many statements for each, not
// with a plan for each.
func TestManyOperationsTakeFewStatements(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		var commands atomic.Int64
		network := "counted-" + string(s.Engine())
		mysql.RegisterDialContext(network, func(ctx context.Context, address string) (net.Conn, error) {
			conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
			return counted{conn, &commands}, err
		})
		t.Cleanup(func() { mysql.DeregisterDialContext(network) })
		cfg, err := mysql.ParseDSN(s.Database(t).DSN)
		require.NoError(t, err)
		cfg.Net = network
		db, err := mysqlx.Open(t.Context(), cfg.FormatDSN(), mysqlx.Options{})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, db.Close()) })
		run(t, db, "CREATE TABLE wide (id INT PRIMARY KEY, c0 INT, c1 INT, c2 INT, c3 INT, c4 INT, c5 INT, c6 INT, c7 INT)")

		derive := func(operations int, operation string) int64 {
			specs := make([]string, operations)
			for i := range specs {
				specs[i] = fmt.Sprintf(operation, i)
			}
			before := commands.Load()
			list, err := plan.Derive(t.Context(), db, plan.DDL{Name: "argument", Text: "ALTER TABLE wide " + strings.Join(specs, ", "), Service: "crm"}, plan.Options{})
			require.NoError(t, err)
			require.Len(t, list, 1)
			return commands.Load() - before
		}
		const add, change = "ADD COLUMN n%d INT NULL", "ALTER COLUMN c%d SET DEFAULT 7"
		derive(1, add) // connects
		require.Equal(t, derive(2, add), derive(200, add), "columns that are added together are one operation")
		const tooMany = 700 // to be added instantly by MySQL, which does not go on to the next way by itself
		require.Less(t, derive(tooMany, add), int64(150))
		const few, many, each = 2, 8, 60
		require.Less(t, derive(many, change)-derive(few, change), int64(each*(many-few)))
	})
}
