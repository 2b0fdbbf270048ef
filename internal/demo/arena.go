package demo

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/go-sql-driver/mysql"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/demo/history"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
)

// arena is the server and the database that the demo plays in.
type arena struct {
	engine  servers.Engine
	version string
	admin   *mysql.Config // names the database
	db      *sql.DB       // Underpin's own pool, as the administrator
	// passwords are those of the application's users, one a release.
	passwords map[string]string
	server    *servers.Server // nil if it was given by DSN
}

// userOf is the database user of a release: the change file names them.
func userOf(release string) string {
	if release == releaseIdleOld {
		release = releaseOld
	}
	return "app_" + release
}

const createUsers = `/* underpin demo */
CREATE TABLE users (
  id         BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  name       VARCHAR(200) NULL,
  email      VARCHAR(120) NOT NULL,
  visits     INT NOT NULL DEFAULT 0,
  updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`

// openArena starts a private server, or uses the one of a DSN, and makes a
// database and the application's users. On an error it leaves nothing behind.
func openArena(ctx context.Context, cfg Config, log io.Writer) (*arena, error) {
	a := &arena{engine: cfg.Engine, passwords: map[string]string{}}
	dsn := cfg.DSN
	if dsn == "" {
		server, err := servers.Start(ctx, servers.Options{Engine: cfg.Engine, BufferPoolMiB: 256, Log: log})
		if err != nil {
			return nil, fmt.Errorf("start a %s server: %w", cfg.Engine, err)
		}
		a.server, dsn = server, server.AdminDSN()
	}
	if err := a.furnish(ctx, dsn); err != nil {
		return nil, errors.Join(err, a.close(context.WithoutCancel(ctx)))
	}
	return a, nil
}

// furnish makes the database and its users.
func (a *arena) furnish(ctx context.Context, dsn string) error {
	admin, err := mysql.ParseDSN(dsn)
	if err != nil {
		return errors.New("the DSN cannot be parsed: write it as user:password@tcp(host:port)/")
	}
	admin.DBName = "underpindemo" + strings.ToLower(rand.Text()[:8])
	if err := a.createDatabase(ctx, admin); err != nil {
		return err
	}
	a.admin = admin
	a.db, err = mysqlx.Open(ctx, admin.FormatDSN(), mysqlx.Options{MaxOpen: 24})
	if err != nil {
		return err
	}
	if err := a.db.QueryRowContext(ctx, "SELECT VERSION()").Scan(&a.version); err != nil {
		return fmt.Errorf("ask for the server's version: %w", err)
	}
	a.engine = servers.MySQL
	if strings.Contains(strings.ToLower(a.version), "mariadb") {
		a.engine = servers.MariaDB
	}
	for _, release := range []string{releaseOld, releaseReady, releaseNew} {
		if err := a.createUser(ctx, release); err != nil {
			return err
		}
	}
	return nil
}

func (a *arena) createDatabase(ctx context.Context, admin *mysql.Config) error {
	bare := admin.Clone()
	bare.DBName = ""
	db, err := sql.Open("mysql", bare.FormatDSN())
	if err != nil {
		return fmt.Errorf("open %s: %w", mysqlx.Redact(bare.FormatDSN()), err)
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, "CREATE DATABASE "+mysqlx.Quote(admin.DBName)+" CHARACTER SET utf8mb4"); err != nil {
		return fmt.Errorf("create a database for the demo: %w", err)
	}
	return nil
}

// createUser gives a release a user that may read and write the demo's database
// and nothing else: the control tables are in it.
func (a *arena) createUser(ctx context.Context, release string) error {
	password := rand.Text()
	for _, statement := range []string{
		fmt.Sprintf("CREATE USER '%s'@'%%' IDENTIFIED BY '%s'", userOf(release), password),
		fmt.Sprintf("GRANT SELECT, INSERT, UPDATE, DELETE ON %s.* TO '%s'@'%%'", mysqlx.Quote(a.admin.DBName), userOf(release)),
	} {
		if _, err := a.db.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("create the user %s of release %s (drop it if an earlier demo left it behind): %w", userOf(release), release, err)
		}
		a.passwords[release] = password // from here on it is ours to drop
	}
	return nil
}

// dsn returns how a release connects.
func (a *arena) dsn(release string) string {
	c := a.admin.Clone()
	c.User = userOf(release)
	c.Passwd = a.passwords[strings.TrimPrefix(c.User, "app_")]
	// Matched rows are counted, so that a write knows whether there was a row.
	c.ClientFoundRows, c.InterpolateParams = true, true
	c.Logger = nil
	return c.FormatDSN()
}

// borrowed reports whether the server is somebody else's, so that it has to be
// left as it was found.
func (a *arena) borrowed() bool { return a.server == nil || a.server.Source() == servers.DSN }

// close drops what was made and stops the server if it is ours.
func (a *arena) close(ctx context.Context) error {
	var errs []error
	if a.borrowed() && a.db != nil {
		for release := range a.passwords {
			_, err := a.db.ExecContext(ctx, fmt.Sprintf("DROP USER '%s'@'%%'", userOf(release)))
			errs = append(errs, err)
		}
		_, err := a.db.ExecContext(ctx, "DROP DATABASE "+mysqlx.Quote(a.admin.DBName))
		errs = append(errs, err)
	}
	if a.db != nil {
		errs = append(errs, a.db.Close())
	}
	if a.server != nil {
		errs = append(errs, a.server.Stop(ctx))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("clean up: %w", err)
	}
	return nil
}

// seedBatch is how many rows one statement inserts.
const seedBatch = 1000

// seed makes the table and fills it, two statements at a time.
func (a *arena) seed(ctx context.Context, rows uint64) error {
	if _, err := a.db.ExecContext(ctx, createUsers); err != nil {
		return fmt.Errorf("create the table: %w", err)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	batches := make(chan uint64)
	var group sync.WaitGroup
	for range 2 {
		group.Go(func() {
			for first := range batches {
				if err := a.seedFrom(ctx, first, min(first+seedBatch, rows+1)); err != nil {
					cancel(fmt.Errorf("fill the table: %w", err))
				}
			}
		})
	}
	for first := uint64(1); first <= rows && ctx.Err() == nil; first += seedBatch {
		batches <- first
	}
	close(batches)
	group.Wait()
	return context.Cause(ctx)
}

// seedFrom inserts the rows from first up to but not including end.
func (a *arena) seedFrom(ctx context.Context, first, end uint64) error {
	var text strings.Builder
	text.WriteString("/* underpin demo */\nINSERT INTO users\n  (id, name, email, visits, updated_at)\nVALUES\n")
	args := make([]any, 0, 5*(end-first))
	for key := first; key < end; key++ {
		if key > first {
			text.WriteString(",\n")
		}
		text.WriteString("  (?, ?, ?, ?, FROM_UNIXTIME(?))")
		r := seedRow(key)
		args = append(args, key, r.Value.Name, r.Mail, r.Visits, r.Stamp)
	}
	_, err := a.db.ExecContext(ctx, text.String(), args...)
	return err
}

const lastByName = `/* underpin demo */
SELECT id, name, email, visits, UNIX_TIMESTAMP(updated_at)
FROM users
ORDER BY id`

const lastByParts = `/* underpin demo */
SELECT id, first_name, last_name, email, visits, UNIX_TIMESTAMP(updated_at)
FROM users
ORDER BY id`

// rows yields the whole table as it is at the end, in a shape. The first error
// ends it and is stored in failed.
func (a *arena) rows(ctx context.Context, shape migrate.Shape, failed *error) func(yield func(uint64, history.Row) bool) {
	query := lastByName
	if shape == migrate.TargetShape {
		query = lastByParts
	}
	return func(yield func(uint64, history.Row) bool) {
		rows, err := a.db.QueryContext(ctx, query)
		if err != nil {
			*failed = fmt.Errorf("read the table: %w", err)
			return
		}
		defer rows.Close()
		for rows.Next() {
			var key uint64
			r := history.Row{Value: history.Value{Shape: shape}}
			names := []any{&r.Value.Name}
			if shape == migrate.TargetShape {
				names = []any{&r.Value.First, &r.Value.Last}
			}
			if err := rows.Scan(append(append([]any{&key}, names...), &r.Mail, &r.Visits, &r.Stamp)...); err != nil {
				*failed = fmt.Errorf("read the table: %w", err)
				return
			}
			if !yield(key, r) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			*failed = fmt.Errorf("read the table: %w", err)
		}
	}
}
