package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/review"
)

func dropIndexedColumn() review.Rule {
	return review.Rule{
		Code: "RS108", Name: "drop-indexed-column", Category: review.Breaks, Severity: review.Warning,
		Summary: "a column is dropped on which an index stands that is silently changed with it",
		Check:   checkDropIndexedColumn,
	}
}

func checkDropIndexedColumn(p *review.Pass) {
	for s, spec := range liveSpecs(p, ast.AlterTableDropColumn) {
		name, column := s.Tables()[0], spec.OldColumnName.Name.O
		if s.NewColumn(name, column) {
			continue
		}
		table := s.Table(name)
		if !table.Complete && len(table.Indexes) == 0 {
			p.NotChecked("whether an index stands on a column that is dropped: the table is not known, give --dsn or --stats")
			continue
		}
		gone := droppedIndexes(s.Node)
		for _, index := range table.Indexes {
			if !hasFold(index.Columns, column) || hasFold(gone, index.Name) {
				continue
			}
			f := review.Finding{
				Object:  dot(name, column),
				Span:    place(s, column, "DROP COLUMN", "DROP COLUMN IF EXISTS", "DROP"),
				Message: fmt.Sprintf("index %s on (%s) stands on column %s", index.Name, strings.Join(index.Columns, ", "), column),
				Advice:  "say what the index is to be: drop it, or replace it, in a change before this one",
			}
			what, severity := afterwards(p.Server, index, column)
			f.Message, f.Severity = f.Message+": "+what, severity
			if len(index.Columns) == 1 && !index.Unique {
				f.Fixes = []review.Fix{p.PlanDDL(dot(name, index.Name), "DROP INDEX "+mysqlx.Quote(index.Name)+" ON "+mysqlx.Quote(name))}
			}
			p.Report(s, f)
		}
	}
}

// afterwards says what becomes of an index without one of its columns.
func afterwards(server ddl.Server, index ddl.Index, column string) (string, review.Severity) {
	rest := slices.DeleteFunc(slices.Clone(index.Columns), func(c string) bool { return strings.EqualFold(c, column) })
	switch {
	case len(rest) == 0:
		return "it goes with the column, and queries that used it read the whole table", review.Warning
	case index.Unique && server.Flavour == ddl.MariaDB:
		return "MariaDB refuses the statement with error 1072", review.Error
	case index.Unique:
		return fmt.Sprintf("it becomes unique over (%s) alone, which fails at the first duplicate, now or in a later INSERT", strings.Join(rest, ", ")), review.Error
	}
	return fmt.Sprintf("it becomes one on (%s), and queries that used it for %s no longer can", strings.Join(rest, ", "), column), review.Warning
}

// droppedIndexes returns the indexes that a statement drops by name.
func droppedIndexes(n ast.StmtNode) []string {
	var out []string
	for _, spec := range specsOf(n, ast.AlterTableDropIndex, ast.AlterTableDropPrimaryKey) {
		if spec.Tp == ast.AlterTableDropPrimaryKey {
			out = append(out, "PRIMARY")
			continue
		}
		out = append(out, spec.Name)
	}
	if drop, ok := n.(*ast.DropIndexStmt); ok {
		out = append(out, drop.IndexName)
	}
	return out
}
