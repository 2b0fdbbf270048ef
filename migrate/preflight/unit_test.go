package preflight

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/plan"
)

func TestExtrapolation(t *testing.T) {
	const pool = 1e9
	for _, c := range []struct {
		name                string
		sample              Sample
		of                  size
		low, expected, high float64
	}{
		{"the whole table", Sample{Rows: 100, Seconds: 2, Fixed: 1}, size{rows: 100, pool: pool}, 1, 2, 3},
		{"fewer rows than sampled", Sample{Rows: 100, Seconds: 2}, size{rows: 50, pool: pool}, 1, 2, 3},
		{"ten times the rows", Sample{Rows: 100, Seconds: 2}, size{rows: 1000, pool: pool}, 14, 20, 26},
		{"the fixed part once", Sample{Rows: 100, Seconds: 2, Fixed: 1}, size{rows: 1000, pool: pool}, 7.7, 11, 14.3},
		{"indexes grow by the logarithm", Sample{Rows: 100, Seconds: 1}, size{rows: 10_000, indexShare: 0.5, pool: pool}, 105, 150, 195},
		{"as many rows, a hundredth at a time", Sample{Rows: 10_000, Seconds: 100, once: 100}, size{rows: 10_000, indexShare: 0.5, pool: pool}, 105, 150, 195},
		{"more than the pool, a part at a time", Sample{Rows: 100, Seconds: 1, once: 50}, size{rows: 100, indexShare: 1e-9, pool: 1, table: 2}, 0, 1, 3},
		{"more than the pool", Sample{Rows: 100, Seconds: 1}, size{rows: 1000, indexShare: 1e-9, pool: 1, table: 2}, 7, 10, 30},
		{"more than the pool, all sampled", Sample{Rows: 100, Seconds: 1}, size{rows: 100, indexShare: 1, pool: 1, table: 2}, 0, 1, 2},
		{"in the noise, maybe rows", Sample{Rows: 100, Seconds: 0.03, Fixed: 0.02}, size{rows: 1000, pool: pool}, 0, 0.3, 1.3},
		{"the empty table kept waiting", Sample{Rows: 100, Seconds: 0.02, Fixed: 0.3}, size{rows: 1000, pool: pool}, 0, 0.2, 1.2},
		{"in the noise, maybe none", Sample{Rows: 100, Seconds: 0.03, Fixed: 0.02}, size{rows: 1000, work: dictionary, pool: pool}, 0, 0.02, 1.02},
		{"in the noise, maybe none of many", Sample{Rows: 100, Seconds: 0.03, Fixed: 0.02}, size{rows: 100_000, work: dictionary, pool: pool}, 0, 0.02, 10.02},
		{"seconds beside the rows", Sample{Rows: 100, Seconds: 2}, size{rows: 1000, later: 10, pool: pool}, 21, 30, 39},
		{"empty", Sample{Seconds: 0.01}, size{pool: pool}, 0, 0.01, 1.01},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := c.sample.forecast(c.of)
			require.NotNil(t, got)
			require.InDelta(t, c.low, got.Low, 1e-5)
			require.InDelta(t, c.expected, got.Expected, 1e-5)
			require.InDelta(t, c.high, got.High, 1e-5)
		})
	}
	require.Nil(t, Sample{}.forecast(size{rows: 5}), "nothing was sampled of something")
}

// What does not depend on the rows is where the line through two samples meets
// none.
func TestFixedPart(t *testing.T) {
	part, all := Sample{Rows: 25, Seconds: 0.4}, Sample{Rows: 100, Seconds: 1}
	for _, c := range []struct {
		name      string
		none      float64
		part, all Sample
		want      float64
	}{
		{"the line's", 0.01, part, all, 0.2},
		{"no less than on no rows", 0.3, part, all, 0.3},
		{"half is the rows'", 0.1, Sample{Rows: 25, Seconds: 0.9}, all, 0.55},
		{"part took longer than all", 0.1, Sample{Rows: 25, Seconds: 3}, all, 0.55},
		{"below zero", 0, Sample{Rows: 25, Seconds: 0.1}, all, 0},
		{"no part", 0.1, Sample{}, all, 0.1},
		{"no rows", 0.1, Sample{}, Sample{Seconds: 0.05}, 0.05},
	} {
		got := statement(c.none, c.part, c.all)
		require.InDelta(t, c.want, got.Fixed, 1e-9, c.name)
		require.Equal(t, c.all.Seconds, got.Seconds)
	}
	for _, c := range []struct {
		name     string
		none     float64
		part     Sample
		again    []float64
		want     Sample
		expected float64 // of 400 rows
	}{
		{"what no rows take", 0.1, part, nil, Sample{Rows: 100, Seconds: 1, Fixed: 0.1}, 0.1 + 4*0.9},
		{"no rows were kept waiting", 0.9, part, nil, Sample{Rows: 100, Seconds: 1, Fixed: 0.2}, 0.2 + 4*0.8},
		{"as long again", 0.1, part, []float64{1, 1}, Sample{Rows: 300, Seconds: 2.8, Fixed: 0.1, once: 100}, 0.1 + 4*0.9},
		{"longer once the log is full", 0.1, part, []float64{2.1, 2.1}, Sample{Rows: 300, Seconds: 5, Fixed: -1, once: 100}, 1 + 3*2},
	} {
		got := copied(c.none, c.part, all, c.again...)
		require.InDelta(t, c.want.Fixed, got.Fixed, 1e-9, c.name)
		require.InDelta(t, c.want.Seconds, got.Seconds, 1e-9, c.name)
		require.Equal(t, c.want.Rows, got.Rows, c.name)
		require.InDelta(t, c.expected, got.forecast(size{rows: 400, pool: 1e9}).Expected, 1e-9, c.name)
	}
	slower := Sample{Rows: 300, Seconds: 5}
	slower.Fixed = meeting(all, slower)
	require.InDelta(t, -1, slower.Fixed, 1e-9, "the first hundred took 1 s, and the next two hundred 4 s")
	require.InDelta(t, 5+2, slower.forecast(size{rows: 400, pool: 1e9}).Expected, 1e-9, "so does the next hundred")
}

// The pace that was found counts, with all that took long; the way there does not.
func TestPaced(t *testing.T) {
	early := chunk{rows: 100, took: time.Second, early: true}
	usual, slow := chunk{rows: 1000, took: time.Second}, chunk{rows: 1000, took: 3 * time.Second}
	require.Equal(t, Sample{Rows: 2100, Seconds: 2100.0 / 2000 * 4 / 2}, paced([]chunk{early, usual, slow}, 2))
	require.Equal(t, Sample{Rows: 200, Seconds: 2}, paced([]chunk{early, early}, 1), "nothing else is there")
	p := pace{size: firstSize}
	for range 3 {
		p.next(100*time.Millisecond, time.Millisecond)
		require.False(t, p.found)
	}
	require.Equal(t, 8*firstSize, p.size)
	p.next(100*time.Millisecond, 80*time.Millisecond)
	require.Equal(t, pace{size: 10 * firstSize, found: true}, p, "a chunk took about what it should")
	p.next(100*time.Millisecond, time.Millisecond)
	require.Equal(t, pace{size: 20 * firstSize, found: true}, p, "and so it stays")
}

// Two workers take spans in turn; what one of them copies alone takes longer.
func TestUnshared(t *testing.T) {
	for rows, want := range map[uint64]uint64{
		0: 0, 40_000: 40_000, 100_000: 100_000, 130_000: 70_000, 200_000: 0, 250_000: 50_000, 300_000: 100_000, 350_000: 50_000, 1_000_000: 0,
	} {
		require.Equal(t, want, unshared(rows), rows)
	}
	r := rewritten{sample: Sample{Rows: 100_000, Seconds: 1, Fixed: -1}, alone: Sample{Rows: 100_000, Seconds: 3}}
	require.InDelta(t, 0.5, r.lonely(250_000), 1e-9, "50,000 rows at 30 instead of 20 µs")
	r.alone.Seconds = 1
	require.Zero(t, r.lonely(250_000), "one worker is as good as two")
	require.Zero(t, rewritten{}.lonely(250_000))
}

func TestIndexesAreTakenBack(t *testing.T) {
	for sql, want := range map[string]string{
		"CREATE UNIQUE INDEX i ON t (a)":                                 "ALTER TABLE `s` DROP INDEX `i`",
		"ALTER TABLE t ADD INDEX i (a), ADD UNIQUE `j``` (b), LOCK=NONE": "ALTER TABLE `s` DROP INDEX `i`, DROP INDEX `j```",
		"ALTER TABLE t ADD INDEX (a)":                                    "",
		"ALTER TABLE t ADD INDEX i (a), ADD COLUMN b INT":                "",
		"ALTER TABLE t ADD PRIMARY KEY (a)":                              "",
		"ALTER TABLE t FORCE":                                            "",
		"nonsense":                                                       "",
	} {
		got, ok := dropIndexes(sql, "s")
		require.Equal(t, want, got, sql)
		require.Equal(t, want != "", ok, sql)
	}
}

func TestSizesDoNotWrapAround(t *testing.T) {
	require.EqualValues(t, 1000, scaled(100, 10, 100))
	require.EqualValues(t, 100, scaled(100, 10, 5))
	require.EqualValues(t, 100, scaled(100, 0, 5))
	require.EqualValues(t, uint64(math.MaxInt64), scaled(1<<40, 1, 1<<60))
	require.EqualValues(t, uint64(math.MaxUint64), sum(math.MaxInt64, math.MaxInt64, 2))
	require.EqualValues(t, 6, sum(1, 2, 3))
}

// In short, too, whatever the verdict rests on is said.
func TestBrief(t *testing.T) {
	e := &examiner{}
	e.check(Check{Code: CodeDisk, Object: "/data", What: "how much is free cannot be seen", Status: Unknown})
	e.check(Check{Code: CodeReadOnly, What: "the server takes writes", Status: OK})
	e.r.Steps = []Forecast{{What: "x"}}
	e.conclude()
	require.Equal(t, []string{"no step could be timed", "unknown: disk /data: how much is free cannot be seen"}, e.r.Brief())
	e.r.Steps = append(e.r.Steps, Forecast{Time: &Span{1, 2, 3}})
	require.Contains(t, e.r.Brief()[1], ", and 1 that could not be timed")
	e.r.Steps = []Forecast{{Time: span(0.2)}, {Time: span(0.3)}}
	require.Equal(t, "in all under 1.5 s", e.r.Brief()[0], "two moments do not add up to two seconds more")
	e.r.Steps = []Forecast{{What: "x", Class: Chunks, Time: &Span{70, 100, 300}}, {Time: span(0.3)}}
	require.Equal(t, []string{"x: chunks, 100 s (70 s to 5 min)", "in all 100 s (70 s to 5 min)"}, e.r.Brief()[:2], "what comes from disk does")
}

func TestVerdict(t *testing.T) {
	for _, c := range []struct {
		statuses []Status
		want     Verdict
		reasons  int
	}{
		{nil, Go, 0},
		{[]Status{OK, OK}, Go, 0},
		{[]Status{OK, Unknown}, GoWithCare, 1},
		{[]Status{Care, OK}, GoWithCare, 1},
		{[]Status{Unknown, Care, No}, NoGo, 3},
	} {
		e := &examiner{}
		for _, s := range c.statuses {
			e.check(Check{Status: s})
		}
		e.conclude()
		require.Equal(t, c.want, e.r.Verdict)
		require.Len(t, e.r.Reasons, c.reasons)
		if c.want == NoGo {
			require.True(t, strings.HasPrefix(e.r.Reasons[0], "no:"), "the worst comes first")
		}
	}
}

func TestOnScratch(t *testing.T) {
	for sql, want := range map[string]string{
		"ALTER TABLE d.t ADD COLUMN x INT, ALGORITHM=COPY, LOCK=SHARED":                        "ALTER TABLE `s` ADD COLUMN `x` INT",
		"CREATE INDEX i ON t (a) ALGORITHM=INPLACE":                                            "CREATE INDEX `i` ON `s` (`a`)",
		"ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0)":                                         "ALTER TABLE `s` ADD CHECK(`a`>0)",
		"CREATE TABLE t (a INT PRIMARY KEY, CONSTRAINT f FOREIGN KEY (a) REFERENCES other(a))": "CREATE TABLE `s` (`a` INT PRIMARY KEY)",
		"CREATE TABLE t (a INT REFERENCES other(a))":                                           "CREATE TABLE `s` (`a` INT)",
	} {
		got, err := onScratch(sql, "s")
		require.NoError(t, err, sql)
		require.Equal(t, squeeze(want), squeeze(got.SQL))
		require.Equal(t, "s", got.Table)
	}
	for _, sql := range []string{
		"ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES other (a)",
		"ALTER TABLE t ADD COLUMN a INT REFERENCES other (a)",
		"ALTER TABLE t RENAME TO u",
		"ALTER TABLE t EXCHANGE PARTITION p WITH TABLE u",
		"CREATE TABLE t LIKE other",
		"CREATE TABLE t AS SELECT * FROM other",
		"RENAME TABLE t TO u",
		"DROP TABLE t",
		"UPDATE t SET a = 1",
		"nonsense",
	} {
		_, err := onScratch(sql, "s")
		require.ErrorIs(t, err, errUntried, sql)
	}
}

func squeeze(text string) string { return strings.ReplaceAll(text, " ", "") }

func TestFromPlan(t *testing.T) {
	p := &plan.Plan{Expand: []plan.Statement{{SQL: "ALTER TABLE t ADD COLUMN b INT", Table: "t"}},
		Contract: []plan.Statement{{SQL: "ALTER TABLE t DROP COLUMN a", Table: "t"}}}
	require.Len(t, FromPlan(p), 2, "a change of the schema alone rewrites nothing")
	p.Change.Mapping = migrate.Mapping{Source: migrate.Table{Name: "t"}, Target: migrate.Table{Name: "t"}}
	steps := FromPlan(p)
	require.Len(t, steps, 3)
	require.Equal(t, []migrate.Phase{migrate.Expanded, migrate.Backfilling, migrate.Contracted}, []migrate.Phase{steps[0].Phase, steps[1].Phase, steps[2].Phase})
	require.Equal(t, "t", steps[1].Rewrite.Source.Name)
	require.NoError(t, Input{Steps: steps}.withDefaults().validate())
}

func TestWords(t *testing.T) {
	require.Equal(t, "under 1.3 s", span(0.3).text())
	require.Equal(t, "2.0 s (1.0 s to 3.0 s)", span(2).text())
	require.Equal(t, "10 s (7.0 s to 13 s)", span(10).text())
	require.Equal(t, "1 234 567 rows", rowsText(1234567))
	require.Equal(t, "1 row", rowsText(1))
	require.Equal(t, "123 rows", rowsText(123))
	require.Equal(t, "1.5 GiB", bytesText(3<<29))
	require.Equal(t, "12 bytes", bytesText(12))
	for seconds, want := range map[float64]string{0.25: "250 ms", 2.5: "2.5 s", 90: "90 s", 600: "10 min", 36000: "10.0 h", 1e6: "12 days", 1e300: "longer than anybody can wait"} {
		require.Equal(t, want, secondsText(seconds))
	}
	require.Equal(t, `a\|b &lt;c\_d\*  \`+"`", cell("a|b <c_d*\n\x1b`"))
}

func TestLag(t *testing.T) {
	n, trouble := lag([]map[string]string{{"Seconds_Behind_Source": "3"}, {"Seconds_Behind_Master": "7"}})
	require.EqualValues(t, 7, *n)
	require.Empty(t, trouble)
	for _, channels := range [][]map[string]string{
		nil,
		{{"Replica_IO_Running": "No"}},
		{{"Seconds_Behind_Source": "3"}, {"Slave_SQL_Running": "No"}},
		{{"Seconds_Behind_Source": "soon"}},
	} {
		n, trouble = lag(channels)
		require.Nil(t, n)
		require.NotEmpty(t, trouble)
	}
}

func TestFreeDisk(t *testing.T) {
	n, err := free(t.TempDir())
	if errors.Is(err, errors.ErrUnsupported) {
		return // the operator is asked there
	}
	require.NoError(t, err)
	require.Positive(t, n)
	_, err = free("/there/is/no/such/directory")
	require.Error(t, err)
}

// What is done is not measured again: a statement when its phase is recorded, a
// rewrite when its phase is left.
func TestAhead(t *testing.T) {
	steps := []Step{
		{Phase: migrate.Expanded, SQL: "expand"}, {Phase: migrate.Backfilling, Rewrite: &migrate.Mapping{}},
		{Phase: migrate.Verified, SQL: "index"}, {Phase: migrate.Contracted, SQL: "contract"},
	}
	for phase, left := range map[migrate.Phase]int{
		migrate.Planned: 4, migrate.Expanded: 3, migrate.DualWriting: 3, migrate.Backfilling: 3, migrate.Verified: 1,
		migrate.ReadingNew: 1, migrate.OnlyNew: 1, migrate.Reversing: 1, migrate.Contracted: 0, migrate.Closed: 0,
	} {
		ahead, err := Ahead(steps, migrate.Mapped, phase)
		require.NoError(t, err)
		require.Equal(t, steps[len(steps)-left:], append([]Step{}, ahead...), "%s", phase)
	}
	retired := []Step{{Phase: migrate.Expanded, SQL: "hide"}, {Phase: migrate.Contracted, SQL: "drop"}}
	ahead, err := Ahead(retired, migrate.Retired, migrate.Expanded)
	require.NoError(t, err)
	require.Equal(t, retired[1:], ahead)
}
