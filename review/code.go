package review

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/underpin-db/underpin/internal/gosource"
)

// CodeIndex is what the application's code says: asked by rules for who still
// uses a name. It is read once and may then be asked concurrently.
type CodeIndex struct {
	// Literals are the strings, tags and directives of the Go files.
	Literals []gosource.Literal
	// Queries are named queries, from files of SQL.
	Queries []Query
	// Problems are files that could not be read in full: a name may hide there.
	Problems []string

	words map[string][]int // literals by the words in them, in lower case
}

// Query is a query that has a name, as sqlc and its kin write it:
// "-- name: ListUsers :many", and the statement below.
type Query struct {
	Name, Kind string // the kind is what stands behind the colon: one, many, exec
	Path       string
	Line       int
	Text       string
	// Plan is what the server says it does for it; nil where it was not asked.
	Plan *QueryPlan
}

// Use is a place in the code that names an element of the schema.
type Use struct {
	Path         string
	Line, Column int
	// Text is what stands there, in one line and shortened.
	Text string
	How  How
}

// How says how sure a use is.
type How string

// The ways in which code names an element.
const (
	ByTag   How = "struct tag"
	ByQuery How = "named query"
	// ByStatement: a text that looks like SQL names the table and the column.
	ByStatement How = "SQL in a string"
)

// ReadCode reads the Go files and the named queries below a folder.
func ReadCode(ctx context.Context, root string) (*CodeIndex, error) {
	source, err := gosource.Scan(ctx, root, gosource.Config{})
	if err != nil {
		return nil, err
	}
	c := &CodeIndex{Literals: source.Literals}
	for _, p := range source.Problems {
		c.Problems = append(c.Problems, p.Error())
	}
	if c.Queries, err = readQueries(ctx, root); err != nil {
		return nil, err
	}
	c.index()
	return c, nil
}

// index sorts the literals by the words in them.
func (c *CodeIndex) index() {
	c.words = map[string][]int{}
	for i, l := range c.Literals {
		for _, w := range wordPattern.FindAllString(l.Value, -1) {
			w = fold(w)
			if list := c.words[w]; len(list) == 0 || list[len(list)-1] != i {
				c.words[w] = append(list, i)
			}
		}
	}
}

var wordPattern = regexp.MustCompile(`[\pL_][\pL\pN_$]*`)

// looksLikeSQL is a text that begins as a statement does, or holds a clause.
var looksLikeSQL = regexp.MustCompile(`(?is)^\s*(select|insert|update|delete|replace|with)\b|\b(from|into|update|join|where|set|order\s+by)\s`)

// Uses returns where the code names a column, or with an empty column a table.
// A column is named by a struct tag of db, gorm, bun, or another mapper, whatever
// the table: which table a struct stands for is not always said, and a false
// alarm is cheaper than an outage. In SQL, table and column must both be named.
func (c *CodeIndex) Uses(table, column string) []Use {
	if c == nil {
		return nil
	}
	name := fold(column)
	if column == "" {
		name = fold(table)
	}
	var out []Use
	for _, i := range c.words[name] {
		l := c.Literals[i]
		switch {
		case l.Kind == gosource.Tag && column != "" && slices.Contains(taggedColumns(l), name),
			l.Kind == gosource.Tag && column == "" && slices.Contains(taggedTables(l), name):
			out = append(out, Use{l.File, l.Line, l.Column, excerpt(l.Value), ByTag})
		case l.Kind == gosource.String && c.inSQL(l.Value, table, column):
			out = append(out, Use{l.File, l.Line, l.Column, excerpt(l.Value), ByStatement})
		}
	}
	for _, q := range c.Queries {
		if mentions(q.Text, table) && (column == "" || mentions(q.Text, column)) {
			out = append(out, Use{q.Path, q.Line, 1, q.Name, ByQuery})
		}
	}
	return out
}

// inSQL reports whether a text is SQL that names the element.
func (c *CodeIndex) inSQL(text, table, column string) bool {
	return looksLikeSQL.MatchString(text) && mentions(text, table) && (column == "" || mentions(text, column))
}

// mentions reports whether a text has a name as a word, in any case.
func mentions(text, name string) bool {
	for _, w := range wordPattern.FindAllString(text, -1) {
		if strings.EqualFold(w, name) {
			return true
		}
	}
	return false
}
