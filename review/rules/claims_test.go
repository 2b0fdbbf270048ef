package rules_test

import (
	"context"
	"database/sql"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/review"
	"github.com/underpin-db/underpin/review/rules"
)

// claim is something that an explanation says of the servers: statements, and
// the error that the last of them ends with.
type claim struct {
	code review.Code
	run  string
	// mysql and mariadb are the errors' numbers; 0 is none.
	mysql, mariadb uint16
}

// elsewhere is the number of a claim about the other server alone.
const elsewhere = 1

// both is a claim about both servers.
func both(code review.Code, number uint16, run string) claim { return claim{code, run, number, number} }

var claims = []claim{
	both("RS101", 1054, "CREATE TABLE t (name INT); ALTER TABLE t RENAME COLUMN name TO full_name; SELECT name FROM t"),
	both("RS102", 1146, "CREATE TABLE t (a INT); RENAME TABLE t TO u; INSERT INTO t VALUES (1)"),
	both("RS103", 1054, "CREATE TABLE t (a INT, age INT); ALTER TABLE t DROP COLUMN age; INSERT INTO t (a, age) VALUES (1, 2)"),
	both("RS104", 1146, "CREATE TABLE t (a INT); DROP TABLE t; SELECT a FROM t"),
	{"RS108", "CREATE TABLE t (a INT, b INT, UNIQUE KEY one (a, b)); INSERT INTO t VALUES (1, 1), (1, 2); ALTER TABLE t DROP COLUMN b", 1062, 1072},
	{"RS108", "CREATE TABLE t (a INT, b INT, UNIQUE KEY one (a, b)); INSERT INTO t VALUES (1, 1); ALTER TABLE t DROP COLUMN b", 0, 1072},
	both("RS108", 0, "CREATE TABLE t (a INT, b INT, KEY more (a, b)); ALTER TABLE t DROP COLUMN b"),
	both("RS109", 1364, "CREATE TABLE t (a INT); ALTER TABLE t ADD COLUMN b INT NOT NULL; INSERT INTO t (a) VALUES (1)"),
	{"RS110", "CREATE TABLE t (a INT); INSERT INTO t VALUES (NULL); ALTER TABLE t MODIFY COLUMN a INT NOT NULL", 1138, 1265},
	both("RS110", 1048, "CREATE TABLE t (a INT); ALTER TABLE t MODIFY COLUMN a INT NOT NULL; INSERT INTO t VALUES (NULL)"),
	both("RS110", 1364, "CREATE TABLE t (a INT, b INT); ALTER TABLE t MODIFY COLUMN a INT NOT NULL; INSERT INTO t (b) VALUES (1)"),
	{"RS111", "CREATE TABLE t (a INT DEFAULT 3, b INT); ALTER TABLE t ALTER COLUMN a DROP DEFAULT; INSERT INTO t (b) VALUES (1)", 1364, 0},
	both("RS113", 1292, "CREATE TABLE t (a VARCHAR(20)); ALTER TABLE t MODIFY COLUMN a DATE; INSERT INTO t VALUES ('2026-02-30')"),
	both("RS115", 1265, "CREATE TABLE t (a ENUM('new', 'canceled')); INSERT INTO t VALUES ('canceled'); ALTER TABLE t MODIFY COLUMN a ENUM('new', 'cancelled')"),
	both("RS115", 1265, "CREATE TABLE t (a ENUM('new', 'cancelled')); INSERT INTO t VALUES ('canceled')"),
	both("RS116", 1062, "CREATE TABLE t (a INT); INSERT INTO t VALUES (1), (1); ALTER TABLE t ADD UNIQUE INDEX one (a)"),
	both("RS118", 1062, "CREATE TABLE t (a INT); INSERT INTO t VALUES (1), (1); ALTER TABLE t ADD PRIMARY KEY (a)"),
	{"RS118", "CREATE TABLE t (a INT); INSERT INTO t VALUES (NULL); ALTER TABLE t ADD PRIMARY KEY (a)", 1138, 1265},
	both("RS118", 1048, "CREATE TABLE t (a INT); ALTER TABLE t ADD PRIMARY KEY (a); INSERT INTO t VALUES (NULL)"),
	{"RS119", "CREATE TABLE t (a INT); INSERT INTO t VALUES (-1); ALTER TABLE t ADD CONSTRAINT c CHECK (a >= 0)", 3819, 4025},
	{"RS119", "CREATE TABLE t (a INT); ALTER TABLE t ADD CONSTRAINT c CHECK (a >= 0); INSERT INTO t VALUES (-1)", 3819, 4025},
	{"RS120", "CREATE TABLE t (a INT, CONSTRAINT c CHECK (a >= 0) NOT ENFORCED); INSERT INTO t VALUES (-1); ALTER TABLE t ALTER CHECK c ENFORCED", 3819, elsewhere},
	both("RS121", 1452, "CREATE TABLE p (a INT PRIMARY KEY); CREATE TABLE t (a INT); INSERT INTO t VALUES (1); ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES p (a)"),
	both("RS121", 1452, "CREATE TABLE p (a INT PRIMARY KEY); CREATE TABLE t (a INT, FOREIGN KEY (a) REFERENCES p (a)); INSERT INTO t VALUES (1)"),
	both("RS121", 1451, "CREATE TABLE p (a INT PRIMARY KEY); CREATE TABLE t (a INT, FOREIGN KEY (a) REFERENCES p (a)); INSERT INTO p VALUES (1); INSERT INTO t VALUES (1); DELETE FROM p"),
	both("RS122", 1452, "CREATE TABLE p (a INT PRIMARY KEY); CREATE TABLE t (a INT); INSERT INTO t VALUES (1); ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES p (a)"),
	both("RS123", 1054, "CREATE TABLE t (a INT); CREATE VIEW v AS SELECT a FROM t; CREATE OR REPLACE VIEW v AS SELECT a AS b FROM t; SELECT a FROM v"),
	both("RS123", 1356, "CREATE TABLE t (a INT); CREATE VIEW v AS SELECT a FROM t; CREATE VIEW w AS SELECT a FROM v; CREATE OR REPLACE VIEW v AS SELECT a AS b FROM t; SELECT * FROM w"),
	both("RS502", 1050, "CREATE TABLE t (a INT); CREATE TABLE t (a INT)"),
	both("RS502", 1060, "CREATE TABLE t (a INT); ALTER TABLE t ADD COLUMN a INT"),
	both("RS502", 1091, "CREATE TABLE t (a INT); ALTER TABLE t DROP INDEX a"),
}

// What explanations say of errors is what the servers answer.
func TestClaims(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db, err := mysqlx.Open(t.Context(), s.Database(t).DSN, mysqlx.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		for _, c := range slices.Concat(claims, lockClaims) {
			want := c.mysql
			if s.Engine() == servers.MariaDB {
				want = c.mariadb
			}
			if want == elsewhere {
				continue
			}
			if got, err := c.answer(t.Context(), db); got != want {
				t.Errorf("%s: %s: error %d, not %d: %v", c.code, c.run, got, want, err)
			}
		}
	})
}

// answer runs the statements, and returns the number of the last one's error.
func (c claim) answer(ctx context.Context, db *sql.DB) (uint16, error) {
	run := strings.Split(c.run, "; ")
	for i, text := range append([]string{"DROP VIEW IF EXISTS w, v", "DROP TABLE IF EXISTS t, u, p"}, run...) {
		_, err := db.ExecContext(ctx, text)
		if err == nil {
			continue
		}
		var known *mysql.MySQLError
		if errors.As(err, &known) && i == len(run)+1 {
			return known.Number, err
		}
		return elsewhere, err // it did not come to the last one
	}
	return 0, nil
}

var errorNumber = regexp.MustCompile(`error (\d{4})(?: or (\d{4}))?`)

// Every number of an error that an explanation of these groups names has been
// seen on a server.
func TestClaimsAreComplete(t *testing.T) {
	t.Parallel()
	seen := []string{"1049"} // a database that is gone; nobody drops that of a test
	for _, c := range claims {
		seen = append(seen, strconv.Itoa(int(c.mysql)), strconv.Itoa(int(c.mariadb)))
	}
	for _, r := range rules.All() {
		if r.Code < "RS101" || r.Code > "RS127" && r.Code < "RS501" || r.Code > "RS507" {
			continue
		}
		for _, m := range errorNumber.FindAllStringSubmatch(r.Explanation, -1) {
			for _, number := range m[1:] {
				if number != "" && !slices.Contains(seen, number) {
					t.Errorf("%s speaks of error %s, which no claim shows", r.Code, number)
				}
			}
		}
	}
}
