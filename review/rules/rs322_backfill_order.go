package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/review"
)

func backfillOrder() review.Rule {
	return review.Rule{
		Code: "RS322", Name: "backfill-order", Category: review.Data, Severity: review.Warning,
		Summary: "a batched write in an order that no index has, or that is not unique",
		Check:   checkBackfillOrder,
	}
}

func checkBackfillOrder(p *review.Pass) {
	for s := range p.Statements() {
		q, ok := queryOf(s.Node)
		if !ok || !q.writes || q.order == nil || q.limit == nil {
			continue
		}
		table, single := q.single()
		columns := orderColumns(q.order)
		if !single || s.New(table) || len(columns) == 0 {
			continue
		}
		t := s.Table(table)
		if !t.Complete {
			unknown(p, "the indexes of tables", table)
			continue
		}
		var message string
		switch {
		case !slices.ContainsFunc(t.Indexes, func(x ddl.Index) bool { return begins(x.Columns, columns) }):
			message = fmt.Sprintf("no index of %s begins with %s: each batch reads and sorts the whole table", table, strings.Join(columns, ", "))
		case !slices.ContainsFunc(t.Indexes, func(x ddl.Index) bool { return x.Unique && begins(columns, x.Columns) }):
			message = fmt.Sprintf("%s is not unique in %s: rows with equal values fall to one batch or the next as it happens", strings.Join(columns, ", "), table)
		default:
			continue
		}
		p.Report(s, review.Finding{
			Object: table, Span: s.Where("ORDER", "BY"), Message: message,
			Advice: "walk the primary key, as underpin backfill does",
		})
	}
}

// orderColumns returns the columns of ORDER BY; none where it orders by anything
// else.
func orderColumns(o *ast.OrderByClause) []string {
	var out []string
	for _, item := range o.Items {
		c, ok := columnIn(item.Expr)
		if !ok {
			return nil
		}
		out = append(out, c.Name.O)
	}
	return out
}
