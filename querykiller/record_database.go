package querykiller

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/internal/mysqlx"
)

// DatabaseConfig says where decisions are kept. Only DB is needed.
type DatabaseConfig struct {
	// DB is a pool on a database with control tables. Give it a connection of
	// its own that stays open, so that decisions can be written at
	// max_connections.
	DB *sql.DB
	// Killer is who runs the killer, user@host.
	Killer string
	// Retention is how long decisions are kept. Defaults to 30 days; less than
	// zero keeps them for ever.
	Retention time.Duration
}

// Database is a [Sink] that keeps decisions in _underpin_kill. A batch is one
// transaction: it is there as a whole or not at all. Decisions past their
// retention go in small steps, at most once in purgeEvery.
type Database struct {
	cfg    DatabaseConfig
	usable bool      // the control tables were looked at and are those of this binary
	purged time.Time // when old decisions were last deleted
}

// DefaultRetention is how long decisions are kept unless they are told.
const DefaultRetention = 30 * 24 * time.Hour

const (
	purgeEvery = 10 * time.Minute
	purgeStep  = 500 // rows a statement
	purgeSteps = 20  // statements a purge; the rest waits for the next
)

// NewDatabase returns a sink. It does not touch the database yet.
func NewDatabase(cfg DatabaseConfig) *Database {
	cfg.Retention = cmp.Or(cfg.Retention, DefaultRetention)
	return &Database{cfg: cfg}
}

// Name implements Sink.
func (k *Database) Name() string { return "database" }

// Write implements Sink.
func (k *Database) Write(ctx context.Context, batch []Decision) error {
	if !k.usable {
		if err := control.Check(ctx, k.cfg.DB); err != nil {
			return err
		}
		k.usable = true
	}
	backoff := mysqlx.Backoff{Attempts: 5, Base: 50 * time.Millisecond}
	err := backoff.Retry(ctx, mysqlx.RetryUnit, func(ctx context.Context) error { return k.insert(ctx, batch) })
	if err != nil {
		k.usable = false // somebody may have dropped or upgraded the tables
		return err
	}
	return k.purge(ctx)
}

func (k *Database) insert(ctx context.Context, batch []Decision) error {
	tx, err := k.cfg.DB.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("record decisions: %w", err)
	}
	defer tx.Rollback()
	for _, d := range batch {
		row, err := k.row(d)
		if err != nil {
			return err
		}
		if _, err := control.AddKill(ctx, tx, row); err != nil {
			return err
		}
	}
	return mysqlx.Commit(tx)
}

// row is a decision as the table has it.
func (k *Database) row(d Decision) (control.Kill, error) {
	detail, err := json.Marshal(d)
	if err != nil {
		return control.Kill{}, fmt.Errorf("record a decision about session %d: %w", d.Session, err)
	}
	return control.Kill{
		At: d.At, Killer: k.cfg.Killer, Rule: d.Rule, Action: string(d.Action), Outcome: string(d.Outcome), Reason: d.Reason,
		Session: d.Session, User: d.User, Host: d.Host, Database: d.Database, Release: d.Release, Digest: d.Digest, Text: d.Text,
		Age: d.Age, RowsExamined: d.RowsExamined, RowsModified: d.RowsModified, Rollback: d.Rollback, Dead: d.DeadAfter, Detail: detail,
	}, nil
}

// purge deletes decisions past their retention, if it is time to.
func (k *Database) purge(ctx context.Context) error {
	if k.cfg.Retention < 0 || time.Since(k.purged) < purgeEvery {
		return nil
	}
	k.purged = time.Now()
	for range purgeSteps {
		n, err := control.PurgeKills(ctx, k.cfg.DB, k.cfg.Retention, purgeStep)
		if err != nil {
			return fmt.Errorf("%w old ones are not deleted: %w", ErrKept, err)
		}
		if n < purgeStep {
			return nil
		}
	}
	return nil
}
