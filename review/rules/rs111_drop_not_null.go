package rules

import (
	"fmt"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/review"
)

func dropNotNull() review.Rule {
	return review.Rule{
		Code: "RS111", Name: "drop-not-null", Category: review.Breaks, Severity: review.Warning,
		Summary: "a column takes NULL from now on, or loses its default: code that relies on either fails",
		Check:   checkDropNotNull,
	}
}

func checkDropNotNull(p *review.Pass) {
	for r := range redefinitions(p) {
		if _, said := r.option(ast.ColumnOptionNull); !said || r.was.Nullable {
			continue // what is lost by omission is RS114's
		}
		p.Report(r.Statement, review.Finding{
			Object:  r.object(),
			Span:    r.at(),
			Message: fmt.Sprintf("column %s takes NULL from now on: running code that reads it into a type without NULL fails at the first one", r.object()),
			Advice:  "release code that reads NULL first, and code that writes it last",
			Fixes:   []review.Fix{planned(p, r.object(), r.table, r.spec)},
		})
	}
	for s, spec := range liveSpecs(p, ast.AlterTableAlterColumn) {
		def, table := spec.NewColumns[0], s.Tables()[0]
		name := def.Name.Name.O
		was, known := s.Table(table).Column(name)
		if !losesDefault(s, name) || s.NewColumn(table, name) || known && !was.HasDefault && !was.Nullable {
			continue
		}
		p.Report(s, review.Finding{
			Object:  dot(table, name),
			Span:    place(s, name, "ALTER COLUMN", "ALTER"),
			Message: fmt.Sprintf("column %s.%s loses its default: %s", table, name, withoutDefault(p.Server, was, known)),
			Advice:  "have every release name the column in each INSERT first",
			Fixes:   []review.Fix{planned(p, dot(table, name), table, spec)},
		})
	}
}

// losesDefault tells DROP DEFAULT from ALTER COLUMN with something else, of which
// the parser keeps no trace either.
func losesDefault(s *review.Statement, column string) bool {
	_, short := s.Find("ALTER", column, "DROP", "DEFAULT")
	_, long := s.Find("ALTER", "COLUMN", column, "DROP", "DEFAULT")
	return short || long
}

// withoutDefault says what an INSERT meets that leaves the column out.
func withoutDefault(server ddl.Server, was ddl.Column, known bool) string {
	const fails = "an INSERT of running code that leaves it out fails with error 1364"
	switch {
	case server.Flavour == ddl.MySQL || known && !was.Nullable:
		return fails
	case known:
		return "an INSERT of running code that leaves it out stores NULL instead"
	}
	return fails + ", or stores NULL where the column takes it"
}
