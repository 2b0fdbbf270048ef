package shape

import (
	"strings"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
)

// Scope chooses rows of either shape by their key. It is made by [Keys] or
// [Range].
type Scope struct {
	keys      []Key
	low, high Key
}

// Keys chooses the rows with exactly these keys.
func Keys(keys ...Key) Scope { return Scope{keys: keys} }

// Range chooses the rows above low and up to and including high, in the order
// of the key's own collation. A nil bound is open.
func Range(low, high Key) Scope { return Scope{low: low, high: high} }

// condition returns the scope as a condition on the key columns of a table,
// and appends its arguments.
func (s Scope) condition(alias string, key []migrate.Column, args *[]any) string {
	if s.keys != nil {
		return anyOf(alias, key, s.keys, args)
	}
	var parts []string
	if s.low != nil {
		parts = append(parts, beyond(alias, key, ">", ">", s.low, args))
	}
	if s.high != nil {
		parts = append(parts, beyond(alias, key, "<", "<=", s.high, args))
	}
	if len(parts) == 0 {
		return "TRUE"
	}
	return strings.Join(parts, "\n  AND ")
}

// anyOf is k IN (…) for a single column, and for several a form that the range
// optimizers of both servers use.
func anyOf(alias string, key []migrate.Column, keys []Key, args *[]any) string {
	if len(keys) == 0 {
		return "FALSE"
	}
	if len(key) == 1 {
		for _, k := range keys {
			*args = append(*args, k[0])
		}
		return column(alias, key[0]) + " IN (" + strings.TrimSuffix(strings.Repeat(placeholder(key[0])+", ", len(keys)), ", ") + ")"
	}
	out := make([]string, len(keys))
	for i, k := range keys {
		parts := make([]string, len(key))
		for j, c := range key {
			parts[j] = column(alias, c) + " = " + placeholder(c)
		}
		out[i] = "(" + strings.Join(parts, " AND ") + ")"
		*args = append(*args, k...)
	}
	return "(" + strings.Join(out, " OR ") + ")"
}

// beyond compares a composite key with a bound, column by column; a row
// constructor would keep the servers from using the index. op is the
// comparison of every column but the last, lastOp the last one's.
func beyond(alias string, key []migrate.Column, op, lastOp string, bound Key, args *[]any) string {
	if len(key) == 1 {
		*args = append(*args, bound[0])
		return column(alias, key[0]) + " " + lastOp + " " + placeholder(key[0])
	}
	// (a >= ? AND (a > ? OR (a = ? AND …))): the first term is redundant and
	// gives the optimizer its range.
	first := column(alias, key[0])
	*args = append(*args, bound[0])
	out := "(" + first + " " + op + "= " + placeholder(key[0]) + " AND "
	depth := 0
	for i, c := range key {
		col := column(alias, c)
		if i == len(key)-1 {
			*args = append(*args, bound[i])
			out += col + " " + lastOp + " " + placeholder(c)
			break
		}
		*args = append(*args, bound[i], bound[i])
		out += "(" + col + " " + op + " " + placeholder(c) + " OR (" + col + " = " + placeholder(c) + " AND "
		depth += 2
	}
	return out + strings.Repeat(")", depth) + ")"
}

// placeholder is what stands for a key part in a statement. A decimal travels as text, and the
// servers compare a decimal with text as doubles, which tell no more than 15
// digits apart.
func placeholder(c migrate.Column) string {
	if c.DataType == "decimal" {
		return "CAST(? AS DECIMAL" + arguments.FindString(c.ColumnType) + ")"
	}
	return "?"
}

func column(alias string, c migrate.Column) string { return alias + "." + mysqlx.Quote(c.Name) }
