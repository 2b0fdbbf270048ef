package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/review"
)

func charset() review.Rule {
	return review.Rule{
		Code: "RS426", Name: "charset", Category: review.Design, Severity: review.Warning,
		Summary: "a character set or collation that is not on the list, not stated, or of a column's own",
		Profile: review.SchemaDesign, Reach: review.Everything,
		Options: []review.Option{
			{Name: "charsets", Default: []string{"utf8mb4"}, Says: "character sets that a table may have"},
			{Name: "collations", Default: []string{}, Says: "collations that a table may have; empty is any"},
		},
		Check: checkCharset,
	}
}

func checkCharset(p *review.Pass) {
	for t := range optionsDefined(p) {
		message := charsetOfTable(p, t)
		if message != "" {
			p.Report(t.s, review.Finding{
				Object: t.table, Message: message,
				Advice: "state DEFAULT CHARSET=" + strings.Join(p.List("charsets"), " or "),
			})
		}
	}
	columnRule("leave the character set to the table: columns of different collations do not join by index", func(p *review.Pass, c columnDef) string {
		charset, collation := c.def.Tp.GetCharset(), ""
		if o, ok := c.option(ast.ColumnOptionCollate); ok {
			collation = o.StrValue
		}
		if !slices.Contains([]string{"char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set"}, c.base()) ||
			(charset == "" || charset == "binary" || hasFold(p.List("charsets"), charset)) &&
				(collation == "" || len(p.List("collations")) == 0 || hasFold(p.List("collations"), collation)) {
			return ""
		}
		return strings.TrimSpace(fmt.Sprintf("%s has %s %s", c.object(), charset, collation))
	})(p)
}

// charsetOfTable says what is wrong with the options of a table.
func charsetOfTable(p *review.Pass, t tableOptions) string {
	stated := false
	for _, o := range t.options {
		switch o.Tp {
		case ast.TableOptionCharset:
			stated = true
			if !hasFold(p.List("charsets"), o.StrValue) {
				return fmt.Sprintf("table %s has character set %s", t.table, o.StrValue)
			}
		case ast.TableOptionCollate:
			stated = true
			if list := p.List("collations"); len(list) > 0 && !hasFold(list, o.StrValue) {
				return fmt.Sprintf("table %s has collation %s", t.table, o.StrValue)
			}
		}
	}
	if !stated && t.create != nil && t.create.ReferTable == nil {
		return fmt.Sprintf("table %s does not state its character set: it is what the server at hand has", t.table)
	}
	return ""
}
