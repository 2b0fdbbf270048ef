package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/review"
)

func redundantIndex() review.Rule {
	return review.Rule{
		Code: "RS407", Name: "redundant-index", Category: review.Design, Severity: review.Warning,
		Summary: "an index that another index makes superfluous",
		Profile: review.SchemaDesign, Reach: review.Everything,
		Check: checkRedundantIndex,
	}
}

func checkRedundantIndex(p *review.Pass) {
	for s := range p.Statements() {
		defined := indexesOf(s)
		for i, x := range defined {
			if x.words || slices.Contains(x.columns, "") || prefixed(x) {
				continue
			}
			others := presentIndexes(s, x.table)
			for j, y := range defined {
				if i != j && !y.words && !prefixed(y) && strings.EqualFold(x.table, y.table) {
					others = append(others, ddl.Index{Name: y.name, Unique: y.unique, Columns: y.columns})
				}
			}
			if other := makesSuperfluous(x, others, i, defined); other != "" {
				p.Report(s, review.Finding{
					Object: x.object(), Span: x.where(),
					Message: fmt.Sprintf("index %s (%s) of %s gives nothing that %s does not give", x.name, strings.Join(x.columns, ", "), x.table, other),
					Advice:  "leave it out: every write maintains both",
				})
			}
		}
	}
}

// prefixed reports whether an index has only the beginning of a column.
func prefixed(x indexDef) bool {
	return slices.ContainsFunc(x.parts, func(part *ast.IndexPartSpecification) bool { return part.Length > 0 })
}

// presentIndexes returns the B-trees that the table has before the statement.
func presentIndexes(s *review.Statement, table string) []ddl.Index {
	var out []ddl.Index
	if _, create := s.Node.(*ast.CreateTableStmt); create {
		return nil
	}
	for _, x := range s.Table(table).Indexes {
		if x.Kind == ddl.BTree || x.Kind == "" {
			out = append(out, x)
		}
	}
	return out
}

// makesSuperfluous returns the name of an index that serves all that x does. Of
// two that are the same, the later one is superfluous; a unique index is only by
// a unique one of the same columns.
func makesSuperfluous(x indexDef, others []ddl.Index, at int, defined []indexDef) string {
	for _, y := range others {
		same := len(y.Columns) == len(x.columns)
		if !begins(y.Columns, x.columns) || x.unique && (!same || !y.Unique) || x.primary() {
			continue
		}
		if same && x.unique == y.Unique {
			j := slices.IndexFunc(defined, func(d indexDef) bool { return d.name == y.Name })
			if j > at { // then that one is reported
				continue
			}
		}
		return y.Name
	}
	return ""
}
