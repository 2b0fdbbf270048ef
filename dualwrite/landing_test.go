package dualwrite_test

import (
	"context"
	"database/sql"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/dualwrite"
	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
)

// On MariaDB the COMMIT comes with the mirror if it is asked for. MySQL is not
// even asked whether it takes such a statement.
func TestWhereMirrorsLand(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		for name, commit := range map[string]dualwrite.Committing{"default": 0, "with mirror": dualwrite.CommitWithMirror} {
			t.Run(name, func(t *testing.T) {
				f := newFixture(t, s, nameSplit(), nameSplitDDL)
				f.to(migrate.DualWriting)
				cfg := f.config(migrate.SourceShape, migrate.ReadNew)
				cfg.Commit = commit
				names := f.join(cfg).Change(splitName)
				for range 4 {
					_, err := insert(t.Context(), names, `INSERT INTO users (name) VALUES ('Ada Lovelace')`)
					require.NoError(t, err)
				}
				want := 1
				if s.Engine() == servers.MariaDB && commit == dualwrite.CommitWithMirror {
					want = 2 // and the mirror alone, for when a lock is in the way
				}
				require.Equal(t, want, names.Asked())
				require.Equal(t, want, names.Prepared())
				f.inStep(migrate.StepExact)
			})
		}
	})
}

// lander is a change on MariaDB whose next write brings the COMMIT with the
// mirror, through a proxy.
type lander struct {
	*fixture
	*proxy
	change *dualwrite.Change
	pool   *sql.DB
}

// insertedByLander is how many rows newLander has written.
const insertedByLander = 2

func newLander(t *testing.T, column bool) *lander {
	t.Helper()
	server := servers.ForTest(t, servers.MariaDB)
	l := &lander{fixture: fixtureOf(t, server, column), proxy: newProxy(t, server.Addr())}
	l.to(migrate.DualWriting)
	cfg := l.config(migrate.SourceShape, migrate.ReadNew)
	cfg.Poll, cfg.Lease = time.Hour, 24*time.Hour // no prepared statement but ours
	l.pool = l.fixture.pool(l.through(t, l.database.DSN))
	l.change = l.joinOver(l.pool, cfg).Change(l.fixture.change.Name)
	for id := range insertedByLander {
		require.NoError(t, l.write(t.Context(), id+1, nil))
	}
	require.Equal(t, 2, l.change.Prepared())
	return l
}

// write inserts a row.
func (l *lander) write(ctx context.Context, id int, resolve func(context.Context) (bool, error)) error {
	insert := `INSERT INTO people (id, email, age) VALUES (` + strconv.Itoa(id) + `, 'mail` + strconv.Itoa(id) + `', 1)`
	if l.change.Name() == splitName {
		insert = `INSERT INTO users (id, name) VALUES (` + strconv.Itoa(id) + `, 'Ada Lovelace')`
	}
	return l.change.WriteWith(ctx, dualwrite.WriteOptions{Resolve: resolve}, func(ctx context.Context, tx *dualwrite.Tx) error {
		_, err := tx.ExecContext(ctx, insert)
		tx.Touch(id)
		return err
	})
}

func (l *lander) cutNext(where cut) { l.cut.Store(int32(where)) }

// Whatever breaks while a mirror brings the COMMIT with it, the outcome is
// unknown, and what is acknowledged is there.
func TestLandingIsCut(t *testing.T) {
	for name, where := range map[string]cut{"before": beforeCommit, "after": afterCommit} {
		t.Run(name, func(t *testing.T) {
			l := newLander(t, true)
			l.cutNext(where)
			require.ErrorIs(t, l.write(t.Context(), 7, nil), dualwrite.ErrUnknownOutcome)
			require.EqualValues(t, 1, l.cuts.Load())
			committed, err := l.seven(t.Context())
			require.NoError(t, err)
			require.Equal(t, where == afterCommit, committed)

			l.exec(`DELETE FROM users WHERE id = 7`)
			l.cutNext(where)
			require.NoError(t, l.write(t.Context(), 7, l.seven))
			require.EqualValues(t, 2, l.cuts.Load())
			require.Equal(t, []string{"Ada Lovelace", "Ada", "Lovelace"}, l.row(`SELECT name, first_name, last_name FROM users WHERE id = 7`))
		})
	}
}

// Whoever finds out what came of a write may take the connection that it had,
// though the pool has no other.
func TestResolveWithTheOnlyConnection(t *testing.T) {
	l := newLander(t, true)
	l.pool.SetMaxOpenConns(2) // one is for heartbeats
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	l.cutNext(afterCommit)
	require.NoError(t, l.write(ctx, 7, func(ctx context.Context) (bool, error) {
		var n int
		err := l.pool.QueryRowContext(ctx, `SELECT COUNT(*) FROM users WHERE id = 7 FOR UPDATE`).Scan(&n)
		return n > 0, err
	}))
	require.EqualValues(t, 1, l.cuts.Load())
}

// A COMMIT that fails inside a landing has rolled back, and what is sent after it
// is committed by itself: the write must not go on as if nothing had happened.
func TestLandingIsRefused(t *testing.T) {
	l := newLander(t, true)
	l.cutNext(refused)
	require.ErrorIs(t, l.write(t.Context(), 7, nil), dualwrite.ErrUnknownOutcome)
	require.EqualValues(t, 1, l.cuts.Load())
	require.Equal(t, []string{strconv.Itoa(insertedByLander)}, l.row(`SELECT COUNT(*) FROM users`))
	require.NoError(t, l.write(t.Context(), 7, nil))
}

// A context that ends when the COMMIT is on its way changes nothing, with the
// mirror as without: what was committed is acknowledged.
func TestContextEndsDuringTheLanding(t *testing.T) {
	l := newLander(t, true)
	ctx, cancel := context.WithCancel(t.Context())
	l.watch = cancel
	l.cutNext(watched)
	require.NoError(t, l.write(ctx, 7, nil))
	require.EqualValues(t, 1, l.cuts.Load())
	require.Error(t, ctx.Err())
	require.Equal(t, []string{"Ada"}, l.row(`SELECT first_name FROM users WHERE id = 7`))
	require.NoError(t, l.write(t.Context(), 8, nil))
}

// A landing waits for no lock. The mirror does, apart from the COMMIT: it can be
// given up, and then it is known that nothing was committed.
func TestLandingWaitsForNobody(t *testing.T) {
	for name, lock := range map[string]string{
		"for a transition": "SELECT 1 FROM _underpin_change FOR UPDATE",
		"for a row":        "SELECT 1 FROM accounts WHERE mail = 'taken' FOR UPDATE",
	} {
		t.Run(name, func(t *testing.T) {
			l := newLander(t, false)
			l.exec(`INSERT INTO accounts (id, mail) VALUES (8, 'taken')`)
			l.exec(`UPDATE people SET email = 'taken' WHERE id = 1`) // and not the other side
			touch := func(ctx context.Context) error {
				return exec1(ctx, l.change, []any{1}, `UPDATE people SET age = age + 1 WHERE id = 1`)
			}
			for range 2 { // to have this kind of mirror prepared
				require.Error(t, touch(t.Context()))
			}
			require.Equal(t, 4, l.change.Prepared())
			release := l.holdRow(lock)
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- touch(ctx) }()
			l.waitsForLock("p.DB = DATABASE() AND p.INFO LIKE '%UPDATE%'")
			cancel()
			err := <-done
			require.ErrorIs(t, err, context.Canceled)
			require.NotErrorIs(t, err, dualwrite.ErrUnknownOutcome)

			go func() { done <- l.write(t.Context(), 9, nil) }()
			release()
			require.NoError(t, <-done)
			require.Equal(t, []string{"1"}, l.row(`SELECT age FROM people WHERE id = 1`))
			require.Equal(t, []string{"mail9"}, l.row(`SELECT mail FROM accounts WHERE id = 9`))
		})
	}
}

// A kill that ends the mirror before its COMMIT leaves no doubt: the outcome is
// known, nothing was committed, and the connection is good for the next unit.
func TestLandingIsKilledBeforeItsCommit(t *testing.T) {
	change := tableMove()
	change.Mapping.Forward[1] = assign("age", "$row.`age` + SLEEP(IF($row.`age` = 3, 60, 0))")
	f := newFixture(t, servers.ForTest(t, servers.MariaDB), change, tableMoveDDL)
	f.to(migrate.DualWriting)
	c := f.join(f.config(migrate.SourceShape, migrate.ReadNew)).Change(movePeople)
	id, err := insert(t.Context(), c, `INSERT INTO people (email, age) VALUES ('A', 1)`)
	require.NoError(t, err)
	age := func(value int) error {
		return exec1(t.Context(), c, []any{id}, `UPDATE people SET age = ? WHERE id = ?`, value, id)
	}
	before := c.Prepared()
	for value := 10; c.Prepared() < before+2; value++ {
		require.Less(t, value, 15)
		require.NoError(t, age(value))
	}
	failed := make(chan error, 1)
	go func() { failed <- age(3) }()
	f.killMirror(t.Context())
	err = <-failed
	require.Equal(t, mysqlx.ClassKilled, mysqlx.Classify(err), "%v", err)
	require.NotErrorIs(t, err, dualwrite.ErrUnknownOutcome)

	require.NotEqual(t, []string{"3"}, f.row(`SELECT age FROM people WHERE id = ?`, id))
	require.NoError(t, age(4))
	require.Equal(t, []string{"4"}, f.row(`SELECT age FROM accounts WHERE id = ?`, id))
}

// killMirror ends the landing that runs in the fixture's database. It is to be
// known as ours in the process list.
func (f *fixture) killMirror(ctx context.Context) {
	f.t.Helper()
	const running = `SELECT CONCAT('KILL QUERY ', id) FROM information_schema.processlist
WHERE db = DATABASE() AND command = 'Execute' AND info LIKE '%underpin mirror%lock_wait_timeout%' AND state = 'User sleep'`
	var kill []string
	require.Eventually(f.t, func() bool { kill = f.row(running); return kill != nil }, 20*time.Second, 5*time.Millisecond)
	_, err := f.db.ExecContext(ctx, kill[0])
	require.NoError(f.t, err)
}

// Where a lock wait timeout costs the transaction, the unit is run again: what
// the mirror alone wrote would be half of it.
func TestLandingThatCostsTheTransaction(t *testing.T) {
	t.Parallel()
	s := servers.Private(t, servers.Options{Engine: servers.MariaDB, ExtraArgs: []string{"--innodb-rollback-on-timeout"}})
	f := newFixture(t, s, tableMove(), tableMoveDDL)
	f.to(migrate.DualWriting)
	cfg := f.config(migrate.SourceShape, migrate.ReadNew)
	retried := retries{why: make(chan string, 1)}
	cfg.Metrics = retried
	c := f.join(cfg).Change(movePeople)
	age := func(value int) error {
		return exec1(t.Context(), c, []any{1}, `UPDATE people SET age = ? WHERE id = 1`, value)
	}
	f.exec(`INSERT INTO people (id, age) VALUES (1, 1)`)
	f.exec(`INSERT INTO accounts (id, age) VALUES (1, 1)`)
	require.NoError(t, age(2))
	require.NoError(t, age(3))
	require.Equal(t, 2, c.Prepared())
	release := f.holdRow(`SELECT 1 FROM accounts FOR UPDATE`)
	done := make(chan error, 1)
	go func() { done <- age(4) }()
	require.Eventually(t, func() bool { return len(retried.why) > 0 }, 20*time.Second, time.Millisecond)
	require.Equal(t, string(mysqlx.ClassLockWait), <-retried.why)
	release()
	require.NoError(t, <-done)
	require.Equal(t, []string{"4", "4"}, f.row(`SELECT people.age, accounts.age FROM people JOIN accounts USING (id)`))
}

// retries is metrics that keep why a unit was first tried again.
type retries struct {
	dualwrite.NoMetrics
	why chan string
}

func (r retries) Retried(_, why string) {
	select {
	case r.why <- why:
	default:
	}
}
