package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// typeParts is a type taken apart: varchar(20), decimal(10,2), int unsigned.
type typeParts struct {
	base     string
	args     []int
	unsigned bool
}

func partsOf(typ string) typeParts {
	base, rest, _ := strings.Cut(strings.ToLower(typ), "(")
	t := typeParts{unsigned: strings.Contains(typ, "unsigned")}
	inside, _, _ := strings.Cut(rest, ")")
	t.base, _, _ = strings.Cut(base, " ")
	for arg := range strings.SplitSeq(inside, ",") {
		if n, err := strconv.Atoi(strings.TrimSpace(arg)); err == nil {
			t.args = append(t.args, n)
		}
	}
	return t
}

// arg returns an argument, or what the servers take where there is none.
func (t typeParts) arg(i, otherwise int) int {
	if i < len(t.args) {
		return t.args[i]
	}
	return otherwise
}

// ladders are types that hold less and less of the same.
var ladders = [][]string{
	{"bigint", "int", "mediumint", "smallint", "tinyint"},
	{"longtext", "mediumtext", "text", "tinytext"},
	{"longblob", "mediumblob", "blob", "tinyblob"},
	{"double", "float"},
	{"datetime", "date"},
	{"longtext", "varchar"}, {"mediumtext", "varchar"}, {"text", "varchar"},
	{"longblob", "varbinary"}, {"mediumblob", "varbinary"}, {"blob", "varbinary"},
}

// narrows says what a column loses that gets another type; empty where it loses
// nothing that can be told from the types.
func narrows(from, to string) string {
	old, wanted := partsOf(from), partsOf(to)
	for _, ladder := range ladders {
		if i, j := slices.Index(ladder, old.base), slices.Index(ladder, wanted.base); i >= 0 && j > i {
			return fmt.Sprintf("not every %s fits in a %s", old.base, wanted.base)
		}
	}
	if lengths := []string{"char", "varchar", "binary", "varbinary"}; slices.Contains(lengths, old.base) && slices.Contains(lengths, wanted.base) {
		if n, m := old.arg(0, 1), wanted.arg(0, 1); m < n {
			return fmt.Sprintf("values longer than %d no longer fit", m)
		}
		return ""
	}
	if old.base != wanted.base {
		return ""
	}
	switch {
	case slices.Contains(integers, old.base) && !old.unsigned && wanted.unsigned:
		return "values below zero no longer fit"
	case slices.Contains(integers, old.base) && old.unsigned && !wanted.unsigned:
		return "the upper half of the values no longer fits"
	case old.base == "decimal":
		return narrowsDecimal(old, wanted)
	case slices.Contains([]string{"datetime", "timestamp", "time"}, old.base) && wanted.arg(0, 0) < old.arg(0, 0):
		return fmt.Sprintf("fractions of seconds are rounded to %d digits", wanted.arg(0, 0))
	}
	return ""
}

// narrowsDecimal compares digits before and behind the point.
func narrowsDecimal(old, wanted typeParts) string {
	const digits = 10 // of DECIMAL without arguments
	if before := wanted.arg(0, digits) - wanted.arg(1, 0); before < old.arg(0, digits)-old.arg(1, 0) {
		return fmt.Sprintf("values of more than %d digits before the point no longer fit", before)
	}
	if wanted.arg(1, 0) < old.arg(1, 0) {
		return fmt.Sprintf("values are rounded to %d digits behind the point", wanted.arg(1, 0))
	}
	return ""
}
