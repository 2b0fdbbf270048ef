package shape

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/underpin-db/underpin/migrate"
)

// ErrUnsupportedType says that values of a column's type cannot be compared
// the way they are stored.
var ErrUnsupportedType = errors.New("unsupported column type")

// comparison yields a condition that is true when the column holds exactly
// what storing the expression in it would leave there. Both are SQL; the
// result is TRUE or FALSE, never NULL.
type comparison func(c migrate.Column, column, expr string) string

// comparisons is how each mapped type is compared. A type that is listed neither
// here nor under carried is refused: it may compare equal what is not.
var comparisons = map[string]comparison{
	"tinyint": compareInteger, "smallint": compareInteger, "mediumint": compareInteger,
	"int": compareInteger, "bigint": compareInteger, "year": compareInteger,
	"decimal": compareDecimal, "double": compareFloating("DOUBLE"), "float": compareFloating("FLOAT"),
	"bit": compareBit,

	"char":    compareChar,
	"varchar": compareText, "tinytext": compareText, "text": compareText,
	"mediumtext": compareText, "longtext": compareText,

	"binary":    comparePadded,
	"varbinary": compareBytes, "tinyblob": compareBytes, "blob": compareBytes,
	"mediumblob": compareBytes, "longblob": compareBytes,

	"date": compareTime("DATE"), "datetime": compareTime("DATETIME"), "time": compareTime("TIME"),
	"timestamp": compareTimestamp,

	// MySQL's own type. MariaDB calls it longtext, and compares it as that.
	"json": compareJSON,

	"enum": compareEnum, "set": compareText,

	// MariaDB's own types.
	"uuid": compareParsed("UUID"), "inet4": compareParsed("INET4"), "inet6": compareParsed("INET6"),
}

// carried are types whose values are copied from a column of the same type as
// they are and compared by their bytes. What storing another expression in such
// a column would leave there is not known.
var carried = []string{
	"geometry", "point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon",
	"geomcollection", "geometrycollection", // MySQL's name and MariaDB's
	"vector",
}

// Use says how a mapping may use the columns of a type.
type Use string

// The uses.
const (
	// Refused: two values cannot be compared the way they are stored.
	Refused Use = ""
	// Mapped: expressions may be made of it, and it may be assigned any.
	Mapped Use = "mapped"
	// Carried: it may be assigned a column of the same type, and no expression
	// may be made of it.
	Carried Use = "carried"
)

// ColumnUse returns how a mapping may use a column. It is the one place where
// that is decided.
func ColumnUse(c migrate.Column) Use {
	switch _, ok := comparisons[c.DataType]; {
	case ok:
		return Mapped
	case slices.Contains(carried, c.DataType):
		return Carried
	}
	return Refused
}

// same returns the comparison for a column.
func same(c migrate.Column, column, expr string) (string, error) {
	switch ColumnUse(c) {
	case Mapped:
		return comparisons[c.DataType](c, column, expr), nil
	case Carried:
		return compareBytes(c, column, expr), nil
	}
	return "", fmt.Errorf("%w: column `%s` is %s", ErrUnsupportedType, c.Name, c.ColumnType)
}

// arguments is the bracketed part of a column type: (10,2) of decimal(10,2).
var arguments = regexp.MustCompile(`\([0-9, ]+\)`)

func compareDecimal(c migrate.Column, column, expr string) string {
	args := arguments.FindString(c.ColumnType)
	if args == "" {
		args = "(10,0)"
	}
	return fmt.Sprintf("%s <=> CAST(%s AS DECIMAL%s)", column, expr, args)
}

// compareFloating looks at the sign of zero as well: the servers call -0 and 0
// equal, and MySQL stores and prints both. Numbers are compared as doubles, which
// hold every FLOAT exactly; the text of a FLOAT has six digits of it only.
func compareFloating(castType string) comparison {
	return func(_ migrate.Column, column, expr string) string {
		cast := fmt.Sprintf("CAST(%s AS %s)", expr, castType)
		return fmt.Sprintf("%[1]s <=> %[2]s AND (%[1]s LIKE '-%%') <=> (%[2]s LIKE '-%%')", column, cast)
	}
}

// compareBit compares as numbers. The planner has every expression that is no
// BIT column assigned as a number; a text would be stored by its bytes.
func compareBit(_ migrate.Column, column, expr string) string {
	return fmt.Sprintf("CAST(%s AS UNSIGNED) <=> CAST(%s AS UNSIGNED)", column, expr)
}

// compareEnum compares the members' names: two columns may number them
// differently. The empty text with the number 0, which the servers store for
// what is no member when they are not strict, is in step with nothing.
func compareEnum(c migrate.Column, column, expr string) string {
	return compareText(c, column, expr) + fmt.Sprintf(" AND COALESCE(%s + 0 <> 0, TRUE)", column)
}

// compareTime casts to a type of date or time with the column's fraction. Under
// NO_ZERO_DATE the cast of 0000-00-00 is one of what is no time.
func compareTime(castType string) comparison {
	return func(c migrate.Column, column, expr string) string {
		return compareParsed(castType+arguments.FindString(c.ColumnType))(c, column, expr)
	}
}

// compareParsed casts to a type whose values are written as text. The cast of
// what is none yields NULL: an empty column is not in step with it, so that
// copying it is tried and fails aloud.
func compareParsed(castType string) comparison {
	return func(_ migrate.Column, column, expr string) string {
		cast := fmt.Sprintf("CAST(%s AS %s)", expr, castType)
		return fmt.Sprintf("CASE WHEN %[3]s IS NULL THEN CAST(%[1]s AS CHAR) <=> CAST(%[2]s AS CHAR) ELSE %[1]s <=> %[3]s END", column, expr, cast)
	}
}

// compareTimestamp looks at the instant as well: in the session's zone two
// instants an hour apart are the same time of day when summer time ends. The
// second between them is for what rounding may change.
func compareTimestamp(c migrate.Column, column, expr string) string {
	local := compareTime("DATETIME")(c, column, expr)
	return fmt.Sprintf("%s AND COALESCE(ABS(UNIX_TIMESTAMP(%s) - UNIX_TIMESTAMP(%s)) <= 1, TRUE)", local, column, expr)
}

func compareInteger(c migrate.Column, column, expr string) string {
	sign := "SIGNED"
	if strings.Contains(c.ColumnType, "unsigned") || c.DataType == "year" {
		sign = "UNSIGNED"
	}
	return fmt.Sprintf("%s <=> CAST(%s AS %s)", column, expr, sign)
}

// compareText compares the bytes in the column's own charset, so that what the
// conversion would change on the way in is seen.
func compareText(c migrate.Column, column, expr string) string {
	charset := cmp.Or(c.Charset, "binary") // MySQL names none for an ENUM of bytes
	return fmt.Sprintf("CAST(%s AS BINARY) <=> CAST(CONVERT(%s USING %s) AS BINARY)", column, expr, charset)
}

// compareChar does without trailing spaces, which CHAR does not keep: the
// binary collation that every charset has tells all bytes apart but them. It
// takes half the time of trimming and casting.
func compareChar(c migrate.Column, column, expr string) string {
	return fmt.Sprintf("%s <=> CONVERT(%s USING %s) COLLATE %s_bin", column, expr, c.Charset, c.Charset)
}

func compareBytes(_ migrate.Column, column, expr string) string {
	return fmt.Sprintf("CAST(%s AS BINARY) <=> CAST(%s AS BINARY)", column, expr)
}

// comparePadded pads the expression with zero bytes to the column's length, as
// BINARY(n) does.
func comparePadded(c migrate.Column, column, expr string) string {
	length := arguments.FindString(c.ColumnType)
	if length == "" {
		length = "(1)"
	}
	return fmt.Sprintf("CAST(%s AS BINARY) <=> CAST(%s AS BINARY%s)", column, expr, length)
}

// compareJSON compares the server's own text of both documents: 1 and 1.0 are
// equal as JSON and different as data. It compares the documents as well: a
// DATETIME inside one and the string that looks like it have the same text.
func compareJSON(_ migrate.Column, column, expr string) string {
	return fmt.Sprintf("CAST(CAST(%[1]s AS CHAR) AS BINARY) <=> CAST(CAST(CAST(%[2]s AS JSON) AS CHAR) AS BINARY)"+
		" AND %[1]s <=> CAST(%[2]s AS JSON)", column, expr)
}
