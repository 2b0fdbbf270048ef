package querykiller

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// MaxSavedSize is the size in bytes above which a saved process list is refused.
const MaxSavedSize = 256 << 20

// Saved is a snapshot that was read from a file.
type Saved struct {
	Snapshot *Snapshot
	// Line is, for every session, where it stands in the file, from 1.
	Line []int
	// Expect is, for every session, the verdict that is written beside it, see
	// [Verdict.Is]; empty without one.
	Expect []string
}

// add enters one session.
func (s *Saved) add(one Session, line int, expect string) {
	s.Snapshot.Sessions = append(s.Snapshot.Sessions, one)
	s.Line, s.Expect = append(s.Line, line), append(s.Expect, expect)
}

// ReadSaved reads saved snapshots: lines of JSON as [WriteSaved] writes them, or
// what the mysql client prints for SHOW FULL PROCESSLIST as a table, in batch
// mode (with tabs) or with \G. What such a list does not have is unknown, and the
// guards that need it refuse. Columns with a field's name are understood too. A
// verdict that is expected stands behind the row as "=> kill_query name", in a
// session's JSON as the field "expect".
func ReadSaved(r io.Reader) ([]Saved, error) {
	text, err := io.ReadAll(io.LimitReader(r, MaxSavedSize+1))
	if err != nil {
		return nil, fmt.Errorf("read the saved process list: %w", err)
	}
	if len(text) > MaxSavedSize {
		return nil, fmt.Errorf("the saved process list is larger than %d bytes: split it", MaxSavedSize)
	}
	var all []Saved
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) {
		all, err = readJSON(text)
	} else {
		all, err = readPrinted(strings.Split(string(text), "\n"))
	}
	if err == nil && len(all) == 0 {
		err = fmt.Errorf("the saved process list has no rows: save one with `underpin killer record`, or SHOW FULL PROCESSLIST")
	}
	return all, err
}

// WriteSaved writes a snapshot as one line of JSON. It writes the statements as
// they are: see [Snapshot.Redacted].
func WriteSaved(w io.Writer, s *Snapshot) error {
	line, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("save a snapshot: %w", err)
	}
	if _, err := w.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("save a snapshot: %w", err)
	}
	return nil
}

// readJSON reads one snapshot a line.
func readJSON(text []byte) ([]Saved, error) {
	var all []Saved
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, MaxSavedSize+1)
	for n := 1; lines.Scan(); n++ {
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 {
			continue
		}
		s := Saved{Snapshot: &Snapshot{}}
		var expected struct {
			Sessions []struct {
				Expect string `json:"expect"`
			} `json:"sessions"`
		}
		if err := json.Unmarshal(line, s.Snapshot); err != nil {
			return nil, fmt.Errorf("line %d of the saved process list is no snapshot: %w", n, err)
		}
		if err := json.Unmarshal(line, &expected); err != nil {
			return nil, fmt.Errorf("line %d of the saved process list: %w", n, err)
		}
		for i := range expected.Sessions {
			s.Line, s.Expect = append(s.Line, n), append(s.Expect, expected.Sessions[i].Expect)
		}
		all = append(all, s)
	}
	return all, lines.Err()
}

// Redacted returns a copy without literals and comments, in which the rules find
// what they would have found, patterns on the text aside: kind and digest are
// kept as worked out from the text, and so are its tag and the marks of dumps and
// of Underpin itself.
func (s *Snapshot) Redacted() *Snapshot {
	out := *s
	out.Sessions = slices.Clone(s.Sessions)
	for i := range out.Sessions {
		one := &out.Sessions[i]
		if one.Text == "" {
			continue
		}
		if one.Kind == KindNone {
			one.Kind = KindOf(one.Text)
		}
		if one.Digest == "" {
			one.Digest = Digest(one.Text)
		}
		one.Own = isOwn(fold(one, one.Kind)) != ""
		head := ""
		if isDumpText(one.Text) {
			head = dumpMark + " "
		}
		if tag := ParseTag(one.Text); len(tag) > 0 {
			head += "/* "
			for n, key := range slices.Sorted(maps.Keys(tag)) {
				if n > 0 {
					head += ","
				}
				head += key + "=" + tag[key]
			}
			head += " */ "
		}
		one.Text = head + Redact(one.Text)
	}
	return &out
}

// Brief is the verdict without its reason: "kill_query slow", "refused slow",
// "leave slow" for a rule that is not due or leaves alone, "protected backup",
// and "leave" if no rule matches.
func (v Verdict) Brief() string {
	switch {
	case v.Class != "":
		return "protected " + string(v.Class)
	case v.Rule == "":
		return string(ActLeave)
	case v.Refused:
		return "refused " + v.Rule
	case v.Act == "":
		return string(ActLeave) + " " + v.Rule
	}
	return string(v.Act) + " " + v.Rule
}

// Is says whether the verdict is the one expected: its [Verdict.Brief], or with
// its reason behind a colon, of which the beginning is enough.
func (v Verdict) Is(expect string) bool {
	brief, reason, _ := strings.Cut(expect, ": ")
	return brief == v.Brief() && strings.HasPrefix(v.Reason, reason)
}
