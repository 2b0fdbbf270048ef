package plan

import (
	"context"
	"errors"
	"strings"

	"github.com/pingcap/tidb/pkg/parser"
	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/internal/mysqlx"
	classify "github.com/underpin-db/underpin/migrate/ddl"
)

// parse parses the statements, which have to be about one table.
func (a *alteration) parse(context.Context) error {
	for _, text := range a.file.Alter {
		node, table, r := parseAlter(text)
		if r == nil && a.table != "" && !strings.EqualFold(a.table, table) {
			r = refuse(CodeDDLTable, "write a change file for each table", "it is about table %s, and the one before about %s", table, a.table)
		}
		if r != nil {
			a.refuse(r.code, oneLine(text.Text), text.Position, r.reason, r.remedy)
			continue
		}
		a.table = table
		a.statements, a.at = append(a.statements, node), append(a.at, text)
	}
	a.checkNames()
	return nil
}

// parseOne parses text as one statement that every server understands alike.
func parseOne(at Scalar) (ast.StmtNode, *refusal) {
	for _, c := range executable {
		if strings.Contains(at.Text, c) {
			return nil, refuse(CodeDDLForbidden, "write the statement without it", "it contains %s, which not every server executes", c)
		}
	}
	nodes, _, err := parser.New().Parse(at.Text, "", "")
	switch {
	case err != nil:
		r, _ := unparsed(at.Text, err)
		return nil, r
	case len(nodes) != 1:
		return nil, refuse(CodeDDLSyntax, "write one statement a list item", "there are %d statements in it", len(nodes))
	}
	return nodes[0], nil
}

// unparsed says why the parser, whose error is err, does not take a text, and
// the place in it: package ddl refuses by name what is no mistake in writing.
func unparsed(text string, err error) (*refusal, classify.Position) {
	var bad *classify.SyntaxError
	_, why := classify.Parse("", text)
	switch {
	case !errors.As(why, &bad):
		return refuse(CodeDDLForbidden, "write it as both servers understand it, or carry it out by hand",
			"underpin does not carry this: %s", oneLine(err.Error())), classify.Position{}
	case errors.Is(bad, classify.ErrRefused):
		return refuse(CodeDDLForbidden, bad.Hint, "%s", bad.Problem), bad.Position
	}
	return refuse(CodeDDLSyntax, "correct the statement; a name that is a reserved word goes between backticks",
		"it does not parse: %s", bad.Problem), bad.Position
}

// plainDrop refuses every DROP but that of one table.
func plainDrop(s *ast.DropTableStmt) *refusal {
	switch {
	case s.IsView:
		return refuse(CodeDDLForbidden, "drop it by hand once no code names it", "underpin drops no views")
	case s.TemporaryKeyword != ast.TemporaryNone:
		return refuse(CodeDDLForbidden, "leave it out", "a temporary table is gone with its connection")
	case s.IfExists:
		return refuse(CodeDDLForbidden, remedyLive, "it says IF EXISTS")
	case len(s.Tables) != 1:
		return refuse(CodeDDLForbidden, "write one DROP TABLE for each table", "it drops several tables")
	}
	return nil
}

// parseAlter parses one statement of the kinds that alter may hold.
func parseAlter(at Scalar) (ast.StmtNode, string, *refusal) {
	node, r := parseOne(at)
	if r != nil {
		return nil, "", r
	}
	node = renaming(node)
	var name *ast.TableName
	switch s := node.(type) {
	case *ast.AlterTableStmt:
		name = s.Table
	case *ast.CreateTableStmt:
		name = s.Table
	case *ast.CreateIndexStmt:
		name = s.Table
	case *ast.DropIndexStmt:
		name = s.Table
	case *ast.DropTableStmt:
		if r := plainDrop(s); r != nil {
			return nil, "", r
		}
		name = s.Tables[0]
	case *ast.RenameTableStmt:
		if len(s.TableToTables) != 1 || s.TableToTables[0].NewTable.Schema.O != "" {
			return nil, "", refuse(CodeDDLForbidden, "write one RENAME TABLE for each table, within the database", "it renames several tables, or into another database")
		}
		if r := ownTable(s.TableToTables[0].NewTable.Name.O); r != nil {
			return nil, "", r
		}
		name = s.TableToTables[0].OldTable
	default:
		return nil, "", refuse(CodeDDLForbidden, "use ALTER TABLE, CREATE TABLE, RENAME TABLE, DROP TABLE, CREATE INDEX or DROP INDEX",
			"underpin carries no statement of this kind")
	}
	if name.Schema.O != "" {
		return nil, "", refuse(CodeDDLForbidden, "leave the database's name out", "it names the database %s", name.Schema.O)
	}
	return node, name.Name.O, ownTable(name.Name.O)
}

// renaming returns an ALTER TABLE that does nothing but rename its table as the
// RENAME TABLE that it stands for.
func renaming(node ast.StmtNode) ast.StmtNode {
	s, ok := node.(*ast.AlterTableStmt)
	if !ok || len(s.Specs) != 1 || s.Specs[0].Tp != ast.AlterTableRenameTable {
		return node
	}
	return &ast.RenameTableStmt{TableToTables: []*ast.TableToTable{{OldTable: s.Table, NewTable: s.Specs[0].NewTable}}}
}

// ownTable refuses to touch what belongs to Underpin, see [IsOwn].
func ownTable(name string) *refusal {
	if !IsOwn(name) {
		return nil
	}
	return refuse(CodeDDLForbidden, "leave it to underpin, or choose another name", "tables whose names begin with %s belong to underpin", ownPrefix)
}

// specsOf returns the operations of a statement on a table.
func specsOf(node ast.StmtNode) ([]*ast.AlterTableSpec, *refusal) {
	switch n := node.(type) {
	case *ast.AlterTableStmt:
		if len(n.Specs) == 0 {
			return nil, refuse(CodeDDLForbidden, "leave it out", "it changes nothing")
		}
		return n.Specs, nil
	case *ast.DropIndexStmt:
		switch {
		case n.IfExists:
			return nil, refuse(CodeDDLForbidden, remedyLive, "it says IF EXISTS")
		case n.LockAlg != nil:
			return nil, refuse(CodeDDLForbidden, remedyChosen, saysHow)
		}
		return []*ast.AlterTableSpec{{Tp: ast.AlterTableDropIndex, Name: n.IndexName}}, nil
	case *ast.CreateIndexStmt:
		switch {
		case n.IfNotExists:
			return nil, refuse(CodeDDLForbidden, remedyLive, "it says IF NOT EXISTS")
		case n.LockAlg != nil:
			return nil, refuse(CodeDDLForbidden, remedyChosen, saysHow)
		}
		kind, ok := map[ast.IndexKeyType]ast.ConstraintType{
			ast.IndexKeyTypeNone: ast.ConstraintIndex, ast.IndexKeyTypeUnique: ast.ConstraintUniq,
			ast.IndexKeyTypeFulltext: ast.ConstraintFulltext,
		}[n.KeyType]
		if !ok {
			return nil, refuse(CodeDDLForbidden, "carry it out by hand", "underpin does not know this kind of index")
		}
		c := &ast.Constraint{Tp: kind, Name: n.IndexName, Keys: n.IndexPartSpecifications, Option: n.IndexOption}
		return []*ast.AlterTableSpec{{Tp: ast.AlterTableAddConstraint, Constraint: c}}, nil
	}
	return nil, refuse(CodeDDLForbidden, "carry it out by hand", "underpin has no safe way for it")
}

// specText writes an operation back as SQL that both servers understand.
func specText(spec *ast.AlterTableSpec) (string, error) {
	if spec.Tp == ast.AlterTableAddConstraint && spec.Constraint.Tp == ast.ConstraintCheck {
		// The parser would add ENFORCED, which MariaDB does not know.
		expr, err := restore(spec.Constraint.Expr)
		return "ADD CONSTRAINT " + mysqlx.Quote(spec.Constraint.Name) + " CHECK (" + expr + ")", err
	}
	if spec.Tp == ast.AlterTableForce {
		return "FORCE", nil // the parser would add what it has to say of itself
	}
	return restore(spec)
}

// specList writes operations back, as they stand in one ALTER TABLE.
func specList(specs []*ast.AlterTableSpec) (string, error) {
	var b strings.Builder
	for i, spec := range specs {
		text, err := specText(spec)
		if err != nil {
			return "", err
		}
		switch {
		case i == 0:
		case spec.Tp == ast.AlterTablePartition || spec.Tp == ast.AlterTableRemovePartitioning:
			b.WriteByte(' ') // the grammar has no comma there
		default:
			b.WriteString(", ")
		}
		b.WriteString(text)
	}
	return b.String(), nil
}

// untried are operations that a scratch table cannot show: its foreign keys
// are none, one of its own would lock the parent, and the servers spell the
// hiding of an index differently.
func untried(spec *ast.AlterTableSpec) bool {
	return spec.Tp == ast.AlterTableDropForeignKey || spec.Tp == ast.AlterTableIndexInvisible ||
		spec.Tp == ast.AlterTableAddConstraint && spec.Constraint.Tp == ast.ConstraintForeignKey
}
