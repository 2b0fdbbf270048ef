package dualwrite_test

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/underpin-db/underpin/dualwrite"
	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/migrate"
)

const benchRows = 1000

const (
	seq      = "WITH RECURSIVE seq AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM seq WHERE n < 1000) "
	numbers  = "INSERT INTO users (id, name, city, first_name, last_name) " + seq
	numbers2 = "INSERT INTO people (id, email, age) " + seq
)

// benchmarkWrites measures units of work by 1 and by 8 clients on durable
// servers, each client on rows of its own, and reports the median.
func benchmarkWrites(b *testing.B, unit func(ctx context.Context, db *sql.DB, c *dualwrite.Change, id int64, n int) error) {
	for _, engine := range []servers.Engine{servers.MySQL, servers.MariaDB} {
		s := servers.Private(b, servers.Options{Engine: engine, Durability: servers.Durable})
		for _, change := range []struct {
			change migrate.Change
			ddl    []string
			fill   []string
		}{
			{nameSplit(), nameSplitDDL, []string{numbers + "SELECT n, 'n', NULL, 'n', '' FROM seq"}},
			{tableMove(), tableMoveDDL, []string{numbers2 + "SELECT n, NULL, 1 FROM seq", "INSERT INTO accounts SELECT id, email, age FROM people"}},
		} {
			for _, clients := range []int{1, 8} {
				b.Run(fmt.Sprintf("%s/%s/clients=%d", engine, change.change.Mapping.Kind(), clients), func(b *testing.B) {
					f := newFixture(b, s, change.change, slices.Concat(change.ddl, change.fill))
					f.db.SetMaxIdleConns(clients + 2)
					c := f.old()
					f.to(migrate.Verified)
					loop(b, clients, func(id int64, n int) error { return unit(b.Context(), f.db, c, id, n) })
				})
			}
		}
	}
}

func loop(b *testing.B, clients int, unit func(id int64, n int) error) {
	took := make([][]time.Duration, clients)
	b.ResetTimer()
	var all sync.WaitGroup
	for client := range clients {
		all.Go(func() {
			for n := client; n < b.N; n += clients {
				began := time.Now()
				if err := unit(int64(1+(n%benchRows)), n); err != nil {
					b.Error(err)
					return
				}
				took[client] = append(took[client], time.Since(began))
			}
		})
	}
	all.Wait()
	b.StopTimer()
	flat := slices.Sorted(slices.Values(slices.Concat(took...)))
	b.ReportMetric(float64(flat[len(flat)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(flat[len(flat)*99/100].Microseconds()), "p99-µs")
}

func updateOf(c *dualwrite.Change) string {
	if c.Name() == movePeople {
		return "UPDATE people SET age = ? WHERE id = ?"
	}
	return "UPDATE users SET name = ? WHERE id = ?"
}

func BenchmarkSingleWrite(b *testing.B) {
	benchmarkWrites(b, func(ctx context.Context, db *sql.DB, c *dualwrite.Change, id int64, n int) error {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, updateOf(c), n/benchRows%100+2, id); err != nil {
			return err
		}
		return tx.Commit()
	})
}

func BenchmarkDualWrite(b *testing.B) {
	benchmarkWrites(b, func(ctx context.Context, _ *sql.DB, c *dualwrite.Change, id int64, n int) error {
		return exec1(ctx, c, []any{id}, updateOf(c), n/benchRows%100+2, id)
	})
}
