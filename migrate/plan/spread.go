package plan

import (
	"context"
	"database/sql"
	"errors"
	"math/big"
	"strings"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// start is where a window begins.
type start struct {
	where string
	args  []any
}

// starts returns n places between the first and the last key. They lie on the
// first key column whose first and last value differ, evenly between the two,
// for integers and strings; for other types there are none, and the sample is
// of the first and last rows.
func (s *sampler) starts(ctx context.Context, n int) ([]start, error) {
	low, err := s.edge(ctx, "")
	if err != nil {
		return nil, err
	}
	high, err := s.edge(ctx, " DESC")
	if err != nil || low == nil || high == nil {
		return nil, err
	}
	var prefix []string
	var args []any
	for i, k := range s.sourceKey {
		if low[i] == high[i] {
			prefix = append(prefix, mysqlx.Quote(k.Name)+" = ?")
			args = append(args, low[i])
			continue
		}
		var out []start
		for _, at := range between(k, low[i], high[i], n) {
			where := append(append([]string(nil), prefix...), mysqlx.Quote(k.Name)+" >= ?")
			out = append(out, start{strings.Join(where, " AND "), append(append([]any(nil), args...), at)})
		}
		return out, nil
	}
	return nil, nil
}

// edge returns the first key in an order, or nil on an empty table.
func (s *sampler) edge(ctx context.Context, suffix string) ([]string, error) {
	cols := make([]string, len(s.sourceKey))
	out, dest := make([]string, len(cols)), make([]any, len(cols))
	for i, k := range s.sourceKey {
		cols[i] = mysqlx.Quote(k.Name)
		if k.DataType != "binary" && k.DataType != "varbinary" {
			cols[i] = "CAST(" + cols[i] + " AS CHAR)"
		}
		dest[i] = &out[i]
	}
	query := "SELECT " + strings.Join(cols, ", ") +
		"\nFROM " + mysqlx.Quote(s.live.source.name) +
		"\nORDER BY " + s.order(suffix) +
		"\nLIMIT 1"
	err := s.db.QueryRowContext(ctx, limited(query, s.server.Flavour, s.opts.StatementLimit)).Scan(dest...)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return out, err
}

// between returns n values that lie evenly between two values of a column.
func between(c column, low, high string, n int) []any {
	prefix := 0
	if _, isInt := integers[c.DataType]; !isInt {
		for prefix < min(len(low), len(high)) && low[prefix] == high[prefix] {
			prefix++
		}
	}
	common, low, high := low[:prefix], low[prefix:], high[prefix:]
	a, b, back := new(big.Int), new(big.Int), func(v *big.Int) any { return v.String() }
	switch _, isInt := integers[c.DataType]; {
	case isInt:
		a.SetString(low, 10)
		b.SetString(high, 10)
	case c.DataType == "binary" || c.DataType == "varbinary":
		a.SetBytes(digits(low))
		b.SetBytes(digits(high))
		back = func(v *big.Int) any { return append([]byte(common), v.FillBytes(make([]byte, width))...) }
	case c.DataType == "char" || c.DataType == "varchar":
		a.SetBytes(digits(low))
		b.SetBytes(digits(high))
		back = func(v *big.Int) any { return common + printable(v.FillBytes(make([]byte, width))) }
	default:
		return nil
	}
	gap := new(big.Int).Sub(b, a)
	var out []any
	for i := 1; i <= n; i++ {
		v := new(big.Int).Mul(gap, big.NewInt(int64(i)))
		out = append(out, back(v.Div(v, big.NewInt(int64(n+1))).Add(v, a)))
	}
	return out
}

// width is how many bytes of a string key, after what the first and the last
// have in common, the places are computed from.
const width = 8

// digits returns the first width bytes of text, filled with zeros.
func digits(text string) []byte {
	out := make([]byte, width)
	copy(out, text)
	return out
}

// printable returns bytes as a text of letters and digits that sorts about as
// they do, valid in every character set.
func printable(raw []byte) string {
	const order = "0123456789abcdefghijklmnopqrstuvwxyz"
	out := make([]byte, len(raw))
	for i, c := range raw {
		switch {
		case c >= 'A' && c <= 'Z':
			c += 'a' - 'A'
		case strings.IndexByte(order, c) < 0 && c < '0':
			c = '0'
		case strings.IndexByte(order, c) < 0 && c > 'z':
			c = 'z'
		case strings.IndexByte(order, c) < 0:
			c = 'a'
		}
		out[i] = c
	}
	return string(out)
}
