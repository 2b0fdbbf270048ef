package rules

import (
	"fmt"
	"math"
	"strings"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/review"
)

func autoIncrementCapacity() review.Rule {
	return review.Rule{
		Code: "RS404", Name: "auto-increment-capacity", Category: review.Design, Severity: review.Error,
		Summary: "an AUTO_INCREMENT column that is nearly used up",
		Profile: review.SchemaDesign, Reach: review.Everything,
		Options: []review.Option{
			{Name: "percent", Default: 80, Says: "report a column that has used more than this of its type"},
		},
		Check: checkAutoIncrementCapacity,
	}
}

func checkAutoIncrementCapacity(p *review.Pass) {
	seen := map[string]bool{}
	for s := range p.Statements() {
		for _, table := range s.Tables() {
			if seen[strings.ToLower(table)] || s.New(table) {
				continue
			}
			seen[strings.ToLower(table)] = true
			facts, known := p.Facts.Table(table)
			if !known {
				unknown(p, "the next AUTO_INCREMENT value", table)
				continue
			}
			for _, c := range s.Table(table).Columns {
				if !c.AutoIncrement {
					continue
				}
				used := percentUsed(facts.NextAuto, c.Type)
				if used > float64(p.Int("percent")) {
					p.Report(s, review.Finding{
						Object:  dot(table, c.Name),
						Message: fmt.Sprintf("%s has used %.0f %% of %s: at 100 %% every insert fails", dot(table, c.Name), used, withoutWidth(c.Type)),
						Advice:  "widen it while there is time: underpin plan",
						Fixes: []review.Fix{review.CommandFix(fmt.Sprintf("ALTER TABLE %s MODIFY %s BIGINT UNSIGNED NOT NULL AUTO_INCREMENT",
							mysqlx.Quote(table), mysqlx.Quote(c.Name)))},
					})
				}
			}
		}
	}
}

// integerBits is how many bits each integer type has.
var integerBits = map[string]int{"tinyint": 8, "smallint": 16, "mediumint": 24, "int": 32, "bigint": 64}

// percentUsed returns how much of the positive values of an integer type lies
// below the next one.
func percentUsed(next uint64, typ string) float64 {
	bits, ok := integerBits[baseOf(typ)]
	if !ok || next == 0 {
		return 0
	}
	if !strings.Contains(typ, "unsigned") {
		bits--
	}
	return float64(next-1) / math.Exp2(float64(bits)) * 100
}
