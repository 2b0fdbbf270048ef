package usage

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

const selectGlobalPrivileges = `/* underpin usage */
SELECT PRIVILEGE_TYPE
FROM information_schema.USER_PRIVILEGES
WHERE GRANTEE = ?`

const selectSchemaPrivileges = `/* underpin usage */
SELECT PRIVILEGE_TYPE
FROM information_schema.SCHEMA_PRIVILEGES
WHERE GRANTEE = ?
  AND ? LIKE TABLE_SCHEMA`

// selectMetric fails without PROCESS on both servers, where the process list
// would merely be short.
const selectMetric = `/* underpin usage */
SELECT NAME
FROM information_schema.INNODB_METRICS
LIMIT 1`

// needs is what it takes to see definitions: any one of these privileges.
var needs = []struct {
	what       string
	privileges [2][]string // by flavour
}{
	{"views", [2][]string{{"SHOW VIEW"}, {"SHOW VIEW"}}},
	{"triggers", [2][]string{{"TRIGGER"}, {"TRIGGER"}}},
	{"events", [2][]string{{"EVENT"}, {"EVENT"}}},
	{"routines", [2][]string{{"SHOW_ROUTINE", "SELECT"}, {"SHOW CREATE ROUTINE", "SELECT"}}},
}

// readPrivileges finds out what is hidden. Privileges that come with a role
// are not looked at: a look may see more than it says.
func (l *look) readPrivileges(ctx context.Context, _ []Element) error {
	at := strings.LastIndexByte(l.user, '@')
	grantee := fmt.Sprintf("'%s'@'%s'", l.user[:max(at, 0)], l.user[at+1:])
	global, schema := map[string]bool{}, map[string]bool{}
	into := func(set map[string]bool) func(row) error {
		return func(r row) error { set[r.text(0)] = true; return nil }
	}
	if err := l.each(ctx, selectGlobalPrivileges, []any{grantee}, into(global)); err != nil {
		return fmt.Errorf("read the user's privileges: %w", err)
	}
	if err := l.each(ctx, selectSchemaPrivileges, []any{grantee, l.opts.Schema}, into(schema)); err != nil {
		return fmt.Errorf("read the user's privileges: %w", err)
	}
	for _, n := range needs {
		names := n.privileges[l.flavour]
		held := func(set map[string]bool) bool {
			return slices.ContainsFunc(names, func(p string) bool { return set[p] })
		}
		if held(global) {
			continue
		}
		where, also := n.what+" of other schemas", ""
		if !held(schema) || n.what == "routines" {
			where, also = n.what, ", or on the schema"
		}
		if n.what == "routines" {
			also = ""
		}
		l.blind(where, "one that uses the element may be hidden from this user",
			fmt.Sprintf("GRANT %s ON *.*%s to it", strings.Join(names, " or "), also))
	}
	return nil
}
