package review

import (
	"regexp"
	"slices"
	"strings"

	"github.com/underpin-db/underpin/migrate/ddl"
)

// executed returns a statement as one server executes it: comments of the form
// /*M! … */ are code on MariaDB and comments elsewhere. Those of the form /*! … */
// the parser reads itself, whatever version they name. Nothing moves.
func executed(text string, server ddl.Server) string {
	if server.Flavour != ddl.MariaDB || !strings.Contains(text, "/*M!") {
		return text
	}
	out := []byte(text)
	for _, t := range lex(text) {
		if t.kind != tokenExecutable || !strings.HasPrefix(text[t.from:], "/*M!") {
			continue
		}
		from := t.from + len("/*M!")
		for from < t.to && text[from] >= '0' && text[from] <= '9' {
			from++
		}
		blank(out[t.from:from])
		blank(out[t.to-2 : t.to])
	}
	return string(out)
}

func blank(b []byte) {
	for i := range b {
		b[i] = ' '
	}
}

// spelling replaces words that one server knows and the parser does not, by
// something of the same meaning for a review.
type spelling struct {
	words []string // "*" is any one word, name or symbol
	// at is the index of the first word that is replaced, and count through how
	// many; toEnd is through the end of the statement.
	at, count int
	with      string
	after     string // where a type: only behind the name of a column
}

const toEnd = -1

// spellings are tried in every place of a statement that does not parse.
var spellings = []spelling{
	{words: []string{"UUID"}, count: 1, with: "binary(16)", after: "name"},
	{words: []string{"INET6"}, count: 1, with: "binary(16)", after: "name"},
	{words: []string{"INET4"}, count: 1, with: "binary(4)", after: "name"},
	{words: []string{"GEOMETRY"}, count: 1, with: "longblob", after: "name"},
	{words: []string{"POINT"}, count: 1, with: "longblob", after: "name"},
	{words: []string{"LINESTRING"}, count: 1, with: "longblob", after: "name"},
	{words: []string{"POLYGON"}, count: 1, with: "longblob", after: "name"},
	{words: []string{"MULTIPOINT"}, count: 1, with: "longblob", after: "name"},
	{words: []string{"MULTILINESTRING"}, count: 1, with: "longblob", after: "name"},
	{words: []string{"MULTIPOLYGON"}, count: 1, with: "longblob", after: "name"},
	{words: []string{"GEOMETRYCOLLECTION"}, count: 1, with: "longblob", after: "name"},
	{words: []string{"SRID", "*"}, count: 2},
	{words: []string{"TABLE", "IF", "EXISTS"}, at: 1, count: 2},
	{words: []string{"ALTER", "ONLINE", "TABLE"}, at: 1, count: 1},
	{words: []string{"ALTER", "VIEW"}, count: 2, with: "CREATE OR REPLACE VIEW"},
	{words: []string{"ALTER", "IGNORE", "TABLE"}, at: 1, count: 1},
	{words: []string{"CREATE", "OR", "REPLACE", "TABLE"}, at: 1, count: 2},
	{words: []string{"SPATIAL"}, count: 1},
	{words: []string{"INDEX", "*", "NOT", "IGNORED"}, at: 2, count: 2, with: "VISIBLE"},
	{words: []string{"INDEX", "*", "IGNORED"}, at: 2, count: 1, with: "INVISIBLE"},
	{words: []string{"CONSTRAINT", "IF", "EXISTS"}, at: 1, count: 2},
	{words: []string{"FOREIGN", "KEY", "IF", "EXISTS"}, at: 2, count: 2},
	{words: []string{"AS", "*", "ON", "DUPLICATE", "KEY"}, count: 2},
	{words: []string{"RETURNING", "*"}, count: toEnd},
	{words: []string{"INVISIBLE"}, count: 1},
	{words: []string{"VISIBLE"}, count: 1},
	{words: []string{"PERSISTENT"}, count: 1, with: "STORED"},
	{words: []string{"WITH", "SYSTEM", "VERSIONING"}, count: 3},
	{words: []string{"WITHOUT", "SYSTEM", "VERSIONING"}, count: 3},
	{words: []string{"PAGE_CHECKSUM", "=", "*"}, count: 3},
	{words: []string{"TRANSACTIONAL", "=", "*"}, count: 3},
	{words: []string{"NOWAIT"}, count: 1},
	{words: []string{"ALTER", "TABLE", "*", "WAIT", "*"}, at: 3, count: 2},
	{words: []string{"SET", "PERSIST"}, at: 1, count: 1, with: "GLOBAL"},
	{words: []string{"SET", "PERSIST_ONLY"}, at: 1, count: 1, with: "GLOBAL"},
	{words: []string{"ALGORITHM", "=", "NOCOPY"}, at: 2, count: 1, with: "INPLACE"},
	{words: []string{"ALGORITHM", "NOCOPY"}, at: 1, count: 1, with: "INPLACE"},
}

// respell returns the statement in the parser's words, and whether that
// changed anything. Offsets are no longer those of the author's text.
func respell(text string) (spelt string, changed bool) {
	tokens := lex(text)
	var b strings.Builder
	last := 0
	for i := 0; i < len(tokens); i++ {
		if with := knownCollation(text[tokens[i].from:tokens[i].to]); with != "" {
			b.WriteString(text[last:tokens[i].from])
			b.WriteString(with)
			last, changed = tokens[i].to, true
			continue
		}
		s := slices.IndexFunc(spellings, func(s spelling) bool { return s.matches(text, tokens, i) })
		if s < 0 {
			continue
		}
		first := i + spellings[s].at
		b.WriteString(text[last:tokens[first].from])
		b.WriteString(spellings[s].with)
		changed = true
		if spellings[s].count == toEnd {
			return b.String(), changed
		}
		last = tokens[first+spellings[s].count-1].to
		i += spellings[s].at + spellings[s].count - 1
	}
	b.WriteString(text[last:])
	return b.String(), changed
}

// unknownCollation is a name such as utf8mb4_uca1400_ai_ci, of MariaDB's newer
// collations, of which the parser knows none.
var unknownCollation = regexp.MustCompile(`(?i)^(?:(utf8mb4|utf8mb3|utf8)_)?uca1400_\w+$`)

// knownCollation returns a collation that the parser knows for one that it does
// not: one that nobody uses, so that a change from or to it is still a change.
func knownCollation(word string) string {
	m := unknownCollation.FindStringSubmatch(word)
	if m == nil {
		return ""
	}
	if strings.EqualFold(m[1], "utf8mb3") || strings.EqualFold(m[1], "utf8") {
		return "utf8_roman_ci"
	}
	return "utf8mb4_roman_ci"
}

func (s spelling) matches(text string, tokens []token, i int) bool {
	if i+len(s.words) > len(tokens) || s.after != "" && !isColumn(text, tokens, i-1) {
		return false
	}
	for j, w := range s.words {
		if w != "*" && !tokens[i+j].is(text, w) {
			return false
		}
	}
	return true
}

// isColumn reports whether the token at i is the name of a column whose type
// may follow.
func isColumn(text string, tokens []token, i int) bool {
	if i < 1 || tokens[i].kind == tokenSymbol || tokens[i].kind == tokenString {
		return false
	}
	for _, w := range []string{"(", ",", "ADD", "COLUMN", "MODIFY", "EXISTS"} {
		if tokens[i-1].is(text, w) {
			return true
		}
	}
	return i > 1 && (tokens[i-2].is(text, "CHANGE") || tokens[i-2].is(text, "COLUMN"))
}
