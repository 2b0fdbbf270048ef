package plan_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/plan"
)

// parents are tables to refer to.
var parents = []string{
	"CREATE TABLE p (id INT NOT NULL PRIMARY KEY, a INT NOT NULL DEFAULT 0, b VARCHAR(20) NOT NULL DEFAULT '', UNIQUE KEY ab (a, b))",
	"INSERT INTO p VALUES (1, 1, 'x'), (2, 2, 'y')",
}

// child is a table t with foreign keys.
func child(keys ...string) []string {
	return append(append([]string{}, parents...),
		"CREATE TABLE t (id INT NOT NULL PRIMARY KEY, p INT NULL, a INT NULL, b VARCHAR(20) NULL, n VARCHAR(20) NULL, KEY kp (p), KEY kab (a, b), "+strings.Join(keys, ", ")+")")
}

const rekeyed = "ALTER TABLE t DROP PRIMARY KEY, ADD PRIMARY KEY (n, id)"

// What is derived from a table with foreign keys takes them over: those that only
// refuse when reads have moved, those that cascade from the first row on.
func TestForeignKeysAreTakenOver(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		long := strings.Repeat("k", 64)
		db := open(t, s, append(child(
			"CONSTRAINT t_ibfk_1 FOREIGN KEY (p) REFERENCES p (id)",
			"CONSTRAINT "+long+" FOREIGN KEY (a, b) REFERENCES p (a, b) ON DELETE SET NULL ON UPDATE CASCADE",
			"CONSTRAINT `od``d ж` FOREIGN KEY (p) REFERENCES p (id) ON DELETE RESTRICT ON UPDATE NO ACTION"),
			"ALTER TABLE t MODIFY n VARCHAR(20) NOT NULL", "INSERT INTO t VALUES (1, 1, 1, 'x', 'n'), (2, NULL, 9, NULL, 'm')")...)
		list, err := plan.Derive(t.Context(), db, plan.DDL{Name: "ddl", Text: rekeyed, Service: "s"}, plan.Options{})
		require.NoError(t, err)
		noScratch(t, db)
		p := list[0].Plan
		require.NotNil(t, p.Foreign)
		require.Len(t, p.Foreign.Keys, 3)
		byName := map[string]plan.CarriedKey{}
		for _, k := range p.Foreign.Keys {
			byName[k.Name] = k
			assert.LessOrEqual(t, len([]rune(k.As)), 64)
		}
		assert.Equal(t, "t_new_ibfk_1", byName["t_ibfk_1"].As)
		assert.Equal(t, "od`d ж_t_new", byName["od`d ж"].As)
		assert.Equal(t, []string{"a", "b"}, byName[long].Into)
		assert.True(t, byName[long].Acts())

		following := p.Foreign.Following()
		require.Len(t, following, 1, "what only refuses is not there before new_only")
		assert.Equal(t, "t_new", following[0].Table)
		assert.Contains(t, following[0].SQL, "ON DELETE SET NULL ON UPDATE CASCADE")
		assert.NotContains(t, following[0].SQL, "ibfk")
		passing := p.Foreign.Passing()
		require.Len(t, passing, 2)
		assert.Equal(t, []string{"t_new", "t"}, []string{passing[0].Table, passing[1].Table}, "the new table refuses before the old one stops")
		for _, st := range append(append(following, passing...), p.Foreign.Returning()...) {
			cost, known := p.Cost(st)
			require.True(t, known, st.SQL)
			assert.True(t, cost.Class.Gentle(), "%s: %s", st.SQL, cost.Class)
		}
		text := p.Render()
		for _, want := range []string{"## Foreign keys", "error 1451", "error 1213", "the foreign keys pass to the new table"} {
			assert.Contains(t, text, want)
		}
		data, err := p.Marshal()
		require.NoError(t, err)
		again, err := plan.Unmarshal(data)
		require.NoError(t, err)
		assert.Equal(t, p.Foreign, again.Foreign)
		_, err = plan.Unmarshal([]byte(strings.ReplaceAll(string(data), `"CASCADE"`, `"RESTRICT"`)))
		require.ErrorIs(t, err, plan.ErrEdited, "the hash covers it")
	})
}

// A column that a foreign key stands on may get another name.
func TestForeignKeyOnAColumnWithAnotherName(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := open(t, s, child("CONSTRAINT fk FOREIGN KEY (p) REFERENCES p (id) ON DELETE CASCADE")...)
		list, err := plan.Derive(t.Context(), db, plan.DDL{Name: "ddl", Text: "ALTER TABLE t RENAME COLUMN p TO parent", Service: "s"}, plan.Options{})
		require.NoError(t, err)
		require.Len(t, list[0].Plan.Foreign.Keys, 1)
		key := list[0].Plan.Foreign.Keys[0]
		assert.Equal(t, []string{"p"}, key.Columns)
		assert.Equal(t, []string{"parent"}, key.Into)
		assert.Contains(t, list[0].Plan.Foreign.Following()[0].SQL, "FOREIGN KEY (`parent`) REFERENCES `p` (`id`) ON DELETE CASCADE ON UPDATE CASCADE")
	})
}

// foreignCase is what becomes of foreign keys that cannot be taken over.
type foreignCase struct {
	name  string
	only  only
	setup []string
	// ddl is what is asked for, or change the file.
	ddl, change string
	code        plan.Code
	severity    plan.Severity
	says        string
}

var foreignCases = []foreignCase{
	{name: "another table refers to it", setup: child("CONSTRAINT fk FOREIGN KEY (p) REFERENCES p (id) ON DELETE CASCADE"), ddl: "ALTER TABLE p MODIFY id BIGINT NOT NULL",
		code: plan.CodeReferenced, says: `underpin plan "ALTER TABLE t ADD CONSTRAINT fk FOREIGN KEY (p) REFERENCES p_new (id) ON DELETE CASCADE"`},
	{name: "each refers to the other", setup: append(child("CONSTRAINT fk FOREIGN KEY (p) REFERENCES p (id)"), "DELETE FROM p", "ALTER TABLE p ADD CONSTRAINT back FOREIGN KEY (a) REFERENCES t (id)"),
		ddl: "ALTER TABLE t MODIFY id BIGINT NOT NULL", code: plan.CodeReferenced, says: "foreign key back of p refers to it"},
	{name: "it refers to itself", setup: child("CONSTRAINT fk FOREIGN KEY (p) REFERENCES t (id)"), ddl: "ALTER TABLE t MODIFY id BIGINT NOT NULL",
		code: plan.CodeReferenced, says: "its own foreign key fk refers to it"},
	{name: "match full", only: "mysql", setup: child("CONSTRAINT fk FOREIGN KEY (p) REFERENCES p (id) MATCH FULL"), ddl: "ALTER TABLE t MODIFY id BIGINT NOT NULL",
		code: plan.CodeReferenced, says: "MATCH FULL"},
	{name: "set default", only: "mysql", setup: child("CONSTRAINT fk FOREIGN KEY (p) REFERENCES p (id) ON DELETE SET DEFAULT"), ddl: "ALTER TABLE t MODIFY id BIGINT NOT NULL",
		code: plan.CodeCascade, says: "SET DEFAULT"},
	{name: "partitions", setup: child("CONSTRAINT fk FOREIGN KEY (p) REFERENCES p (id)"), ddl: "ALTER TABLE t PARTITION BY HASH (id) PARTITIONS 2",
		code: plan.CodeReferenced, says: "the server says"},
	{name: "another type than the parent", setup: child("CONSTRAINT fk FOREIGN KEY (p) REFERENCES p (id)"), ddl: "ALTER TABLE t MODIFY p BIGINT NULL",
		code: plan.CodeReferenced, says: "the server says"},
	{name: "cascades to another type", setup: child("CONSTRAINT fk FOREIGN KEY (a, b) REFERENCES p (a, b) ON UPDATE CASCADE"), ddl: "ALTER TABLE t MODIFY b VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL",
		code: plan.CodeCascade, says: "with the same type"},
	{name: "generated column", setup: append(child("KEY (id)"), "ALTER TABLE t ADD COLUMN g INT AS (id + 1) STORED, ADD KEY kg (g)", "ALTER TABLE t ADD CONSTRAINT fk FOREIGN KEY (g) REFERENCES p (id)"),
		ddl: "ALTER TABLE t MODIFY id BIGINT NOT NULL", code: plan.CodeReferenced, says: "the server computes"},
	{name: "cascades over the key", setup: child("CONSTRAINT fk FOREIGN KEY (id) REFERENCES p (id) ON UPDATE CASCADE"), ddl: "ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
		code: plan.CodeCascade, says: "out of the way of the copy"},
	{name: "cascades, and rows without a parent", setup: append(child("CONSTRAINT fk FOREIGN KEY (p) REFERENCES p (id) ON DELETE CASCADE"), "SET foreign_key_checks = 0; INSERT INTO t (id, p) VALUES (7, 99); SET foreign_key_checks = 1"),
		ddl: "ALTER TABLE t MODIFY id BIGINT NOT NULL", code: plan.CodeRowsUnfit, says: "id=7"},
	{name: "rows without a parent", setup: append(child("CONSTRAINT fk FOREIGN KEY (p) REFERENCES p (id)"), "SET foreign_key_checks = 0; INSERT INTO t (id, p) VALUES (7, 99); SET foreign_key_checks = 1"),
		ddl: "ALTER TABLE t MODIFY id BIGINT NOT NULL", code: plan.CodeRowsUnfit, severity: plan.Warning, says: "carried as they are: id=7"},
	{name: "the name is taken", setup: append(child("CONSTRAINT fk FOREIGN KEY (p) REFERENCES p (id)"), "CREATE TABLE z (p INT, CONSTRAINT fk_t_new FOREIGN KEY (p) REFERENCES p (id))"),
		ddl: "ALTER TABLE t MODIFY id BIGINT NOT NULL", code: plan.CodeTargetExists, says: "fk_t_new"},

	{name: "cascades, and the mapping computes", setup: child("CONSTRAINT fk FOREIGN KEY (p) REFERENCES p (id) ON DELETE CASCADE"),
		change: file("u", "CREATE TABLE u (id INT NOT NULL PRIMARY KEY, p INT NULL, a INT NULL, b VARCHAR(20) NULL, n VARCHAR(30) NULL, KEY kp (p))", "p: p;;a: a;;b: b;;n: UPPER(n)", "p: p;;a: a;;b: b;;n: n", "DROP TABLE t"),
		code:   plan.CodeCascade, says: "column n is not copied as it is"},
	{name: "cascades, and the column is not there", setup: child("CONSTRAINT fk FOREIGN KEY (p) REFERENCES p (id) ON DELETE SET NULL"),
		change: file("u", "CREATE TABLE u (id INT NOT NULL PRIMARY KEY, n VARCHAR(20) NULL)", "n: n", "n: n", "DROP TABLE t"),
		code:   plan.CodeCascade, says: "no column that holds p"},
	{name: "the column is not there", setup: child("CONSTRAINT fk FOREIGN KEY (p) REFERENCES p (id)"),
		change: file("u", "CREATE TABLE u (id INT NOT NULL PRIMARY KEY, n VARCHAR(20) NULL)", "n: n", "n: n", "DROP TABLE t"),
		code:   plan.CodeReferenced, severity: plan.Warning, says: "is not taken over"},
	{name: "no index", setup: child("CONSTRAINT fk FOREIGN KEY (p) REFERENCES p (id)"),
		change: file("u", "CREATE TABLE u (id INT NOT NULL PRIMARY KEY, p INT NULL)", "p: p", "p: p", "DROP TABLE t"),
		code:   plan.CodeReferenced, says: "needs an index of u that begins with (p)"},
	{name: "cascades, and the source stays", setup: child("CONSTRAINT fk FOREIGN KEY (p) REFERENCES p (id) ON DELETE CASCADE"),
		change: file("u", "CREATE TABLE u (id INT NOT NULL PRIMARY KEY, n VARCHAR(20) NULL)", "n: n", "n: n", ""),
		code:   plan.CodeCascade, says: "which no transaction of the library sees"},
	{name: "cascades over a mapped column", setup: child("CONSTRAINT fk FOREIGN KEY (a, b) REFERENCES p (a, b) ON UPDATE CASCADE"),
		change: column("ALTER TABLE t ADD COLUMN c VARCHAR(20) NULL", "c: b", "b: c", "ALTER TABLE t DROP COLUMN b"),
		code:   plan.CodeCascade, says: "changes columns of the mapping"},
}

func TestForeignKeysThatAreNotTakenOver(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		for _, c := range foreignCases {
			if c.only != "" && !strings.EqualFold(string(c.only), string(s.Engine())) {
				continue
			}
			t.Run(strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) {
				t.Parallel()
				db := open(t, s)
				for _, text := range c.setup {
					run(t, db, strings.Split(text, "; ")...)
				}
				var p *plan.Plan
				var err error
				if c.change != "" {
					p, err = plan.Build(t.Context(), db, parse(t, c.change), plan.Options{})
				} else {
					var list []plan.Derivation
					list, err = plan.Derive(t.Context(), db, plan.DDL{Name: "ddl", Text: c.ddl, Service: "s"}, plan.Options{})
					if err == nil {
						p = list[0].Plan
					}
				}
				noScratch(t, db)
				if c.severity == plan.Warning {
					require.NoError(t, err)
					assert.Contains(t, findingsOf(p, c.code), c.says)
					return
				}
				assert.Contains(t, requireCode(t, err, c.code).String(), c.says)
			})
		}
	})
}

// findingsOf is the findings of a plan with a code, one a line.
func findingsOf(p *plan.Plan, code plan.Code) string {
	var b strings.Builder
	for _, f := range p.Findings {
		if f.Code == code {
			b.WriteString(f.String() + "\n")
		}
	}
	return b.String()
}

// A table in another database is not looked into.
func TestForeignKeyToAnotherDatabase(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		other := s.Database(t)
		_, err := other.DB.ExecContext(t.Context(), "CREATE TABLE far (id INT NOT NULL PRIMARY KEY)")
		require.NoError(t, err)
		db := open(t, s, "CREATE TABLE t (id INT NOT NULL PRIMARY KEY, p INT NULL, CONSTRAINT fk FOREIGN KEY (p) REFERENCES "+other.Name+".far (id))")
		_, err = plan.Derive(t.Context(), db, plan.DDL{Name: "ddl", Text: "ALTER TABLE t MODIFY id BIGINT NOT NULL", Service: "s"}, plan.Options{})
		assert.Contains(t, requireCode(t, err, plan.CodeReferenced).String(), "in database "+other.Name)
		run(t, db, "DROP TABLE t")
	})
}

// A cascade that takes a row away takes both shapes of it along, if they are
// columns of one table.
func TestColumnChangeUnderACascade(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := open(t, s, child("CONSTRAINT fk FOREIGN KEY (p) REFERENCES p (id) ON DELETE CASCADE ON UPDATE CASCADE")...)
		p, err := plan.Build(t.Context(), db, parse(t, column("ALTER TABLE t ADD COLUMN m VARCHAR(20) NULL", "m: n", "n: m", "ALTER TABLE t DROP COLUMN n")), plan.Options{})
		require.NoError(t, err)
		require.Nil(t, p.Foreign)
		require.Equal(t, migrate.ColumnChange, p.Change.Mapping.Kind())
	})
}

// typed is a command that a refusal tells to type.
var typed = regexp.MustCompile(`underpin plan "([^"]*)"`)

// What the refusal says to do around a table that others refer to is DDL that does
// it, with every foreign key as it was.
func TestTheWayAroundAForeignKey(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := open(t, s, append(child("CONSTRAINT fk FOREIGN KEY (p) REFERENCES p (id) ON DELETE SET NULL", "CONSTRAINT ab FOREIGN KEY (a, b) REFERENCES p (a, b) ON UPDATE CASCADE"),
			"CREATE TABLE z (p INT NULL, CONSTRAINT fz FOREIGN KEY (p) REFERENCES p (id))")...)
		move := plan.DDL{Name: "ddl", Text: "ALTER TABLE p RENAME COLUMN id TO nr", Service: "s", Into: map[string]string{"p": "q"}}
		_, err := plan.Derive(t.Context(), db, move, plan.Options{})
		remedy := requireCode(t, err, plan.CodeReferenced).Remedy
		before, after, found := strings.Cut(remedy, "; then this change; ")
		require.True(t, found, remedy)
		do := func(text string) {
			for _, match := range typed.FindAllStringSubmatch(text, -1) {
				_, err := plan.Derive(t.Context(), db, plan.DDL{Name: "ddl", Text: match[1], Service: "s"}, plan.Options{})
				require.NoError(t, err, match[1])
				run(t, db, match[1])
			}
		}
		do(before)
		list, err := plan.Derive(t.Context(), db, move, plan.Options{})
		require.NoError(t, err)
		run(t, db, list[0].Plan.Expand[0].SQL)
		do(after)
		var name, text string
		require.NoError(t, db.QueryRowContext(t.Context(), "SHOW CREATE TABLE t").Scan(&name, &text))
		assert.Contains(t, text, "CONSTRAINT `fk` FOREIGN KEY (`p`) REFERENCES `q` (`nr`) ON DELETE SET NULL")
		assert.Contains(t, text, "CONSTRAINT `ab` FOREIGN KEY (`a`, `b`) REFERENCES `q` (`a`, `b`) ON UPDATE CASCADE")
	})
}
