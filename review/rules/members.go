package rules

import (
	"fmt"
	"slices"

	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/review"
)

// memberRule is a rule over the members of an ENUM or SET that is redefined.
type memberRule struct {
	types  []string // enum, set
	breaks func(old, wanted []string) bool
	says   string // what happens to the members of the column that is named before
	advice string
}

func (r memberRule) check(p *review.Pass) {
	for s, op := range p.Operations(ddl.ModifyColumn, ddl.EditEnum, ddl.AppendEnum, ddl.ChangeType) {
		table := s.Tables()[0]
		if op.Column == nil || s.New(table) {
			continue
		}
		base, wanted := baseOf(op.Column.Type), membersOf(op.Column.Type)
		if !slices.Contains(r.types, base) {
			continue
		}
		present, known := s.Table(table).Column(op.Name)
		if !known {
			unknown(p, "the present members of an ENUM or SET", dot(table, op.Name))
			continue
		}
		if baseOf(present.Type) != base || !r.breaks(membersOf(present.Type), wanted) {
			continue
		}
		b := burdenOf(p, s, []ddl.Operation{op})
		p.Report(s, review.Finding{
			Severity: b.severity, Object: table + "." + op.Name, Span: s.Where(op.Name), Cost: b.cost, Advice: r.advice,
			Message: fmt.Sprintf("%s.%s: %s", table, op.Name, r.says),
		})
	}
}

// removed reports whether a member is gone.
func removed(old, wanted []string) bool {
	return slices.ContainsFunc(old, func(m string) bool { return !slices.Contains(wanted, m) })
}

// reordered reports whether members that stay stand in another order.
func reordered(old, wanted []string) bool {
	stays := func(in []string) func(string) bool {
		return func(m string) bool { return !slices.Contains(in, m) }
	}
	return !slices.Equal(slices.DeleteFunc(slices.Clone(old), stays(wanted)), slices.DeleteFunc(slices.Clone(wanted), stays(old)))
}

// inserted reports whether a new member stands before one that was there.
func inserted(old, wanted []string) bool {
	fresh := false
	for _, m := range wanted {
		if !slices.Contains(old, m) {
			fresh = true
		} else if fresh {
			return true
		}
	}
	return false
}

// setBytes is how many bytes a SET of so many members takes in a row.
func setBytes(n int) int {
	if n > 32 {
		return 8
	}
	return (n + 7) / 8
}
