package rules

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser"
	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/review"
)

// namedQuery is a named query of the code over one table that is large, or will
// be within a year.
type namedQuery struct {
	review.Query
	node ast.StmtNode
	q    query
	// t is the table as all migrations leave it.
	t *review.Table
	// rows is how many it has now, and inYear in a year at the growth that was
	// measured; the same where none was.
	rows, inYear uint64
}

// namedQueries yields the named queries that can be judged. A query over
// several tables, or one that the parser does not know, can be judged by the
// server's own plan alone.
func namedQueries(p *review.Pass) iter.Seq[namedQuery] {
	return func(yield func(namedQuery) bool) {
		if p.Code == nil {
			p.NotChecked("whether named queries grow slow: no code was given")
			return
		}
		ps := parser.New()
		for _, q := range p.Code.Queries {
			if n, ok := judgeable(p, ps, q); ok && !yield(n) {
				return
			}
		}
	}
}

// judgeable reads a query, and finds out how large its table is.
func judgeable(p *review.Pass, ps *parser.Parser, text review.Query) (n namedQuery, ok bool) {
	n.Query = text
	sql, _ := text.Prepared()
	nodes, _, err := ps.ParseSQL(sql)
	if err != nil || len(nodes) != 1 {
		p.NotChecked("query %s of %s is not understood", text.Name, text.Path)
		return n, false
	}
	n.node = nodes[0]
	if n.q, ok = queryOf(n.node); !ok || n.q.from == nil {
		return n, false
	}
	table, single := n.q.single()
	if text.Plan != nil {
		table, single = n.q.tableOf(text.Plan.Table)
	}
	if !single {
		p.NotChecked("queries over several tables: give --dsn, so that the server is asked for its plan")
		return n, false
	}
	facts, known := p.Facts.Table(table)
	if n.t = p.After(table); !known || !n.t.Complete {
		unknown(p, "the sizes and indexes of tables", table)
		return n, false
	}
	n.rows, n.inYear = facts.Rows, facts.Rows
	if facts.RowsPerDay != nil && *facts.RowsPerDay > 0 {
		const year = 365
		n.inYear += uint64(*facts.RowsPerDay * year)
	}
	return n, p.ClassOf(max(n.rows, n.inYear), facts.Bytes) != review.Small
}

// reportQuery reports a query, the graver the larger its table is now.
func reportQuery(p *review.Pass, n namedQuery, what, advice string) {
	f := review.Finding{
		Object:  n.Name,
		Message: fmt.Sprintf("query %s on %s: %s; %s", n.Name, n.t.Name, what, n.growth()),
		Advice:  advice,
	}
	f.Span.Start = review.Position{Line: n.Line, Column: 1}
	f.Span.End = f.Span.Start
	if p.ClassOf(n.rows, 0) == review.Small {
		f.Severity = review.Note // it is fast still
	}
	p.ReportPath(n.Path, f)
}

// growth says how many rows the table has and will have.
func (n namedQuery) growth() string {
	if n.inYear > n.rows {
		return fmt.Sprintf("there are %d rows now, and %d in a year at the present growth", n.rows, n.inYear)
	}
	return fmt.Sprintf("there are %d rows", n.rows)
}

// adviseIndex names the index that serves a query of one table: the columns
// compared by =, then those of ORDER BY, else the first that is compared
// otherwise.
func adviseIndex(n namedQuery) string {
	columns := slices.Clone(equalColumns(n.q.where))
	add := func(name string) {
		if !hasFold(columns, name) {
			columns = append(columns, name)
		}
	}
	if n.q.order != nil {
		for _, c := range orderColumns(n.q.order) {
			add(c)
		}
	}
	if len(columns) == 0 {
		for _, term := range conjuncts(n.q.where) {
			if c, ok := compares(term); ok {
				add(c.column.Name.O)
				break
			}
		}
	}
	if len(columns) == 0 {
		return "give it a condition that an index serves, or a LIMIT"
	}
	quoted := make([]string, len(columns))
	for i, c := range columns {
		quoted[i] = mysqlx.Quote(c)
	}
	return fmt.Sprintf("ALTER TABLE %s ADD INDEX %s (%s), ALGORITHM=INPLACE, LOCK=NONE", mysqlx.Quote(n.t.Name),
		mysqlx.Quote("by_"+strings.Join(columns, "_")), strings.Join(quoted, ", "))
}
