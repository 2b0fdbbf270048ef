package usage_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate/usage"
)

// counting runs a test on servers of its own that keep digests, with room for
// them: what others run cannot fill their tables.
func counting(t *testing.T, more []string, test func(t *testing.T, s *servers.Server)) {
	for _, engine := range servers.Engines() {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			args := append([]string{"--performance-schema=ON", "--performance-schema-digests-size=20000"}, more...)
			test(t, servers.Private(t, servers.Options{Engine: engine, ExtraArgs: args}))
		})
	}
}

const usersTable = "CREATE TABLE users (id INT PRIMARY KEY, name VARCHAR(20), email VARCHAR(20), `key` INT, day INT, KEY by_name (name))"

// statementCases are statements, and how they use users.name, if they do.
var statementCases = []struct {
	sql string
	how usage.How
}{
	{"SELECT name FROM users WHERE id = 1", usage.Names},
	{"SELECT `name` FROM users WHERE id IN (1, 2, 3) AND email LIKE 'x%'", usage.Names},
	{"SELECT u.name FROM users AS u", usage.Names},
	{"SELECT u.id FROM users u WHERE u.name = 'x' LIMIT 3, 4", usage.Names},
	{"SELECT id FROM users ORDER BY name", usage.Names},
	{"SELECT COUNT(DISTINCT name) FROM users GROUP BY name HAVING COUNT(*) > 1", usage.Names},
	{"SELECT x FROM (SELECT name AS x FROM users) d", usage.Names},
	{"SELECT o.id FROM other o WHERE EXISTS (SELECT 1 FROM users WHERE users.id = o.id AND name = 'y')", usage.Names},
	{"SELECT (SELECT name) FROM users", usage.Names},
	{"WITH q AS (SELECT name AS n FROM users) SELECT n FROM q", usage.Names},
	{"SELECT a.id FROM users a JOIN users b USING (name)", usage.Names},
	{"SELECT a.id FROM users a NATURAL JOIN users b", usage.Star},
	{"SELECT * FROM users WHERE id = 7", usage.Star},
	{"SELECT u.*, o.id FROM users u JOIN other o ON o.id = u.id", usage.Star},
	{"SELECT COUNT(*) FROM (SELECT * FROM users) d", usage.Star},
	{"INSERT INTO users (id, name) VALUES (1, 'a'), (2, 'b')", usage.Names},
	{"INSERT INTO users VALUES (3, 'a', 'b', 1, 2)", usage.Star},
	{"INSERT INTO users (id) VALUES (4) ON DUPLICATE KEY UPDATE name = 'x'", usage.Names},
	{"REPLACE INTO users SET id = 5, name = 'b'", usage.Names},
	{"INSERT INTO other (id, n) SELECT id, LENGTH(name) FROM users", usage.Names},
	{"UPDATE users SET name = CONCAT(email, 'x') WHERE id = 1", usage.Names},
	{"UPDATE other o JOIN users u ON u.id = o.id SET o.n = LENGTH(u.name)", usage.Names},
	{"DELETE FROM users WHERE name IS NULL", usage.Names},
	{"DELETE u FROM users u JOIN other o ON o.id = u.id WHERE u.name = 'q'", usage.Names},
	{"SELECT id FROM v_name", usage.Names},
	{"SELECT CAST(name AS CHAR(10)), CASE WHEN name = 'x' THEN 1 ELSE 2 END FROM users", usage.Names},
	{"SELECT GROUP_CONCAT(name ORDER BY id SEPARATOR ',') FROM users", usage.Names},
	{"SELECT ROW_NUMBER() OVER (PARTITION BY name ORDER BY id) FROM users", usage.Names},
	{"SELECT name INTO @x FROM users LIMIT 1", usage.Names},
	{"SELECT 1 UNION ALL SELECT name FROM users", usage.Names},
	{"SELECT id FROM users WHERE (id, name) IN ((1, 'a'), (2, 'b'))", usage.Names},
	{"SELECT users.name FROM %s.users", usage.Names},
	{"ALTER TABLE users MODIFY name VARCHAR(30)", usage.Changes},

	{"SELECT email FROM users WHERE id = 1", ""},
	{"SELECT id FROM users WHERE email = 'name'", ""},
	{"SELECT id FROM users /* name */ WHERE id = 2", ""},
	{"SELECT email AS name FROM users", ""},
	{"SELECT email AS name FROM users ORDER BY name", ""},
	{"SELECT name FROM other", ""},
	{"SELECT o.name FROM other o JOIN users u ON u.id = o.id", ""},
	{"SELECT name.id FROM users AS name", ""},
	{"SELECT name FROM (SELECT email AS name FROM users) d", ""},
	{"SELECT * FROM (SELECT id, email AS name FROM users) d", ""},
	{"SELECT COUNT(*) FROM users WHERE id > 9", ""},
	{"WITH users AS (SELECT name FROM other) SELECT name FROM users", ""},
	{"INSERT INTO other (id, name) SELECT id, email FROM users ON DUPLICATE KEY UPDATE n = 1", ""},
	{"INSERT INTO other (name, id) VALUES ('name', 77)", ""},
	{"UPDATE other SET name = (SELECT MAX(email) FROM users)", ""},
	{"UPDATE users SET email = 'name' WHERE id = 99", ""},
	{"SELECT id FROM v_email", ""},
	{"SELECT `name` FROM v_email WHERE id = 3", ""},
}

var statementTables = []string{
	usersTable,
	"CREATE TABLE other (id INT PRIMARY KEY, name VARCHAR(20), n INT)",
	"CREATE VIEW v_name AS SELECT id FROM users WHERE name = 'x'",
	"CREATE VIEW v_email AS SELECT id, email AS name FROM users",
}

// digestsOf are the uses by statements of the application, by way. What the
// test's own set-up ran names the element too, and is left out by its kind.
func digestsOf(uses []usage.Use) []usage.Use {
	var out []usage.Use
	for _, u := range uses {
		if u.Kind == usage.Digest && !strings.HasPrefix(u.Text, "CREATE ") {
			out = append(out, u)
		}
	}
	return out
}

func TestStatements(t *testing.T) {
	t.Parallel()
	counting(t, nil, func(t *testing.T, s *servers.Server) {
		t.Run("every way", func(t *testing.T) { everyWay(t, s) })
		t.Run("own and past", func(t *testing.T) { ownAndPast(t, s) })
		t.Run("strange names", func(t *testing.T) { strangeDigests(t, s) })
		t.Run("elements", func(t *testing.T) { tableAndIndex(t, s) })
		t.Run("prepared and running", func(t *testing.T) { preparedAndRunning(t, s) })
		t.Run("100 planted", func(t *testing.T) { planted(t, s) })
		t.Run("temporary table", func(t *testing.T) { temporary(t, s) })
		t.Run("5000 digests", func(t *testing.T) { manyDigests(t, s) })
	})
}

// everyWay runs each case in a database of its own.
func everyWay(t *testing.T, s *servers.Server) {
	for _, c := range statementCases {
		d := s.Database(t)
		exec(t, d.DB, statementTables...)
		app := openApp(t, d.DSN, "v7")
		text := c.sql
		if strings.Contains(text, "%s") {
			text = fmt.Sprintf(text, d.Name)
		}
		exec(t, app, text)
		r := look(t, openOwn(t, d.DSN), usage.Options{}, column("name"))
		got := digestsOf(r.Uses)
		if c.how == "" {
			require.Empty(t, got, c.sql)
			continue
		}
		require.Len(t, got, 1, c.sql)
		require.Equal(t, c.how, got[0].How, c.sql)
		require.EqualValues(t, 1, got[0].Count)
		require.WithinDuration(t, time.Now(), got[0].LastSeen, time.Minute)
		if s.Engine() == servers.MySQL { // MariaDB keeps no history of statements by default
			require.Len(t, got[0].Sessions, 1, c.sql)
			require.Equal(t, "v7", got[0].Sessions[0].Release)
			require.Equal(t, "root", got[0].Sessions[0].User)
			require.Equal(t, "app", got[0].Sessions[0].Program)
		}
		_ = app.Close()
	}
}

// ownAndPast: Underpin's own statements are told apart, unless the application
// sends the same; so are those from before.
func ownAndPast(t *testing.T, s *servers.Server) {
	d := s.Database(t)
	exec(t, d.DB, statementTables...)
	db, app := openOwn(t, d.DSN), openApp(t, d.DSN, "v7")
	exec(t, db, mysqlx.Marker("mirror")+"UPDATE users SET name = 'x' WHERE id IN (1, 2)")
	exec(t, app, "UPDATE users SET email = name WHERE id = 3")
	opts := usage.Options{Own: []string{"UPDATE users SET email = name WHERE id = ?", "UPDATE users SET name = ? WHERE id IN (?, ?)"}}
	r := look(t, db, opts, column("name"))
	own := digestsOf(r.Own)
	if s.Engine() == servers.MySQL { // it knows that the application sent the second
		require.Len(t, own, 1)
		require.Contains(t, own[0].Text, "`users` SET NAME = ?")
		require.Len(t, digestsOf(r.Uses), 1)
	} else {
		require.Len(t, own, 2)
		require.Empty(t, digestsOf(r.Uses))
	}
	opts.Since = time.Now().Add(time.Hour)
	r = look(t, db, opts, column("name"))
	require.Empty(t, digestsOf(r.Uses))
	if s.Engine() == servers.MySQL {
		require.Len(t, digestsOf(r.Past), 1)
	}
	require.NotEmpty(t, r.Past)
	opts.Since = time.Now().Add(-time.Hour)
	require.Contains(t, look(t, db, opts, column("name")).String(), "the server started then")
}

// strangeDigests: names that the digest spells in its own way.
func strangeDigests(t *testing.T, s *servers.Server) {
	for _, name := range []string{"select", "weird ` name", "☃", strings.Repeat("ä", 64), "two``ticks", "a`b", "a.b", "x'y", "semi;colon", "...", "?", "@?"} {
		d := s.Database(t)
		q := mysqlx.Quote(name)
		exec(t, d.DB, fmt.Sprintf("CREATE TABLE users (id INT PRIMARY KEY, %s INT, plain INT)", q))
		exec(t, d.DB, "SELECT "+q+" FROM users", "SELECT plain FROM users", "UPDATE users SET plain = 1 WHERE "+q+" = 1 AND plain = 2")
		r := look(t, openOwn(t, d.DSN), usage.Options{}, column(name))
		require.Len(t, digestsOf(r.Uses), 2, name)
	}
	// Words that are keywords somewhere, without quotes.
	d := s.Database(t)
	words := []string{
		"date", "day", "year", "month", "hour", "minute", "second", "week", "quarter", "microsecond", "fields", "columns",
		"status", "type", "value", "name", "id", "user", "password", "role", "comment", "data", "level", "mode", "position",
		"session", "time", "timestamp", "text", "any", "some", "format", "count", "hash", "first", "last", "action", "begin",
		"end", "open", "language", "host", "global", "local", "offset", "names", "no", "next", "bit", "bool", "enum", "json",
		"io_thread", "relay_thread", "replica", "slave", "ndb", "schema", "database", "geomcollection", "sql_tsi_day",
	}
	var elements []usage.Element
	for i, w := range words {
		table := fmt.Sprintf("users%d", i)
		exec(t, d.DB, fmt.Sprintf("CREATE TABLE %s (id_ INT PRIMARY KEY, `%s` INT, plain INT)", table, w))
		if _, err := d.DB.ExecContext(t.Context(), fmt.Sprintf("SELECT plain, %s FROM %s", w, table)); err != nil {
			require.Contains(t, err.Error(), "1064", w) // it is reserved on this server
			exec(t, d.DB, fmt.Sprintf("SELECT plain, `%s` FROM %s", w, table))
		}
		elements = append(elements, usage.Element{Table: table, Column: w}, usage.Element{Table: table, Column: "absent"})
	}
	found := map[string]int{}
	for _, u := range digestsOf(look(t, openOwn(t, d.DSN), usage.Options{}, elements...).Uses) {
		found[u.Element.Column]++
	}
	for _, w := range words {
		require.Equal(t, 1, found[w], w)
	}
	require.Zero(t, found["absent"])
}

func tableAndIndex(t *testing.T, s *servers.Server) {
	d := s.Database(t)
	exec(t, d.DB, statementTables...)
	exec(t, d.DB, "INSERT INTO users (id, email) VALUES (1, 'x')", "UPDATE users SET name = 'x'")
	db := openOwn(t, d.DSN)
	table, index := usage.Element{Table: "users"}, usage.Element{Table: "users", Index: "by_name"}
	before := look(t, db, usage.Options{}, table, index)
	require.Len(t, before.Counters.Counts, 2)
	require.Equal(t, "performance_schema", before.Counters.Source)
	still := look(t, db, usage.Options{Baseline: &before.Counters}, table, index)
	require.Empty(t, lines(still.Uses, d.Name, usage.TableIO, usage.IndexIO))

	exec(t, d.DB, "SELECT id FROM users FORCE INDEX (by_name) WHERE name = 'x'", "SELECT id FROM other IGNORE INDEX (PRIMARY)",
		"UPDATE users SET email = 'y'")
	r := look(t, db, usage.Options{Baseline: &before.Counters}, table, index)
	require.Equal(t, []string{"index I/O by_name, counted", "table I/O users, counted"}, lines(r.Uses, d.Name, usage.TableIO, usage.IndexIO))
	hints := 0
	for _, u := range digestsOf(r.Uses) {
		if u.Element.Index != "" {
			require.Equal(t, usage.Hint, u.How)
			hints++
		}
	}
	require.Equal(t, 1, hints)

	// Counters that began anew say nothing, and the report says so.
	reset := before.Counters
	reset.Counts = append([]usage.Count{}, reset.Counts...)
	reset.Counts[0].Reads = 1 << 40
	require.Contains(t, look(t, db, usage.Options{Baseline: &reset}, table).String(), "began anew")
}

func preparedAndRunning(t *testing.T, s *servers.Server) {
	d := s.Database(t)
	exec(t, d.DB, statementTables...)
	exec(t, d.DB, "INSERT INTO users (id, email) VALUES (1, 'x')")
	app := openApp(t, d.DSN, "v7")
	stmt, err := app.PrepareContext(t.Context(), "SELECT name FROM users WHERE id = ? AND email = 'secret'")
	require.NoError(t, err)
	defer func() { _ = stmt.Close() }()
	other, err := app.PrepareContext(t.Context(), "SELECT email FROM users WHERE id = ? AND email = 'name'")
	require.NoError(t, err)
	defer func() { _ = other.Close() }()

	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = app.ExecContext(ctx, "SELECT SLEEP(60), name FROM users WHERE email = 'x'")
	}()
	defer func() { cancel(); <-done }()
	db := openOwn(t, d.DSN)
	require.Eventually(t, func() bool {
		r := look(t, db, usage.Options{}, column("name"))
		return len(lines(r.Uses, d.Name, usage.Running)) == 1
	}, 20*time.Second, 20*time.Millisecond)
	r := look(t, db, usage.Options{}, column("name"))
	require.Len(t, lines(r.Uses, d.Name, usage.PreparedStatement), 1)
	require.NotContains(t, r.String(), "secret")
	for _, u := range r.Uses {
		if u.Kind == usage.Running || u.Kind == usage.PreparedStatement {
			require.Equal(t, "v7", u.Sessions[0].Release, u.Kind)
			require.Equal(t, "root", u.Sessions[0].User)
		}
	}
}

// planted: of 100 uses all are found, and none of 100 others.
func planted(t *testing.T, s *servers.Server) {
	d := s.Database(t)
	exec(t, d.DB, statementTables...)
	for i := range 100 {
		alias := fmt.Sprintf("a%d", i)
		shape := []string{
			"SELECT %[1]s.name AS x%[1]s FROM users AS %[1]s",
			"SELECT id AS x%[1]s FROM users WHERE name LIKE 'x'",
			"UPDATE users AS %[1]s SET email = 'y' WHERE name = 'z'",
			"SELECT x%[1]s FROM (SELECT name AS x%[1]s FROM users) AS %[1]s",
			"WITH %[1]s AS (SELECT * FROM users) SELECT COUNT(*) FROM %[1]s",
		}[i%5]
		not := []string{
			"SELECT %[1]s.email AS name FROM users AS %[1]s",
			"SELECT id AS x%[1]s FROM users WHERE email LIKE 'name'",
			"UPDATE users AS %[1]s SET email = 'name' WHERE id = 3",
			"SELECT name AS x%[1]s FROM (SELECT email AS name FROM users) AS %[1]s",
			"WITH %[1]s AS (SELECT name FROM other) SELECT COUNT(*) FROM %[1]s JOIN users ON email = %[1]s.name",
		}[i%5]
		exec(t, d.DB, fmt.Sprintf(shape, alias), fmt.Sprintf(not, alias))
	}
	got := digestsOf(look(t, openOwn(t, d.DSN), usage.Options{}, column("name")).Uses)
	require.Equal(t, 100, len(got))
}

// temporary: a temporary table of the same name cannot be told apart in a
// digest, so its statements count; one of another name does not.
func temporary(t *testing.T, s *servers.Server) {
	d := s.Database(t)
	exec(t, d.DB, statementTables...)
	conn, err := d.DB.Conn(t.Context())
	require.NoError(t, err)
	defer conn.Close()
	exec(t, conn, "CREATE TEMPORARY TABLE scratch (id INT, name INT)", "SELECT name FROM scratch", "SELECT scratch.name, users.id FROM scratch JOIN users ON users.id = scratch.id")
	require.Empty(t, digestsOf(look(t, openOwn(t, d.DSN), usage.Options{}, column("name")).Uses))
	exec(t, conn, "CREATE TEMPORARY TABLE users (name INT)", "SELECT name FROM users")
	require.Len(t, digestsOf(look(t, openOwn(t, d.DSN), usage.Options{}, column("name")).Uses), 1)
}

func manyDigests(t *testing.T, s *servers.Server) {
	d := s.Database(t)
	exec(t, d.DB, statementTables...)
	conn, err := d.DB.Conn(t.Context())
	require.NoError(t, err)
	defer conn.Close()
	for i := range 5000 {
		what := "email"
		if i%50 == 0 {
			what = "name"
		}
		exec(t, conn, fmt.Sprintf("SELECT u.%s AS x%d FROM users AS u JOIN other AS o ON o.id = u.id WHERE u.id = 1", what, i))
	}
	db := openOwn(t, d.DSN)
	start := time.Now()
	r := look(t, db, usage.Options{}, column("name"))
	took := time.Since(start)
	require.Equal(t, 100, len(digestsOf(r.Uses)))
	t.Logf("5000 digests were judged in %s", took)
	require.Less(t, took, 30*time.Second)
}

// Digests whose end is missing are a use by what is left of them, or are said
// to be unknown; so are those that found no room.
func TestStatementsThatWereNotKept(t *testing.T) {
	t.Parallel()
	more := []string{"--performance-schema-digests-size=200"}
	counting(t, more, func(t *testing.T, s *servers.Server) {
		d := s.Database(t)
		exec(t, d.DB, statementTables...)
		long := strings.Repeat(" AND email <> 'x' AND id + 1 > 3", 100)
		exec(t, d.DB, "SELECT name FROM users WHERE id = 1"+long, "SELECT id FROM users WHERE id = 1"+long+" AND name = 'x'")
		db := openOwn(t, d.DSN)
		r := look(t, db, usage.Options{}, column("name"))
		require.Len(t, digestsOf(r.Uses), 1) // whether what is left parses is chance
		require.Contains(t, r.String(), "the ends of")
		require.NotContains(t, r.String(), "digests were not kept")
		for i := range 300 {
			exec(t, d.DB, fmt.Sprintf("SELECT %d AS x%d", i, i))
		}
		require.Contains(t, look(t, db, usage.Options{}, column("name")).String(), "the server's table of digests is full")
	})
}

// Where there are no digests the process list is sampled, and the report says
// how little that is.
func TestSampling(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		d := s.Database(t)
		exec(t, d.DB, statementTables...)
		exec(t, d.DB, "INSERT INTO users (id, email) VALUES (1, 'x')")
		dsn := d.User(t, "SELECT")
		exec(t, s.Admin(), "GRANT PROCESS ON *.* TO "+userOf(t, dsn))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			for ctx.Err() == nil {
				_, _ = d.DB.ExecContext(ctx, "SELECT SLEEP(0.2), name FROM users WHERE email = 'x'")
			}
		}()
		defer func() { cancel(); <-done }()
		r := look(t, openOwn(t, dsn), usage.Options{Window: 3 * time.Second}, column("name"))
		require.NotEmpty(t, lines(r.Uses, d.Name, usage.Running))
		require.Contains(t, r.String(), "sampled")
		require.False(t, r.Clear())
	})
}
