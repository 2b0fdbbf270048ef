package desired

import (
	"maps"
	"slices"
	"strings"

	"ariga.io/atlas/sql/schema"
	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// constraints compares foreign keys and checks, by name and meaning, and returns
// what drops and what adds them.
func (d *differ) constraints(p *pair, from *schema.Table, w writings) (drops, adds []string, err error) {
	alter := "ALTER TABLE " + mysqlx.Quote(p.want.name) + " "
	live := map[string]bool{}
	for _, f := range from.ForeignKeys {
		name := strings.ToLower(f.Symbol)
		live[name] = true
		if _, ok := p.want.foreign[name]; !ok {
			drops = append(drops, alter+"DROP FOREIGN KEY "+mysqlx.Quote(f.Symbol))
		} else if w.live.foreign[mysqlx.Quote(name)] != "" && !d.meansSame(p, name, w.live) {
			d.another(p, "foreign key "+f.Symbol)
		}
	}
	for _, a := range from.Attrs {
		c, ok := a.(*schema.Check)
		if !ok {
			continue
		}
		name := strings.ToLower(c.Name)
		live[name] = true
		said := part{partCheck, mysqlx.Quote(name)}
		if _, ok := p.want.checks[name]; !ok {
			drops = append(drops, alter+"DROP CONSTRAINT "+mysqlx.Quote(c.Name))
		} else if w.known && w.live.parts[said] != w.want.parts[said] {
			d.another(p, "check "+c.Name)
		}
	}
	for _, set := range []map[string]*ast.Constraint{p.want.foreign, p.want.checks} {
		for _, name := range slices.Sorted(maps.Keys(set)) {
			if live[name] {
				continue
			}
			text, err := constraintText(set[name])
			if err != nil {
				return nil, nil, err
			}
			adds = append(adds, alter+"ADD "+text)
		}
	}
	return drops, adds, nil
}

// another refuses a constraint that is to mean something else: the old and the
// new one are there at the same time.
func (d *differ) another(p *pair, object string) {
	d.errs = append(d.errs, p.want.at.because("table "+p.want.name+", "+object, "the live one of this name means something else",
		"give the desired one another name"))
}

// constraintText writes a constraint as both servers understand it: MariaDB
// knows no ENFORCED.
func constraintText(c *ast.Constraint) (string, error) {
	if c.Tp != ast.ConstraintCheck {
		return restored(c)
	}
	expr, err := restored(c.Expr)
	text := "CHECK (" + expr + ")"
	if c.Name != "" {
		text = "CONSTRAINT " + mysqlx.Quote(c.Name) + " " + text
	}
	if !c.Enforced {
		text += " NOT ENFORCED"
	}
	return text, err
}
