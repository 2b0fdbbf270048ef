package lifecycle

import (
	"context"

	"github.com/underpin-db/underpin/dualwrite"
	"github.com/underpin-db/underpin/migrate"
)

// mergeTables is people whose names are in a table beside, for those who have
// one, with the usual foreign key.
func mergeTables() Case {
	return Case{
		Name: "merge tables", Service: "accounts", ChangeName: "merge-profiles",
		Schema: []string{`CREATE TABLE users (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  visits INT NOT NULL DEFAULT 0,
  updated_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6)
) DEFAULT CHARSET utf8mb4`, `CREATE TABLE profiles (
  id BIGINT NOT NULL PRIMARY KEY,
  name VARCHAR(200) NOT NULL,
  CONSTRAINT of_user FOREIGN KEY (id) REFERENCES users (id) ON DELETE CASCADE
) DEFAULT CHARSET utf8mb4`},
		Rows: []string{`INSERT INTO users (id) VALUES (1), (2), (3), (4), (5)`,
			`INSERT INTO profiles VALUES (1, ''), (2, 'Cher'), (4, 'Ada Lovelace'), (5, '😀 Smile')`},
		Change: `
change: merge-profiles
service: accounts
source: {table: profiles}
target: {table: users}
expand:
  - |
    ALTER TABLE users
      ADD COLUMN first_name VARCHAR(200) NULL,
      ADD COLUMN last_name VARCHAR(200) NOT NULL DEFAULT '',
      ADD COLUMN has_profile TINYINT NULL
forward:
  first_name: SUBSTRING_INDEX(name, ' ', 1)
  last_name: TRIM(SUBSTRING(name, CHAR_LENGTH(SUBSTRING_INDEX(name, ' ', 1)) + 1))
  has_profile: 1
backward:
  name: TRIM(CONCAT_WS(' ', first_name, last_name))
contract:
  - DROP TABLE profiles
` + reads,
		End: []string{"`has_profile` tinyint"},
		Old: profileApp(), New: mergedApp(),
	}
}

// profileApp is the application that keeps names beside its users.
func profileApp() App {
	full := func(p Person) string { return written{Person: p}.full() }
	return App{
		Release: "r1", Writes: migrate.SourceShape, Through: migrate.ReadNew,
		Insert: func(ctx context.Context, tx *dualwrite.Tx, p Person) (int64, error) {
			id, err := insert(ctx, tx, "INSERT INTO users () VALUES ()")
			if err != nil {
				return 0, err
			}
			return id, change(ctx, tx, id, "INSERT INTO profiles (id, name) VALUES (?, ?)", id, full(p))
		},
		Update: func(ctx context.Context, tx *dualwrite.Tx, id int64, p Person) error {
			return change(ctx, tx, id, "INSERT INTO profiles (id, name) VALUES (?, ?) ON DUPLICATE KEY UPDATE name = VALUES(name)", id, full(p))
		},
		Clear: func(ctx context.Context, tx *dualwrite.Tx, id int64) error {
			return change(ctx, tx, id, "DELETE FROM profiles WHERE id = ?", id)
		},
		Visit: func(ctx context.Context, tx *dualwrite.Tx, id int64) error {
			return change(ctx, tx, id, "UPDATE users SET visits = visits + 1 WHERE id = ?", id)
		},
		Delete: func(ctx context.Context, tx *dualwrite.Tx, id int64) error {
			return change(ctx, tx, id, "DELETE FROM users WHERE id = ?", id)
		},
		ReadOld: func(id int64) dualwrite.Reader[string] {
			return text("SELECT COALESCE(name, '') FROM users LEFT JOIN profiles ON profiles.id = users.id WHERE users.id = ?", id)
		},
		ReadNew: fullName("users", "last_name"),
	}
}

// mergedApp is the application that knows no table of profiles.
func mergedApp() App {
	return App{
		Release: "r2", Writes: migrate.TargetShape, Through: migrate.NewOnly,
		Insert: func(ctx context.Context, tx *dualwrite.Tx, p Person) (int64, error) {
			return insert(ctx, tx, "INSERT INTO users (first_name, last_name, has_profile) VALUES (?, ?, 1)", p.First, p.Last)
		},
		Update: func(ctx context.Context, tx *dualwrite.Tx, id int64, p Person) error {
			return change(ctx, tx, id, "UPDATE users SET first_name = ?, last_name = ?, has_profile = 1 WHERE id = ?", p.First, p.Last, id)
		},
		Clear: func(ctx context.Context, tx *dualwrite.Tx, id int64) error {
			return change(ctx, tx, id, "UPDATE users SET first_name = NULL, last_name = DEFAULT, has_profile = NULL WHERE id = ?", id)
		},
		Visit: func(ctx context.Context, tx *dualwrite.Tx, id int64) error {
			return change(ctx, tx, id, "UPDATE users SET visits = visits + 1 WHERE id = ?", id)
		},
		Delete: func(ctx context.Context, tx *dualwrite.Tx, id int64) error {
			return change(ctx, tx, id, "DELETE FROM users WHERE id = ?", id)
		},
		ReadNew: fullName("users", "last_name"),
		ReadPerson: func(id int64) dualwrite.Reader[Person] {
			return func(ctx context.Context, q dualwrite.Querier) (p Person, err error) {
				err = q.QueryRowContext(ctx, "SELECT COALESCE(first_name, ''), last_name FROM users WHERE id = ?", id).Scan(&p.First, &p.Last)
				return p, err
			}
		},
	}
}
