package plan

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/underpin-db/underpin/internal/shape"
)

// rule is how the planner's sample treats a data type; whether a mapping may
// use it at all is decided by [shape.ColumnUse]. The templates are SQL over a
// value {v}; see column.fill for the other places.
type rule struct {
	// fits is true where the column takes {v}; NULL counts as false.
	fits string
	// stored is what the column holds after {v} was written to it.
	stored string
	// shown is the text that differs whenever two stored values do.
	shown string
}

// integers are the bounds of the integer types, signed and unsigned.
var integers = map[string]struct{ low, high, highUnsigned string }{
	"tinyint":   {"-128", "127", "255"},
	"smallint":  {"-32768", "32767", "65535"},
	"mediumint": {"-8388608", "8388607", "16777215"},
	"int":       {"-2147483648", "2147483647", "4294967295"},
	"bigint":    {"-9223372036854775808", "9223372036854775807", "18446744073709551615"},
}

// Templates that several types share.
const (
	isNumber = `CAST({v} AS CHAR) REGEXP '^[[:space:]]*[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]+)?[[:space:]]*$'`
	rounded  = `ROUND(CAST({v} AS DECIMAL(65,20)))`
	letters  = `CAST(CONVERT({v} USING utf8mb4) AS BINARY)`
	encodes  = `CAST(CONVERT(CONVERT({v} USING {cs}) USING utf8mb4) AS BINARY) = CAST(CONVERT({v} USING utf8mb4) AS BINARY)`
	asText   = `CAST({v} AS CHAR)`
	asHex    = `HEX({v})`
	inFloat  = `ABS({v}) <= 3.4028234663852886e38` // C's FLT_MAX
	asNumber = `CAST({v} AS UNSIGNED)`
)

var (
	integerRule = rule{isNumber + ` AND ` + rounded + ` BETWEEN {low} AND {high}`, `CAST(` + rounded + ` AS {sign})`, asText}
	textRule    = rule{encodes + ` AND OCTET_LENGTH(CONVERT({v} USING {cs})) <= {length}`, `CONVERT({v} USING {cs}) COLLATE {co}`, asText}
	blobRule    = rule{`OCTET_LENGTH(CAST({v} AS BINARY)) <= {length}`, `CAST({v} AS BINARY)`, asHex}
	carriedRule = rule{`TRUE`, `{v}`, asHex}
)

// rules are those of the mapped types. What is carried needs none of its own.
var rules = map[string]rule{
	"tinyint": integerRule, "smallint": integerRule, "mediumint": integerRule, "int": integerRule, "bigint": integerRule,

	"decimal": {isNumber + ` AND ABS(ROUND(CAST({v} AS DECIMAL(65,30)), {scale})) <= {most}{positive}`, `CAST({v} AS DECIMAL({precision},{scale}))`, asText},
	"double":  {isNumber, `({v} + 0e0)`, asText},
	"float":   {isNumber + ` AND ` + inFloat, `CASE WHEN ` + inFloat + ` THEN CAST({v} AS FLOAT) END`, `CAST(CAST({v} AS DOUBLE) AS CHAR)`},
	"bit":     {`CAST({v} AS UNSIGNED) <= {most}`, asNumber, `CAST(` + asNumber + ` AS CHAR)`},

	"char":    {encodes + ` AND CHAR_LENGTH(CONVERT({v} USING {cs})) <= {length}`, `TRIM(TRAILING ' ' FROM CONVERT({v} USING {cs})) COLLATE {co}`, asText},
	"varchar": {encodes + ` AND CHAR_LENGTH(CONVERT({v} USING {cs})) <= {length}`, `CONVERT({v} USING {cs}) COLLATE {co}`, asText},

	"tinytext": textRule, "text": textRule, "mediumtext": textRule, "longtext": textRule,

	"binary":    {`OCTET_LENGTH(CAST({v} AS BINARY)) <= {length}`, `RPAD(CAST({v} AS BINARY), {length}, x'00')`, asHex},
	"varbinary": {`OCTET_LENGTH(CAST({v} AS BINARY)) <= {length}`, `CAST({v} AS BINARY)`, asHex},

	"tinyblob": blobRule, "blob": blobRule, "mediumblob": blobRule, "longblob": blobRule,

	"date":      {`CAST({v} AS DATE) IS NOT NULL`, `CAST({v} AS DATE)`, asText},
	"datetime":  {`CAST({v} AS DATETIME({fraction})) IS NOT NULL`, `CAST({v} AS DATETIME({fraction}))`, asText},
	"timestamp": {`CAST({v} AS DATETIME({fraction})) IS NOT NULL`, `CAST({v} AS DATETIME({fraction}))`, asText},
	"time":      {`CAST({v} AS TIME({fraction})) IS NOT NULL`, `CAST({v} AS TIME({fraction}))`, asText},
	"year":      {isNumber + ` AND (` + rounded + ` = 0 OR ` + rounded + ` BETWEEN 1901 AND 2155)`, `CAST(` + rounded + ` AS UNSIGNED)`, `LPAD(CAST({v} AS CHAR), 4, '0')`},

	"json": {`JSON_VALID({v})`, `CASE WHEN JSON_VALID({v}) THEN CAST({v} AS JSON) END`, asText},

	"enum": {letters + ` IN ({members})`, `CONVERT({v} USING {cs}) COLLATE {co}`, asText},
	"set":  {letters + ` = CAST({chosen} AS BINARY)`, `CONVERT({v} USING {cs}) COLLATE {co}`, asText},

	"uuid":  {`CAST({v} AS UUID) IS NOT NULL`, `CAST({v} AS UUID)`, asText},
	"inet4": {`CAST({v} AS INET4) IS NOT NULL`, `CAST({v} AS INET4)`, asText},
	"inet6": {`CAST({v} AS INET6) IS NOT NULL`, `CAST({v} AS INET6)`, asText},
}

// rule returns how the sample treats the column.
func (c column) rule() rule {
	if shape.ColumnUse(c.Column) == shape.Carried {
		return carriedRule
	}
	return rules[c.DataType]
}

// fill completes a template for a column over a value, which is SQL.
func (c column) fill(template, value string) string {
	low, high, sign, positive := "", "", "SIGNED", ""
	if b, ok := integers[c.DataType]; ok {
		low, high = b.low, b.high
		if c.unsigned() {
			low, high, sign = "0", b.highUnsigned, "UNSIGNED"
		}
	} else if c.unsigned() {
		positive = " AND " + value + " >= 0"
	}
	most := largest(c.precision, c.scale)
	if c.DataType == "bit" {
		most = fmt.Sprint(uint64(1)<<c.precision - 1)
	}
	names, chosen := memberLists(c, value)
	return strings.NewReplacer(
		"{v}", value, "{cs}", cmp.Or(c.Charset, "binary"), "{co}", cmp.Or(c.Collation, "binary"),
		"{low}", low, "{high}", high, "{sign}", sign, "{positive}", positive, "{most}", most,
		"{members}", names, "{chosen}", chosen,
		"{length}", fmt.Sprint(c.length), "{precision}", fmt.Sprint(c.precision),
		"{scale}", fmt.Sprint(c.scale), "{fraction}", fmt.Sprint(c.fraction),
	).Replace(template)
}

// memberLists returns the members of an ENUM or SET as a list of bytes, and the
// text that a SET has for those of them that a value names: a SET shows its
// members in the order of its definition.
func memberLists(c column, value string) (names, chosen string) {
	var list, picks []string
	for _, m := range members(c) {
		list = append(list, "CAST("+m+" AS BINARY)")
		picks = append(picks, "CASE WHEN FIND_IN_SET("+m+", CONVERT("+value+" USING utf8mb4) COLLATE utf8mb4_bin) > 0 THEN "+m+" END")
	}
	return strings.Join(list, ", "), "CONCAT_WS(',', " + strings.Join(picks, ", ") + ")"
}

// unsigned reports whether a number column takes no negative values.
func (c column) unsigned() bool {
	return strings.Contains(c.ColumnType, "unsigned") && !listed(c)
}

// largest returns the largest value of a DECIMAL(precision, scale).
func largest(precision, scale int) string {
	whole := max(precision-scale, 0)
	if whole == 0 {
		return "0." + strings.Repeat("9", max(scale, 1))
	}
	text := strings.Repeat("9", whole)
	if scale > 0 {
		text += "." + strings.Repeat("9", scale)
	}
	return text
}
