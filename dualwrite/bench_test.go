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
// They take turns, so that whatever else the machine does falls on both, and
// the medians are compared. 1 client and 8, each on rows of its own; turns of one
// write, and of 30, in which each meets what the one before it has left behind:
// warm caches of its own connection, and work that it did not wait for.
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
			for _, way := range []struct{ clients, turn int }{{1, 1}, {1, 30}, {8, 1}} {
				clients := way.clients
				b.Run(fmt.Sprintf("%s/%s/clients=%d/turn=%d", engine, change.change.Mapping.Kind(), clients, way.turn), func(b *testing.B) {
					f := newFixture(b, s, change.change, change.ddl)
					f.db.SetMaxIdleConns(clients + 2)
					cfg := f.config(migrate.SourceShape, migrate.NewOnly)
					cfg.Poll, cfg.Commit = 0, dualwrite.CommitApart // the defaults
					c := f.join(cfg).Change(f.change.Name)
					cfg.Instance, cfg.Chain = dualwrite.NewIdentity(), dualwrite.ChainNothing
					unchained := f.join(cfg).Change(f.change.Name)
					cfg.Instance, cfg.Chain, cfg.Commit = dualwrite.NewIdentity(), dualwrite.ChainProven, dualwrite.CommitWithMirror
					landing := f.join(cfg).Change(f.change.Name)
					now := f.to(migrate.Verified)
					for _, c := range []*dualwrite.Change{c, unchained, landing} {
						sees(b, c, now)
					}
					update := statement{updateOf(c), func(id int64, value int) []any { return []any{value, id} }}
					single := func(id int64, value int) error { return plainWrite(b.Context(), f.db, id, value, update) }
					dual := func(c *dualwrite.Change) unit {
						return func(id int64, value int) error { return exec1(b.Context(), c, []any{id}, updateOf(c), value, id) }
					}
					units := []named{
						{"single", single},
						{"dual", dual(c)},
						{"unchained", dual(unchained)},
						{"by-hand", func(id int64, value int) error {
							return plainWrite(b.Context(), f.db, id, value, update, byHand[f.change.Name])
						}},
					}
					if engine == servers.MariaDB {
						// A landing's ROLLBACK must not be charged to the next one measured.
						units = append(units, named{"landing", dual(landing)}, named{unmeasured, single})
					}
					compare(b, clients, way.turn, units)
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

// byHand is what an application would run without Underpin to have the other
// shape follow: no fence, no look at what the session lets through.
var byHand = map[string]statement{
	splitName: {
		"UPDATE users SET first_name = SUBSTRING_INDEX(name, ' ', 1), " +
			"last_name = TRIM(SUBSTRING(name, CHAR_LENGTH(SUBSTRING_INDEX(name, ' ', 1)) + 1)) WHERE id = ?",
		func(id int64, _ int) []any { return []any{id} },
	},
	movePeople: {
		"UPDATE accounts JOIN people USING (id) SET accounts.mail = LOWER(people.email), accounts.age = people.age WHERE id = ?",
		func(id int64, _ int) []any { return []any{id} },
	},
}

// statement is one about a row and the value that it gets.
type statement struct {
	query string
	args  func(id int64, value int) []any
}

// plainWrite is a transaction of an application that knows nothing of Underpin.
func plainWrite(ctx context.Context, db *sql.DB, id int64, value int, statements ...statement) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	for _, s := range statements {
		if _, err := tx.ExecContext(ctx, s.query, s.args(id, value)...); err != nil {
			return err
		}
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

// compare runs the units in turns, b.N times each, and reports their medians and
// how they relate to that of the first. A turn is so many runs of one unit on end.
func compare(b *testing.B, clients, turn int, units []named) {
	took := make([][][]time.Duration, len(units))
	for i := range took {
		took[i] = make([][]time.Duration, clients)
	}
	b.ResetTimer()
	var all sync.WaitGroup
	for client := range clients {
		all.Go(func() {
			for first := client * turn; first < b.N; first += clients * turn {
				for which, unit := range units {
					for n := first; n < min(first+turn, b.N); n++ {
						began := time.Now()
						if err := unit.run(int64(1+n%benchRows), (n/benchRows*len(units)+which)%120+2); err != nil {
							b.Error(err)
							return
						}
						took[which][client] = append(took[which][client], time.Since(began))
					}
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
