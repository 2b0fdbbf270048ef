package rules

import (
	"fmt"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/review"
)

func tooManyIndexes() review.Rule {
	return review.Rule{
		Code: "RS410", Name: "too-many-indexes", Category: review.Design, Severity: review.Warning,
		Summary: "a table with many indexes",
		Profile: review.SchemaDesign, Reach: review.Everything,
		Options: []review.Option{
			{Name: "indexes", Default: 8, Says: "as many secondary indexes as a table may have"},
		},
		Check: checkTooManyIndexes,
	}
}

func checkTooManyIndexes(p *review.Pass) {
	for s := range p.Statements() {
		defined := indexesOf(s)
		if len(defined) == 0 {
			continue
		}
		table := defined[0].table
		before := secondary(s.Table(table).Indexes)
		if _, create := s.Node.(*ast.CreateTableStmt); create {
			before = 0
		}
		after := before
		for _, x := range defined {
			if !x.primary() {
				after++
			}
		}
		for _, op := range s.Operations() {
			if op.Kind == ddl.DropAnyIndex {
				after--
			}
		}
		if after > p.Int("indexes") && after > before {
			p.Report(s, review.Finding{
				Object:  table,
				Message: fmt.Sprintf("table %s then has %d secondary indexes; the limit is %d", table, after, p.Int("indexes")),
				Advice:  "drop those that no query uses: sys.schema_unused_indexes names them",
			})
		}
	}
}

// secondary counts the indexes other than the primary key.
func secondary(list []ddl.Index) int {
	n := 0
	for _, x := range list {
		if x.Name != "PRIMARY" {
			n++
		}
	}
	return n
}
