package filestore

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/underpin-db/underpin/flags"
)

// MaxSize is the size in bytes above which a file is refused.
const MaxSize = 64 << 20

// ParseError is one mistake in a file.
type ParseError struct {
	File string
	// Line and Column count from 1; zero where the whole file is meant.
	Line, Column int
	Err          error
}

// Error returns "file:line:column: what".
func (e *ParseError) Error() string {
	if e.Line == 0 {
		return e.File + ": " + e.Err.Error()
	}
	return fmt.Sprintf("%s:%d:%d: %v", e.File, e.Line, e.Column, e.Err)
}

// Unwrap returns Err.
func (e *ParseError) Unwrap() error { return e.Err }

// ParseErrors is every mistake in a file.
type ParseErrors []*ParseError

// Error lists the mistakes, one a line.
func (e ParseErrors) Error() string {
	lines := make([]string, len(e))
	for i, one := range e {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the mistakes one by one.
func (e ParseErrors) Unwrap() []error {
	out := make([]error, len(e))
	for i, one := range e {
		out[i] = one
	}
	return out
}

// Scope says what a file's flags are.
type Scope string

const (
	// Whole: all flags there are, so what they require has to be among them.
	Whole Scope = "whole"
	// Part: some flags, whose requirements may be elsewhere.
	Part Scope = "part"
)

// document is the file.
type document struct {
	Flags []flags.Flag `yaml:"flags"`
}

// Parse reads a file; the name is used in messages only. Mistakes come as
// [ParseErrors]; an error of the reader is returned as it is.
func Parse(name string, r io.Reader, scope Scope) ([]flags.Flag, error) {
	text, err := io.ReadAll(io.LimitReader(r, MaxSize+1))
	if err != nil {
		return nil, fmt.Errorf("read flags from %s: %w", name, err)
	}
	if len(text) > MaxSize {
		return nil, ParseErrors{{File: name, Err: fmt.Errorf("it is larger than %d bytes", MaxSize)}}
	}
	var doc document
	dec := yaml.NewDecoder(bytes.NewReader(text), yaml.Strict(),
		yaml.CustomUnmarshaler(readValue), yaml.CustomUnmarshaler(readShare), yaml.CustomUnmarshaler(readDuration), yaml.CustomUnmarshaler(readTime))
	if err := dec.Decode(&doc); err != nil && !errors.Is(err, io.EOF) {
		return nil, ParseErrors{located(name, err)}
	}
	if err := dec.Decode(&document{}); !errors.Is(err, io.EOF) {
		return nil, ParseErrors{{File: name, Err: errors.New("a second YAML document follows: keep one")}}
	}
	if doc.Flags == nil { // as in a file that somebody is just writing
		return nil, ParseErrors{{File: name, Err: errors.New("there is no list of flags: write `flags: []` if there are none")}}
	}
	return check(name, text, doc.Flags, scope)
}

// located finds the place that an error of the YAML library carries.
func located(name string, err error) *ParseError {
	out := &ParseError{File: name, Err: err}
	var bad yaml.Error
	if errors.As(err, &bad) {
		out.Err = errors.New(bad.GetMessage())
		if tk := bad.GetToken(); tk != nil && tk.Position != nil {
			out.Line, out.Column = tk.Position.Line, tk.Position.Column
		}
	}
	return out
}

// check validates the flags and finds where in the file each problem stands.
func check(name string, text []byte, all []flags.Flag, scope Scope) ([]flags.Flag, error) {
	set, first := map[string]*flags.Flag{}, map[string]int{}
	for i := range all {
		if _, twice := first[all[i].Name]; !twice {
			first[all[i].Name] = i
			set[all[i].Name] = &all[i]
		}
	}
	var bad ParseErrors
	places := &places{text: text}
	add := func(i int, err error) {
		var invalid *flags.Invalid
		if !errors.As(err, &invalid) {
			return
		}
		for _, p := range invalid.Problems {
			line, column := places.find(fmt.Sprintf("$.flags[%d]", i), p.Path)
			bad = append(bad, &ParseError{name, line, column, fmt.Errorf("flag %q: %w", all[i].Name, p)})
		}
	}
	for i, f := range all {
		add(i, f.Validate())
		if first[f.Name] != i {
			add(i, &flags.Invalid{Flag: f.Name, Problems: []*flags.Problem{{Path: "name", Err: fmt.Errorf("%w: it stands twice", flags.ErrName)}}})
		}
		if scope == Whole {
			add(i, flags.CheckRequirements(f, func(name string) *flags.Flag { return set[name] }))
		}
	}
	if len(bad) > 0 {
		return nil, bad
	}
	return all, nil
}

// places finds paths in the text, which it parses when the first is asked for.
type places struct {
	text []byte
	file *ast.File
}

// find returns where a path below a base stands, or the nearest above it that is
// in the file.
func (p *places) find(base, path string) (line, column int) {
	if p.file == nil {
		file, err := parser.ParseBytes(p.text, 0)
		if err != nil {
			return 0, 0
		}
		p.file = file
	}
	for full := base + "." + path; ; full = full[:strings.LastIndexAny(full, ".[")] {
		if where, err := yaml.PathString(full); err == nil {
			if n, err := where.FilterFile(p.file); err == nil && n != nil && n.GetToken() != nil {
				return beginning(n)
			}
		}
		if full == base {
			return 0, 0
		}
	}
}

// beginning returns where a node begins; a mapping's own token is its colon.
func beginning(n ast.Node) (line, column int) {
	for {
		if m, ok := n.(*ast.MappingNode); ok && len(m.Values) > 0 && !m.IsFlowStyle {
			n = m.Values[0]
			continue
		}
		if m, ok := n.(*ast.MappingValueNode); ok {
			n = m.Key
			continue
		}
		at := n.GetToken().Position
		return at.Line, at.Column
	}
}

// readValue reads any YAML value as the JSON that it stands for.
func readValue(v *flags.Value, text []byte) error {
	asJSON, err := yaml.YAMLToJSON(text)
	if err != nil {
		return err
	}
	*v, err = flags.Document(asJSON)
	return err
}

func readShare(s *flags.Share, text []byte) error { return s.UnmarshalText(plain(text)) }

func readDuration(d *flags.Duration, text []byte) error { return d.UnmarshalText(plain(text)) }

func readTime(t *time.Time, text []byte) error {
	if at, err := time.Parse(time.DateOnly, string(plain(text))); err == nil {
		*t = at
		return nil
	}
	return t.UnmarshalText(plain(text))
}

// plain takes the quotes and the space off a scalar.
func plain(text []byte) []byte { return bytes.Trim(bytes.TrimSpace(text), `"'`) }
