package plan

import (
	"bytes"
	_ "embed"
	"fmt"
	"go/format"
	"go/token"
	"slices"
	"strings"
	"text/template"
	"unicode"

	"github.com/underpin-db/underpin/internal/mysqlx"
	"github.com/underpin-db/underpin/migrate"
)

// Snippet is what one release of the application has to do, in words and as Go
// to paste: a whole file, so that it compiles as it stands.
type Snippet struct {
	// Release is a name for it: "first", "second", "third".
	Release string `json:"release"`
	Words   string `json:"words"`
	Go      string `json:"go,omitempty"`
}

//go:embed snippet.tmpl
var snippetText string

// snippetFile is what the template is filled with.
type snippetFile struct {
	Change, Support, Shape, Through, Row string
	// Fields are the columns of a row as it is read, Written those that this
	// release writes.
	Fields, Written                  []snippetField
	ReadOld, ReadNew, Insert, Update string
	// NeedsTime and Nullables say which packages are imported, Numbered whether
	// the server gives out keys, Both whether the release reads both shapes.
	NeedsTime, Nullables, Numbered, Both bool
	names                                map[string]string // of columns by their Go names
}

// snippetField is a column as a field of a struct and as a parameter.
type snippetField struct{ Name, Param, Type string }

// Snippets returns what each release has to do. A change of the schema alone
// has words only.
func (p *Plan) Snippets() ([]Snippet, error) {
	if p.Schema != nil {
		return []Snippet{{Release: "next", Words: p.Schema.Code.words(p.Change.Service, p.Change.Releases)}}, nil
	}
	m := p.Change.Mapping
	first, err := p.snippet(migrate.SourceShape, m.Source)
	if err != nil {
		return nil, err
	}
	second, err := p.snippet(migrate.TargetShape, m.Target)
	if err != nil {
		return nil, err
	}
	return []Snippet{
		{"first", "Before dual_write. It joins with the change, goes on writing the source shape inside Write, and reads inside Read. It may run beside what runs now only in planned and expanded.", first},
		{"second", "From read_new on. It writes and reads the target shape, and may run beside the first release until new_only, which asks that the first is gone." + p.obligations(), second},
		{"third", "After contracted. It no longer declares the change: plain statements on the target, without Write and Read. Once nothing else is live, the change is closed.", ""},
	}, nil
}

// snippet renders the code of a release that writes one shape.
func (p *Plan) snippet(writes migrate.Shape, side migrate.Table) (string, error) {
	m := p.Change.Mapping
	f := snippetFile{
		Change: p.Change.Name, Support: exported(p.Change.Name), Row: exported(m.Target.Name) + "Row",
		Shape: "SourceShape", Through: "ReadNew", Both: writes == migrate.SourceShape,
	}
	if writes == migrate.TargetShape {
		f.Shape, f.Through = "TargetShape", "NewOnly"
	}
	for _, a := range m.Forward {
		c, _ := m.Target.Column(a.Column)
		f.Fields = append(f.Fields, f.field(c))
	}
	written := m.Forward
	if writes == migrate.SourceShape {
		written = m.Backward
	}
	var columns, places, sets []string
	for _, a := range written {
		c, _ := side.Column(a.Column)
		f.Written = append(f.Written, f.field(c))
		columns, places = append(columns, mysqlx.Quote(c.Name)), append(places, "?")
		sets = append(sets, mysqlx.Quote(c.Name)+" = ?")
	}
	f.Insert = fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", mysqlx.Quote(side.Name), strings.Join(columns, ", "), strings.Join(places, ", "))
	f.Update = fmt.Sprintf("UPDATE %s SET %s WHERE %s", mysqlx.Quote(side.Name), strings.Join(sets, ", "), keyCondition(side.Key))
	// The rows of a merge's target have columns that are not of this change, so
	// the code that inserts them goes on as it does, inside Write.
	f.Numbered = len(side.Key) == 1 && side.Key[0].AutoIncrement && m.Kind() != migrate.MergeChange
	var old, now []string
	for _, a := range m.Forward {
		old = append(old, a.Value.Over(mysqlx.Quote(m.Source.Name)))
		now = append(now, mysqlx.Quote(a.Column))
	}
	f.ReadOld = fmt.Sprintf("SELECT %s FROM %s WHERE %s", strings.Join(old, ", "), mysqlx.Quote(m.Source.Name), keyCondition(m.Source.Key))
	if m.Kind() == migrate.MergeChange {
		f.ReadOld = readMerged(m)
	}
	f.ReadNew = fmt.Sprintf("SELECT %s FROM %s WHERE %s", strings.Join(now, ", "), mysqlx.Quote(m.Target.Name), keyCondition(m.Target.Key))
	return f.render()
}

// keyCondition returns the condition that names a row.
func keyCondition(key []migrate.Column) string {
	var conds []string
	for _, k := range key {
		conds = append(conds, mysqlx.Quote(k.Name)+" = ?")
	}
	return strings.Join(conds, " AND ")
}

// field is a column in Go. A NULL has a type that says so.
func (f *snippetFile) field(c migrate.Column) snippetField {
	kind := goType(c)
	f.NeedsTime = f.NeedsTime || kind == "time.Time"
	if c.Null == migrate.Nullable {
		kind, f.Nullables = "sql.Null["+kind+"]", true
	}
	name := f.unique(exported(c.Name), c.Name)
	param := strings.ToLower(name[:1]) + name[1:]
	if token.IsKeyword(param) || slices.Contains([]string{"ctx", "key", "change", "tx", "err", "res", "id", "row", "string", "int64"}, param) {
		param += "Value"
	}
	return snippetField{Name: name, Param: param, Type: kind}
}

// unique keeps two columns apart whose names make the same Go name.
func (f *snippetFile) unique(name, column string) string {
	if f.names == nil {
		f.names = map[string]string{}
	}
	for f.names[name] != "" && f.names[name] != column {
		name += "X"
	}
	f.names[name] = column
	return name
}

// goTypes are the Go types of column types; what is not here is read as a
// string.
var goTypes = map[string]string{
	"tinyint": "int64", "smallint": "int64", "mediumint": "int64", "int": "int64", "bigint": "int64", "year": "int64",
	"float": "float64", "double": "float64", "bit": "[]byte",
	"binary": "[]byte", "varbinary": "[]byte", "tinyblob": "[]byte", "blob": "[]byte", "mediumblob": "[]byte", "longblob": "[]byte",
	"date": "time.Time", "datetime": "time.Time", "timestamp": "time.Time",
}

func goType(c migrate.Column) string {
	kind, ok := goTypes[c.DataType]
	switch {
	case !ok:
		return "string"
	case kind == "int64" && strings.Contains(c.ColumnType, "unsigned"):
		return "uint64"
	}
	return kind
}

// exported makes an exported Go name of any identifier.
func exported(name string) string {
	var b strings.Builder
	up := true
	for _, r := range name {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			up = true
			continue
		}
		if up {
			r = unicode.ToUpper(r)
		}
		b.WriteRune(r)
		up = false
	}
	out := b.String()
	if out == "" || !token.IsExported(out) || !token.IsIdentifier(out) {
		out = "X" + out
	}
	return out
}

// render fills the template and formats the result.
func (f *snippetFile) render() (string, error) {
	t, err := template.New("snippet").Funcs(template.FuncMap{"quote": func(s string) string { return fmt.Sprintf("%q", s) }}).Parse(snippetText)
	if err != nil {
		return "", fmt.Errorf("parse the template of code: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, f); err != nil {
		return "", fmt.Errorf("write code for change %s: %w", f.Change, err)
	}
	out, err := format.Source(b.Bytes())
	if err != nil {
		return "", fmt.Errorf("write code for change %s: %w", f.Change, err)
	}
	return string(out), nil
}
