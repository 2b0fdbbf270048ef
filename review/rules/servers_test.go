package rules_test

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/review"
	"github.com/underpin-db/underpin/review/rules"
)

const liveSchema = `CREATE TABLE users (id BIGINT PRIMARY KEY, name VARCHAR(20), code INT, day DATE, state ENUM('a','b'), UNIQUE KEY one_code (code), KEY by_name (name));
CREATE TABLE orders (id BIGINT PRIMARY KEY, user_id BIGINT, total INT);`

// live is a database with the schema, and the server as package ddl reads it.
func live(t *testing.T, s *servers.Server) (*sql.DB, ddl.Server) {
	t.Helper()
	db := s.Database(t).DB
	for statement := range strings.SplitSeq(liveSchema, ";\n") {
		if _, err := db.ExecContext(t.Context(), strings.TrimSuffix(statement, ";")); err != nil {
			t.Fatal(err)
		}
	}
	server, err := ddl.ReadServer(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	return db, server
}

// reviewOne returns what one rule finds in one statement after the schema.
func reviewOne(t *testing.T, server ddl.Server, code review.Code, statement string, facts *review.Facts) []review.Finding {
	t.Helper()
	report, err := review.Run(t.Context(), review.Input{
		Migrations: []*review.Migration{migrationOf(liveSchema, review.Past), migrationOf(statement, review.Reviewed)},
		Rules:      slices.DeleteFunc(rules.All(), func(r review.Rule) bool { return r.Code != code }),
		Config:     review.Config{Server: server}, Facts: facts,
	})
	if err != nil {
		t.Fatal(err)
	}
	return report.Findings
}

// The clauses that RS203 writes into a statement are those that the server at
// hand takes.
func TestStatedClausesAreAccepted(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db, server := live(t, s)
		tried := 0
		for _, statement := range []string{
			"ALTER TABLE users ADD COLUMN note VARCHAR(100) NULL",
			"ALTER TABLE users ADD INDEX by_day (day)",
			"CREATE INDEX by_state ON users (state)",
			"CREATE UNIQUE INDEX by_all ON users (name, day)",
			"DROP INDEX by_state ON users",
			"ALTER TABLE users MODIFY state ENUM('a','b','c')",
			"ALTER TABLE users MODIFY name VARCHAR(40)",
			"ALTER TABLE users ALTER COLUMN code SET DEFAULT 3",
			"ALTER TABLE users RENAME COLUMN day TO the_day, ADD COLUMN n INT",
			"ALTER TABLE users MODIFY state ENUM('a','b','c') NOT NULL",
			"ALTER TABLE orders DROP PRIMARY KEY, ADD PRIMARY KEY (user_id, id)",
			"ALTER TABLE orders RENAME INDEX nothing TO anything",
		} {
			for _, f := range reviewOne(t, server, "RS203", statement, nil) {
				for _, fix := range f.Fixes {
					e := fix.Edits[0]
					mended := statement[:e.Span.Start.Offset] + e.Text + statement[e.Span.End.Offset:]
					if _, err := db.ExecContext(t.Context(), mended); err != nil && number(err) != 1176 { // there is no such index
						t.Errorf("%s: %v", mended, err)
					}
					tried++
				}
			}
		}
		if tried < 8 {
			t.Errorf("%d fixes were tried: too few to show anything", tried)
		}
	})
}

// RS318 says that a name is not there exactly where the server does.
func TestNamesAsTheServer(t *testing.T) {
	t.Parallel()
	facts := &review.Facts{Tables: []review.TableFacts{{Table: ddl.Table{Name: "users"}}, {Table: ddl.Table{Name: "orders"}}}}
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db, server := live(t, s)
		facts := *facts
		facts.Server = server
		wrong := 0
		for _, statement := range []string{
			"SELECT name FROM users WHERE id = 1",
			"SELECT nothing FROM users",
			"SELECT u.name FROM users u JOIN orders o ON o.user_id = u.id WHERE o.total > 3 ORDER BY u.id",
			"SELECT u.total FROM users u JOIN orders o ON o.user_id = u.id",
			"SELECT users.name FROM users u",
			"SELECT name AS n FROM users ORDER BY n",
			"SELECT COUNT(*) AS n FROM users GROUP BY state HAVING n > 1",
			"SELECT id FROM users ORDER BY nothing",
			"SELECT id FROM nowhere",
			"SELECT NAME FROM users WHERE `Id` = 1",
			"UPDATE users SET name = UPPER(name), code = code + 1 WHERE id = 1",
			"UPDATE users SET total = 1 WHERE id = 1",
			"UPDATE users u JOIN orders o ON o.user_id = u.id SET u.name = 'x', o.total = 1",
			"UPDATE nowhere SET a = 1",
			"DELETE FROM users WHERE nothing = 1",
			"DELETE FROM users WHERE id IN (SELECT user_id FROM orders)",
			"DELETE o FROM orders o JOIN users u ON u.id = o.user_id WHERE u.name = 'x'",
			"INSERT INTO users (id, name) VALUES (1, 'x')",
			"INSERT INTO users (id, total) VALUES (1, 'x')",
			"INSERT INTO users (id) SELECT id FROM orders",
			"INSERT INTO users (id, name) VALUES (1, 'x') ON DUPLICATE KEY UPDATE name = VALUES(name)",
			"INSERT INTO users SET id = 1, name = DEFAULT",
			"WITH x AS (SELECT id AS y FROM users) SELECT y FROM x",
			"SELECT a.y FROM (SELECT id AS y FROM users) a",
		} {
			prepared, err := db.PrepareContext(t.Context(), statement)
			if err == nil {
				_ = prepared.Close()
			}
			refused := number(err) == 1054 || number(err) == 1146
			if err != nil && !refused {
				t.Fatalf("%s: %v", statement, err)
			}
			found := reviewOne(t, server, "RS318", statement, &facts)
			if len(found) > 0 != refused {
				t.Errorf("%s: the server says %v, the rule %v", statement, err, found)
			}
			if refused {
				wrong++
			}
		}
		if wrong < 6 {
			t.Errorf("the server refused %d statements: too few to show anything", wrong)
		}
	})
}

// Each reserved word is one on some server, and usual names are none.
func TestReservedWords(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	refused := map[string]int{}
	words := rules.ReservedWords()
	usual := []string{"id", "name", "status", "state", "type", "value", "user", "date", "time", "comment", "password", "version"}
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := s.Database(t).DB
		for _, w := range slices.Concat(words, usual) {
			// PREPARE parses, and makes nothing.
			prepared, err := db.PrepareContext(t.Context(), fmt.Sprintf("CREATE TABLE t (a INT, %s INT)", w))
			if err == nil {
				_ = prepared.Close()
				continue
			}
			mu.Lock()
			refused[w]++
			mu.Unlock()
		}
	})
	t.Cleanup(func() { // once both servers have answered
		for _, w := range words {
			if refused[w] == 0 {
				t.Errorf("%s is reserved on neither server", w)
			}
		}
		for _, w := range usual {
			if refused[w] > 0 || slices.Contains(words, strings.ToUpper(w)) {
				t.Errorf("%s is reserved", w)
			}
		}
	})
}

// number returns the number of a server's error; 0 for none.
func number(err error) uint16 {
	var known *mysql.MySQLError
	if errors.As(err, &known) {
		return known.Number
	}
	return 0
}

// lockClaims are claims of explanations about locks, data and design.
var lockClaims = []claim{
	both("RS221", 1265, "CREATE TABLE t (a VARCHAR(20)); INSERT INTO t VALUES ('longer than five'); ALTER TABLE t MODIFY COLUMN a VARCHAR(5)"),
	both("RS221", 1264, "CREATE TABLE t (a BIGINT); INSERT INTO t VALUES (5000000000); ALTER TABLE t MODIFY COLUMN a INT"),
	both("RS214", 1265, "CREATE TABLE t (a ENUM('x','y')); INSERT INTO t VALUES ('y'); ALTER TABLE t MODIFY COLUMN a ENUM('x')"),
	both("RS305", 1136, "CREATE TABLE t (a INT); ALTER TABLE t ADD COLUMN b INT; INSERT INTO t VALUES (1)"),
	both("RS313", 1356, "CREATE TABLE t (a INT, b INT); CREATE VIEW v AS SELECT * FROM t; ALTER TABLE t DROP COLUMN b; SELECT * FROM v"),
	{"RS415", "CREATE TABLE p (a INT, KEY more (a)); CREATE TABLE t (a INT, FOREIGN KEY (a) REFERENCES p (a))", 6125, 0},
	both("RS420", 1292, "CREATE TABLE t (a DATE); INSERT INTO t VALUES ('2020-00-00')"),
	both("RS408", 1060, "CREATE TABLE t (a INT); ALTER TABLE t ADD INDEX twice (a, a)"),
	{"RS404", "CREATE TABLE t (a TINYINT AUTO_INCREMENT PRIMARY KEY); INSERT INTO t VALUES (127); INSERT INTO t VALUES (NULL)", 1062, 167},
	both("RS428", 1364, "CREATE TABLE t (a INT); ALTER TABLE t ADD COLUMN b INT NOT NULL; INSERT INTO t (a) VALUES (1)"),
}
