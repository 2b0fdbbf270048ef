package desired

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/underpin-db/underpin/internal/mysqlx"
)

// shown is a table as SHOW CREATE TABLE writes it, part by part: the server puts
// one on each line, in words of its own, however it was typed.
type shown struct {
	columns []string // in order
	// parts is what the server says of each column, index and check, and of the
	// table; foreign is what it says of each foreign key.
	parts   map[part]string
	foreign map[string]string
}

// part is a part of a table: its kind, and its name as the server quotes it.
type part struct{ kind, name string }

// The kinds of parts.
const (
	partColumn  = "column"
	partIndex   = "index"
	partPrimary = "primary key"
	partCheck   = "check"
	partForeign = "foreign key"
	partOptions = "table options"
)

// String names a part in messages.
func (p part) String() string { return strings.TrimSpace(p.kind + " " + p.name) }

// forms are the lines that are known. Each has two groups: the part's name, and
// what is said of it.
var forms = []struct {
	kind string
	line *regexp.Regexp
}{
	{partColumn, regexp.MustCompile("^  (`(?:[^`]|``)+`) (.+)$")},
	{partPrimary, regexp.MustCompile("^  ()PRIMARY KEY (.+)$")},
	{partIndex, regexp.MustCompile("^  (?:[A-Z]+ )?KEY (`(?:[^`]|``)+`) .+$")},
	{partCheck, regexp.MustCompile("^  CONSTRAINT (`(?:[^`]|``)+`) (CHECK .+)$")},
	{partForeign, regexp.MustCompile("^  CONSTRAINT (`(?:[^`]|``)+`) (FOREIGN KEY .+)$")},
	{partOptions, regexp.MustCompile(`(?s)^()\) (.*ENGINE=.+)$`)},
}

var (
	firstLine = regexp.MustCompile("^CREATE (?:TEMPORARY )?TABLE `(?:[^`]|``)+` \\($")
	// numbered is where a table's next number stands; it differs with the rows.
	numbered = regexp.MustCompile(`^(.*?ENGINE=\w+) AUTO_INCREMENT=[0-9]+`)
	// collated is a column's collation, and collation the table's. MySQL repeats
	// the table's at columns for which it was typed, and means nothing by it.
	collated  = regexp.MustCompile(`^((?:(?:var)?char\([0-9]+\)|(?:tiny|medium|long)?text|(?:enum|set)\((?:'(?:[^'\\]|''|\\.)*',?)+\)))(?: CHARACTER SET \w+)? COLLATE (\w+)`)
	collation = regexp.MustCompile(`^[^']*? COLLATE=(\w+)`)
	// worded are the types that have a character set.
	worded = regexp.MustCompile(`^(?:(?:var)?char\(|(?:tiny|medium|long)?text\b|(?:enum|set)\()`)
	// btree is what an index is anyway.
	btree = regexp.MustCompile(`^([^'"]*\)) USING BTREE`)
)

// readShown takes a text of SHOW CREATE TABLE apart. It is false where a line is
// of no known form: nothing is to be concluded from such a text.
func readShown(text string) (shown, bool) {
	s := shown{parts: map[part]string{}, foreign: map[string]string{}}
	lines := strings.Split(text, "\n")
	last := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, ")") })
	if last < 1 || !firstLine.MatchString(lines[0]) {
		return s, false
	}
	lines = append(slices.Clone(lines[1:last]), strings.Join(lines[last:], "\n")) // partitions are lines of the options
	for i, line := range lines {
		if i < last-2 {
			cut, ok := strings.CutSuffix(line, ",")
			if !ok {
				return s, false
			}
			line = cut
		}
		if !s.add(line) {
			return s, false
		}
	}
	s.neutral()
	_, whole := s.parts[part{kind: partOptions}]
	return s, whole && len(s.columns) > 0
}

// add takes in a line, or is false where it is of no known form.
func (s *shown) add(line string) bool {
	for _, f := range forms {
		m := f.line.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		p := part{f.kind, m[1]}
		said := strings.TrimSpace(line)
		if len(m) > 2 {
			said = m[2]
		}
		switch f.kind {
		case partForeign:
			s.foreign[strings.ToLower(p.name)] = strings.TrimSpace(line)
			return true
		case partColumn:
			s.columns = append(s.columns, p.name)
		case partCheck:
			p.name = strings.ToLower(p.name)
		}
		_, twice := s.parts[p]
		s.parts[p] = said
		return !twice
	}
	return false
}

// neutral takes out what two texts of the same table may differ in.
func (s *shown) neutral() {
	options := part{kind: partOptions}
	s.parts[options] = numbered.ReplaceAllString(s.parts[options], "$1")
	table := collation.FindStringSubmatch(s.parts[options])
	for p, said := range s.parts {
		m := collated.FindStringSubmatch(said)
		switch {
		case p.kind == partColumn && m != nil && table != nil && m[2] == table[1]:
			s.parts[p] = m[1] + strings.TrimPrefix(said, m[0])
		case p.kind == partIndex, p.kind == partPrimary:
			s.parts[p] = btree.ReplaceAllString(said, "$1")
		}
	}
}

// rename gives a check another name.
func (s *shown) rename(from, to string) {
	old := part{partCheck, strings.ToLower(mysqlx.Quote(from))}
	if said, ok := s.parts[old]; ok {
		delete(s.parts, old)
		s.parts[part{partCheck, strings.ToLower(mysqlx.Quote(to))}] = said
	}
}

// equal reports whether two texts mean the same table, foreign keys aside. The
// order of indexes and checks means nothing; that of columns does.
func (s *shown) equal(other *shown) bool {
	return slices.Equal(s.columns, other.columns) && maps.Equal(s.parts, other.parts)
}
