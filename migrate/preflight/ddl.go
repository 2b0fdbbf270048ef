package preflight

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser"
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/format"
	_ "github.com/pingcap/tidb/pkg/parser/test_driver" // the parser's literals

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/migrate/plan"
)

// errUntried says that a statement is not carried out on a scratch table.
var errUntried = errors.New("not tried")

// restoreFlags make the text that an AST is written back as mean the same on
// both servers.
const restoreFlags = format.RestoreStringSingleQuotes |
	format.RestoreStringEscapeBackslash |
	format.RestoreKeyWordUppercase |
	format.RestoreNameBackQuotes |
	format.RestoreSpacesAroundBinaryOperation |
	format.RestoreStringWithoutDefaultCharset

// elsewhere are the kinds of ALTER that reach beyond the table, or that mean
// nothing on a scratch of it.
var elsewhere = map[ast.AlterTableType]string{
	ast.AlterTableRenameTable:                "it renames the table",
	ast.AlterTableExchangePartition:          "it exchanges a partition with another table",
	ast.AlterTableDropForeignKey:             "a scratch table has no foreign keys",
	ast.AlterTableImportTablespace:           "it replaces the table's file",
	ast.AlterTableImportPartitionTablespace:  "it replaces a partition's file",
	ast.AlterTableDiscardTablespace:          "it takes the table's file away",
	ast.AlterTableDiscardPartitionTablespace: "it takes a partition's file away",
	ast.AlterTableEnableKeys:                 "it is for other engines",
	ast.AlterTableDisableKeys:                "it is for other engines",
}

// kindOf returns what kind of statement a text is, as far as that can be told;
// empty is none that is known.
func kindOf(sql string) plan.StatementKind {
	node, err := parser.New().ParseOneStmt(sql, "", "")
	if err != nil {
		return ""
	}
	switch node.(type) {
	case *ast.AlterTableStmt:
		return plan.AlterTable
	case *ast.CreateTableStmt:
		return plan.CreateTable
	case *ast.CreateIndexStmt:
		return plan.CreateIndex
	case *ast.DropTableStmt:
		return plan.DropTable
	case *ast.RenameTableStmt:
		return plan.RenameTable
	case *ast.CreateViewStmt:
		return plan.CreateView
	}
	return ""
}

// onScratch returns a statement over another table, or an error that wraps
// errUntried and says why it is not to be tried there.
func onScratch(sql, table string) (plan.Statement, error) {
	node, err := parser.New().ParseOneStmt(sql, "", "")
	if err != nil {
		return byTheLetter(sql, table)
	}
	out := plan.Statement{Table: table}
	name := ast.NewCIStr(table)
	var why string
	switch s := node.(type) {
	case *ast.AlterTableStmt:
		out.Kind = plan.AlterTable
		s.Table.Schema, s.Table.Name = ast.NewCIStr(""), name
		why = alterElsewhere(s)
	case *ast.CreateIndexStmt:
		out.Kind = plan.CreateIndex
		s.LockAlg = nil // asked for anew
		s.Table.Schema, s.Table.Name = ast.NewCIStr(""), name
	case *ast.CreateTableStmt:
		out.Kind = plan.CreateTable
		s.Table.Schema, s.Table.Name = ast.NewCIStr(""), name
		if s.ReferTable != nil || s.Select != nil {
			why = "it reads another table"
		}
		withoutTies(s)
	default:
		why = "there is nothing to measure in it"
	}
	if why != "" {
		return out, fmt.Errorf("%w: %s", errUntried, why)
	}
	var b strings.Builder
	if err := node.Restore(format.NewRestoreCtx(restoreFlags, &b)); err != nil {
		return out, fmt.Errorf("%w: the statement cannot be written back: %w", errUntried, err)
	}
	// MariaDB does not know the word, and MySQL takes it for granted.
	out.SQL = strings.ReplaceAll(b.String(), ") ENFORCED", ")")
	return out, nil
}

// withinTable are the kinds of operations, among those that one of the servers has
// a word of its own for, that a scratch table is as good for as the table.
var withinTable = []ddl.Kind{
	ddl.AddColumn, ddl.AddColumnFirst, ddl.AddColumnAfter, ddl.AddRequired, ddl.AddStored, ddl.AddVirtual, ddl.AddSpatial,
	ddl.ModifyColumn, ddl.SetVisibility, ddl.HideColumn, ddl.HideIndex, ddl.IgnoreIndex,
}

// byTheLetter is onScratch for what the parser cannot write back: INVISIBLE, and
// types of one server.
func byTheLetter(sql, table string) (plan.Statement, error) {
	beyond := fmt.Errorf("%w: the statement is beyond the parser", errUntried)
	list, err := ddl.Parse("the step", sql)
	if err != nil || len(list) != 1 {
		return plan.Statement{}, beyond
	}
	operations, err := ddl.Operations(&list[0])
	text, ok := list[0].Over(table)
	within := func(o ddl.Operation) bool { return slices.Contains(withinTable, o.Kind) }
	// MySQL wants the name of a check unique within the database.
	ok = ok && !strings.Contains(strings.ToUpper(sql), "CHECK")
	if err != nil || !ok || slices.ContainsFunc(operations, func(o ddl.Operation) bool { return !within(o) }) {
		return plan.Statement{}, beyond
	}
	return plan.Statement{Kind: plan.AlterTable, Table: table, SQL: text}, nil
}

// dropIndexes returns what takes a statement back on a table, if all that it
// does is to add indexes.
func dropIndexes(sql, table string) (undo string, ok bool) {
	node, err := parser.New().ParseOneStmt(sql, "", "")
	if err != nil {
		return "", false
	}
	var names []string
	switch s := node.(type) {
	case *ast.CreateIndexStmt:
		names = append(names, s.IndexName)
	case *ast.AlterTableStmt:
		for _, spec := range s.Specs {
			switch {
			case spec.Tp == ast.AlterTableAlgorithm || spec.Tp == ast.AlterTableLock:
			case spec.Tp == ast.AlterTableAddConstraint && slices.Contains(addedIndexes, spec.Constraint.Tp):
				names = append(names, spec.Constraint.Name)
			default:
				return "", false
			}
		}
	}
	if len(names) == 0 || slices.Contains(names, "") { // the server makes up a name
		return "", false
	}
	for i, name := range names {
		names[i] = "DROP INDEX " + mysqlx.Quote(name)
	}
	return "ALTER TABLE " + mysqlx.Quote(table) + " " + strings.Join(names, ", "), true
}

// addedIndexes are constraints that are indexes.
var addedIndexes = []ast.ConstraintType{ast.ConstraintIndex, ast.ConstraintKey, ast.ConstraintUniq, ast.ConstraintUniqKey, ast.ConstraintUniqIndex, ast.ConstraintFulltext}

// alterElsewhere says why an ALTER is not to be tried; empty if it may be. The
// clauses ALGORITHM and LOCK are taken out: they are asked for anew.
func alterElsewhere(s *ast.AlterTableStmt) string {
	s.Specs = slices.DeleteFunc(s.Specs, func(spec *ast.AlterTableSpec) bool {
		return spec.Tp == ast.AlterTableAlgorithm || spec.Tp == ast.AlterTableLock
	})
	for _, spec := range s.Specs {
		if why := elsewhere[spec.Tp]; why != "" {
			return why
		}
		if spec.Constraint != nil && spec.Constraint.Tp == ast.ConstraintForeignKey {
			return "a foreign key would lock the table that it names"
		}
		for _, c := range spec.NewColumns {
			if slices.ContainsFunc(c.Options, references) {
				return "a foreign key would lock the table that it names"
			}
		}
		if spec.Constraint != nil && spec.Constraint.Tp == ast.ConstraintCheck {
			spec.Constraint.Name = "" // MySQL wants it unique within the database
		}
	}
	return ""
}

func references(o *ast.ColumnOption) bool { return o.Tp == ast.ColumnOptionReference }

// withoutTies takes out of a CREATE TABLE what ties it to other tables: foreign
// keys; and the names of checks, which MySQL wants unique within the database.
func withoutTies(s *ast.CreateTableStmt) {
	s.Constraints = slices.DeleteFunc(s.Constraints, func(c *ast.Constraint) bool {
		if c.Tp == ast.ConstraintCheck {
			c.Name = ""
		}
		return c.Tp == ast.ConstraintForeignKey
	})
	for _, c := range s.Cols {
		c.Options = slices.DeleteFunc(c.Options, references)
		for _, o := range c.Options {
			o.ConstraintName = ""
		}
	}
}
