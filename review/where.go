package review

import (
	"strings"
)

// Span returns the place of the whole statement.
func (s *Statement) Span() Span { return s.span(0, len(s.Text)) }

// span returns the place of a range of the statement's text.
func (s *Statement) span(from, to int) Span {
	if s.offset < 0 { // the text is not in the file as it is
		return Span{s.at, s.at}
	}
	return Span{s.Migration.position(s.offset + from), s.Migration.position(s.offset + to)}
}

// Where returns the place of the first words in the statement that follow each
// other as given, such as Where("RENAME", "COLUMN", "name"). Words are compared
// without their quotes and in any case; "*" is any one word, name or symbol.
// Where they are not there, it is the place of the whole statement.
func (s *Statement) Where(words ...string) Span {
	if span, found := s.Find(words...); found {
		return span
	}
	return s.Span()
}

// Find is [Statement.Where] that says whether the words are there.
func (s *Statement) Find(words ...string) (at Span, found bool) {
	tokens := lex(s.Text)
	for i := range tokens {
		if len(words) == 0 || i+len(words) > len(tokens) {
			break
		}
		found = true
		for j, w := range words {
			found = found && (w == "*" || strings.EqualFold(tokens[i+j].word(s.Text), w))
		}
		if found {
			return s.span(tokens[i].from, tokens[i+len(words)-1].to), true
		}
	}
	return Span{}, false
}

// Words returns the statement's words, names without their quotes, strings with
// them, and symbols, as they are written.
func (s *Statement) Words() []string {
	tokens := lex(s.Text)
	out := make([]string, len(tokens))
	for i, t := range tokens {
		out[i] = t.word(s.Text)
	}
	return out
}

// Replace returns an edit that puts a text in the place of a span of the
// statement.
func (s *Statement) Replace(at Span, text string) Edit {
	return Edit{Path: s.Migration.Path, Span: at, Text: text}
}

// Insert returns an edit that puts a text before a place.
func (s *Statement) Insert(at Position, text string) Edit {
	return s.Replace(Span{at, at}, text)
}

func fold(name string) string { return strings.ToLower(name) }
