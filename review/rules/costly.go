package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/review"
)

// costly is a rule over operations on tables that running code uses, which the
// server at hand cannot do without touching every row. What they cost is what
// package ddl says for this flavour and version.
type costly struct {
	kinds []ddl.Kind
	// says is what happens; %s stands for the columns.
	says, advice string
}

func (c costly) check(p *review.Pass) {
	for s := range p.Statements() {
		ops := c.of(s)
		if len(ops) == 0 {
			continue
		}
		if b := burdenOf(p, s, ops); b.rows {
			p.Report(s, b.finding(s, ops, c.says, c.advice))
		}
	}
}

// of returns the operations of the rule in a statement on a table that was
// there before.
func (c costly) of(s *review.Statement) []ddl.Operation {
	var out []ddl.Operation
	for _, op := range s.Operations() {
		if slices.Contains(c.kinds, op.Kind) && !s.New(s.Tables()[0]) {
			out = append(out, op)
		}
	}
	return out
}

// burden is how much a statement weighs on those who use the table.
type burden struct {
	// rows is whether its time grows with the table.
	rows bool
	// waits is whether writers wait meanwhile.
	waits bool
	// ordinary says that nothing is known of the table, and that it was judged
	// as an ordinary one of InnoDB.
	ordinary bool
	cost     *review.Cost // nil where the table is not known
	size     review.Size
	severity review.Severity
}

// burdenOf judges operations of one statement: as the table is, or where it is
// not known as on an ordinary one. What cannot be judged without the table is
// taken to touch every row.
func burdenOf(p *review.Pass, s *review.Statement, ops []ddl.Operation) burden {
	b := burden{size: p.Size(s, s.Tables()[0])}
	b.severity = p.BySize(b.size)
	var parts []ddl.Part
	if cost, err := p.Cost(s); err == nil {
		b.cost = cost
		parts = slices.DeleteFunc(slices.Clone(cost.Verdict.Parts), func(part ddl.Part) bool {
			return !slices.ContainsFunc(ops, func(op ddl.Operation) bool { return op.Kind == part.Operation.Kind && op.Name == part.Operation.Name })
		})
	} else {
		b.ordinary = true
		for _, op := range ops {
			v, err := ddl.Classify(p.Server, ordinary(s.Tables()[0], op), op)
			if err != nil || op.Kind == ddl.ConvertCharset { // the ordinary table has no text
				v.Parts = []ddl.Part{{Operation: op, Rule: ddl.Rule{Class: ddl.Copy}}}
			}
			parts = append(parts, v.Parts...)
		}
	}
	b.rows = slices.ContainsFunc(parts, ddl.Part.Grows)
	b.waits = slices.ContainsFunc(parts, func(part ddl.Part) bool { return part.Rule.Class.Waits() != ddl.Nobody })
	if !b.waits && b.severity == review.Error {
		b.severity = review.Warning
	}
	return b
}

// ordinary is the table that an operation is judged on where nothing is known.
func ordinary(name string, op ddl.Operation) *ddl.Table {
	return &ddl.Table{
		Name: name, Engine: "InnoDB", RowFormat: "dynamic",
		Columns: []ddl.Column{{Name: op.Name, Type: "int", Nullable: true, Position: 1}},
	}
}

// finding says what a statement does, and to how large a table.
func (b burden) finding(s *review.Statement, ops []ddl.Operation, says, advice string) review.Finding {
	table := s.Tables()[0]
	var names []string
	for _, op := range ops {
		if op.Name != "" && !slices.Contains(names, op.Name) {
			names = append(names, op.Name)
		}
	}
	f := review.Finding{Severity: b.severity, Object: table, Advice: advice, Cost: b.cost}
	if len(names) == 1 {
		f.Object, f.Span = table+"."+names[0], s.Where(names[0])
	}
	if strings.Contains(says, "%s") {
		says = fmt.Sprintf(says, strings.Join(names, ", "))
	}
	f.Message = says + ": " + b.effect(table)
	return f
}

// effect says in words what happens to the table meanwhile.
func (b burden) effect(table string) string {
	writers := "while writers go on"
	if b.waits {
		writers = "while writers wait"
	}
	switch {
	case b.ordinary:
		return fmt.Sprintf("all rows of %s are worked through %s, if it is an ordinary table of InnoDB", table, writers)
	case b.size.Class == review.Unknown:
		return fmt.Sprintf("all rows of %s are worked through %s", table, writers)
	}
	return fmt.Sprintf("all %d rows of %s are worked through %s", b.size.Rows, table, writers)
}
