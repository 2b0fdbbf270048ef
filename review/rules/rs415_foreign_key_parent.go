package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/review"
)

func foreignKeyParent() review.Rule {
	return review.Rule{
		Code: "RS415", Name: "foreign-key-parent", Category: review.Design, Severity: review.Error,
		Summary: "a foreign key to columns that are not there, or not a unique key",
		Profile: review.SchemaDesign, Reach: review.Everything,
		Check: checkForeignKeyParent,
	}
}

func checkForeignKeyParent(p *review.Pass) {
	for k := range foreignKeysDefined(p) {
		parent := k.s.Table(k.parent)
		if strings.EqualFold(k.parent, k.table) || !parent.Complete {
			continue
		}
		message := ""
		for _, c := range k.parentColumns {
			if _, ok := parent.Column(c); !ok {
				message = fmt.Sprintf("%s refers to %s, which is not there", k.table, dot(k.parent, c))
			}
		}
		if message == "" && !slices.ContainsFunc(parent.Indexes, func(x ddl.Index) bool {
			return x.Unique && len(x.Columns) == len(k.parentColumns) && begins(x.Columns, k.parentColumns)
		}) {
			message = fmt.Sprintf("%s refers to %s (%s), which is no unique key: MySQL from 8.4 refuses it, and what it guards is not defined",
				k.table, k.parent, strings.Join(k.parentColumns, ", "))
		}
		if message != "" {
			p.Report(k.s, review.Finding{Object: k.table, Span: k.where(), Message: message, Advice: "refer to the parent's primary key"})
		}
	}
}
