package plan_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/migrate/plan"
)

// identities are values of every supported type. Copied to a column of the
// same type, each fits and comes back as it was.
var identities = map[string][]string{
	"TINYINT":                         {"-128", "127", "0"},
	"SMALLINT UNSIGNED":               {"0", "65535"},
	"MEDIUMINT":                       {"-8388608", "8388607"},
	"INT UNSIGNED":                    {"4294967295"},
	"BIGINT":                          {"-9223372036854775808", "9223372036854775807", "9007199254740993"},
	"BIGINT UNSIGNED":                 {"18446744073709551615"},
	"DECIMAL(10,2)":                   {"-99999999.99", "0.01"},
	"DECIMAL(5,5) UNSIGNED":           {"0.99999"},
	"DECIMAL(30,0)":                   {"999999999999999999999999999999"},
	"DOUBLE":                          {"1e300", "-0.1", "1.7976931348623157e308", "5e-324", "0.30000000000000004"},
	"CHAR(5)":                         {"'abc'", "''", "'äöü'"},
	"VARCHAR(5)":                      {"'a b  '", "'日本語語語'"},
	"VARCHAR(5) CHARACTER SET latin1": {"'é'", "'ÿ'"},
	"TINYTEXT":                        {"REPEAT('x', 255)"},
	"TEXT":                            {"'ж'", "REPEAT('x', 65535)"},
	"MEDIUMTEXT":                      {"'x'"},
	"LONGTEXT":                        {"'x'"},
	"BINARY(4)":                       {"x'00ff0000'", "x'01'"},
	"VARBINARY(300)":                  {"x'00ff00'", "REPEAT('x', 300)", "''"},
	"BLOB":                            {"x'ff00'"},
	"LONGBLOB":                        {"x'c3'"},
	"DATE":                            {"'1000-01-01'", "'9999-12-31'", "'2024-02-29'"},
	"DATETIME":                        {"'9999-12-31 23:59:59'"},
	"DATETIME(6)":                     {"'2024-01-01 00:00:00.000001'"},
	"TIMESTAMP(3)":                    {"'1970-01-02 00:00:01.001'", "'2037-12-31 23:59:59'"},
	"TIME(3)":                         {"'-838:59:59'", "'00:00:00.123'"},
	"YEAR":                            {"1901", "2155", "0"},
	"FLOAT":                           {"0.1", "3.4028234e38", "1.4e-45", "16777217e0"},
	"BIT(5)":                          {"b'10101'", "0"},
	"BIT(64)":                         {"18446744073709551615"},
	"ENUM('b','a','it''s')":           {"'b'", "'it''s'"},
	"SET('b','a','c')":                {"'c,b'", "''"},
	"JSON":                            {`'{"a": [1, 2.5, "x", null]}'`, "'[]'"},
}

func TestEveryTypeIsItself(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		for typ, values := range identities {
			t.Run(strings.Fields(typ)[0], func(t *testing.T) {
				db := open(t, s, fmt.Sprintf("CREATE TABLE t (id INT NOT NULL PRIMARY KEY, a %s NULL) DEFAULT CHARSET utf8mb4", typ))
				for i, v := range append(values, "NULL") {
					run(t, db, fmt.Sprintf("INSERT INTO t VALUES (%d, %s)", i, v))
				}
				change := column(fmt.Sprintf("ALTER TABLE t ADD COLUMN b %s NULL", typ), "b: a", "a: b", dropA)
				p, err := plan.Build(t.Context(), db, parse(t, change), plan.Options{})
				require.NoError(t, err)
				assert.Equal(t, len(values)+1, p.Sample.Rows)
				assert.Empty(t, p.Sample.Misfits)
				assert.Zero(t, p.Sample.Source.Changed, "%+v", p.Sample.Source)
				assert.Zero(t, p.Sample.Target.Changed)
				assert.Empty(t, p.Findings)
			})
		}
	})
}

// conversions are expressions whose fit the sampler has to judge as a strict
// INSERT does, which the test asks.
var conversions = []struct{ typ, value string }{
	{"TINYINT", "'127.4'"}, {"TINYINT", "127.5"}, {"TINYINT", "'1e2'"}, {"TINYINT", "'1e3'"}, {"TINYINT", "''"},
	{"INT UNSIGNED", "-1"}, {"INT UNSIGNED", "'4294967295'"}, {"BIGINT UNSIGNED", "18446744073709551616"},
	{"DECIMAL(4,2)", "99.99"}, {"DECIMAL(4,2)", "99.995"}, {"DECIMAL(4,2)", "100"}, {"DECIMAL(4,2) UNSIGNED", "-0.5"},
	{"DOUBLE", "'1.5'"}, {"DOUBLE", "'x'"},
	{"VARCHAR(3)", "'abc'"}, {"VARCHAR(3)", "'abcd'"}, {"VARCHAR(3)", "12345"}, {"VARCHAR(3)", "'äöü'"},
	{"CHAR(3)", "'äöüß'"}, {"VARCHAR(3) CHARACTER SET latin1", "'ж'"}, {"VARCHAR(3) CHARACTER SET ascii", "'é'"},
	{"TINYTEXT", "REPEAT('ä', 127)"}, {"TINYTEXT", "REPEAT('ä', 128)"},
	{"BINARY(2)", "'ä'"}, {"BINARY(2)", "'äb'"}, {"VARBINARY(2)", "'abc'"}, {"TINYBLOB", "REPEAT('x', 256)"},
	{"DATE", "'2023-02-29'"}, {"DATE", "'2024-02-29'"}, {"DATETIME", "'2024-01-01 25:00:00'"}, {"DATETIME", "'2024-01-01'"},
	{"TIME", "'12:60:00'"}, {"TIME", "'12:59:00'"}, {"YEAR", "1900"}, {"YEAR", "2155"},
	{"FLOAT", "'1.5'"}, {"FLOAT", "'1e38'"}, {"FLOAT", "'1e39'"}, {"FLOAT", "'x'"}, {"BIT(3)", "7"}, {"BIT(3)", "8"},
	{"ENUM('x','y')", "'y'"}, {"ENUM('x','y')", "'z'"}, {"SET('x','y')", "'x,y'"}, {"SET('x','y')", "'x,z'"}, {"SET('x','y')", "''"},
}

func TestFitsAsInsertDoes(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		for i, c := range conversions {
			t.Run(fmt.Sprintf("%d_%s", i, strings.Fields(c.typ)[0]), func(t *testing.T) {
				db := open(t, s, "CREATE TABLE t (id INT NOT NULL PRIMARY KEY, a VARCHAR(300) NULL, n DECIMAL(30,5) NULL) DEFAULT CHARSET utf8mb4",
					fmt.Sprintf("CREATE TABLE probe (b %s NULL) DEFAULT CHARSET utf8mb4", c.typ))
				from := "n"
				if strings.ContainsAny(c.value, "'") {
					from = "a"
				}
				run(t, db, fmt.Sprintf("INSERT INTO t (id, %s) VALUES (1, %s)", from, c.value))
				// Not INSERT … SELECT: MariaDB 10.11 stores an empty TINYTEXT for a
				// column value of 256 bytes that way, without an error.
				_, insert := db.ExecContext(t.Context(), "INSERT INTO probe VALUES ("+c.value+")")
				change := column(fmt.Sprintf("ALTER TABLE t ADD COLUMN b %s NULL", c.typ), "b: "+from, from+": b", "")
				_, err := plan.Build(t.Context(), db, parse(t, change), plan.Options{})
				if insert == nil {
					require.NoError(t, err)
					return
				}
				requireCode(t, err, plan.CodeForwardMisfit)
			})
		}
	})
}

// A string column that is assigned as it is to a shorter TEXT or BLOB must not
// be cut in silence, as MariaDB 10.11 does.
func TestLongStringsAreNotCut(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		for _, c := range []struct{ from, to, length string }{
			{"VARCHAR(300)", "TINYTEXT", "256"}, {"TEXT", "TINYTEXT", "300"}, {"MEDIUMTEXT", "TEXT", "65536"},
			{"MEDIUMBLOB", "BLOB", "65540"}, {"VARBINARY(300)", "TINYBLOB", "260"},
			{"TINYTEXT CHARACTER SET latin1", "TINYTEXT", "255"},
		} {
			db := open(t, s, "CREATE TABLE t (id INT NOT NULL PRIMARY KEY, a "+c.from+" NULL) DEFAULT CHARSET utf8mb4")
			change := column("ALTER TABLE t ADD COLUMN b "+c.to+" NULL", "b: (a)", "a: b", "")
			p, err := plan.Build(t.Context(), db, parse(t, change), plan.Options{})
			require.NoError(t, err)
			value := "CONVERT(x'c3a4' USING utf8mb4)"
			if strings.Contains(c.from, "BLOB") || strings.Contains(c.from, "BINARY") {
				value = "'x'"
			}
			run(t, db, p.Expand[0].SQL, fmt.Sprintf("INSERT INTO t (id, a) VALUES (1, REPEAT(%s, %s DIV LENGTH(%s) + IF('%s' LIKE '%%latin1', 120, 0)))", value, c.length, value, c.from))
			_, err = db.ExecContext(t.Context(), "UPDATE t AS r SET b = "+p.Change.Mapping.Forward[0].Value.Over("r"))
			require.Error(t, err, "%s to %s: %s", c.from, c.to, p.Change.Mapping.Forward[0].Value)
			_, err = plan.Build(t.Context(), db, parse(t, change), plan.Options{})
			requireCode(t, err, plan.CodeForwardMisfit)
		}
	})
}
