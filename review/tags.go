package review

import (
	"reflect"
	"strings"

	"github.com/underpin-db/underpin/internal/gosource"
)

// mappers are the struct tags in which mappers of rows name a column, and how:
// the name alone, or a setting of that key.
var mappers = []struct{ tag, key, separator string }{
	{"db", "", ","},         // sqlx, scany, goqu
	{"bun", "", ","},        // bun: the first word
	{"gorm", "column", ";"}, // gorm
	{"xorm", "", " "},       // xorm: in quotes
	{"ksql", "", ","},       // ksql
	{"orm", "column", ";"},  // beego
}

// taggedColumns returns the columns that a tag names, in lower case.
func taggedColumns(l gosource.Literal) []string {
	var out []string
	tag := reflect.StructTag(l.Value)
	for _, m := range mappers {
		value, ok := tag.Lookup(m.tag)
		if !ok {
			continue
		}
		for i, part := range strings.Split(value, m.separator) {
			part = strings.Trim(strings.TrimSpace(part), "'")
			key, name, keyed := strings.Cut(part, ":")
			if !keyed {
				if n, found := strings.CutPrefix(part, "column("); found { // beego
					key, name, keyed = "column", strings.TrimSuffix(n, ")"), true
				}
			}
			switch {
			case m.key == "" && i == 0 && !keyed:
				out = append(out, fold(part))
			case m.key != "" && keyed && strings.EqualFold(key, m.key):
				out = append(out, fold(name))
			}
		}
	}
	return out
}

// taggedTables returns the tables that a tag names, in lower case.
func taggedTables(l gosource.Literal) []string {
	value := reflect.StructTag(l.Value).Get("bun")
	var out []string
	for _, part := range strings.Split(value, ",") {
		if name, ok := strings.CutPrefix(strings.TrimSpace(part), "table:"); ok {
			out = append(out, fold(name))
		}
	}
	return out
}
