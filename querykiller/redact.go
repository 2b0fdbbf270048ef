package querykiller

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxRedactInput is how many bytes of a statement [Redact] and [Digest] look
// at; the rest is cut off.
const MaxRedactInput = 64 << 10

// MaxRedacted is how long the text that [Redact] returns may be, in bytes.
const MaxRedacted = 4 << 10

// Redact returns the statement with every literal replaced by a question mark,
// without comments, in valid UTF-8 on one line, and at most [MaxRedacted] bytes
// long. Where a text can be read in more than one way (see sql_mode
// NO_BACKSLASH_ESCAPES, versioned comments), a byte is shown only if it is
// outside a literal in all of them.
func Redact(text string) string {
	out := normal(text)
	if len(out) <= MaxRedacted {
		return out
	}
	cut := MaxRedacted - len("…")
	for cut > 0 && !utf8.RuneStart(out[cut]) {
		cut--
	}
	return out[:cut] + "…"
}

// Digest returns a fingerprint of the statement's form: two statements that
// differ in literals, comments, white space, the case of letters or the length
// of lists only have the same. It is not the server's digest, and is for servers
// that tell none. The digest of an empty text is empty.
func Digest(text string) string {
	form := normal(text)
	if form == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(strings.ToLower(form)))
	return hex.EncodeToString(sum[:])
}

// mark is what a byte is; of several dialects the highest counts.
type mark byte

const (
	markComment mark = iota
	markCode
	markLiteral
)

// listPattern and rowsPattern shorten lists, so that their length is not part of
// a statement's form.
var (
	listPattern = regexp.MustCompile(`\?(?: ?, ?\?)+`)
	rowsPattern = regexp.MustCompile(`(\( ?\?(?:, \.\.\.)? ?\))(?: ?, ?\( ?\?(?:, \.\.\.)? ?\))+`)
)

// normal returns the form of a statement.
func normal(text string) string {
	text = text[:min(len(text), MaxRedactInput)]
	marks := make([]mark, len(text))
	for _, d := range dialects(text) {
		d.mark(text, marks)
	}
	var b strings.Builder
	last := markCode
	for i := range len(text) {
		switch c := text[i]; {
		case marks[i] == markLiteral:
			if last != markLiteral {
				b.WriteByte('?')
			}
		case marks[i] == markComment, isSpace(c):
			b.WriteByte(' ')
		default:
			b.WriteByte(c)
		}
		last = marks[i]
	}
	out := strings.Join(strings.Fields(strings.Map(printable, b.String())), " ")
	out = listPattern.ReplaceAllString(out, "?, ...")
	return rowsPattern.ReplaceAllString(out, "$1, ...")
}

// printable replaces what does not print, or turns the direction of a line.
func printable(c rune) rune {
	if !unicode.IsGraphic(c) {
		return unicode.ReplacementChar
	}
	return c
}

// mark enters what the bytes of the text are in this dialect.
func (d dialect) mark(text string, marks []mark) {
	l := &lexer{dialect: d, text: text}
	set := func(from, to int, m mark) {
		for i := from; i < to; i++ {
			marks[i] = max(marks[i], m)
		}
	}
	for {
		t, ok := l.next()
		if !ok {
			return
		}
		switch end := t.at + len(t.text); t.kind {
		case tokenLiteral:
			set(t.at, end, markLiteral)
		case tokenComment: // as it is
		default:
			set(t.at, end, markCode)
		}
	}
}
