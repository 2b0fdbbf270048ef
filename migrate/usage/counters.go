package usage

import (
	"context"
	"fmt"
	"time"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// Counters are how often tables and indexes were used since the server began
// to count. One snapshot says little; two say what happened in between.
type Counters struct {
	// At is the server's clock.
	At time.Time `json:"at,omitzero"`
	// Source is where the numbers come from; empty if there are none.
	Source string `json:"source,omitempty"`
	// Counts are in the order of the elements; columns have none.
	Counts []Count `json:"counts,omitempty"`
}

// Count is what was counted of one table or index: rows read and written.
type Count struct {
	Element Element `json:"element"`
	Reads   uint64  `json:"reads"`
	Writes  uint64  `json:"writes"`
}

// sourceStatistics is MariaDB's own, with userstat=ON; the other is
// performance_schema.
const (
	sourceWaits      = "performance_schema"
	sourceStatistics = "userstat"
)

// countQueries are for a table and for an index of it, by source.
var countQueries = map[string]struct{ table, index string }{
	sourceWaits: {
		`/* underpin usage */
SELECT COUNT_READ, COUNT_WRITE
FROM performance_schema.table_io_waits_summary_by_table
WHERE OBJECT_TYPE = 'TABLE'
  AND OBJECT_SCHEMA = ?
  AND OBJECT_NAME = ?`,
		`/* underpin usage */
SELECT COUNT_READ, 0
FROM performance_schema.table_io_waits_summary_by_index_usage
WHERE OBJECT_TYPE = 'TABLE'
  AND OBJECT_SCHEMA = ?
  AND OBJECT_NAME = ?
  AND INDEX_NAME = ?`,
	},
	sourceStatistics: {
		`/* underpin usage */
SELECT ROWS_READ, ROWS_CHANGED
FROM information_schema.TABLE_STATISTICS
WHERE TABLE_SCHEMA = ?
  AND TABLE_NAME = ?`,
		`/* underpin usage */
SELECT ROWS_READ, 0
FROM information_schema.INDEX_STATISTICS
WHERE TABLE_SCHEMA = ?
  AND TABLE_NAME = ?
  AND INDEX_NAME = ?`,
	},
}

const selectUserstat = `/* underpin usage */
SELECT @@GLOBAL.userstat`

// readCounters takes a snapshot and compares it with the baseline. Columns are
// not counted by any server, so nothing is said about them.
func (l *look) readCounters(ctx context.Context, _ []Element) error {
	counted := false
	for _, e := range l.report.Elements {
		counted = counted || e.Column == ""
	}
	if !counted {
		return nil
	}
	c := Counters{Source: sourceWaits}
	if !l.counting {
		c.Source = ""
		if l.flavour == mariaDB {
			var on bool
			if err := l.conn.QueryRowContext(ctx, selectUserstat).Scan(&on); err != nil {
				return fmt.Errorf("find out whether the server counts: %w", err)
			}
			if on {
				c.Source = sourceStatistics
			}
		}
	}
	if c.Source == "" {
		l.blind("how often tables and indexes are read and written", "the server does not count, or this user may not see it",
			"start it with performance_schema=ON, grant SELECT on that, or set userstat=ON on MariaDB")
		return nil
	}
	if err := l.each(ctx, selectNow, nil, func(r row) error { c.At = r.when(0); return nil }); err != nil {
		return err
	}
	if err := l.count(ctx, &c); err != nil {
		return fmt.Errorf("read the counters of tables and indexes: %w", err)
	}
	l.report.Counters = c
	if l.opts.Baseline != nil {
		l.compare(*l.opts.Baseline, c)
	}
	return nil
}

// count fills in the numbers of the elements.
func (l *look) count(ctx context.Context, c *Counters) error {
	for _, e := range l.report.Elements {
		if e.Column != "" {
			continue
		}
		query, args := countQueries[c.Source].table, []any{e.Schema, e.Table}
		if e.Index != "" {
			query, args = countQueries[c.Source].index, append(args, e.Index)
		}
		n := Count{Element: e}
		err := l.each(ctx, query, args, func(r row) error {
			n.Reads, n.Writes = n.Reads+r.number(0), n.Writes+r.number(1)
			return nil
		})
		if err != nil {
			return err
		}
		c.Counts = append(c.Counts, n)
	}
	return nil
}

// compare makes uses of what has grown.
func (l *look) compare(before, now Counters) {
	old := map[Element]Count{}
	for _, c := range before.Counts {
		old[c.Element] = c
	}
	for _, c := range now.Counts {
		b, known := old[c.Element]
		if !known || before.Source != now.Source || b.Reads > c.Reads || b.Writes > c.Writes {
			l.blind("how often "+c.Element.String()+" was used since the baseline",
				"the counters began anew in between, or were not taken then", "take a new baseline and compare with it later")
			continue
		}
		if b.Reads == c.Reads && b.Writes == c.Writes {
			continue
		}
		u := Use{
			Element: c.Element, Kind: TableIO, How: Counted, Name: mysqlx.Quote(c.Element.Table),
			Why:       fmt.Sprintf("%d reads and %d writes of rows since %s", c.Reads-b.Reads, c.Writes-b.Writes, before.At.UTC().Format(time.RFC3339)),
			FirstSeen: before.At, LastSeen: now.At, Count: c.Reads - b.Reads + c.Writes - b.Writes,
		}
		if c.Element.Index != "" {
			u.Kind, u.Name = IndexIO, mysqlx.Quote(c.Element.Index)
		}
		l.report.Uses = append(l.report.Uses, u)
	}
}
