package plan

import (
	"fmt"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
)

// addConstraint adds an index, a unique index, a primary key, a foreign key or
// a check.
func addConstraint(c *clause) (derived, *refusal) {
	k := c.spec.Constraint
	if k.IfNotExists {
		return derived{}, refuse(CodeDDLForbidden, remedyLive, "it says IF NOT EXISTS")
	}
	if k.Name == "" && k.Tp != ast.ConstraintPrimaryKey {
		return derived{}, refuse(CodeDDLForbidden, "give it a name", "it has no name, so its presence cannot be looked up")
	}
	switch k.Tp {
	case ast.ConstraintIndex, ast.ConstraintKey, ast.ConstraintFulltext:
		return c.addIndex("add index", migrate.Added, k.Name), nil
	case ast.ConstraintUniq, ast.ConstraintUniqKey, ast.ConstraintUniqIndex:
		d := c.addIndex("add unique index", migrate.Tightened, k.Name)
		d.code.Before = "writes no two rows with the same values"
		fit, r := c.duplicates(k)
		d.fits = fit
		return d, r
	case ast.ConstraintPrimaryKey:
		return c.addPrimaryKey(k)
	case ast.ConstraintForeignKey:
		return c.addForeignKey(k)
	case ast.ConstraintCheck:
		return c.addCheck(k)
	}
	return derived{}, refuse(CodeDDLForbidden, "carry it out by hand", "%s: underpin has no safe way for it", c.text)
}

func (c *clause) addIndex(kind string, course migrate.Course, name string) derived {
	return derived{
		kind: kind, course: course,
		expand: []Statement{c.alter(c.text, c.effect(IndexExists, name))},
		undo:   []Statement{c.alter("DROP INDEX "+mysqlx.Quote(name), c.effect(IndexAbsent, name))},
	}
}

// duplicates finds rows with the same values in a key. NULLs are no duplicates.
func (c *clause) duplicates(k *ast.Constraint) ([]Fit, *refusal) {
	var parts []string
	for _, p := range k.Keys {
		if p.Column != nil {
			if _, there := c.table.column(p.Column.Name.O); !there {
				return nil, nil // the statement adds the column: every row has NULL, or the server refuses
			}
		}
		text, r := c.keyPart(p)
		if r != nil {
			return nil, r
		}
		parts = append(parts, text)
	}
	return []Fit{c.table.repeated(parts)}, nil
}

// repeated finds values that several rows have in common, none of them NULL.
func (t *table) repeated(values []string) Fit {
	names, selected, present := make([]string, len(values)), make([]string, len(values)), make([]string, len(values))
	for i, v := range values {
		names[i] = fmt.Sprintf("v%d", i+1)
		selected[i] = v + " AS " + names[i]
		present[i] = names[i] + " IS NOT NULL"
	}
	list := strings.Join(names, ", ")
	return Fit{
		What: "(" + strings.ReplaceAll(strings.Join(values, ", "), "`", "") + ") is there more than once",
		Query: fmt.Sprintf("SELECT CONCAT(CONCAT_WS(', ', %[1]s), ' (', COUNT(*), ' rows)')\nFROM (SELECT %[2]s FROM %[3]s) AS r\nWHERE %[4]s\nGROUP BY %[1]s\nHAVING COUNT(*) > 1",
			list, strings.Join(selected, ", "), mysqlx.Quote(t.name), strings.Join(present, "\n  AND ")),
	}
}

// keyPart writes a part of a key as an expression over the row.
func (c *clause) keyPart(p *ast.IndexPartSpecification) (string, *refusal) {
	if p.Expr != nil {
		expr, err := restore(p.Expr)
		if err != nil {
			return "", refuse(CodeExpressionForm, "write the index over columns", "%v", err)
		}
		return "(" + expr + ")", nil
	}
	col, ok := c.after.column(p.Column.Name.O)
	if !ok {
		return "", refuse(CodeColumnUnknown, "correct the name", "table %s has no column %s", c.table.name, p.Column.Name.O)
	}
	if p.Length > 0 {
		return fmt.Sprintf("LEFT(%s, %d)", mysqlx.Quote(col.Name), p.Length), nil
	}
	return mysqlx.Quote(col.Name), nil
}

// addPrimaryKey gives a key to a table that has none.
func (c *clause) addPrimaryKey(k *ast.Constraint) (derived, *refusal) {
	if len(c.table.primaryKey()) > 0 {
		why := elsewhere[ast.AlterTableDropPrimaryKey]
		return derived{}, refuse(CodeDDLForbidden, why.remedy, "table %s has a primary key: %s", c.table.name, why.what)
	}
	d := c.addIndex("add primary key", migrate.Tightened, "PRIMARY")
	d.undo = []Statement{c.alter("DROP PRIMARY KEY", c.effect(IndexAbsent, "PRIMARY"))}
	d.code.Before = "writes no two rows with the same key, and no NULL in it"
	var r *refusal
	if d.fits, r = c.duplicates(k); r != nil {
		return d, r
	}
	for _, p := range k.Keys {
		if col, ok := c.table.column(p.Column.Name.O); ok && col.Null == migrate.Nullable {
			d.fits = append(d.fits, Fit{What: col.Name + " is NULL", Query: c.table.rowsWhere(mysqlx.Quote(col.Name) + " IS NULL")})
		}
	}
	return d, nil
}

// dropIndex hides an index from the optimizer, holds it for a while, and drops
// it: what was fast because of it shows before it is gone.
func dropIndex(c *clause) (derived, *refusal) {
	name := c.spec.Name
	i, ok := c.table.index(name)
	switch {
	case !ok:
		return derived{}, refuse(CodeColumnUnknown, "correct the name", "table %s has no index %s", c.table.name, name)
	case i.name == "PRIMARY":
		why := elsewhere[ast.AlterTableDropPrimaryKey]
		return derived{}, refuse(CodeDDLForbidden, why.remedy, "it drops the primary key: %s", why.what)
	}
	for _, f := range c.table.foreign {
		if needs := f.needs(c.table.name, i, c.table.indexes); needs {
			return derived{}, refuse(CodeReferenced, "add another index that begins with the same columns first, or drop the foreign key",
				"foreign key %s needs index %s", f.name, i.name)
		}
	}
	hide, show := "INVISIBLE", "VISIBLE"
	if c.flavour == MariaDB {
		hide, show = "IGNORED", "NOT IGNORED"
	}
	d := derived{
		kind: "drop index", course: migrate.Retired,
		expand:   []Statement{c.alter("ALTER INDEX "+mysqlx.Quote(i.name)+" "+hide, c.effect(IndexHidden, i.name))},
		undo:     []Statement{c.alter("ALTER INDEX "+mysqlx.Quote(i.name)+" "+show, c.effect(IndexShown, i.name))},
		contract: []Statement{c.alter("DROP INDEX "+mysqlx.Quote(i.name), c.effect(IndexAbsent, i.name))},
		code:     Obligation{Before: "names it in no index hint", After: "queries that were fast because of it are slow from the moment it is hidden, and fast again when it is shown"},
	}
	if i.unique {
		d.code.After += "; once it is dropped, duplicates are taken"
	}
	return d, nil
}

// renameIndex renames an index, of which only index hints take notice.
func renameIndex(c *clause) (derived, *refusal) {
	from, to := c.spec.FromKey.O, c.spec.ToKey.O
	if _, ok := c.table.index(from); !ok {
		return derived{}, refuse(CodeColumnUnknown, "correct the name", "table %s has no index %s", c.table.name, from)
	}
	rename := func(a, b string) Statement {
		return c.alter("RENAME INDEX "+mysqlx.Quote(a)+" TO "+mysqlx.Quote(b), c.effect(IndexExists, b), c.effect(IndexAbsent, a))
	}
	return derived{
		kind: "rename index", course: migrate.Added,
		expand: []Statement{rename(from, to)}, undo: []Statement{rename(to, from)},
		code: Obligation{Before: "names it in no index hint"},
	}, nil
}

// indexVisibility hides an index from the optimizer or shows it again.
func indexVisibility(c *clause) (derived, *refusal) {
	name := c.spec.IndexName.O
	i, ok := c.table.index(name)
	if !ok {
		return derived{}, refuse(CodeColumnUnknown, "correct the name", "table %s has no index %s", c.table.name, name)
	}
	hidden := map[Flavour]string{MySQL: "INVISIBLE", MariaDB: "IGNORED"}[c.flavour]
	shown := map[Flavour]string{MySQL: "VISIBLE", MariaDB: "NOT IGNORED"}[c.flavour]
	hide := c.alter("ALTER INDEX "+mysqlx.Quote(i.name)+" "+hidden, c.effect(IndexHidden, i.name))
	show := c.alter("ALTER INDEX "+mysqlx.Quote(i.name)+" "+shown, c.effect(IndexShown, i.name))
	d := derived{kind: "hide index", course: migrate.Added, expand: []Statement{hide}, undo: []Statement{show}}
	if c.spec.Visibility == ast.IndexVisibilityVisible {
		d.kind, d.expand, d.undo = "show index", d.undo, d.expand
	}
	return d, nil
}
