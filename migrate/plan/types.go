package plan

import (
	"fmt"
	"strings"
)

// keyUse says whether a type may be that of a key column.
type keyUse string

const (
	noKey keyUse = ""
	asKey keyUse = "key"
)

// rule is what the planner knows of a data type. The templates are SQL over a
// value {v}; see column.fill for the other places.
type rule struct {
	key keyUse
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
	encodes  = `CAST(CONVERT(CONVERT({v} USING {cs}) USING utf8mb4) AS BINARY) = CAST(CONVERT({v} USING utf8mb4) AS BINARY)`
	asText   = `CAST({v} AS CHAR)`
	asHex    = `HEX({v})`
)

var (
	integerRule = rule{asKey, isNumber + ` AND ` + rounded + ` BETWEEN {low} AND {high}`, `CAST(` + rounded + ` AS {sign})`, asText}
	textRule    = rule{noKey, encodes + ` AND OCTET_LENGTH(CONVERT({v} USING {cs})) <= {length}`, `CONVERT({v} USING {cs}) COLLATE {co}`, asText}
	blobRule    = rule{noKey, `OCTET_LENGTH(CAST({v} AS BINARY)) <= {length}`, `CAST({v} AS BINARY)`, asHex}
)

// supportedTypes are the types that a mapped column may have. A type that is
// not here is refused by name: float does not compare exactly, and bit, enum,
// set, the spatial types, vector, uuid and inet come with the planner.
var supportedTypes = map[string]rule{
	"tinyint": integerRule, "smallint": integerRule, "mediumint": integerRule, "int": integerRule, "bigint": integerRule,

	"decimal": {asKey, isNumber + ` AND ABS(ROUND(CAST({v} AS DECIMAL(65,30)), {scale})) <= {most}{positive}`, `CAST({v} AS DECIMAL({precision},{scale}))`, asText},
	"double":  {noKey, isNumber, `({v} + 0e0)`, asText},

	"char":    {asKey, encodes + ` AND CHAR_LENGTH(CONVERT({v} USING {cs})) <= {length}`, `TRIM(TRAILING ' ' FROM CONVERT({v} USING {cs})) COLLATE {co}`, asText},
	"varchar": {asKey, encodes + ` AND CHAR_LENGTH(CONVERT({v} USING {cs})) <= {length}`, `CONVERT({v} USING {cs}) COLLATE {co}`, asText},

	"tinytext": textRule, "text": textRule, "mediumtext": textRule, "longtext": textRule,

	"binary":    {asKey, `OCTET_LENGTH(CAST({v} AS BINARY)) <= {length}`, `RPAD(CAST({v} AS BINARY), {length}, x'00')`, asHex},
	"varbinary": {asKey, `OCTET_LENGTH(CAST({v} AS BINARY)) <= {length}`, `CAST({v} AS BINARY)`, asHex},

	"tinyblob": blobRule, "blob": blobRule, "mediumblob": blobRule, "longblob": blobRule,

	"date":      {asKey, `CAST({v} AS DATE) IS NOT NULL`, `CAST({v} AS DATE)`, asText},
	"datetime":  {asKey, `CAST({v} AS DATETIME({fraction})) IS NOT NULL`, `CAST({v} AS DATETIME({fraction}))`, asText},
	"timestamp": {noKey, `CAST({v} AS DATETIME({fraction})) IS NOT NULL`, `CAST({v} AS DATETIME({fraction}))`, asText},
	"time":      {asKey, `CAST({v} AS TIME({fraction})) IS NOT NULL`, `CAST({v} AS TIME({fraction}))`, asText},
	"year":      {asKey, isNumber + ` AND (` + rounded + ` = 0 OR ` + rounded + ` BETWEEN 1901 AND 2155)`, `CAST(` + rounded + ` AS UNSIGNED)`, `LPAD(CAST({v} AS CHAR), 4, '0')`},

	"json": {noKey, `JSON_VALID({v})`, `CASE WHEN JSON_VALID({v}) THEN CAST({v} AS JSON) END`, asText},
}

// unsupported says of refused types why; others come with the planner.
func unsupported(dataType string) string {
	if dataType == "float" {
		return "type float does not compare exactly: use double or decimal"
	}
	return fmt.Sprintf("type %s comes with the planner", dataType)
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
	return strings.NewReplacer(
		"{v}", value, "{cs}", c.Charset, "{co}", c.Collation, "{low}", low, "{high}", high, "{sign}", sign,
		"{positive}", positive, "{most}", largest(c.precision, c.scale),
		"{length}", fmt.Sprint(c.length), "{precision}", fmt.Sprint(c.precision),
		"{scale}", fmt.Sprint(c.scale), "{fraction}", fmt.Sprint(c.fraction),
	).Replace(template)
}

// unsigned reports whether a number column takes no negative values.
func (c column) unsigned() bool { return strings.Contains(c.ColumnType, "unsigned") }

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
