package dualwrite_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/dualwrite"
	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
)

// tooManyConnections is the server's error when max_connections is reached.
const tooManyConnections = 1040

// A server without a free connection refuses whoever joins, and a write after its
// attempts, with an error that says so. The instance that is in the fleet stays
// in it, and nothing is lost or done twice.
func TestServerThatIsFull(t *testing.T) {
	for _, engine := range servers.Engines() {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			s := servers.Private(t, servers.Options{Engine: engine, ExtraArgs: []string{"--max-connections=15"}})
			f := newFixture(t, s, nameSplit(), nameSplitDDL)
			user := f.database.User(t, "SELECT", "INSERT", "UPDATE", "DELETE")
			db := f.pool(user)
			db.SetMaxIdleConns(0) // every write dials
			client, metrics := f.shortLease(db)
			names := client.Change(splitName)
			f.acknowledged(f.to(migrate.DualWriting))

			release := servers.Fill(t, user)
			_, err := dualwrite.Join(t.Context(), f.pool(user), f.config(migrate.SourceShape, migrate.ReadNew))
			require.EqualValues(t, tooManyConnections, mysqlx.Number(err), "%v", err)
			require.ErrorContains(t, err, "join the fleet of accounts")
			_, err = insert(t.Context(), names, `INSERT INTO users (name) VALUES ('given up')`)
			require.Equal(t, mysqlx.ClassUnavailable, mysqlx.Classify(err), "%v", err)
			require.ErrorContains(t, err, "gave up after 8 attempts")
			f.outlast(client, metrics)

			done := make(chan error, 1)
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			go func() { // like an application that repeats what failed
				for {
					_, err := insert(ctx, names, `INSERT INTO users (name) VALUES ('in the end')`)
					if mysqlx.Classify(err) != mysqlx.ClassUnavailable {
						done <- err
						return
					}
				}
			}()
			release()
			require.NoError(t, <-done)
			require.Equal(t, []string{"in the end", "in"}, f.row(`SELECT name, first_name FROM users`))
			require.Equal(t, []string{"1"}, f.row(`SELECT COUNT(*) FROM users`))
			f.joinOver(f.pool(user), f.config(migrate.SourceShape, migrate.ReadNew))
		})
	}
}
