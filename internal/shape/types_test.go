package shape

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/migrate"
)

// Values of each type, as SQL. Any two of one list are different data; each is
// in step with itself and with no other. The servers may compare some of them
// as equal.
func TestValuesAreComparedAsTheyAreStored(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		ci := " CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci"
		cases := []struct {
			column string
			values []string
		}{
			{"TINYINT", []string{"-128", "0", "1", "127"}},
			{"TINYINT UNSIGNED", []string{"0", "1", "255"}},
			{"SMALLINT", []string{"-32768", "32767"}},
			{"MEDIUMINT", []string{"-8388608", "8388607"}},
			{"INT UNSIGNED", []string{"0", "4294967295"}},
			{"BIGINT", []string{"-9223372036854775808", "9223372036854775807", "9223372036854775806"}},
			{"BIGINT UNSIGNED", []string{"0", "18446744073709551615", "18446744073709551614"}},
			{"YEAR", []string{"1901", "2024", "2155"}},
			{"DECIMAL(30,10)", []string{"12345678901234567890.1234567890", "12345678901234567890.1234567891", "0", "-1"}},
			{"DECIMAL(5)", []string{"99999", "-99999"}},
			{"DOUBLE", []string{"0.1", "0.1 + 2e-17", "1e308", "5e-324", "-1e308"}},
			{"CHAR(10)" + ci, []string{"'a'", "'A'", "'ä'", "''", "' a'", "'ß'", "'ss'"}},
			{"CHAR(10) CHARACTER SET latin1", []string{"'a'", "'A'", "'ä'", "'é'", "'e'"}},
			{"VARCHAR(10)" + ci, []string{"'a'", "'A'", "'a '", "'a  '", "''", "' '", "'ä'", "'😀'", "'ß'", "'ss'"}},
			{"VARCHAR(10) CHARACTER SET latin1", []string{"'a'", "'A'", "'ä'", "'ÿ'", "'a '"}},
			{"VARCHAR(10) CHARACTER SET ascii", []string{"'a'", "'A'", "'a '"}},
			{"TEXT" + ci, []string{"'a'", "'A'", "'a '", "REPEAT('x', 10000)", "CONCAT(REPEAT('x', 9999), 'X')"}},
			{"BINARY(4)", []string{"X'00000000'", "X'01'", "'a'", "'A'"}},
			{"BINARY(16)", []string{"X'00112233445566778899AABBCCDDEEFF'", "X'00112233445566778899AABBCCDDEE00'", "X''"}},
			{"VARBINARY(10)", []string{"X''", "X'00'", "X'0000'", "'a'", "'A'", "X'FF'"}},
			{"BLOB", []string{"X''", "X'00'", "'a'", "'A'", "REPEAT('x', 10000)"}},
			{"DATE", []string{"'1000-01-01'", "'2024-02-29'", "'9999-12-31'"}},
			{"DATETIME", []string{"'2024-02-29 00:00:00'", "'2024-02-29 00:00:01'"}},
			{"DATETIME(6)", []string{"'2024-02-29 00:00:00'", "'2024-02-29 00:00:00.000001'", "'9999-12-31 23:59:59.999999'"}},
			{"TIMESTAMP(6) NULL", []string{"'1970-01-01 00:00:01'", "'2024-02-29 00:00:00.000001'", "'2038-01-19 03:14:07.999999'"}},
			{"TIME(3)", []string{"'-838:59:59'", "'00:00:00.001'", "'838:59:59'", "'00:00:00'"}},
		}
		if s.Engine() == servers.MySQL {
			cases = append(cases, struct {
				column string
				values []string
			}{"JSON", []string{`'{"a": 1}'`, `'{"a": "1"}'`, `'{"A": 1}'`, `'[]'`, `'null'`}})
		}
		for _, c := range cases {
			t.Run(c.column, func(t *testing.T) {
				t.Parallel()
				db := open(t, s)
				plain(t, db, "CREATE TABLE src (id INT PRIMARY KEY, v "+c.column+")", "CREATE TABLE dst LIKE src")
				column := migrate.Column{Name: "v"}
				require.NoError(t, db.QueryRowContext(t.Context(), `SELECT LOWER(DATA_TYPE), COLUMN_TYPE, COALESCE(CHARACTER_SET_NAME, ''), COALESCE(COLLATION_NAME, '')
					FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'src' AND COLUMN_NAME = 'v'`).
					Scan(&column.DataType, &column.ColumnType, &column.Charset, &column.Collation))
				m := identity(t, column)
				values := slices.Concat(c.values, []string{"NULL"})
				for i, v := range values {
					plain(t, db, fmt.Sprintf("INSERT INTO src VALUES (%d, %s)", i, v))
				}
				run(t, db, m.Reconcile(Forward, migrate.StepExact, Range(nil, nil))...)
				require.Equal(t, Counts{Compared: uint64(len(values))}, compare(t, db, m, migrate.StepExact, Range(nil, nil)), "each is in step with its copy")
				// Every value against every other.
				for i := range values {
					plain(t, db, fmt.Sprintf("UPDATE dst SET v = (SELECT v FROM src WHERE src.id = %d)", i))
					want := Counts{Compared: uint64(len(values)), Different: uint64(len(values) - 1)}
					require.Equal(t, want, compare(t, db, m, migrate.StepExact, Range(nil, nil)), "all have %s", values[i])
				}
				run(t, db, m.Reconcile(Forward, migrate.StepExact, Range(nil, nil))...)
				require.Equal(t, Counts{Compared: uint64(len(values))}, compare(t, db, m, migrate.StepExact, Range(nil, nil)), "and can be brought back")
				require.Zero(t, run(t, db, m.Reconcile(Forward, migrate.StepExact, Range(nil, nil))...))
			})
		}
	})
}

func identity(t testing.TB, column migrate.Column) *Mapper {
	t.Helper()
	key := []migrate.Column{text("id", "int")}
	m, err := New("same", migrate.Mapping{
		Source:   migrate.Table{Name: "src", Key: key, Columns: []migrate.Column{column}},
		Target:   migrate.Table{Name: "dst", Key: key, Columns: []migrate.Column{column}},
		Forward:  []migrate.Assignment{{Column: "v", Value: ref("v")}},
		Backward: []migrate.Assignment{{Column: "v", Value: ref("v")}},
	})
	require.NoError(t, err)
	return m
}

// Conversions that change what is stored show: the comparison is with what
// storing the expression leaves, not with the expression.
func TestConversionsAreComparedAfterThey(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		for _, c := range []struct{ name, from, to, value string }{
			{"latin1 to utf8mb4", "VARCHAR(20) CHARACTER SET latin1", "VARCHAR(20) CHARACTER SET utf8mb4", "'Müller ÿ'"},
			{"utf8mb4 to latin1", "VARCHAR(20) CHARACTER SET utf8mb4", "VARCHAR(20) CHARACTER SET latin1", "'Müller'"},
			{"varchar to char", "VARCHAR(20) CHARACTER SET utf8mb4", "CHAR(20) CHARACTER SET utf8mb4", "'trailing   '"},
			{"varbinary to binary", "VARBINARY(20)", "BINARY(20)", "X'0102'"},
			{"microseconds rounded", "DATETIME(6)", "DATETIME", "'2024-01-01 00:00:00.600000'"},
			{"decimal rounded", "DECIMAL(10,4)", "DECIMAL(10,2)", "1.2350"},
			{"int to text", "INT", "VARCHAR(20) CHARACTER SET utf8mb4", "-17"},
			{"text to int", "VARCHAR(20) CHARACTER SET utf8mb4", "INT", "'42'"},
			{"enum to enum of another order", "ENUM('x','y')", "ENUM('z','y','x')", "'x'"},
			{"enum to text", "ENUM('x','y')", "VARCHAR(5) CHARACTER SET utf8mb4", "'y'"},
			{"text to enum", "VARCHAR(5) CHARACTER SET utf8mb4", "ENUM('x','y')", "'y'"},
			{"set to longer set", "SET('x','y')", "SET('x','y','z')", "'y,x'"},
			{"float to double", "FLOAT", "DOUBLE", "0.1"},
			{"double to float", "DOUBLE", "FLOAT", "0.1"},
			{"bit to int", "BIT(8)", "INT", "200"},
			{"int to bit", "INT", "BIT(8)", "200"},
		} {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				db := open(t, s)
				plain(t, db, "CREATE TABLE src (id INT PRIMARY KEY, v "+c.from+")", "CREATE TABLE dst (id INT PRIMARY KEY, v "+c.to+")",
					"INSERT INTO src VALUES (1, "+c.value+"), (2, NULL)")
				column := migrate.Column{Name: "v"}
				require.NoError(t, db.QueryRowContext(t.Context(), `SELECT LOWER(DATA_TYPE), COLUMN_TYPE, COALESCE(CHARACTER_SET_NAME, ''), COALESCE(COLLATION_NAME, '')
					FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'dst' AND COLUMN_NAME = 'v'`).
					Scan(&column.DataType, &column.ColumnType, &column.Charset, &column.Collation))
				key := []migrate.Column{text("id", "int")}
				m, err := New("c", migrate.Mapping{
					Source:  migrate.Table{Name: "src", Key: key, Columns: []migrate.Column{column}},
					Target:  migrate.Table{Name: "dst", Key: key, Columns: []migrate.Column{column}},
					Forward: []migrate.Assignment{{Column: "v", Value: ref("v")}},
				})
				require.NoError(t, err)
				require.EqualValues(t, 2, run(t, db, m.Reconcile(Forward, migrate.StepExact, Range(nil, nil))...))
				require.Equal(t, Counts{Compared: 2}, compare(t, db, m, migrate.StepExact, Range(nil, nil)))
				require.Zero(t, run(t, db, m.Reconcile(Forward, migrate.StepExact, Range(nil, nil))...))
			})
		}
	})
}

// MySQL calls 1 and 1.0 equal inside a document, so much so that an UPDATE from
// the one to the other does nothing. The comparison tells them apart.
func TestNumbersInsideJSON(t *testing.T) {
	t.Parallel()
	db := open(t, servers.ForTest(t, servers.MySQL))
	plain(t, db, "CREATE TABLE src (id INT PRIMARY KEY, v JSON)", "CREATE TABLE dst LIKE src",
		`INSERT INTO src VALUES (1, '{"a": 1}')`, `INSERT INTO dst VALUES (1, '{"a": 1.0}')`)
	m := identity(t, migrate.Column{Name: "v", DataType: "json", ColumnType: "json"})
	require.Equal(t, Counts{Compared: 1, Different: 1}, compare(t, db, m, migrate.StepExact, Range(nil, nil)))
}
