package engine

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"slices"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate/fleet"
	"github.com/underpin-db/underpin/migrate/plan"
)

// namer is a query that yields everything in this database of a kind that could
// name an element: name and text.
type namer struct{ kind, query string }

// definitions name whatever stands in their text.
var definitions = []namer{
	{"view", `/* underpin names */
SELECT TABLE_NAME, VIEW_DEFINITION
FROM information_schema.VIEWS
WHERE TABLE_SCHEMA = DATABASE()`},
	{"trigger", `/* underpin names */
SELECT TRIGGER_NAME, CONCAT(EVENT_OBJECT_TABLE, ' ', ACTION_STATEMENT)
FROM information_schema.TRIGGERS
WHERE TRIGGER_SCHEMA = DATABASE()`},
	{"routine", `/* underpin names */
SELECT ROUTINE_NAME, ROUTINE_DEFINITION
FROM information_schema.ROUTINES
WHERE ROUTINE_SCHEMA = DATABASE()`},
	{"event", `/* underpin names */
SELECT EVENT_NAME, EVENT_DEFINITION
FROM information_schema.EVENTS
WHERE EVENT_SCHEMA = DATABASE()`},
}

// namers are what could name a column, and a table. A foreign key of the table's
// own, and an expression of its generated columns, go with the table.
var namers = map[plan.EffectKind][]namer{
	plan.ColumnAbsent: append(slices.Clone(definitions), namer{"foreign key", `/* underpin names */
SELECT CONSTRAINT_NAME, CONCAT_WS(' ', TABLE_NAME, COLUMN_NAME, REFERENCED_TABLE_NAME, REFERENCED_COLUMN_NAME)
FROM information_schema.KEY_COLUMN_USAGE
WHERE TABLE_SCHEMA = DATABASE()
  AND REFERENCED_TABLE_NAME IS NOT NULL`}, namer{"generated column", `/* underpin names */
SELECT CONCAT(TABLE_NAME, '.', COLUMN_NAME), CONCAT(TABLE_NAME, ' ', GENERATION_EXPRESSION)
FROM information_schema.COLUMNS
WHERE TABLE_SCHEMA = DATABASE()
  AND GENERATION_EXPRESSION <> ''`}),
	plan.TableAbsent: append(slices.Clone(definitions), namer{"foreign key", `/* underpin names */
SELECT CONSTRAINT_NAME, REFERENCED_TABLE_NAME
FROM information_schema.KEY_COLUMN_USAGE
WHERE REFERENCED_TABLE_SCHEMA = DATABASE()
  AND NOT (TABLE_SCHEMA = DATABASE() AND TABLE_NAME = REFERENCED_TABLE_NAME)`}),
}

// unnamed: nothing in the database names what contract drops. Definitions are
// matched word by word, so this may refuse for a word that means something
// else; it never overlooks one that means this, except in text that a routine
// puts together as it runs.
func (s *step) unnamed(ctx context.Context, q mysqlx.Querier) (Verdict, error) {
	var blockers, hidden []fleet.Blocker
	for _, effect := range s.goes() {
		found, unread, err := namedIn(ctx, q, effect)
		if err != nil {
			return Verdict{}, err
		}
		blockers, hidden = append(blockers, found...), append(hidden, unread...)
	}
	blockers, hidden = slices.DeleteFunc(blockers, s.isBridge), slices.DeleteFunc(hidden, s.isBridge)
	if len(blockers) > 0 {
		v := refuses("%s still what contract drops", names(len(blockers)))
		v.Blockers = blockers
		return v, nil
	}
	return s.orHidden(ctx, q, hidden)
}

// goes returns what is gone in the end: what contract drops, and a table that
// expand hides under another name.
func (s *step) goes() []plan.Effect {
	var out []plan.Effect
	for _, list := range [][]plan.Statement{s.plan.Expand, s.plan.Contract} {
		for _, statement := range list {
			out = append(out, statement.Effects...)
		}
	}
	return slices.DeleteFunc(out, func(e plan.Effect) bool {
		return e.Kind != plan.ColumnAbsent && e.Kind != plan.TableAbsent
	})
}

// isBridge reports whether something in the way is a view that the plan itself
// makes, to give a table a second name for a while, and drops in the end.
func (s *step) isBridge(b fleet.Blocker) bool {
	return slices.ContainsFunc(slices.Concat(s.plan.Expand, s.plan.Contract), func(statement plan.Statement) bool {
		return (statement.Kind == plan.CreateView || statement.Kind == plan.DropView) && b.Object == "view `"+statement.Table+"`"
	})
}

// namedIn returns what names the element that an effect makes absent, and what may:
// it is there, and its text is hidden from this user.
func namedIn(ctx context.Context, q mysqlx.Querier, e plan.Effect) (named, unread []fleet.Blocker, err error) {
	var words []*regexp.Regexp
	switch e.Kind {
	case plan.ColumnAbsent:
		words = append(words, word(e.Table), word(e.Name))
	case plan.TableAbsent:
		words = append(words, word(e.Table))
	default:
		return nil, nil, nil
	}
	for _, n := range namers[e.Kind] {
		object := func(name string) string { return fmt.Sprintf("%s `%s`", n.kind, name) }
		err := mysqlx.EachRow(ctx, q, n.query, nil, func(rows *sql.Rows) error {
			var name string
			var text sql.NullString
			if err := rows.Scan(&name, &text); err != nil {
				return err
			}
			switch {
			case text.String == "": // NULL, and of views empty
				unread = append(unread, fleet.Blocker{Object: object(name), Reason: "its definition is hidden from this user: it may name " + element(e)})
			case !slices.ContainsFunc(words, func(w *regexp.Regexp) bool { return !w.MatchString(text.String) }):
				named = append(named, fleet.Blocker{Object: object(name), Reason: "it names " + element(e)})
			}
			return nil
		})
		if err != nil {
			return nil, nil, fmt.Errorf("look for a %s that names %s: %w", n.kind, e.Table, err)
		}
	}
	return named, unread, nil
}

// word matches an identifier as a whole word, quoted or not, in any case.
func word(identifier string) *regexp.Regexp {
	return regexp.MustCompile(`(?i)(^|[^\pL\pN_$])` + regexp.QuoteMeta(identifier) + `($|[^\pL\pN_$])`)
}

func element(e plan.Effect) string {
	if e.Name == "" {
		return "table `" + e.Table + "`"
	}
	return "column `" + e.Table + "`.`" + e.Name + "`"
}

// names is "1 object names" or "2 objects name".
func names(n int) string {
	if n == 1 {
		return "1 object names"
	}
	return fmt.Sprintf("%d objects name", n)
}
