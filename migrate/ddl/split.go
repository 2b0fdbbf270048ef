package ddl

import (
	"fmt"
	"sort"
	"strings"
	"unicode/utf8"
)

// MaxText is the size in bytes above which a text is refused.
const MaxText = 16 << 20

// source is a text and where its lines begin.
type source struct {
	name, text string
	lines      []int
}

func newSource(name, text string) *source {
	s := &source{name: name, text: text, lines: []int{0}}
	for i := range len(text) {
		if text[i] == '\n' {
			s.lines = append(s.lines, i+1)
		}
	}
	return s
}

// position returns the place of an offset.
func (s *source) position(offset int) Position {
	offset = min(max(offset, 0), len(s.text))
	line := sort.SearchInts(s.lines, offset+1)
	return Position{offset, line, utf8.RuneCountInString(s.text[s.lines[line-1]:offset]) + 1}
}

// syntax and refused return errors at an offset.
func (s *source) syntax(offset int, hint, problem string, args ...any) *SyntaxError {
	return &SyntaxError{s.name, s.position(offset), fmt.Sprintf(problem, args...), hint, ErrSyntax}
}

func (s *source) refused(offset int, hint, problem string, args ...any) *SyntaxError {
	return &SyntaxError{s.name, s.position(offset), fmt.Sprintf(problem, args...), hint, ErrRefused}
}

// piece is one statement before it is parsed.
type piece struct {
	text     string
	offset   int
	tokens   []token // offsets are the piece's own
	comments []comment
}

// checkText refuses what is no text.
func (s *source) checkText() *SyntaxError {
	const hint = "save the file as UTF-8 without a byte order mark"
	if len(s.text) > MaxText {
		return s.refused(0, "split it into several files", "it is larger than %d bytes", MaxText)
	}
	for i, r := range s.text {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s.text[i:], "\uFFFD"):
			return s.syntax(i, hint, "byte 0x%02X is not UTF-8", s.text[i])
		case r == 0:
			return s.syntax(i, hint, "there is a NUL byte: this is no text")
		case r == '\uFEFF':
			return s.syntax(i, hint, "there is a byte order mark")
		}
	}
	return nil
}

// split cuts the text at the delimiter, which is a semicolon until a line of
// the form DELIMITER x says otherwise, as in the servers' own clients.
func (s *source) split() ([]piece, *SyntaxError) {
	var out []piece
	l := &lexer{text: s.text, delimiter: ";"}
	start := 0 // of the statement's first token
	flush := func() *SyntaxError {
		if len(l.tokens) > 0 {
			out = append(out, s.piece(start, l))
		} else if bad := s.refuseComments(&piece{comments: l.comments}); bad != nil {
			return bad
		}
		l.tokens, l.comments, l.depth = nil, nil, 0
		return nil
	}
	for {
		if len(l.tokens) == 0 {
			if d, found, bad := s.delimiterLine(l); bad != nil {
				return nil, bad
			} else if found {
				l.delimiter = d
				continue
			}
		}
		if strings.HasPrefix(s.text[l.at:], l.delimiter) {
			if bad := flush(); bad != nil {
				return nil, bad
			}
			l.at += len(l.delimiter)
			continue
		}
		more, fault := l.next()
		if fault != nil {
			return nil, s.syntax(fault.offset, "", "%s", fault.problem)
		}
		if !more {
			return out, flush()
		}
		if len(l.tokens) == 1 {
			start = l.tokens[0].from
		}
	}
}

// delimiterLine reads a DELIMITER line, if one begins at the lexer's place.
func (s *source) delimiterLine(l *lexer) (delimiter string, found bool, bad *SyntaxError) {
	const word = "DELIMITER"
	rest := s.text[l.at:]
	if len(rest) < len(word) || !strings.EqualFold(rest[:len(word)], word) ||
		len(rest) > len(word) && isWord(rest[len(word)]) {
		return "", false, nil
	}
	line, _, _ := strings.Cut(rest, "\n")
	d := strings.TrimSpace(line[len(word):])
	if d == "" || strings.ContainsFunc(d, func(r rune) bool {
		return r > '~' || r != '$' && isWord(byte(r)) || strings.ContainsRune("\\'\"` \t", r)
	}) {
		return "", false, s.syntax(l.at, "write DELIMITER ;; or the like, on a line of its own", "DELIMITER names no delimiter made of symbols")
	}
	l.at += len(line)
	return d, true, nil
}

// piece returns the statement that the lexer has read, from its first token to
// its last.
func (s *source) piece(start int, l *lexer) piece {
	end := l.tokens[len(l.tokens)-1].to
	p := piece{text: s.text[start:end], offset: start, tokens: l.tokens}
	for i := range p.tokens {
		p.tokens[i].from -= start
		p.tokens[i].to -= start
	}
	for _, c := range l.comments {
		// Those before belong to it as well: an executable one is refused.
		p.comments = append(p.comments, comment{c.from - start, c.to - start, c.text})
	}
	return p
}
