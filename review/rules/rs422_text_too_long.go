package rules

import (
	"fmt"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/review"
)

func textTooLong() review.Rule {
	return review.Rule{
		Code: "RS422", Name: "text-too-long", Category: review.Design, Severity: review.Note,
		Summary: "CHAR or VARCHAR longer than agreed",
		Profile: review.SchemaDesign, Reach: review.Everything,
		Options: []review.Option{
			{Name: "char-length", Default: 20, Says: "characters that a CHAR may have"},
			{Name: "varchar-length", Default: 2560, Says: "characters that a VARCHAR may have"},
			{Name: "text-length", Default: 16000, Says: "characters that all CHAR and VARCHAR columns of a CREATE TABLE may have"},
		},
		Check: checkTextTooLong,
	}
}

func checkTextTooLong(p *review.Pass) {
	total := map[*review.Statement]int{}
	for c := range columnsDefined(p) {
		if c.base() != "char" && c.base() != "varchar" {
			continue
		}
		length := partsOf(c.typ).arg(0, 1)
		total[c.s] += length
		if most := p.Int(c.base() + "-length"); length > most {
			p.Report(c.s, review.Finding{
				Object: c.object(), Span: c.where(),
				Message: fmt.Sprintf("%s is %s; the limit is %d", c.object(), c.typ, most),
				Advice:  "make it as long as values are; TEXT for what is really text",
			})
		}
	}
	for s, n := range review.Nodes[*ast.CreateTableStmt](p) {
		if total[s] > p.Int("text-length") {
			p.Report(s, review.Finding{
				Object:  n.Table.Name.O,
				Message: fmt.Sprintf("the texts of a row of %s may have %d characters together; the limit is %d", n.Table.Name.O, total[s], p.Int("text-length")),
				Advice:  "a row holds 65 535 bytes at most: use TEXT for what is really text",
			})
		}
	}
}
