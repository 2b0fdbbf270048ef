package backfill

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
)

// noPad is a binary collation under which trailing spaces count.
func noPad(e servers.Engine) string {
	if e == servers.MariaDB {
		return "utf8mb4_nopad_bin"
	}
	return "utf8mb4_0900_bin"
}

func TestEveryKindOfKey(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		cases := []struct {
			name    string
			columns []string // of the key, the first is `id`
			values  []string // SQL, one a row
		}{
			{"negative, zero and the ends of bigint", []string{"id BIGINT NOT NULL"},
				[]string{"-9223372036854775808", "-5", "0", "1", "9223372036854775807"}},
			{"zero in a numbered column", []string{"id INT NOT NULL AUTO_INCREMENT"}, []string{"0", "-1", "1", "2147483647"}},
			{"unsigned beyond 2^63", []string{"id BIGINT UNSIGNED NOT NULL"},
				[]string{"0", "1", "9223372036854775807", "9223372036854775808", "18446744073709551615"}},
			{"text without case", []string{"id VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NOT NULL"},
				[]string{"''", "'A'", "'b'", "'C'", "'ae'", "'zz z'", "'0xab'", `'\''`, `'\\'`, `'"'`, "'😀'"}},
			{"text by its bytes", []string{"id VARCHAR(20) CHARACTER SET utf8mb4 COLLATE " + noPad(s.Engine()) + " NOT NULL"},
				[]string{"'A'", "'a'", "'a '", "'a  '", "'ä'", "'ß'", "'ss'", "''"}},
			{"latin1 text", []string{"id VARCHAR(20) CHARACTER SET latin1 COLLATE latin1_bin NOT NULL"},
				[]string{"'a'", "'ä'", "'é'", "'ÿ'", "'Z'"}},
			{"a UUID as text", []string{"id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL"},
				[]string{"UUID()", "UUID()", "UUID()", "'00000000-0000-0000-0000-000000000000'"}},
			{"a UUID as bytes", []string{"id BINARY(16) NOT NULL"},
				[]string{"X'00000000000000000000000000000000'", "X'0100'", "X'FFEEDDCCBBAA99887766554433221100'", "'abc'"}},
			{"bytes", []string{"id VARBINARY(20) NOT NULL"}, []string{"X''", "X'00'", "X'0000'", "'0xab'", "X'AB'", "X'FF'", "X'5C27'"}},
			{"decimal", []string{"id DECIMAL(30,5) NOT NULL"},
				[]string{"-1234567890123456789012345.12345", "0", "0.00001", "1234567890123456789012345.12345",
					"1234567890123456789012345.12346", "1234567890123456789012345.12347"}},
			{"date", []string{"id DATE NOT NULL"}, []string{"'1000-01-01'", "'2024-02-29'", "'9999-12-31'"}},
			{"datetime", []string{"id DATETIME(6) NOT NULL"},
				[]string{"'1000-01-01 00:00:00'", "'2024-02-29 12:00:00.000001'", "'2024-02-29 12:00:00.000002'", "'9999-12-31 23:59:59.999999'"}},
			{"time", []string{"id TIME(3) NOT NULL"}, []string{"'-838:59:59'", "'00:00:00'", "'00:00:00.001'", "'838:59:59'"}},
			{"year", []string{"id YEAR NOT NULL"}, []string{"1901", "2000", "2155"}},
			{"integer and text", []string{"id INT NOT NULL", "part VARCHAR(10) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NOT NULL"},
				[]string{"1, 'a'", "1, 'B'", "1, 'c'", "2, ''", "2, 'a'", "-1, 'z'"}},
			{"bytes, date and unsigned", []string{"id VARBINARY(4) NOT NULL", "day DATE NOT NULL", "n BIGINT UNSIGNED NOT NULL"},
				[]string{"X'00', '2024-01-01', 1", "X'00', '2024-01-01', 18446744073709551615", "X'00', '2024-01-02', 0",
					"X'FF', '2024-01-01', 5", "X'', '2024-01-01', 5"}},
		}
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				f := newFixture(t, s, keyed(c.columns))
				f.exec(fmt.Sprintf("INSERT INTO src (%s, v) VALUES (%s)", strings.Join(keyNames(c.columns), ", "),
					strings.Join(c.values, ", 'v'), (")+", 'v'"))
				cfg := f.config()
				cfg.SpanRows, cfg.ChunkMax = 2, 1
				require.EqualValues(t, len(c.values), f.backfill(cfg).Rows)
				f.requireInStep(len(c.values))
				require.Equal(t, fmt.Sprint(len(c.values)), f.one("SELECT COUNT(*) FROM src JOIN dst ON dst.id = src.id AND HEX(dst.id) = HEX(src.id)"+
					andEqual(keyNames(c.columns)[1:])))
			})
		}
	})
}

// keyed is a table change with the given key.
func keyed(columns []string) declared {
	names := keyNames(columns)
	table := "(" + strings.Join(columns, ", ") + ", v VARCHAR(20) NULL, PRIMARY KEY (" + strings.Join(names, ", ") + "))"
	return declared{
		ddl:    []string{"CREATE TABLE src " + table, "CREATE TABLE dst " + table},
		source: "src", target: "dst", key: names,
		forward: [][2]string{{"v", "CONCAT({v}, '!')"}},
	}
}

func keyNames(columns []string) []string {
	out := make([]string, len(columns))
	for i, c := range columns {
		out[i], _, _ = strings.Cut(c, " ")
	}
	return out
}

func andEqual(names []string) string {
	out := ""
	for _, n := range names {
		out += fmt.Sprintf(" AND HEX(dst.%s) = HEX(src.%s)", n, n)
	}
	return out
}

func TestSmallTables(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		for _, rows := range []int{0, 1, 2, 7, 8} {
			t.Run(fmt.Sprint(rows, " rows"), func(t *testing.T) {
				t.Parallel()
				f := newFixture(t, s, copyOf)
				f.fillSource(rows)
				r := f.backfill(f.config())
				require.True(t, r.Complete())
				require.EqualValues(t, rows, r.Rows)
				f.requireInStep(rows)
			})
		}
	})
}

// A key whose letters change case is the same key to its collation and another
// to everybody who reads it.
func TestKeyThatDiffersInCaseOnly(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, keyed([]string{"id VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NOT NULL"}))
		f.exec("INSERT INTO src VALUES ('Anna', 'v'), ('Bob', 'v')")
		f.exec("INSERT INTO dst VALUES ('ANNA', 'v!'), ('Bob', 'v!')")
		r := f.verify(VerifyConfig{})
		require.EqualValues(t, 1, r.Different)
		require.Equal(t, []string{`"Anna"`}, r.Examples)
		f.backfill(f.config())
		f.requireInStep(2)
		require.Equal(t, "Anna", f.one("SELECT id FROM dst WHERE id = 'anna'"))
	})
}

func TestNullsAndEmptyStrings(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		f := newFixture(t, s, copyOf)
		f.exec("INSERT INTO src (id, a, b) VALUES (1, NULL, NULL), (2, '', 0), (3, ' ', -1), (4, NULL, 5)")
		f.exec("INSERT INTO dst (id, x, y) VALUES (1, '', NULL), (2, NULL, 1), (3, '', 0)")
		require.EqualValues(t, 3, f.verify(VerifyConfig{}).Different)
		f.backfill(f.config())
		f.requireInStep(4)
		require.Equal(t, "NULL", f.one("SELECT x FROM dst WHERE id = 1"))
		require.Equal(t, "", f.one("SELECT x FROM dst WHERE id = 2"))
		require.Equal(t, " ", f.one("SELECT x FROM dst WHERE id = 3"))
	})
}

func TestPartOfTheRows(t *testing.T) {
	t.Parallel()
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		c := copyOf
		c.where = "{b} >= 10"
		f := newFixture(t, s, c)
		f.fillSource(40)
		f.exec("INSERT INTO dst (id, x, y) VALUES (1, 'not chosen', 0)")
		require.True(t, f.backfill(f.config()).Complete())
		f.requireInStep(30)
		require.Equal(t, "30", f.one("SELECT COUNT(*) FROM dst"))
	})
}
