package review

import "iter"

// History yields every migration there is, past ones, edited and removed ones
// included, in the order in which they are run. Change files are not among
// them.
func (p *Pass) History() iter.Seq[*Migration] {
	return func(yield func(*Migration) bool) {
		for _, m := range p.input.migrations {
			if m.Change == nil && !yield(m) {
				return
			}
		}
	}
}

// Leads reports whether a part of the migration leads in a direction.
func (m *Migration) Leads(d Direction) bool {
	for _, s := range m.Sections {
		if s.Direction == d {
			return true
		}
	}
	return false
}

// Span returns the place of the first statement; the beginning of the file where
// there is none.
func (m *Migration) Span() Span {
	if len(m.Statements) > 0 {
		return m.Statements[0].Span()
	}
	return Span{m.position(0), m.position(0)}
}

// WithDelimiter returns the place of the statement and of the delimiter behind
// it: what is to go when the statement is taken out.
func (s *Statement) WithDelimiter() Span {
	at := s.Span()
	if s.offset < 0 {
		return at
	}
	if end := s.offset + len(s.Text); end < len(s.Migration.Text) && s.Migration.Text[end] == ';' {
		at.End = s.Migration.position(end + 1)
	}
	return at
}
