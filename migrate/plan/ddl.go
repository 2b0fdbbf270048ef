package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/format"
	_ "github.com/pingcap/tidb/pkg/parser/test_driver" // the parser's literals

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// restoreFlags make the text that an AST is written back as mean the same on
// MySQL and MariaDB: names and strings are quoted and escaped, operators are
// bracketed as they were understood, and no literal gets a character set.
const restoreFlags = format.RestoreStringSingleQuotes |
	format.RestoreStringEscapeBackslash |
	format.RestoreKeyWordUppercase |
	format.RestoreNameBackQuotes |
	format.RestoreSpacesAroundBinaryOperation |
	format.RestoreBracketAroundBinaryOperation |
	format.RestoreBracketAroundBetweenExpr |
	format.RestoreStringWithoutDefaultCharset

// executable are the comments whose content one server executes and another
// skips. What a plan does must not depend on the server's version.
var executable = []string{"/*!", "/*M!", "/*T!", "/*+"}

// ddl is a parsed statement.
type ddl struct {
	Statement
	node ast.StmtNode
	at   Scalar
}

// refusal is a reason to refuse one text, before it is known where it stands.
type refusal struct {
	code           Code
	reason, remedy string
}

// refuse returns a refusal; the reason is formatted with args.
func refuse(code Code, remedy, reason string, args ...any) *refusal {
	return &refusal{code, fmt.Sprintf(reason, args...), remedy}
}

// parseDDL parses one statement of the kinds that a plan knows.
func parseDDL(at Scalar) (*ddl, *refusal) {
	node, r := parseOne(at)
	if r != nil {
		return nil, r
	}
	d := &ddl{node: node, at: at}
	d.SQL = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(node.Text()), ";"))
	var table *ast.TableName
	switch s := node.(type) {
	case *ast.AlterTableStmt:
		d.Kind, table = AlterTable, s.Table
	case *ast.CreateTableStmt:
		d.Kind, table = CreateTable, s.Table
	case *ast.CreateIndexStmt:
		d.Kind, table = CreateIndex, s.Table
	case *ast.DropTableStmt:
		if len(s.Tables) != 1 || s.IsView {
			return nil, refuse(CodeDDLForbidden, "write one DROP TABLE for each table", "it drops more than one table")
		}
		d.Kind, table = DropTable, s.Tables[0]
	default:
		return nil, refuse(CodeDDLForbidden, "use ALTER TABLE, CREATE TABLE, CREATE INDEX or DROP TABLE",
			"it is none of the kinds of statement that a plan may contain")
	}
	if table.Schema.O != "" {
		return nil, refuse(CodeDDLForbidden, "leave the database's name out", "it names the database %s", table.Schema.O)
	}
	d.Table = table.Name.O
	d.Effects = effects(d.Table, node)
	return d, nil
}

// oneLine returns text with its line breaks and repeated blanks made single
// blanks.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// restore writes a node back as SQL.
func restore(n ast.Node) (string, error) {
	var b strings.Builder
	if err := n.Restore(format.NewRestoreCtx(restoreFlags, &b)); err != nil {
		return "", fmt.Errorf("write a parsed statement back as sql: %w", err)
	}
	return b.String(), nil
}

// on returns the statement over another table, as SQL for trying it out. The
// checks of a CREATE TABLE follow as statements of their own, without their
// names, which MySQL wants unique within the database, and in the spelling
// that both servers know.
func (d *ddl) on(table string) ([]string, error) {
	fresh, refused := parseDDL(d.at)
	if refused != nil {
		return nil, fmt.Errorf("parse %q again: %s", d.SQL, refused.reason)
	}
	name := ast.NewCIStr(table)
	var checks []ast.ExprNode
	switch s := fresh.node.(type) {
	case *ast.AlterTableStmt:
		s.Table.Name = name
	case *ast.CreateIndexStmt:
		s.Table.Name = name
	case *ast.DropTableStmt:
		s.Tables[0].Name = name
	case *ast.CreateTableStmt:
		s.Table.Name = name
		checks = takeChecks(s)
	}
	text, err := restore(fresh.node)
	if err != nil {
		return nil, err
	}
	out := []string{text}
	for _, c := range checks {
		expr, err := restore(c)
		if err != nil {
			return nil, err
		}
		out = append(out, "ALTER TABLE "+mysqlx.Quote(table)+" ADD CHECK ("+expr+")")
	}
	return out, nil
}

// takeChecks takes the checks out of a CREATE TABLE and returns them.
func takeChecks(s *ast.CreateTableStmt) []ast.ExprNode {
	var checks []ast.ExprNode
	s.Constraints = slices.DeleteFunc(s.Constraints, func(c *ast.Constraint) bool {
		if c.Tp == ast.ConstraintCheck {
			checks = append(checks, c.Expr)
		}
		return c.Tp == ast.ConstraintCheck
	})
	for _, col := range s.Cols {
		col.Options = slices.DeleteFunc(col.Options, func(o *ast.ColumnOption) bool {
			if o.Tp == ast.ColumnOptionCheck {
				checks = append(checks, o.Expr)
			}
			return o.Tp == ast.ColumnOptionCheck
		})
	}
	return checks
}
