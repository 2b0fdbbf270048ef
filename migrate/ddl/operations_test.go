package ddl_test

import (
	"flag"
	"os"
	"path/filepath"
	gostrings "strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/migrate/ddl"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestOperations compares the operations of every statement in testdata with
// the golden file beside it.
func TestOperations(t *testing.T) {
	files, err := filepath.Glob("testdata/operations/*.sql")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			list, err := ddl.Parse(file, string(text))
			require.NoError(t, err)
			var got gostrings.Builder
			for _, s := range list {
				got.WriteString(s.Text + "\n")
				ops, err := ddl.Operations(&s)
				require.NoError(t, err)
				for _, o := range ops {
					got.WriteString("    " + describe(o) + "\n")
				}
			}
			golden := gostrings.TrimSuffix(file, ".sql") + ".golden"
			if *update {
				require.NoError(t, os.WriteFile(golden, []byte(got.String()), 0o644))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			require.Equal(t, string(want), got.String())
		})
	}
}

func describe(o ddl.Operation) string {
	text := o.String()
	for _, part := range [][2]string{
		{" to ", o.To}, {" after ", o.After}, {" charset ", o.Charset}, {" collation ", o.Collation}, {" engine ", o.Engine},
	} {
		if part[1] != "" {
			text += part[0] + part[1]
		}
	}
	if o.First {
		text += " first"
	}
	if o.Column != nil {
		text += ": " + o.Column.Type
	}
	return text
}

// TestResolve: what only the present table can tell.
func TestResolve(t *testing.T) {
	table := &ddl.Table{
		Name: "t", Engine: "InnoDB", Charset: "utf8mb4", Collation: "utf8mb4_bin",
		Columns: []ddl.Column{
			{Name: "id", Type: "int(11)", Position: 1},
			{Name: "a", Type: "varchar(20)", Charset: "utf8mb4", Collation: "utf8mb4_bin", Nullable: true, Position: 2},
			{Name: "n", Type: "int(11)", Nullable: true, Generation: ddl.Virtual, Expression: "`id`+1", Position: 3},
		},
		Indexes: []ddl.Index{{Name: "PRIMARY", Kind: ddl.BTree, Columns: []string{"id"}}},
		Checks:  []string{"ck"}, ForeignKeys: []string{"fk"},
	}
	for _, c := range []struct {
		text string
		want []ddl.Kind
	}{
		{"ALTER TABLE t MODIFY a VARCHAR(20)", []ddl.Kind{ddl.ChangeDefault}},
		{"ALTER TABLE t MODIFY a VARCHAR(63) NOT NULL FIRST", []ddl.Kind{ddl.WidenText, ddl.SetNotNull, ddl.MoveColumn}},
		{"ALTER TABLE t MODIFY a VARCHAR(64)", []ddl.Kind{ddl.WidenTextOver}},
		{"ALTER TABLE t MODIFY a VARCHAR(19)", []ddl.Kind{ddl.ChangeType}},
		{"ALTER TABLE t CHANGE a z VARCHAR(20) COLLATE utf8mb4_general_ci", []ddl.Kind{ddl.ChangeCollation, ddl.RenameColumn}},
		{"ALTER TABLE t CHANGE a A VARCHAR(20)", []ddl.Kind{ddl.ChangeDefault}},
		{"ALTER TABLE t MODIFY a TEXT", []ddl.Kind{ddl.ChangeType}},
		{"ALTER TABLE t MODIFY n INT AS (id + 1) VIRTUAL", []ddl.Kind{ddl.ChangeDefault}},
		{"ALTER TABLE t MODIFY n INT AS (id + 2) VIRTUAL", []ddl.Kind{ddl.ChangeVirtual}},
		{"ALTER TABLE t DROP COLUMN N", []ddl.Kind{ddl.DropVirtual}},
		{"ALTER TABLE t DROP CONSTRAINT CK, DROP CONSTRAINT fk", []ddl.Kind{ddl.DropCheck, ddl.DropForeignKey}},
		{"ALTER TABLE t DROP CONSTRAINT `PRIMARY`", []ddl.Kind{ddl.DropPrimaryKey}},
		{"ALTER TABLE t ENGINE=innodb", []ddl.Kind{ddl.Rebuild}},
		{"ALTER TABLE t ENGINE=MyISAM", []ddl.Kind{ddl.ChangeEngine}},
		{"ALTER TABLE t CONVERT TO CHARACTER SET latin1", []ddl.Kind{ddl.DefaultCharset, ddl.ChangeCharset}},
	} {
		ops, err := ddl.Operations(parseOne(t, c.text))
		require.NoError(t, err)
		_, err = ddl.Resolve(nil, ops)
		require.ErrorIs(t, err, ddl.ErrNoFacts, c.text)
		ops, err = ddl.Resolve(table, ops)
		require.NoError(t, err, c.text)
		var got []ddl.Kind
		for _, o := range ops {
			got = append(got, o.Kind)
		}
		require.Equal(t, c.want, got, c.text)
	}
	for _, text := range []string{"ALTER TABLE t DROP COLUMN x", "ALTER TABLE t MODIFY x INT", "ALTER TABLE t DROP CONSTRAINT x"} {
		ops, err := ddl.Operations(parseOne(t, text))
		require.NoError(t, err)
		_, err = ddl.Resolve(table, ops)
		require.ErrorContains(t, err, "has no", text)
	}
}

// TestVersions: the same statement costs what the version's row says.
func TestVersions(t *testing.T) {
	table := func(versions uint64) *ddl.Table {
		return &ddl.Table{Name: "t", Engine: "InnoDB", RowFormat: "dynamic", RowVersions: versions,
			Columns: []ddl.Column{{Name: "id", Type: "int(11)", Position: 1}}}
	}
	for _, c := range []struct {
		flavour  ddl.Flavour
		version  ddl.Version
		versions uint64
		text     string
		want     ddl.Class
	}{
		{ddl.MySQL, ddl.Version{Major: 8, Minor: 0, Patch: 20}, 0, "ALTER TABLE t ADD a INT", ddl.Instant},
		{ddl.MySQL, ddl.Version{Major: 8, Minor: 0, Patch: 20}, 0, "ALTER TABLE t ADD a INT FIRST", ddl.InPlaceRebuild},
		{ddl.MySQL, ddl.Version{Major: 8, Minor: 0, Patch: 20}, 0, "ALTER TABLE t RENAME COLUMN id TO z", ddl.InPlace},
		{ddl.MySQL, ddl.Version{Major: 8, Minor: 0, Patch: 29}, 0, "ALTER TABLE t ADD a INT", ddl.Copy}, // instant was unsafe there, and so was rebuilding in place
		{ddl.MySQL, ddl.Version{Major: 8, Minor: 0, Patch: 26}, 0, "ALTER TABLE t FORCE", ddl.InPlaceRebuild},
		{ddl.MySQL, ddl.Version{Major: 8, Minor: 0, Patch: 27}, 0, "ALTER TABLE t FORCE", ddl.Copy},
		{ddl.MySQL, ddl.Version{Major: 8, Minor: 0, Patch: 40}, 0, "ALTER TABLE t FORCE", ddl.Copy},
		{ddl.MySQL, ddl.Version{Major: 8, Minor: 0, Patch: 41}, 0, "ALTER TABLE t FORCE", ddl.InPlaceRebuild},
		{ddl.MySQL, ddl.Version{Major: 8, Minor: 4, Patch: 3}, 0, "ALTER TABLE t FORCE", ddl.Copy},
		{ddl.MySQL, ddl.Version{Major: 9, Minor: 1, Patch: 0}, 0, "ALTER TABLE t FORCE", ddl.Copy},
		{ddl.MySQL, ddl.Version{Major: 9, Minor: 2, Patch: 0}, 0, "ALTER TABLE t FORCE", ddl.InPlaceRebuild},
		{ddl.MySQL, ddl.Version{Major: 8, Minor: 4, Patch: 0}, 63, "ALTER TABLE t ADD a INT FIRST", ddl.Instant},
		{ddl.MySQL, ddl.Version{Major: 8, Minor: 4, Patch: 4}, 64, "ALTER TABLE t ADD a INT FIRST", ddl.InPlaceRebuild},
		{ddl.MySQL, ddl.Version{Major: 9, Minor: 1, Patch: 0}, 64, "ALTER TABLE t ADD a INT", ddl.Instant},
		{ddl.MySQL, ddl.Version{Major: 9, Minor: 2, Patch: 0}, 255, "ALTER TABLE t ADD a INT", ddl.InPlaceRebuild},
		{ddl.MariaDB, ddl.Version{Major: 10, Minor: 6, Patch: 1}, 0, "ALTER TABLE t MODIFY id BIGINT NOT NULL", ddl.Copy},
		{ddl.MariaDB, ddl.Version{Major: 11, Minor: 2, Patch: 0}, 0, "ALTER TABLE t MODIFY id BIGINT NOT NULL", ddl.CopyOnline},
	} {
		s := parseOne(t, c.text)
		v, err := ddl.Judge(ddl.Server{Flavour: c.flavour, Version: c.version}, table(c.versions), s)
		require.NoError(t, err)
		require.Equal(t, c.want, v.Class, "%s %s %s", c.flavour, c.version, c.text)
		for next := v.Next; next != nil; next = next.Next {
			require.True(t, next.Class.HarderThan(v.Class), "the next way is a harder one")
			v = *next
		}
	}
	_, err := ddl.Judge(ddl.Server{Flavour: ddl.MySQL, Version: ddl.Version{Major: 5, Minor: 7}}, table(0), parseOne(t, "DROP TABLE t"))
	require.ErrorIs(t, err, ddl.ErrUnsupported)
	_, err = ddl.Judge(ddl.Server{Flavour: ddl.MariaDB, Version: ddl.Version{Major: 10, Minor: 11}}, table(0), parseOne(t, "ALTER TABLE t ALTER INDEX i INVISIBLE"))
	require.ErrorIs(t, err, ddl.ErrUnsupported)
}

// TestClasses: what is carried out unasked is what nobody waits for.
func TestClasses(t *testing.T) {
	for _, r := range ddl.Rules() {
		if r.Class == ddl.Missing {
			continue
		}
		if r.Class.Gentle() {
			require.Equal(t, ddl.Nobody, r.Class.Waits(), r.Class)
			require.NotContains(t, r.Class.Words(), "copied", r.Class)
		} else if r.Class != ddl.CopyOnline {
			require.NotEqual(t, ddl.Nobody, r.Class.Waits(), r.Class)
		}
	}
}
