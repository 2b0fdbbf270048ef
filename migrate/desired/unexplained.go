package desired

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"ariga.io/atlas/sql/schema"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// writings are what the server writes of both tables of a pair, where both are
// known in every line.
type writings struct {
	live, want       shown
	known, wantKnown bool
}

// written asks for the scratch table.
func (d *differ) written(ctx context.Context, p scratched) (w writings, err error) {
	text, err := showCreate(ctx, d.db, p.name)
	if err != nil {
		return w, fmt.Errorf("read the definition of the scratch table of %s: %w", p.want.name, err)
	}
	var live bool
	w.live, live = readShown(p.text)
	w.want, w.wantKnown = p.want.readScratch(text, p.name)
	w.known = live && w.wantKnown
	return w, nil
}

// unexplained returns the parts that the server writes otherwise and that no
// change is about: what Atlas does not know it finds no difference in.
func (w writings) unexplained(changes []schema.Change) []part {
	if !w.known {
		return nil
	}
	explained := map[part]bool{}
	for _, c := range changes {
		for _, p := range subjects(c) {
			explained[p] = true
		}
	}
	differs := map[part]bool{}
	for _, of := range []map[part]string{w.live.parts, w.want.parts} {
		for p := range of {
			if p.kind != partCheck && w.live.parts[p] != w.want.parts[p] && !explained[p] {
				differs[p] = true
			}
		}
	}
	return slices.SortedFunc(maps.Keys(differs), func(a, b part) int { return strings.Compare(a.String(), b.String()) })
}

// subjects returns the parts that a change is about.
func subjects(c schema.Change) []part {
	column := func(c *schema.Column) part { return part{partColumn, mysqlx.Quote(c.Name)} }
	index := func(i *schema.Index) part { return part{partIndex, mysqlx.Quote(i.Name)} }
	switch c := c.(type) {
	case *schema.AddColumn:
		return []part{column(c.C)}
	case *schema.DropColumn:
		return []part{column(c.C)}
	case *schema.ModifyColumn:
		return []part{column(c.From), column(c.To)}
	case *schema.AddIndex:
		return []part{index(c.I)}
	case *schema.DropIndex:
		return []part{index(c.I)}
	case *schema.ModifyIndex:
		return []part{index(c.From), index(c.To)}
	case *schema.RenameIndex:
		return []part{index(c.From), index(c.To)}
	case *schema.AddPrimaryKey, *schema.DropPrimaryKey, *schema.ModifyPrimaryKey:
		return []part{{kind: partPrimary}}
	case *schema.AddAttr, *schema.DropAttr, *schema.ModifyAttr:
		return []part{{kind: partOptions}}
	}
	return nil
}

// clause writes a column that is added or modified as the server writes it in the
// desired table. It is false where that is not known or means something else in the
// live one, whose character set a column has that names none, and where a check
// would come with it.
func (w writings) clause(c schema.Change) (clause string, ok bool) {
	var verb, name string
	switch c := c.(type) {
	case *schema.AddColumn:
		verb, name = "ADD COLUMN ", c.C.Name
	case *schema.ModifyColumn:
		verb, name = "MODIFY COLUMN ", c.To.Name
	default:
		return "", false
	}
	p := part{partColumn, mysqlx.Quote(name)}
	said := w.want.parts[p]
	if said == "" || strings.Contains(said, "CHECK (") || !w.stands(said) {
		return "", false
	}
	return verb + p.name + " " + said, true
}

// stands reports whether what the server says of a column of the desired table means
// the same in the live one.
func (w writings) stands(said string) bool {
	options := part{kind: partOptions}
	return w.wantKnown && (!worded.MatchString(said) || w.known && w.live.parts[options] == w.want.parts[options])
}

// inServersWords writes the DDL for unexplained parts as the server writes those
// of the desired table, and refuses what cannot be altered in that way.
func (d *differ) inServersWords(p *pair, w writings, parts []part) {
	alter := "ALTER TABLE " + mysqlx.Quote(p.want.name) + " "
	for _, part := range parts {
		live, want := w.live.parts[part], w.want.parts[part]
		both := live != "" && want != ""
		switch {
		case both && part.kind == partColumn && w.stands(want):
			d.alters = append(d.alters, alter+"MODIFY COLUMN "+part.name+" "+want)
		case both && part.kind == partIndex:
			d.alters = append(d.alters, alter+"DROP INDEX "+part.name, alter+"ADD "+want)
		default:
			d.errs = append(d.errs, p.want.at.because("table "+p.want.name+", "+part.String(),
				fmt.Sprintf("the live one is %q, the desired one %q, and no DDL is known for that", live, want),
				"write it as the live one is, and plan an ALTER TABLE of your own"))
		}
	}
}
