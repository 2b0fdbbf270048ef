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
