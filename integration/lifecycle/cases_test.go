package lifecycle

import (
	"context"
	"strings"

	"github.com/underpin-db/underpin/dualwrite"
	"github.com/underpin-db/underpin/migrate"
)

// cases are the kinds of change that are walked through.
func cases() []Case {
	return []Case{splitColumn(), moveTable(), moveTableWithIndexes(), lengthenKey(), retype(), rekey(), mergeTables()}
}

func splitColumn() Case {
	return Case{
		Name: "split a column", Service: "accounts", ChangeName: "split-user-name",
		Schema: []string{`CREATE TABLE users (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name VARCHAR(200) NULL,
  visits INT NOT NULL DEFAULT 0,
  updated_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6)
) DEFAULT CHARSET utf8mb4`},
		Rows: []string{`INSERT INTO users (name) VALUES (NULL), (''), ('Cher'), ('Ada Lovelace'), ('Ana Maria de Souza'), ('  two  blanks '), ('😀 Smile')`},
		Change: `
change: split-user-name
service: accounts
source: {table: users}
target: {table: users}
expand:
  - ALTER TABLE users ADD COLUMN first_name VARCHAR(200) NULL, ADD COLUMN last_name VARCHAR(200) NULL
forward:
  first_name: SUBSTRING_INDEX(name, ' ', 1)
  last_name: TRIM(SUBSTRING(name, CHAR_LENGTH(SUBSTRING_INDEX(name, ' ', 1)) + 1))
backward:
  name: TRIM(CONCAT_WS(' ', first_name, last_name))
contract:
  - ALTER TABLE users DROP COLUMN name
` + reads,
		Old: sourceApp("users"), New: targetApp("users"),
	}
}

func moveTable() Case {
	return Case{
		Name: "move a table", Service: "accounts", ChangeName: "users-to-accounts",
		Schema: []string{`CREATE TABLE users (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name VARCHAR(200) NULL,
  visits INT NOT NULL DEFAULT 0
) DEFAULT CHARSET utf8mb4`},
		Rows: []string{`INSERT INTO users (name) VALUES (NULL), (''), ('Cher'), ('Ada Lovelace'), ('Ana Maria de Souza')`},
		Change: `
change: users-to-accounts
service: accounts
source: {table: users}
target: {table: accounts}
expand:
  - |
    CREATE TABLE accounts (
      id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
      first_name VARCHAR(200) NULL,
      last_name VARCHAR(200) NULL,
      visits INT NOT NULL DEFAULT 0
    ) DEFAULT CHARSET utf8mb4
forward:
  first_name: SUBSTRING_INDEX(name, ' ', 1)
  last_name: TRIM(SUBSTRING(name, CHAR_LENGTH(SUBSTRING_INDEX(name, ' ', 1)) + 1))
  visits: visits
backward:
  name: TRIM(CONCAT_WS(' ', first_name, last_name))
  visits: visits
contract:
  - DROP TABLE users
` + reads,
		Old: sourceApp("accounts"), New: targetApp("accounts"),
	}
}

// moveTableWithIndexes is the same with indexes on the target that come after
// the rows.
func moveTableWithIndexes() Case {
	c := moveTable()
	c.Name = "move a table, indexes after its rows"
	c.End = []string{"KEY `by_name` (`last_name`,`first_name`(20))", "KEY `by_visits` (`visits`)"}
	c.Change = strings.Replace(c.Change, "visits INT NOT NULL DEFAULT 0\n",
		"visits INT NOT NULL DEFAULT 0,\n      KEY by_name (last_name, first_name(20)),\n      KEY by_visits (visits)\n", 1) + `
backfill: {indexes: after_rows}
`
	return c
}

// lengthenKey is the same with a key that holds more in the target, and a column
// whose members the target numbers otherwise.
func lengthenKey() Case {
	c := moveTable()
	c.Name = "move a table to a longer key"
	c.Schema = []string{strings.Replace(c.Schema[0], "id BIGINT", "state ENUM('new','known') NOT NULL DEFAULT 'known',\n  id INT UNSIGNED", 1)}
	c.End = []string{"`id` bigint", "enum('known','new')"}
	c.Change = strings.Replace(c.Change, "id BIGINT", "state ENUM('known','new') NOT NULL DEFAULT 'known',\n      id BIGINT UNSIGNED", 1)
	c.Change = strings.ReplaceAll(c.Change, "  visits: visits\n", "  visits: visits\n  state: state\n")
	return c
}

// sourceApp is an application that keeps the name in one column and can read
// the target from the given table.
func sourceApp(target string) App {
	sql := strings.NewReplacer("{table}", "users", "{name}", "name", "{visits}", "visits").Replace
	full := func(p Person) string { return written{Person: p}.full() }
	return App{
		Release: "r1", Writes: migrate.SourceShape, Through: migrate.ReadNew,
		Insert: func(ctx context.Context, tx *dualwrite.Tx, p Person) (int64, error) {
			return insert(ctx, tx, sql("INSERT INTO {table} ({name}) VALUES (?)"), full(p))
		},
		Update: func(ctx context.Context, tx *dualwrite.Tx, id int64, p Person) error {
			return change(ctx, tx, id, sql("UPDATE {table} SET {name} = ? WHERE id = ?"), full(p), id)
		},
		Visit: func(ctx context.Context, tx *dualwrite.Tx, id int64) error {
			return change(ctx, tx, id, sql("UPDATE {table} SET {visits} = {visits} + 1 WHERE id = ?"), id)
		},
		Delete: func(ctx context.Context, tx *dualwrite.Tx, id int64) error {
			return change(ctx, tx, id, sql("DELETE FROM {table} WHERE id = ?"), id)
		},
		ReadOld: func(id int64) dualwrite.Reader[string] {
			return text(sql("SELECT TRIM(COALESCE({name}, '')) FROM {table} WHERE id = ?"), id)
		},
		ReadNew: func(id int64) dualwrite.Reader[string] {
			return text("SELECT TRIM(CONCAT_WS(' ', first_name, last_name)) FROM "+target+" WHERE id = ?", id)
		},
	}
}

// targetApp is an application that keeps first and last names.
func targetApp(table string) App {
	sql := strings.NewReplacer("{table}", table, "{visits}", "visits").Replace
	return App{
		Release: "r2", Writes: migrate.TargetShape, Through: migrate.NewOnly,
		Insert: func(ctx context.Context, tx *dualwrite.Tx, p Person) (int64, error) {
			return insert(ctx, tx, sql("INSERT INTO {table} (first_name, last_name) VALUES (?, ?)"), p.First, p.Last)
		},
		Update: func(ctx context.Context, tx *dualwrite.Tx, id int64, p Person) error {
			return change(ctx, tx, id, sql("UPDATE {table} SET first_name = ?, last_name = ? WHERE id = ?"), p.First, p.Last, id)
		},
		Visit: func(ctx context.Context, tx *dualwrite.Tx, id int64) error {
			return change(ctx, tx, id, sql("UPDATE {table} SET {visits} = {visits} + 1 WHERE id = ?"), id)
		},
		Delete: func(ctx context.Context, tx *dualwrite.Tx, id int64) error {
			return change(ctx, tx, id, sql("DELETE FROM {table} WHERE id = ?"), id)
		},
		ReadNew: func(id int64) dualwrite.Reader[string] {
			return text(sql("SELECT TRIM(CONCAT_WS(' ', first_name, last_name)) FROM {table} WHERE id = ?"), id)
		},
		ReadPerson: func(id int64) dualwrite.Reader[Person] {
			return func(ctx context.Context, q dualwrite.Querier) (p Person, err error) {
				err = q.QueryRowContext(ctx, sql("SELECT first_name, last_name FROM {table} WHERE id = ?"), id).Scan(&p.First, &p.Last)
				return p, err
			}
		},
	}
}

func insert(ctx context.Context, tx *dualwrite.Tx, query string, args ...any) (int64, error) {
	res, err := tx.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	id, err := res.LastInsertId()
	tx.Touch(id)
	return id, err
}

func change(ctx context.Context, tx *dualwrite.Tx, id int64, query string, args ...any) error {
	_, err := tx.ExecContext(ctx, query, args...)
	tx.Touch(id)
	return err
}

func text(query string, id int64) dualwrite.Reader[string] {
	return func(ctx context.Context, q dualwrite.Querier) (s string, err error) {
		err = q.QueryRowContext(ctx, query, id).Scan(&s)
		return s, err
	}
}
