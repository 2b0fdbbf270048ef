package mysqlx

import "strings"

// Quote returns the identifier quoted for use in a statement. It is the only
// way in which a name becomes part of SQL. A qualified name is quoted part by
// part: Quote(schema) + "." + Quote(table).
func Quote(identifier string) string {
	return "`" + strings.ReplaceAll(identifier, "`", "``") + "`"
}

// QuoteList returns the identifiers quoted and separated by commas, each
// behind the alias unless that is empty. The alias has to be quoted already.
func QuoteList(alias string, identifiers []string) string {
	var b strings.Builder
	for i, id := range identifiers {
		if i > 0 {
			b.WriteString(", ")
		}
		if alias != "" {
			b.WriteString(alias + ".")
		}
		b.WriteString(Quote(id))
	}
	return b.String()
}
