package plan

import (
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
)

// addForeignKey has the server refuse children without a parent.
func (c *clause) addForeignKey(k *ast.Constraint) (derived, *refusal) {
	parent := k.Refer.Table.Name.O
	if k.Refer.Table.Schema.O != "" {
		return derived{}, refuse(CodeDDLForbidden, "keep both tables in one database", "it refers to a table in database %s", k.Refer.Table.Schema.O)
	}
	if _, there := c.table.foreignKey(k.Name); there {
		return derived{}, refuse(CodeTargetExists, "choose another name, or drop that one first", "table %s has a foreign key %s already", c.table.name, k.Name)
	}
	var columns, refers []string
	for i, p := range k.Keys {
		col, r := c.column(p.Column.Name.O)
		if r != nil {
			return derived{}, r
		}
		if i >= len(k.Refer.IndexPartSpecifications) {
			return derived{}, refuse(CodeDDLSyntax, "name as many columns on both sides", "its two lists of columns are not of one length")
		}
		columns = append(columns, col.Name)
		refers = append(refers, k.Refer.IndexPartSpecifications[i].Column.Name.O)
	}
	query := c.table.orphans(foreignKey{columns: columns, parent: parent, refers: refers})
	add := c.alter(c.text, c.effect(ConstraintExists, k.Name))
	// With the checks of this one session off the server adds the key in place,
	// while writers go on, and does not look at the rows that are there: the
	// engine does, before and, because of what came in meanwhile, after.
	add.Session = []string{"foreign_key_checks"}
	d := derived{
		kind: "add foreign key", course: migrate.Tightened,
		expand: []Statement{add},
		undo:   []Statement{c.alter("DROP FOREIGN KEY "+mysqlx.Quote(k.Name), c.effect(ConstraintAbsent, k.Name))},
		fits:   []Fit{{What: "there is no row of " + parent + " that it refers to", Query: query}},
		code: Obligation{
			Before: "writes the row of " + parent + " first, and deletes it last",
			After:  "a delete in " + parent + " meets the new key: " + onDelete(k.Refer),
		},
	}
	if !slices.ContainsFunc(c.table.indexes, func(i index) bool { return i.usable && beginsWith(i.columns, columns) }) {
		// The server would make one by itself, and leave it behind on the way back.
		d.expand = append([]Statement{c.alter("ADD INDEX "+mysqlx.Quote(k.Name)+" ("+mysqlx.QuoteList("", columns)+")", c.effect(IndexExists, k.Name))}, d.expand...)
		d.undo = append(d.undo, c.alter("DROP INDEX "+mysqlx.Quote(k.Name), c.effect(IndexAbsent, k.Name)))
	}
	return d, nil
}

func onDelete(r *ast.ReferenceDef) string {
	if r.OnDelete == nil || r.OnDelete.ReferOpt == ast.ReferOptionNoOption {
		return "it is refused while rows refer to it"
	}
	return strings.ToLower(r.OnDelete.ReferOpt.String())
}

// kindDropForeign is the kind of operation that drops a foreign key.
const kindDropForeign = "drop foreign key"

// dropForeignKey has the server take what it refused, and leave alone what it
// deleted or changed along: releases that count on either have to be gone first.
func dropForeignKey(c *clause) (derived, *refusal) {
	f, there := c.table.foreignKey(c.spec.Name)
	if !there {
		return derived{}, refuse(CodeColumnUnknown, "correct the name", "table %s has no foreign key %s", c.table.name, c.spec.Name)
	}
	return derived{
		kind: kindDropForeign, course: migrate.Tightened,
		expand: []Statement{c.alter("DROP FOREIGN KEY "+mysqlx.Quote(f.name), c.effect(ConstraintAbsent, f.name))},
		code:   Obligation{Before: "keeps the two tables together by itself: nothing cascades any more, and nothing is refused"},
	}, nil
}

// foreignKey returns the table's own foreign key of that name, in any case.
func (t *table) foreignKey(name string) (foreignKey, bool) {
	i := slices.IndexFunc(t.foreign, func(f foreignKey) bool {
		return strings.EqualFold(f.name, name) && strings.EqualFold(f.table, t.name)
	})
	if i < 0 {
		return foreignKey{}, false
	}
	return t.foreign[i], true
}

// addCheck has the server refuse rows that do not meet a condition.
func (c *clause) addCheck(k *ast.Constraint) (derived, *refusal) {
	if !k.Enforced {
		return derived{}, refuse(CodeDDLForbidden, "leave NOT ENFORCED out", "a check that is not enforced checks nothing")
	}
	expr, err := restore(k.Expr)
	if err != nil {
		return derived{}, refuse(CodeExpressionForm, "correct the expression", "%v", err)
	}
	return derived{
		kind: "add check", course: migrate.Tightened,
		expand: []Statement{c.alter(c.text, c.effect(ConstraintExists, k.Name))},
		undo:   []Statement{c.alter("DROP CONSTRAINT "+mysqlx.Quote(k.Name), c.effect(ConstraintAbsent, k.Name))},
		// A condition that is NULL is met.
		fits: []Fit{{What: "the check is not met", Query: c.table.rowsWhere("NOT (" + expr + ")")}},
		code: Obligation{Before: "writes no row that does not meet it"},
	}, nil
}

// dropCheck has the server take what it refused.
func dropCheck(c *clause) (derived, *refusal) {
	name := c.spec.Constraint.Name
	return derived{
		kind: "drop check", course: migrate.Added,
		expand: []Statement{c.alter("DROP CONSTRAINT "+mysqlx.Quote(name), c.effect(ConstraintAbsent, name))},
		code:   Obligation{After: "checks by itself"},
	}, nil
}

// options are the table options that no code notices.
var options = map[ast.TableOptionType]string{
	ast.TableOptionComment:          "comment",
	ast.TableOptionRowFormat:        "row format",
	ast.TableOptionKeyBlockSize:     "key block size",
	ast.TableOptionStatsPersistent:  "statistics",
	ast.TableOptionStatsAutoRecalc:  "statistics",
	ast.TableOptionStatsSamplePages: "statistics",
	ast.TableOptionCharset:          "default character set",
	ast.TableOptionCollate:          "default collation",
	ast.TableOptionAutoIncrement:    "next number", // never less than what the rows have: the server sees to it
}

// rebuildTable has the server write the table anew as it is, which gives space
// back that deleted rows have left.
func rebuildTable(c *clause) (derived, *refusal) {
	return derived{kind: "rebuild table", course: migrate.Added, expand: []Statement{c.alter(c.text)}}, nil
}

// rebuildsAsItIs reports whether all that is asked for is the engine that the table
// has. Underpin has to do with InnoDB alone.
func rebuildsAsItIs(spec *ast.AlterTableSpec) bool {
	return len(spec.Options) == 1 && spec.Options[0].Tp == ast.TableOptionEngine && strings.EqualFold(spec.Options[0].StrValue, "InnoDB")
}

// tableOption changes options that have nothing to do with the rows there are.
func tableOption(c *clause) (derived, *refusal) {
	if rebuildsAsItIs(c.spec) {
		return rebuildTable(c)
	}
	d := derived{kind: "table option", course: migrate.Added}
	for _, o := range c.spec.Options {
		if converts(c.spec) {
			return derived{}, refuse(CodeColumnType, "underpin plan \"ALTER TABLE … CONVERT TO …\" writes a change that keeps two tables in step",
				"it converts every column of %s: the server would copy the table while writers wait, and comparisons would change from one moment to the next", c.table.name)
		}
		if _, ok := options[o.Tp]; !ok {
			return derived{}, refuse(CodeDDLForbidden, "carry it out by hand at a quiet time", "%s: underpin has no safe way for this option", c.text)
		}
		if o.Tp == ast.TableOptionCharset || o.Tp == ast.TableOptionCollate {
			d.code.After = "columns that are added from now on have it; those that are there keep theirs"
		}
	}
	d.expand = []Statement{c.alter(c.text)}
	return d, nil
}
