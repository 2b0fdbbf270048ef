package rules

import (
	"fmt"
	"slices"

	"github.com/pingcap/tidb/pkg/parser/mysql"

	"github.com/underpin-db/underpin/review"
)

func renameEnumValue() review.Rule {
	return review.Rule{
		Code: "RS115", Name: "rename-enum-value", Category: review.Breaks, Severity: review.Error,
		Summary: "a value of an ENUM or SET gives way to another: rows and code with the old one fail",
		Check:   checkRenameEnumValue,
	}
}

func checkRenameEnumValue(p *review.Pass) {
	for r := range redefinitions(p) {
		kind := r.def.Tp.GetType()
		if kind != mysql.TypeEnum && kind != mysql.TypeSet {
			continue
		}
		was, now := membersOf(r.was.Type), r.def.Tp.GetElems()
		for i := range min(len(was), len(now)) {
			if was[i] == now[i] || slices.Contains(now, was[i]) || slices.Contains(was, now[i]) {
				continue
			}
			p.Report(r.Statement, review.Finding{
				Object: r.object(),
				Span:   place(r.Statement, quoteText(now[i])),
				Message: fmt.Sprintf("value %s of column %s gives way to %s: the statement fails at the first row with %s, and so does running code that writes it",
					quoteText(was[i]), r.object(), quoteText(now[i]), quoteText(was[i])),
				Advice: fmt.Sprintf("add %s at the end, have every release read both and write the new one, update the rows, and take %s out then",
					quoteText(now[i]), quoteText(was[i])),
			})
		}
	}
}
