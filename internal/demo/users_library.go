package demo

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/underpin-db/underpin/dualwrite"
	"github.com/underpin-db/underpin/internal/demo/history"
	"github.com/underpin-db/underpin/migrate"
)

// changeName is the change of examples/split-user-name.
const changeName = "split-user-name"

// serviceName is the sample application.
const serviceName = "accounts"

// The library is set up as its defaults have it, but that it polls more often
// and compares more reads, because the whole life of a change has to fit into a
// minute.
const (
	appPoll = 250 * time.Millisecond
	// appShadow is the share of reads that are compared, in basis points.
	appShadow = 2000
)

// supports is what each release declares for the change.
func supports(release string) (dualwrite.Support, error) {
	switch release {
	case releaseReady:
		return dualwrite.Support{Change: changeName, Writes: migrate.SourceShape, Through: migrate.ReadNew}, nil
	case releaseNew:
		return dualwrite.Support{Change: changeName, Writes: migrate.TargetShape, Through: migrate.NewOnly}, nil
	}
	return dualwrite.Support{}, fmt.Errorf("release %q does not use the library", release)
}

// libraryUsers is the releases r1 and r2. They differ in the shape that they
// write and in nothing else.
type libraryUsers struct {
	db     *sql.DB
	client *dualwrite.Client
	change *dualwrite.Change
	own    statements
}

// openLibrary joins the fleet.
func openLibrary(ctx context.Context, t task) (users, error) {
	support, err := supports(t.Release)
	if err != nil {
		return nil, err
	}
	cfg := dualwrite.Config{
		Service: serviceName, Release: t.Release, Changes: []dualwrite.Support{support},
		Poll: appPoll, Shadow: appShadow,
	}
	connector, err := dualwrite.Connector(t.DSN, cfg)
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(connector)
	limitPool(db, t)
	client, err := dualwrite.Join(ctx, db, cfg)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &libraryUsers{db, client, client.Change(changeName), statementsOf(support.Writes)}, nil
}

// limitPool gives every goroutine of the process a connection, and the library
// its own.
func limitPool(db *sql.DB, t task) {
	n := t.Table.Slots + t.Load.Readers + 3
	db.SetMaxOpenConns(n)
	db.SetMaxIdleConns(n)
}

func (u *libraryUsers) insert(ctx context.Context, v history.Value, mail string) (key uint64, err error) {
	err = u.change.Write(ctx, func(ctx context.Context, tx *dualwrite.Tx) error {
		res, err := tx.ExecContext(ctx, u.own.insert, columns(v, mail)...)
		if err != nil {
			return err
		}
		id, err := res.LastInsertId()
		key = uint64(id)
		tx.Touch(key)
		return err
	})
	return key, err
}

// execute runs one statement on one row.
func (u *libraryUsers) execute(ctx context.Context, key uint64, statement string, args ...any) error {
	return u.change.Write(ctx, func(ctx context.Context, tx *dualwrite.Tx) error {
		tx.Touch(key)
		return affect(ctx, tx, statement, args...)
	})
}

func (u *libraryUsers) rename(ctx context.Context, key uint64, v history.Value) error {
	return u.execute(ctx, key, u.own.rename, columns(v, key)...)
}

func (u *libraryUsers) remove(ctx context.Context, key uint64) error {
	return u.execute(ctx, key, deleteUser, key)
}

func (u *libraryUsers) mail(ctx context.Context, key uint64, mail string) error {
	return u.execute(ctx, key, mailUser, mail, key)
}

// visit goes through the library for every other row. For the rest it goes by
// it, as code may that writes none of the mapped columns.
func (u *libraryUsers) visit(ctx context.Context, key uint64) error {
	if key%2 == 0 {
		return affect(ctx, u.db, visitUser, key)
	}
	return u.execute(ctx, key, visitUser, key)
}

func (u *libraryUsers) save(ctx context.Context, key uint64) (v history.Value, err error) {
	err = u.change.Write(ctx, func(ctx context.Context, tx *dualwrite.Tx) (err error) {
		tx.Touch(key)
		v, err = u.own.readAndSave(ctx, tx, key)
		return err
	})
	return v, err
}

func (u *libraryUsers) read(ctx context.Context, key uint64) (history.Row, error) {
	reader := func(s statements) dualwrite.Reader[history.Row] {
		return func(ctx context.Context, q dualwrite.Querier) (history.Row, error) { return s.readRow(ctx, q, key) }
	}
	readNew := reader(statementsOf(migrate.TargetShape))
	if u.own.shape == migrate.TargetShape {
		return dualwrite.Read(ctx, u.change, key, nil, readNew)
	}
	opts := dualwrite.ReadOptions[history.Row]{Equal: sameUser}
	return dualwrite.ReadWith(ctx, u.change, key, opts, reader(statementsOf(migrate.SourceShape)), readNew)
}

// sameUser is what the application calls the same user in both shapes: the
// mapping is not a bijection, so either side may be the finer one.
func sameUser(source, target history.Row) bool {
	return source.Mail == target.Mail && source.Visits == target.Visits &&
		(source.Value.Shows(target.Value) || target.Value.Shows(source.Value))
}

func (u *libraryUsers) close(ctx context.Context) error {
	return errors.Join(u.client.Close(ctx), u.db.Close())
}
