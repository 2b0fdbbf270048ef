package review

import (
	"strings"
	"unicode/utf8"
)

// token is a piece of a text that is not blank.
type token struct {
	kind     tokenKind
	from, to int // bytes in the text that was cut
}

type tokenKind int

const (
	tokenWord tokenKind = iota
	tokenName           // in backquotes
	tokenString
	tokenSymbol
	// tokenExecutable is a comment whose content some servers execute.
	tokenExecutable
	// tokenComment is any other comment.
	tokenComment
)

// fault is a text that cannot be read, with the offset of what is wrong.
type fault struct {
	offset  int
	problem string
}

// lexer cuts a text into tokens. It knows what both servers agree on about
// quotes and comments, in their default sql_mode; the parser has the last word
// on everything else.
type lexer struct {
	text      string
	at, end   int
	delimiter string
}

// next returns the next token; ok is false at the end. A fault ends the text.
func (l *lexer) next() (t token, ok bool, bad *fault) {
	for l.at < l.end {
		rest := l.text[l.at:l.end]
		switch c := rest[0]; {
		case isBlank(c):
			l.at++
		case strings.HasPrefix(rest, "/*"):
			to, bad := l.block(rest)
			if bad != nil {
				return t, false, bad
			}
			from := l.at
			l.at = to
			if isExecutable(rest) {
				return token{tokenExecutable, from, to}, true, nil
			}
			return token{tokenComment, from, to}, true, nil
		case c == '#' || isDashes(rest):
			n := strings.IndexByte(rest, '\n')
			if n < 0 {
				n = len(rest)
			}
			l.at += n
			return token{tokenComment, l.at - n, l.at}, true, nil
		case c == '`' || c == '\'' || c == '"':
			return l.quoted(c)
		case isWord(c):
			from := l.at
			for l.at < l.end && isWord(l.text[l.at]) && !l.atDelimiter(l.at) {
				l.at++
			}
			return token{tokenWord, from, l.at}, true, nil
		default:
			l.at++
			return token{tokenSymbol, l.at - 1, l.at}, true, nil
		}
	}
	return t, false, nil
}

// atDelimiter reports whether the statement's end stands at an offset.
func (l *lexer) atDelimiter(at int) bool {
	return l.delimiter != "" && strings.HasPrefix(l.text[at:l.end], l.delimiter)
}

// lex returns the tokens of a text, up to what cannot be read, without comments.
func lex(text string) []token {
	l := &lexer{text: text, end: len(text)}
	var out []token
	for {
		t, ok, _ := l.next()
		if !ok {
			return out
		}
		if t.kind != tokenComment {
			out = append(out, t)
		}
	}
}

// block returns the end of a comment between /* and */, which does not nest.
func (l *lexer) block(rest string) (to int, bad *fault) {
	n := strings.Index(rest[2:], "*/")
	if n < 0 {
		bad = &fault{l.at, "a comment is opened here and never closed"}
		l.at = l.end
		return l.end, bad
	}
	return l.at + 2 + n + 2, nil
}

// quoted reads a name or a string: a doubled quote stands for one, and in
// strings a backslash takes the next character's meaning away.
func (l *lexer) quoted(quote byte) (t token, ok bool, bad *fault) {
	kind := tokenString
	if quote == '`' {
		kind = tokenName
	}
	for i := l.at + 1; i < l.end; i++ {
		switch {
		case l.text[i] == '\\' && quote != '`':
			i++
		case l.text[i] != quote:
		case i+1 < l.end && l.text[i+1] == quote:
			i++
		default:
			t = token{kind, l.at, i + 1}
			l.at = i + 1
			return t, true, nil
		}
	}
	bad = &fault{l.at, "a quote is opened here and never closed"}
	l.at = l.end
	return t, false, bad
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

// isExecutable reports whether a comment begins that some servers execute.
func isExecutable(rest string) bool {
	return strings.HasPrefix(rest, "/*!") || strings.HasPrefix(rest, "/*M!")
}

// word returns the word or the name that a token is, without its quotes.
func (t token) word(text string) string {
	s := text[t.from:t.to]
	if t.kind == tokenName {
		return strings.ReplaceAll(s[1:len(s)-1], "``", "`")
	}
	return s
}

// is reports whether a token is a word, in any case, that is not quoted, or a
// symbol.
func (t token) is(text, word string) bool {
	return (t.kind == tokenWord || t.kind == tokenSymbol) && strings.EqualFold(text[t.from:t.to], word)
}
