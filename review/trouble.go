package review

import "iter"

// Trouble is a part of a file that was not understood.
type Trouble struct {
	Migration *Migration
	// Statement is the statement; nil where the file could not be cut.
	Statement *Statement
	Span      Span
	Problem   string
}

// Troubles yields what was not understood in the files under review. Nothing
// else is said of such a statement: the reviewer has to read it.
func (p *Pass) Troubles() iter.Seq[Trouble] {
	return func(yield func(Trouble) bool) {
		for m := range p.Migrations() {
			for _, f := range m.Faults {
				at := m.position(m.Offset(f.Line, f.Column))
				if !yield(Trouble{m, nil, Span{at, at}, f.Problem}) {
					return
				}
			}
			for _, f := range m.faults {
				at := m.position(f.offset)
				if !yield(Trouble{m, nil, Span{at, at}, f.problem}) {
					return
				}
			}
			for _, s := range m.Statements {
				if s.fault == nil {
					continue
				}
				span := s.Span()
				if !span.IsZero() && s.offset >= 0 {
					span.Start = m.position(s.offset + min(s.fault.offset, len(s.Text)))
				}
				if !yield(Trouble{m, s, span, s.fault.problem}) {
					return
				}
			}
		}
	}
}
