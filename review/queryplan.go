package review

import "strings"

// QueryPlan is what a server says that it does for a named query, as EXPLAIN
// has it.
type QueryPlan struct {
	// Table is the first one that is read in full, else the first of all, by
	// the name that the query gives it.
	Table string
	// Scan is whether all rows of Table are read, and Sort whether rows are
	// sorted because no index has their order.
	Scan, Sort bool
}

// ClassOf sorts a table of so many rows and bytes.
func (p *Pass) ClassOf(rows, bytes uint64) SizeClass { return p.Config.Sizes.class(rows, bytes) }

// ParameterKind says what stands in the place of a parameter.
type ParameterKind string

// The kinds of parameter.
const (
	ValueParameter ParameterKind = "value"
	// CountParameter is a number of rows, behind LIMIT or OFFSET.
	CountParameter ParameterKind = "count"
)

// Prepared returns the query as the server prepares it, with a question mark for
// each parameter, however its mapper spells one: ?, :name, @name, sqlc.arg(name).
func (q Query) Prepared() (text string, parameters []ParameterKind) {
	var b strings.Builder
	tokens := lex(q.Text)
	kind, last := ValueParameter, 0
	for i := 0; i < len(tokens); {
		if tokens[i].is(q.Text, "LIMIT") || tokens[i].is(q.Text, "OFFSET") {
			kind = CountParameter
		}
		n := parameterAt(q.Text, tokens[i:])
		if n == 0 {
			i++
			continue
		}
		b.WriteString(q.Text[last:tokens[i].from])
		b.WriteByte('?')
		parameters = append(parameters, kind)
		last = tokens[i+n-1].to
		i += n
	}
	b.WriteString(q.Text[last:])
	return strings.TrimRight(b.String(), "; \t\r\n"), parameters
}

// parameterAt returns how many tokens a parameter has that begins here; 0 is
// none.
func parameterAt(text string, tokens []token) int {
	adjacent := len(tokens) > 1 && tokens[0].to == tokens[1].from && tokens[1].kind == tokenWord
	switch {
	case tokens[0].is(text, "?"):
		return 1
	case adjacent && (tokens[0].is(text, ":") || tokens[0].is(text, "@")):
		return 2
	case tokens[0].is(text, "sqlc") && len(tokens) > 4 && tokens[1].is(text, ".") && tokens[3].is(text, "("):
		for i := 4; i < len(tokens); i++ {
			if tokens[i].is(text, ")") {
				return i + 1
			}
		}
	}
	return 0
}
