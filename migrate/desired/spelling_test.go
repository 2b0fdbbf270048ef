package desired_test

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/migrate/desired"
)

// choice is a part of a table: spellings that mean the same, and what means
// something else.
type choice struct {
	same, other []string
}

// columns are definitions of a column, without its name.
var columns = []choice{
	{[]string{"INT NULL", "integer", "int(11) default null", "Int Signed Null Default Null"}, []string{"INT NOT NULL", "BIGINT", "INT UNSIGNED", "INT DEFAULT 0", "INT COMMENT 'x'", "INT ZEROFILL", "MEDIUMINT"}},
	{[]string{"BIGINT UNSIGNED NOT NULL DEFAULT 7", "bigint(20) unsigned default '7' not null", "Int8 Unsigned Default 7 Not Null"}, []string{"BIGINT NOT NULL DEFAULT 7", "BIGINT UNSIGNED NOT NULL", "BIGINT UNSIGNED NOT NULL DEFAULT 8", "BIGINT UNSIGNED DEFAULT 7"}},
	{[]string{"TINYINT(1) NOT NULL DEFAULT 1", "bool not null default true", "boolean default '1' not null"}, []string{"TINYINT(1) NOT NULL DEFAULT 0", "SMALLINT NOT NULL DEFAULT 1"}},
	{[]string{"DECIMAL(10,0) NULL", "numeric", "dec(10)", "fixed(10, 0) null"}, []string{"DECIMAL(10,1)", "DECIMAL(11)", "DECIMAL(10) UNSIGNED"}},
	{[]string{"DOUBLE NULL", "double precision", "real default null", "float8", "float(30)"}, []string{"FLOAT", "DOUBLE(9,2)", "DOUBLE NOT NULL"}},
	{[]string{"FLOAT NOT NULL DEFAULT 1.5", "float4 default '1.5' not null", "float(20) not null default 1.50"}, []string{"FLOAT NOT NULL DEFAULT 1.25", "DOUBLE NOT NULL DEFAULT 1.5"}},
	{[]string{"VARCHAR(40) NULL", "character varying(40)", "varcharacter(40) default null"}, []string{"VARCHAR(41)", "CHAR(40)", "VARCHAR(40) COLLATE utf8mb4_bin", "VARCHAR(40) CHARACTER SET latin1", "VARBINARY(40)", "VARCHAR(40) DEFAULT ''", "VARCHAR(40) DEFAULT 'NULL'", "NVARCHAR(40)", "NATIONAL VARCHAR(40)", "VARCHAR(40) BINARY", "VARCHAR(40) ASCII", "VARCHAR(40) UNICODE"}},
	{[]string{"CHAR(3) NOT NULL DEFAULT 'a'", "character(3) default 'a' not null", `char(3) not null default "a"`, "char(3) default _utf8mb4'a' not null"}, []string{"CHAR(3) NOT NULL DEFAULT 'A'", "CHAR(3) NOT NULL DEFAULT ''", "CHAR(4) NOT NULL DEFAULT 'a'", "NCHAR(3) NOT NULL DEFAULT 'a'", "BINARY(3) NOT NULL DEFAULT 'a'"}},
	{[]string{`VARCHAR(20) COLLATE utf8mb4_bin DEFAULT 'it''s\\'`, `varchar(20) character set utf8mb4 collate utf8mb4_bin default "it's\\"`}, []string{`VARCHAR(20) DEFAULT 'it''s\\'`, `VARCHAR(20) COLLATE utf8mb4_bin DEFAULT 'its\\'`, `VARCHAR(20) COLLATE utf8mb4_bin DEFAULT 'it''s\\n'`, `VARCHAR(20) CHARACTER SET latin1 COLLATE latin1_bin DEFAULT 'it''s\\'`}},
	{[]string{"TEXT", "text null", "text(16000)", "text default null"}, []string{"TEXT NOT NULL", "MEDIUMTEXT", "text(70000)", "TINYTEXT", "TEXT CHARACTER SET ascii", "BLOB"}},
	{[]string{"MEDIUMTEXT", "long varchar", "mediumtext null"}, []string{"LONGTEXT", "TEXT", "MEDIUMBLOB"}},
	{[]string{"ENUM('a','b''c','D') NULL", `enum("a", 'b''c', 'D')`}, []string{"ENUM('a','D','b''c')", "ENUM('a','b''c')", "ENUM('a','b''c','d')", "ENUM('a','b''c','D') DEFAULT 'a'", "SET('a','b''c','D')"}},
	{[]string{"SET('x','y') NOT NULL DEFAULT 'x'", "set('x', 'y') default 'x' not null"}, []string{"SET('x','y') NOT NULL DEFAULT 'x,y'", "SET('x','y','z') NOT NULL DEFAULT 'x'"}},
	{[]string{"BIT(1) NULL", "bit", "bit default null"}, []string{"BIT(2)", "BIT(1) DEFAULT b'1'", "BIT NOT NULL"}},
	{[]string{"BIT(8) NOT NULL DEFAULT b'101'", "bit(8) default b'00000101' not null"}, []string{"BIT(8) NOT NULL DEFAULT b'100'"}},
	{[]string{"DATETIME(3) NULL DEFAULT CURRENT_TIMESTAMP(3)", "datetime(3) default now(3)"}, []string{"DATETIME(3)", "DATETIME DEFAULT CURRENT_TIMESTAMP", "DATETIME(3) DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3)", "DATETIME(6) DEFAULT CURRENT_TIMESTAMP(6)"}},
	{[]string{"TIMESTAMP NULL DEFAULT NULL", "timestamp null"}, []string{"TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP", "TIMESTAMP NULL ON UPDATE CURRENT_TIMESTAMP", "DATETIME NULL", "TIMESTAMP(1) NULL"}},
	{[]string{"DATE NOT NULL DEFAULT '2020-01-02'", "date default '2020-01-02' not null"}, []string{"DATE NOT NULL DEFAULT '2020-01-03'", "DATETIME NOT NULL DEFAULT '2020-01-02'"}},
	{[]string{"JSON NULL", "json default null"}, []string{"LONGTEXT", "JSON NOT NULL"}},
	{[]string{"INT(6) UNSIGNED ZEROFILL NULL", "int(6) zerofill"}, []string{"INT UNSIGNED", "INT(7) ZEROFILL", "INT(6) ZEROFILL NOT NULL DEFAULT 3"}},
	{[]string{"YEAR NULL", "year(4)"}, []string{"YEAR NOT NULL", "SMALLINT"}},
	{[]string{"VARBINARY(5) NULL", "varbinary(5) default null"}, []string{"BINARY(5)", "VARBINARY(6)", "VARBINARY(5) DEFAULT 'a'", "VARCHAR(5)"}},
	{[]string{"BLOB", "blob(300) null"}, []string{"TINYBLOB", "TEXT", "BLOB NOT NULL"}},
	{[]string{"INT GENERATED ALWAYS AS (id + 1) VIRTUAL", "int as (`id`+1)", "integer as ( id  + 1 ) virtual"}, []string{"INT AS (id + 2)", "INT AS (id + 1) STORED", "BIGINT AS (id + 1)", "INT"}},
	{[]string{"INT NOT NULL COMMENT 'AUTO_INCREMENT=5, see\\n) ENGINE'", `integer not null comment "AUTO_INCREMENT=5, see\n) ENGINE"`}, []string{"INT NOT NULL COMMENT 'AUTO_INCREMENT=6, see\\n) ENGINE'", "INT NOT NULL COMMENT 'AUTO_INCREMENT=5, see ) ENGINE'"}},
}

// indexes are on the columns a and b, which every table has.
var indexes = []choice{
	{[]string{"KEY i (a)", "index i (a asc)", "Key `i` using btree (`a`)"}, []string{"UNIQUE KEY i (a)", "KEY i (b)", "KEY i (a, b)", "KEY j (a)", "KEY i (a DESC)", "KEY i (a) COMMENT 'x'"}},
	{[]string{"UNIQUE KEY u (b, a)", "unique u (b,a)", "unique index u (b, a)"}, []string{"UNIQUE KEY u (a, b)", "KEY u (b, a)", "UNIQUE KEY u (b)"}},
	{[]string{"KEY (b)", "KEY b (b)", "index (b)"}, []string{"KEY b (b(3))", "KEY b_2 (b)", "KEY b (b, a)"}},
	{[]string{"KEY p (b(4))", "index p (b (4))"}, []string{"KEY p (b)", "KEY p (b(5))"}},
	{[]string{"CONSTRAINT c CHECK (a > 0)", "constraint c check (`a`>0)"}, []string{"CONSTRAINT c CHECK (a > 1)", "CONSTRAINT d CHECK (a > 0)", "CONSTRAINT c CHECK (a >= 0)"}},
	{[]string{"CONSTRAINT e CHECK (b <> 'x')", "constraint e check (b != 'x')"}, []string{"CONSTRAINT e CHECK (b <> 'y')", "CONSTRAINT e CHECK (b <> 'X')"}},
	{[]string{"CONSTRAINT f FOREIGN KEY (a) REFERENCES parents (id)", "constraint f foreign key (A) references parents (ID) on delete restrict on update no action"}, []string{"CONSTRAINT f FOREIGN KEY (a) REFERENCES parents (id) ON DELETE CASCADE", "CONSTRAINT f FOREIGN KEY (a) REFERENCES parents (id) ON UPDATE SET NULL", "CONSTRAINT f FOREIGN KEY (a) REFERENCES parents (other)", "CONSTRAINT f FOREIGN KEY (a) REFERENCES others (id)", "CONSTRAINT g FOREIGN KEY (a) REFERENCES parents (id)", "CONSTRAINT f FOREIGN KEY (id) REFERENCES parents (id)"}},
	{[]string{"CONSTRAINT h FOREIGN KEY (a, id) REFERENCES pairs (x, y) ON DELETE CASCADE", "constraint `h` foreign key (`a`,`id`) references `pairs` (`x`,`y`) on update restrict on delete cascade"}, []string{"CONSTRAINT h FOREIGN KEY (id, a) REFERENCES pairs (x, y) ON DELETE CASCADE", "CONSTRAINT h FOREIGN KEY (a, id) REFERENCES pairs (x, y)"}},
}

// options are those of the table.
var options = []choice{
	{[]string{"ENGINE=InnoDB", "", "engine innodb", "auto_increment=77"}, []string{"ENGINE=MyISAM", "ROW_FORMAT=COMPACT", "COMMENT='x'", "CHARSET=latin1", "COLLATE=utf8mb4_bin"}},
	{[]string{"COMMENT='it''s AUTO_INCREMENT=3'", `comment "it's AUTO_INCREMENT=3"`}, []string{"COMMENT='it''s AUTO_INCREMENT=4'", "COMMENT='its AUTO_INCREMENT=3'", ""}},
	{[]string{"ROW_FORMAT=DYNAMIC", "row_format dynamic"}, []string{"ROW_FORMAT=COMPACT", "", "ROW_FORMAT=COMPRESSED"}},
	{[]string{"DEFAULT CHARSET=gbk", "character set gbk", "collate gbk_chinese_ci"}, []string{"", "CHARSET=gbk COLLATE gbk_bin", "CHARSET=ascii"}},
}

// drawn is a random table.
type drawn struct {
	columns, indexes []choice
	options          choice
}

func draw(r *rand.Rand) drawn {
	pick := func(from []choice, n int) (out []choice) {
		for _, i := range r.Perm(len(from))[:n] {
			out = append(out, from[i])
		}
		return out
	}
	return drawn{pick(columns, 1+r.IntN(6)), pick(indexes, r.IntN(len(indexes)+1)), options[r.IntN(len(options))]}
}

// spelled writes the table, the order of its indexes at random too.
func (d drawn) spelled(r *rand.Rand) string {
	one := func(c choice) string { return c.same[r.IntN(len(c.same))] }
	parts := []string{"id INT NOT NULL AUTO_INCREMENT", "a INT", "b VARCHAR(30)"}
	for i, c := range d.columns {
		parts = append(parts, fmt.Sprintf("c%d %s", i, one(c)))
	}
	keys := []string{"PRIMARY KEY (id)"}
	for _, c := range d.indexes {
		keys = append(keys, one(c))
	}
	r.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	return "CREATE TABLE t (\n  " + strings.Join(append(parts, keys...), ",\n  ") + "\n) " + one(d.options)
}

// changed returns the table with every single change, by what was done.
func (d drawn) changed() map[string]drawn {
	out := map[string]drawn{}
	only := func(s string) choice { return choice{same: []string{s}} }
	vary := func(list []choice, put func([]choice) drawn) {
		for i, c := range list {
			out["without "+c.same[0]] = put(slices.Delete(slices.Clone(list), i, i+1))
			for _, o := range c.other {
				changed := slices.Clone(list)
				changed[i] = only(o)
				out[c.same[0]+" as "+o] = put(changed)
			}
		}
	}
	vary(d.columns, func(list []choice) drawn { return drawn{list, d.indexes, d.options} })
	vary(d.indexes, func(list []choice) drawn { return drawn{d.columns, list, d.options} })
	for _, o := range d.options.other {
		out[d.options.same[0]+" as "+o] = drawn{d.columns, d.indexes, only(o)}
	}
	for _, c := range columns {
		out["with "+c.same[0]] = drawn{append(slices.Clone(d.columns), only(c.same[0])), d.indexes, d.options}
	}
	for _, c := range indexes {
		if !slices.ContainsFunc(d.indexes, func(x choice) bool { return x.same[0] == c.same[0] }) {
			out["with "+c.same[0]] = drawn{d.columns, append(slices.Clone(d.indexes), only(c.same[0])), d.options}
		}
	}
	return out
}

// parents are what foreign keys point at.
var parents = []string{
	`CREATE TABLE parents (id INT PRIMARY KEY, other INT NOT NULL, UNIQUE KEY (other))`,
	`CREATE TABLE others (id INT PRIMARY KEY)`,
	`CREATE TABLE pairs (x INT, y INT, PRIMARY KEY (x, y))`,
}

// Random tables in random spellings: one that is only typed otherwise is alike,
// and its comparison on a scratch table finds nothing; one with any single change
// never is alike, and the change is found or refused.
func TestSpellings(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := s.Database(t).DB
		run(t, db, parents...)
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		r := rand.New(rand.NewPCG(seed, 0))
		planted := 0
		for range 6 {
			table := draw(r)
			made := table.spelled(r)
			if _, err := db.ExecContext(t.Context(), made); err != nil {
				continue // of parts that this server does not take together
			}
			for range 3 {
				want := table.spelled(r)
				require.Equal(t, []string{"t"}, alike(t, db, want), "made as\n%s\nand wanted as\n%s", made, want)
				got, err := desired.OnScratch(t.Context(), db, source(want), desired.Options{})
				require.NoError(t, err, "made as\n%s\nand wanted as\n%s", made, want)
				require.Empty(t, got, "made as\n%s\nand wanted as\n%s", made, want)
			}
			thorough := 3 // the rest would take minutes
			for what, other := range table.changed() {
				want := other.spelled(r)
				require.Empty(t, alike(t, db, want), "%s: made as\n%s\nand wanted as\n%s", what, made, want)
				planted++
				if thorough--; thorough >= 0 {
					got, err := desired.Diff(t.Context(), db, source(want), desired.Options{})
					require.True(t, len(got) > 0 || err != nil, "%s: made as\n%s\nand wanted as\n%s", what, made, want)
				}
			}
			run(t, db, "DROP TABLE t")
		}
		t.Logf("%d changes planted", planted)
		require.Greater(t, planted, 100)
	})
}

func source(text string) []desired.Source { return []desired.Source{{Name: "schema.sql", Text: text}} }

func alike(t *testing.T, db *sql.DB, want string) []string {
	t.Helper()
	names, err := desired.Alike(t.Context(), db, source(want), desired.Options{})
	if err != nil && strings.Contains(err.Error(), "does not parse") {
		return nil // it is refused
	}
	require.NoError(t, err, want)
	return names
}

func run(t *testing.T, db *sql.DB, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		_, err := db.ExecContext(t.Context(), statement)
		require.NoError(t, err, statement)
	}
}

// refusedSpelling is what Diff refuses to read.
var refusedSpelling = regexp.MustCompile(`^N|ASCII|UNICODE`)

// What Diff says leads to what is desired: afterwards nothing differs. Columns are
// altered from each definition to each of the others, and added.
func TestDiffLeadsThere(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := s.Database(t).DB
		table := func(n int) string {
			parts := []string{"id INT NOT NULL PRIMARY KEY"}
			for i, c := range columns {
				if strings.Contains(c.same[0], "GENERATED") {
					continue // what it is generated from is not altered
				}
				var all []string
				for _, definition := range append(c.same[:1:1], c.other...) {
					if !refusedSpelling.MatchString(definition) {
						all = append(all, definition)
					}
				}
				parts = append(parts, fmt.Sprintf("c%d %s", i, all[n%len(all)]))
			}
			return "CREATE TABLE t (\n  " + strings.Join(parts, ",\n  ") + "\n)"
		}
		most := 0
		for _, c := range columns {
			most = max(most, 1+len(c.other))
		}
		leads := func(from, to string) {
			run(t, db, from)
			got, err := desired.Diff(t.Context(), db, source(to), desired.Options{})
			require.NoError(t, err, "from\n%s\nto\n%s", from, to)
			require.NotEmpty(t, got)
			run(t, db, got...)
			again, err := desired.Diff(t.Context(), db, source(to), desired.Options{})
			require.NoError(t, err)
			assert.Empty(t, again, "after %q", got)
			run(t, db, "DROP TABLE t")
		}
		for n := range most {
			leads(table(n), table(n+1))
			leads(table(n), table(n+1)+" DEFAULT CHARSET=latin1 COLLATE=latin1_general_cs")
			leads("CREATE TABLE t (id INT NOT NULL PRIMARY KEY)", table(n))
		}
	})
}
