package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/review"
)

func noPrimaryKey() review.Rule {
	return review.Rule{
		Code: "RS401", Name: "no-primary-key", Category: review.Design, Severity: review.Error,
		Summary: "a table without a primary key",
		Profile: review.SchemaDesign, Reach: review.Everything,
		Check: checkNoPrimaryKey,
	}
}

func checkNoPrimaryKey(p *review.Pass) {
	later := map[string]bool{} // tables that get one by ALTER TABLE, as set/table
	for x := range indexesDefined(p) {
		if _, create := x.s.Node.(*ast.CreateTableStmt); !create && x.primary() {
			later[setTable(x.s, x.table)] = true
		}
	}
	for s, n := range review.Nodes[*ast.CreateTableStmt](p) {
		if n.TemporaryKeyword != ast.TemporaryNone || n.ReferTable != nil || later[setTable(s, n.Table.Name.O)] ||
			slices.ContainsFunc(indexesOf(s), indexDef.primary) {
			continue
		}
		p.Report(s, review.Finding{
			Object: n.Table.Name.O, Span: s.Where(n.Table.Name.O),
			Message: fmt.Sprintf("table %s has no primary key: nothing can walk it in chunks, and replicas scan it for each changed row", n.Table.Name.O),
			Advice:  "add one: id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY",
		})
	}
}

// setTable names a table of one set.
func setTable(s *review.Statement, table string) string {
	return fmt.Sprint(s.Migration.Set, "/", strings.ToLower(table))
}
