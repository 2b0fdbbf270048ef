package shape

import (
	"errors"
	"fmt"
	"regexp"
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

// comparisons is how each type is compared. A type that is not listed is
// refused: it may compare equal what is not.
var comparisons = map[string]comparison{
	"tinyint": compareInteger, "smallint": compareInteger, "mediumint": compareInteger,
	"int": compareInteger, "bigint": compareInteger, "year": compareInteger,
	"decimal": compareDecimal, "double": compareDouble,

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
}

// SupportsColumn reports whether values of the column's type can be mapped.
func SupportsColumn(c migrate.Column) bool {
	_, ok := comparisons[c.DataType]
	return ok
}

// same returns the comparison for a column.
func same(c migrate.Column, column, expr string) (string, error) {
	compare, ok := comparisons[c.DataType]
	if !ok {
		return "", fmt.Errorf("%w: column `%s` is %s", ErrUnsupportedType, c.Name, c.ColumnType)
	}
	return compare(c, column, expr), nil
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

// compareDouble looks at the sign of zero as well: the servers call -0 and 0
// equal, and MySQL stores and prints both.
func compareDouble(_ migrate.Column, column, expr string) string {
	return fmt.Sprintf("%[1]s <=> CAST(%[2]s AS DOUBLE) AND (%[1]s LIKE '-%%') <=> (CAST(%[2]s AS DOUBLE) LIKE '-%%')", column, expr)
}

// compareTime casts to a type of date or time. The cast of what is none yields
// NULL, and under NO_ZERO_DATE so does that of 0000-00-00: an empty column is
// not in step with it, so that copying it is tried and fails aloud.
func compareTime(castType string) comparison {
	return func(c migrate.Column, column, expr string) string {
		cast := fmt.Sprintf("CAST(%s AS %s%s)", expr, castType, arguments.FindString(c.ColumnType))
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
	return fmt.Sprintf("CAST(%s AS BINARY) <=> CAST(CONVERT(%s USING %s) AS BINARY)", column, expr, c.Charset)
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
