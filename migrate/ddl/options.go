package ddl

import (
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
)

// optionKinds are the table options that say everything by their kind.
var optionKinds = map[ast.TableOptionType]Kind{
	ast.TableOptionAutoIncrement:    AutoValue,
	ast.TableOptionComment:          CommentTable,
	ast.TableOptionKeyBlockSize:     KeyBlockSize,
	ast.TableOptionRowFormat:        RowFormat,
	ast.TableOptionStatsPersistent:  Statistics,
	ast.TableOptionStatsAutoRecalc:  Statistics,
	ast.TableOptionStatsSamplePages: Statistics,
	ast.TableOptionTablespace:       Tablespace,
	ast.TableOptionEncryption:       Encryption,
}

// options reads the table options of one clause. A character set and a
// collation are one thing.
func (r *reader) options(list []*ast.TableOption) {
	var charset Operation
	for _, o := range list {
		switch o.Tp {
		case ast.TableOptionCharset:
			charset.Kind, charset.Charset = DefaultCharset, normalCharset(o.StrValue)
			if o.UintValue == ast.TableOptionCharsetWithConvertTo {
				charset.Kind = ConvertCharset
			}
			if o.Default {
				r.refuse("name the character set", "it says CHARACTER SET DEFAULT")
			}
		case ast.TableOptionCollate:
			charset.Collation = normalCollation(o.StrValue)
			if charset.Kind == "" {
				charset.Kind = DefaultCharset
			}
		case ast.TableOptionEngine:
			r.add(Operation{Kind: SetEngine, Engine: strings.ToLower(o.StrValue)})
		default:
			kind, ok := optionKinds[o.Tp]
			if !ok {
				r.refuse("leave it out", "the option %s is not handled", excerpt(restore(o)))
				return
			}
			r.add(Operation{Kind: kind})
		}
	}
	if charset.Kind != "" {
		r.add(charset)
	}
}
