package preflight

import (
	"context"
	"fmt"
	"strings"

	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/migrate/plan"
)

// queryVersions works on MySQL and takes PROCESS. A partition's name follows
// its table's after a #.
const queryVersions = `/* underpin preflight */ SELECT COALESCE(MAX(TOTAL_ROW_VERSIONS), -1)
FROM information_schema.INNODB_TABLES
WHERE NAME = CONCAT(DATABASE(), '/', ?)
  OR LEFT(NAME, CHAR_LENGTH(?) + CHAR_LENGTH(DATABASE()) + 4) = CONCAT(DATABASE(), '/', ?, '#p#')`

// rowVersions is how many instant changes of columns a table may have on MySQL
// before it has to be rebuilt: 64, and 255 from 9.1.
func rowVersions(version string) int {
	var major, minor int
	// What cannot be read is taken for the older.
	_, _ = fmt.Sscanf(version, "%d.%d", &major, &minor)
	if major > 9 || major == 9 && minor >= 1 {
		return 255
	}
	return 64
}

// lookAtVersions says of each table that is to be changed instantly how many
// such changes it may still have: a scratch table has all of them.
func (e *examiner) lookAtVersions(ctx context.Context) error {
	if e.r.Server.Flavour != plan.MySQL {
		return nil // MariaDB has no such limit
	}
	steps := map[string]int{}
	for _, f := range e.r.Steps {
		if f.Class == ddl.Instant {
			steps[key(f.Table)]++
		}
	}
	limit := rowVersions(e.r.Server.Version)
	for _, t := range e.tables {
		planned := steps[key(t.Table.Table)]
		if planned == 0 {
			continue
		}
		name := t.Table.Table
		c := Check{Code: CodeRowVersions, Object: name, Status: OK}
		var used int
		err := e.s.QueryRow(ctx, queryVersions, []any{name, name, strings.ToLower(name)}, &used)
		switch {
		case ctx.Err() != nil:
			return err
		case err != nil || used < 0:
			c.Status, c.What = Unknown, "how many instant changes the table has had cannot be seen"
			c.Remedy = "grant PROCESS ON *.*, or see TOTAL_ROW_VERSIONS in information_schema.INNODB_TABLES"
		case used+planned > limit:
			c.Status, c.What = No, fmt.Sprintf("%d of %d instant changes are used: it has to be rebuilt now", used, limit)
			c.Remedy = "run ALTER TABLE … FORCE at a quiet time, which begins anew"
		default:
			c.What = fmt.Sprintf("%d of %d instant changes are used", used, limit)
		}
		e.check(c)
	}
	return nil
}
