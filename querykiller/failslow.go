package querykiller

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// ErrNoDigests says that the server keeps no statistics by digest, so that
// nothing can be said of slow growth.
var ErrNoDigests = errors.New("the server keeps no statistics by digest: switch performance_schema on (on MariaDB it is off by default), " +
	"keep the consumer statements_digest, and grant SELECT ON performance_schema.*")

// DigestSample is what the server has counted of one digest, up to a moment.
type DigestSample struct {
	Schema string `json:"schema"`
	Digest string `json:"digest"`
	Text   string `json:"text"` // normalised by the server: no literals
	// Count, Time, and Examined are totals since FirstSeen.
	Count     uint64        `json:"count"`
	Time      time.Duration `json:"time"`
	Examined  uint64        `json:"examined"`
	FirstSeen time.Time     `json:"first_seen"`
	// Table is the largest table that the text names, and Rows about how many
	// rows it has.
	Table string `json:"table,omitempty"`
	Rows  uint64 `json:"rows,omitempty"`
}

// DigestSnapshot is one look at the statistics. Keep one a day, or an hour, and
// hand them to [FailSlow]: nothing is kept here.
type DigestSnapshot struct {
	At      time.Time      `json:"at"`
	Digests []DigestSample `json:"digests"`
}

const selectDigests = `/* underpin killer */
SELECT COALESCE(SCHEMA_NAME, ''), DIGEST, LEFT(DIGEST_TEXT, 2048), COUNT_STAR, SUM_TIMER_WAIT DIV 1000, SUM_ROWS_EXAMINED,
  FIRST_SEEN, UTC_TIMESTAMP(6)
FROM performance_schema.events_statements_summary_by_digest
WHERE DIGEST IS NOT NULL
  AND SCHEMA_NAME IS NOT NULL
  AND SCHEMA_NAME NOT IN ('mysql', 'sys', 'performance_schema', 'information_schema')
ORDER BY SUM_TIMER_WAIT DESC
LIMIT 500`

const selectTableRows = `/* underpin killer */
SELECT TABLE_NAME, COALESCE(TABLE_ROWS, 0)
FROM information_schema.TABLES
WHERE TABLE_SCHEMA = ?
  AND TABLE_TYPE = 'BASE TABLE'`

// ReadDigests reads the 500 digests that took most time. It returns
// ErrNoDigests where the server keeps none.
func ReadDigests(ctx context.Context, db mysqlx.Querier) (*DigestSnapshot, error) {
	rows, err := db.QueryContext(ctx, selectDigests)
	if err != nil {
		if class := mysqlx.Classify(err); class == mysqlx.ClassPrivilege || class == mysqlx.ClassSchema {
			return nil, fmt.Errorf("%w (%w)", ErrNoDigests, err)
		}
		return nil, fmt.Errorf("read the digests: %w", err)
	}
	defer rows.Close()
	s := &DigestSnapshot{}
	for rows.Next() {
		var d DigestSample
		var nanos uint64
		if err := rows.Scan(&d.Schema, &d.Digest, &d.Text, &d.Count, &nanos, &d.Examined, &d.FirstSeen, &s.At); err != nil {
			return nil, fmt.Errorf("read the digests: %w", err)
		}
		d.Time = time.Duration(nanos)
		s.Digests = append(s.Digests, d)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the digests: %w", err)
	}
	if len(s.Digests) == 0 {
		return nil, digestsOff(ctx, db)
	}
	return s, readTableRows(ctx, db, s.Digests)
}

const selectDigestsOn = `/* underpin killer */
SELECT @@performance_schema AND (
  SELECT COUNT(*)
  FROM performance_schema.setup_consumers
  WHERE NAME = 'statements_digest'
    AND ENABLED = 'YES')`

// digestsOff tells a server without statistics from one that has run nothing.
func digestsOff(ctx context.Context, db mysqlx.Querier) error {
	var on bool
	if err := db.QueryRowContext(ctx, selectDigestsOn).Scan(&on); err != nil {
		return fmt.Errorf("%w (%w)", ErrNoDigests, err)
	}
	if !on {
		return ErrNoDigests
	}
	return errors.New("read the digests: no statement of any application has been counted yet")
}

// quoted are the names in a digest's text, which the server quotes.
var quoted = regexp.MustCompile("`([^`]+)`")

// readTableRows finds the table that a digest reads most of.
func readTableRows(ctx context.Context, db mysqlx.Querier, digests []DigestSample) error {
	tables := map[string]map[string]uint64{}
	for i := range digests {
		d := &digests[i]
		known, ok := tables[d.Schema]
		if !ok {
			var err error
			if known, err = tableRows(ctx, db, d.Schema); err != nil {
				return fmt.Errorf("read the sizes of the tables of %s: %w", d.Schema, err)
			}
			tables[d.Schema] = known
		}
		for _, m := range quoted.FindAllStringSubmatch(d.Text, -1) {
			if rows, ok := known[strings.ToLower(m[1])]; ok && (d.Table == "" || rows > d.Rows) {
				d.Table, d.Rows = m[1], rows
			}
		}
	}
	return nil
}

func tableRows(ctx context.Context, db mysqlx.Querier, schema string) (map[string]uint64, error) {
	rows, err := db.QueryContext(ctx, selectTableRows, schema)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	of := map[string]uint64{}
	for rows.Next() {
		var name string
		var n uint64
		if err := rows.Scan(&name, &n); err != nil {
			return nil, err
		}
		of[strings.ToLower(name)] = n
	}
	return of, rows.Err()
}

// FailSlowConfig says what growth is worth a warning. The zero value is right
// but for Budget.
type FailSlowConfig struct {
	// Budget is the time that one execution may take. Required.
	Budget time.Duration
	// MinPoints is how many intervals between snapshots a trend needs.
	// Defaults to 4.
	MinPoints int
	// MinCount is how many executions an interval needs to count. Defaults
	// to 10.
	MinCount uint64
	// MinFit is the share of the variation that a straight line has to explain.
	// Defaults to 0.7.
	MinFit float64
	// Horizon is how far ahead a crossing is worth telling. Defaults to 90 days.
	Horizon time.Duration
}

func (c FailSlowConfig) withDefaults() FailSlowConfig {
	if c.MinPoints <= 0 {
		c.MinPoints = 4
	}
	if c.MinCount == 0 {
		c.MinCount = 10
	}
	if c.MinFit <= 0 {
		c.MinFit = 0.7
	}
	if c.Horizon <= 0 {
		c.Horizon = 90 * 24 * time.Hour
	}
	return c
}

// Slowing is a digest that gets slower.
type Slowing struct {
	Schema string `json:"schema"`
	Digest string `json:"digest"`
	Text   string `json:"text"`
	Table  string `json:"table,omitempty"`
	// Mean is the time of one execution in the last interval, and PerDay how
	// much it grows a day.
	Mean   time.Duration `json:"mean"`
	PerDay time.Duration `json:"per_day"`
	// ExaminedPerDay is how many more rows one execution examines each day, and
	// RowsPerDay how many more rows the table has.
	ExaminedPerDay float64 `json:"examined_per_day"`
	RowsPerDay     float64 `json:"rows_per_day"`
	// WithTable says that the rows examined grow as the table does: the
	// statement reads a part of the table that no index bounds.
	WithTable bool `json:"with_table"`
	// Crosses is when Mean passes the budget, if it goes on like this.
	Crosses time.Time `json:"crosses"`
	// Fit is the share of the variation that the trend explains.
	Fit float64 `json:"fit"`
}

// String says it in a sentence.
func (s Slowing) String() string {
	why := "not with its table"
	if s.WithTable {
		why = fmt.Sprintf("with its table %s, which grows by %.0f rows a day", s.Table, s.RowsPerDay)
	}
	return fmt.Sprintf("%s takes %v and %v more each day; it examines %.0f more rows each day, %s. It crosses its budget on %s: %s",
		s.Digest, s.Mean.Round(time.Microsecond), s.PerDay.Round(time.Microsecond), s.ExaminedPerDay, why, s.Crosses.Format(time.DateOnly), s.Text)
}

// FailSlow returns the statements that get slower and will cross the budget, the
// first to cross first. The snapshots may come in any order. Between two of them
// in which a counter went down, or that are of different runs of the server,
// nothing is concluded.
func FailSlow(snapshots []*DigestSnapshot, config FailSlowConfig) ([]Slowing, error) {
	if config.Budget <= 0 {
		return nil, errors.New("fail-slow: a budget is needed, greater than zero")
	}
	config = config.withDefaults()
	snapshots = slices.SortedFunc(slices.Values(snapshots), func(a, b *DigestSnapshot) int { return a.At.Compare(b.At) })
	type key struct{ schema, digest string }
	last, points, samples := map[key]DigestSample{}, map[key][]point{}, map[key]DigestSample{}
	at := map[key]time.Time{}
	for _, s := range snapshots {
		for _, d := range s.Digests {
			k := key{d.Schema, d.Digest}
			if p, ok := interval(last[k], d, at[k], s.At, config.MinCount); ok {
				points[k] = append(points[k], p)
			}
			last[k], at[k], samples[k] = d, s.At, d
		}
	}
	var slowing []Slowing
	for k, p := range points {
		if s, ok := judgeTrend(samples[k], p, config); ok {
			slowing = append(slowing, s)
		}
	}
	slices.SortFunc(slowing, func(a, b Slowing) int {
		return cmp.Or(a.Crosses.Compare(b.Crosses), cmp.Compare(a.Schema, b.Schema), cmp.Compare(a.Digest, b.Digest))
	})
	return slowing, nil
}
