package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate/ddl"
	"github.com/underpin-db/underpin/review"
)

func changeType() review.Rule {
	return review.Rule{
		Code: "RS113", Name: "change-type", Category: review.Breaks, Severity: review.Error,
		Summary: "a column gets another type: running code may neither read nor write it",
		Check:   checkChangeType,
	}
}

func checkChangeType(p *review.Pass) {
	for r := range redefinitions(p) {
		now := typeOf(r.def)
		severity, changed := typeChange(p.Server, r.was.Type, now)
		if !changed {
			continue
		}
		f := review.Finding{
			Severity: severity,
			Object:   r.object(),
			Span:     r.at(),
			Cost:     costOf(p, r.Statement),
			Message:  fmt.Sprintf("column %s changes from %s to %s: running code reads and writes the old type", r.object(), withoutWidth(r.was.Type), now),
			Advice:   "add a column of the new type under a name of its own, and keep both in step",
		}
		if severity == review.Warning {
			f.Message = fmt.Sprintf("column %s widens from %s to %s: running code fails at the first value that its own type does not hold", r.object(), withoutWidth(r.was.Type), now)
			f.Advice = "see that every release reads the wider type before one writes it"
		} else {
			f.Fixes = []review.Fix{review.CommandFix(fmt.Sprintf("ALTER TABLE %s CHANGE COLUMN %s %s %s",
				mysqlx.Quote(r.table), mysqlx.Quote(r.was.Name), mysqlx.Quote(r.was.Name+"_new"), now))}
		}
		p.Report(r.Statement, f)
	}
}

// families are types of which a later one holds every value of an earlier one,
// and gives it back in the same form. The other way, and another sign, is
// RS221's: what is read stays the same, and what does not fit is refused.
var families = [][]string{
	{"tinyint", "smallint", "mediumint", "int", "bigint"},
	{"float", "double"},
	{"char", "varchar", "text", "mediumtext", "longtext"},
	{"tinytext", "text", "mediumtext", "longtext"},
	{"binary", "varbinary", "blob", "mediumblob", "longblob"},
	{"tinyblob", "blob", "mediumblob", "longblob"},
}

// typeChange compares two types as code sees them: how long a value may be, or
// which members an ENUM has, is not of the type.
func typeChange(server ddl.Server, from, to string) (severity review.Severity, changed bool) {
	was, now := bareType(server, from), bareType(server, to)
	if was == now {
		return "", false
	}
	for _, family := range families {
		i, j := slices.Index(family, was), slices.Index(family, now)
		if i >= 0 && j >= 0 {
			return review.Warning, j > i
		}
	}
	return review.Error, true
}

// bareType is a type without its length, as the server has it.
func bareType(server ddl.Server, text string) string {
	base := strings.ToLower(baseOf(text))
	if base == "json" && server.Flavour == ddl.MariaDB {
		return "longtext" // which is what MariaDB makes of it
	}
	return base
}
