package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/plan"
)

// nextNumber reads the next AUTO_INCREMENT of a table. MySQL would answer from
// a cache that is a day old.
const nextNumber = `/* underpin counters */
SELECT AUTO_INCREMENT
FROM information_schema.TABLES
WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = ?`

// raiseCounters brings the AUTO_INCREMENT counters of both tables of a table
// change to the higher of the two. From here on both tables may hand out keys;
// keys that one of them handed out and whose rows are gone must not come again
// from the other. Live inserts raise both counters by themselves, because each
// is mirrored with its key.
func (s *step) raiseCounters(ctx context.Context) error {
	m := s.plan.Change.Mapping
	if m.Kind() != migrate.TableChange || !numbered(m.Source) || !numbered(m.Target) {
		return nil
	}
	source, err := s.counter(ctx, m.Source.Name)
	if err != nil {
		return err
	}
	target, err := s.counter(ctx, m.Target.Name)
	if err != nil {
		return err
	}
	switch {
	case source > target:
		return s.setCounter(ctx, m.Target.Name, source)
	case target > source:
		return s.setCounter(ctx, m.Source.Name, target)
	}
	return nil
}

func numbered(t migrate.Table) bool {
	for _, c := range t.Key {
		if c.AutoIncrement {
			return true
		}
	}
	return false
}

func (s *step) counter(ctx context.Context, table string) (uint64, error) {
	conn, err := s.e.cfg.DB.Conn(ctx)
	if err != nil {
		return 0, fmt.Errorf("take a connection: %w", err)
	}
	defer conn.Close()
	// MariaDB knows no such variable and has no such cache.
	const errUnknownVariable = 1193
	_, err = conn.ExecContext(ctx, mysqlx.Marker("counters")+"SET SESSION information_schema_stats_expiry = 0")
	if err != nil && mysqlx.Number(err) != errUnknownVariable {
		return 0, fmt.Errorf("read the counter of %s afresh: %w", table, err)
	}
	var n sql.NullInt64
	if err := conn.QueryRowContext(ctx, nextNumber, table).Scan(&n); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("read the AUTO_INCREMENT counter of %s: %w", table, err)
	}
	return uint64(n.Int64), nil
}

func (s *step) setCounter(ctx context.Context, table string, n uint64) error {
	return s.executeDDL(ctx, plan.Statement{
		SQL:  fmt.Sprintf("ALTER TABLE %s AUTO_INCREMENT = %d", mysqlx.Quote(table), n),
		Kind: plan.AlterTable, Table: table,
	})
}
