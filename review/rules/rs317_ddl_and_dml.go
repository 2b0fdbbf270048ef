package rules

import (
	"fmt"

	"github.com/underpin-db/underpin/review"
)

func ddlAndDml() review.Rule {
	return review.Rule{
		Code: "RS317", Name: "ddl-and-dml", Category: review.Data, Severity: review.Warning,
		Summary: "DDL and writes to existing tables in one file",
		Check:   checkDdlAndDml,
	}
}

func checkDdlAndDml(p *review.Pass) {
	for m := range p.Migrations() {
		var first *review.Statement // of the DDL, wherever it stands
		for _, s := range m.Statements {
			if s.Direction == review.Up && isDDL(s) {
				first = s
				break
			}
		}
		for _, s := range m.Statements {
			if first == nil || s.Direction != review.Up || !writesRows(s) || s.New(s.Tables()[0]) {
				continue
			}
			p.Report(s, review.Finding{
				Object: s.Tables()[0],
				Message: fmt.Sprintf("rows are written in a file with DDL (line %d), which commits by itself: if a statement fails, what ran before it stays",
					first.Span().Start.Line),
				Advice: "write one file for the DDL and one for the data",
			})
			break
		}
	}
}
