package facts

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/migrate/plan"
	"github.com/underpin-db/underpin/review"
)

// maxDigests is how many statements are read, those seen last first.
const maxDigests = 10_000

const (
	queryServer = `/* underpin stats */ SELECT VERSION(), COALESCE(DATABASE(), ''), UTC_TIMESTAMP()`

	// MySQL keeps sizes for a day; this session wants them as they are.
	setFresh = `/* underpin stats */ SET SESSION information_schema_stats_expiry = 0`

	queryTables = `/* underpin stats */ SELECT TABLE_NAME, COALESCE(AUTO_INCREMENT, 0)
FROM information_schema.TABLES
WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_TYPE <> 'VIEW'
  AND TABLE_TYPE <> 'SEQUENCE'
ORDER BY TABLE_NAME`

	queryForeign = `/* underpin stats */ SELECT TABLE_NAME, REFERENCED_TABLE_NAME
FROM information_schema.REFERENTIAL_CONSTRAINTS
WHERE CONSTRAINT_SCHEMA = DATABASE()
ORDER BY TABLE_NAME, REFERENCED_TABLE_NAME`

	queryVariables = `/* underpin stats */ SHOW GLOBAL VARIABLES`

	queryUptime = `/* underpin stats */ SHOW GLOBAL STATUS LIKE 'Uptime'`

	queryDigests = `/* underpin stats */ SELECT DIGEST_TEXT, COUNT_STAR, LAST_SEEN
FROM performance_schema.events_statements_summary_by_digest
WHERE SCHEMA_NAME = DATABASE()
  AND DIGEST_TEXT IS NOT NULL
ORDER BY LAST_SEEN DESC
LIMIT ?`

	// Where the table of digests is full, everything else is counted in one row.
	queryOverflow = `/* underpin stats */ SELECT COALESCE(SUM(COUNT_STAR), 0)
FROM performance_schema.events_statements_summary_by_digest
WHERE DIGEST IS NULL`

	queryGrowth = `/* underpin stats */ SELECT OBJECT_NAME, CAST(COUNT_INSERT AS SIGNED) - CAST(COUNT_DELETE AS SIGNED)
FROM performance_schema.table_io_waits_summary_by_table
WHERE OBJECT_SCHEMA = DATABASE()
  AND OBJECT_TYPE = 'TABLE'`
)

// settings are the variables that rules ask for. All of them are global: what
// a session sets is its own affair.
var settings = []string{
	"binlog_expire_logs_seconds", "binlog_format", "character_set_server", "collation_server", "expire_logs_days",
	"explicit_defaults_for_timestamp", "foreign_key_checks", "innodb_lock_wait_timeout", "innodb_online_alter_log_max_size",
	"innodb_buffer_pool_size", "innodb_strict_mode", "lock_wait_timeout", "log_bin", "lower_case_table_names", "max_execution_time",
	"max_statement_time", "performance_schema", "replica_parallel_type", "replica_parallel_workers",
	"replica_preserve_commit_order", "slave_parallel_mode", "slave_parallel_threads", "slave_parallel_type",
	"slave_parallel_workers", "slave_preserve_commit_order", "sql_mode", "sql_require_primary_key", "transaction_isolation",
	"tx_isolation",
}

// Read reads the facts of the database that a pool is connected to. Its
// statements only read; they are executed on one connection.
func Read(ctx context.Context, db *sql.DB) (*review.Facts, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the facts of the database: %w", err)
	}
	defer conn.Close()
	r := &reader{q: conn, f: &review.Facts{Version: review.FactsVersion, Settings: map[string]string{}}}
	for _, step := range []struct {
		what string
		read func(context.Context) error
		need need
	}{
		{"the server", r.server, needed},
		{"its settings", r.settings, useful},
		{"tables", r.tables, needed},
		{"foreign keys", r.foreign, useful},
		{"the growth of tables", r.growth, useful},
		{"the statements that the server remembers", r.digests, useful},
	} {
		err := step.read(ctx)
		switch {
		case err == nil:
		case step.need == useful && ctx.Err() == nil && mysqlx.Classify(err) != mysqlx.ClassConnection:
			r.blind("%s: %v", step.what, err)
		default:
			return nil, fmt.Errorf("read %s: %w", step.what, err)
		}
	}
	return r.f, nil
}

// need says whether facts are of use without something.
type need string

const (
	needed need = "needed"
	useful need = "useful"
)

// reader reads the facts.
type reader struct {
	q mysqlx.Querier
	f *review.Facts
}

// errOff says that the server does not keep something.
var errOff = errors.New("performance_schema is off")

func (r *reader) blind(format string, args ...any) {
	r.f.Blind = append(r.f.Blind, fmt.Sprintf(format, args...))
}

func (r *reader) server(ctx context.Context) error {
	if err := r.q.QueryRowContext(ctx, queryServer).Scan(&r.f.ServerText, &r.f.Database, &r.f.Taken); err != nil {
		return err
	}
	if r.f.Database == "" {
		return mysqlx.ErrNoDatabase
	}
	var err error
	if r.f.Server, err = ddl.ReadServer(ctx, r.q); err != nil {
		return err
	}
	r.f.Server.ForeignKeyChecks = "" // of this session, and not of the one that migrates
	if r.f.Server.Flavour == ddl.MySQL {
		_, err = r.q.ExecContext(ctx, setFresh)
	}
	return err
}

func (r *reader) settings(ctx context.Context) error {
	return r.rows(ctx, queryVariables, func(rows *sql.Rows) error {
		var name, value string
		err := rows.Scan(&name, &value)
		if slices.Contains(settings, strings.ToLower(name)) {
			r.f.Settings[strings.ToLower(name)] = value
		}
		return err
	})
}

// tables reads every table, one after the other.
func (r *reader) tables(ctx context.Context) error {
	err := r.rows(ctx, queryTables, func(rows *sql.Rows) error {
		var t review.TableFacts
		err := rows.Scan(&t.Name, &t.NextAuto)
		if !plan.IsOwn(t.Name) {
			r.f.Tables = append(r.f.Tables, t)
		}
		return err
	})
	if err != nil {
		return err
	}
	for i := range r.f.Tables {
		t, err := ddl.ReadTable(ctx, r.q, r.f.Server, r.f.Tables[i].Name)
		if mysqlx.Classify(err) == mysqlx.ClassPrivilege && r.f.Server.Flavour == ddl.MySQL {
			// Row versions ask for PROCESS, and all else for SELECT: read it as
			// from a server that has none.
			why := err
			if t, err = ddl.ReadTable(ctx, r.q, ddl.Server{Flavour: ddl.MySQL}, r.f.Tables[i].Name); err == nil {
				r.blind("the instant row versions that table %s has used, taken for none: %v", t.Name, why)
			}
		}
		switch {
		case err == nil:
			r.f.Collations, t.DefaultCollations = t.DefaultCollations, nil
			r.f.Tables[i].Table = *t
		case mysqlx.Classify(err) == mysqlx.ClassPrivilege:
			r.blind("table %s: %v", r.f.Tables[i].Name, err)
		case errors.Is(err, ddl.ErrNoTable): // dropped since
		default:
			return err
		}
	}
	share(r.f)
	return nil
}

// share gives every table the one map of collations.
func share(f *review.Facts) {
	for i := range f.Tables {
		f.Tables[i].DefaultCollations = f.Collations
	}
}

func (r *reader) foreign(ctx context.Context) error {
	return r.rows(ctx, queryForeign, func(rows *sql.Rows) error {
		var table, parent string
		if err := rows.Scan(&table, &parent); err != nil {
			return err
		}
		if t := r.table(table); t != nil && !slices.Contains(t.ForeignTables, parent) {
			t.ForeignTables = append(t.ForeignTables, parent)
		}
		return nil
	})
}

func (r *reader) table(name string) *review.TableFacts {
	i := slices.IndexFunc(r.f.Tables, func(t review.TableFacts) bool { return strings.EqualFold(t.Name, name) })
	if i < 0 {
		return nil
	}
	return &r.f.Tables[i]
}

// leastUptime is how long the server must have counted for a rate of growth.
const leastUptime = time.Hour

// growth reads how many rows came and went since the server was started.
func (r *reader) growth(ctx context.Context) error {
	if strings.EqualFold(r.f.Settings["performance_schema"], "OFF") {
		return errOff
	}
	var name string
	var seconds float64
	if err := r.q.QueryRowContext(ctx, queryUptime).Scan(&name, &seconds); err != nil {
		return err
	}
	up := time.Duration(seconds * float64(time.Second))
	if up < leastUptime {
		return fmt.Errorf("the server was started %s ago: it has counted for too short a time", up.Round(time.Second))
	}
	return r.rows(ctx, queryGrowth, func(rows *sql.Rows) error {
		var table string
		var more float64
		if err := rows.Scan(&table, &more); err != nil {
			return err
		}
		if t := r.table(table); t != nil {
			perDay := more / up.Hours() * 24
			t.RowsPerDay = &perDay
		}
		return nil
	})
}

func (r *reader) digests(ctx context.Context) error {
	if strings.EqualFold(r.f.Settings["performance_schema"], "OFF") {
		return errOff
	}
	var more uint64
	if err := r.q.QueryRowContext(ctx, queryOverflow).Scan(&more); err != nil {
		return err
	}
	if more > 0 {
		r.blind("%d executions of statements that the server has no room to remember: raise performance_schema_digests_size", more)
	}
	return r.rows(ctx, queryDigests, func(rows *sql.Rows) error {
		var d review.Digest
		err := rows.Scan(&d.Text, &d.Count, &d.LastSeen)
		r.f.Digests = append(r.f.Digests, d)
		return err
	}, maxDigests)
}

// rows runs a query and calls scan for each row.
func (r *reader) rows(ctx context.Context, query string, scan func(*sql.Rows) error, args ...any) error {
	return mysqlx.EachRow(ctx, r.q, query, args, scan)
}
