package bench

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/underpin-db/underpin/dualwrite"
	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/engine"
	"github.com/underpin-db/underpin/migrate/plan"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(servers.Tests{M: m}) }

const (
	writers = 64
	rows    = 10_000
	change  = "split-user-name"
	period  = 5 * time.Second
)

const changeFile = `
change: split-user-name
service: accounts
source: {table: users}
target: {table: users}
expand:
  - ALTER TABLE users ADD COLUMN first_name VARCHAR(200) NULL, ADD COLUMN last_name VARCHAR(200) NULL
forward:
  first_name: SUBSTRING_INDEX(name, ' ', 1)
  last_name: TRIM(SUBSTRING(name, CHAR_LENGTH(SUBSTRING_INDEX(name, ' ', 1)) + 1))
backward:
  name: TRIM(CONCAT_WS(' ', first_name, last_name))
contract:
  - ALTER TABLE users DROP COLUMN name
reads: {ramp: [100], soak: 0s, shadow: {sample: 0}}
`

// BenchmarkTransition has 64 writers at work for a while without a transition,
// then as long while the change steps between dual_write and backfilling all
// the time, and compares the longest writes of the two.
func BenchmarkTransition(b *testing.B) {
	for _, which := range servers.Engines() {
		b.Run(string(which), func(b *testing.B) {
			s := servers.ForTest(b, which)
			eng, client := world(b, s)
			for range b.N {
				quiet := write(b, client, func() {})
				var transitions atomic.Int64
				busy := write(b, client, func() {
					flip(b, eng)
					transitions.Add(2)
				})
				b.ReportMetric(ms(quiet), "longest-write-quiet-ms")
				b.ReportMetric(ms(busy), "longest-write-busy-ms")
				b.ReportMetric(ms(busy-quiet), "added-ms")
				b.ReportMetric(float64(transitions.Load()), "transitions")
			}
		})
	}
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// world is a table, the change in dual_write, and a client with 64 connections.
func world(b *testing.B, s *servers.Server) (*engine.Engine, *dualwrite.Change) {
	b.Helper()
	ctx := b.Context()
	d := s.Database(b)
	require.NoError(b, d.DB.Close())
	db, err := mysqlx.Open(ctx, d.DSN, mysqlx.Options{})
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, db.Close()) })
	for _, statement := range []string{
		"CREATE TABLE users (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(200) NULL) DEFAULT CHARSET utf8mb4",
		"INSERT INTO users (name) VALUES " + strings.TrimSuffix(strings.Repeat("('Ada Lovelace'),", rows), ","),
	} {
		_, err := db.ExecContext(ctx, statement)
		require.NoError(b, err)
	}
	_, err = control.Init(ctx, db)
	require.NoError(b, err)
	eng, err := engine.New(engine.Config{DB: db, Actor: "bench@test", Poll: time.Millisecond, EvidenceWindow: time.Millisecond})
	require.NoError(b, err)
	file, err := plan.ParseFile("change.yaml", strings.NewReader(changeFile))
	require.NoError(b, err)
	p, err := plan.Build(ctx, db, file, plan.Options{})
	require.NoError(b, err)
	require.NoError(b, eng.Submit(ctx, p))

	cfg := dualwrite.Config{
		Service: "accounts", Release: "r1",
		Changes: []dualwrite.Support{{Change: change, Writes: migrate.SourceShape, Through: migrate.ReadNew}},
	}
	connector, err := dualwrite.Connector(d.User(b, "SELECT", "INSERT", "UPDATE", "DELETE"), cfg)
	require.NoError(b, err)
	pool := sql.OpenDB(connector)
	pool.SetMaxOpenConns(writers + 4)
	pool.SetMaxIdleConns(writers + 4)
	client, err := dualwrite.Join(ctx, pool, cfg)
	require.NoError(b, err)
	b.Cleanup(func() {
		require.NoError(b, client.Close(context.WithoutCancel(ctx)))
		require.NoError(b, pool.Close())
	})
	out, err := eng.Apply(ctx, change, engine.WalkOptions{To: migrate.DualWriting, Wait: time.Minute})
	require.NoError(b, err)
	require.True(b, out.Reached, "%+v", out)
	return eng, client.Change(change)
}

// write keeps all writers busy for the period, runs meanwhile again and again,
// and returns the longest write.
func write(b *testing.B, names *dualwrite.Change, meanwhile func()) time.Duration {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), period)
	defer cancel()
	var longest atomic.Int64
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				began := time.Now()
				if err := writeOne(b.Context(), names, int64((i*writers+w)%rows+1), i); err != nil {
					b.Error(err)
					return
				}
				took := int64(time.Since(began))
				for have := longest.Load(); took > have && !longest.CompareAndSwap(have, took); have = longest.Load() {
				}
			}
		})
	}
	for ctx.Err() == nil {
		meanwhile()
		_ = mysqlx.Wait(ctx, 100*time.Millisecond)
	}
	all.Wait()
	return time.Duration(longest.Load())
}

func writeOne(ctx context.Context, names *dualwrite.Change, id int64, i int) error {
	return names.Write(ctx, func(ctx context.Context, tx *dualwrite.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE users SET name = ? WHERE id = ?", fmt.Sprintf("Ada King-%d", i), id)
		tx.Touch(id)
		return err
	})
}

// flip steps to backfilling and back.
func flip(b *testing.B, eng *engine.Engine) {
	b.Helper()
	out, err := eng.Apply(b.Context(), change, engine.WalkOptions{To: migrate.Backfilling, Wait: time.Minute})
	require.NoError(b, err)
	require.True(b, out.Reached, "%+v", out)
	out, err = eng.Rollback(b.Context(), change, engine.WalkOptions{To: migrate.DualWriting, Wait: time.Minute})
	require.NoError(b, err)
	require.True(b, out.Reached, "%+v", out)
}
