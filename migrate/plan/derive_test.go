package plan_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/plan"
)

const people = `CREATE TABLE people (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name VARCHAR(80) NOT NULL,
  age INT NULL,
  city VARCHAR(40) NULL,
  street VARCHAR(40) NULL,
  badge INT NULL,
  seen DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  mood VARCHAR(9) NOT NULL DEFAULT 'good' COMMENT 'NOT NULL',
  UNIQUE KEY one_badge (badge),
  KEY by_name (name),
  KEY by_place (city, street)
) DEFAULT CHARSET utf8mb4`

// What is derived of a text: the names of the changes with their courses, and
// those that come after another.
func TestDerive(t *testing.T) {
	type want struct {
		name   string
		course migrate.Course
		after  string
	}
	for title, c := range map[string]struct {
		setup []string
		ddl   string
		want  []want
		says  []string // in the change files
	}{
		"rename a column": {
			ddl: "ALTER TABLE people RENAME COLUMN name TO full_name",
			want: []want{
				{"rename-people-name-to-full-name", migrate.Mapped, ""},
				{"require-people-full-name", migrate.Tightened, "rename-people-name-to-full-name"},
			},
		},
		"retype under a new name": {
			ddl:  "ALTER TABLE people CHANGE COLUMN age years BIGINT",
			want: []want{{"rename-people-age-to-years", migrate.Mapped, ""}},
		},
		"retype": {
			ddl:  "ALTER TABLE people MODIFY COLUMN age BIGINT",
			want: []want{{"retype-people-age-to-age-new", migrate.Mapped, ""}},
		},
		"retype under the old name, as some tools write it": {
			ddl:  "ALTER TABLE people CHANGE COLUMN age age DECIMAL(10,2) NULL DEFAULT 0, ADD COLUMN born DATE NULL",
			want: []want{{"retype-people-age-to-age-new", migrate.Mapped, ""}, {"add-column-people-born", migrate.Added, ""}},
		},
		"describe the numbered key": {
			ddl:  "ALTER TABLE people MODIFY COLUMN id BIGINT NOT NULL AUTO_INCREMENT COMMENT 'ours'",
			want: []want{{"describe-column-people-id", migrate.Added, ""}},
		},
		"retype a column of a unique index": {
			ddl:  "ALTER TABLE people MODIFY COLUMN badge BIGINT NULL, ADD COLUMN born DATE NULL",
			want: []want{{"rebuild-people-as-people-new", migrate.Mapped, ""}},
		},
		"another primary key, the number needs the index of the former": {
			ddl:  "ALTER TABLE people DROP PRIMARY KEY, ADD PRIMARY KEY (name, id)",
			want: []want{{"rebuild-people-as-people-new", migrate.Mapped, ""}},
		},
		"another primary key": {
			ddl: "ALTER TABLE people DROP PRIMARY KEY, ADD PRIMARY KEY (name, id), ADD INDEX by_id (id)",
			want: []want{
				{"rebuild-people-as-people-new", migrate.Mapped, ""}, {"drop-index-people-new-former-key", migrate.Tightened, "rebuild-people-as-people-new"},
			},
		},
		"rename a column of an index of several": {
			ddl:  "ALTER TABLE people RENAME COLUMN city TO town",
			want: []want{{"rename-people-city-to-town", migrate.Mapped, ""}},
		},
		"rename what the server sets": {
			ddl:  "ALTER TABLE people RENAME COLUMN seen TO seen_at",
			want: []want{{"rebuild-people-as-people-new", migrate.Mapped, ""}},
		},
		"rename the key": {
			ddl:  "ALTER TABLE people RENAME COLUMN id TO number",
			want: []want{{"rebuild-people-as-people-new", migrate.Mapped, ""}},
		},
		"retype a column of an index of several, by itself": {
			ddl:  "ALTER TABLE people MODIFY COLUMN street VARCHAR(40) CHARACTER SET latin1 NULL",
			want: []want{{"retype-people-street-to-street-new", migrate.Mapped, ""}},
		},
		"partitions": {
			ddl:  "ALTER TABLE people DROP INDEX one_badge PARTITION BY HASH (id) PARTITIONS 4",
			want: []want{{"rebuild-people-as-people-new", migrate.Mapped, ""}},
		},
		"another character set": {
			ddl:  "ALTER TABLE people CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
			want: []want{{"rebuild-people-as-people-new", migrate.Mapped, ""}},
		},
		"harmless things take one step": {
			ddl:  "ALTER TABLE people ADD COLUMN mail VARCHAR(99), ADD COLUMN born DATE NULL, ADD INDEX by_age (age)",
			want: []want{{"add-column-people-mail", migrate.Added, ""}},
		},
		"courses are kept apart": {
			ddl: "ALTER TABLE people ADD COLUMN born DATE NULL, DROP COLUMN age, MODIFY COLUMN street VARCHAR(40) NOT NULL",
			want: []want{
				{"add-column-people-born", migrate.Added, ""}, {"drop-column-people-age", migrate.Retired, ""}, {"set-not-null-people-street", migrate.Tightened, ""},
			},
		},
		"what the server did by itself has to be done by every release first": {
			ddl:  "ALTER TABLE people MODIFY COLUMN seen DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP",
			want: []want{{"drop-on-update-people-seen", migrate.Tightened, ""}},
		},
		"what the server begins to do takes one step": {
			setup: []string{"ALTER TABLE people ADD COLUMN moved DATETIME NULL"},
			ddl:   "ALTER TABLE people MODIFY COLUMN moved DATETIME NULL ON UPDATE CURRENT_TIMESTAMP",
			want:  []want{{"add-on-update-people-moved", migrate.Added, ""}},
		},
		"a foreign key that goes": {
			setup: []string{"ALTER TABLE people ADD COLUMN boss BIGINT NULL, ADD CONSTRAINT has_boss FOREIGN KEY (boss) REFERENCES people (id) ON DELETE CASCADE"},
			ddl:   "ALTER TABLE people DROP FOREIGN KEY has_boss",
			want:  []want{{"drop-foreign-key-people-has-boss", migrate.Tightened, ""}},
		},
		"a required column": {
			ddl:  "ALTER TABLE people ADD COLUMN mail VARCHAR(99) NOT NULL",
			want: []want{{"add-people-mail", migrate.Added, ""}, {"require-people-mail", migrate.Tightened, "add-people-mail"}},
		},
		"several statements": {
			ddl:  "CREATE INDEX by_age ON people (age);\n-- and then\nCREATE TABLE pets (id INT PRIMARY KEY);",
			want: []want{{"add-index-people-by-age", migrate.Added, ""}, {"create-table-pets", migrate.Added, ""}},
		},
		"an index without a name": {
			ddl:  "ALTER TABLE people ADD INDEX (age)",
			want: []want{{"add-index-people-age", migrate.Added, ""}},
		},
		"indexes without a name, and the name is taken": {
			setup: []string{"ALTER TABLE people ADD INDEX Age (mood)"},
			ddl:   "ALTER TABLE people ADD COLUMN born DATE NULL, ADD INDEX (age), ADD KEY (age, city), ADD INDEX (born)",
			want:  []want{{"add-column-people-born", migrate.Added, ""}},
			says:  []string{"`age_2`(`age`)", "`age_3`(`age`, `city`)", "`born`(`born`)"},
		},
		"a unique index on a column that is only being added": {
			ddl:  "ALTER TABLE people ADD COLUMN mail VARCHAR(99) NULL, ADD UNIQUE one_mail (mail)",
			want: []want{{"add-column-people-mail", migrate.Added, ""}, {"add-unique-index-people-one-mail", migrate.Tightened, "add-column-people-mail"}},
		},
		"a column with constraints": {
			ddl: "ALTER TABLE people ADD COLUMN mail VARCHAR(99) NULL UNIQUE, ADD COLUMN height INT NULL CHECK (height > 0)",
			want: []want{
				{"add-column-people-mail", migrate.Added, ""},
				{"add-unique-index-people-mail", migrate.Tightened, "add-column-people-mail"},
				{"add-column-people-height", migrate.Added, ""},
				{"add-check-people-people-chk-1", migrate.Tightened, "add-column-people-height"},
			},
		},
		"a unique index without a name": {
			ddl:  "ALTER TABLE people ADD UNIQUE (city, street)",
			want: []want{{"add-unique-index-people-city", migrate.Tightened, ""}},
		},
		"a table renamed by ALTER": {
			ddl:  "ALTER TABLE people RENAME TO persons",
			want: []want{{"rename-table-people", migrate.Retired, ""}},
		},
		"a table rebuilt": {
			ddl:  "ALTER TABLE people FORCE",
			want: []want{{"rebuild-table-people", migrate.Added, ""}},
		},
		"a check without a name, and the first name is taken": {
			setup: []string{"ALTER TABLE people ADD CONSTRAINT people_chk_1 CHECK (badge > 0)"},
			ddl:   "ALTER TABLE people ADD CHECK (age >= 0)",
			want:  []want{{"add-check-people-people-chk-2", migrate.Tightened, ""}},
		},
		"a foreign key without a name, and the first name is taken": {
			setup: []string{
				"CREATE TABLE cities (name VARCHAR(40) PRIMARY KEY) DEFAULT CHARSET utf8mb4",
				"ALTER TABLE people ADD CONSTRAINT people_ibfk_1 FOREIGN KEY (city) REFERENCES cities (name)",
			},
			ddl:  "ALTER TABLE people ADD FOREIGN KEY (street) REFERENCES cities (name)",
			want: []want{{"add-foreign-key-people-people-ibfk-2", migrate.Tightened, ""}},
		},
	} {
		t.Run(title, func(t *testing.T) {
			servers.Each(t, func(t *testing.T, s *servers.Server) {
				d := s.Database(t)
				db := connect(t, d.DSN)
				run(t, db, append([]string{people}, c.setup...)...)
				in := plan.DDL{Name: "argument", Text: c.ddl, Service: "crm"}
				list, err := plan.Derive(t.Context(), db, in, plan.Options{})
				require.NoError(t, err)
				var got []want
				for _, d := range list {
					text, err := d.YAML()
					require.NoError(t, err)
					for _, said := range c.says {
						require.Contains(t, text, said)
					}
					file, err := plan.ParseFile("change.yaml", strings.NewReader(text))
					require.NoError(t, err, text)
					w := want{name: file.Change.Text, after: d.After, course: migrate.Tightened}
					if d.After == "" {
						p, err := plan.Build(t.Context(), db, file, plan.Options{})
						require.NoError(t, err, text)
						w.course = p.Change.Course
						require.Equal(t, p.Hash(), d.Plan.Hash(), "through the file or not, the plan is the same")
					}
					got = append(got, w)
				}
				require.Equal(t, c.want, got)
				noScratch(t, db)
				samePlansFor(t, connect(t, d.User(t, needed...)), in, list)
			})
		})
	}
}

// needed are the privileges that doctor calls needed.
var needed = []string{"CREATE", "ALTER", "INDEX", "REFERENCES", "INSERT", "UPDATE", "SELECT", "DELETE", "DROP"}

// Who may not make scratch tables is told once what to grant: there is nothing to
// clean up.
func TestDeriveNeedsMoreThanSelect(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		d := s.Database(t)
		run(t, connect(t, d.DSN), people)
		in := plan.DDL{Name: "argument", Text: "ALTER TABLE people ADD COLUMN nick VARCHAR(20) NULL", Service: "crm"}
		_, err := plan.Derive(t.Context(), connect(t, d.User(t, "SELECT")), in, plan.Options{})
		require.ErrorContains(t, err, "grant SELECT, CREATE, ALTER, DROP")
		require.NotContains(t, err.Error(), "clean up")
	})
}

// samePlansFor holds that a user who sees less derives the same of the same.
func samePlansFor(t *testing.T, limited *sql.DB, in plan.DDL, want []plan.Derivation) {
	t.Helper()
	list, err := plan.Derive(t.Context(), limited, in, plan.Options{})
	require.NoError(t, err)
	require.Len(t, list, len(want))
	for n, d := range list {
		require.Equal(t, want[n].After, d.After)
		if d.Plan != nil {
			require.Equal(t, want[n].Plan.Hash(), d.Plan.Hash())
		}
	}
}

// What has no safe derivation is refused by name, with its place, and nothing
// is changed.
func TestDeriveRefuses(t *testing.T) {
	for title, c := range map[string]struct {
		ddl  string
		want []string
	}{
		"no DDL":                   {"SELECT 1", []string{"underpin carries no statement of this kind"}},
		"a statement that is cut":  {"ALTER TABLE people ADD", []string{"does not parse", "ends too early"}},
		"a mistake in the second":  {"CREATE INDEX i ON people (age);\nALTER TABEL people ADD x INT", []string{"argument:2:7", "TABEL"}},
		"a reserved word":          {"ALTER TABLE order ADD COLUMN x INT", []string{"between backticks"}},
		"a trigger":                {"CREATE TRIGGER t AFTER INSERT ON people FOR EACH ROW SET @x = 1", []string{"triggers are not handled"}},
		"a table in its place":     {"CREATE OR REPLACE TABLE people (id INT PRIMARY KEY)", []string{"drops the table with its rows"}},
		"a spelling of one server": {"ALTER TABLE people ALTER INDEX by_name IGNORED", []string{"as both servers understand it"}},
		"several tables dropped":   {"DROP TABLE people, pets", []string{"it drops several tables"}},
		"a view dropped":           {"DROP VIEW people", []string{"drops no views"}},
		"a temporary table":        {"DROP TEMPORARY TABLE people", []string{"gone with its connection"}},
		"drop if it exists":        {"DROP TABLE IF EXISTS people", []string{"it says IF EXISTS"}},
		"an index if not exists":   {"CREATE INDEX IF NOT EXISTS i ON people (age)", []string{"it says IF NOT EXISTS"}},
		"an index in place":        {"CREATE INDEX i ON people (age) ALGORITHM=INPLACE", []string{"which ALGORITHM or LOCK"}},
		"a column if not exists":   {"ALTER TABLE people ADD COLUMN IF NOT EXISTS x INT", []string{"underpin looks at the live schema"}},
		"a column that refers":     {"ALTER TABLE people ADD COLUMN x INT REFERENCES people (id)", []string{"column x is REFERENCES"}},
		"what is there already":    {"ALTER TABLE people ADD COLUMN age INT", []string{"nothing is left to plan"}},
		"a table of underpin":      {"DROP TABLE _underpin_change", []string{"belong to underpin"}},
		"a name of underpin":       {"RENAME TABLE people TO _underpin_people", []string{"belong to underpin"}},
		"the second of two":        {"CREATE INDEX i ON people (age);\n  DROP TABLE nothing", []string{"argument:2:3", "there is no table nothing"}},
		"executable comment":       {"ALTER TABLE people /*!80000 ADD COLUMN x INT */", []string{"not every server executes"}},
		"a name beyond the plane":  {"ALTER TABLE people ADD COLUMN `é😀` INT COMMENT '😁'", []string{"U+1F600", "choose another name"}},
		"another database":         {"ALTER TABLE other.people ADD COLUMN x INT", []string{"leave the database's name out"}},
		"primary key":              {"ALTER TABLE people MODIFY COLUMN id BIGINT NOT NULL, DROP PRIMARY KEY", []string{"left without one"}},
		"no key":                   {"ALTER TABLE people DROP PRIMARY KEY", []string{"left without one"}},
		"a partition":              {"ALTER TABLE people DROP PARTITION p0", []string{"deletes every row of the partition"}},
		"the key signed otherwise": {"ALTER TABLE people MODIFY COLUMN id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT", []string{"it is bigint unsigned and the source's id is bigint"}},
		"equal by the new key":     {"ALTER TABLE people DROP PRIMARY KEY, ADD PRIMARY KEY (name)", []string{"by the new table's unique key PRIMARY (name): Ann (2 rows)"}},
		"a column of several":      {"ALTER TABLE people DROP COLUMN city", []string{"index by_place stands on column city"}},
		"rename to what is there":  {"ALTER TABLE people RENAME COLUMN name TO age", []string{"has a column age already"}},
		"retype and loses":         {"ALTER TABLE people MODIFY COLUMN age TINYINT", []string{"it yields a value that the column does not take for 1 rows", "(2)"}},
		"drop and rebuild":         {"ALTER TABLE people CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, DROP COLUMN age", []string{"column age", "those are two changes"}},
		"rebuild what it cannot write": {"ALTER TABLE hidden MODIFY COLUMN id BIGINT NOT NULL", []string{
			"the statement takes a table of its own in the place of hidden", "`place` point", "INVISIBLE", "can be made visible"}},
		"letters that are lost":  {"ALTER TABLE people CONVERT TO CHARACTER SET ascii", []string{"it yields a value that the column does not take for 1 rows", "(2)"}},
		"truncate":               {"TRUNCATE TABLE people", []string{"no statement of this kind"}},
		"nothing changes":        {"ALTER TABLE people MODIFY COLUMN age INT NULL", []string{"it changes nothing of column age"}},
		"the key as it is":       {"ALTER TABLE people MODIFY COLUMN id BIGINT NOT NULL AUTO_INCREMENT", []string{"it changes nothing of column id"}},
		"numbered and unique":    {"ALTER TABLE people MODIFY COLUMN id BIGINT NOT NULL AUTO_INCREMENT UNIQUE", []string{"column id is UNIQUE"}},
		"only its place changes": {"ALTER TABLE people MODIFY COLUMN age INT NULL FIRST", []string{"column age but its place among the others"}},
		"no such column":         {"ALTER TABLE people DROP COLUMN nose", []string{"nose"}},
		"no such index":          {"DROP INDEX nose ON people", []string{"nose"}},
		"algorithm":              {"ALTER TABLE people ADD COLUMN x INT, ALGORITHM=COPY", []string{"underpin chooses the algorithm"}},
	} {
		t.Run(title, func(t *testing.T) {
			servers.Each(t, func(t *testing.T, s *servers.Server) {
				db := open(t, s, people, "INSERT INTO people (name, age) VALUES ('Ann', 30), ('Zoë', 300), ('Ann', NULL)",
					"CREATE TABLE hidden (id INT PRIMARY KEY, note TEXT INVISIBLE, place POINT NULL)")
				_, err := plan.Derive(t.Context(), db, plan.DDL{Name: "argument", Text: c.ddl, Service: "crm"}, plan.Options{})
				var refused *plan.RefusedError
				require.ErrorAs(t, err, &refused)
				for _, w := range c.want {
					require.ErrorContains(t, err, w)
				}
				require.Positive(t, refused.Findings[0].Position.Line)
				noScratch(t, db)
			})
		})
	}
}

// A statement that drops columns and adds others may mean that their values
// move: the change that drops them says what to write then, and what it says can
// be planned.
func TestDeriveSaysWhatDDLCannot(t *testing.T) {
	for title, c := range map[string]struct{ ddl, why, forward string }{
		"rename": {"ALTER TABLE people ADD COLUMN years INT NULL, DROP COLUMN age", "a rename", "`age`"},
		"merge":  {"ALTER TABLE people ADD COLUMN label VARCHAR(200) NOT NULL, DROP COLUMN name, DROP COLUMN age", "a merge", "CONCAT_WS(' ', `name`, `age`)"},
		"split":  {"ALTER TABLE people DROP COLUMN name, ADD COLUMN first VARCHAR(80) NULL, ADD COLUMN last VARCHAR(80) NULL", "a split", "SUBSTRING_INDEX(`name`, ' ', 1)"},
	} {
		t.Run(title, func(t *testing.T) {
			servers.Each(t, func(t *testing.T, s *servers.Server) {
				db := open(t, s, people)
				list, err := plan.Derive(t.Context(), db, plan.DDL{Name: "argument", Text: c.ddl, Service: "crm"}, plan.Options{})
				require.NoError(t, err)
				var instead *plan.File
				for _, d := range list {
					if d.Instead != nil {
						require.Equal(t, migrate.Retired, d.Plan.Change.Course)
						require.Contains(t, d.Why, "go nowhere")
						require.Contains(t, d.Why, c.why)
						instead = d.Instead
					}
				}
				require.NotNil(t, instead)
				require.Equal(t, c.forward, instead.Forward[0].Value.Text)
				_, err = plan.Build(t.Context(), db, instead, plan.Options{})
				require.NoError(t, err)
			})
		})
	}
}

// What the parser has to say of itself is not sent to the server.
func TestDeriveSendsTheStatementOnly(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := open(t, s, people)
		list, err := plan.Derive(t.Context(), db, plan.DDL{Name: "argument", Text: "ALTER TABLE people FORCE", Service: "crm"}, plan.Options{})
		require.NoError(t, err)
		require.Equal(t, "ALTER TABLE `people` FORCE", list[0].Plan.Expand[0].SQL)
	})
}

// A foreign key whose name is taken would be believed to be there already.
func TestDeriveRefusesTakenForeignKey(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := open(t, s, people, "CREATE TABLE cards (id INT PRIMARY KEY, a BIGINT NULL, b BIGINT NULL, CONSTRAINT of_people FOREIGN KEY (a) REFERENCES people (id))")
		_, err := plan.Derive(t.Context(), db, plan.DDL{
			Name: "argument", Text: "ALTER TABLE cards ADD CONSTRAINT of_people FOREIGN KEY (b) REFERENCES people (id)", Service: "crm",
		}, plan.Options{})
		var refused *plan.RefusedError
		require.ErrorAs(t, err, &refused)
		require.ErrorContains(t, err, "table cards has a foreign key of_people already")
	})
}

// A service that a change file could not name is refused before one is written.
func TestDeriveRefusesService(t *testing.T) {
	_, err := plan.Derive(t.Context(), nil, plan.DDL{Name: "argument", Text: "CREATE TABLE a (id INT PRIMARY KEY)", Service: "The Shop"}, plan.Options{})
	var bad plan.Errors
	require.ErrorAs(t, err, &bad)
	require.ErrorContains(t, err, `"The Shop" is no name`)
}

// What the author is told to type survives a shell and names that need quotes.
func TestDeriveSaysWhatToType(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := open(t, s, "CREATE TABLE `order` (id INT PRIMARY KEY, `it's` INT NULL, plain INT NULL)", "CREATE TABLE sale (id INT PRIMARY KEY, total INT NULL)")
		for ddl, want := range map[string]string{
			"ALTER TABLE sale MODIFY COLUMN total BIGINT NULL":        "underpin plan \"ALTER TABLE sale RENAME COLUMN total_new TO total\"",
			"ALTER TABLE `order` MODIFY COLUMN plain BIGINT NULL":     "underpin plan 'ALTER TABLE `order` RENAME COLUMN `plain_new` TO `plain`'",
			"ALTER TABLE `order` MODIFY COLUMN `it's` BIGINT NULL":    "underpin plan 'ALTER TABLE `order` RENAME COLUMN `it'\\''s_new` TO `it'\\''s`'",
			"ALTER TABLE `order` PARTITION BY HASH (id) PARTITIONS 2": "underpin plan 'RENAME TABLE `order_new` TO `order`'",
		} {
			list, err := plan.Derive(t.Context(), db, plan.DDL{Name: "argument", Text: ddl, Service: "crm"}, plan.Options{})
			require.NoError(t, err)
			require.Contains(t, list[0].Why, want)
		}
	})
}

// A column that is renamed keeps its default and its comment.
func TestDeriveKeepsDefaults(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := open(t, s, people)
		list, err := plan.Derive(t.Context(), db, plan.DDL{Name: "argument", Text: "ALTER TABLE people RENAME COLUMN mood TO temper", Service: "crm"}, plan.Options{})
		require.NoError(t, err)
		require.Len(t, list, 2)
		require.Contains(t, list[0].File.Expand[0].Text, "NULL DEFAULT 'good' COMMENT 'NOT NULL'")
		require.Contains(t, list[1].File.Alter[0].Text, "NOT NULL DEFAULT 'good' COMMENT 'NOT NULL'")
	})
}

// Rows that a new collation makes equal are listed, and a table on which a
// foreign key stands does not move.
func TestDeriveLooksAtUniqueKeys(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := open(t, s, "CREATE TABLE tags (id INT PRIMARY KEY, tag VARCHAR(20) COLLATE utf8mb4_bin NOT NULL, UNIQUE KEY one (tag)) DEFAULT CHARSET utf8mb4",
			"INSERT INTO tags VALUES (1, 'a'), (2, 'A'), (3, 'b')", "CREATE TABLE uses (id INT PRIMARY KEY, CONSTRAINT of_tag FOREIGN KEY (id) REFERENCES tags (id))")
		refused := func(ddl, why string) {
			_, err := plan.Derive(t.Context(), db, plan.DDL{Name: "argument", Text: ddl, Service: "crm"}, plan.Options{})
			var r *plan.RefusedError
			require.ErrorAs(t, err, &r)
			require.ErrorContains(t, err, why)
		}
		refused("ALTER TABLE tags MODIFY COLUMN tag VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NOT NULL", "foreign key of_tag of uses refers to it")
		run(t, db, "DROP TABLE uses")
		for _, ddl := range []string{
			"ALTER TABLE tags MODIFY COLUMN tag VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NOT NULL",
			"ALTER TABLE tags CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci",
		} {
			refused(ddl, "(2 rows)")
			refused(ddl, "unique key one (tag)")
		}
		run(t, db, "DELETE FROM tags WHERE id = 2")
		list, err := plan.Derive(t.Context(), db, plan.DDL{Name: "argument", Text: "ALTER TABLE tags CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci",
			Service: "crm", Into: map[string]string{"tags": "labels"}}, plan.Options{})
		require.NoError(t, err)
		require.Equal(t, "labels", list[0].Plan.Change.Mapping.Target.Name)

		run(t, db, "CREATE TABLE parts (id INT PRIMARY KEY, v INT) PARTITION BY HASH (id) PARTITIONS 2")
		list, err = plan.Derive(t.Context(), db, plan.DDL{Name: "argument", Text: "ALTER TABLE parts REMOVE PARTITIONING", Service: "crm"}, plan.Options{})
		require.NoError(t, err)
		require.NotContains(t, list[0].File.Expand[0].Text, "PARTITION")
	})
}

// Where looking for rows that are the same takes too long, it is said, and left
// to the backfill.
func TestDeriveDoesNotLookForEver(t *testing.T) {
	servers.Each(t, func(t *testing.T, s *servers.Server) {
		db := open(t, s, "CREATE TABLE many (id INT PRIMARY KEY, a INT NOT NULL, KEY by_id (id))", "INSERT INTO many VALUES (0, 0)")
		for n := 1; n < 1<<15; n *= 2 {
			run(t, db, fmt.Sprintf("INSERT INTO many SELECT id + %[1]d, a + %[1]d FROM many", n))
		}
		in := plan.DDL{Name: "argument", Text: "ALTER TABLE many DROP PRIMARY KEY, ADD PRIMARY KEY (a)", Service: "crm"}
		list, err := plan.Derive(t.Context(), db, in, plan.Options{StatementLimit: time.Millisecond})
		require.NoError(t, err)
		require.Contains(t, list[0].Why, "not found out within 1ms")
	})
}
