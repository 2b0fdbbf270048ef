package rules

import (
	"fmt"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/review"
)

func changeDefault() review.Rule {
	return review.Rule{
		Code: "RS112", Name: "change-default", Category: review.Breaks, Severity: review.Warning,
		Summary: "a column gets another default: running code that leaves it out writes another value",
		Check:   checkChangeDefault,
	}
}

func checkChangeDefault(p *review.Pass) {
	for s, spec := range liveSpecs(p, ast.AlterTableAlterColumn) {
		def, table := spec.NewColumns[0], s.Tables()[0]
		name := def.Name.Name.O
		if s.NewColumn(table, name) || len(def.Options) == 0 {
			continue
		}
		was, known := s.Table(table).Column(name)
		reportDefault(p, s, dot(table, name), place(s, name, "ALTER COLUMN", "ALTER"), spec, defaultOf(was, known), def.Options[0].Expr)
	}
	for r := range redefinitions(p) {
		if o, said := r.option(ast.ColumnOptionDefaultValue); said {
			reportDefault(p, r.Statement, r.object(), r.at(), r.spec, defaultOf(r.was, true), o.Expr)
		}
	}
}

// formerly is a default as it was.
type formerly struct {
	known bool
	// none is: an INSERT had to name the column, so that no running code
	// relies on what it gets otherwise.
	none bool
	text string
}

func defaultOf(was ddl.Column, known bool) formerly {
	f := formerly{known: known, none: !was.HasDefault && !was.Nullable, text: "NULL"}
	if was.HasDefault {
		f.text = defaultText(was.Default)
	}
	return f
}

func reportDefault(p *review.Pass, s *review.Statement, object string, at review.Span, spec *ast.AlterTableSpec, was formerly, to ast.ExprNode) {
	now := defaultText(review.Restore(to))
	if was.known && (was.none || sameDefault(was.text, now)) {
		return
	}
	from := ""
	if was.known {
		from = fmt.Sprintf(" instead of %s", was.text)
	}
	p.Report(s, review.Finding{
		Object:  object,
		Span:    at,
		Message: fmt.Sprintf("column %s gets the default %s: running code that leaves the column out writes that%s from now on", object, now, from),
		Advice:  "have every release name the column in each INSERT first; nobody depends on the default then",
		Fixes:   []review.Fix{planned(p, object, s.Tables()[0], spec)},
	})
}
