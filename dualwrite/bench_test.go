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
	seq        = "WITH RECURSIVE seq AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM seq WHERE n < 1000) "
	fillUsers  = "INSERT INTO users (id, name, city, first_name, last_name) " + seq + "SELECT n, 'n', NULL, 'n', '' FROM seq"
	fillPeople = "INSERT INTO people (id, email, age) " + seq + "SELECT n, NULL, 1 FROM seq"
	fillTarget = "INSERT INTO accounts SELECT id, email, age FROM people"
)

// BenchmarkDualWrite measures a fenced and mirrored UPDATE against a plain one
// (BEGIN, UPDATE, COMMIT) of the same pool, on servers that flush every commit.
// The two alternate, so that whatever else the machine does falls on both, and
// the medians are compared. 1 client and 8, each on rows of its own.
func BenchmarkDualWrite(b *testing.B) {
	for _, engine := range []servers.Engine{servers.MySQL, servers.MariaDB} {
		s := servers.Private(b, servers.Options{Engine: engine, Durability: servers.Durable})
		for _, change := range []struct {
			change migrate.Change
			ddl    []string
		}{
			{nameSplit(), append(slices.Clone(nameSplitDDL), fillUsers)},
			{tableMove(), append(slices.Clone(tableMoveDDL), fillPeople, fillTarget)},
		} {
			for _, clients := range []int{1, 8} {
				b.Run(fmt.Sprintf("%s/%s/clients=%d", engine, change.change.Mapping.Kind(), clients), func(b *testing.B) {
					f := newFixture(b, s, change.change, change.ddl)
					f.db.SetMaxIdleConns(clients + 2)
					cfg := f.config(migrate.SourceShape, migrate.NewOnly)
					cfg.Poll, cfg.Commit = 0, dualwrite.CommitApart // the defaults
					c := f.join(cfg).Change(f.change.Name)
					cfg.Instance, cfg.Commit = dualwrite.NewIdentity(), dualwrite.CommitWithMirror
					landing := f.join(cfg).Change(f.change.Name)
					now := f.to(migrate.Verified)
					sees(b, c, now)
					sees(b, landing, now)
					single := func(id int64, value int) error { return singleWrite(b.Context(), f.db, updateOf(c), value, id) }
					dual := func(c *dualwrite.Change) unit {
						return func(id int64, value int) error { return exec1(b.Context(), c, []any{id}, updateOf(c), value, id) }
					}
					units := []named{
						{"single", single},
						{"dual", dual(c)},
					}
					if engine == servers.MariaDB {
						// A landing's ROLLBACK must not be charged to the next one measured.
						units = append(units, named{"landing", dual(landing)}, named{unmeasured, single})
					}
					compare(b, clients, units)
				})
			}
		}
	}
}

func updateOf(c *dualwrite.Change) string {
	if c.Name() == movePeople {
		return "UPDATE people SET age = ? WHERE id = ?"
	}
	return "UPDATE users SET name = ? WHERE id = ?"
}

func singleWrite(ctx context.Context, db *sql.DB, query string, args ...any) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, query, args...); err != nil {
		return err
	}
	return tx.Commit()
}

// unit writes a value into a row.
type unit func(id int64, value int) error

type named struct {
	name string
	run  unit
}

// unmeasured names a unit that is run for what the one before it leaves behind.
const unmeasured = ""

// compare runs the units in turns, b.N each, and reports their medians and how
// they relate to that of the first.
func compare(b *testing.B, clients int, units []named) {
	took := make([][][]time.Duration, len(units))
	for i := range took {
		took[i] = make([][]time.Duration, clients)
	}
	b.ResetTimer()
	var all sync.WaitGroup
	for client := range clients {
		all.Go(func() {
			for n := client; n < b.N; n += clients {
				for which, unit := range units {
					began := time.Now()
					if err := unit.run(int64(1+n%benchRows), (n/benchRows*len(units)+which)%120+2); err != nil {
						b.Error(err)
						return
					}
					took[which][client] = append(took[which][client], time.Since(began))
				}
			}
		})
	}
	all.Wait()
	b.StopTimer()
	single := quantile(took[0], 50)
	for i, unit := range units {
		if unit.name == unmeasured {
			continue
		}
		b.ReportMetric(quantile(took[i], 50), unit.name+"-p50-µs")
		if i > 0 {
			b.ReportMetric(quantile(took[i], 50)/single, unit.name+"-ratio-p50")
			b.ReportMetric(quantile(took[i], 99)/quantile(took[0], 99), unit.name+"-ratio-p99")
		}
	}
}

func quantile(took [][]time.Duration, percent int) float64 {
	flat := slices.Sorted(slices.Values(slices.Concat(took...)))
	return float64(flat[(len(flat)-1)*percent/100].Nanoseconds()) / 1000
}
