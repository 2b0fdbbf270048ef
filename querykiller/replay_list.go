package querykiller

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// expectMark is what an expected verdict stands behind.
const expectMark = "=> "

// rowPattern is the line that \G prints before a row.
var rowPattern = regexp.MustCompile(`^\*{5,}\s*(\d+)\. row\s*\*{5,}$`)

// linePattern is one line of a row that \G prints.
var linePattern = regexp.MustCompile(`^\s*([A-Za-z_]+): ?(.*)$`)

// readPrinted reads what the mysql client prints.
func readPrinted(lines []string) ([]Saved, error) {
	for _, line := range lines {
		switch line = strings.TrimRight(line, "\r"); {
		case rowPattern.MatchString(strings.TrimSpace(line)):
			return readVertical(lines)
		case strings.HasPrefix(line, "|"):
			return readTable(lines)
		case strings.Contains(line, "\t"):
			return readTabs(lines)
		}
	}
	return nil, nil
}

// readTable reads rows between bars. A statement may have bars and line breaks
// of its own.
func readTable(lines []string) ([]Saved, error) {
	var all []Saved
	var header []string
	for n := 0; n < len(lines); n++ {
		row := strings.TrimRight(lines[n], "\r ")
		if !strings.HasPrefix(row, "|") {
			continue
		}
		first := n
		row, expect := cutExpect(row)
		for !complete(row, len(header)) && n+1 < len(lines) && !strings.HasPrefix(lines[n+1], "+-") {
			n++
			var more string
			more, expect = cutExpect(strings.TrimRight(lines[n], "\r "))
			row += "\n" + more
		}
		cells := strings.Split(strings.TrimSuffix(strings.TrimPrefix(row, "|"), "|"), "|")
		if isHeader(cells) {
			header = columns(cells)
			all = append(all, Saved{Snapshot: &Snapshot{}})
			continue
		}
		if err := enter(all, header, cells, "|", first+1, expect); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// readTabs reads what batch mode prints.
func readTabs(lines []string) ([]Saved, error) {
	var all []Saved
	var header []string
	for n, line := range lines {
		line = strings.TrimRight(line, "\r")
		if !strings.Contains(line, "\t") {
			continue
		}
		cells := strings.Split(line, "\t")
		if isHeader(cells) {
			header = columns(cells)
			all = append(all, Saved{Snapshot: &Snapshot{}})
			continue
		}
		last := len(cells) - 1
		expect, ok := strings.CutPrefix(cells[last], expectMark)
		if ok {
			cells = cells[:last]
		}
		if err := enter(all, header, cells, "\t", n+1, strings.TrimSpace(expect)); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// readVertical reads what \G prints.
func readVertical(lines []string) ([]Saved, error) {
	var all []Saved
	var header, cells []string
	var expect string
	begun := 0
	flush := func() error {
		if begun == 0 {
			return nil
		}
		return enter(all, header, cells, "\n", begun, expect)
	}
	for n, line := range lines {
		line = strings.TrimRight(line, "\r")
		trimmed := strings.TrimSpace(line)
		if m := rowPattern.FindStringSubmatch(trimmed); m != nil {
			if err := flush(); err != nil {
				return nil, err
			}
			if m[1] == "1" || len(all) == 0 {
				all = append(all, Saved{Snapshot: &Snapshot{}})
			}
			begun, header, cells, expect = n+1, nil, nil, ""
			continue
		}
		m := linePattern.FindStringSubmatch(line)
		switch {
		case strings.HasPrefix(trimmed, expectMark):
			expect = strings.TrimPrefix(trimmed, expectMark)
		case m != nil && fieldReaders[strings.ToLower(m[1])] != nil && !slices.Contains(header, strings.ToLower(m[1])):
			header, cells = append(header, strings.ToLower(m[1])), append(cells, m[2])
		case m == nil && len(cells) > 0 && header[len(header)-1] == "info":
			cells[len(cells)-1] += "\n" + line // the statement goes on
		}
	}
	return all, flush()
}

// cutExpect takes the expected verdict off a row.
func cutExpect(row string) (rest, expect string) {
	if i := strings.LastIndex(row, "| "+expectMark); i >= 0 {
		return row[:i+1], strings.TrimSpace(row[i+2+len(expectMark):])
	}
	return row, ""
}

// complete says whether a row of a table ends here.
func complete(row string, columns int) bool {
	return strings.HasSuffix(row, "|") && strings.Count(row, "|") > columns
}

func isHeader(cells []string) bool {
	names := columns(cells)
	return slices.Contains(names, "id") && slices.Contains(names, "command")
}

func columns(cells []string) []string {
	names := make([]string, len(cells))
	for i, c := range cells {
		names[i] = strings.ToLower(strings.TrimSpace(c))
	}
	return names
}

// enter reads one row into the latest snapshot. Cells too many belong to the
// statement, which holds the separator itself.
func enter(all []Saved, header, cells []string, separator string, line int, expect string) error {
	if len(all) == 0 || len(header) == 0 {
		return fmt.Errorf("line %d of the saved process list stands before a header with Id and Command", line)
	}
	info := slices.Index(header, "info")
	if extra := len(cells) - len(header); extra > 0 && info >= 0 {
		cells = slices.Concat(cells[:info], []string{strings.Join(cells[info:info+extra+1], separator)}, cells[info+extra+1:])
	}
	if len(cells) != len(header) {
		return fmt.Errorf("line %d of the saved process list has %d columns, its header has %d", line, len(cells), len(header))
	}
	s := Session{Unknown: slices.Clone(unlisted)}
	for i, name := range header {
		value := strings.TrimSpace(cells[i])
		read := fieldReaders[name]
		if read == nil || value == "" || value == "NULL" && name != "user" {
			continue
		}
		if err := read(&s, value); err != nil {
			return fmt.Errorf("line %d of the saved process list, column %s: %w", line, name, err)
		}
		s.Unknown = slices.DeleteFunc(s.Unknown, func(field string) bool { return field == name })
	}
	if s.ID == 0 {
		return fmt.Errorf("line %d of the saved process list has no Id", line)
	}
	s.Statement.Session = s.ID
	s.Statement.Idle = strings.EqualFold(s.Command, "Sleep")
	all[len(all)-1].add(s, line, expect)
	return nil
}

// unlisted is what a plain process list does not tell.
var unlisted = []string{"rows_examined", "rows_modified", "locked", "transaction", "program", "release", "digest", "blocked_by"}

// fieldReaders read a column by its name in small letters.
var fieldReaders = map[string]func(s *Session, value string) error{
	"id":      func(s *Session, v string) (err error) { s.ID, err = strconv.ParseUint(v, 10, 64); return err },
	"user":    func(s *Session, v string) error { s.User = v; return nil },
	"host":    func(s *Session, v string) error { s.Host = withoutPort(v); return nil },
	"db":      func(s *Session, v string) error { s.Database = v; return nil },
	"command": func(s *Session, v string) error { s.Command = v; return nil },
	"state":   func(s *Session, v string) error { s.State = v; return nil },
	"info": func(s *Session, v string) error {
		s.Text, s.Kind = v, KindOf(v)
		return nil
	},
	"time": func(s *Session, v string) error {
		if s.Age > 0 {
			return nil // time_ms is finer
		}
		return readAge(&s.Age, v, time.Second)
	},
	"time_ms": func(s *Session, v string) error { return readAge(&s.Age, v, time.Millisecond) },
	"query_id": func(s *Session, v string) (err error) {
		s.Statement.Query, err = strconv.ParseUint(v, 10, 64)
		return err
	},
	"rows_examined": func(s *Session, v string) (err error) { s.RowsExamined, err = strconv.ParseUint(v, 10, 64); return err },
	"examined_rows": func(s *Session, v string) (err error) {
		s.Unknown = slices.DeleteFunc(s.Unknown, func(field string) bool { return field == "rows_examined" })
		s.RowsExamined, err = strconv.ParseUint(v, 10, 64)
		return err
	},
	"rows_modified": func(s *Session, v string) (err error) { s.RowsModified, err = strconv.ParseUint(v, 10, 64); return err },
	"locked":        func(s *Session, v string) error { return readAge(&s.Locked, v, time.Second) },
	"transaction":   func(s *Session, v string) error { return readAge(&s.Transaction, v, time.Second) },
	"rolling_back":  func(s *Session, v string) error { return readTri(&s.RollingBack, v) },
	"holds_tables":  func(s *Session, v string) error { return readTri(&s.HoldsTables, v) },
	"program":       func(s *Session, v string) error { s.Program = v; return nil },
	"release":       func(s *Session, v string) error { s.Release = v; return nil },
	"blocked_by": func(s *Session, v string) error {
		for one := range strings.SplitSeq(v, ",") {
			id, lock, _ := strings.Cut(strings.TrimSpace(one), " ")
			n, err := strconv.ParseUint(id, 10, 64)
			if err != nil {
				return fmt.Errorf("%q is no session", one)
			}
			s.BlockedBy = append(s.BlockedBy, Block{Session: n, Lock: LockKind(lock)})
		}
		return nil
	},
}

// readAge reads a count of units, with or without a fraction; a negative one,
// which a clock set back makes, is zero.
func readAge(dst *time.Duration, v string, unit time.Duration) error {
	n, err := strconv.ParseFloat(v, 64)
	if err != nil || !(n < float64(1<<62)/float64(unit)) {
		return fmt.Errorf("%q is no number of seconds", v)
	}
	*dst = max(0, time.Duration(n*float64(unit)))
	return nil
}

func readTri(dst *Tri, v string) error {
	switch t := Tri(strings.ToLower(v)); t {
	case Yes, No:
		*dst = t
		return nil
	}
	return fmt.Errorf("%q is neither yes nor no", v)
}
