package plan

import (
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// effects returns what the live schema shows once a statement is done.
func effects(table string, node ast.StmtNode) []Effect {
	switch s := node.(type) {
	case *ast.CreateTableStmt:
		return []Effect{{Kind: TableExists, Table: table}}
	case *ast.DropTableStmt:
		return []Effect{{Kind: TableAbsent, Table: table}}
	case *ast.CreateIndexStmt:
		return []Effect{{Kind: IndexExists, Table: table, Name: s.IndexName}}
	case *ast.AlterTableStmt:
		var out []Effect
		for _, spec := range s.Specs {
			out = append(out, specEffects(table, spec)...)
		}
		return out
	}
	return nil
}

// specEffects returns the effects of one clause of an ALTER TABLE.
func specEffects(table string, spec *ast.AlterTableSpec) []Effect {
	var out []Effect
	switch spec.Tp {
	case ast.AlterTableAddColumns:
		for _, c := range spec.NewColumns {
			out = append(out, Effect{Kind: ColumnExists, Table: table, Name: c.Name.Name.O})
		}
		for _, c := range spec.NewConstraints {
			out = append(out, Effect{Kind: IndexExists, Table: table, Name: c.Name})
		}
	case ast.AlterTableAddConstraint:
		out = append(out, Effect{Kind: IndexExists, Table: table, Name: spec.Constraint.Name})
	case ast.AlterTableDropColumn:
		out = append(out, Effect{Kind: ColumnAbsent, Table: table, Name: spec.OldColumnName.Name.O})
	case ast.AlterTableDropIndex:
		out = append(out, Effect{Kind: IndexAbsent, Table: table, Name: spec.Name})
	case ast.AlterTableAlterColumn:
		if len(spec.NewColumns) == 1 && len(spec.NewColumns[0].Options) == 1 {
			out = append(out, Effect{Kind: DefaultSet, Table: table, Name: spec.NewColumns[0].Name.Name.O})
		}
	}
	return out
}

// undo returns the statements that take back what the statements add, last
// first. Every element is taken back by the statement that added it, so that
// the reverse of one statement is one statement.
func undo(done []*ddl) []Statement {
	out := []Statement{}
	created := map[string]bool{}
	for _, d := range done {
		if d.Kind == CreateTable {
			created[strings.ToLower(d.Table)] = true
		}
	}
	for i := len(done) - 1; i >= 0; i-- {
		d := done[i]
		if created[strings.ToLower(d.Table)] && d.Kind != CreateTable {
			continue // it goes with its table
		}
		if s, ok := reverse(d.Statement); ok {
			out = append(out, s)
		}
	}
	return out
}

// reverse returns the statement that takes back what a statement adds; ok is
// false where it adds nothing.
func reverse(s Statement) (Statement, bool) {
	if s.Kind == CreateTable {
		return Statement{
			SQL: "DROP TABLE " + mysqlx.Quote(s.Table), Kind: DropTable, Table: s.Table,
			Effects: []Effect{{Kind: TableAbsent, Table: s.Table}},
		}, true
	}
	var clauses []string
	var shown []Effect
	// Indexes first: dropping a column would take a part out of them.
	for _, e := range s.Effects {
		if e.Kind == IndexExists {
			clauses = append(clauses, "DROP INDEX "+mysqlx.Quote(e.Name))
			shown = append(shown, Effect{Kind: IndexAbsent, Table: e.Table, Name: e.Name})
		}
	}
	for _, e := range s.Effects {
		if e.Kind == ColumnExists {
			clauses = append(clauses, "DROP COLUMN "+mysqlx.Quote(e.Name))
			shown = append(shown, Effect{Kind: ColumnAbsent, Table: e.Table, Name: e.Name})
		}
	}
	if len(clauses) == 0 {
		return Statement{}, false
	}
	return Statement{
		SQL:  "ALTER TABLE " + mysqlx.Quote(s.Table) + " " + strings.Join(clauses, ", "),
		Kind: AlterTable, Table: s.Table, Effects: shown,
	}, true
}
