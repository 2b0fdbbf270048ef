package plan

import (
	"context"
	"strings"

	"github.com/pingcap/tidb/pkg/parser"
	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/internal/mysqlx"
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
	return nil
}

// parseAlter parses one statement of the kinds that alter may hold.
func parseAlter(at Scalar) (ast.StmtNode, string, *refusal) {
	for _, c := range executable {
		if strings.Contains(at.Text, c) {
			return nil, "", refuse(CodeDDLForbidden, "write the statement without it", "it contains %s, which not every server executes", c)
		}
	}
	nodes, _, err := parser.New().Parse(at.Text, "", "")
	switch {
	case err != nil:
		return nil, "", refuse(CodeDDLSyntax, "correct the statement", "it does not parse: %s", oneLine(err.Error()))
	case len(nodes) != 1:
		return nil, "", refuse(CodeDDLSyntax, "write one statement a list item", "there are %d statements in it", len(nodes))
	}
	var name *ast.TableName
	switch s := nodes[0].(type) {
	case *ast.AlterTableStmt:
		name = s.Table
	case *ast.CreateTableStmt:
		name = s.Table
	case *ast.CreateIndexStmt:
		name = s.Table
	case *ast.DropIndexStmt:
		name = s.Table
	case *ast.DropTableStmt:
		if len(s.Tables) != 1 || s.IsView || s.IfExists || s.TemporaryKeyword != ast.TemporaryNone {
			return nil, "", refuse(CodeDDLForbidden, "write one plain DROP TABLE for each table", "it drops several tables, a view, a temporary table, or says IF EXISTS")
		}
		name = s.Tables[0]
	case *ast.RenameTableStmt:
		if len(s.TableToTables) != 1 || s.TableToTables[0].NewTable.Schema.O != "" {
			return nil, "", refuse(CodeDDLForbidden, "write one RENAME TABLE for each table, within the database", "it renames several tables, or into another database")
		}
		name = s.TableToTables[0].OldTable
	default:
		return nil, "", refuse(CodeDDLForbidden, "use ALTER TABLE, CREATE TABLE, RENAME TABLE, DROP TABLE, CREATE INDEX or DROP INDEX",
			"underpin carries no statement of this kind")
	}
	if name.Schema.O != "" {
		return nil, "", refuse(CodeDDLForbidden, "leave the database's name out", "it names the database %s", name.Schema.O)
	}
	return nodes[0], name.Name.O, nil
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
		if n.IfExists || n.LockAlg != nil {
			return nil, refuse(CodeDDLForbidden, remedyLive, "it says IF EXISTS, ALGORITHM or LOCK")
		}
		return []*ast.AlterTableSpec{{Tp: ast.AlterTableDropIndex, Name: n.IndexName}}, nil
	case *ast.CreateIndexStmt:
		if n.IfNotExists || n.LockAlg != nil {
			return nil, refuse(CodeDDLForbidden, remedyLive, "it says IF NOT EXISTS, ALGORITHM or LOCK")
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
	return restore(spec)
}

// untried are operations that a scratch table cannot show: its foreign keys
// are none, one of its own would lock the parent, and the servers spell the
// hiding of an index differently.
func untried(spec *ast.AlterTableSpec) bool {
	return spec.Tp == ast.AlterTableDropForeignKey || spec.Tp == ast.AlterTableIndexInvisible ||
		spec.Tp == ast.AlterTableAddConstraint && spec.Constraint.Tp == ast.ConstraintForeignKey
}
