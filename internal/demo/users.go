package demo

import (
	"context"
	"database/sql"
	"errors"

	"github.com/underpin-db/underpin/internal/demo/history"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
)

// users is the application's own code: how it reads and writes a user. There is
// one for each way of reaching the database; the SQL is that of the release's
// shape.
type users interface {
	insert(ctx context.Context, v history.Value, mail string) (key uint64, err error)
	// The next four return errMissed if there is no such row.
	rename(ctx context.Context, key uint64, v history.Value) error
	remove(ctx context.Context, key uint64) error
	mail(ctx context.Context, key uint64, mail string) error
	visit(ctx context.Context, key uint64) error
	// save reads the row, and writes all of it back with one more visit, as an
	// object mapper does. It returns the name that it found and wrote back.
	save(ctx context.Context, key uint64) (history.Value, error)
	read(ctx context.Context, key uint64) (history.Row, error)
	close(ctx context.Context) error
}

// errMissed says that a statement met no row.
var errMissed = errors.New("there is no such user")

// statements is the SQL of one shape.
type statements struct {
	shape                      migrate.Shape
	insert, rename, lock, save string
	read                       string
}

const deleteUser = `/* accounts */
DELETE FROM users
WHERE id = ?`

const mailUser = `/* accounts */
UPDATE users
SET email = ?
WHERE id = ?`

const visitUser = `/* accounts */
UPDATE users
SET visits = visits + 1
WHERE id = ?`

const insertByName = `/* accounts */
INSERT INTO users
  (name, email, visits)
VALUES
  (?, ?, 0)`

const renameByName = `/* accounts */
UPDATE users
SET name = ?
WHERE id = ?`

const lockByName = `/* accounts */
SELECT name
FROM users
WHERE id = ?
FOR UPDATE`

const saveByName = `/* accounts */
UPDATE users
SET name = ?,
    visits = visits + 1
WHERE id = ?`

const readByName = `/* accounts */
SELECT name, email, visits
FROM users
WHERE id = ?`

const insertByParts = `/* accounts */
INSERT INTO users
  (first_name, last_name, email, visits)
VALUES
  (?, ?, ?, 0)`

const renameByParts = `/* accounts */
UPDATE users
SET first_name = ?,
    last_name = ?
WHERE id = ?`

const lockByParts = `/* accounts */
SELECT first_name, last_name
FROM users
WHERE id = ?
FOR UPDATE`

const saveByParts = `/* accounts */
UPDATE users
SET first_name = ?,
    last_name = ?,
    visits = visits + 1
WHERE id = ?`

const readByParts = `/* accounts */
SELECT first_name, last_name, email, visits
FROM users
WHERE id = ?`

// statementsOf returns the SQL of a shape.
func statementsOf(s migrate.Shape) statements {
	if s == migrate.TargetShape {
		return statements{s, insertByParts, renameByParts, lockByParts, saveByParts, readByParts}
	}
	return statements{migrate.SourceShape, insertByName, renameByName, lockByName, saveByName, readByName}
}

// columns returns a value as the statements' arguments.
func columns(v history.Value, more ...any) []any {
	if v.Shape == migrate.TargetShape {
		return append([]any{v.First, v.Last}, more...)
	}
	return append([]any{v.Name}, more...)
}

// scan scans the columns of the shape and then more.
func (s statements) scan(row *sql.Row, more ...any) (history.Value, error) {
	v := history.Value{Shape: s.shape}
	dest := []any{&v.Name}
	if s.shape == migrate.TargetShape {
		dest = []any{&v.First, &v.Last}
	}
	err := row.Scan(append(dest, more...)...)
	if errors.Is(err, sql.ErrNoRows) {
		return history.Value{}, errMissed
	}
	return v, err
}

// rowQuerier is the part of a pool that reads one row.
type rowQuerier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// readRow reads a user by its key.
func (s statements) readRow(ctx context.Context, q rowQuerier, key uint64) (history.Row, error) {
	var r history.Row
	var err error
	r.Value, err = s.scan(q.QueryRowContext(ctx, s.read, key), &r.Mail, &r.Visits)
	if errors.Is(err, errMissed) {
		return history.Row{}, nil
	}
	return r, err
}

// readAndSave is save inside a transaction.
func (s statements) readAndSave(ctx context.Context, tx mysqlx.Querier, key uint64) (history.Value, error) {
	v, err := s.scan(tx.QueryRowContext(ctx, s.lock, key))
	if err != nil {
		return v, err
	}
	return v, affect(ctx, tx, s.save, columns(v, key)...)
}

// affect executes a statement that has to meet a row. The pool counts matched
// rows, not changed ones.
func affect(ctx context.Context, q mysqlx.Querier, statement string, args ...any) error {
	res, err := q.ExecContext(ctx, statement, args...)
	if err != nil {
		return err
	}
	n, err := res.RowsAffected()
	if err == nil && n == 0 {
		err = errMissed
	}
	return err
}

// openPlain connects as r0 does: without a word about who it is.
func openPlain(ctx context.Context, t task) (users, error) {
	db, err := sql.Open("mysql", t.DSN)
	if err != nil {
		return nil, err
	}
	limitPool(db, t)
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return plainUsers{db, statementsOf(migrate.SourceShape)}, nil
}

// plainUsers is release r0: database/sql and nothing else.
type plainUsers struct {
	db *sql.DB
	statements
}

func (u plainUsers) insert(ctx context.Context, v history.Value, mail string) (uint64, error) {
	res, err := u.db.ExecContext(ctx, u.statements.insert, columns(v, mail)...)
	if err != nil {
		return 0, err
	}
	id, err := res.LastInsertId()
	return uint64(id), err
}

func (u plainUsers) rename(ctx context.Context, key uint64, v history.Value) error {
	return affect(ctx, u.db, u.statements.rename, columns(v, key)...)
}

func (u plainUsers) remove(ctx context.Context, key uint64) error {
	return affect(ctx, u.db, deleteUser, key)
}

func (u plainUsers) mail(ctx context.Context, key uint64, mail string) error {
	return affect(ctx, u.db, mailUser, mail, key)
}

func (u plainUsers) visit(ctx context.Context, key uint64) error {
	return affect(ctx, u.db, visitUser, key)
}

func (u plainUsers) save(ctx context.Context, key uint64) (history.Value, error) {
	tx, err := u.db.BeginTx(ctx, nil)
	if err != nil {
		return history.Value{}, err
	}
	defer func() { _ = tx.Rollback() }() // a no-op after the commit
	v, err := u.readAndSave(ctx, tx, key)
	if err != nil {
		return v, err
	}
	return v, mysqlx.Commit(tx)
}

func (u plainUsers) read(ctx context.Context, key uint64) (history.Row, error) {
	return u.readRow(ctx, u.db, key)
}

func (u plainUsers) close(context.Context) error { return u.db.Close() }
