package sign

import (
	"slices"
	"strings"

	"github.com/underpin-db/underpin/migrate"
	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/migrate/plan"
)

// cached returns the caches of the policy whose values are made of something
// that a plan drops, renames, redefines or replaces, sorted.
func (p Policy) cached(of *plan.Plan) []string {
	changed := changes(of)
	var out []string
	for _, name := range sortedKeys(p.Caches) {
		if slices.ContainsFunc(p.Caches[name], func(part string) bool {
			return slices.ContainsFunc(changed, func(c string) bool { return overlaps(part, c) })
		}) {
			out = append(out, name)
		}
	}
	return out
}

// overlaps reports whether two of table and table.column have something in
// common. Letters' case does not count.
func overlaps(a, b string) bool {
	a, b = strings.ToLower(a), strings.ToLower(b)
	return a == b || strings.HasPrefix(a, b+".") || strings.HasPrefix(b, a+".")
}

// changes returns what rows that are there no longer have when a plan is carried
// out: columns as table.column, and whole tables.
func changes(p *plan.Plan) []string {
	var out []string
	if m := p.Change.Mapping; p.Change.Course == migrate.Mapped {
		for _, a := range m.Backward {
			out = append(out, m.Source.Name+"."+a.Column)
		}
		if m.Target.Name != m.Source.Name {
			out = append(out, m.Source.Name)
		}
	}
	var statements []string
	for _, s := range slices.Concat(p.Expand, p.Contract) {
		statements = append(statements, s.SQL)
	}
	if p.Schema != nil {
		statements = append(statements, p.Schema.Alter...)
	}
	for _, sql := range statements {
		out = append(out, changedBy(sql, p)...)
	}
	return out
}

// changedBy returns what a statement changes. One that cannot be read changes
// every table of the plan.
func changedBy(sql string, p *plan.Plan) []string {
	list, err := ddl.Parse("the plan", sql)
	if err != nil {
		return TablesOf(p)
	}
	var out []string
	for i := range list {
		ops, err := ddl.Operations(&list[i])
		if err != nil {
			return TablesOf(p)
		}
		for _, op := range ops {
			switch op.Kind {
			case ddl.DropColumn, ddl.RenameColumn, ddl.ModifyColumn:
				out = append(out, list[i].Table()+"."+op.Name)
			case ddl.DropTableOp, ddl.RenameTableOp, ddl.RenameByAlter:
				out = append(out, list[i].Tables...)
			}
		}
	}
	return out
}
