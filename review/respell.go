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

// withoutSettings blanks out the settings that MariaDB takes for one statement,
// SET STATEMENT … FOR, in front of it. Nothing moves.
func withoutSettings(text string) string {
	l := &lexer{text: text, end: len(text)}
	for _, want := range []string{"SET", "STATEMENT", "FOR"} {
		t, ok, _ := l.next()
		for ok && (t.kind == tokenComment || want == "FOR" && !t.is(text, want)) {
			t, ok, _ = l.next()
		}
		if !ok || !t.is(text, want) {
			return text
		}
	}
	out := []byte(text)
	blank(out[:l.at])
	return string(out)
}

// spelling replaces words that one server knows and the parser does not, by
// something of the same meaning for a review. What a statement does to whom is
// never taken out: that stays a statement that was not understood.
type spelling struct {
	words []string // "*" is any one word, name or symbol, and group what stands in brackets
	// at is the index of the first word that is replaced, and count through how
	// many; toEnd is through the end of the statement.
	at, count int
	with      string
	after     string // where a type: only behind the name of a column
}

const toEnd = -1

// group is a word of a spelling: brackets with whatever is between them.
const group = "(…)"

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
	{words: []string{"DROP", "TABLE", "IF", "EXISTS", "*", "WAIT", "*"}, at: 5, count: 2},
	{words: []string{"DROP", "TABLE", "*", "WAIT", "*"}, at: 3, count: 2},
	{words: []string{"RENAME", "TABLE", "*", "WAIT", "*"}, at: 3, count: 2},
	{words: []string{"TRUNCATE", "TABLE", "*", "WAIT", "*"}, at: 3, count: 2},
	{words: []string{"ON", "*", "WAIT", "*"}, at: 2, count: 2},
	{words: []string{"ON", "*", group, "WAIT", "*"}, at: 3, count: 2},
	{words: []string{"TABLE", "IF", "EXISTS"}, at: 1, count: 2},
	{words: []string{"ALTER", "ONLINE", "TABLE"}, at: 1, count: 1},
	{words: []string{"ALTER", "VIEW"}, count: 2, with: "CREATE OR REPLACE VIEW"},
	{words: []string{"ALTER", "IGNORE", "TABLE"}, at: 1, count: 1},
	{words: []string{"CREATE", "OR", "REPLACE", "TABLE"}, at: 1, count: 2},
	{words: []string{"SPATIAL"}, count: 1},
	{words: []string{"ALTER", "COLUMN", "*", "SET", "INVISIBLE"}, count: 5, with: "ENABLE KEYS"}, // package ddl reads what the author wrote
	{words: []string{"ALTER", "COLUMN", "*", "SET", "VISIBLE"}, count: 5, with: "ENABLE KEYS"},
	{words: []string{"ALTER", "*", "SET", "INVISIBLE"}, count: 4, with: "ENABLE KEYS"},
	{words: []string{"ALTER", "*", "SET", "VISIBLE"}, count: 4, with: "ENABLE KEYS"},
	{words: []string{"JSON_TABLE", group}, count: 2, with: "(SELECT 1)"},
	{words: []string{"DEFAULT", group}, at: 1, count: 1, with: "(uuid())"}, // what is computed for each row
	{words: []string{"DEFAULT", "UUID", group}, at: 1, count: 2, with: "(uuid())"},
	{words: []string{"DEFAULT", "NEXTVAL", group}, at: 1, count: 2, with: "(uuid())"},
	{words: []string{"=", "VALUE", "("}, at: 1, count: 1, with: "VALUES"},
	{words: []string{",", "PERIOD", "FOR", "*", group}, count: 5},
	{words: []string{"WITHOUT", "OVERLAPS"}, count: 2},
	{words: []string{"GENERATED", "ALWAYS", "AS", "ROW", "START"}, count: 5},
	{words: []string{"GENERATED", "ALWAYS", "AS", "ROW", "END"}, count: 5},
	{words: []string{"AS", "ROW", "START"}, count: 3},
	{words: []string{"AS", "ROW", "END"}, count: 3},
	{words: []string{"FOR", "SYSTEM_TIME", "ALL"}, count: 3},
	{words: []string{"FOR", "SYSTEM_TIME", "AS", "OF", "TIMESTAMP", "*"}, count: 6},
	{words: []string{"FOR", "SYSTEM_TIME", "AS", "OF", "*"}, count: 5},
	{words: []string{"COLUMN", "IF", "EXISTS"}, at: 1, count: 2},
	{words: []string{"INDEX", "IF", "NOT", "EXISTS"}, at: 1, count: 3},
	{words: []string{"KEY", "IF", "NOT", "EXISTS"}, at: 1, count: 3},
	{words: []string{"CONSTRAINT", "IF", "NOT", "EXISTS"}, at: 1, count: 3},
	{words: []string{")", "COMPRESSED"}, at: 1, count: 1},
	{words: []string{"TEXT", "COMPRESSED"}, at: 1, count: 1},
	{words: []string{"BLOB", "COMPRESSED"}, at: 1, count: 1},
	{words: []string{")", "NOT", "IGNORED"}, at: 1, count: 2, with: "VISIBLE"},
	{words: []string{")", "IGNORED"}, at: 1, count: 1, with: "INVISIBLE"},
	{words: []string{"INDEX", "*", "NOT", "IGNORED"}, at: 2, count: 2, with: "VISIBLE"},
	{words: []string{"INDEX", "*", "IGNORED"}, at: 2, count: 1, with: "INVISIBLE"},
	{words: []string{"CONSTRAINT", "IF", "EXISTS"}, at: 1, count: 2},
	{words: []string{"FOREIGN", "KEY", "IF", "EXISTS"}, at: 2, count: 2},
	{words: []string{"AS", "*", "ON", "DUPLICATE", "KEY"}, count: 2},
	{words: []string{"AS", "*", group, "ON", "DUPLICATE", "KEY"}, count: 3},
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
		var at []int
		s := slices.IndexFunc(spellings, func(s spelling) bool { at = s.match(text, tokens, i); return at != nil })
		if s < 0 {
			continue
		}
		first := spellings[s].at
		b.WriteString(text[last:tokens[at[first]].from])
		b.WriteString(spellings[s].with)
		changed = true
		if spellings[s].count == toEnd {
			return b.String(), changed
		}
		i = at[first+spellings[s].count] - 1
		last = tokens[i].to
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

// match returns where in the tokens each word of the spelling begins, and last
// where the one behind them would; nil where it does not begin at token i.
func (s spelling) match(text string, tokens []token, i int) []int {
	if s.after != "" && !isColumn(text, tokens, i-1) {
		return nil
	}
	var at []int
	for _, w := range s.words {
		at = append(at, i)
		switch {
		case i >= len(tokens), w != "*" && w != group && !tokens[i].is(text, w):
			return nil
		case w == group && !tokens[i].is(text, "("):
			return nil
		case w == group:
			if i = closing(text, tokens, i); i == len(tokens) {
				return nil
			}
		}
		i++
	}
	return append(at, i)
}

// closing returns the bracket that closes the one at i; the tokens' end where
// there is none.
func closing(text string, tokens []token, i int) int {
	for depth := 0; i < len(tokens); i++ {
		if tokens[i].is(text, "(") {
			depth++
			continue
		}
		if tokens[i].is(text, ")") {
			depth--
		}
		if depth <= 0 {
			break
		}
	}
	if i < len(tokens) && tokens[i].is(text, ")") {
		return i
	}
	return len(tokens)
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
