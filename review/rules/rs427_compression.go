package rules

import (
	"fmt"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/underpin-db/underpin/review"
)

func compression() review.Rule {
	return review.Rule{
		Code: "RS427", Name: "compression", Category: review.Design, Severity: review.Warning,
		Summary: "a compressed table",
		Profile: review.SchemaDesign, Reach: review.Everything,
		Check: checkCompression,
	}
}

func checkCompression(p *review.Pass) {
	for t := range optionsDefined(p) {
		for _, o := range t.options {
			what := ""
			switch o.Tp {
			case ast.TableOptionRowFormat:
				if o.UintValue == ast.RowFormatCompressed {
					what = "ROW_FORMAT"
				}
			case ast.TableOptionKeyBlockSize:
				what = "KEY_BLOCK_SIZE"
			case ast.TableOptionCompression:
				if !strings.EqualFold(o.StrValue, "none") {
					what = "COMPRESSION"
				}
			case ast.TableOptionPageCompressed:
				what = "PAGE_COMPRESSED"
			}
			if what != "" {
				p.Report(t.s, review.Finding{
					Object: t.table, Span: t.s.Where(what),
					Message: fmt.Sprintf("table %s is compressed: no change of a compressed row format is instant", t.table),
					Advice:  "ROW_FORMAT=DYNAMIC, the default",
				})
				break
			}
		}
	}
}
