package cli

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"io"
	"os"
	"os/user"
	"sync/atomic"

	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate/engine"
)

// app is what every command works with.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) string
	// settings are valid once a command's body runs.
	settings settings
	// resumable says that a command is at work which a signal interrupts.
	resumable atomic.Bool
}

// dsn returns the DSN with the password in it. It is for opening connections
// and nothing else.
func (a *app) dsn() (string, error) { return a.settings.dsn() }

// connect opens the database, whatever state its control tables are in.
func (a *app) connect(ctx context.Context) (*sql.DB, error) {
	dsn, err := a.dsn()
	if err != nil {
		return nil, err
	}
	return mysqlx.Open(ctx, dsn, mysqlx.Options{})
}

// open opens the database and makes sure that the control tables are those of
// this binary.
func (a *app) open(ctx context.Context) (*sql.DB, error) {
	db, err := a.connect(ctx)
	if err != nil {
		return nil, err
	}
	if err := control.Check(ctx, db); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// withDB runs a command's body with the database open.
func (a *app) withDB(ctx context.Context, fn func(ctx context.Context, db *sql.DB) error) error {
	db, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer db.Close()
	return fn(ctx, db)
}

// withEngine runs a command's body with an engine. cfg holds what the command
// asks for; database and actor are filled in here.
func (a *app) withEngine(ctx context.Context, cfg engine.Config, fn func(ctx context.Context, e *engine.Engine) error) error {
	return a.withDB(ctx, func(ctx context.Context, db *sql.DB) error {
		cfg.DB, cfg.Actor = db, a.actor()
		e, err := engine.New(cfg)
		if err != nil {
			return err
		}
		return fn(ctx, e)
	})
}

// actor is who acts, for the audit.
func (a *app) actor() string {
	if a.settings.Actor != "" {
		return a.settings.Actor
	}
	who := "unknown"
	if u, err := user.Current(); err == nil {
		who = u.Username
	}
	host, err := os.Hostname()
	if err != nil {
		host = ""
	}
	return who + "@" + cmp.Or(host, "unknown")
}
