package review

import (
	"sort"
	"strings"
	"unicode/utf8"
)

// piece is one statement before it is parsed, as a range of the file.
type piece struct{ from, to int }

// splitter cuts a section of a file at the delimiter, which is a semicolon
// until a DELIMITER line says otherwise, as in the servers' own clients. The
// body of a routine is kept whole even where nobody changed the delimiter:
// drivers send such a text as it stands, and the server knows its end.
type splitter struct {
	lexer
	out   []piece
	cur   piece
	words int      // how many tokens the present statement has
	head  []string // its first words, in upper case
	// depth counts the blocks that are open in the body of a routine.
	depth    int
	afterEnd bool
}

// split cuts a section. Faults are places that cannot be read; what stands
// before them is cut all the same.
func (m *Migration) split(sec Section) ([]piece, *fault) {
	if sec.Single == OneWhole {
		return m.whole(sec), nil
	}
	s := &splitter{lexer: lexer{text: m.Text, at: sec.From, end: sec.To, delimiter: ";"}}
	for {
		if (s.words == 0 || s.delimiter != ";" && s.atLineStart()) && s.delimiterLine() {
			continue
		}
		if (s.depth == 0 || s.delimiter != ";") && s.atDelimiter(s.at) {
			s.flush()
			s.at += len(s.delimiter)
			continue
		}
		if s.at < s.end && isBlank(s.text[s.at]) {
			s.at++ // so that a delimiter is seen behind it
			continue
		}
		t, ok, bad := s.next()
		if !ok {
			if bad == nil { // else the last one is only half of a statement
				s.flush()
			}
			return s.out, bad
		}
		if t.kind != tokenComment {
			s.take(t)
		}
	}
}

// whole returns a section as one statement, without blanks, comments before it
// and a delimiter at its end.
func (m *Migration) whole(sec Section) []piece {
	l := &lexer{text: m.Text, at: sec.From, end: sec.To}
	var p piece
	for first := true; ; {
		t, ok, _ := l.next()
		if !ok {
			break
		}
		if t.kind == tokenComment {
			continue
		}
		if first {
			p.from, first = t.from, false
		}
		p.to = t.to
	}
	if p.to == 0 {
		return nil
	}
	p.to = p.from + len(strings.TrimRight(m.Text[p.from:p.to], "; \t\r\n"))
	return []piece{p}
}

// take adds a token to the present statement.
func (s *splitter) take(t token) {
	if s.words == 0 {
		s.cur.from = t.from
	}
	s.cur.to = t.to
	s.words++
	if t.kind != tokenWord {
		s.afterEnd = false
		return
	}
	if len(s.head) < headWords {
		s.head = append(s.head, strings.ToUpper(s.text[t.from:t.to]))
	}
	if s.inRoutine() {
		s.nest(s.text[t.from:t.to])
	}
}

func (s *splitter) flush() {
	if s.words > 0 {
		s.out = append(s.out, s.cur)
	}
	s.words, s.head, s.depth, s.afterEnd = 0, s.head[:0], 0, false
}

// headWords is how many words say what a statement is: CREATE OR REPLACE
// DEFINER = a @ b SQL SECURITY INVOKER PROCEDURE.
const headWords = 10

// inRoutine reports whether the statement makes something with a body.
func (s *splitter) inRoutine() bool {
	if len(s.head) == 0 || s.head[0] != "CREATE" && s.head[0] != "ALTER" {
		return false
	}
	for _, w := range s.head[1:] {
		switch w {
		case "PROCEDURE", "FUNCTION", "TRIGGER", "EVENT":
			return true
		case "TABLE", "VIEW", "INDEX", "DATABASE", "SCHEMA", "USER":
			return false
		}
	}
	return false
}

// nest counts the blocks of a routine's body. END IF and the like close what
// was not counted.
func (s *splitter) nest(word string) {
	after := s.afterEnd
	s.afterEnd = false
	switch strings.ToUpper(word) {
	case "BEGIN":
		s.depth++
	case "CASE":
		if !after { // END CASE has closed it
			s.depth++
		}
	case "IF", "LOOP", "WHILE", "REPEAT", "FOR":
		if after {
			s.depth++
		}
	case "END":
		s.depth = max(0, s.depth-1)
		s.afterEnd = true
	}
}

// atLineStart reports whether nothing but blanks stands before in the line.
func (s *splitter) atLineStart() bool {
	before := s.text[:s.at]
	return strings.TrimLeft(before[strings.LastIndexByte(before, '\n')+1:], " \t") == ""
}

// delimiterLine reads a DELIMITER line, if one begins here. Like the servers' own
// clients it ends a statement that is open.
func (s *splitter) delimiterLine() bool {
	const word = "DELIMITER"
	rest := s.text[s.at:s.end]
	if len(rest) <= len(word) || !strings.EqualFold(rest[:len(word)], word) || !isBlank(rest[len(word)]) {
		return false
	}
	line, _, _ := strings.Cut(rest, "\n")
	s.flush()
	if d := strings.Fields(line[len(word):]); len(d) > 0 {
		s.delimiter = d[0]
	}
	s.at += len(line)
	return true
}

// position returns the place of an offset in the file.
func (m *Migration) position(offset int) Position {
	offset = min(max(offset, 0), len(m.Text))
	if m.lines == nil {
		m.lines = lineStarts(m.Text)
	}
	line := sort.SearchInts(m.lines, offset+1)
	return Position{Offset: offset, Line: line, Column: utf8.RuneCountInString(m.Text[m.lines[line-1]:offset]) + 1}
}

// Offset returns the offset of a line and a column, both from 1 and columns in
// characters; the beginning of the file where they are 0.
func (m *Migration) Offset(line, column int) int {
	starts := lineStarts(m.Text)
	if line < 1 || line > len(starts) {
		return 0
	}
	at := starts[line-1]
	for i := 1; i < column && at < len(m.Text) && m.Text[at] != '\n'; i++ {
		_, n := utf8.DecodeRuneInString(m.Text[at:])
		at += n
	}
	return at
}

func lineStarts(text string) []int {
	out := []int{0}
	for i := range len(text) {
		if text[i] == '\n' {
			out = append(out, i+1)
		}
	}
	return out
}
