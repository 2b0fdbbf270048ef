package rules

import (
	"fmt"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/review"
)

func addPrimaryKey() review.Rule {
	return review.Rule{
		Code: "RS118", Name: "add-primary-key", Category: review.Breaks, Severity: review.Error,
		Summary: "a primary key over columns that are there: rows may clash, and the table is rewritten",
		Check:   checkAddPrimaryKey,
	}
}

func checkAddPrimaryKey(p *review.Pass) {
	for x := range indexesDefined(p) {
		_, alters := x.s.Node.(*ast.AlterTableStmt)
		if !alters || !x.primary() || x.s.New(x.table) || hasFold(droppedIndexes(x.s.Node), x.name) || numbersItself(x) {
			continue
		}
		p.Report(x.s, review.Finding{
			Severity: bySize(p, x.s),
			Object:   x.table,
			Span:     x.s.Where("PRIMARY", "KEY"),
			Cost:     costOf(p, x.s),
			Message: fmt.Sprintf("(%s) becomes the primary key of table %s: rows that clash or have NULL make the statement fail, and the table is rewritten with every index",
				strings.Join(x.columns, ", "), x.table),
			Advice: "look for rows that clash first; copy a large table to one that has the key, with a change file whose target is that table",
		})
	}
}

// numbersItself reports whether a column of the key is new and numbers the rows.
func numbersItself(x indexDef) bool {
	for _, name := range x.columns {
		if c, isNew := newColumn(x.s, x.table, name); isNew && c.AutoIncrement {
			return true
		}
	}
	return false
}
