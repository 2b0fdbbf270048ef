package review

import (
	"fmt"
	"iter"
	"slices"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/migrate/ddl"
)

// Pass is what one rule works with in one run. Its methods are for one
// goroutine; what they return must not be changed.
type Pass struct {
	Rule   Rule
	Server ddl.Server
	// Facts are those of the database; nil where none were given.
	Facts *Facts
	// Code is what the application's code says; nil where none was given.
	Code   *CodeIndex
	Config Config

	input    *input
	findings []Finding
	skips    []Skip
}

// Skip is something that a rule could not check; without a code, that no rule
// could.
type Skip struct {
	Code   Code
	Reason string
}

// Migrations yields what is under review, change files only for a rule that
// reaches them. One that was edited or removed after it had been merged is among
// them.
func (p *Pass) Migrations() iter.Seq[*Migration] {
	return func(yield func(*Migration) bool) {
		for _, m := range p.input.migrations {
			if m.Standing == Past || m.Change != nil && p.Rule.Reach != Everything || m.Origin == OfSchema && p.Rule.Reach == AsWritten {
				continue
			}
			if !yield(m) {
				return
			}
		}
	}
}

// Past yields the migrations that were there before, in order.
func (p *Pass) Past() iter.Seq[*Migration] {
	return func(yield func(*Migration) bool) {
		for _, m := range p.input.migrations {
			if m.Standing == Past && !yield(m) {
				return
			}
		}
	}
}

// Statements yields every statement under review that leads up and was
// understood.
func (p *Pass) Statements() iter.Seq[*Statement] { return p.statements(Up) }

// DownStatements yields every statement under review that leads down and was
// understood.
func (p *Pass) DownStatements() iter.Seq[*Statement] { return p.statements(Down) }

func (p *Pass) statements(d Direction) iter.Seq[*Statement] {
	return func(yield func(*Statement) bool) {
		for m := range p.Migrations() {
			for _, s := range m.Statements {
				if s.Direction == d && s.fault == nil && !yield(s) {
					return
				}
			}
		}
	}
}

// Nodes yields the statements of one type of the parser's, such as
// *ast.UpdateStmt.
func Nodes[N ast.StmtNode](p *Pass) iter.Seq2[*Statement, N] {
	return func(yield func(*Statement, N) bool) {
		for s := range p.Statements() {
			if n, ok := s.Node.(N); ok && !yield(s, n) {
				return
			}
		}
	}
}

// Operations yields the elementary operations of the given kinds, all of them
// where none is given. Use [Statement.Table] for the table as it was before.
func (p *Pass) Operations(kinds ...ddl.Kind) iter.Seq2[*Statement, ddl.Operation] {
	return func(yield func(*Statement, ddl.Operation) bool) {
		for s := range p.Statements() {
			for _, op := range s.Operations() {
				if (len(kinds) == 0 || slices.Contains(kinds, op.Kind)) && !yield(s, op) {
					return
				}
			}
		}
	}
}

// Specs yields the clauses of ALTER TABLE statements, of the given types, all
// of them where none is given.
func (p *Pass) Specs(types ...ast.AlterTableType) iter.Seq2[*Statement, *ast.AlterTableSpec] {
	return func(yield func(*Statement, *ast.AlterTableSpec) bool) {
		for s, alter := range Nodes[*ast.AlterTableStmt](p) {
			for _, spec := range alter.Specs {
				if (len(types) == 0 || slices.Contains(types, spec.Tp)) && !yield(s, spec) {
					return
				}
			}
		}
	}
}

// Report adds a finding about a statement.
func (p *Pass) Report(s *Statement, f Finding) {
	if f.Span.IsZero() {
		f.Span = s.Span()
	}
	f.SQL = s.Text
	if s.offset < 0 { // there is nothing to edit: the text is not in the file as it is
		f.Fixes = slices.DeleteFunc(slices.Clone(f.Fixes), func(x Fix) bool { return len(x.Edits) > 0 })
	}
	p.ReportFile(s.Migration, f)
}

// ReportFile adds a finding about a file.
func (p *Pass) ReportFile(m *Migration, f Finding) {
	if f.Span.IsZero() {
		f.Span = Span{m.position(0), m.position(0)}
	}
	f.Path = m.Path
	p.add(f)
}

// ReportPath adds a finding about a file that is no migration, such as one of
// Go, where f.Span stands.
func (p *Pass) ReportPath(path string, f Finding) {
	f.Path = path
	p.add(f)
}

func (p *Pass) add(f Finding) {
	f.Code, f.Name, f.Category = p.Rule.Code, p.Rule.Name, p.Rule.Category
	if f.Severity == "" {
		f.Severity = p.Rule.Severity
	}
	if own := p.Config.Rules[p.Rule.Code].Severity; own != "" {
		f.Severity = own
	}
	p.findings = append(p.findings, f)
}

// NotChecked says what the rule could not judge, for want of what; the report
// lists it once.
func (p *Pass) NotChecked(format string, args ...any) {
	s := Skip{p.Rule.Code, fmt.Sprintf(format, args...)}
	if !slices.Contains(p.skips, s) {
		p.skips = append(p.skips, s)
	}
}

// Int returns an option of the rule.
func (p *Pass) Int(name string) int { return option[int](p, name) }

// Text returns an option of the rule.
func (p *Pass) Text(name string) string { return option[string](p, name) }

// List returns an option of the rule.
func (p *Pass) List(name string) []string { return option[[]string](p, name) }

// option returns the team's value, else the default. That an option exists and
// has the type is checked when the configuration is read; a rule that asks for
// another one has a mistake.
func option[T any](p *Pass, name string) T {
	if v, ok := p.Config.Rules[p.Rule.Code].Options[name].(T); ok {
		return v
	}
	for _, o := range p.Rule.Options {
		if o.Name == name {
			return o.Default.(T) //nolint:forcetypeassert // a mistake in the rule's own table, found by its first test
		}
	}
	panic(fmt.Sprintf("review: rule %s has no option %s", p.Rule.Code, name))
}
