package review

import (
	"slices"
	"strings"

	"github.com/underpin-db/underpin/internal/gosource"
)

// ByName: a string that is the name and nothing else, as query builders take it.
const ByName How = "name in a string"

// CodeUses returns where the code names a column of a table, or with an empty
// column the table, as [CodeIndex.Uses] does, with two differences: struct tags
// count only where the struct can be about this table, and names that are given
// to query builders count as well, those of columns in files that name the
// table. Nil where no code was given.
func (p *Pass) CodeUses(t *Table, column string) []Use {
	if p.Code == nil {
		return nil
	}
	out := slices.DeleteFunc(p.Code.Uses(t.Name, column), func(u Use) bool {
		return u.How == ByTag && !p.Code.about(u, t)
	})
	return append(out, p.Code.built(t.Name, column)...)
}

// about reports whether the struct of a tag can be about a table: it is called
// as the table is, or most of its columns are the table's. Where too little is
// known to tell, it can.
func (c *CodeIndex) about(u Use, t *Table) bool {
	at := slices.IndexFunc(c.Literals, func(l gosource.Literal) bool {
		return l.Kind == gosource.Tag && l.File == u.Path && l.Line == u.Line && l.Column == u.Column
	})
	if at < 0 || c.Literals[at].Struct == "" || !t.Complete {
		return true
	}
	of := c.Literals[at]
	if singular(of.Struct) == singular(t.Name) {
		return true
	}
	all, known := 0, 0
	for _, l := range c.Literals {
		if l.Kind != gosource.Tag || l.File != of.File || l.Struct != of.Struct {
			continue
		}
		for _, name := range taggedColumns(l) {
			all++
			if _, found := t.Column(name); found {
				known++
			}
		}
	}
	return known*2 > all
}

// singular brings the names of a table and of a type into one form: order_items
// and OrderItem.
func singular(name string) string {
	name = strings.ReplaceAll(fold(name), "_", "")
	if cut, found := strings.CutSuffix(name, "ies"); found {
		return cut + "y"
	}
	return strings.TrimSuffix(name, "s")
}

// built returns the strings that are the name and nothing else.
func (c *CodeIndex) built(table, column string) []Use {
	var out []Use
	tables := c.exactly(table)
	if column == "" {
		return usesByName(tables)
	}
	for _, l := range append(c.exactly(column), c.exactly(table+"."+column)...) {
		sameFile := func(other gosource.Literal) bool { return other.File == l.File }
		if slices.ContainsFunc(tables, sameFile) {
			out = append(out, usesByName([]gosource.Literal{l})...)
		}
	}
	return out
}

// exactly returns the strings that are a name, in any case.
func (c *CodeIndex) exactly(name string) []gosource.Literal {
	var out []gosource.Literal
	word := name[strings.LastIndexByte(name, '.')+1:]
	for _, i := range c.words[fold(word)] {
		if l := c.Literals[i]; l.Kind == gosource.String && strings.EqualFold(l.Value, name) {
			out = append(out, l)
		}
	}
	return out
}

func usesByName(list []gosource.Literal) []Use {
	var out []Use
	for _, l := range list {
		out = append(out, Use{l.File, l.Line, l.Column, excerpt(l.Value), ByName})
	}
	return out
}
