package preflight

import (
	"errors"
	"math"
	"strings"
	"testing"

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
		{"the whole table", Sample{Rows: 100, Seconds: 2, Fixed: 1}, size{rows: 100, pool: pool}, 1.4, 2, 2.6},
		{"fewer rows than sampled", Sample{Rows: 100, Seconds: 2}, size{rows: 50, pool: pool}, 1.4, 2, 2.6},
		{"ten times the rows", Sample{Rows: 100, Seconds: 2}, size{rows: 1000, pool: pool}, 14, 20, 26},
		{"the fixed part once", Sample{Rows: 100, Seconds: 2, Fixed: 1}, size{rows: 1000, pool: pool}, 7.7, 11, 14.3},
		{"indexes grow by the logarithm", Sample{Rows: 100, Seconds: 1}, size{rows: 10_000, indexShare: 0.5, pool: pool}, 105, 150, 195},
		{"more than the pool", Sample{Rows: 100, Seconds: 1}, size{rows: 1000, indexShare: 1e-9, pool: 1, table: 2}, 7, 10, 30},
		{"more than the pool, all sampled", Sample{Rows: 100, Seconds: 1}, size{rows: 100, indexShare: 1, pool: 1, table: 2}, 0.7, 1, 1.3},
		{"in the noise, maybe rows", Sample{Rows: 100, Seconds: 0.03, Fixed: 0.02}, size{rows: 1000, pool: pool}, 0.21, 0.3, 0.39},
		{"the empty table kept waiting", Sample{Rows: 100, Seconds: 0.02, Fixed: 0.3}, size{rows: 1000, pool: pool}, 0.14, 0.2, 0.26},
		{"in the noise, maybe none", Sample{Rows: 100, Seconds: 0.03, Fixed: 0.02}, size{rows: 1000, work: dictionary, pool: pool}, 0.014, 0.02, 0.12},
		{"empty", Sample{Seconds: 0.01}, size{pool: pool}, 0.007, 0.01, 0.013},
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

func TestSizesDoNotWrapAround(t *testing.T) {
	require.EqualValues(t, 1000, scaled(100, 10, 100))
	require.EqualValues(t, 100, scaled(100, 10, 5))
	require.EqualValues(t, 100, scaled(100, 0, 5))
	require.EqualValues(t, uint64(math.MaxInt64), scaled(1<<40, 1, 1<<60))
	require.EqualValues(t, uint64(math.MaxUint64), sum(math.MaxInt64, math.MaxInt64, 2))
	require.EqualValues(t, 6, sum(1, 2, 3))
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
	require.Equal(t, "1,234,567 rows", rowsText(1234567))
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
