package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/underpin-db/underpin/internal/control"
	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/migrate/fleet"
)

// sights are the privileges, any one of them, without which a server does not even
// show that there are definitions of a kind. What it shows without its text, as
// MariaDB does triggers, is found by that.
var sights = []struct {
	what       string
	privileges []string
	only       ddl.Flavour // empty: both
}{
	{what: "triggers", privileges: []string{"TRIGGER"}, only: ddl.MySQL},
	{what: "events", privileges: []string{"EVENT"}},
	{what: "routines", privileges: []string{"EXECUTE", "ALTER ROUTINE", "CREATE ROUTINE", "SHOW_ROUTINE"}},
}

const queryDatabase = `/* underpin names */
SELECT DATABASE()`

// unseen returns the kinds of definitions that the user cannot see, and how to let
// it.
func unseen(ctx context.Context, q mysqlx.Querier) (kinds []string, remedy string, err error) {
	server, err := ddl.ReadServer(ctx, q)
	if err != nil {
		return nil, "", err
	}
	var database string
	if err := q.QueryRowContext(ctx, queryDatabase).Scan(&database); err != nil {
		return nil, "", fmt.Errorf("ask for the database: %w", err)
	}
	grants, err := mysqlx.ReadGrants(ctx, q)
	if err != nil {
		return nil, "", err
	}
	var missing []string
	for _, sight := range sights {
		held := func(privilege string) bool { return grants.Has(privilege, database) }
		if (sight.only == "" || sight.only == server.Flavour) && !slices.ContainsFunc(sight.privileges, held) {
			kinds, missing = append(kinds, sight.what), append(missing, sight.privileges[0])
		}
	}
	return kinds, fmt.Sprintf("GRANT %s ON %s.*", strings.Join(missing, ", "), mysqlx.Quote(database)), nil
}

// orHidden is the verdict where nothing that the user sees is in the way: what it
// does not see may be, unless somebody gives their word. A trigger that names a
// dropped column fails every write of its table from then on. unread is what is
// there without its text.
func (s *step) orHidden(ctx context.Context, q mysqlx.Querier, unread []fleet.Blocker) (Verdict, error) {
	const seen = "no view, trigger, routine, event, foreign key or generated column names what contract drops"
	kinds, remedy, err := unseen(ctx, q)
	if err != nil {
		return Verdict{}, err
	}
	if len(kinds) == 0 && len(unread) == 0 {
		return holds(seen), nil
	}
	words, err := control.Vouches(ctx, q, s.change.Name)
	if err != nil {
		return Verdict{}, err
	}
	for _, w := range words {
		if w.User == fleet.Definitions {
			return holds("%s, of what this user sees; %s vouches for the rest: %s", seen, w.Who, w.Why), nil
		}
	}
	var why []string
	if len(kinds) > 0 {
		why = append(why, fmt.Sprintf("%s are hidden from this user (%s to it)", strings.Join(kinds, ", "), remedy))
	}
	if len(unread) > 0 {
		why = append(why, "definitions are hidden from this user (grant it SHOW VIEW, TRIGGER, and SHOW_ROUTINE or, on MariaDB, SELECT ON mysql.proc)")
	}
	v := refuses("%s, and one that names what contract drops fails from then on; or look at them as somebody who may, and record it: "+
		"underpin fleet vouch --change %s --user %s --why '…'", strings.Join(why, "; "), s.change.Name, fleet.Definitions)
	v.Blockers = unread
	return v, nil
}
