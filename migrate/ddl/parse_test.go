package ddl_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/migrate/ddl"
)

func TestParsePositions(t *testing.T) {
	text := "-- first\nALTER TABLE a ADD COLUMN x INT; /* é */ DROP TABLE b;\n\n  TRUNCATE `c``d`"
	list, err := ddl.Parse("up.sql", text)
	require.NoError(t, err)
	require.Len(t, list, 3)
	want := []struct {
		position ddl.Position
		text     string
		form     ddl.Form
		table    string
	}{
		{ddl.Position{Offset: 9, Line: 2, Column: 1}, "ALTER TABLE a ADD COLUMN x INT", ddl.AlterTable, "a"},
		{ddl.Position{Offset: 50, Line: 2, Column: 41}, "DROP TABLE b", ddl.DropTable, "b"},
		{ddl.Position{Offset: 67, Line: 4, Column: 3}, "TRUNCATE `c``d`", ddl.Truncate, "c`d"},
	}
	for i, w := range want {
		require.Equal(t, w.position, list[i].Position, w.text)
		require.Equal(t, w.text, list[i].Text)
		require.Equal(t, w.text, text[w.position.Offset:w.position.Offset+len(w.text)])
		require.Equal(t, w.form, list[i].Form)
		require.Equal(t, w.table, list[i].Table())
	}
}

func TestParseAccepts(t *testing.T) {
	long := "x23456789012345678901234567890123456789012345678901234567890abcd"
	for _, c := range []struct {
		name, text string
		count      int
	}{
		{"nothing", "", 0},
		{"comments only", "-- a\n# b\n/* c */ ;;", 0},
		{"quoted names", "ALTER TABLE `a``b` ADD COLUMN `select` INT, ADD COLUMN `a;b` INT", 1},
		{"64 characters", "ALTER TABLE `" + long + "` ADD COLUMN " + long + " INT", 1},
		{"not ASCII", "ALTER TABLE größe ADD COLUMN `名前` INT COMMENT '😀; /*! no comment */'", 1},
		{"strings", `ALTER TABLE t ADD COLUMN a VARCHAR(9) DEFAULT 'it''s; \' -- x', ADD COLUMN b VARCHAR(9) DEFAULT "a;b"`, 1},
		{"delimiter", "DELIMITER $$\nDROP TABLE a$$\nDROP TABLE b $$\nDELIMITER ;\nDROP TABLE c;", 3},
		{"lower case", "alter table t add column x int", 1},
		{"comment inside", "ALTER /* a */ TABLE t -- b\n ADD COLUMN x INT # c", 1},
		{"division", "ALTER TABLE t ADD COLUMN x INT AS (a - -1) VIRTUAL", 1},
		{"invisible", "ALTER TABLE t ADD COLUMN x INT INVISIBLE, ADD INDEX i (a) INVISIBLE", 1},
		{"column named like a word", "ALTER TABLE t ADD COLUMN `point` POINT AFTER `uuid`, ADD COLUMN point INT", 1},
		{"create", "CREATE TABLE t (id INT PRIMARY KEY, p POINT, u UUID INVISIBLE, SPATIAL INDEX (p))", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			list, err := ddl.Parse("test", c.text)
			require.NoError(t, err)
			require.Len(t, list, c.count)
			for _, s := range list {
				ops, err := ddl.Operations(&s)
				require.NoError(t, err)
				require.NotEmpty(t, ops)
			}
		})
	}
}

// refused are texts that are refused, with the place and a word of the reason.
var refused = []struct {
	text    string
	kind    error
	at      ddl.Position // Line and Column
	problem string
}{
	{"ALTER TABLE t\n ADD PERIOD FOR SYSTEM_TIME (a, b)", ddl.ErrRefused, ddl.Position{Line: 2, Column: 6}, "periods"},
	{"ALTER TABLE t ADD SYSTEM VERSIONING", ddl.ErrRefused, ddl.Position{Line: 1, Column: 15}, "system versioning"},
	{"ALTER TABLE t DROP SYSTEM VERSIONING", ddl.ErrRefused, ddl.Position{Line: 1, Column: 15}, "system versioning"},
	{"CREATE TABLE t (a INT) WITH SYSTEM VERSIONING", ddl.ErrRefused, ddl.Position{Line: 1, Column: 24}, "system versioning"},
	{"CREATE TABLE t (a INT) PARTITION BY SYSTEM_TIME", ddl.ErrRefused, ddl.Position{Line: 1, Column: 34}, "system versioning"},
	{"ALTER TABLE t ADD a INT WITHOUT SYSTEM VERSIONING", ddl.ErrRefused, ddl.Position{Line: 1, Column: 25}, "system versioning"},
	{"CREATE SEQUENCE s", ddl.ErrRefused, ddl.Position{Line: 1, Column: 1}, "sequences"},
	{"ALTER SEQUENCE s RESTART 50", ddl.ErrRefused, ddl.Position{Line: 1, Column: 1}, "sequences"},
	{"DROP SEQUENCE s", ddl.ErrRefused, ddl.Position{Line: 1, Column: 1}, "sequences"},
	{"ALTER ONLINE TABLE t ADD a INT", ddl.ErrRefused, ddl.Position{Line: 1, Column: 1}, "ONLINE"},
	{"ALTER IGNORE TABLE t ADD a INT", ddl.ErrRefused, ddl.Position{Line: 1, Column: 1}, "drops rows"},
	{"ALTER TABLE t NOWAIT ADD a INT", ddl.ErrRefused, ddl.Position{Line: 1, Column: 1}, "NOWAIT"},
	{"ALTER TABLE t WAIT 5 ADD a INT", ddl.ErrRefused, ddl.Position{Line: 1, Column: 1}, "WAIT"},
	{"ALTER TABLE IF EXISTS t ADD a INT", ddl.ErrRefused, ddl.Position{Line: 1, Column: 1}, "IF EXISTS"},
	{"ALTER TABLE t ADD COLUMN IF NOT EXISTS a INT", ddl.ErrRefused, ddl.Position{Line: 1, Column: 19}, "IF NOT EXISTS"},
	{"ALTER TABLE t ADD IF NOT EXISTS a INT", ddl.ErrRefused, ddl.Position{Line: 1, Column: 1}, "IF NOT EXISTS"},
	{"ALTER TABLE t DROP COLUMN IF EXISTS a", ddl.ErrRefused, ddl.Position{Line: 1, Column: 15}, "IF EXISTS"},
	{"ALTER TABLE t DROP CONSTRAINT IF EXISTS a", ddl.ErrRefused, ddl.Position{Line: 1, Column: 15}, "IF EXISTS"},
	{"ALTER TABLE t ADD INDEX IF NOT EXISTS i (a)", ddl.ErrRefused, ddl.Position{Line: 1, Column: 19}, "IF NOT EXISTS"},
	{"DROP TABLE IF EXISTS t", ddl.ErrRefused, ddl.Position{Line: 1, Column: 1}, "IF EXISTS"},
	{"ALTER TABLE t ADD a INT, ALGORITHM=NOCOPY", ddl.ErrRefused, ddl.Position{Line: 1, Column: 26}, "ALGORITHM"},
	{"ALTER TABLE t ADD a INT, LOCK NONE", ddl.ErrRefused, ddl.Position{Line: 1, Column: 1}, "not handled"},
	{"CREATE INDEX i ON t (a) LOCK=NONE", ddl.ErrRefused, ddl.Position{Line: 1, Column: 25}, "LOCK"},
	{"ALTER TABLE t CONVERT PARTITION p TO TABLE x", ddl.ErrRefused, ddl.Position{Line: 1, Column: 15}, "CONVERT PARTITION"},
	{"CREATE OR REPLACE TABLE t (a INT)", ddl.ErrRefused, ddl.Position{Line: 1, Column: 1}, "with its rows"},
	{"CREATE TEMPORARY TABLE t (a INT)", ddl.ErrRefused, ddl.Position{Line: 1, Column: 1}, "temporary"},
	{"CREATE TABLE t AS SELECT 1", ddl.ErrRefused, ddl.Position{Line: 1, Column: 1}, "AS SELECT"},
	{"CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1", ddl.ErrRefused, ddl.Position{Line: 1, Column: 1}, "triggers"},
	{"ALTER TABLE t ADD a POINT SRID 4326", ddl.ErrRefused, ddl.Position{Line: 1, Column: 27}, "SRID"},
	{"ALTER TABLE t ADD a INT REFERENCES p (id)", ddl.ErrRefused, ddl.Position{Line: 1, Column: 1}, "REFERENCES"},
	{"ALTER TABLE t ADD a INT AUTO_RANDOM", ddl.ErrRefused, ddl.Position{Line: 1, Column: 1}, "not handled"},
	{"ALTER TABLE t SET TIFLASH REPLICA 1", ddl.ErrRefused, ddl.Position{Line: 1, Column: 1}, "not handled"},
	{"ALTER TABLE t CHECKSUM=1", ddl.ErrRefused, ddl.Position{Line: 1, Column: 1}, "not handled"},
	{"ALTER TABLE t DISCARD TABLESPACE", ddl.ErrRefused, ddl.Position{Line: 1, Column: 1}, "not handled"},
	{"ALTER TABLE t", ddl.ErrRefused, ddl.Position{Line: 1, Column: 1}, "changes nothing"},
	{"ALTER TABLE other.t ADD a INT", ddl.ErrRefused, ddl.Position{Line: 1, Column: 1}, "names the database other"},
	{"RENAME TABLE t TO other.t", ddl.ErrRefused, ddl.Position{Line: 1, Column: 1}, "names the database other"},
	{"SELECT 1", ddl.ErrRefused, ddl.Position{Line: 1, Column: 1}, "SELECT is not DDL"},
	{"DELETE FROM t", ddl.ErrRefused, ddl.Position{Line: 1, Column: 1}, "DELETE is not DDL"},
	{"CREATE DATABASE d", ddl.ErrRefused, ddl.Position{Line: 1, Column: 1}, "CREATE DATABASE is not DDL"},
	{"DROP TABLE a;\nSET @a = 1", ddl.ErrRefused, ddl.Position{Line: 2, Column: 1}, "SET is not DDL"},
	{"DROP TABLE a;\n/*!50100 DROP TABLE b */", ddl.ErrRefused, ddl.Position{Line: 2, Column: 1}, "/*!"},
	{"ALTER TABLE t ADD a INT /*!80023 INVISIBLE */", ddl.ErrRefused, ddl.Position{Line: 1, Column: 25}, "/*!"},
	{"ALTER TABLE t ADD a INT /*M! INVISIBLE */, ADD b INT", ddl.ErrRefused, ddl.Position{Line: 1, Column: 25}, "/*M!"},
	{"/*!40101 */ ALTER TABLE t ADD a INT", ddl.ErrRefused, ddl.Position{Line: 1, Column: 1}, "/*!"},
	{"CREATE /*+ x */ TABLE t (a INT)", ddl.ErrRefused, ddl.Position{Line: 1, Column: 8}, "/*+"},
	{"DROP TABLE a;\n  ALTER TABLE t ADD COLUMN a INT WITH", ddl.ErrSyntax, ddl.Position{Line: 2, Column: 34}, "WITH"},
	{"ALTER TABLE t ADD COLUMN a INT COMPRESSED", ddl.ErrSyntax, ddl.Position{Line: 1, Column: 32}, "COMPRESSED"},
	{"ALTER TABLE t ADD COLUMN a", ddl.ErrSyntax, ddl.Position{Line: 1, Column: 27}, "too early"},
	{"DROP TABLE 'a", ddl.ErrSyntax, ddl.Position{Line: 1, Column: 12}, "quote"},
	{"DROP TABLE a; /* b", ddl.ErrSyntax, ddl.Position{Line: 1, Column: 15}, "comment"},
	{"DROP TABLE \xff", ddl.ErrSyntax, ddl.Position{Line: 1, Column: 12}, "UTF-8"},
	{"DROP TABLE a\x00", ddl.ErrSyntax, ddl.Position{Line: 1, Column: 13}, "NUL"},
	{"\ufeffDROP TABLE a", ddl.ErrSyntax, ddl.Position{Line: 1, Column: 1}, "byte order mark"},
	{"DELIMITER\nDROP TABLE a", ddl.ErrSyntax, ddl.Position{Line: 1, Column: 1}, "DELIMITER"},
	{"DELIMITER $$\nDROP TABLE a; DROP TABLE b$$", ddl.ErrRefused, ddl.Position{Line: 2, Column: 1}, "2 statements"},
}

func TestParseRefuses(t *testing.T) {
	for _, c := range refused {
		t.Run(c.text, func(t *testing.T) {
			_, err := ddl.Parse("up.sql", c.text)
			require.Error(t, err)
			var bad *ddl.SyntaxError
			require.ErrorAs(t, err, &bad)
			require.ErrorIs(t, err, c.kind, "%v", err)
			require.ErrorContains(t, err, c.problem)
			require.Equal(t, c.at.Line, bad.Position.Line, "%v", err)
			require.Equal(t, c.at.Column, bad.Position.Column, "%v", err)
		})
	}
}

// statements returns a text of so many statements of several forms.
func statements(n int) string {
	var text []byte
	for i := range n {
		text = fmt.Appendf(text, "ALTER TABLE `orders_%d` ADD COLUMN note_%d VARCHAR(100) NOT NULL DEFAULT 'x;y' COMMENT 'n' AFTER id, ADD INDEX i (a, b);\n", i, i)
	}
	return string(text)
}

func TestParseMany(t *testing.T) {
	const many = 10_000
	list, err := ddl.Parse("many.sql", statements(many))
	require.NoError(t, err)
	require.Len(t, list, many)
	require.Equal(t, many, list[many-1].Position.Line)
}

// BenchmarkParse parses 1 000 statements; the figure is milliseconds for them.
func BenchmarkParse(b *testing.B) {
	text := statements(1000)
	for b.Loop() {
		if _, err := ddl.Parse("bench.sql", text); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(time.Millisecond), "ms/1000")
}

// FuzzParse: no text makes Parse panic, and what it accepts is understood: it
// has operations, stands where it says, and parses alone to the same.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/operations/*.sql")
	require.NoError(f, err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(f, err)
		f.Add(string(text))
	}
	for _, x := range fixtures {
		f.Add(x.sql)
	}
	f.Add("DELIMITER $$\nDROP TABLE `a``b`$$ /*! x */")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := ddl.Parse("fuzz", text)
		if err != nil {
			var bad *ddl.SyntaxError
			if !errors.As(err, &bad) || bad.Position.Line < 1 || bad.Position.Column < 1 || bad.Position.Offset > len(text) {
				t.Fatalf("no place in %v", err)
			}
			return
		}
		for _, s := range list {
			if text[s.Position.Offset:s.Position.Offset+len(s.Text)] != s.Text {
				t.Fatalf("%q does not stand at %v", s.Text, s.Position)
			}
			ops, err := ddl.Operations(&s)
			if err != nil || len(ops) == 0 {
				t.Fatalf("%q: %v", s.Text, err)
			}
		}
	})
}
