package usage

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// item is one text that may use a target: a statement or a definition.
type item struct {
	use    Use
	schema string // the default one
	raw    string // the text as the server gave it
	// loose says that the server spells names that contain a backtick in a way
	// that nobody can read back.
	loose  bool
	pieces [][]token
	// outer are further names that stand for a table: NEW and OLD of a
	// trigger, or the table whose expression this is.
	outer map[string]tableKey
}

// words returns the folded names of all tokens.
func words(pieces ...[]token) map[string]bool {
	out := map[string]bool{}
	for _, p := range pieces {
		for _, t := range p {
			if t.isName() {
				out[fold(t.text)] = true
			}
		}
	}
	return out
}

// garbled reports whether names may have been cut in the wrong place: MySQL
// writes one that contains a backtick without doubling it in digests, and
// wrongly in the bodies of routines, so that nobody can say where it ends.
func (i item) garbled() bool {
	if !i.loose {
		return false
	}
	for _, p := range i.pieces {
		for _, t := range p {
			if t.kind == quoted && (strings.Contains(t.text, "`") || strings.TrimSpace(t.text) != t.text) {
				return true
			}
		}
	}
	return false
}

// names reports whether a name is among words or, in a garbled text, anywhere.
func (i item) names(in map[string]bool, name string) bool {
	return in[fold(name)] || i.garbled() && strings.Contains(strings.ToLower(i.raw), strings.ToLower(name))
}

// mentions reports whether an item may use any of the targets: whether their
// table is named at all. Nothing else is worth parsing.
func (i item) mentions(targets []target) bool {
	in := words(i.pieces...)
	for _, t := range targets {
		if i.names(in, t.Table) {
			return true
		}
		for _, table := range i.outer {
			if table == t.key() {
				return true
			}
		}
	}
	return false
}

// isCut reports whether the end of a text is missing.
func (i item) isCut() bool {
	for _, p := range i.pieces {
		if n := len(p); n > 0 && p[n-1].kind == cut {
			return true
		}
	}
	return false
}

// judge returns the uses that the items are, in their order. Items that name
// no table of a target are passed over, unless their end is missing.
func (l *look) judge(ctx context.Context, items []item) ([]Use, error) {
	var relevant []item
	for _, i := range items {
		if i.mentions(l.targets) || i.isCut() {
			relevant = append(relevant, i)
		}
	}
	if err := l.loadColumns(ctx, relevant); err != nil {
		return nil, err
	}
	var out []Use
	for _, i := range relevant {
		out = append(out, l.judgeItem(i)...)
	}
	return out, nil
}

// judgeItem judges one item, piece by piece.
func (l *look) judgeItem(i item) []Use {
	all := map[found]bool{}
	in := words(i.pieces...)
	for _, piece := range i.pieces {
		node, err := parse(piece)
		if err != nil {
			for _, f := range l.scan(i, piece, in, err) {
				all[f] = true
			}
			continue
		}
		for _, f := range l.scan(i, piece, in, errGarbled) {
			if t := l.targets[f.target]; i.garbled() && strings.Contains(t.Table+t.Column+t.Index, "`") {
				all[f] = true
			}
		}
		var outer []source
		for alias, table := range i.outer {
			outer = append(outer, source{alias: alias, table: table, columns: l.columns(table)})
		}
		for _, f := range append(resolve(node, l.targets, l.catalog, i.schema, outer...), l.hinted(piece, in)...) {
			all[f] = true
		}
	}
	return l.uses(i, all)
}

// uses makes one use of each element and way.
func (l *look) uses(i item, all map[found]bool) []Use {
	type way struct {
		element Element
		how     How
	}
	whys := map[way][]string{}
	for f := range all {
		t := l.targets[f.target]
		why := f.why
		if t.via != "" {
			if i.use.Kind == View && i.use.Name == t.via {
				continue // a view is not a use of itself
			}
			why = strings.TrimPrefix(why+", through the view "+t.via, ", ")
		}
		w := way{t.element(), f.how}
		whys[w] = append(whys[w], why)
	}
	var out []Use
	for w, why := range whys {
		slices.Sort(why)
		u := i.use
		u.Element, u.How = w.element, w.how
		u.Why = strings.Trim(strings.Join(slices.Compact(append([]string{u.Why}, why...)), ", "), ", ")
		out = append(out, u)
	}
	slices.SortFunc(out, func(a, b Use) int {
		return cmp.Or(cmp.Compare(a.Element.String(), b.Element.String()), cmp.Compare(a.How, b.How))
	})
	return out
}

// scan looks for the words of the targets in text that does not parse. The
// table may be named anywhere in the item: a routine names it in one piece and
// the column in another. Where the end is missing, the table may be there.
func (l *look) scan(i item, piece []token, in map[string]bool, cause error) []found {
	var out []found
	here := words(piece)
	for n, t := range l.targets {
		key := t.key()
		ofTable := i.names(in, t.Table) || i.isCut()
		for _, table := range i.outer {
			ofTable = ofTable || table == key
		}
		named := i.names(here, t.Table)
		switch {
		case t.Column != "":
			named = ofTable && i.names(here, t.Column)
		case t.Index != "":
			named = ofTable && i.names(here, t.Index)
		}
		if named {
			why := "it does not parse"
			if cause == errCut || cause == errGarbled {
				why = cause.Error()
			}
			out = append(out, found{n, Unparsed, why})
		}
	}
	return out
}

// hinted looks for indexes in the hints of a statement, which say of which
// table in ways of their own.
func (l *look) hinted(piece []token, in map[string]bool) []found {
	var out []found
	for _, h := range piece {
		if h.kind != hint {
			continue
		}
		named := words(lex(h.text, digestText))
		for n, t := range l.targets {
			if t.Index != "" && in[t.key().name] && named[fold(t.Index)] {
				out = append(out, found{n, Hint, ""})
			}
		}
	}
	return out
}

// errGarbled says why a text that parses is judged by its words all the same.
var errGarbled = errors.New("the server spells names that contain a backtick wrongly")

const selectColumns = `/* underpin usage */
SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME
FROM information_schema.COLUMNS
WHERE TABLE_SCHEMA = ?
  AND TABLE_NAME IN (%s)`

// loadBatch is how many tables one query asks for.
const loadBatch = 200

// loadColumns reads the columns of every table that the items may name.
func (l *look) loadColumns(ctx context.Context, items []item) error {
	missing := map[string][]any{}
	want := func(k tableKey, spelled string) {
		if _, ok := l.catalog[k]; ok || k.schema == "" {
			return
		}
		l.catalog[k] = nil
		missing[k.schema] = append(missing[k.schema], spelled)
	}
	for _, t := range l.targets {
		want(t.key(), t.Table)
	}
	for _, i := range items {
		for _, table := range i.outer {
			want(table, table.name)
		}
		for _, p := range i.pieces {
			for n, t := range p {
				if !t.isName() {
					continue
				}
				want(tableKey{fold(i.schema), fold(t.text)}, t.text)
				if n+2 < len(p) && p[n+1].is(".") && p[n+2].isName() {
					want(tableKey{fold(t.text), fold(p[n+2].text)}, p[n+2].text)
				}
			}
		}
	}
	for schema, tables := range missing {
		for batch := range slices.Chunk(tables, loadBatch) {
			query := fmt.Sprintf(selectColumns, strings.TrimSuffix(strings.Repeat("?, ", len(batch)), ", "))
			if err := l.each(ctx, query, append([]any{schema}, batch...), l.addColumn); err != nil {
				return fmt.Errorf("read the columns of the tables named: %w", err)
			}
		}
	}
	return nil
}

// addColumn adds a column to the catalog.
func (l *look) addColumn(row row) error {
	key := tableKey{fold(row.text(0)), fold(row.text(1))}
	if l.catalog[key] == nil {
		l.catalog[key] = map[string]bool{}
	}
	l.catalog[key][fold(row.text(2))] = true
	return nil
}

// columns are those that a table has now, with those looked for.
func (l *look) columns(table tableKey) map[string]bool {
	r := resolver{targets: l.targets, catalog: l.catalog}
	return r.columnsOf(table)
}
