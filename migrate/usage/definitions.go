package usage

import (
	"context"
	"fmt"
	"strings"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// notOurs leaves out the schemas of the server itself, which name no table of
// a user's.
const notOurs = ` NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')`

// definitions are the queries for stored text: schema, name, text, the table
// of a trigger, sql_mode.
var definitions = []struct {
	kind  Kind
	query string
}{
	{View, `/* underpin usage */
SELECT TABLE_SCHEMA, TABLE_NAME, VIEW_DEFINITION, '', ''
FROM information_schema.VIEWS
WHERE TABLE_SCHEMA` + notOurs},
	{Trigger, `/* underpin usage */
SELECT TRIGGER_SCHEMA, TRIGGER_NAME, ACTION_STATEMENT, EVENT_OBJECT_TABLE, SQL_MODE
FROM information_schema.TRIGGERS
WHERE TRIGGER_SCHEMA` + notOurs},
	{Routine, `/* underpin usage */
SELECT ROUTINE_SCHEMA, ROUTINE_NAME, ROUTINE_DEFINITION, '', SQL_MODE
FROM information_schema.ROUTINES
WHERE ROUTINE_SCHEMA` + notOurs},
	{Event, `/* underpin usage */
SELECT EVENT_SCHEMA, EVENT_NAME, EVENT_DEFINITION, '', SQL_MODE
FROM information_schema.EVENTS
WHERE EVENT_SCHEMA` + notOurs},
}

// readDefinitions judges views, triggers, routines and events. Views come
// first: one that uses an element becomes a target itself, and so on for views
// over it.
func (l *look) readDefinitions(ctx context.Context, _ []Element) error {
	for _, d := range definitions {
		var items []item
		err := l.each(ctx, d.query, nil, func(r row) error {
			name := mysqlx.Quote(r.text(0)) + "." + mysqlx.Quote(r.text(1))
			if r.text(2) == "" {
				l.blind(fmt.Sprintf("the definition of %s %s", d.kind, name), "it is hidden from this user and may name the element",
					"grant the user what it takes to see it, or look at it yourself")
				return nil
			}
			i := define(d.kind, r)
			i.loose = d.kind != View && l.flavour == mySQL
			i.use.Name = name
			l.warnDynamic(i)
			items = append(items, i)
			return nil
		})
		if err != nil {
			return fmt.Errorf("read each %s: %w", d.kind, err)
		}
		uses, err := l.judge(ctx, items)
		for err == nil && d.kind == View && l.addViews(uses) {
			uses, err = l.judge(ctx, items)
		}
		if err != nil {
			return err
		}
		l.report.Uses = append(l.report.Uses, uses...)
	}
	return nil
}

// define makes an item of a row of definitions.
func define(kind Kind, r row) item {
	form := plainText
	if strings.Contains(r.text(4), "ANSI_QUOTES") {
		form = ansiText
	}
	tokens := lex(r.text(2), form)
	i := item{use: Use{Kind: kind, Text: display(tokens)}, schema: r.text(0), raw: r.text(2), pieces: [][]token{tokens}}
	if kind != View {
		i.pieces = split(tokens)
	}
	if kind == Trigger {
		table := tableKey{fold(r.text(0)), fold(r.text(3))}
		i.outer = map[string]tableKey{"new": table, "old": table}
		// The table is named by the trigger's head.
		head := lex("SELECT 1 FROM "+mysqlx.Quote(r.text(0))+"."+mysqlx.Quote(r.text(3)), plainText)
		i.pieces = append(i.pieces, head)
	}
	return i
}

// warnDynamic says of a routine that puts statements together as it runs that
// these cannot be seen.
func (l *look) warnDynamic(i item) {
	for _, p := range i.pieces {
		for n, t := range p {
			if t.is("PREPARE") || t.is("EXECUTE") && n+1 < len(p) && p[n+1].is("IMMEDIATE") {
				l.blind(fmt.Sprintf("statements that %s %s puts together as it runs", i.use.Kind, i.use.Name),
					"they may name the element", "read its text yourself")
				return
			}
		}
	}
}

// addViews makes targets of the views that use one, and reports whether any is
// new.
func (l *look) addViews(uses []Use) bool {
	known := map[string]bool{}
	for _, t := range l.targets {
		known[t.via+" "+t.element().String()] = true
	}
	added := false
	for _, u := range uses {
		if known[u.Name+" "+u.Element.String()] {
			continue
		}
		known[u.Name+" "+u.Element.String()] = true
		name := lex(u.Name, plainText)
		l.targets = append(l.targets, target{
			Element: Element{Schema: name[0].text, Table: name[2].text}, via: u.Name, of: &u.Element,
		})
		added = true
	}
	return added
}
