package rules

import (
	"fmt"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/review"
)

func backfillBesideDdl() review.Rule {
	return review.Rule{
		Code: "RS320", Name: "backfill-beside-ddl", Category: review.Data, Severity: review.Error,
		Summary: "a column is added and filled in the same release",
		Check:   checkBackfillBesideDdl,
	}
}

func checkBackfillBesideDdl(p *review.Pass) {
	for s, n := range review.Nodes[*ast.UpdateStmt](p) {
		for _, table := range s.Tables() {
			if s.New(table) {
				continue
			}
			for _, a := range n.List {
				column := a.Column.Name.O
				if !s.NewColumn(table, column) {
					continue
				}
				p.Report(s, review.Finding{
					Severity: bySize(p, s), Object: dot(table, column),
					Message: fmt.Sprintf("%s is added and filled in one release: releases that do not know it go on inserting rows without it, after the fill",
						dot(table, column)),
					Advice: "add it, deploy code that writes it, then fill the rest as a phase of its own: underpin plan derives the steps",
				})
				break
			}
		}
	}
}
