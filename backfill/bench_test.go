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

// sysbenchCopy is a change of the whole table.
var sysbenchCopy = declared{
	ddl:    []string{fmt.Sprintf(sysbenchTable, "src"), fmt.Sprintf(sysbenchTable, "dst")},
	source: "src", target: "dst", key: []string{"id"},
	forward: [][2]string{{"k", "{k}"}, {"c", "{c}"}, {"pad", "{pad}"}},
}

// benchRows is the size of the table.
const benchRows = 1_000_000

// benchRounds is how often each of the compared things is done, in turns, so
// that whatever else the machine does falls on all of them.
const benchRounds = 3

// fillSysbench loads the table in batches, each from the digits table.
func (f *fixture) fillSysbench(table string, rows int) {
	f.exec("CREATE TABLE digits (i INT PRIMARY KEY)")
	f.exec("INSERT INTO digits VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)")
	for at := 0; at < rows; at += 10_000 {
		f.exec(fmt.Sprintf(`INSERT INTO %s (id, k, c, pad)
SELECT n, 1 + (n * 7919) %% 1000003, RPAD(SHA2(n, 256), 119, SHA2(n + 1, 256)), RPAD(SHA2(n + 2, 224), 59, '-')
FROM (
  SELECT %d + a.i + 10 * b.i + 100 * c.i + 1000 * d.i AS n
  FROM digits a, digits b, digits c, digits d) AS numbers
ORDER BY n`, table, at+1))
	}
	f.exec("ANALYZE TABLE " + table)
}

// benchServers are the servers that are measured: each engine as it comes, and
// MariaDB with the numbering of rows that MySQL has by default.
var benchServers = []struct {
	name    string
	options servers.Options
}{
	{"mysql", servers.Options{Engine: servers.MySQL}},
	{"mariadb", servers.Options{Engine: servers.MariaDB}},
	{"mariadb-autoinc-2", servers.Options{Engine: servers.MariaDB, ExtraArgs: []string{"--innodb-autoinc-lock-mode=2"}}},
}

func benchServer(b *testing.B, options servers.Options) *servers.Server {
	options.Durability, options.BufferPoolMiB = servers.Durable, 1024
	return servers.Private(b, options)
}

// spent is what something took: the clock's seconds, and those of the server's
// processor, which say the same on a busy machine.
type spent struct{ clock, cpu []float64 }

func (s *spent) during(b *testing.B, server *servers.Server, fn func()) {
	b.Helper()
	cpu, started := servers.CPU(b, server), time.Now()
	fn()
	s.clock = append(s.clock, time.Since(started).Seconds())
	s.cpu = append(s.cpu, (servers.CPU(b, server) - cpu).Seconds())
}

func (s *spent) report(b *testing.B, name string) {
	b.ReportMetric(median(s.clock), name+"-s")
	b.ReportMetric(median(s.cpu), name+"-cpu-s")
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return v[len(v)/2]
}

// indexing is when the target gets its secondary index: as the product does it,
// and row by row.
var indexing = []struct{ name, drop, add string }{
	{"index-after-rows", "ALTER TABLE dst DROP INDEX k_1", "ALTER TABLE dst ADD INDEX k_1 (k), ALGORITHM=INPLACE, LOCK=NONE"},
	{"index-with-rows", "", ""},
}

// BenchmarkCopyAndVerify compares a copy with everything on, the building of the
// index and the exact verification after it, with what the server itself takes
// to copy the table.
func BenchmarkCopyAndVerify(b *testing.B) {
	for _, c := range benchServers {
		b.Run(c.name, func(b *testing.B) {
			f := newFixture(b, benchServer(b, c.options), sysbenchCopy)
			f.fillSysbench("src", benchRows)
			for _, index := range indexing {
				b.Run(index.name, func(b *testing.B) { f.copyAndVerify(b, index.drop, index.add) })
			}
		})
	}
}

// copyAndVerify measures one way. The statements make the target's index go
// before the rows come, and come after them.
func (f *fixture) copyAndVerify(b *testing.B, drop, add string) {
	f.t = b
	prepare := func() { f.emptyTarget(drop) }
	var native, two, one, built, verified spent
	for b.Loop() {
		for range benchRounds {
			native.during(b, f.d.Server, func() { f.exec("ALTER TABLE src FORCE, ALGORITHM=COPY") })
			prepare()
			one.during(b, f.d.Server, func() { f.runAll(b, 1) })
			prepare()
			two.during(b, f.d.Server, func() { f.runAll(b, f.suitable(b)) })
			built.during(b, f.d.Server, func() {
				if add != "" {
					f.exec(add)
				}
			})
			verified.during(b, f.d.Server, func() { f.verifyAll(b) })
			require.Equal(b, "1", f.one("SELECT COUNT(*) FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'dst' AND INDEX_NAME = 'k_1'"))
		}
	}
	native.report(b, "native")
	two.report(b, "copy")
	one.report(b, "copy-1-worker")
	built.report(b, "index")
	verified.report(b, "verify")
	b.ReportMetric((median(two.clock)+median(built.clock)+median(verified.clock))/median(native.clock), "ratio")
	b.ReportMetric((median(two.cpu)+median(built.cpu)+median(verified.cpu))/median(native.cpu), "cpu-ratio")
}

// emptyTarget makes the target anew. The statement takes its index away.
func (f *fixture) emptyTarget(drop string) {
	f.exec("DROP TABLE dst")
	f.exec("CREATE TABLE dst LIKE src")
	if drop != "" {
		f.exec(drop)
	}
}

// BenchmarkColumnChange is the same for a change inside the table: an UPDATE
// in place of every row.
func BenchmarkColumnChange(b *testing.B) {
	for _, c := range benchServers[:2] {
		b.Run(c.name, func(b *testing.B) {
			f := newFixture(b, benchServer(b, c.options), declared{
				ddl: []string{
					fmt.Sprintf(sysbenchTable, "src"),
					"ALTER TABLE src ADD COLUMN k2 BIGINT NULL",
				},
				source: "src", target: "src", key: []string{"id"},
				forward:  [][2]string{{"k2", "{k} * 2"}},
				backward: [][2]string{{"k", "{k2} DIV 2"}},
			})
			f.fillSysbench("src", benchRows)
			for b.Loop() {
				var native, updated, verified spent
				for range benchRounds {
					native.during(b, f.d.Server, func() { f.exec("ALTER TABLE src FORCE, ALGORITHM=COPY") })
					f.exec("UPDATE src SET k2 = NULL")
					updated.during(b, f.d.Server, func() { f.runAll(b, 2) })
					verified.during(b, f.d.Server, func() { f.verifyAll(b) })
				}
				native.report(b, "native")
				updated.report(b, "update")
				verified.report(b, "verify")
				b.ReportMetric((median(updated.clock)+median(verified.clock))/median(native.clock), "ratio")
				b.ReportMetric((median(updated.cpu)+median(verified.cpu))/median(native.cpu), "cpu-ratio")
			}
		})
	}
}

// suitable is how many workers the engine would run.
func (f *fixture) suitable(b *testing.B) int {
	n, err := SuitableWorkers(b.Context(), f.db, f.change, Backfill)
	require.NoError(b, err)
	b.ReportMetric(float64(n), "workers")
	return n
}

// runAll is a run of its own.
func (f *fixture) runAll(b *testing.B, workers int) {
	f.run++
	f.phase(migrate.Backfilling, f.run)
	r := f.backfill(Config{DB: f.db, Change: f.change, Job: Backfill, Run: f.run, Workers: workers})
	require.True(b, r.Complete())
	require.EqualValues(b, benchRows, r.Rows)
}

func (f *fixture) verifyAll(b *testing.B) {
	r := f.verify(VerifyConfig{})
	require.True(b, r.Clean(), r.String())
	require.EqualValues(b, benchRows, r.Compared)
}
