package plan_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate/plan"
)

// requireCode asserts that a plan was refused for a reason, and returns it.
func requireCode(t *testing.T, err error, code plan.Code) plan.Finding {
	t.Helper()
	var refused *plan.RefusedError
	require.ErrorAs(t, err, &refused)
	var codes []plan.Code
	for _, f := range refused.Findings {
		if f.Code == code && f.Severity == plan.Refusal {
			assert.NotEmpty(t, f.Object)
			assert.NotEmpty(t, f.Reason)
			assert.NotEmpty(t, f.Remedy)
			assert.NotZero(t, f.Position.Line, "%+v", f)
			return f
		}
		codes = append(codes, f.Code)
	}
	require.Failf(t, "another finding", "want %s, got %v:\n%v", code, codes, err)
	return plan.Finding{}
}

// column writes a change file for a column change of table t.
func column(expand, forward, backward, contract string) string {
	return file("t", expand, forward, backward, contract)
}

// file writes a change file whose source is t; the other arguments hold lines,
// separated by ";;".
func file(target, expand, forward, backward, contract string) string {
	var b strings.Builder
	b.WriteString("change: x\nservice: s\nsource: {table: t}\ntarget: {table: " + target + "}\n")
	section := func(name, dash, text string) {
		if text == "" {
			return
		}
		b.WriteString(name + ":\n")
		for _, line := range strings.Split(text, ";;") {
			b.WriteString("  " + dash + line + "\n")
		}
	}
	section("expand", "- ", expand)
	section("forward", "", forward)
	section("backward", "", backward)
	section("contract", "- ", contract)
	return b.String()
}

const (
	plainTable = "CREATE TABLE t (id INT NOT NULL PRIMARY KEY, a VARCHAR(20) NULL, s INT NULL, ts TIMESTAMP NULL, tm TIME NULL) DEFAULT CHARSET utf8mb4"
	addB       = "ALTER TABLE t ADD COLUMN b VARCHAR(20) NULL"
	dropA      = "ALTER TABLE t DROP COLUMN a"
	createU    = "CREATE TABLE u (id INT NOT NULL PRIMARY KEY, b VARCHAR(20) NULL)"
)

// only restricts a case to one engine.
type only string

type refusalCase struct {
	name   string
	only   only
	setup  []string
	change string
	code   plan.Code
	says   string
}

var refusals = []refusalCase{
	{name: "no such table", change: column(addB, "b: a", "a: b", dropA), code: plan.CodeSourceMissing, says: "no table t"},
	{name: "view", setup: []string{"CREATE TABLE x (id INT PRIMARY KEY, a INT)", "CREATE VIEW t AS SELECT * FROM x"},
		change: column(addB, "b: a", "a: b", dropA), code: plan.CodeNotATable, says: "view"},
	{name: "system versioned", only: "mariadb", setup: []string{"CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(20)) WITH SYSTEM VERSIONING"},
		change: column(addB, "b: a", "a: b", dropA), code: plan.CodeNotATable, says: "system-versioned"},
	{name: "myisam", setup: []string{"CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(20)) ENGINE=MyISAM"},
		change: column(addB, "b: a", "a: b", dropA), code: plan.CodeEngine, says: "MyISAM"},
	{name: "no primary key", setup: []string{"CREATE TABLE t (id INT, a VARCHAR(20))"},
		change: column(addB, "b: a", "a: b", dropA), code: plan.CodeNoKey, says: "no primary key"},
	{name: "named key is not unique", setup: []string{"CREATE TABLE t (id INT NOT NULL PRIMARY KEY, a VARCHAR(20), k INT NOT NULL, KEY (k))"},
		change: strings.Replace(column(addB, "b: a", "a: b", dropA), "{table: t}", "{table: t, key: [k]}", 1), code: plan.CodeNoKey, says: "no unique index over exactly (k)"},
	{name: "nullable key", setup: []string{"CREATE TABLE t (id INT NOT NULL PRIMARY KEY, a VARCHAR(20), k INT NULL, UNIQUE (k))"},
		change: strings.Replace(column(addB, "b: a", "a: b", dropA), "{table: t}", "{table: t, key: [k]}", 1), code: plan.CodeKeyNullable, says: "takes NULL"},
	{name: "prefix key", setup: []string{"CREATE TABLE t (id TEXT NOT NULL, a VARCHAR(20), PRIMARY KEY (id(10)))"},
		change: column(addB, "b: a", "a: b", dropA), code: plan.CodeNoKey, says: "beginning of a column"},
	{name: "double key", setup: []string{"CREATE TABLE t (id DOUBLE NOT NULL PRIMARY KEY, a VARCHAR(20))"},
		change: column(addB, "b: a", "a: b", dropA), code: plan.CodeKeyType, says: "double"},
	{name: "enum key", setup: []string{"CREATE TABLE t (id ENUM('a','b') NOT NULL PRIMARY KEY, a VARCHAR(20))"},
		change: column(addB, "b: a", "a: b", dropA), code: plan.CodeKeyType, says: "enum"},
	{name: "key differs in type", setup: []string{plainTable},
		change: file("u", "CREATE TABLE u (id INT UNSIGNED NOT NULL PRIMARY KEY, b VARCHAR(20) NULL)", "b: a", "a: b", ""), code: plan.CodeKeyMismatch, says: "unsigned"},
	{name: "key is shorter", setup: []string{plainTable},
		change: file("u", "CREATE TABLE u (id SMALLINT NOT NULL PRIMARY KEY, b VARCHAR(20) NULL)", "b: a", "a: b", ""), code: plan.CodeKeyMismatch, says: "smallint"},
	{name: "key differs in collation", setup: []string{"CREATE TABLE t (id VARCHAR(20) COLLATE utf8mb4_bin NOT NULL PRIMARY KEY, a VARCHAR(20)) DEFAULT CHARSET utf8mb4"},
		change: file("u", "CREATE TABLE u (id VARCHAR(20) COLLATE utf8mb4_general_ci NOT NULL PRIMARY KEY, b VARCHAR(20) NULL) DEFAULT CHARSET utf8mb4", "b: a", "a: b", ""),
		code:   plan.CodeKeyMismatch, says: "utf8mb4_general_ci"},
	{name: "key has more columns", setup: []string{plainTable},
		change: file("u", "CREATE TABLE u (id INT NOT NULL, k INT NOT NULL, b VARCHAR(20) NULL, PRIMARY KEY (id, k))", "b: a", "a: b", ""), code: plan.CodeKeyMismatch, says: "2 columns"},
	{name: "key assigned", setup: []string{plainTable}, change: file("u", createU, "id: id;;b: a", "a: b", ""), code: plan.CodeKeyAssigned, says: "part of the key"},
	{name: "key changed", setup: []string{plainTable}, change: column(addB+";;ALTER TABLE t ALTER COLUMN id SET DEFAULT 7", "b: a", "a: b", dropA), code: plan.CodeKeyChanged, says: "leave key"},
	{name: "target missing", setup: []string{plainTable}, change: file("u", "", "b: a", "a: b", ""), code: plan.CodeTargetMissing, says: "does not create it"},
	{name: "target exists", setup: []string{plainTable, createU}, change: file("u", "", "b: a", "a: b", ""), code: plan.CodeTargetExists, says: "overwrite"},
	{name: "trigger", setup: []string{plainTable, "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.a = UPPER(NEW.a)"},
		change: column(addB, "b: a", "a: b", dropA), code: plan.CodeTrigger, says: "tr"},
	{name: "cascade", setup: []string{"CREATE TABLE p (id INT PRIMARY KEY)", "CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(20), CONSTRAINT fk FOREIGN KEY (id) REFERENCES p (id) ON UPDATE CASCADE)"},
		change: column(addB, "b: a", "a: b", dropA), code: plan.CodeCascade, says: "fk to p"},

	{name: "target column unknown", setup: []string{plainTable}, change: column(addB, "c: a", "a: b", dropA), code: plan.CodeColumnUnknown, says: "no such column"},
	{name: "geometry read", setup: []string{"CREATE TABLE t (id INT PRIMARY KEY, a GEOMETRY)"}, change: column(addB, "b: CONCAT(a)", "a: b", dropA), code: plan.CodeColumnType, says: "no expression made of it"},
	{name: "vector of another length", only: "mysql", setup: []string{"CREATE TABLE t (id INT PRIMARY KEY, a VECTOR(3), b VECTOR(4))"},
		change: column("ALTER TABLE t ADD COLUMN c INT NULL", "b: a", "a: b", dropA), code: plan.CodeColumnType, says: "columns of the same type"},
	{name: "set in another order", setup: []string{"CREATE TABLE t (id INT PRIMARY KEY, a SET('x','y'))"},
		change: column("ALTER TABLE t ADD COLUMN b SET('y','x') NULL", "b: a", "a: b", dropA), code: plan.CodeColumnType, says: "another order"},
	{name: "enum without a member", setup: []string{"CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(9))", "INSERT INTO t VALUES (1, 'z')"},
		change: column("ALTER TABLE t ADD COLUMN b ENUM('x','y') NULL", "b: a", "a: b", dropA), code: plan.CodeForwardMisfit, says: "1 rows"},
	{name: "enum of another case", setup: []string{"CREATE TABLE t (id INT PRIMARY KEY, a ENUM('x'))", "INSERT INTO t VALUES (1, 'x')"},
		change: column("ALTER TABLE t ADD COLUMN b ENUM('X') NULL", "b: a", "a: b", dropA), code: plan.CodeForwardMisfit, says: "1 rows"},
	{name: "enum by number", setup: []string{"CREATE TABLE t (id INT PRIMARY KEY, a INT)", "INSERT INTO t VALUES (1, 1)"},
		change: column("ALTER TABLE t ADD COLUMN b ENUM('x','y') NULL", "b: a", "a: b = 'x'", dropA), code: plan.CodeForwardMisfit, says: "1 rows"},
	{name: "generated", setup: []string{plainTable}, change: column("ALTER TABLE t ADD COLUMN b VARCHAR(20) GENERATED ALWAYS AS (UPPER(a)) VIRTUAL", "b: a", "a: UPPER(s)", ""), code: plan.CodeGenerated, says: "generates"},
	{name: "target read by forward", setup: []string{plainTable}, change: column(addB, "b: a;;s: LENGTH(b)", "a: b", ""), code: plan.CodeExpressionColumn, says: "forward assigns"},
	{name: "on both sides", setup: []string{plainTable}, change: column(addB, "b: a;;s: LENGTH(a)", "a: b;;s: LENGTH(b)", ""), code: plan.CodeBothSides, says: "both assign"},
	{name: "on update", setup: []string{"CREATE TABLE t (id INT PRIMARY KEY, a DATETIME NULL ON UPDATE CURRENT_TIMESTAMP)"},
		change: column("ALTER TABLE t ADD COLUMN b DATETIME NULL", "b: a", "a: b", dropA), code: plan.CodeNondeterministic, says: "that of a mirror"},
	{name: "no backward", setup: []string{plainTable}, change: column(addB, "b: a", "", dropA), code: plan.CodeBackwardMissing, says: "way back"},
	{name: "dropped without backward", setup: []string{plainTable}, change: column(addB, "b: CONCAT(a, s)", "a: b", dropA+";;ALTER TABLE t DROP COLUMN s"), code: plan.CodeBackwardMissing, says: "contract drops it"},
	{name: "read without backward", setup: []string{plainTable}, change: file("u", createU, "b: CONCAT(a, s)", "a: b", ""), code: plan.CodeBackwardMissing, says: "forward reads it"},
	{name: "where without backward", setup: []string{plainTable}, change: file("u", createU, "b: a", "a: b", "") + "where: s = 1\n", code: plan.CodeBackwardMissing, says: "where chooses"},
	{name: "source required", setup: []string{"CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(20) NOT NULL)"}, change: column(addB, "b: a", "a: b", dropA), code: plan.CodeSourceRequired, says: "NOT NULL"},
	{name: "target required", setup: []string{plainTable}, change: column("ALTER TABLE t ADD COLUMN b VARCHAR(20) NOT NULL", "b: COALESCE(a, '')", "a: b", dropA), code: plan.CodeTargetRequired, says: "NOT NULL"},
	{name: "target of table change required", setup: []string{plainTable}, change: file("u", "CREATE TABLE u (id INT NOT NULL PRIMARY KEY, b VARCHAR(20) NULL, c INT NOT NULL)", "b: a", "a: b", ""), code: plan.CodeForwardMissing, says: "forward does not assign"},
	{name: "source of table change required", setup: []string{"CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(20), s INT NOT NULL)"}, change: file("u", createU, "b: a", "a: b", ""), code: plan.CodeBackwardMissing, says: "NOT NULL without a default"},
	{name: "where in a column change", setup: []string{plainTable}, change: column(addB, "b: a", "a: b", dropA) + "where: s = 1\n", code: plan.CodeWhere, says: "every row"},

	{name: "expression does not parse", setup: []string{plainTable}, change: column(addB, "b: UPPER(a", "a: b", dropA), code: plan.CodeExpressionSyntax, says: "does not parse"},
	{name: "expression reads nothing known", setup: []string{plainTable}, change: column(addB, "b: UPPER(nope)", "a: b", dropA), code: plan.CodeExpressionColumn, says: "no column nope"},
	{name: "another table", setup: []string{plainTable}, change: column(addB, "b: z.a", "a: b", dropA), code: plan.CodeExpressionColumn, says: "another table"},
	{name: "backward reads what forward does not fill", setup: []string{plainTable}, change: column(addB+";;ALTER TABLE t ADD COLUMN c INT NULL", "b: a", "a: CONCAT(b, c)", dropA), code: plan.CodeExpressionColumn, says: "not filled by forward"},
	{name: "backward reads what it assigns", setup: []string{plainTable}, change: column(addB, "b: a", "a: CONCAT(b, a)", dropA), code: plan.CodeExpressionColumn, says: "backward assigns"},
	{name: "subquery", setup: []string{plainTable}, change: column(addB, "b: (SELECT MAX(a) FROM t)", "a: b", dropA), code: plan.CodeExpressionForm, says: "subquery"},
	{name: "now", setup: []string{plainTable}, change: column(addB, "b: CONCAT(a, NOW())", "a: b", dropA), code: plan.CodeNondeterministic, says: "time"},
	{name: "stored function", setup: []string{plainTable}, change: column(addB, "b: my_function(a)", "a: b", dropA), code: plan.CodeFunctionUnknown, says: "MY_FUNCTION"},
	{name: "wrong number of arguments", setup: []string{plainTable}, change: column(addB, "b: SUBSTRING_INDEX(a)", "a: b", dropA), code: plan.CodeExpressionRejected, says: "the server says"},
	{name: "timestamp to text", setup: []string{plainTable}, change: column(addB, "b: CONCAT(ts)", "a: b", ""), code: plan.CodeNondeterministic, says: "time_zone"},
	{name: "text to timestamp", setup: []string{plainTable}, change: column("ALTER TABLE t ADD COLUMN b TIMESTAMP NULL", "b: a", "a: s", ""), code: plan.CodeNondeterministic, says: "time_zone"},
	{name: "time to datetime", setup: []string{plainTable}, change: column("ALTER TABLE t ADD COLUMN b DATETIME NULL", "b: tm", "a: s", ""), code: plan.CodeNondeterministic, says: "today"},

	{name: "a name beyond the plane", setup: []string{plainTable}, change: column("ALTER TABLE t ADD COLUMN `b😀` VARCHAR(20) NULL", "\"`b😀`\": a", "a: \"`b😀`\"", dropA), code: plan.CodeDDLForbidden, says: "U+1F600"},
	{name: "ddl does not parse", setup: []string{plainTable}, change: column("ALTER TABLE t ADD COLUM b INT", "b: a", "a: b", dropA), code: plan.CodeDDLSyntax, says: "does not parse"},
	{name: "two statements", setup: []string{plainTable}, change: column(addB+"; DROP TABLE t", "b: a", "a: b", dropA), code: plan.CodeDDLSyntax, says: "2 statements"},
	{name: "update", setup: []string{plainTable}, change: column("UPDATE t SET a = 1", "b: a", "a: b", dropA), code: plan.CodeDDLForbidden, says: "none of the kinds"},
	{name: "drop in expand", setup: []string{plainTable}, change: column("ALTER TABLE t DROP COLUMN s", "b: a", "a: b", dropA), code: plan.CodeDDLForbidden, says: "DROP COLUMN"},
	{name: "rename in expand", setup: []string{plainTable}, change: column("ALTER TABLE t RENAME COLUMN a TO b", "b: a", "a: b", dropA), code: plan.CodeDDLForbidden, says: "RENAME COLUMN"},
	{name: "unique in expand", setup: []string{plainTable}, change: column(addB+";;ALTER TABLE t ADD UNIQUE INDEX i (b)", "b: a", "a: b", dropA), code: plan.CodeDDLForbidden, says: "not a plain one"},
	{name: "algorithm", setup: []string{plainTable}, change: column(addB+", ALGORITHM=COPY", "b: a", "a: b", dropA), code: plan.CodeDDLForbidden, says: "ALGORITHM"},
	{name: "if not exists", setup: []string{plainTable}, change: file("u", "CREATE TABLE IF NOT EXISTS u (id INT NOT NULL PRIMARY KEY, b INT)", "b: a", "a: b", ""), code: plan.CodeDDLForbidden, says: "IF NOT EXISTS"},
	{name: "executable comment", setup: []string{plainTable}, change: column(addB+" /*!80000 FIRST */", "b: a", "a: b", dropA), code: plan.CodeDDLForbidden, says: "/*!"},
	{name: "as select", setup: []string{plainTable}, change: file("u", "CREATE TABLE u (id INT NOT NULL PRIMARY KEY) AS SELECT id, a AS b FROM t", "b: a", "a: b", ""), code: plan.CodeDDLForbidden, says: "AS SELECT"},
	{name: "another table in expand", setup: []string{plainTable}, change: column("ALTER TABLE x ADD COLUMN b INT", "b: a", "a: b", dropA), code: plan.CodeDDLTable, says: "table x"},
	{name: "server refuses ddl", setup: []string{plainTable}, change: column("ALTER TABLE t ADD COLUMN b VARCHAR(20) NULL AFTER nope", "b: a", "a: b", dropA), code: plan.CodeDDLRejected, says: "'t'"},
	{name: "modify shortens", setup: []string{plainTable}, change: column(addB+";;ALTER TABLE t MODIFY a VARCHAR(10) NULL", "b: a", "a: b", dropA), code: plan.CodeDDLTightens, says: "shorter"},
	{name: "modify forbids null", setup: []string{plainTable}, change: column(addB+";;ALTER TABLE t MODIFY a VARCHAR(20) NOT NULL DEFAULT ''", "b: a", "a: b", dropA), code: plan.CodeDDLTightens, says: "NULL"},
	{name: "modify changes the type", setup: []string{plainTable}, change: column(addB+";;ALTER TABLE t MODIFY s BIGINT NULL", "b: a", "a: b", dropA), code: plan.CodeDDLTightens, says: "type changes"},
	{name: "partly expanded", setup: []string{plainTable, addB}, change: column(addB+", ADD COLUMN c INT NULL", "b: a;;c: s", "a: b;;s: c", ""), code: plan.CodePartlyExpanded, says: "some is not"},
	{name: "expand differs", setup: []string{plainTable, "ALTER TABLE t ADD COLUMN b VARCHAR(30) NULL"}, change: column(addB, "b: a", "a: b", dropA), code: plan.CodeExpandDiffers, says: "varchar(30)"},
	{name: "contract drops key", setup: []string{plainTable}, change: column(addB, "b: a", "a: b", "ALTER TABLE t DROP COLUMN id"), code: plan.CodeContractDrops, says: "key"},
	{name: "contract drops target", setup: []string{plainTable}, change: column(addB, "b: a", "a: b", "ALTER TABLE t DROP COLUMN b"), code: plan.CodeContractDrops, says: "forward assigns"},
	{name: "contract drops table", setup: []string{plainTable}, change: column(addB, "b: a", "a: b", "DROP TABLE t"), code: plan.CodeContractDrops, says: "target's columns"},
	{name: "contract does more", setup: []string{plainTable}, change: column(addB, "b: a", "a: b", "ALTER TABLE t DROP COLUMN a, ADD COLUMN z INT"), code: plan.CodeDDLForbidden, says: "more than drop"},

	{name: "null into not null", setup: []string{plainTable, "INSERT INTO t (id, a) VALUES (1, 'x'), (7, NULL)"},
		change: column("ALTER TABLE t ADD COLUMN b VARCHAR(20) NOT NULL DEFAULT ''", "b: a", "a: b", dropA), code: plan.CodeForwardNull, says: "(7)"},
	{name: "too long", setup: []string{plainTable, "INSERT INTO t (id, a) VALUES (1, 'x'), (8, 'abcdef')"},
		change: column("ALTER TABLE t ADD COLUMN b VARCHAR(5) NULL", "b: a", "a: b", dropA), code: plan.CodeForwardMisfit, says: "(8)"},
	{name: "no number", setup: []string{plainTable, "INSERT INTO t (id, a) VALUES (1, '12'), (9, '12x')"},
		change: column("ALTER TABLE t ADD COLUMN b INT NULL", "b: a", "a: b", dropA), code: plan.CodeForwardMisfit, says: "(9)"},
	{name: "out of range", setup: []string{plainTable, "INSERT INTO t (id, s) VALUES (1, 127), (10, 128)"},
		change: column("ALTER TABLE t ADD COLUMN b TINYINT NULL", "b: s", "s: b", ""), code: plan.CodeForwardMisfit, says: "(10)"},
	{name: "another charset", setup: []string{plainTable, "INSERT INTO t (id, a) VALUES (1, 'é'), (11, 'ж')"},
		change: column("ALTER TABLE t ADD COLUMN b VARCHAR(20) CHARACTER SET latin1 NULL", "b: a", "a: b", dropA), code: plan.CodeForwardMisfit, says: "(11)"},
	{name: "no date", setup: []string{plainTable, "INSERT INTO t (id, a) VALUES (1, '2024-02-29'), (12, '2023-02-29')"},
		change: column("ALTER TABLE t ADD COLUMN b DATE NULL", "b: a", "a: b", dropA), code: plan.CodeForwardMisfit, says: "(12)"},
}

func TestRefusals(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) { refuseAll(t, s, refusals) })
}

// refuseAll plans each case and expects its refusal.
func refuseAll(t *testing.T, s *servers.Server, list []refusalCase) {
	t.Helper()
	for _, c := range list {
		if c.only != "" && !strings.EqualFold(string(c.only), string(s.Engine())) {
			continue
		}
		t.Run(strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) {
			db := open(t, s, c.setup...)
			_, err := plan.Build(t.Context(), db, parse(t, c.change), plan.Options{})
			f := requireCode(t, err, c.code)
			assert.Contains(t, f.String(), c.says)
			noScratch(t, db)
		})
	}
}

// A user that may not create tables is told which grants are missing.
func TestMissingPrivilege(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		d := s.Database(t)
		_, err := d.DB.ExecContext(t.Context(), plainTable)
		require.NoError(t, err)
		user := "r_" + d.Name
		for _, q := range []string{"CREATE USER " + user + " IDENTIFIED BY 'p'", "GRANT SELECT ON " + d.Name + ".* TO " + user} {
			_, err := d.DB.ExecContext(t.Context(), q)
			require.NoError(t, err, q)
		}
		t.Cleanup(func() { _, _ = d.DB.ExecContext(context.WithoutCancel(t.Context()), "DROP USER "+user) })
		at := strings.LastIndex(d.DSN, "@")
		db, err := mysqlx.Open(t.Context(), user+":p"+d.DSN[at:], mysqlx.Options{})
		require.NoError(t, err)
		defer db.Close()
		_, err = plan.Build(t.Context(), db, parse(t, column(addB, "b: a", "a: b", dropA)), plan.Options{})
		require.Error(t, err)
		var refused *plan.RefusedError
		require.False(t, errors.As(err, &refused))
		assert.Equal(t, mysqlx.ClassPrivilege, mysqlx.Classify(err))
		assert.ErrorContains(t, err, "grant SELECT, CREATE")
	})
}
