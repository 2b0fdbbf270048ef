package desired

import (
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser"
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/types"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// naming turns the names of a foreign key into those that it has in the end, in
// lower case: as those of tables are here, they are compared without case.
type naming struct {
	database string
	renamed  map[string]string // of Options
}

func (n naming) columns(table string, keys []*ast.IndexPartSpecification) (out []string) {
	for _, k := range keys {
		if k.Column != nil { // an expression: the server refuses it
			out = append(out, n.now(table+"."+k.Column.Name.O, k.Column.Name.O))
		}
	}
	return out
}

func (n naming) now(key, name string) string {
	for from, to := range n.renamed {
		if strings.EqualFold(from, key) {
			name = to
		}
	}
	return mysqlx.Quote(strings.ToLower(name))
}

// meaning says what a foreign key of a table means, in one way whatever way it
// was typed in.
func (n naming) meaning(table string, c *ast.Constraint) string {
	refers := c.Refer.Table
	words := append(n.columns(table, c.Keys), "references")
	if refers.Schema.O != "" && !strings.EqualFold(refers.Schema.O, n.database) {
		words = append(words, mysqlx.Quote(refers.Schema.L), mysqlx.Quote(refers.Name.L))
		n.renamed = nil // names of another database
	} else {
		words = append(words, n.now(refers.Name.O, refers.Name.O))
	}
	words = append(words, n.columns(refers.Name.O, c.Refer.IndexPartSpecifications)...)
	return strings.Join(append(words, "on delete", action(c.Refer.OnDelete.ReferOpt), "on update", action(c.Refer.OnUpdate.ReferOpt)), " ")
}

// action names what a foreign key does. Nothing, NO ACTION and RESTRICT are the
// same to InnoDB.
func action(o ast.ReferOptionType) string {
	if o == ast.ReferOptionNoOption || o == ast.ReferOptionNoAction {
		o = ast.ReferOptionRestrict
	}
	return o.String()
}

// sameForeign reports whether the server's foreign keys of a table are the
// desired ones, all of them, by name and meaning.
func (d *differ) sameForeign(p *pair, live shown) bool {
	if len(p.want.foreign) != len(live.foreign) {
		return false
	}
	for name := range p.want.foreign {
		if !d.meansSame(p, name, live) {
			return false
		}
	}
	return true
}

// meansSame reports whether a foreign key means what the server's of that name
// means.
func (d *differ) meansSame(p *pair, name string, live shown) bool {
	nodes, _, err := parser.New().Parse("CREATE TABLE t (id INT, "+live.foreign[mysqlx.Quote(name)]+")", "", "")
	if err != nil || len(nodes) != 1 {
		return false
	}
	s, ok := nodes[0].(*ast.CreateTableStmt)
	if !ok || len(s.Constraints) != 1 || s.Constraints[0].Tp != ast.ConstraintForeignKey {
		return false
	}
	return naming{database: d.database}.meaning(p.want.name, p.want.foreign[name]) ==
		naming{d.database, d.opts.Renamed}.meaning(p.live, s.Constraints[0])
}

// implied returns the indexes that the server makes for foreign keys without
// one, by its own rule: each bears its foreign key's name, and gives way to any
// other index that begins with its columns. A scratch table has no foreign keys,
// so it has to be given them.
func implied(s *ast.CreateTableStmt) []*ast.Constraint {
	var made []*ast.Constraint
	var explicit [][]string
	for _, c := range s.Cols {
		for _, o := range c.Options {
			if o.Tp == ast.ColumnOptionPrimaryKey || o.Tp == ast.ColumnOptionUniqKey {
				explicit = append(explicit, []string{c.Name.Name.L})
			}
		}
	}
	for _, c := range s.Constraints {
		switch c.Tp {
		case ast.ConstraintForeignKey:
			made = append(made, &ast.Constraint{Tp: ast.ConstraintKey, Name: c.Name, Keys: c.Keys})
		case ast.ConstraintPrimaryKey, ast.ConstraintKey, ast.ConstraintIndex, ast.ConstraintUniq, ast.ConstraintUniqKey, ast.ConstraintUniqIndex:
			explicit = append(explicit, wholeColumns(c.Keys))
		}
	}
	var out []*ast.Constraint
	for i, c := range made {
		columns := wholeColumns(c.Keys)
		serves := func(other []string) bool {
			return len(other) >= len(columns) && slices.Equal(other[:len(columns)], columns)
		}
		taken := slices.ContainsFunc(explicit, serves)
		for j, other := range made {
			// Of two that are made for the same columns the later one stays.
			outdone := len(other.Keys) > len(c.Keys) || j > i
			taken = taken || outdone && serves(wholeColumns(other.Keys))
		}
		if !taken {
			out = append(out, c)
		}
	}
	return out
}

// wholeColumns returns the columns that an index begins with, in lower case, up
// to one that it holds in part or as an expression, which serves no foreign key.
func wholeColumns(keys []*ast.IndexPartSpecification) (out []string) {
	for _, k := range keys {
		if k.Column == nil || k.Length != types.UnspecifiedLength {
			break
		}
		out = append(out, k.Column.Name.L)
	}
	return out
}
