package plan_test

import (
	"database/sql"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/plan"
)

// A table that t is merged into, and t as most have it.
const (
	mergedInto = "CREATE TABLE u (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(20) NOT NULL," +
		" updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP) DEFAULT CHARSET utf8mb4"
	mergedFrom = "CREATE TABLE t (id BIGINT NOT NULL PRIMARY KEY, a VARCHAR(20) NOT NULL, s INT NULL, CONSTRAINT of_u FOREIGN KEY (id) REFERENCES u (id) ON DELETE CASCADE) DEFAULT CHARSET utf8mb4"

	ofP = "ALTER TABLE u ADD COLUMN p INT NULL, ADD CONSTRAINT of_p FOREIGN KEY (p) REFERENCES p (id) ON DELETE CASCADE ON UPDATE CASCADE"

	addToU   = "ALTER TABLE u ADD COLUMN a VARCHAR(20) NULL, ADD COLUMN s INT NOT NULL DEFAULT -1"
	forwardU = "a: a;;s: COALESCE(s, -1)"
	backU    = "a: COALESCE(a, '');;s: NULLIF(s, -1)"
)

func merging(expand, forward, backward, contract string) string {
	return file("u", expand, forward, backward, contract)
}

func TestMerge(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := open(t, s, mergedInto, mergedFrom, "INSERT INTO u (id, name) VALUES (1, 'x'), (2, 'y')", "INSERT INTO t VALUES (1, 'one', 7)")
		p, err := plan.Build(t.Context(), db, parse(t, merging(addToU, forwardU, backU, "DROP TABLE t")), plan.Options{})
		require.NoError(t, err)
		noScratch(t, db)
		m := p.Change.Mapping
		assert.Equal(t, migrate.MergeChange, m.Kind())
		assert.Equal(t, []string{"updated_at"}, m.Target.Preserve, "a mirror must not bump it")
		assert.Equal(t, []string{"ALTER TABLE `u` DROP COLUMN `a`, DROP COLUMN `s`"}, texts(p.Undo))
		assert.Empty(t, p.Findings)
		placed := withoutPlace(p)
		placed.Facts.Target.Rows = 2 // an estimate
		golden(t, "merge."+string(p.Facts.Server.Flavour)+".md", placed.Render())
		assert.Contains(t, p.Render(), "The rows of table `t` become columns of table `u`")

		data, err := p.Marshal()
		require.NoError(t, err)
		again, err := plan.Unmarshal(data)
		require.NoError(t, err)
		assert.Equal(t, p.Change, again.Change)

		run(t, db, addToU)
		later, err := plan.Build(t.Context(), db, parse(t, merging(addToU, forwardU, backU, "DROP TABLE t")), plan.Options{})
		require.NoError(t, err)
		assert.Equal(t, p.Hash(), later.Hash(), "the same with the columns there")

		snippets, err := p.Snippets()
		require.NoError(t, err)
		for _, snippet := range snippets[:2] {
			compile(t, snippet.Go)
		}
		old := regexp.MustCompile(`from\("(SELECT IF.*)"\), // the source`).FindStringSubmatch(snippets[0].Go)
		require.Len(t, old, 2)
		for id, want := range map[int]string{1: "one 7", 2: "- -1"} {
			var a sql.NullString
			var s int
			require.NoError(t, db.QueryRowContext(t.Context(), old[1], id).Scan(&a, &s))
			if !a.Valid {
				a.String = "-"
			}
			assert.Equal(t, want, fmt.Sprint(a.String, " ", s), "a row that is not there reads as the target will have it")
		}
		assert.NotContains(t, snippets[1].Go, "INSERT", "rows of the target are inserted as ever")
	})
}

// A default that has changed since would make rows look as if they had been
// merged, or not.
func TestMergeNoticesAnotherDefault(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := open(t, s, mergedInto, mergedFrom)
		p, err := plan.Build(t.Context(), db, parse(t, merging(addToU, forwardU, backU, "DROP TABLE t")), plan.Options{})
		require.NoError(t, err)
		run(t, db, addToU)
		for statement, want := range map[string]string{
			"ALTER TABLE u ALTER COLUMN s SET DEFAULT -1": "", "ALTER TABLE u ALTER COLUMN s SET DEFAULT 5": "u.s", "ALTER TABLE u ALTER COLUMN a SET DEFAULT 'x'": "u.a",
		} {
			run(t, db, statement)
			drift, err := plan.Drift(t.Context(), db, p)
			require.NoError(t, err)
			var found []string
			for _, f := range drift {
				found = append(found, f.Object)
			}
			require.Equal(t, want, strings.Join(found, " "), statement)
			run(t, db, "ALTER TABLE u ALTER COLUMN s SET DEFAULT -1", "ALTER TABLE u ALTER COLUMN a SET DEFAULT NULL")
		}
	})
}

func texts(list []plan.Statement) (out []string) {
	for _, s := range list {
		out = append(out, s.SQL)
	}
	return out
}

// Unique indexes of the source go with it, and so do columns that nobody maps.
func TestMergeSaysWhatEnds(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := open(t, s, mergedInto, mergedFrom, "ALTER TABLE t ADD COLUMN h INT NULL, ADD UNIQUE INDEX one_a (a)")
		p, err := plan.Build(t.Context(), db, parse(t, merging(addToU, forwardU, backU, "DROP TABLE t")), plan.Options{})
		require.NoError(t, err)
		var codes []plan.Code
		for _, f := range p.Findings {
			codes = append(codes, f.Code)
		}
		require.ElementsMatch(t, []plan.Code{plan.CodeUniqueEnds, plan.CodeUnmapped}, codes)
	})
}

// A cascade that deletes target rows deletes their source rows with them.
func TestMergeOfRowsThatACascadeDeletes(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := open(t, s, "CREATE TABLE p (id INT PRIMARY KEY)", mergedInto, mergedFrom, ofP)
		_, err := plan.Build(t.Context(), db, parse(t, merging(addToU, forwardU, backU, "DROP TABLE t")), plan.Options{})
		require.NoError(t, err)
	})
}

// The key of the source may be another unique one than its primary key.
func TestMergeByAnotherKey(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := open(t, s, mergedInto, "CREATE TABLE t (no INT NOT NULL AUTO_INCREMENT PRIMARY KEY, u_id BIGINT NOT NULL, a VARCHAR(20) NOT NULL, s INT NULL,"+
			" UNIQUE KEY (u_id), CONSTRAINT of_u FOREIGN KEY (u_id) REFERENCES u (id) ON DELETE CASCADE) DEFAULT CHARSET utf8mb4")
		change := strings.Replace(merging(addToU, forwardU, backU, "DROP TABLE t"), "{table: t}", "{table: t, key: [u_id]}", 1)
		p, err := plan.Build(t.Context(), db, parse(t, change), plan.Options{})
		require.NoError(t, err)
		require.Equal(t, "u_id", p.Change.Mapping.Source.Key[0].Name)
	})
}

var mergeRefusals = []refusalCase{
	{name: "a column that is there", setup: []string{mergedInto, mergedFrom, "ALTER TABLE u ADD COLUMN s INT NULL"},
		change: merging("ALTER TABLE u ADD COLUMN a VARCHAR(20) NULL", "a: a;;s: s", "a: a;;s: s", "DROP TABLE t"), code: plan.CodeTargetExists, says: "overwrite"},
	{name: "restrict", setup: []string{mergedInto, strings.Replace(mergedFrom, " ON DELETE CASCADE", "", 1)},
		change: merging(addToU, forwardU, backU, "DROP TABLE t"), code: plan.CodeRestricts, says: "know u alone"},
	{name: "another cascade", setup: []string{mergedInto, "CREATE TABLE p (id INT PRIMARY KEY)", mergedFrom, "ALTER TABLE t ADD CONSTRAINT of_p FOREIGN KEY (s) REFERENCES p (id) ON DELETE CASCADE"},
		change: merging(addToU, forwardU, backU, "DROP TABLE t"), code: plan.CodeCascade, says: "of_p to p"},
	{name: "another cascade from the target", setup: []string{mergedInto, mergedFrom, "ALTER TABLE t ADD COLUMN friend BIGINT NULL, ADD CONSTRAINT friend_is FOREIGN KEY (friend) REFERENCES u (id) ON DELETE CASCADE"},
		change: merging(addToU, forwardU, backU, "DROP TABLE t"), code: plan.CodeCascade, says: "friend_is to u"},
	{name: "the target's rows go by a cascade", setup: []string{"CREATE TABLE p (id INT PRIMARY KEY)", mergedInto, strings.Split(mergedFrom, ", CONSTRAINT")[0] + ")", ofP},
		change: merging(addToU, forwardU, backU, "DROP TABLE t"), code: plan.CodeCascade, says: "of_p to p"},
	{name: "the target's keys change by a cascade", setup: []string{"CREATE TABLE p (id BIGINT PRIMARY KEY)", strings.Replace(mergedInto, " AUTO_INCREMENT", "", 1), mergedFrom, "ALTER TABLE u ADD CONSTRAINT is_p FOREIGN KEY (id) REFERENCES p (id) ON UPDATE CASCADE"},
		change: merging(addToU, forwardU, backU, "DROP TABLE t"), code: plan.CodeCascade, says: "is_p to p"},
	{name: "referenced", setup: []string{mergedInto, mergedFrom, "CREATE TABLE c (id INT PRIMARY KEY, t BIGINT, CONSTRAINT of_t FOREIGN KEY (t) REFERENCES t (id))"},
		change: merging(addToU, forwardU, backU, "DROP TABLE t"), code: plan.CodeReferenced, says: "of_t of c"},
	{name: "numbered", setup: []string{mergedInto, "CREATE TABLE t (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, a VARCHAR(20) NOT NULL, s INT NULL)"},
		change: merging(addToU, forwardU, backU, "DROP TABLE t"), code: plan.CodeKeyNumbered, says: "numbers it"},
	{name: "key differs", setup: []string{mergedInto, "CREATE TABLE t (id INT UNSIGNED NOT NULL PRIMARY KEY, a VARCHAR(20) NOT NULL, s INT NULL)"},
		change: merging(addToU, forwardU, backU, "DROP TABLE t"), code: plan.CodeKeyMismatch, says: "unsigned"},
	{name: "key changed", setup: []string{"CREATE TABLE u (id BIGINT NOT NULL PRIMARY KEY)", mergedFrom},
		change: merging(addToU+";;ALTER TABLE u ALTER COLUMN id SET DEFAULT 7", forwardU, backU, "DROP TABLE t"), code: plan.CodeKeyChanged, says: "u.id"},
	{name: "target loses a default", setup: []string{mergedInto, mergedFrom},
		change: merging(addToU+";;ALTER TABLE u MODIFY name VARCHAR(10) NOT NULL", forwardU, backU, "DROP TABLE t"), code: plan.CodeDDLTightens, says: "u.name"},
	{name: "nothing tells of a row", setup: []string{mergedInto, mergedFrom},
		change: merging("ALTER TABLE u ADD COLUMN s INT NULL, ADD COLUMN l INT NULL", "s: s;;l: LENGTH(a)", "s: s;;a: REPEAT('a', l)", "DROP TABLE t"), code: plan.CodeIndistinct, says: "as if there were no row"},
	{name: "only a column with a default", setup: []string{mergedInto, mergedFrom},
		change: merging("ALTER TABLE u ADD COLUMN a VARCHAR(20) NOT NULL DEFAULT '', ADD COLUMN s INT NULL", "a: a;;s: s", "a: a;;s: s", "DROP TABLE t"), code: plan.CodeIndistinct, says: "has_t"},
	{name: "mark is NULL", setup: []string{mergedInto, mergedFrom},
		change: merging("ALTER TABLE u ADD COLUMN s INT NULL, ADD COLUMN has_t INT NULL", "s: s;;has_t: NULLIF(1, 1)", "s: s;;a: COALESCE(has_t, '')", "DROP TABLE t"), code: plan.CodeIndistinct, says: "has_t"},
	{name: "nullable with a default", setup: []string{mergedInto, mergedFrom},
		change: merging("ALTER TABLE u ADD COLUMN a VARCHAR(20) NULL DEFAULT 'NULL', ADD COLUMN s INT NULL", "a: a;;s: s", "a: COALESCE(a, '');;s: s", "DROP TABLE t"), code: plan.CodeBlank, says: "two ways"},
	{name: "default that is no literal", setup: []string{mergedInto, mergedFrom},
		change: merging(addToU+", ADD COLUMN h VARCHAR(40) NOT NULL DEFAULT (CONCAT('a', 'b'))", forwardU+";;h: a", backU, "DROP TABLE t"), code: plan.CodeBlank, says: "not a literal"},
	{name: "default of the time", setup: []string{mergedInto, mergedFrom, "ALTER TABLE t ADD COLUMN at DATETIME NOT NULL"},
		change: merging(addToU+", ADD COLUMN at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP", forwardU+";;at: at", backU+";;at: at", "DROP TABLE t"), code: plan.CodeBlank, says: "not a literal"},
	{name: "required", setup: []string{mergedInto, mergedFrom},
		change: merging("ALTER TABLE u ADD COLUMN a VARCHAR(20) NULL, ADD COLUMN s INT NOT NULL", "a: a;;s: COALESCE(s, 0)", "a: COALESCE(a, '');;s: s", "DROP TABLE t"), code: plan.CodeTargetRequired, says: "u.s"},
	{name: "required beside", setup: []string{mergedInto, mergedFrom},
		change: merging(addToU+", ADD COLUMN h INT NOT NULL", forwardU, backU, "DROP TABLE t"), code: plan.CodeTargetRequired, says: "u.h"},
	{name: "on update", setup: []string{mergedInto, mergedFrom, "ALTER TABLE t ADD COLUMN at DATETIME NULL"},
		change: merging(addToU+", ADD COLUMN at DATETIME NULL ON UPDATE CURRENT_TIMESTAMP", forwardU+";;at: at", backU+";;at: at", "DROP TABLE t"), code: plan.CodeNondeterministic, says: "every UPDATE"},
	{name: "where", setup: []string{mergedInto, mergedFrom},
		change: merging(addToU, forwardU, backU, "DROP TABLE t") + "where: s = 1\n", code: plan.CodeWhere, says: "every row of its source"},
	{name: "source stays", setup: []string{mergedInto, mergedFrom},
		change: merging(addToU, forwardU, backU, "ALTER TABLE t DROP COLUMN a"), code: plan.CodeContractDrops, says: "as a whole"},
	{name: "drops the target", setup: []string{mergedInto, mergedFrom},
		change: merging(addToU, forwardU, backU, "DROP TABLE u"), code: plan.CodeDDLTable, says: "not the source"},
	{name: "source required", setup: []string{mergedInto, mergedFrom},
		change: merging(addToU, forwardU, "s: NULLIF(s, -1)", "DROP TABLE t"), code: plan.CodeBackwardMissing, says: "t.a"},
	{name: "backward reads more of the target", setup: []string{mergedInto, mergedFrom},
		change: merging(addToU, forwardU, "a: name;;s: s", "DROP TABLE t"), code: plan.CodeExpressionColumn, says: "not filled by forward"},
	{name: "trigger on the target", setup: []string{mergedInto, mergedFrom, "CREATE TRIGGER tr BEFORE UPDATE ON u FOR EACH ROW SET NEW.name = UPPER(NEW.name)"},
		change: merging(addToU, forwardU, backU, "DROP TABLE t"), code: plan.CodeTrigger, says: "tr"},
	{name: "target is a view", setup: []string{"CREATE TABLE v (id BIGINT NOT NULL PRIMARY KEY)", "CREATE VIEW u AS SELECT * FROM v", "CREATE TABLE t (id BIGINT NOT NULL PRIMARY KEY, a VARCHAR(20) NOT NULL, s INT NULL)"},
		change: merging(addToU, forwardU, backU, "DROP TABLE t"), code: plan.CodeNotATable, says: "view"},
	{name: "strays", setup: []string{mergedInto, strings.Split(mergedFrom, ", CONSTRAINT")[0] + ")", "INSERT INTO u (id, name) VALUES (2, 'y')", "INSERT INTO t VALUES (1, 'one', 7), (2, 'two', 7), (-3, 'three', 7)"},
		change: merging(addToU, forwardU, backU, "DROP TABLE t"), code: plan.CodeStray, says: "(-3), (1)"},
	{name: "partly expanded", setup: []string{mergedInto, mergedFrom, "ALTER TABLE u ADD COLUMN a VARCHAR(20) NULL"},
		change: merging(addToU, forwardU, backU, "DROP TABLE t"), code: plan.CodePartlyExpanded, says: "some is not"},
	{name: "expand differs", setup: []string{mergedInto, mergedFrom, strings.Replace(addToU, "20", "30", 1)},
		change: merging(addToU, forwardU, backU, "DROP TABLE t"), code: plan.CodeExpandDiffers, says: "varchar(30)"},
}

func TestMergeRefusals(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) { refuseAll(t, s, mergeRefusals) })
}
