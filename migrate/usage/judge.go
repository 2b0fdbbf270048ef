package usage

import (
	"cmp"
	"context"
	"errors"
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
	loose bool
	// full says that the server may have kept the beginning only.
	full   bool
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

// names reports whether a name is among words or, in a garbled text, anywhere
// as a word; one that contains a backtick, anywhere at all.
func (i item) names(in map[string]bool, name string) bool {
	if in[fold(name)] || !i.garbled() {
		return in[fold(name)]
	}
	raw, name := strings.ToLower(i.raw), strings.ToLower(name)
	if strings.Contains(name, "`") {
		return strings.Contains(raw, name)
	}
	return slices.Contains(strings.FieldsFunc(raw, func(c rune) bool { return !isWord(c) }), name)
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
	if i.full {
		return true
	}
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
		seen := map[int]bool{}
		var outer []source
		for alias, table := range i.outer {
			outer = append(outer, source{alias: alias, table: table, columns: l.columns(table)})
		}
		for _, f := range append(resolve(node, l.targets, l.catalog, i.schema, outer...), l.hinted(piece, in)...) {
			all[f] = true
			seen[f.target] = true
		}
		for _, f := range l.scan(i, piece, in, errGarbled) {
			if t := l.targets[f.target]; i.garbled() && !seen[f.target] && strings.Contains(t.Table+t.Column+t.Index, "`") {
				all[f] = true
			}
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
		if fold(i.schema) != key.schema && !i.names(in, t.Schema) {
			continue // another schema's table of that name
		}
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
			if errors.Is(cause, errGarbled) {
				why = cause.Error()
			} else if i.isCut() {
				why = errCut.Error()
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
