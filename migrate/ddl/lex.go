package ddl

import (
	"strings"
	"unicode/utf8"
)

// token is a piece of a text that is neither blank nor comment.
type token struct {
	kind     tokenKind
	from, to int // bytes
	// word is an unquoted word in upper case, or the symbol itself.
	word string
	// depth counts the parentheses around the token.
	depth int
}

type tokenKind int

const (
	tokenWord tokenKind = iota
	tokenQuoted
	tokenSymbol
)

// comment is a comment, with its delimiters.
type comment struct {
	from, to int
	text     string
}

// lexer cuts a text into tokens. It knows what both servers agree on about
// quotes and comments; the parser has the last word on everything else.
type lexer struct {
	text string
	// delimiter ends a word that it follows without a blank.
	delimiter string
	at        int
	depth     int
	tokens    []token
	comments  []comment
}

// lexFault is a text that cannot be cut.
type lexFault struct {
	offset  int
	problem string
}

// next reads one token into tokens, or one comment into comments, or skips
// blanks. It reports whether there was anything to read.
func (l *lexer) next() (more bool, fault *lexFault) {
	if l.at >= len(l.text) {
		return false, nil
	}
	rest := l.text[l.at:]
	switch c := rest[0]; {
	case isBlank(c):
		l.at++
	case strings.HasPrefix(rest, "/*"):
		return true, l.block()
	case c == '#', isDashes(rest):
		end := strings.IndexByte(rest, '\n')
		if end < 0 {
			end = len(rest)
		}
		l.comments = append(l.comments, comment{l.at, l.at + end, rest[:end]})
		l.at += end
	case c == '`', c == '\'', c == '"':
		return true, l.quoted(c)
	case isWord(c):
		l.word()
	default:
		l.symbol()
	}
	return true, nil
}

func isBlank(c byte) bool {
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f'
}

// isDashes reports whether a comment of two dashes begins here; both servers
// ask for a blank behind them.
func isDashes(rest string) bool {
	return strings.HasPrefix(rest, "--") && (len(rest) == 2 || isBlank(rest[2]))
}

func isWord(c byte) bool {
	return c == '_' || c == '$' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= utf8.RuneSelf
}

// block reads a comment between /* and */, which does not nest.
func (l *lexer) block() *lexFault {
	end := strings.Index(l.text[l.at+2:], "*/")
	if end < 0 {
		return &lexFault{l.at, "a comment is opened here and never closed"}
	}
	to := l.at + 2 + end + 2
	l.comments = append(l.comments, comment{l.at, to, l.text[l.at:to]})
	l.at = to
	return nil
}

// quoted reads a name or a string: a doubled quote stands for one, and in
// strings a backslash takes the next character's meaning away.
func (l *lexer) quoted(quote byte) *lexFault {
	for i := l.at + 1; i < len(l.text); i++ {
		switch {
		case l.text[i] == '\\' && quote != '`':
			i++
		case l.text[i] != quote:
		case i+1 < len(l.text) && l.text[i+1] == quote:
			i++
		default:
			l.tokens = append(l.tokens, token{kind: tokenQuoted, from: l.at, to: i + 1, depth: l.depth})
			l.at = i + 1
			return nil
		}
	}
	return &lexFault{l.at, "a quote is opened here and never closed"}
}

func (l *lexer) word() {
	from := l.at
	for l.at < len(l.text) && isWord(l.text[l.at]) && (l.delimiter == "" || !strings.HasPrefix(l.text[l.at:], l.delimiter)) {
		l.at++
	}
	l.tokens = append(l.tokens, token{tokenWord, from, l.at, strings.ToUpper(l.text[from:l.at]), l.depth})
}

func (l *lexer) symbol() {
	c := l.text[l.at]
	if c == ')' && l.depth > 0 {
		l.depth--
	}
	l.tokens = append(l.tokens, token{tokenSymbol, l.at, l.at + 1, string(c), l.depth})
	if c == '(' {
		l.depth++
	}
	l.at++
}
