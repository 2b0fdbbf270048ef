package dualwrite_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/dualwrite"
	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
)

// What is prepared goes by the row as text does: a transition that the client
// has not heard of is obeyed, and the statements of the new epoch are prepared in
// their turn.
func TestPreparedMirrorGoesByTheRow(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		for name, column := range map[string]bool{"column": true, "table": false} {
			t.Run(name, func(t *testing.T) {
				f := fixtureOf(t, s, column)
				f.to(migrate.DualWriting)
				c := f.join(f.config(migrate.SourceShape, migrate.ReadNew)).Change(f.change.Name)
				write := func() {
					id, err := insert(t.Context(), c, shapesOf[f.change.Name][migrate.SourceShape].insert)
					require.NoError(t, err)
					f.inStep(migrate.StepExact)
					f.exec(`DELETE FROM `+f.change.Mapping.Source.Name+` WHERE id = ?`, id)
					f.exec(`DELETE FROM `+f.change.Mapping.Target.Name+` WHERE id = ?`, id)
				}
				write()
				require.Positive(t, c.Prepared())
				write()
				write()
				now := f.to(migrate.Backfilling)
				write() // by a statement of an epoch gone by, or already by a new one
				sees(t, c, now)
				write()
				require.Positive(t, c.Prepared())
				write()
			})
		}
	})
}

// Prepared statements are counted for the whole server. Where there is no room,
// or none is left, the text is sent.
func TestNoRoomToPrepare(t *testing.T) {
	for _, engine := range []servers.Engine{servers.MySQL, servers.MariaDB} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			s := servers.Private(t, servers.Options{Engine: engine})
			f := newFixture(t, s, nameSplit(), nameSplitDDL)
			f.to(migrate.DualWriting)
			limit := func(n int) {
				_, err := s.Admin().ExecContext(t.Context(), `SET GLOBAL max_prepared_stmt_count = ?`, n)
				require.NoError(t, err)
			}
			c := f.join(f.config(migrate.SourceShape, migrate.ReadNew)).Change(splitName)
			write := func() error {
				_, err := insert(t.Context(), c, `INSERT INTO users (name) VALUES ('Ada Lovelace')`)
				return err
			}
			require.NoError(t, write())
			require.Positive(t, c.Prepared())
			limit(0) // what is prepared stays, on the connection where it is
			var all sync.WaitGroup
			for range 8 {
				all.Go(func() {
					for range 10 {
						if err := write(); err != nil {
							t.Error(err)
						}
					}
				})
			}
			all.Wait()
			none := f.join(f.config(migrate.SourceShape, migrate.ReadNew)).Change(splitName)
			_, err := insert(t.Context(), none, `INSERT INTO users (name) VALUES ('Ada Lovelace')`)
			require.NoError(t, err)
			require.Zero(t, none.Prepared())
			f.inStep(migrate.StepExact)
			require.Equal(t, []string{"82"}, f.row(`SELECT COUNT(*) FROM users WHERE first_name = 'Ada'`))
		})
	}
}

// A kill that ends the mirror before its COMMIT leaves no doubt: the outcome is
// known, nothing was committed, and the connection is good for the next unit.
func TestLandingIsKilledBeforeItsCommit(t *testing.T) {
	f := newFixture(t, servers.ForTest(t, servers.MariaDB), tableMove(), tableMoveDDL)
	f.to(migrate.DualWriting)
	c := f.join(f.config(migrate.SourceShape, migrate.ReadNew)).Change(movePeople)
	id, err := insert(t.Context(), c, `INSERT INTO people (email, age) VALUES ('A', 1)`)
	require.NoError(t, err)
	age := func(value int) error {
		return exec1(t.Context(), c, []any{id}, `UPDATE people SET age = ? WHERE id = ?`, value, id)
	}
	require.NoError(t, age(2)) // prepared from here on
	require.Positive(t, c.Prepared())

	blocker, err := f.db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	defer func() { _ = blocker.Rollback() }()
	_, err = blocker.ExecContext(t.Context(), `SELECT age FROM accounts WHERE id = ? FOR UPDATE`, id)
	require.NoError(t, err)
	failed := make(chan error, 1)
	go func() { failed <- age(3) }()
	f.killMirror(t.Context())
	err = <-failed
	require.Equal(t, mysqlx.ClassKilled, mysqlx.Classify(err), "%v", err)
	require.NotErrorIs(t, err, dualwrite.ErrUnknownOutcome)
	require.NoError(t, blocker.Rollback())

	require.Equal(t, []string{"2"}, f.row(`SELECT age FROM people WHERE id = ?`, id))
	require.NoError(t, age(4))
	require.Equal(t, []string{"4"}, f.row(`SELECT age FROM accounts WHERE id = ?`, id))
	f.inStep(migrate.StepExact)
}

// killMirror ends the mirror that waits in the fixture's database.
func (f *fixture) killMirror(ctx context.Context) {
	f.t.Helper()
	const waiting = `SELECT CONCAT('KILL QUERY ', id) FROM information_schema.processlist
WHERE db = DATABASE() AND command = 'Execute' AND info LIKE '%underpin mirror%' AND time_ms > 50`
	var kill []string
	require.Eventually(f.t, func() bool { kill = f.row(waiting); return kill != nil }, 10*time.Second, 5*time.Millisecond)
	_, err := f.db.ExecContext(ctx, kill[0])
	require.NoError(f.t, err)
}
