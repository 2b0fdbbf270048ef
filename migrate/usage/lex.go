package usage

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// form is how a text spells its names.
type form int

const (
	plainText   form = iota // SQL as somebody wrote it
	ansiText                // the same, where "x" is a name
	digestText              // a digest of MySQL: a backtick within a name stands alone
	digestMaria             // a digest of MariaDB: it is doubled, as in plain text
)

func (f form) isDigest() bool { return f == digestText || f == digestMaria }

// tokenKind is what a token is.
type tokenKind int

const (
	word     tokenKind = iota // a keyword or a name without quotes
	quoted                    // a name in quotes
	literal                   // a value or a placeholder
	variable                  // @x, @@x
	hint                      // /*+ … */
	symbol                    // punctuation
	cut                       // what follows was cut off
)

// token is a piece of a statement. The text of a quoted name is without its
// quotes, that of a literal is lost.
type token struct {
	kind tokenKind
	text string
}

// is reports whether a token is a word or symbol, in any case.
func (t token) is(texts ...string) bool {
	if t.kind != word && t.kind != symbol {
		return false
	}
	for _, text := range texts {
		if strings.EqualFold(t.text, text) {
			return true
		}
	}
	return false
}

// isName reports whether a token can be the name of something.
func (t token) isName() bool { return t.kind == word || t.kind == quoted }

// hidden stands for a name that a digest does not show, because it is longer
// than shownBytes. All such names count as the same.
const (
	hidden     = "…"
	shownBytes = 64
)

// lexer cuts text into tokens.
type lexer struct {
	text string
	at   int
	form form
	out  []token
}

// lex cuts text into tokens. It never fails: what it does not know becomes a
// symbol.
func lex(text string, form form) []token {
	l := &lexer{text: text, form: form}
	for l.at < len(l.text) {
		l.next()
	}
	return l.out
}

func (l *lexer) add(kind tokenKind, text string) { l.out = append(l.out, token{kind, text}) }

// rest reports whether the rest begins with a prefix.
func (l *lexer) rest(prefix string) bool { return strings.HasPrefix(l.text[l.at:], prefix) }

// digestPieces are what digests have that SQL does not; an empty text means
// that nothing takes its place.
var digestPieces = []struct {
	piece string
	put   []token
}{
	{"/* , ... */", nil},
	{"(...)", []token{{symbol, "("}, {literal, "?"}, {symbol, ")"}}},
	{"?, ...", []token{{literal, "?"}}},
	{"@?", []token{{variable, "@v"}}},
	{"(_charset)", nil},
	{"(unknown)", []token{{literal, "?"}}},
	{"(tokenizer error)", []token{{cut, "..."}}},
	{"...", []token{{quoted, hidden}}},
}

func (l *lexer) next() {
	if l.form.isDigest() {
		for _, p := range digestPieces {
			if l.rest(p.piece) {
				l.out = append(l.out, p.put...)
				l.at += len(p.piece)
				return
			}
		}
	}
	c, size := utf8.DecodeRuneInString(l.text[l.at:])
	switch {
	case unicode.IsSpace(c) || c == 0:
		l.at += size
	case l.rest("/*"):
		l.comment()
	case c == '#' || l.rest("-- ") || l.rest("--\n") || l.rest("--\t"):
		l.skipTo("\n")
	case c == '`':
		l.name('`')
	case c == '"' && l.form == ansiText:
		l.name('"')
	case c == '\'' || c == '"':
		l.str(byte(c))
	case c == '?':
		l.at++
		l.add(literal, "?")
	case c == '@':
		l.variable()
	case c >= '0' && c <= '9' || c == '.' && l.digitAt(1):
		l.number()
	case isWord(c):
		l.word()
	default:
		l.symbol(size)
	}
}

func isWord(c rune) bool {
	return c == '_' || c == '$' || c >= 0x80 && c != utf8.RuneError || unicode.IsLetter(c) || unicode.IsDigit(c)
}

func (l *lexer) digitAt(n int) bool {
	return l.at+n < len(l.text) && l.text[l.at+n] >= '0' && l.text[l.at+n] <= '9'
}

// skipTo goes behind the next end, or to the end of the text.
func (l *lexer) skipTo(end string) {
	if i := strings.Index(l.text[l.at:], end); i >= 0 {
		l.at += i + len(end)
		return
	}
	l.at = len(l.text)
}

// comment skips a comment, keeps a hint, and goes into a comment that the
// server executes.
func (l *lexer) comment() {
	for _, prefix := range []string{"/*!", "/*M!"} {
		if l.rest(prefix) {
			l.at += len(prefix)
			for l.digitAt(0) {
				l.at++
			}
			return // the end is skipped as a symbol
		}
	}
	from := l.at
	isHint := l.rest("/*+")
	l.at += 2
	l.skipTo("*/")
	if isHint {
		l.add(hint, strings.TrimSuffix(l.text[from+3:l.at], "*/"))
	}
}

// name reads a name in quotes.
func (l *lexer) name(quote byte) {
	from := l.at + 1
	var b strings.Builder
	for i := from; i < len(l.text); i++ {
		switch {
		case l.text[i] != quote:
			b.WriteByte(l.text[i])
		case l.form == digestText && i+1 < len(l.text) && l.text[i+1] != ' ':
			b.WriteByte(quote) // a digest has a blank behind every token
		case l.form != digestText && i+1 < len(l.text) && l.text[i+1] == quote:
			b.WriteByte(quote)
			i++
		default:
			l.at = i + 1
			l.add(quoted, b.String())
			return
		}
	}
	l.at = len(l.text)
	l.add(quoted, b.String())
	l.add(cut, "...") // the name may go on
}

// str reads a string; what is in it does not matter.
func (l *lexer) str(quote byte) {
	for l.at++; l.at < len(l.text); l.at++ {
		switch l.text[l.at] {
		case '\\':
			l.at++
		case quote:
			if l.at+1 < len(l.text) && l.text[l.at+1] == quote {
				l.at++
				continue
			}
			l.at++
			l.add(literal, "'")
			return
		}
	}
	l.at = len(l.text)
	l.add(literal, "'")
	l.add(cut, "...")
}

func (l *lexer) variable() {
	from := l.at
	for l.at < len(l.text) && l.text[l.at] == '@' {
		l.at++
	}
	if l.at < len(l.text) && strings.IndexByte("`'\"", l.text[l.at]) >= 0 {
		quote := l.text[l.at]
		l.at++
		l.skipTo(string(quote))
		l.add(variable, "@v")
		return
	}
	for l.at < len(l.text) {
		c, size := utf8.DecodeRuneInString(l.text[l.at:])
		if !isWord(c) && c != '.' {
			break
		}
		l.at += size
	}
	text := l.text[from:l.at]
	if !strings.HasPrefix(text, "@@") {
		text = "@v"
	}
	l.add(variable, text)
}

// number reads a number. A name may begin with digits: then it is a word.
func (l *lexer) number() {
	from := l.at
	l.word()
	text := l.out[len(l.out)-1].text
	if strings.HasPrefix(text, "0x") || strings.HasPrefix(text, "0b") || strings.Trim(text, "0123456789eE") == "" {
		l.out[len(l.out)-1] = token{literal, "1"}
	}
	if l.at == from { // a point comes first
		l.out[len(l.out)-1] = token{literal, "1"}
	}
	if l.at < len(l.text) && l.text[l.at] == '.' && l.out[len(l.out)-1].kind == literal {
		for l.at++; l.digitAt(0); l.at++ {
		}
		if l.rest("e") || l.rest("E") {
			for l.at++; l.digitAt(0) || l.rest("-") || l.rest("+"); l.at++ {
			}
		}
	}
}

func (l *lexer) word() {
	from := l.at
	for l.at < len(l.text) {
		c, size := utf8.DecodeRuneInString(l.text[l.at:])
		if !isWord(c) {
			break
		}
		l.at += size
	}
	text := l.text[from:l.at]
	// x'…', b'…', n'…' and _utf8mb4'…' are literals as a whole.
	if l.rest("'") && (len(text) == 1 && strings.ContainsAny(text, "xXbBnN") || strings.HasPrefix(text, "_")) {
		l.str('\'')
		return
	}
	l.add(word, text)
}

// symbols of more than one character, longest first.
var symbols = []string{"->>", "<=>", "->", "<=", ">=", "<>", "!=", ":=", "||", "&&", "<<", ">>", "*/"}

func (l *lexer) symbol(size int) {
	for _, s := range symbols {
		if l.rest(s) {
			l.at += len(s)
			if s != "*/" {
				l.add(symbol, s)
			}
			return
		}
	}
	l.add(symbol, l.text[l.at:l.at+size])
	l.at += size
}

// textLimit is how much of a statement is reported, in bytes.
const textLimit = 1000

// display writes tokens back without a literal, cut short.
func display(tokens []token) string {
	var b strings.Builder
	for i, t := range tokens {
		if i > 0 {
			b.WriteByte(' ')
		}
		switch t.kind {
		case quoted:
			b.WriteString(mysqlx.Quote(t.text))
		case literal:
			b.WriteByte('?')
		case hint:
			b.WriteString("/*+ … */")
		default:
			b.WriteString(t.text)
		}
		if b.Len() > textLimit {
			return strings.ToValidUTF8(b.String()[:textLimit], "") + " …"
		}
	}
	return b.String()
}
