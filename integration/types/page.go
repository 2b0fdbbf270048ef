package types

import (
	"fmt"
	"slices"
	"strings"
)

// family is types that are compared alike, by what their DDL begins with.
type family struct {
	begins   []string
	engine   Engine
	compared string
}

// families are in the order of the page; the first that fits is a column's.
var families = []family{
	{begins: []string{"TINYINT", "SMALLINT", "MEDIUMINT", "INT", "BIGINT", "BOOL", "YEAR"}, compared: "as integers, signed or unsigned as the column is"},
	{begins: []string{"DECIMAL"}, compared: "as decimals of the column's digits"},
	{begins: []string{"DOUBLE", "REAL"}, compared: "as doubles to the last bit, and the sign of zero"},
	{begins: []string{"FLOAT"}, compared: "as floats to the last bit, and the sign of zero"},
	{begins: []string{"BIT"}, compared: "as numbers"},
	{begins: []string{"ENUM"}, compared: "by the member's name, letter by letter, whatever its number; the empty text that stands for no member is in step with nothing"},
	{begins: []string{"SET"}, compared: "by the names of all members, letter by letter"},
	{begins: []string{"UUID", "INET4", "INET6"}, engine: MariaDB, compared: "as values of the type; what is none, as text and never as NULL"},
	{begins: []string{"GEOMETRY", "POINT", "LINESTRING", "POLYGON", "MULTIPOINT", "MULTILINESTRING", "MULTIPOLYGON", "GEOMETRYCOLLECTION"}, compared: "byte by byte, reference system and order of points included; [carried](#carried) only"},
	{begins: []string{"VECTOR"}, engine: MySQL, compared: "byte by byte; [carried](#carried) only"},
	{begins: []string{"TIMESTAMP"}, compared: "as times of the column's fraction in the session's zone, and as instants"},
	{begins: []string{"DATETIME", "DATE", "TIME"}, compared: "as times of the column's fraction; what is no valid time, as text and never as NULL"},
	{begins: []string{"CHAR(4) CHARACTER SET binary", "BINARY"}, compared: "byte by byte, filled up with zero bytes"},
	{begins: []string{"VARBINARY", "TINYBLOB", "BLOB", "MEDIUMBLOB", "LONGBLOB", "TEXT CHARACTER SET binary"}, compared: "byte by byte"},
	{begins: []string{"CHAR"}, compared: "letter by letter in the column's charset, without trailing spaces"},
	{begins: []string{"VARCHAR", "TINYTEXT", "TEXT", "MEDIUMTEXT", "LONGTEXT"}, compared: "byte by byte in the column's charset"},
	{begins: []string{"JSON"}, engine: MySQL, compared: "by the server's text of both, and as documents"},
	{begins: []string{"JSON"}, engine: MariaDB, compared: "byte by byte: it is text"},
}

// of reports whether a column belongs to the family.
func (f family) of(c Column) bool {
	return (f.engine == Both || f.engine == c.Engine) &&
		slices.ContainsFunc(f.begins, func(b string) bool { return strings.HasPrefix(c.DDL, b) })
}

// familyOf returns the number of a column's family, -1 if it has none.
func familyOf(c Column) int {
	return slices.IndexFunc(families, func(f family) bool { return f.of(c) })
}

// all returns the columns of both engines, each once.
func all() []Column {
	out := Columns(string(MySQL))
	for _, c := range Columns(string(MariaDB)) {
		if c.Engine != Both {
			out = append(out, c)
		}
	}
	return out
}

// Page renders docs/types.md.
func Page() string {
	var b strings.Builder
	b.WriteString("# Column types\n\nWhat is done with each column type, printed from the data that the tests of `integration/types` run on both engines.\n" +
		"A mapping may read and write columns of the types under [Mapped](#mapped); a plan with a type that this page does not know is refused, naming the column.\n" +
		"`make verify-verifier` plants 10,000 differences of the kinds listed here and fails unless the verification finds every one and nothing else.\n")
	mapped(&b)
	keys(&b)
	refused(&b)
	invisible(&b)
	b.WriteString(notes)
	return b.String()
}

// notes is what no table has room for.
const notes = `
## Worth knowing

- **Zero dates** (` + "`0000-00-00`, `2020-00-00`" + `). Underpin's sessions run with ` + "`NO_ZERO_DATE` and `NO_ZERO_IN_DATE`" + `. The planner refuses rows that
  hold such dates; one that is written later goes to the quarantine, and the verification names the row. It is never taken for NULL.
- **The hour that comes twice.** Every statement of Underpin's runs in UTC, in the application's session too, so that a ` + "`TIMESTAMP`" + ` in it stays the
  instant it is.
- **Documents that MySQL calls equal.** An ` + "`UPDATE` from `[1]` to `[1.0]`" + ` that changes nothing else is not written by MySQL, whoever sends it. A pair that
  differs so is reported; a repair says that it did not help. Deleting the target's row and repairing again does.
- **What is no member of an ENUM.** A server that is not strict stores an empty text with the number 0 for it. The planner refuses rows that hold it, and the
  verification reports it. Where the target has a member ` + "`''`" + ` of its own, it is taken for that one: of a mapping that reads it, only the text is known.
- **Expressions over an ENUM, SET or BIT.** What is assigned to an ` + "`ENUM` or `SET`" + ` is text, so that a number never names a member; what is assigned to a
  ` + "`BIT`" + ` is a number, so that a text is not stored by its bytes.
- **Charsets.** The parser of change files does not know every charset (` + "`ucs2`, `utf16`, `utf32`, `sjis`" + `) and no collation of MariaDB alone. Columns
  in these are mapped if they are there already, or come with ` + "`CREATE TABLE … LIKE …`" + `.
- **Collations.** None of them makes two values one. A key that is equal under its collation and spelled otherwise names the same row, and is a difference.
`

func mapped(b *strings.Builder) {
	b.WriteString("\n## Mapped\n\n| types | on | two values are compared | differences planted and found |\n|---|---|---|---|\n")
	for i, f := range families {
		var ddl, kinds []string
		for _, c := range all() {
			if familyOf(c) != i {
				continue
			}
			name, _, _ := strings.Cut(c.DDL, " CHARACTER SET utf8mb4 ")
			if list, _, ok := strings.Cut(name, "('"); ok {
				name = list // ENUM and SET, whatever their members
			}
			if !strings.Contains(name, "CHARACTER SET") || strings.Contains(name, "binary") {
				ddl = appendOnce(ddl, "`"+name+"`")
			}
			for _, n := range c.Pairs() {
				kinds = appendOnce(kinds, string(n.Kind))
			}
		}
		slices.Sort(kinds)
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", strings.Join(ddl, ", "), on(f.engine), f.compared, strings.Join(kinds, ", "))
	}
	var sets []string
	for _, s := range charsets {
		sets = appendOnce(sets, "`"+s.collation+"`")
	}
	fmt.Fprintf(b, "\nText is tested in the collations %s. Of rows, one that is missing and one that is extra are found as well.\n", strings.Join(sets, ", "))
}

func keys(b *strings.Builder) {
	b.WriteString("\n## Keys\n\nRows may be named by keys of these types, alone or together: ")
	var names []string
	for _, k := range Keys {
		for _, c := range k.Columns {
			name, _, _ := strings.Cut(c, "(")
			name, _, _ = strings.Cut(name, " ")
			names = appendOnce(names, "`"+name+"`")
		}
	}
	b.WriteString(strings.Join(names, ", ") + ".\n\n| refused as a key | on | because |\n|---|---|---|\n")
	for _, r := range KeyRefusals {
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", r.DDL, on(r.Engine), r.Reason)
	}
}

func refused(b *strings.Builder) {
	b.WriteString("\n## Carried\n\nSpatial types and vectors are carried: copied between columns of the same type as they are. Mappings like these are refused:\n\n" +
		"| from | to | as | on | because |\n|---|---|---|---|---|\n")
	for _, m := range Misuses {
		fmt.Fprintf(b, "| `%s` | `%s` | `%s` | %s | %s |\n", m.From, m.To, m.Value, on(m.Engine), m.Reason)
	}
}

func invisible(b *strings.Builder) {
	b.WriteString("\n## No difference\n\nTwo ways to write one value; nothing in SQL tells them apart.\n\n| type | on | written | and | because |\n|---|---|---|---|---|\n")
	for _, e := range Exemptions {
		fmt.Fprintf(b, "| `%s` | %s | `%s` | `%s` | %s |\n", e.DDL, on(e.Engine), e.A, e.B, e.Reason)
	}
	b.WriteString("\n## Not seen\n\nA copy keeps these apart; the verification does not tell one from the other.\n\n| type | on | value | and | because |\n|---|---|---|---|---|\n")
	for _, l := range Limits {
		fmt.Fprintf(b, "| `%s` | %s | `%s` | `%s` | %s |\n", l.DDL, on(l.Engine), l.A, l.B, l.Reason)
	}
}

// on names an engine to people.
func on(e Engine) string {
	return map[Engine]string{Both: "both", MySQL: "MySQL", MariaDB: "MariaDB"}[e]
}

func appendOnce(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}
