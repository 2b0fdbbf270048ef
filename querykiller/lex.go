package querykiller

import (
	"strings"
)

// dialect is one of the ways in which a server may read a text. Which one holds
// depends on its sql_mode and version, which the process list does not tell;
// where the dialects of a text differ, nothing is concluded from it.
type dialect struct {
	plainBackslash bool // NO_BACKSLASH_ESCAPES: a backslash is a letter
	skipVersioned  bool // the code in /*!99999 … */ is not for this version
}

// dialects returns the ways in which the text can be read.
func dialects(text string) []dialect {
	all := []dialect{{}}
	if strings.Contains(text, `\`) {
		all = append(all, dialect{plainBackslash: true})
	}
	if strings.Contains(text, "/*!") || strings.Contains(text, "/*M!") {
		for _, d := range all {
			d.skipVersioned = true
			all = append(all, d)
		}
	}
	return all
}

// tokenKind is what a piece of a statement is.
type tokenKind string

const (
	tokenWord    tokenKind = "word"
	tokenName    tokenKind = "name"    // between backticks
	tokenLiteral tokenKind = "literal" // a string or a number
	tokenComment tokenKind = "comment"
	tokenSign    tokenKind = "sign" // one byte of punctuation
)

type token struct {
	kind tokenKind
	text string
	at   int
}

// is says whether the token is the keyword, which is written in capitals.
func (t token) is(word string) bool { return t.kind == tokenWord && strings.EqualFold(t.text, word) }

// lexer cuts a text into tokens, byte by byte: the text need not be valid in
// any encoding, nor complete.
type lexer struct {
	dialect
	text string
	pos  int
}

// next returns the next token; ok is false at the end.
func (l *lexer) next() (t token, ok bool) {
	for l.pos < len(l.text) && isSpace(l.text[l.pos]) {
		l.pos++
	}
	if l.pos >= len(l.text) {
		return token{}, false
	}
	at := l.pos
	kind := l.take()
	return token{kind, l.text[at:l.pos], at}, true
}

// code is next without the comments.
func (l *lexer) code() (t token, ok bool) {
	for {
		t, ok = l.next()
		if !ok || t.kind != tokenComment {
			return t, ok
		}
	}
}

// take moves over one token.
func (l *lexer) take() tokenKind {
	rest := l.text[l.pos:]
	c := rest[0]
	switch {
	case strings.HasPrefix(rest, "/*"):
		l.pos += l.comment(rest)
		return tokenComment
	case strings.HasPrefix(rest, "*/"): // the end of versioned code
		l.pos += 2
		return tokenComment
	case c == '#', strings.HasPrefix(rest, "--") && (len(rest) == 2 || rest[2] <= ' '):
		l.pos += through(rest, "\n")
		return tokenComment
	case c == '\'', c == '"':
		l.pos += l.quoted(rest, c)
		return tokenLiteral
	case c == '`':
		l.pos += 1 + through(rest[1:], "`")
		return tokenName
	case c == '$': // $tag$ … $tag$ quotes a routine's body, or begins an odd name
		l.pos = len(l.text)
		return tokenLiteral
	case isDigit(c), c == '.' && len(rest) > 1 && isDigit(rest[1]):
		l.pos += number(rest)
		return tokenLiteral
	case isLetter(c):
		n := 1
		for n < len(rest) && (isLetter(rest[n]) || isDigit(rest[n]) || rest[n] == '$') {
			n++
		}
		l.pos += n
		return tokenWord
	}
	l.pos++
	return tokenSign
}

// comment returns the length of the comment that s begins with. Of versioned
// code that is read it is only the opening.
func (l *lexer) comment(s string) int {
	open := 0
	switch {
	case l.skipVersioned:
	case strings.HasPrefix(s, "/*!"):
		open = len("/*!")
	case strings.HasPrefix(s, "/*M!"):
		open = len("/*M!")
	}
	if open == 0 {
		return 2 + through(s[2:], "*/")
	}
	for digits := 0; digits < 6 && open < len(s) && isDigit(s[open]); digits++ {
		open++
	}
	return open
}

// quoted returns the length of the literal that s begins with; one that does
// not end goes to the end of the text.
func (l *lexer) quoted(s string, quote byte) int {
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\' && !l.plainBackslash:
			i++
		case s[i] == quote:
			return i + 1
		}
	}
	return len(s)
}

// number returns the length of the number that s begins with.
func number(s string) int {
	n := 1
	for n < len(s) {
		sign := (s[n] == '+' || s[n] == '-') && (s[n-1] == 'e' || s[n-1] == 'E') && !strings.HasPrefix(s, "0x")
		if !sign && !isDigit(s[n]) && !isLetter(s[n]) && s[n] != '.' && s[n] != '$' {
			break
		}
		n++
	}
	return n
}

// through returns the length of s up to and with the end.
func through(s, end string) int {
	if i := strings.Index(s, end); i >= 0 {
		return i + len(end)
	}
	return len(s)
}

func isSpace(c byte) bool { return c <= ' ' }
func isDigit(c byte) bool { return c >= '0' && c <= '9' }
func isLetter(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= 0x80
}
