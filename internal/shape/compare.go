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
	"decimal": castTo("DECIMAL", "(10,0)"),
	"double":  castTo("DOUBLE", ""),

	"char":    compareChar,
	"varchar": compareText, "tinytext": compareText, "text": compareText,
	"mediumtext": compareText, "longtext": compareText,

	"binary":    comparePadded,
	"varbinary": compareBytes, "tinyblob": compareBytes, "blob": compareBytes,
	"mediumblob": compareBytes, "longblob": compareBytes,

	"date":      castTo("DATE", ""),
	"datetime":  castTo("DATETIME", ""),
	"timestamp": castTo("DATETIME", ""),
	"time":      castTo("TIME", ""),

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

func castTo(castType, defaultArguments string) comparison {
	return func(c migrate.Column, column, expr string) string {
		args := arguments.FindString(c.ColumnType)
		if args == "" {
			args = defaultArguments
		}
		if castType == "DATE" || castType == "DOUBLE" {
			args = ""
		}
		return fmt.Sprintf("%s <=> CAST(%s AS %s%s)", column, expr, castType, args)
	}
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
// equal as JSON and different as data.
func compareJSON(_ migrate.Column, column, expr string) string {
	return fmt.Sprintf("CAST(CAST(%s AS CHAR) AS BINARY) <=> CAST(CAST(CAST(%s AS JSON) AS CHAR) AS BINARY)", column, expr)
}
