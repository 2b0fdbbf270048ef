package plan_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/underpin-db/underpin/integration/servers"
	"github.com/underpin-db/underpin/migrate/plan"
)

// The code that a plan hands out compiles as it stands, whatever the columns
// are called and whatever their types are.
func TestSnippetsCompile(t *testing.T) {
	for title, c := range map[string]struct {
		table  string
		change string
	}{
		"rename": {
			table:  people,
			change: "ALTER TABLE people RENAME COLUMN name TO `full name`",
		},
		"every type, odd names": {
			table:  "CREATE TABLE `odd-table` (`key` VARBINARY(16) NOT NULL, `2nd` INT UNSIGNED NOT NULL, `type` DATETIME(6) NULL, PRIMARY KEY (`key`, `2nd`))",
			change: "ALTER TABLE `odd-table` RENAME COLUMN `type` TO `func`",
		},
		"numbers": {
			table:  "CREATE TABLE n (id INT AUTO_INCREMENT PRIMARY KEY, amount DECIMAL(20,4) NULL)",
			change: "ALTER TABLE n CHANGE COLUMN amount `Größe` DECIMAL(30,6)",
		},
	} {
		t.Run(title, func(t *testing.T) {
			servers.Each(t, func(t *testing.T, s *servers.Server) {
				db := open(t, s, c.table)
				list, err := plan.Derive(t.Context(), db, plan.DDL{Name: "argument", Text: c.change, Service: "crm"}, plan.Options{})
				require.NoError(t, err)
				p, err := plan.Build(t.Context(), db, list[0].File, plan.Options{})
				require.NoError(t, err)
				snippets, err := p.Snippets()
				require.NoError(t, err)
				require.Len(t, snippets, 3)
				for _, snippet := range snippets[:2] {
					compile(t, snippet.Go)
				}
			})
		})
	}
}

// Two columns whose names make the same Go name are kept apart.
func TestSnippetsKeepColumnsApart(t *testing.T) {
	db := open(t, servers.ForTest(t, servers.MariaDB), "CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, a INT NULL, b INT NULL)")
	p, err := plan.Build(t.Context(), db, parse(t, `
change: apart
service: crm
source: {table: t}
target: {table: t}
expand: ["ALTER TABLE t ADD COLUMN `+"`c d`"+` INT NULL, ADD COLUMN c_d INT NULL"]
forward: {"c d": a, c_d: b}
backward: {a: "`+"`c d`"+`", b: c_d}
contract: [ALTER TABLE t DROP COLUMN a, ALTER TABLE t DROP COLUMN b]
`), plan.Options{})
	require.NoError(t, err)
	snippets, err := p.Snippets()
	require.NoError(t, err)
	for _, snippet := range snippets[:2] {
		compile(t, snippet.Go)
	}
}

// compile has the toolchain look at a file as part of this module.
func compile(t *testing.T, code string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "app.go")
	require.NoError(t, os.WriteFile(path, []byte(code), 0o600))
	out, err := exec.CommandContext(t.Context(), "go", "vet", path).CombinedOutput()
	require.NoError(t, err, "%s\n%s", out, code)
}
