package rules

import (
	"fmt"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/review"
)

func partitioning() review.Rule {
	return review.Rule{
		Code: "RS432", Name: "partitioning", Category: review.Design, Severity: review.Note,
		Summary: "a partitioned table",
		Profile: review.SchemaDesign, Reach: review.Everything,
		Check: checkPartitioning,
	}
}

func checkPartitioning(p *review.Pass) {
	report := func(s *review.Statement, table string) {
		p.Report(s, review.Finding{
			Object: table, Span: s.Where("PARTITION", "BY"),
			Message: fmt.Sprintf("table %s is partitioned: each unique key has to contain the partitioning columns, and foreign keys are not possible", table),
			Advice:  "use an index on the date, and delete in chunks",
		})
	}
	for s, n := range review.Nodes[*ast.CreateTableStmt](p) {
		if n.Partition != nil {
			report(s, n.Table.Name.O)
		}
	}
	for s := range p.Operations(ddl.PartitionTable) {
		report(s, s.Tables()[0])
	}
}
