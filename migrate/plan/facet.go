package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
)

// facet is one way in which a column can become another, and what follows.
type facet struct {
	name   string
	course migrate.Course
	found  func(was, is column) bool
	// fit returns the rows that the server would refuse.
	fit func(t *table, was, is column) []Fit
	// back is whether the way back restores the old definition; without it what
	// was loosened stays loosened, because rows may need it by then.
	back bool
	code Obligation
	// remedy refuses: the table and the column are its places. words say why.
	remedy string
	words  func(was, is column) string
}

// facets are tried one after the other; all that are found count. The first
// ones refuse.
var facets = []facet{
	{
		name: "retype", found: retyped,
		remedy: "underpin plan \"ALTER TABLE %[1]s MODIFY COLUMN %[2]s …\" writes a change that keeps two columns in step",
		words: func(was, is column) string {
			return fmt.Sprintf("its type changes from %s to %s: the server would copy the table while writers wait, and running code would meet another type from one moment to the next", described(was), described(is))
		},
	},
	{
		name: "numbering", found: func(was, is column) bool { return was.AutoIncrement != is.AutoIncrement },
		remedy: "copy the rows of %[1]s to a table of its own: a change file with a target table",
		words:  func(was, is column) string { return "whether the server numbers it changes" },
	},
	{
		name: "generation", found: func(was, is column) bool { return was.generated != is.generated },
		remedy: "add a column beside %[1]s.%[2]s and map it: a change file",
		words:  func(was, is column) string { return "whether the server computes it changes" },
	},
	{
		name: "widen", course: migrate.Added, found: widened,
		code: Obligation{After: "may write the longer values; a release that reads them has to have room"},
	},
	{
		name: "extend enum", course: migrate.Added, found: func(was, is column) bool { return listed(was) && extends(was, is) },
		code: Obligation{After: "may write the new values; a release that reads them has to know them"},
	},
	{
		name: "narrow", course: migrate.Tightened, found: narrowed, fit: fitLength, back: true,
		code: Obligation{Before: "writes no longer values than the new length"},
	},
	{
		name: "reduce enum", course: migrate.Tightened, found: func(was, is column) bool { return listed(was) && reduces(was, is) },
		fit: fitMembers, back: true,
		code: Obligation{Before: "writes none of the values that go"},
	},
	{
		name: "set not null", course: migrate.Tightened, back: true,
		found: func(was, is column) bool { return was.Null == migrate.Nullable && is.Null == migrate.NotNull },
		fit: func(t *table, was, is column) []Fit {
			return []Fit{{What: was.Name + " is NULL", Query: t.rowsWhere(mysqlx.Quote(was.Name) + " IS NULL")}}
		},
		code: Obligation{Before: "always writes a value"},
	},
	{
		name: "drop not null", course: migrate.Added,
		found: func(was, is column) bool { return was.Null == migrate.NotNull && is.Null == migrate.Nullable },
		code:  Obligation{After: "may write NULL once every release that reads it takes NULL"},
	},
	{
		name: "drop default", course: migrate.Tightened, back: true,
		found: func(was, is column) bool { return is.required() && !was.required() && was.Null == is.Null },
		code:  Obligation{Before: "names the column in every INSERT"},
	},
	{
		name: "change default", course: migrate.Added, back: true,
		found: func(was, is column) bool {
			// A column that only begins to take NULL has NULL as its default from then on.
			loosened := was.Null != is.Null && !was.hasDefault
			return !is.required() && !loosened && (was.hasDefault != is.hasDefault || was.deflt != is.deflt)
		},
		code: Obligation{After: "an INSERT that leaves the column out gets the new default"},
	},
	{
		name: "add on update", course: migrate.Added, back: true,
		found: func(was, is column) bool { return !was.onUpdate && is.onUpdate },
		code:  Obligation{After: "an UPDATE that leaves the column out sets it"},
	},
	{
		name: "drop on update", course: migrate.Tightened, back: true,
		found: func(was, is column) bool { return was.onUpdate && !is.onUpdate },
		code:  Obligation{Before: "sets the column in every UPDATE that means to"},
	},
}

// retyped reports whether values of the one type are not values of the other,
// or the server cannot do it in place.
func retyped(was, is column) bool {
	if was.DataType != is.DataType || was.Charset != is.Charset || was.Collation != is.Collation || was.unsigned() != is.unsigned() {
		return true
	}
	if varying(was) {
		return false
	}
	if listed(was) {
		return !extends(was, is) && !reduces(was, is) && !slices.Equal(members(was), members(is))
	}
	return was.ColumnType != is.ColumnType
}

// varying reports whether a type has a length that the server can change
// without touching rows.
func varying(c column) bool { return c.DataType == "varchar" || c.DataType == "varbinary" }

func widened(was, is column) bool  { return varying(was) && is.length > was.length }
func narrowed(was, is column) bool { return varying(was) && is.length < was.length }

// listed reports whether a type lists its values.
func listed(c column) bool { return c.DataType == "enum" || c.DataType == "set" }

// members returns the values of an ENUM or SET, in order, quoted.
func members(c column) []string {
	open, end := strings.IndexByte(c.ColumnType, '('), strings.LastIndexByte(c.ColumnType, ')')
	if !listed(c) || open < 0 || end < open {
		return nil
	}
	var out []string
	var b strings.Builder
	in := false
	for _, r := range c.ColumnType[open+1 : end] {
		if r == '\'' {
			in = !in // a doubled quote ends and begins again
		}
		if r == ',' && !in {
			out = append(out, b.String())
			b.Reset()
			continue
		}
		b.WriteRune(r)
	}
	return append(out, b.String())
}

// extends reports whether values were added at the end alone: their numbers
// stay what they were.
func extends(was, is column) bool {
	old, now := members(was), members(is)
	return len(now) > len(old) && slices.Equal(now[:len(old)], old)
}

// reduces reports whether values were removed and the others keep their order.
func reduces(was, is column) bool {
	old, now := members(was), members(is)
	kept := slices.DeleteFunc(slices.Clone(old), func(m string) bool { return !slices.Contains(now, m) })
	return len(now) < len(old) && slices.Equal(kept, now)
}

// fitLength finds values that are too long.
func fitLength(t *table, was, is column) []Fit {
	measure := "CHAR_LENGTH"
	if is.DataType == "varbinary" {
		measure = "LENGTH"
	}
	return []Fit{{
		What:  fmt.Sprintf("%s is longer than %d", was.Name, is.length),
		Query: t.rowsWhere(fmt.Sprintf("%s(%s) > %d", measure, mysqlx.Quote(was.Name), is.length)),
	}}
}

// fitMembers finds rows with values that go.
func fitMembers(t *table, was, is column) []Fit {
	now := members(is)
	var out []Fit
	for _, m := range members(was) {
		if slices.Contains(now, m) {
			continue
		}
		cond := mysqlx.Quote(was.Name) + " = " + m
		if was.DataType == "set" {
			cond = "FIND_IN_SET(" + m + ", " + mysqlx.Quote(was.Name) + ") > 0"
		}
		out = append(out, Fit{What: fmt.Sprintf("%s has the value %s", was.Name, m), Query: t.rowsWhere(cond)})
	}
	return out
}

// described is a type for messages.
func described(c column) string {
	if c.Collation != "" {
		return c.ColumnType + " collate " + c.Collation
	}
	return c.ColumnType
}
