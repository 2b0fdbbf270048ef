package lifecycle

import (
	"context"

	"github.com/underpin-db/underpin/dualwrite"
	"github.com/underpin-db/underpin/migrate"
)

// personTable holds a name in two columns, in either shape of a derived change.
const personTable = `CREATE TABLE users (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  first_name VARCHAR(200) NOT NULL DEFAULT '',
  last_name VARCHAR(200) NOT NULL DEFAULT '',
  mood ENUM('good','bad') NOT NULL DEFAULT 'good',
  visits INT NOT NULL DEFAULT 0,
  KEY by_name (last_name, first_name)
) DEFAULT CHARSET utf8mb4`

// retype is a column of another type beside the old one, which an index of two
// columns stands on.
func retype() Case {
	return Case{
		Name: "retype a column", Service: "accounts", ChangeName: "retype-users-last-name-to-last-name-new",
		Schema: []string{personTable}, Rows: []string{`INSERT INTO users (first_name, last_name) VALUES ('', ''), ('Cher', ''), ('😀', 'Smile')`},
		DDL: "ALTER TABLE users MODIFY COLUMN last_name VARCHAR(300) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL",
		End: []string{"KEY `by_name_last_name_new` (`last_name_new`,`first_name`)"},
		Old: oldPeople("users", "last_name_new"), New: newPeople("users", "last_name_new"),
	}
}

// rekey is a table with another primary key, of which a part changes.
func rekey() Case {
	return Case{
		Name: "change the primary key", Service: "accounts", ChangeName: "rebuild-users-as-users-new",
		Schema: []string{personTable}, Rows: []string{`INSERT INTO users (first_name, last_name, mood) VALUES ('', '', 'bad'), ('Cher', '', 'good')`},
		DDL: "ALTER TABLE users DROP PRIMARY KEY, ADD PRIMARY KEY (first_name, id)",
		End: []string{"PRIMARY KEY (`first_name`,`id`)", "UNIQUE KEY `former_key` (`id`)"},
		Old: oldPeople("users_new", "last_name"), New: newPeople("users_new", "last_name"),
	}
}

// oldPeople is the application that knows the source; it can read the target
// from the given table and column.
func oldPeople(table, last string) App {
	a := people("users", "last_name", func(p Person) Person { return written{Person: p}.asTarget() })
	a.Release, a.Writes, a.Through = "r1", migrate.SourceShape, migrate.ReadNew
	a.ReadOld, a.ReadNew = fullName("users", "last_name"), fullName(table, last)
	return a
}

// newPeople is the application that knows the target alone.
func newPeople(table, last string) App {
	a := people(table, last, func(p Person) Person { return p })
	a.Release, a.Writes, a.Through = "r2", migrate.TargetShape, migrate.NewOnly
	a.ReadNew = fullName(table, last)
	a.ReadPerson = func(id int64) dualwrite.Reader[Person] {
		return func(ctx context.Context, q dualwrite.Querier) (p Person, err error) {
			err = q.QueryRowContext(ctx, "SELECT first_name, "+last+" FROM "+table+" WHERE id = ?", id).Scan(&p.First, &p.Last)
			return p, err
		}
	}
	return a
}

// people is how either writes; as is the person as it writes it.
func people(table, last string, as func(Person) Person) App {
	return App{
		Insert: func(ctx context.Context, tx *dualwrite.Tx, p Person) (int64, error) {
			p = as(p)
			return insert(ctx, tx, "INSERT INTO "+table+" (first_name, "+last+") VALUES (?, ?)", p.First, p.Last)
		},
		Update: func(ctx context.Context, tx *dualwrite.Tx, id int64, p Person) error {
			p = as(p)
			return change(ctx, tx, id, "UPDATE "+table+" SET first_name = ?, "+last+" = ? WHERE id = ?", p.First, p.Last, id)
		},
		Visit: func(ctx context.Context, tx *dualwrite.Tx, id int64) error {
			return change(ctx, tx, id, "UPDATE "+table+" SET visits = visits + 1, mood = 'bad' WHERE id = ?", id)
		},
		Delete: func(ctx context.Context, tx *dualwrite.Tx, id int64) error {
			return change(ctx, tx, id, "DELETE FROM "+table+" WHERE id = ?", id)
		},
	}
}

// fullName reads the name as the model has it.
func fullName(table, last string) func(int64) dualwrite.Reader[string] {
	return func(id int64) dualwrite.Reader[string] {
		return text("SELECT TRIM(CONCAT_WS(' ', first_name, "+last+")) FROM "+table+" WHERE id = ?", id)
	}
}
