package plan

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// mustParse parses statements.
func mustParse(t *testing.T, texts ...string) []*ddl {
	t.Helper()
	var out []*ddl
	for _, text := range texts {
		d, r := parseDDL(Scalar{Text: text})
		require.Nil(t, r, "%+v", r)
		out = append(out, d)
	}
	return out
}

func TestStatementKeepsItsText(t *testing.T) {
	d := mustParse(t, "alter  table `we``ird` ADD COLUMN c INT -- why\n;")[0]
	assert.Equal(t, "alter  table `we``ird` ADD COLUMN c INT -- why", d.SQL)
	assert.Equal(t, "we`ird", d.Table)
	list, err := d.on("s")
	require.NoError(t, err)
	assert.Equal(t, []string{"ALTER TABLE `s` ADD COLUMN `c` INT"}, list)
}

func TestEffects(t *testing.T) {
	d := mustParse(t, "ALTER TABLE t ADD COLUMN (a INT, b INT), ADD INDEX i (a), ALTER COLUMN c SET DEFAULT 1, DROP COLUMN d, MODIFY e INT")[0]
	assert.Equal(t, []Effect{
		{Kind: ColumnExists, Table: "t", Name: "a"}, {Kind: ColumnExists, Table: "t", Name: "b"}, {Kind: IndexExists, Table: "t", Name: "i"}, {Kind: DefaultSet, Table: "t", Name: "c"}, {Kind: ColumnAbsent, Table: "t", Name: "d"},
	}, d.Effects)
}

func TestUndo(t *testing.T) {
	var got []string
	for _, s := range undo(mustParse(t, "CREATE TABLE u (id INT)", "ALTER TABLE u ADD COLUMN x INT",
		"ALTER TABLE t ADD COLUMN a INT, ADD INDEX i (a)", "ALTER TABLE t ALTER COLUMN c SET DEFAULT 1", "CREATE INDEX j ON t (a)")) {
		got = append(got, s.SQL)
	}
	assert.Equal(t, []string{
		"ALTER TABLE `t` DROP INDEX `j`",
		"ALTER TABLE `t` DROP INDEX `i`, DROP COLUMN `a`",
		"DROP TABLE `u`",
	}, got)
}
