package rules

import (
	"fmt"
	"slices"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/review"
)

func noStatementTimeout() review.Rule {
	return review.Rule{
		Code: "RS228", Name: "no-statement-timeout", Category: review.Locks, Severity: review.Note, Reach: review.AsWritten,
		Summary: "a long statement without a limit on its time",
		Check:   checkNoStatementTimeout,
	}
}

func checkNoStatementTimeout(p *review.Pass) {
	variable, unit := "max_execution_time", "60000"
	if p.Server.Flavour == ddl.MariaDB {
		variable, unit = "max_statement_time", "60"
	}
	if shortSetting(p, variable, 1<<30) {
		return
	}
	for m := range p.Migrations() {
		for _, s := range m.Statements {
			if s.Direction != review.Up || s.Node == nil {
				continue
			}
			if sets(s, variable) {
				break
			}
			table, long := longStatement(p, s)
			if !long || limited(s, variable) {
				continue
			}
			p.Report(s, review.Finding{
				Object:  table,
				Message: fmt.Sprintf("nothing ends this statement on %s if it runs away: while it holds its snapshot, old row versions pile up for everybody", table),
				Advice:  fmt.Sprintf("SET SESSION %s = %s before it", variable, unit),
				Fixes: []review.Fix{{
					Description: "limit the time of statements to a minute",
					Edits:       []review.Edit{s.Insert(s.Span().Start, "SET SESSION "+variable+" = "+unit+";\n")},
				}},
			})
			break
		}
	}
}

// longStatement returns the table that a statement may read for long: one that
// is not known to be small, without a limit on the rows. On MySQL the time of
// SELECT alone can be limited.
func longStatement(p *review.Pass, s *review.Statement) (string, bool) {
	q, ok := queryOf(s.Node)
	n, isSelect := s.Node.(*ast.SelectStmt)
	if !ok || !isSelect && p.Server.Flavour == ddl.MySQL || isSelect && hinted(n, "max_execution_time") {
		return "", false
	}
	for _, table := range q.existing(s) {
		_, few := q.atMost(s.Table(table))
		if !few && p.Size(s, table).Class != review.Small {
			return table, true
		}
	}
	return "", false
}

// hinted reports whether a query has an optimizer hint.
func hinted(n *ast.SelectStmt, name string) bool {
	return slices.ContainsFunc(n.TableHints, func(h *ast.TableOptimizerHint) bool { return h.HintName.L == name })
}
