package usage_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/migrate/usage"
)

var definitionTables = []string{
	"CREATE TABLE users (id INT PRIMARY KEY, name VARCHAR(20) NOT NULL, email VARCHAR(20), `weird ``col` INT, UNIQUE KEY by_name (name), KEY by_email (email))",
	"CREATE TABLE other (id INT PRIMARY KEY, name VARCHAR(20), n INT)",
	"CREATE TABLE log_ (what VARCHAR(20))",
}

// definitionCases are objects that use users.name, in the way that stands
// behind them, or that do not, where nothing does.
var definitionCases = []struct{ sql, use string }{
	{"CREATE VIEW v_plain AS SELECT name FROM users", "view v_plain, names it"},
	{"CREATE VIEW v_star AS SELECT * FROM users", "view v_star, names it"}, // the server has spelled it out
	{"CREATE VIEW v_where AS SELECT u.id FROM users AS u JOIN other AS o ON o.id = u.id WHERE u.name = 'x'", "view v_where, names it"},
	{"CREATE VIEW v_derived AS SELECT d.x FROM (SELECT name AS x FROM users) AS d", "view v_derived, names it"},
	{"CREATE VIEW v_union AS SELECT name FROM other UNION SELECT name FROM users", "view v_union, names it"},
	{"CREATE VIEW v_over AS SELECT id FROM v_where", "view v_over, names it"},
	{"CREATE VIEW v_overover AS SELECT id FROM v_over", "view v_overover, names it"},
	{"CREATE VIEW v_email AS SELECT email AS name FROM users", ""},
	{"CREATE VIEW v_literal AS SELECT id, 'users.name' AS x FROM users", ""},
	{"CREATE VIEW v_other AS SELECT o.name, u.id FROM users AS u JOIN other AS o ON o.id = u.id", ""},
	{"CREATE VIEW v_overnone AS SELECT name FROM v_email", ""},

	{"CREATE TRIGGER t_new BEFORE UPDATE ON users FOR EACH ROW SET NEW.email = NEW.name", "trigger t_new, names it"},
	{"CREATE TRIGGER t_if BEFORE INSERT ON users FOR EACH ROW BEGIN IF NEW.name <> 'x' THEN INSERT INTO log_ VALUES ('y'); END IF; END", "trigger t_if, names it"},
	{"CREATE TRIGGER t_far AFTER INSERT ON other FOR EACH ROW UPDATE users SET name = 'x' WHERE id = NEW.id", "trigger t_far, names it"},
	{"CREATE TRIGGER t_email AFTER UPDATE ON users FOR EACH ROW INSERT INTO log_ VALUES (NEW.email)", ""},
	{"CREATE TRIGGER t_other AFTER UPDATE ON other FOR EACH ROW INSERT INTO log_ SELECT NEW.name FROM users WHERE users.email = 'name'", ""},

	{"CREATE PROCEDURE p_cursor() BEGIN DECLARE v INT; DECLARE c CURSOR FOR SELECT name FROM users; OPEN c; CLOSE c; END", "routine p_cursor, names it"},
	{"CREATE PROCEDURE p_into(IN a INT) BEGIN DECLARE v VARCHAR(20); SELECT name INTO v FROM users WHERE id = a; END", "routine p_into, names it"},
	{"CREATE PROCEDURE p_case(IN a INT) BEGIN CASE a WHEN 1 THEN DELETE FROM users WHERE name = 'x'; ELSE SELECT 1; END CASE; END", "routine p_case, names it"},
	{"CREATE PROCEDURE p_while() BEGIN WHILE EXISTS (SELECT 1 FROM users WHERE name = 'x') DO DELETE FROM log_; END WHILE; END", "routine p_while, names it"},
	{"CREATE PROCEDURE p_star() BEGIN SELECT * FROM users; END", "routine p_star, star"},
	{"CREATE PROCEDURE p_handler() BEGIN DECLARE CONTINUE HANDLER FOR NOT FOUND UPDATE users SET name = ''; SELECT 1; END", "routine p_handler, names it"},
	{"CREATE PROCEDURE p_comment() BEGIN -- users.name\n /* users.name */ SELECT id FROM users; # name\n END", ""},
	{"CREATE PROCEDURE p_string() BEGIN SELECT email FROM users WHERE email = 'it''s \\' name'; END", ""},
	{"CREATE PROCEDURE p_alias() BEGIN SELECT email AS name FROM users ORDER BY name; END", ""},
	{"CREATE FUNCTION f_return(a INT) RETURNS INT DETERMINISTIC READS SQL DATA RETURN (SELECT COUNT(name) FROM users WHERE id = a)", "routine f_return, names it"},

	{"CREATE EVENT e_name ON SCHEDULE EVERY 1 YEAR DISABLE DO UPDATE users SET name = 'x'", "event e_name, names it"},
	{"CREATE EVENT e_email ON SCHEDULE EVERY 1 YEAR DISABLE DO BEGIN UPDATE users SET email = 'name'; DELETE FROM other WHERE name = 'x'; END", ""},

	{"CREATE TABLE child (id INT PRIMARY KEY, n VARCHAR(20), CONSTRAINT child_name FOREIGN KEY (n) REFERENCES users (name))", "foreign key child.child_name, names it"},
	{"CREATE TABLE kid (id INT PRIMARY KEY, u INT, name VARCHAR(20), CONSTRAINT kid_user FOREIGN KEY (u) REFERENCES users (id))", ""},

	{"ALTER TABLE users ADD COLUMN g_name INT AS (LENGTH(name)) VIRTUAL", "generated column g_name, names it"},
	{"ALTER TABLE users ADD COLUMN g_email INT AS (LENGTH(CONCAT(email, 'it''s name'))) VIRTUAL", ""},
	{"ALTER TABLE users ADD CONSTRAINT c_name CHECK (name <> 'it''s bad')", "check constraint c_name, names it"},
	{"ALTER TABLE users ADD CONSTRAINT c_email CHECK (email <> 'name')", ""},
	{"ALTER TABLE users ADD COLUMN d_name VARCHAR(30) DEFAULT (CONCAT(name, 'x'))", "default expression d_name, names it"},
	{"ALTER TABLE users ADD COLUMN d_email VARCHAR(30) DEFAULT (CONCAT(email, 'name'))", ""},
	{"ALTER TABLE users ADD COLUMN d_plain VARCHAR(30) DEFAULT 'name'", ""},
	{"ALTER TABLE users ADD KEY both_of (email, name(3))", "index part both_of, names it"},
}

func TestDefinitions(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		d := s.Database(t)
		db := openOwn(t, d.DSN)
		exec(t, db, definitionTables...)
		want := []string{"index part by_name, names it"}
		for _, c := range definitionCases {
			exec(t, db, c.sql)
			if c.use != "" {
				want = append(want, c.use)
			}
		}
		slices.Sort(want)
		r := look(t, db, brief, column("name"))
		got := lines(r.Uses, d.Name, usage.View, usage.Trigger, usage.Routine, usage.Event, usage.ForeignKey,
			usage.GeneratedColumn, usage.CheckConstraint, usage.Default, usage.IndexPart, usage.Partition)
		require.Equal(t, strings.Join(want, "\n"), strings.Join(got, "\n"))
		require.NotContains(t, r.String(), "it''s", "a literal was reported")

		// The order does not change.
		again := look(t, db, brief, column("name"))
		require.Equal(t, got, lines(again.Uses, d.Name, usage.View, usage.Trigger, usage.Routine, usage.Event, usage.ForeignKey,
			usage.GeneratedColumn, usage.CheckConstraint, usage.Default, usage.IndexPart, usage.Partition))
	})
}

// A table is used by what names it, wherever; its own parts go with it.
func TestDefinitionsOfATable(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		d := s.Database(t)
		db := openOwn(t, d.DSN)
		exec(t, db, definitionTables...)
		exec(t, db,
			"CREATE VIEW v_users AS SELECT id FROM users", "CREATE VIEW v_alias AS SELECT users.id FROM other AS users",
			"CREATE VIEW v_cte AS WITH users AS (SELECT 1 AS id) SELECT id FROM users",
			"CREATE TRIGGER t_own AFTER INSERT ON users FOR EACH ROW INSERT INTO log_ VALUES ('x')",
			"CREATE TABLE kid (id INT PRIMARY KEY, u INT, CONSTRAINT kid_user FOREIGN KEY (u) REFERENCES users (id))",
		)
		r := look(t, db, brief, usage.Element{Table: "users"})
		require.Equal(t, []string{"foreign key kid.kid_user, names it", "trigger t_own, names it", "view v_users, names it"},
			lines(r.Uses, d.Name, usage.View, usage.Trigger, usage.Routine, usage.ForeignKey))
	})
}

func TestPartitions(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		d := s.Database(t)
		db := openOwn(t, d.DSN)
		exec(t, db,
			"CREATE TABLE users (id INT, n INT, name VARCHAR(20), k INT, PRIMARY KEY (id, n, k)) PARTITION BY RANGE (n + 1) "+
				"SUBPARTITION BY HASH (k) SUBPARTITIONS 2 (PARTITION p0 VALUES LESS THAN MAXVALUE)")
		for name, want := range map[string][]string{
			"n": {"partition expression partition, names it"}, "k": {"partition expression subpartition, names it"}, "name": nil,
		} {
			require.Equal(t, want, lines(look(t, db, brief, column(name)).Uses, d.Name, usage.Partition), name)
		}
	})
}

// Objects of another schema count, and names that need quoting are found.
func TestOtherSchemasAndStrangeNames(t *testing.T) {
	long := strings.Repeat("ä", 64)
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		for _, name := range []string{"select", "weird ` name", "☃", long, "two``ticks", "day", "key", "a.b", "x'y", "count", "semi;colon"} {
			d, far := s.Database(t), s.Database(t)
			db := openOwn(t, d.DSN)
			q := "`" + strings.ReplaceAll(name, "`", "``") + "`"
			exec(t, db, fmt.Sprintf("CREATE TABLE users (id INT PRIMARY KEY, %s INT, plain INT)", q))
			exec(t, far.DB, fmt.Sprintf("CREATE VIEW v_far AS SELECT %s AS x FROM %s.users", q, d.Name),
				fmt.Sprintf("CREATE VIEW v_not AS SELECT plain FROM %s.users", d.Name),
				fmt.Sprintf("CREATE PROCEDURE p_far() UPDATE %s.users SET %s = 1", d.Name, q),
				fmt.Sprintf("CREATE TABLE users (id INT, %s INT)", q),
				fmt.Sprintf("CREATE PROCEDURE p_not() UPDATE users SET %s = 1", q),
			)
			r := look(t, db, brief, column(name))
			want := []string{"routine p_far, names it", "view v_far, names it"}
			if s.Engine() == servers.MySQL && strings.Contains(name, "`") {
				want[0] = "routine p_far, unparsed, names it" // MySQL garbles such names in bodies
			}
			require.Equal(t, want, lines(r.Uses, far.Name, usage.View, usage.Routine), name)
		}
	})
}

// What is hidden is said, and what it takes to see it.
func TestHiddenDefinitions(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		d := s.Database(t)
		exec(t, d.DB, definitionTables...)
		exec(t, d.DB, "CREATE VIEW v AS SELECT name FROM users", "CREATE PROCEDURE p() SELECT name FROM users")
		db := openOwn(t, d.User(t, "SELECT", "EXECUTE"))
		r := look(t, db, brief, column("name"))
		require.False(t, r.Clear())
		var all []string
		for _, b := range r.Blind {
			all = append(all, b.What)
			require.NotEmpty(t, b.Means, b.What)
			require.NotEmpty(t, b.Remedy, b.What)
		}
		text := strings.Join(all, "\n")
		for _, want := range []string{
			"the definition of view `" + d.Name + "`.`v`", "the definition of routine `" + d.Name + "`.`p`",
			"triggers", "events", "routines", "views", "what other users run", "statements that ran before this look",
		} {
			require.Contains(t, text, want)
		}
		// With everything granted, the same look sees them.
		all = nil
		for _, b := range look(t, openOwn(t, d.DSN), usage.Options{}, column("name")).Blind {
			all = append(all, b.What)
		}
		require.NotContains(t, strings.Join(all, "\n"), "triggers")
		require.NotContains(t, strings.Join(all, "\n"), "definition")
	})
}

func TestBadElements(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := openOwn(t, s.Database(t).DSN)
		_, err := usage.Look(t.Context(), db, usage.Options{})
		require.ErrorContains(t, err, "no element")
		for _, e := range []usage.Element{{Column: "x"}, {Table: "t", Column: "c", Index: "i"}} {
			_, err = usage.Look(t.Context(), db, usage.Options{}, e)
			require.ErrorContains(t, err, "is not an element")
		}
	})
}
