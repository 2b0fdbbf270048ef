package mysqlx

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
)

// Program is the program_name that Underpin's own connections carry as a
// connection attribute. The fleet's evidence knows them by it.
const Program = "underpin"

// AttributeInstance and AttributeRelease are the connection attributes by
// which an application's connections name their instance and release.
const (
	AttributeInstance = "underpin_instance"
	AttributeRelease  = "underpin_release"
)

// Marker returns the comment that every statement of ours begins with, so that
// it can be told apart in a process list, a slow log or a digest table.
func Marker(what string) string { return "/* underpin " + what + " */ " }

// SQLMode is the mode our sessions run in: a value that does not fit is an
// error and never a silent truncation, and a key value of 0 is stored as 0.
const SQLMode = "ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE," +
	"ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO"

// Querier is the part of *sql.DB, *sql.Conn, *sql.Tx and [Session] that reads
// and writes.
type Querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

var (
	_ Querier = (*sql.DB)(nil)
	_ Querier = (*sql.Conn)(nil)
	_ Querier = (*sql.Tx)(nil)
)

// Options says how a pool is opened. The zero value is right.
type Options struct {
	// Attributes are connection attributes in addition to program_name.
	Attributes map[string]string
	// MaxOpen bounds the pool. Defaults to 16.
	MaxOpen int
	// ConnectTimeout bounds the dialling of one connection. Defaults to 10 s.
	ConnectTimeout time.Duration
}

// ErrNoDatabase says that a DSN names no database.
var ErrNoDatabase = errors.New("the DSN names no database: write it as user:password@tcp(host:port)/database")

// Open opens a pool for Underpin's own work: strict mode, UTC, utf8mb4, matched
// (not changed) rows counted, values sent inside the statement, one round trip
// a statement. The connection is tried once, so that a wrong host or password
// is reported here. The error never contains the password.
func Open(ctx context.Context, dsn string, opts Options) (*sql.DB, error) {
	cfg, err := Config(dsn, opts)
	if err != nil {
		return nil, err
	}
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", Redact(dsn), err)
	}
	db := sql.OpenDB(connector)
	maxOpen := opts.MaxOpen
	if maxOpen == 0 {
		maxOpen = 16
	}
	db.SetMaxOpenConns(maxOpen)
	db.SetMaxIdleConns(maxOpen)
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("connect to %s: %w", Redact(dsn), err), db.Close())
	}
	return db, nil
}

// freshStatistics goes on with the SET of a connection. MySQL answers how many rows
// and bytes a table has from a copy that may be a day old, and what a plan, a class
// of size or a forecast says would hang on that. MariaDB has neither the copy nor
// the variable, and skips what is marked for MySQL 8.
const freshStatistics = " /*!80000 , information_schema_stats_expiry = 0 */"

// Config returns the driver's configuration for Underpin's own connections.
func Config(dsn string, opts Options) (*mysql.Config, error) {
	cfg, err := mysql.ParseDSN(dsn)
	if err != nil {
		// The driver's message may quote parts of the DSN; say less.
		return nil, errors.New("the DSN cannot be parsed: write it as user:password@tcp(host:port)/database")
	}
	if cfg.DBName == "" {
		return nil, ErrNoDatabase
	}
	cfg.InterpolateParams, cfg.ClientFoundRows, cfg.ParseTime = true, true, true
	cfg.MultiStatements = false
	cfg.Loc = time.UTC
	cfg.Timeout = 10 * time.Second
	if opts.ConnectTimeout > 0 {
		cfg.Timeout = opts.ConnectTimeout
	}
	cfg.Params = maps.Clone(cfg.Params)
	if cfg.Params == nil {
		cfg.Params = map[string]string{}
	}
	cfg.Params["time_zone"] = "'+00:00'"
	cfg.Params["sql_mode"] = "'" + SQLMode + "'" + freshStatistics
	cfg.ConnectionAttributes = Attributes(Program, opts.Attributes)
	// The driver writes a line to stderr whenever it meets a dead pooled
	// connection; the error itself reaches the caller.
	cfg.Logger = &mysql.NopLogger{}
	return cfg, nil
}

// Attributes renders connection attributes for the driver.
func Attributes(program string, more map[string]string) string {
	pairs := []string{"program_name:" + program}
	for _, k := range []string{AttributeInstance, AttributeRelease} {
		if v, ok := more[k]; ok {
			pairs = append(pairs, k+":"+v)
		}
	}
	return strings.Join(pairs, ",")
}

// Redact returns the DSN with its password replaced, for messages and logs.
func Redact(dsn string) string {
	cfg, err := mysql.ParseDSN(dsn)
	if err != nil {
		return "(a DSN that cannot be parsed)"
	}
	who := cfg.User
	if cfg.Passwd != "" {
		who += ":***"
	}
	return fmt.Sprintf("%s@%s(%s)/%s", who, cfg.Net, cfg.Addr, cfg.DBName)
}
