package backfill

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/migrate"
)

const sysbenchTable = `CREATE TABLE %s (
  id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  k INT NOT NULL DEFAULT 0,
  c CHAR(120) NOT NULL DEFAULT '',
  pad CHAR(60) NOT NULL DEFAULT '',
  KEY k_1 (k))`

// benchRows is the size of the table.
const benchRows = 1_000_000

// benchRounds is how often each of the compared things is done, in turns, so
// that whatever else the machine does falls on all of them.
const benchRounds = 3

// fillSysbench loads the table in batches, each from the digits table.
func (f *fixture) fillSysbench(table string) {
	f.exec("CREATE TABLE digits (i INT PRIMARY KEY)")
	f.exec("INSERT INTO digits VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)")
	for at := 0; at < benchRows; at += 10_000 {
		f.exec(fmt.Sprintf(`INSERT INTO %s (id, k, c, pad)
SELECT n, 1 + (n * 7919) %% 1000003, RPAD(SHA2(n, 256), 119, SHA2(n + 1, 256)), RPAD(SHA2(n + 2, 224), 59, '-')
FROM (
  SELECT %d + a.i + 10 * b.i + 100 * c.i + 1000 * d.i AS n
  FROM digits a, digits b, digits c, digits d) AS numbers
ORDER BY n`, table, at+1))
	}
	f.exec("ANALYZE TABLE " + table)
}

func benchServer(b *testing.B, engine servers.Engine) *servers.Server {
	return servers.Private(b, servers.Options{Engine: engine, Durability: servers.Durable, BufferPoolMiB: 1024})
}

func seconds(b *testing.B, fn func()) float64 {
	b.Helper()
	started := time.Now()
	fn()
	return time.Since(started).Seconds()
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return v[len(v)/2]
}

// BenchmarkCopyAndVerify compares a copy with everything on, and the exact
// verification after it, with what the server itself takes to copy the table.
func BenchmarkCopyAndVerify(b *testing.B) {
	for _, engine := range servers.Engines() {
		b.Run(string(engine), func(b *testing.B) {
			f := newFixture(b, benchServer(b, engine), declared{
				ddl:    []string{fmt.Sprintf(sysbenchTable, "src"), fmt.Sprintf(sysbenchTable, "dst")},
				source: "src", target: "dst", key: []string{"id"},
				forward: [][2]string{{"k", "{k}"}, {"c", "{c}"}, {"pad", "{pad}"}},
			})
			f.fillSysbench("src")
			for b.Loop() {
				var native, copied, one, verified []float64
				for range benchRounds {
					native = append(native, seconds(b, func() { f.exec("ALTER TABLE src FORCE, ALGORITHM=COPY") }))
					copied = append(copied, f.copyAll(b, 2))
					verified = append(verified, f.verifyAll(b))
					one = append(one, f.copyAll(b, 1))
				}
				b.ReportMetric(median(native), "native-s")
				b.ReportMetric(median(copied), "copy-s")
				b.ReportMetric(median(one), "copy-1-worker-s")
				b.ReportMetric(median(verified), "verify-s")
				b.ReportMetric((median(copied)+median(verified))/median(native), "ratio")
			}
		})
	}
}

// BenchmarkColumnChange is the same for a change inside the table: an UPDATE
// in place of every row.
func BenchmarkColumnChange(b *testing.B) {
	for _, engine := range servers.Engines() {
		b.Run(string(engine), func(b *testing.B) {
			f := newFixture(b, benchServer(b, engine), declared{
				ddl: []string{
					fmt.Sprintf(sysbenchTable, "src"),
					"ALTER TABLE src ADD COLUMN k2 BIGINT NULL",
				},
				source: "src", target: "src", key: []string{"id"},
				forward:  [][2]string{{"k2", "{k} * 2"}},
				backward: [][2]string{{"k", "{k2} DIV 2"}},
			})
			f.fillSysbench("src")
			for b.Loop() {
				native := seconds(b, func() { f.exec("ALTER TABLE src FORCE, ALGORITHM=COPY") })
				updated := f.runAll(b, 2)
				verified := f.verifyAll(b)
				f.exec("UPDATE src SET k2 = NULL")
				b.ReportMetric(native, "native-s")
				b.ReportMetric(updated, "update-s")
				b.ReportMetric(verified, "verify-s")
				b.ReportMetric((updated+verified)/native, "ratio")
			}
		})
	}
}

// copyAll copies into an empty target.
func (f *fixture) copyAll(b *testing.B, workers int) float64 {
	f.exec("DROP TABLE dst")
	f.exec("CREATE TABLE dst LIKE src")
	return f.runAll(b, workers)
}

// runAll is a run of its own.
func (f *fixture) runAll(b *testing.B, workers int) float64 {
	f.run++
	f.phase(migrate.Backfilling, f.run)
	return seconds(b, func() {
		r := f.backfill(Config{DB: f.db, Change: f.change, Job: Backfill, Run: f.run, Workers: workers})
		require.True(b, r.Complete())
		require.EqualValues(b, benchRows, r.Rows)
	})
}

func (f *fixture) verifyAll(b *testing.B) float64 {
	return seconds(b, func() {
		r := f.verify(VerifyConfig{})
		require.True(b, r.Clean(), r.String())
		require.EqualValues(b, benchRows, r.Compared)
	})
}
