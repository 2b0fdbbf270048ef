package source

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/underpin-db/underpin/review"
)

// Format names the tool whose files a folder holds.
type Format string

// The formats.
const (
	Goose         Format = "goose"
	SQLMigrate    Format = "sql-migrate"
	GolangMigrate Format = "golang-migrate"
	Flyway        Format = "flyway"
	Dbmate        Format = "dbmate"
	Atlas         Format = "atlas"
	Plain         Format = "plain"
	// Schema is a folder of CREATE TABLE statements that say how the schema is
	// to be. It is never told from the files: it has to be named.
	Schema Format = "schema"
)

// Formats returns the names of all formats.
func Formats() []Format {
	var out []Format
	for _, f := range formats {
		out = append(out, f.name)
	}
	return append(out, Schema)
}

// format is one row of the table of formats.
type format struct {
	name Format
	// sum is a file whose presence tells the format; holds, a text in the
	// files; files, the names of files. The first row that fits is the format.
	sum   string
	holds *regexp.Regexp
	file  *regexp.Regexp
	// up, down, begin and end are the comments that cut a file; down files
	// have their direction in their name.
	up, down, begin, end string
	downFile             *regexp.Regexp
}

var anything = regexp.MustCompile("")

// formats are tried in this order.
var formats = []format{
	{name: Atlas, sum: "atlas.sum", file: regexp.MustCompile(`^(\d+)_?(.*)\.sql$`)},
	{
		name: Goose, holds: regexp.MustCompile(`(?i)--\s*\+goose up`), file: regexp.MustCompile(`^(\d+)_?(.*)\.sql$`),
		up: "+goose up", down: "+goose down", begin: "+goose statementbegin", end: "+goose statementend",
	},
	{
		name: SQLMigrate, holds: regexp.MustCompile(`(?i)--\s*\+migrate up`), file: regexp.MustCompile(`^()(.*)\.sql$`),
		up: "+migrate up", down: "+migrate down", begin: "+migrate statementbegin", end: "+migrate statementend",
	},
	{
		name: Dbmate, holds: regexp.MustCompile(`(?i)--\s*migrate:up`), file: regexp.MustCompile(`^(\d+)_?(.*)\.sql$`),
		up: "migrate:up", down: "migrate:down",
	},
	{
		name: GolangMigrate, holds: anything, file: regexp.MustCompile(`^(\d+)_(.*)\.(?:up|down)\.sql$`),
		downFile: regexp.MustCompile(`\.down\.sql$`),
	},
	{
		name: Flyway, holds: anything, file: regexp.MustCompile(`^(?:[VUB](\d[\d._]*)|R)__(.*)\.sql$`),
		downFile: regexp.MustCompile(`^U`),
	},
	{
		name: Plain, holds: anything, file: regexp.MustCompile(`^[vV]?(\d[\d._-]*)[._-]?(.*)\.sql$`),
		downFile: regexp.MustCompile(`(?i)[._-](?:down|undo|rollback|revert)\.sql$`),
	},
}

// version is what orders a file.
type version struct{ text, name string }

// version reads a file's name; ok is false for one that is no migration.
func (f *format) version(base string) (v version, ok bool) {
	m := f.file.FindStringSubmatch(base)
	if m == nil {
		return version{}, false
	}
	return version{strings.Trim(m[1], "._-"), m[2]}, true
}

// formatOf tells the format of a folder; nil is: these are no migrations, as
// far as one can tell.
func (f *finder) formatOf(folder string, names []string) (*format, error) {
	if f.cfg.Format != "" {
		i := slices.IndexFunc(formats, func(g format) bool { return g.name == f.cfg.Format })
		if i < 0 {
			return nil, &PathError{string(f.cfg.Format), fmt.Sprintf("it is no format; the formats are %v", Formats())}
		}
		return named(formats[i], f.isNamed(folder)), nil
	}
	for i := range formats {
		if f.fits(&formats[i], folder, names) {
			return named(formats[i], f.isNamed(folder)), nil
		}
	}
	if f.isNamed(folder) {
		return named(formats[len(formats)-1], true), nil
	}
	f.unreadLater = append(f.unreadLater, fmt.Sprintf("%s: %d files of SQL that do not look like migrations; name the folder to have them read", folder, len(names)))
	return nil, nil
}

// anyFile is any file of SQL; what begins with a number has a version.
var anyFile = regexp.MustCompile(`^(?:[vV]?(\d[\d._-]*)[._-]?)?(.*)\.sql$`)

// named lets a plain folder that somebody named hold files of any name.
func named(f format, wanted bool) *format {
	if f.name == Plain && wanted {
		f.file = anyFile
	}
	return &f
}

// fits reports whether a folder has a format.
func (f *finder) fits(g *format, folder string, names []string) bool {
	if g.sum != "" {
		_, err := os.Stat(filepath.Join(f.cfg.Root, filepath.FromSlash(folder), g.sum))
		return err == nil
	}
	return slices.ContainsFunc(names, func(name string) bool {
		if !g.file.MatchString(path.Base(name)) || f.since.removed(name) {
			return false
		}
		text, _ := f.text(name)
		return g.holds.MatchString(text)
	})
}

// sections cuts a file into what leads up and what leads down.
func (f *format) sections(base, text string) []review.Section {
	direction := review.Up
	if f.downFile != nil && f.downFile.MatchString(base) {
		direction = review.Down
	}
	if f.up == "" {
		return []review.Section{{Direction: direction, To: len(text)}}
	}
	c := &cutter{format: f, text: text}
	return c.cut()
}

// cutter cuts a file at the comments of its format.
type cutter struct {
	format    *format
	text      string
	direction review.Direction // empty: before the first comment
	single    review.SectionKind
	from      int
	out       []review.Section
}

func (c *cutter) cut() []review.Section {
	offset := 0
	for line := range strings.SplitAfterSeq(c.text, "\n") {
		if comment, found := strings.CutPrefix(strings.TrimSpace(line), "--"); found {
			c.comment(strings.ToLower(strings.TrimSpace(comment)), offset, offset+len(line))
		}
		offset += len(line)
	}
	c.end(len(c.text))
	return c.out
}

// comment heeds a comment that stands on a line of its own.
func (c *cutter) comment(comment string, from, to int) {
	is := func(word string) bool { return word != "" && (comment == word || strings.HasPrefix(comment, word+" ")) }
	switch f := c.format; {
	case is(f.up):
		c.end(from)
		c.direction, c.from = review.Up, to
	case is(f.down):
		c.end(from)
		c.direction, c.from = review.Down, to
	case is(f.begin):
		c.end(from)
		c.single, c.from = review.OneWhole, to
	case is(f.end):
		c.end(from)
		c.single, c.from = review.Delimited, to
	}
}

// end ends the section that is open.
func (c *cutter) end(to int) {
	if c.direction != "" && strings.TrimSpace(c.text[c.from:to]) != "" {
		c.out = append(c.out, review.Section{Direction: c.direction, From: c.from, To: to, Single: c.single})
	}
}

// compareVersions compares versions part by part, numbers as numbers. None
// comes last: what has no version is run behind what has one.
func compareVersions(a, b string) int {
	if (a == "") != (b == "") {
		return strings.Compare(b, a)
	}
	split := func(s string) []string {
		return strings.FieldsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
	}
	return slices.CompareFunc(split(a), split(b), func(x, y string) int {
		x, y = strings.TrimLeft(x, "0"), strings.TrimLeft(y, "0")
		if len(x) != len(y) {
			return len(x) - len(y)
		}
		return strings.Compare(x, y)
	})
}
